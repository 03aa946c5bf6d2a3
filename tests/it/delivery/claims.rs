//! Claims that are lost: to a crash, to a worker that slept, to a customer who changed their mind.
use std::sync::Arc;

use aftercare::{
    channels::HandOver,
    jobs::{Lane, Want},
    messages::post::Post,
};

use super::ANNA;
use crate::shop::{Shop, anna, by_hand};

/// Her confirmation is written and lies in the mail lane; nothing was claimed.
async fn a_letter_is_ready() -> Shop {
    let shop = Shop::opening().without_sms().open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    by_hand::turn(&shop.app.db, &shop.compose).await;
    assert_eq!(shop.messages("A-1").await, ["confirmation email ready"]);
    shop
}

async fn claims(shop: &Shop, want: Want) -> Vec<<Post as Lane>::Claimed> {
    by_hand::claim(&shop.app.db, mail(shop), want).await
}

fn mail(shop: &Shop) -> &Arc<Post> {
    &shop.post[0]
}

#[tokio::test]
async fn lost_before_the_mark_it_is_a_suspect_and_claimed_alone() {
    let shop = a_letter_is_ready().await;
    let lost = claims(&shop, Want::Batch(8)).await.pop().expect("a letter");
    shop.leaps_by("60s");
    by_hand::tidy(&shop.app.db, mail(&shop)).await;
    assert_eq!(shop.messages("A-1").await, ["confirmation email ready lease_ended"]);
    assert!(claims(&shop, Want::Batch(8)).await.is_empty());
    let alone = claims(&shop, Want::Suspect).await;
    assert_eq!(alone.len(), 1);
    // The one who lost it wakes up, and may not begin.
    let woken = by_hand::work(mail(&shop), lost).await;
    by_hand::record(&shop.app.db, mail(&shop), vec![woken]).await;
    assert!(shop.inbox(ANNA).is_empty());
    for row in alone {
        let outcome = by_hand::work(mail(&shop), row).await;
        by_hand::record(&shop.app.db, mail(&shop), vec![outcome]).await;
    }
    assert_eq!(shop.inbox(ANNA).len(), 1);
    assert_eq!(shop.attempts("A-1", "email").await, ["1 answered accepted accepted"]);
}

#[tokio::test]
async fn lost_after_the_mark_nobody_knows_and_it_is_sent_once_more() {
    let shop = a_letter_is_ready().await;
    let lost = claims(&shop, Want::Batch(8)).await.pop().expect("a letter");
    assert!(mail(&shop).marks.for_message(mail(&shop).key(&lost), shop.now()).mark().await);
    shop.advance("60s").await;
    assert_eq!(shop.messages("A-1").await, ["confirmation email unknown lease_ended"]);
    shop.advance("15m").await;
    assert_eq!(shop.messages("A-1").await, ["confirmation email accepted"]);
    assert_eq!(
        shop.attempts("A-1", "email").await,
        ["1 handing_over unknown lease_ended", "2 answered accepted accepted"]
    );
    assert_eq!(shop.message("A-1", "email").await["resent"], true);
}

#[tokio::test]
async fn an_answer_that_comes_after_the_lease_is_kept_and_folds_into_unknown() {
    let shop = a_letter_is_ready().await;
    let slow = claims(&shop, Want::Batch(8)).await.pop().expect("a letter");
    let answered = by_hand::work(mail(&shop), slow).await;
    shop.leaps_by("60s");
    by_hand::tidy(&shop.app.db, mail(&shop)).await;
    assert_eq!(shop.messages("A-1").await, ["confirmation email unknown lease_ended"]);
    by_hand::record(&shop.app.db, mail(&shop), vec![answered]).await;
    assert_eq!(shop.messages("A-1").await, ["confirmation email accepted late_answer"]);
    assert_eq!(shop.attempts("A-1", "email").await, ["1 answered late_accepted accepted"]);
    shop.advance("15m").await;
    assert_eq!(shop.inbox(ANNA).len(), 1);
    assert_eq!(shop.notices("A-1").await[0], "confirmation done");
}

#[tokio::test]
async fn a_late_answer_to_what_is_about_to_be_sent_again_keeps_it_here() {
    let shop = a_letter_is_ready().await;
    let slow = claims(&shop, Want::Batch(8)).await.pop().expect("a letter");
    let answered = by_hand::work(mail(&shop), slow).await;
    shop.leaps_by("60s");
    by_hand::tidy(&shop.app.db, mail(&shop)).await;
    shop.leaps_by("15m");
    by_hand::tidy(&shop.app.db, mail(&shop)).await;
    assert_eq!(shop.messages("A-1").await, ["confirmation email ready resend"]);
    by_hand::record(&shop.app.db, mail(&shop), vec![answered]).await;
    shop.drain().await;
    assert_eq!(shop.inbox(ANNA).len(), 1);
    assert_eq!(shop.messages("A-1").await, ["confirmation email accepted late_answer"]);
}

