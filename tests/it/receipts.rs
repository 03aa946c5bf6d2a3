//! What a gateway reports of the texts that it took: in any order, twice, early, or never.
use serde_json::{Value, json};

use crate::{
    fakes::{gateway::Answer, smtp::Act},
    shop::{Opening, Shop, anna, by_hand, workshop::ordered},
};

const SECRET: &str = "what the gateway shows us";

fn reporting(opening: Opening) -> Opening {
    opening.setting("SMS__RECEIPTS__SECRET", SECRET)
}

impl Shop {
    /// The gateway reports; how many words were new, early and none.
    async fn reports(&self, body: Value) -> (u64, u64, u64) {
        let (status, answer) = self.call("POST", "/in/http/status", SECRET, Some(&body)).await;
        assert_eq!(status, 200, "{answer}");
        let number = |name: &str| answer[name].as_u64().expect("a number");
        (number("taken"), number("early"), number("ignored"))
    }
    /// The one text message to Anna.
    async fn text(&self) -> Value {
        self.items("/v1/messages?channel=sms").await.pop().expect("a text message")
    }
    async fn text_state(&self) -> String {
        let text = self.text().await;
        format!("{} {}", text["state"].as_str().unwrap_or_default(), text["reason"].as_str().unwrap_or_default())
            .trim()
            .to_owned()
    }
}

/// Anna has booked, and her confirmation was taken by the gateway.
async fn confirmed(opening: Opening) -> Shop {
    let shop = reporting(opening).open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    shop
}

#[tokio::test]
async fn receipts_fold_by_rank_and_each_word_counts_once() {
    let shop = confirmed(Shop::opening()).await;
    let name = shop.text().await["provider_ref"].as_str().expect("the gateway's name").to_owned();
    assert_eq!(shop.text_state().await, "accepted");
    assert_eq!(shop.reports(json!({"id": name, "status": "ENROUTE"})).await, (1, 0, 0));
    assert_eq!(shop.text_state().await, "accepted");
    assert_eq!(
        shop.reports(json!([{"id": name, "status": "delivered"}, {"id": name, "status": "delivered"}])).await,
        (1, 0, 0)
    );
    assert_eq!(shop.text_state().await, "delivered");
    assert_eq!(
        shop.reports(json!({"id": name, "status": "delivered"})).await,
        (0, 0, 0),
        "the same again is nothing new"
    );
    assert_eq!(shop.reports(json!({"id": name, "status": "failed", "error": "late"})).await, (1, 0, 0));
    assert_eq!(shop.text_state().await, "delivered", "who has it has it");
    let words: Vec<Value> = shop.text().await["receipts"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|receipt| receipt["status"].clone())
        .collect();
    assert_eq!(words, [json!("sent"), json!("delivered"), json!("undelivered")], "all that was said stays on record");
    let lines = shop.items("/v1/timeline?appointment=A-1").await;
    assert_eq!(lines.iter().filter(|line| line["what"] == "message.delivered").count(), 1);
}

#[tokio::test]
async fn what_was_reported_undelivered_may_still_be_delivered() {
    let shop = confirmed(Shop::opening()).await;
    let id = shop.text().await["id"].as_str().expect("our id").to_owned();
    assert_eq!(
        shop.reports(json!({"id": id, "status": "UNDELIV", "error": "absent"})).await,
        (1, 0, 0),
        "by our id, too"
    );
    assert_eq!(shop.text_state().await, "undelivered provider_report");
    assert_eq!(shop.reports(json!({"id": id, "status": "DELIVRD"})).await, (1, 0, 0));
    assert_eq!(shop.text_state().await, "delivered");
}

#[tokio::test]
async fn an_early_receipt_waits_for_its_message() {
    let shop = reporting(Shop::opening()).open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    assert_eq!(shop.reports(json!({"id": "gw-0", "status": "delivered"})).await, (1, 1, 0));
    shop.drain().await;
    let text = shop.text().await;
    assert_eq!((&text["provider_ref"], &text["state"]), (&json!("gw-0"), &json!("delivered")), "{text}");
}

#[tokio::test]
async fn a_receipt_tells_that_a_lost_answer_was_a_yes() {
    let shop = reporting(Shop::opening().sms(|_| Answer::Cut)).open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    assert!(shop.text_state().await.starts_with("unknown"), "{}", shop.text_state().await);
    let id = shop.text().await["id"].as_str().expect("our id").to_owned();
    assert_eq!(shop.reports(json!({"id": id, "status": "sent"})).await, (1, 0, 0));
    assert_eq!(shop.text_state().await, "accepted late_answer");
    shop.advance("1h").await;
    assert_eq!(shop.text_state().await, "accepted late_answer", "nobody sends it again");
}

/// The gateway took the text, reported it, and its own answer was cut: the report is older than what it is about.
#[tokio::test]
async fn a_report_that_comes_before_a_lost_answer_counts_as_well() {
    let shop = reporting(Shop::opening().sms(|_| Answer::Cut)).open().await;
    shop.hears(ordered(&json!({}))).await;
    for _ in 0..2 {
        by_hand::turn(&shop.app.db, &shop.inbound).await;
        by_hand::turn(&shop.app.db, &shop.compose).await;
    }
    let id = shop.text().await["id"].as_str().expect("our id").to_owned();
    assert_eq!(shop.text_state().await, "ready");
    assert_eq!(shop.reports(json!({"id": id, "status": "sent"})).await, (1, 0, 0));
    shop.drain().await;
    assert_eq!(shop.text_state().await, "accepted late_answer");
    shop.advance("119m").await;
    assert_eq!((shop.text_state().await.as_str(), shop.inbox("anna@example.com").len()), ("accepted late_answer", 0));
    shop.advance("2m").await;
    assert_eq!(shop.inbox("anna@example.com").len(), 1, "word of its delivery is waited for, and then the mail goes");
}

