//! Retry and cancel: what an operator may do to a message, once, and never to what is no longer true.
use crate::{
    fakes::{gateway::Answer, smtp::Act},
    shop::{Shop, anna, by_hand, with},
};

async fn does(shop: &Shop, deed: &str, channel: &str) -> String {
    let id = shop.message("A-1", channel).await["id"].as_str().expect("an id").to_owned();
    shop.post(&format!("/v1/messages/{id}/{deed}")).await
}

#[tokio::test]
async fn what_was_refused_is_tried_again_once_it_can_be_taken() {
    let sms = |n| if n == 0 { Answer::Status(400, "{}") } else { Answer::Accept };
    let shop = Shop::opening().sms(sms).open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    assert_eq!(shop.notices("A-1").await[0], "confirmation failed track_ran_out");
    assert_eq!(does(&shop, "retry", "sms").await, "200 ready");
    assert_eq!(shop.notices("A-1").await[0], "confirmation sending by_hand");
    shop.drain().await;
    assert_eq!(shop.messages("A-1").await, ["confirmation email accepted", "confirmation sms accepted"]);
    assert_eq!(shop.notices("A-1").await[0], "confirmation done");
    assert_eq!(shop.attempts("A-1", "sms").await, ["1 answered refused refused", "2 answered accepted accepted"]);
    assert_eq!(does(&shop, "retry", "sms").await, "409 not_possible");
    assert_eq!(does(&shop, "cancel", "sms").await, "409 not_possible");
}

#[tokio::test]
async fn what_is_ready_can_be_hurried() {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    by_hand::turn(&shop.app.db, &shop.compose).await;
    assert_eq!(does(&shop, "retry", "sms").await, "200 ready");
    shop.drain().await;
    assert_eq!(shop.messages("A-1").await, ["confirmation email accepted", "confirmation sms accepted"]);
    assert_eq!(shop.message("A-1", "sms").await["resent"], false);
}

#[tokio::test]
async fn what_is_called_off_does_not_leave_and_what_is_left_is_done() {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    by_hand::turn(&shop.app.db, &shop.compose).await;
    assert_eq!(does(&shop, "cancel", "sms").await, "200 cancelled");
    assert_eq!(does(&shop, "cancel", "sms").await, "409 not_possible");
    assert_eq!(does(&shop, "retry", "sms").await, "409 not_possible");
    shop.drain().await;
    assert_eq!(shop.messages("A-1").await, ["confirmation email accepted", "confirmation sms cancelled by_hand"]);
    assert_eq!(shop.notices("A-1").await[0], "confirmation done");
    assert!(shop.phone("+8613900001234").is_empty());
}

#[tokio::test]
async fn what_shadow_holds_can_be_called_off_altogether() {
    let shop = Shop::opening().dealership("gz-tianhe", "shadow", true).open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    assert_eq!(does(&shop, "cancel", "sms").await, "200 cancelled");
    assert_eq!(shop.notices("A-1").await[0], "confirmation held shadow");
    assert_eq!(does(&shop, "cancel", "email").await, "200 cancelled");
    assert_eq!(shop.notices("A-1").await[0], "confirmation withdrawn cancelled");
}

#[tokio::test]
async fn what_shadow_holds_can_be_let_go() {
    let shop = Shop::opening().dealership("gz-tianhe", "shadow", true).open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    for channel in ["sms", "email"] {
        assert_eq!(does(&shop, "retry", channel).await, "200 ready");
        shop.drain().await;
    }
    assert_eq!(shop.messages("A-1").await, ["confirmation email accepted", "confirmation sms accepted"]);
    assert_eq!(shop.notices("A-1").await[0], "confirmation done");
}

