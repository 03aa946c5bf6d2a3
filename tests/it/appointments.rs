//! What customers hear of their appointments: booked, moved, cancelled, and nothing that is no longer true.
mod absence;
mod acts;
mod caps;
mod checks;
mod hours;
mod lacking;
mod letters;
mod lists;
mod moves;
mod reminders;
mod slots;
mod taking;

use serde_json::json;

use crate::shop::{Shop, anna, fang, local, with};

const ANNA: &str = "anna@example.com";
const ANNAS_PHONE: &str = "+8613900001234";

#[tokio::test]
async fn moved_before_anything_was_told_it_is_confirmed_as_it_stands_now() {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.leaps_by("1m");
    shop.moves(&anna(), "2026-03-06T14:00").await;
    shop.drain().await;
    assert_eq!(shop.subjects(ANNA), ["Your appointment: Fri, Mar 6, 2:00 PM, 雷克萨斯天河店"]);
    assert_eq!(shop.phone(ANNAS_PHONE).len(), 1);
    assert_eq!(
        shop.notices("A-1").await,
        ["confirmation withdrawn superseded", "reminder withdrawn superseded", "confirmation done", "reminder waiting"]
    );
}

#[tokio::test]
async fn moved_twice_before_the_change_was_told_it_is_compared_with_what_was_told() {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    shop.moves(&anna(), "2026-03-06T14:00").await;
    shop.moves(&anna(), "2026-03-07T16:00").await;
    shop.drain().await;
    let inbox = shop.inbox(ANNA);
    assert_eq!(inbox.len(), 2);
    let change = &inbox[1];
    assert!(change.subject.contains("Sat, Mar 7, 4:00 PM"), "{}", change.subject);
    assert!(change.text.contains("Thu, Mar 5, 9:30 AM") && !change.text.contains("Mar 6"), "{}", change.text);
    assert_eq!(change.calendar("SEQUENCE"), "2");
}

