//! Quiet hours: phones do not ring at night, unless the customer has just rung us.
use super::{ANNA, ANNAS_PHONE};
use crate::{
    fakes::smtp::Act,
    shop::{Shop, anna, with},
};

/// Staff book for her late at night.
async fn booked_by_staff_at(shop: &Shop, time: &str) {
    shop.leaps_to(time);
    shop.hears(with(anna().books("2026-03-05T09:30", shop.now()), "booked_by", "staff")).await;
    shop.drain().await;
}

#[tokio::test]
async fn at_night_mail_goes_and_a_text_waits_for_the_morning() {
    let shop = Shop::open().await;
    booked_by_staff_at(&shop, "2026-03-02T23:00").await;
    assert_eq!(shop.inbox(ANNA).len(), 1);
    assert!(shop.phone(ANNAS_PHONE).is_empty());
    assert_eq!(shop.notices("A-1").await, ["confirmation sending quiet_hours", "reminder waiting"]);
    shop.wait_until("2026-03-03T07:59").await;
    assert!(shop.phone(ANNAS_PHONE).is_empty());
    // Up to three minutes later, so that not all go at once.
    shop.wait_until("2026-03-03T08:03").await;
    assert_eq!(shop.phone(ANNAS_PHONE).len(), 1);
    assert_eq!(shop.notices("A-1").await, ["confirmation done", "reminder waiting"]);
    assert_eq!(shop.inbox(ANNA).len(), 1);
}

#[tokio::test]
async fn who_books_at_night_is_answered_at_night() {
    let shop = Shop::open().await;
    shop.leaps_to("2026-03-02T23:00");
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.leaps_by("15m");
    shop.drain().await;
    assert_eq!((shop.inbox(ANNA).len(), shop.phone(ANNAS_PHONE).len()), (1, 1));
}

#[tokio::test]
async fn who_booked_a_while_ago_is_asleep() {
    let shop = Shop::open().await;
    shop.leaps_to("2026-03-02T23:00");
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.leaps_by("16m");
    shop.drain().await;
    assert_eq!((shop.inbox(ANNA).len(), shop.phone(ANNAS_PHONE).len()), (1, 0));
}

#[tokio::test]
async fn moved_while_a_text_waits_for_the_morning_only_the_new_time_is_texted() {
    let shop = Shop::open().await;
    booked_by_staff_at(&shop, "2026-03-02T23:00").await;
    shop.leaps_by("1m");
    shop.hears(with(anna().moves_to("2026-03-06T14:00"), "booked_by", "staff")).await;
    shop.wait_until("2026-03-03T09:00").await;
    let texts = shop.phone(ANNAS_PHONE);
    assert!(texts.len() == 1 && texts[0].contains("Mar 6"), "{texts:?}");
    assert_eq!(shop.subjects(ANNA).len(), 2, "the confirmation had gone by mail, so its change follows it");
    assert_eq!(
        shop.notices("A-1").await,
        ["confirmation done superseded", "reminder withdrawn superseded", "change done", "reminder waiting"]
    );
}

#[tokio::test]
async fn a_text_that_would_ring_after_its_use_is_passed_over() {
    let shop = Shop::open().await;
    shop.leaps_to("2026-03-02T23:00");
    shop.hears(with(anna().books("2026-03-03T07:30", shop.now()), "booked_by", "staff")).await;
    shop.drain().await;
    assert_eq!(shop.messages("A-1").await, ["confirmation email accepted"]);
    assert_eq!(shop.notices("A-1").await, ["confirmation done", "reminder skipped skip_if"]);
}

#[tokio::test]
async fn after_a_morning_without_power_what_was_mailed_is_done_and_no_text_comes_late() {
    let shop = Shop::open().await;
    booked_by_staff_at(&shop, "2026-03-02T23:00").await;
    shop.leaps_to("2026-03-03T23:30");
    shop.drain().await;
    assert!(shop.phone(ANNAS_PHONE).is_empty());
    assert_eq!(shop.notices("A-1").await[0], "confirmation done");
}

#[tokio::test]
async fn a_mail_that_is_tried_again_does_not_wake_the_text_that_waits() {
    let shop = Shop::opening().mail(|n| if n == 0 { Act::AtDot("451 4.7.1 later") } else { Act::Accept }).open().await;
    booked_by_staff_at(&shop, "2026-03-02T23:00").await;
    shop.wait_until("2026-03-03T07:59").await;
    assert_eq!((shop.inbox(ANNA).len(), shop.phone(ANNAS_PHONE).len()), (2, 0));
    assert_eq!(shop.notices("A-1").await[0], "confirmation sending quiet_hours");
    shop.wait_until("2026-03-03T08:03").await;
    assert_eq!(shop.phone(ANNAS_PHONE).len(), 1);
    assert_eq!(shop.notices("A-1").await[0], "confirmation done");
}
