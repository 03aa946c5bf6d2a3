//! What becomes of a message at each way in which a provider, or we, can fail.
mod claims;
mod races;
mod workers;

use serde_json::json;

use crate::{
    fakes::{gateway::Answer, smtp::Act},
    shop::{Mail, Shop, anna},
};

const ANNA: &str = "anna@example.com";
const ANNAS_PHONE: &str = "+8613900001234";

fn are_copies(mails: &[Mail]) -> bool {
    mails.iter().all(|mail| mail.message_id == mails[0].message_id && mail.bytes == mails[0].bytes)
}

#[tokio::test]
async fn not_now_after_the_dot_is_tried_again_with_the_same_bytes() {
    let mail = |n| if n < 2 { Act::AtDot("451 4.3.0 try later") } else { Act::Accept };
    let shop = Shop::opening().mail(mail).without_sms().open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    assert_eq!(shop.messages("A-1").await, ["confirmation email ready deferred"]);
    shop.advance("59s").await;
    assert_eq!(shop.inbox(ANNA).len(), 1);
    // A fifth of the minute is jitter.
    shop.advance("13s").await;
    assert_eq!(shop.inbox(ANNA).len(), 2);
    shop.advance("299s").await;
    assert_eq!(shop.inbox(ANNA).len(), 2);
    shop.advance("61s").await;
    let copies = shop.inbox(ANNA);
    assert!(copies.len() == 3 && are_copies(&copies));
    assert_eq!(
        shop.attempts("A-1", "email").await,
        ["1 answered later deferred", "2 answered later deferred", "3 answered accepted accepted"]
    );
    assert_eq!(shop.notices("A-1").await[0], "confirmation done");
}

#[tokio::test]
async fn cut_after_the_dot_it_is_sent_once_more_byte_for_byte() {
    let mail = |n| if n == 0 { Act::CutAfterDot } else { Act::Accept };
    let shop = Shop::opening().mail(mail).without_sms().open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    assert_eq!(shop.messages("A-1").await, ["confirmation email unknown connection_lost"]);
    assert_eq!(shop.notices("A-1").await[0], "confirmation sending");
    shop.advance("14m").await;
    assert_eq!(shop.inbox(ANNA).len(), 1);
    shop.advance("1m").await;
    let copies = shop.inbox(ANNA);
    assert!(copies.len() == 2 && are_copies(&copies));
    let message = shop.message("A-1", "email").await;
    assert_eq!((&message["state"], &message["resent"]), (&"accepted".into(), &true.into()));
    assert_eq!(
        shop.attempts("A-1", "email").await,
        ["1 handing_over unknown connection_lost", "2 answered accepted accepted"]
    );
}

#[tokio::test]
async fn cut_twice_it_waits_for_a_person() {
    let shop = Shop::opening().mail(|_| Act::CutAfterDot).without_sms().open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    shop.wait_until("2026-03-03T12:00").await;
    assert_eq!(shop.inbox(ANNA).len(), 2);
    assert_eq!(shop.messages("A-1").await, ["confirmation email held unknown_twice"]);
    assert_eq!(shop.notices("A-1").await[0], "confirmation sending", "a person has still to say what it came to");
}

#[tokio::test]
async fn where_a_house_wants_it_a_lost_answer_is_never_sent_again() {
    let shop = Shop::opening().mail(|_| Act::CutAfterDot).setting("EMAIL__UNKNOWN", "hold").without_sms().open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    shop.advance("15m").await;
    assert_eq!(shop.messages("A-1").await, ["confirmation email held unknown_unanswered"]);
    shop.wait_until("2026-03-02T16:00").await;
    assert_eq!(shop.inbox(ANNA).len(), 1);
}