#[tokio::test]
async fn moved_and_moved_back_before_it_was_told_nothing_is_said_to_have_been_before() {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    shop.moves(&anna(), "2026-03-06T14:00").await;
    shop.moves(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    let change = shop.inbox(ANNA).pop().expect("a mail");
    assert!(change.text.contains("Thu, Mar 5, 9:30 AM") && !change.text.contains("Mar 6"), "{}", change.text);
}

#[tokio::test]
async fn cancelled_before_it_was_told_only_the_cancellation_is_told() {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.cancels(&anna()).await;
    shop.drain().await;
    assert_eq!(shop.subjects(ANNA), ["Appointment cancelled: Thu, Mar 5, 9:30 AM, 雷克萨斯天河店"]);
    assert_eq!(
        shop.notices("A-1").await,
        ["cancellation done", "confirmation withdrawn superseded", "reminder withdrawn superseded"]
    );
    shop.wait_until("2026-03-05T10:00").await;
    assert_eq!((shop.inbox(ANNA).len(), shop.phone(ANNAS_PHONE).len()), (1, 1));
}

#[tokio::test]
async fn who_has_arrived_is_reminded_of_nothing() {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    shop.arrives(&anna()).await;
    shop.wait_until("2026-03-05T09:30").await;
    assert_eq!(shop.notices("A-1").await, ["confirmation done", "reminder withdrawn superseded"]);
    assert_eq!(shop.phone(ANNAS_PHONE).len(), 1, "the confirmation");
}

#[tokio::test]
async fn booked_anew_after_a_cancellation_it_is_confirmed_under_the_same_entry() {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    shop.cancels(&anna()).await;
    shop.drain().await;
    shop.advance("1m").await;
    shop.book(&anna(), "2026-03-06T09:30").await;
    shop.drain().await;
    let entries: Vec<_> =
        shop.inbox(ANNA).iter().map(|mail| (mail.calendar("METHOD"), mail.calendar("SEQUENCE"))).collect();
    assert_eq!(
        entries,
        [("REQUEST", "0"), ("CANCEL", "1"), ("REQUEST", "2")].map(|(m, s)| (m.to_owned(), s.to_owned()))
    );
}

#[tokio::test]
async fn nobody_hears_of_what_happened_before_the_dealership_went_live() {
    let shop = Shop::opening().dealership("gz-tianhe", "live_from", "2026-03-03T00:00:00+08:00").open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    assert!(shop.notices("A-1").await.is_empty());
    shop.leaps_to("2026-03-03T09:00");
    shop.moves(&anna(), "2026-03-06T09:30").await;
    shop.drain().await;
    assert_eq!(shop.notices("A-1").await, ["change done", "reminder waiting"]);
}

#[tokio::test]
async fn in_shadow_everything_is_written_and_held_until_somebody_lets_it_go() {
    let shop = Shop::opening().dealership("gz-tianhe", "shadow", true).open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    assert_eq!(shop.notices("A-1").await, ["confirmation held shadow", "reminder waiting"]);
    assert_eq!(shop.messages("A-1").await, ["confirmation email held shadow", "confirmation sms held shadow"]);
    assert!(shop.inbox(ANNA).is_empty() && shop.phone(ANNAS_PHONE).is_empty());
    assert!(shop.message("A-1", "email").await["text"].as_str().is_some_and(|text| text.contains("Mar 5")));
    // Nobody lets it go in the day it is of use.
    shop.wait_until("2026-03-03T10:01").await;
    assert_eq!(shop.notices("A-1").await[0], "confirmation expired past_use");
    assert_eq!(
        shop.messages("A-1").await,
        ["confirmation email expired past_use", "confirmation sms expired past_use"]
    );
}

#[tokio::test]
async fn a_booking_told_late_is_not_confirmed() {
    let shop = Shop::open().await;
    shop.hears(anna().books("2026-03-05T09:30", local("2026-03-01T09:59"))).await;
    shop.drain().await;
    assert_eq!(shop.notices("A-1").await, ["confirmation skipped no_longer_useful", "reminder waiting"]);
    assert!(shop.messages("A-1").await.is_empty());
}

#[tokio::test]
async fn a_confirmation_that_could_not_leave_for_a_day_expires() {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.leaps_to("2026-03-03T10:00");
    shop.drain().await;
    assert_eq!(shop.notices("A-1").await, ["confirmation expired past_use", "reminder waiting"]);
    assert!(shop.messages("A-1").await.is_empty());
}

#[tokio::test]
async fn who_has_no_address_for_a_channel_is_told_on_the_other() {
    let shop = Shop::open().await;
    let landline = json!([{"number": "020-8888 1234"}]);
    shop.book(&anna().with("email", json!(null)), "2026-03-05T09:30").await;
    shop.book(&anna().at("A-2").with("ref", "C-2").with("phones", landline.clone()), "2026-03-05T09:30").await;
    let nobody = anna().at("A-3").with("ref", "C-3").with("email", json!(null)).with("phones", landline);
    shop.book(&nobody, "2026-03-05T09:30").await;
    shop.drain().await;
    assert_eq!(shop.messages("A-1").await, ["confirmation sms accepted"]);
    assert_eq!(shop.messages("A-2").await, ["confirmation email accepted"]);
    assert_eq!(shop.notices("A-3").await, ["confirmation skipped no_address", "reminder waiting"]);
    let passed =
        shop.get("/v1/notices?subject=A-1&kind=appointment.confirmation").await["items"][0]["tracks"]["passed"].clone();
    assert_eq!(passed[0], json!({"track": 0, "step": 0, "channel": "email", "reason": "no_address"}));
    shop.wait_until("2026-03-04T12:00").await;
    assert_eq!(shop.messages("A-2").await, ["confirmation email accepted", "reminder email accepted"]);
    assert_eq!(shop.notices("A-3").await[1], "reminder failed a_person_calls", "the last resort of its track");
}

#[tokio::test]
async fn without_a_gateway_mail_is_enough() {
    let shop = Shop::opening().without_sms().open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    assert_eq!(shop.notices("A-1").await[0], "confirmation done");
    assert_eq!(shop.messages("A-1").await, ["confirmation email accepted"]);
}

#[tokio::test]
async fn what_a_system_adds_to_a_booking_takes_nothing_from_the_customer() {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    // Another advisor, told again before anything went out and once more after it.
    shop.hears(with(anna().books("2026-03-05T09:30", local("2026-03-02T10:00")), "advisor_ref", "adv-02")).await;
    shop.drain().await;
    assert_eq!(shop.notices("A-1").await, ["confirmation done", "reminder waiting"]);
    let mail = shop.inbox(ANNA).pop().expect("a mail");
    assert!(mail.text.contains("林静"), "{}", mail.text);
    assert_eq!(mail.calendar("SEQUENCE"), "1");
    shop.hears(with(
        anna().books("2026-03-05T09:30", local("2026-03-02T10:00")),
        "end_at",
        "2026-03-05T12:00:00+08:00",
    ))
    .await;
    shop.wait_until("2026-03-05T09:30").await;
    assert_eq!(shop.notices("A-1").await, ["confirmation done", "reminder done"]);
}

#[tokio::test]
async fn a_booking_that_was_under_the_wrong_name_reminds_whose_it_is() {
    let shop = Shop::open().await;
    shop.book(&fang().at("A-1"), "2026-03-05T09:30").await;
    shop.drain().await;
    shop.hears(anna().books("2026-03-05T09:30", local("2026-03-02T10:00"))).await;
    shop.wait_until("2026-03-05T09:30").await;
    assert_eq!(shop.phone("+8613800005678").len(), 1, "the confirmation");
    let texts = shop.phone(ANNAS_PHONE);
    assert!(texts.len() == 1 && texts[0].contains("reminder"), "{texts:?}");
}