#[tokio::test]
async fn reports_about_nothing_of_ours_and_words_that_nobody_knows_are_counted() {
    let shop = confirmed(Shop::opening().setting("SMS__RECEIPTS__STATUSES__TANZT", "delivered")).await;
    let name = shop.text().await["provider_ref"].as_str().expect("the gateway's name").to_owned();
    let reports =
        json!([{"id": "not-ours", "status": "delivered"}, {"status": "delivered"}, {"id": name, "status": "waltzes"}]);
    assert_eq!(shop.reports(reports).await, (1, 1, 2));
    assert_eq!(shop.text_state().await, "accepted");
    assert_eq!(shop.reports(json!({"id": name, "status": "TANZT"})).await, (1, 0, 0), "a word of our own settings");
    assert_eq!(shop.text_state().await, "delivered");
    let body = json!({"id": name, "status": "delivered"});
    assert_eq!(shop.call("POST", "/in/http/status", "another secret of a gateway", Some(&body)).await.0, 401);
    let deaf = Shop::open().await;
    assert_eq!(
        deaf.call("POST", "/in/http/status", SECRET, Some(&body)).await.0,
        404,
        "without a secret there is no such door"
    );
}

#[tokio::test]
async fn without_word_of_its_delivery_the_next_channel_has_its_turn_after_two_hours() {
    let shop = reporting(Shop::opening()).open().await;
    shop.hears(ordered(&json!({}))).await;
    shop.drain().await;
    assert_eq!((shop.phone("+8613900001234").len(), shop.inbox("anna@example.com").len()), (1, 0), "a text first");
    shop.advance("119m").await;
    assert_eq!(shop.inbox("anna@example.com").len(), 0);
    shop.advance("1m").await;
    assert_eq!(shop.text_state().await, "undelivered not_delivered_in_time");
    assert_eq!(shop.inbox("anna@example.com").len(), 1, "then a mail");
    let id = shop.text().await["id"].as_str().expect("our id").to_owned();
    assert_eq!(shop.reports(json!({"id": id, "status": "delivered"})).await, (1, 0, 0));
    assert_eq!(shop.text_state().await, "delivered", "late word is true word");
    shop.advance("5h").await;
    assert_eq!((shop.phone("+8613900001234").len(), shop.inbox("anna@example.com").len()), (1, 1));
}

#[tokio::test]
async fn what_was_delivered_needs_no_other_channel_and_what_came_back_has_it_at_once() {
    let shop = reporting(Shop::opening()).open().await;
    shop.hears(ordered(&json!({}))).await;
    shop.drain().await;
    let id = shop.text().await["id"].as_str().expect("our id").to_owned();
    assert_eq!(shop.reports(json!({"id": id, "status": "delivered"})).await, (1, 0, 0));
    shop.advance("3h").await;
    assert_eq!(shop.inbox("anna@example.com").len(), 0);

    let other = reporting(Shop::opening()).open().await;
    other.hears(ordered(&json!({}))).await;
    other.drain().await;
    let id = other.text().await["id"].as_str().expect("our id").to_owned();
    assert_eq!(other.reports(json!({"id": id, "status": "undelivered"})).await, (1, 0, 0));
    other.drain().await;
    assert_eq!(other.inbox("anna@example.com").len(), 1, "at once");
}

#[tokio::test]
async fn who_was_reached_by_neither_in_the_end_is_called() {
    let opening = Shop::opening().mail(|_| Act::AtRcpt("550 5.1.1 no such user"));
    let shop = confirmed(opening).await;
    assert_eq!(
        shop.notices("A-1").await[0],
        "confirmation failed track_ran_out",
        "one of its ways, and the text was taken"
    );
    assert_eq!(shop.get("/v1/calls").await["items"], json!([]));
    let id = shop.text().await["id"].as_str().expect("our id").to_owned();
    assert_eq!(shop.reports(json!({"id": id, "status": "undelivered"})).await, (1, 0, 0));
    shop.drain().await;
    assert_eq!(shop.notices("A-1").await[0], "confirmation failed a_person_calls");
    assert_eq!(shop.get("/v1/calls").await["items"][0]["type"], "unwritten");
}

#[tokio::test]
async fn a_last_channel_of_which_nothing_is_heard_is_left_alone() {
    let shop = confirmed(Shop::opening()).await;
    shop.advance("3h").await;
    assert_eq!(shop.text_state().await, "accepted", "no other channel is left, and nothing bad is known");
}

/// A gateway that is shared with others reports theirs, too.
#[tokio::test]
async fn what_is_about_nobody_is_kept_for_a_while_and_what_came_early_for_good() {
    let shop = reporting(Shop::opening()).open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    let reports = json!([{"id": "gw-0", "status": "delivered"}, {"id": "theirs", "status": "delivered"}]);
    assert_eq!(shop.reports(reports).await, (2, 2, 0));
    shop.drain().await;
    let kept = async || {
        let mut tx = shop.app.db.read().await.expect("a look");
        let kept: Vec<(String,)> = tx.sql("SELECT provider_ref FROM receipts").all().await.expect("receipts");
        kept.into_iter().map(|(name,)| name).collect::<Vec<_>>()
    };
    shop.advance("239m").await;
    assert_eq!(kept().await.len(), 2);
    shop.advance("2m").await;
    assert_eq!(kept().await, ["gw-0"]);
    let text = shop.text().await;
    assert_eq!((text["receipts"].as_array().map(Vec::len), &text["state"]), (Some(1), &json!("delivered")), "{text}");
}