#[tokio::test]
async fn a_text_whose_answer_was_lost_is_never_asked_for_again() {
    let shop = Shop::opening().sms(|_| Answer::Cut).open().await;
    shop.book(&anna(), "2026-03-05T20:00").await;
    shop.drain().await;
    assert_eq!(shop.messages("A-1").await, ["confirmation email accepted", "confirmation sms unknown connection_lost"]);
    shop.advance("15m").await;
    assert_eq!(shop.messages("A-1").await[1], "confirmation sms held unknown_unanswered");
    shop.wait_until("2026-03-03T12:00").await;
    assert_eq!(shop.phone(ANNAS_PHONE).len(), 1);
    assert_eq!(shop.attempts("A-1", "sms").await, ["1 handing_over unknown connection_lost"]);
}

#[tokio::test]
async fn a_gateway_that_is_busy_is_asked_six_times() {
    let shop = Shop::opening().sms(|_| Answer::Status(429, "{}")).open().await;
    shop.book(&anna(), "2026-03-05T20:00").await;
    shop.wait_until("2026-03-02T12:00").await;
    assert_eq!(shop.phone(ANNAS_PHONE).len(), 6);
    assert_eq!(shop.messages("A-1").await[1], "confirmation sms failed tries_used_up");
    assert_eq!(shop.notices("A-1").await[0], "confirmation failed track_ran_out");
    assert!(shop.timeline("A-1").await.contains(&"notice.failed track_ran_out".to_owned()));
}

#[tokio::test]
async fn a_mailbox_that_is_not_there_is_the_end_of_its_track() {
    let shop = Shop::opening().mail(|_| Act::AtRcpt("550 5.1.1 no such user")).open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    assert_eq!(shop.messages("A-1").await, ["confirmation email failed mailbox_unknown", "confirmation sms accepted"]);
    assert_eq!(shop.attempts("A-1", "email").await, ["1 envelope refused mailbox_unknown"]);
    assert_eq!(shop.notices("A-1").await[0], "confirmation failed track_ran_out");
    assert!(shop.inbox(ANNA).is_empty());
}

#[tokio::test]
async fn when_neither_mail_nor_text_gets_through_a_person_calls() {
    let opening = Shop::opening().mail(|_| Act::AtRcpt("550 5.1.1 no such user"));
    let shop = opening.sms(|_| Answer::Status(400, "{}")).open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    assert_eq!(shop.notices("A-1").await[0], "confirmation failed a_person_calls");
    let calls = shop.get("/v1/calls").await["items"].take();
    let calls: Vec<_> = calls.as_array().into_iter().flatten().map(|call| &call["type"]).collect();
    assert_eq!(calls, [&json!("unwritten")]);
}

#[tokio::test]
async fn a_server_that_is_away_until_it_is_of_no_use_lets_the_mail_expire() {
    let shop = Shop::opening().mail(|_| Act::CutAtMail).without_sms().open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.wait_until("2026-03-03T10:00").await;
    shop.drain().await;
    assert_eq!(shop.messages("A-1").await, ["confirmation email expired past_use"]);
    assert_eq!(shop.notices("A-1").await[0], "confirmation failed track_ran_out");
    let attempts = shop.attempts("A-1", "email").await;
    assert_eq!((attempts.len(), attempts[0].split(' ').nth(2)), (10, Some("not_sent")), "{attempts:#?}");
}

#[tokio::test]
async fn moved_while_an_answer_is_awaited_the_old_time_is_not_sent_again() {
    let mail = |n| if n == 0 { Act::CutAfterDot } else { Act::Accept };
    let shop = Shop::opening().mail(mail).without_sms().open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    shop.leaps_by("1m");
    shop.moves(&anna(), "2026-03-06T14:00").await;
    shop.wait_until("2026-03-02T12:00").await;
    let subjects = shop.subjects(ANNA);
    assert!(subjects.len() == 2 && subjects[1].contains("Mar 6"), "{subjects:?}");
    assert_eq!(
        shop.notices("A-1").await,
        ["confirmation done superseded", "reminder withdrawn superseded", "change done", "reminder waiting"]
    );
}