#[tokio::test]
async fn a_text_that_may_have_arrived_is_sent_again_only_by_hand_and_marked() {
    let sms = |n| if n == 0 { Answer::Cut } else { Answer::Accept };
    let shop = Shop::opening().sms(sms).open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    shop.advance("15m").await;
    assert_eq!(does(&shop, "retry", "sms").await, "200 ready");
    shop.drain().await;
    assert_eq!(shop.messages("A-1").await[1], "confirmation sms accepted");
    assert_eq!(shop.message("A-1", "sms").await["resent"], true);
    assert_eq!(shop.notices("A-1").await[0], "confirmation done");
}

#[tokio::test]
async fn a_time_that_was_moved_is_not_sent_by_hand_either() {
    let mail = |n| if n == 0 { Act::AtRcpt("550 5.7.1 not you") } else { Act::Accept };
    let shop = Shop::opening().mail(mail).open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    let refused = shop.message("A-1", "email").await["id"].as_str().expect("an id").to_owned();
    shop.advance("1m").await;
    shop.moves(&anna(), "2026-03-06T14:00").await;
    shop.drain().await;
    assert_eq!(shop.post(&format!("/v1/messages/{refused}/retry")).await, "409 not_possible");
    assert_eq!(shop.inbox("anna@example.com").len(), 1);
}

#[tokio::test]
async fn what_failed_before_a_move_is_not_sent_by_hand_after_it() {
    let mail = |n| if n == 0 { Act::AtRcpt("550 5.7.1 not you") } else { Act::Accept };
    let shop = Shop::opening().mail(mail).sms(|_| Answer::Status(503, "{}")).open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    let refused = shop.message("A-1", "email").await["id"].as_str().expect("an id").to_owned();
    shop.moves(&anna(), "2026-03-06T14:00").await;
    assert_eq!(shop.notices("A-1").await[0], "confirmation withdrawn superseded", "the text had not left");
    assert_eq!(shop.post(&format!("/v1/messages/{refused}/retry")).await, "409 not_possible");
}

#[tokio::test]
async fn what_waits_for_a_person_goes_when_they_say_so_and_is_held_when_they_say_so() {
    use aftercare::{
        http::Access,
        messages::actions::{Deed, by_hand},
    };
    let mail = |n| if n < 2 { Act::CutAfterDot } else { Act::Accept };
    let shop = Shop::opening().mail(mail).without_sms().open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    shop.advance("15m").await;
    assert_eq!(shop.messages("A-1").await, ["confirmation email held unknown_twice"]);
    let id = shop.message("A-1", "email").await["id"].as_str().expect("an id").parse().expect("an id");
    let does = |deed| by_hand(&shop.app, Access::All, id, deed, "a test".to_owned());
    for (deed, done) in
        [(Deed::Release, true), (Deed::Release, false), (Deed::Hold, true), (Deed::Hold, false), (Deed::Release, true)]
    {
        assert_eq!(does(deed).await.expect("an answer"), done, "{deed:?}");
    }
    shop.drain().await;
    assert_eq!(shop.messages("A-1").await, ["confirmation email accepted"]);
    assert_eq!(
        (shop.inbox("anna@example.com").len(), &shop.message("A-1", "email").await["resent"]),
        (3, &true.into())
    );
    assert_eq!(shop.notices("A-1").await[0], "confirmation done");
}

#[tokio::test]
async fn what_shadow_holds_at_night_can_be_let_go_piece_by_piece() {
    let shop = Shop::opening().dealership("gz-tianhe", "shadow", true).open().await;
    shop.leaps_to("2026-03-02T23:00");
    shop.hears(with(anna().books("2026-03-05T09:30", shop.now()), "booked_by", "staff")).await;
    shop.drain().await;
    assert_eq!(does(&shop, "retry", "email").await, "200 ready");
    shop.drain().await;
    shop.wait_until("2026-03-03T08:03").await;
    assert_eq!(shop.messages("A-1").await, ["confirmation email accepted", "confirmation sms held shadow"]);
    assert_eq!(does(&shop, "retry", "sms").await, "200 ready");
    shop.drain().await;
    assert_eq!(shop.notices("A-1").await[0], "confirmation done");
}