#[tokio::test]
async fn cancelled_between_claim_and_mark_nothing_of_it_leaves() {
    let shop = a_letter_is_ready().await;
    let claimed = claims(&shop, Want::Batch(8)).await.pop().expect("a letter");
    shop.cancels(&anna()).await;
    let stopped = by_hand::work(mail(&shop), claimed).await;
    by_hand::record(&shop.app.db, mail(&shop), vec![stopped]).await;
    assert_eq!((shop.inbox(ANNA).len(), shop.mail.text_bytes()), (0, 0));
    assert_eq!(shop.messages("A-1").await, ["confirmation email cancelled superseded"]);
    shop.drain().await;
    assert_eq!(shop.messages("A-1").await[0], "cancellation email accepted");
}

#[tokio::test]
async fn cancelled_after_the_mark_a_correction_follows() {
    let shop = a_letter_is_ready().await;
    let claimed = claims(&shop, Want::Batch(8)).await.pop().expect("a letter");
    let answered = by_hand::work(mail(&shop), claimed).await;
    shop.cancels(&anna()).await;
    by_hand::record(&shop.app.db, mail(&shop), vec![answered]).await;
    shop.drain().await;
    assert_eq!(shop.notices("A-1").await[..2], ["cancellation done", "confirmation done"]);
    assert_eq!(shop.inbox(ANNA).len(), 2);
}

#[tokio::test]
async fn what_ends_its_process_three_times_alone_is_not_touched_again() {
    let shop = a_letter_is_ready().await;
    assert_eq!(claims(&shop, Want::Batch(8)).await.len(), 1);
    for crash in 1..=3 {
        shop.leaps_by("60s");
        by_hand::tidy(&shop.app.db, mail(&shop)).await;
        assert_eq!(claims(&shop, Want::Suspect).await.len(), 1, "crash {crash}");
    }
    shop.advance("60s").await;
    shop.drain().await;
    assert_eq!(shop.messages("A-1").await, ["confirmation email dead ended_its_process"]);
    assert_eq!(shop.notices("A-1").await[0], "confirmation failed a_person_calls");
    assert!(shop.attempts("A-1", "email").await.is_empty());
}

#[tokio::test]
async fn what_a_stopping_worker_gives_back_is_no_suspect() {
    let shop = a_letter_is_ready().await;
    let claimed = claims(&shop, Want::Batch(8)).await;
    let keys = claimed.iter().map(|claimed| mail(&shop).key(claimed)).collect();
    by_hand::give_back(&shop.app.db, mail(&shop), keys).await;
    assert_eq!(claims(&shop, Want::Batch(8)).await.len(), 1);
    shop.leaps_by("60s");
    shop.drain().await;
    assert_eq!(shop.inbox(ANNA).len(), 1);
}

#[tokio::test]
async fn a_letter_that_ends_its_process_three_times_alone_is_not_written() {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    assert_eq!(by_hand::claim(&shop.app.db, &shop.compose, Want::Batch(8)).await.len(), 1);
    for crash in 1..=3 {
        shop.leaps_by("60s");
        by_hand::tidy(&shop.app.db, &shop.compose).await;
        assert_eq!(by_hand::claim(&shop.app.db, &shop.compose, Want::Suspect).await.len(), 1, "crash {crash}");
    }
    shop.advance("60s").await;
    assert_eq!(shop.notices("A-1").await, ["confirmation failed ended_its_process", "reminder waiting"]);
    assert!(shop.messages("A-1").await.is_empty());
}

#[tokio::test]
async fn of_two_claims_of_one_notice_in_one_batch_only_the_living_one_is_written() {
    let shop = Shop::opening().without_sms().open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    let lost = by_hand::claim(&shop.app.db, &shop.compose, Want::Batch(8)).await;
    shop.leaps_by("61s");
    by_hand::tidy(&shop.app.db, &shop.compose).await;
    let again = by_hand::claim(&shop.app.db, &shop.compose, Want::Suspect).await;
    let mut outcomes = Vec::new();
    for row in lost.into_iter().chain(again) {
        outcomes.push(by_hand::work(&shop.compose, row).await);
    }
    assert_eq!(outcomes.len(), 2);
    by_hand::record(&shop.app.db, &shop.compose, outcomes).await;
    assert_eq!(shop.messages("A-1").await, ["confirmation email ready"]);
    shop.drain().await;
    assert_eq!(shop.inbox(ANNA).len(), 1);
}

#[tokio::test]
async fn what_waits_for_its_hour_stays_as_suspect_as_it_was() {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    by_hand::turn(&shop.app.db, &shop.compose).await;
    let sms = &shop.post[2];
    assert_eq!(by_hand::claim(&shop.app.db, sms, Want::Batch(8)).await.len(), 1);
    shop.leaps_by("60s");
    by_hand::tidy(&shop.app.db, sms).await;
    shop.leaps_to("2026-03-02T23:00");
    let alone = by_hand::claim(&shop.app.db, sms, Want::Suspect).await.pop().expect("a text");
    let waits = by_hand::work(sms, alone).await;
    by_hand::record(&shop.app.db, sms, vec![waits]).await;
    assert!(shop.messages("A-1").await.contains(&"confirmation sms ready quiet_hours".to_owned()));
    shop.leaps_to("2026-03-03T09:00");
    assert!(by_hand::claim(&shop.app.db, sms, Want::Batch(8)).await.is_empty(), "it may have ended its process");
    assert_eq!(by_hand::claim(&shop.app.db, sms, Want::Suspect).await.len(), 1);
}
