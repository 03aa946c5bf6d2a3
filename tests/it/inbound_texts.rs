//! What customers text back: no more, a digit that answers, a question.
use serde_json::{Value, json};

use crate::{
    shop::{Opening, Shop, anna},
    surveys::in_writing,
};

const SECRET: &str = "what the gateway shows us";
const ANNA: &str = "+8613900001234";

fn listening(opening: Opening) -> Opening {
    opening.setting("INBOUND__SMS__SECRET", SECRET)
}

impl Shop {
    /// The gateway hands over a text of Anna's; what it was taken for.
    async fn texts(&self, id: &str, text: &str) -> String {
        let body = json!({"id": id, "from": ANNA, "to": "+8610690000", "text": text});
        let (status, answer) = self.call("POST", "/in/http/inbound", SECRET, Some(&body)).await;
        assert_eq!(status, 200, "{answer}");
        answer["taken_for"].as_str().or(answer["status"].as_str()).expect("a word").to_owned()
    }
    async fn open_inquiries(&self) -> Vec<Value> {
        self.items("/v1/inquiries?state=open").await
    }
}

#[tokio::test]
async fn stop_is_said_back_once_and_the_next_text_is_refused_and_says_why() {
    let shop = listening(Shop::opening()).open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    assert_eq!(shop.phone(ANNA).len(), 1, "the confirmation");
    assert_eq!(shop.texts("in-1", "STOP").await, "stop");
    assert_eq!(shop.texts("in-1", "STOP").await, "duplicate");
    assert_eq!(shop.texts("in-2", " stop. ").await, "stop");
    shop.drain().await;
    let texts = shop.phone(ANNA);
    assert_eq!(texts.len(), 2, "said back once: {texts:?}");
    assert!(texts[1].contains("opted out"), "{texts:?}");

    shop.advance("1h").await;
    shop.moves(&anna(), "2026-03-06T14:00").await;
    shop.drain().await;
    assert_eq!(shop.phone(ANNA).len(), 2, "no text");
    assert_eq!(shop.inbox("anna@example.com").len(), 2, "mail goes on");
    let change = shop.items("/v1/notices?subject=A-1&kind=appointment.change").await[0].clone();
    let passed = change["tracks"]["passed"].as_array().expect("a list");
    assert!(passed.iter().any(|one| one["channel"] == "sms" && one["reason"] == "stopped_on_channel"), "{change}");

    assert_eq!(shop.texts("in-3", "START").await, "start");
    shop.moves(&anna(), "2026-03-06T15:00").await;
    shop.drain().await;
    assert_eq!(shop.phone(ANNA).len(), 3, "asked for again");
    assert!(shop.open_inquiries().await.is_empty(), "nothing to read for a person");
}

#[tokio::test]
async fn a_digit_confirms_and_another_asks_for_another_time() {
    let shop = listening(Shop::opening()).open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    assert_eq!(shop.texts("in-1", "１").await, "confirm");
    assert_eq!(
        (shop.state("A-1").await, shop.get("/v1/appointments/A-1").await["confirmed_via"].clone()),
        ("confirmed".to_owned(), json!("digit"))
    );
    assert_eq!(shop.texts("in-2", "2").await, "move");
    assert_eq!(shop.state("A-1").await, "move_requested");
    // 7 answers nothing, and three days later nothing is open: a person reads both.
    assert_eq!(shop.texts("in-3", "7").await, "free");
    shop.leaps_by("73h");
    assert_eq!(shop.texts("in-4", "1").await, "free");
    assert_eq!(shop.open_inquiries().await.len(), 1, "one thread");
}

#[tokio::test]
async fn a_reminder_asks_for_a_digit_only_where_digits_are_read() {
    for (shop, asks) in [(listening(Shop::opening()), true), (Shop::opening(), false)] {
        let shop = shop.open().await;
        shop.book(&anna(), "2026-03-05T14:00").await;
        shop.wait_until("2026-03-04T14:01").await;
        let text = shop.phone(ANNA).pop().expect("a reminder");
        assert_eq!(text.contains("Reply 1 to confirm, 2 to change"), asks, "{text}");
        assert_eq!(text.contains("To change: 020-8888 0000"), !asks, "{text}");
    }
}

#[tokio::test]
async fn a_digit_scores_the_visit() {
    let shop = listening(in_writing()).open().await;
    shop.hands_back(&anna(), "R-1", "2026-03-02T10:30", json!({})).await;
    shop.advance("5h").await;
    assert_eq!(shop.surveys().await, ["R-1 sent"]);
    assert_eq!(shop.texts("in-1", "4").await, "score");
    let responses = shop.responses().await;
    assert_eq!(
        (responses.len(), &responses[0]["mode"], &responses[0]["answers"]["overall"]),
        (1, &json!("reply"), &json!(4))
    );
    assert_eq!(shop.texts("in-2", "5").await, "free", "answered once");
}

#[tokio::test]
async fn words_are_a_question_and_the_next_ones_join_it() {
    let shop = listening(Shop::opening()).open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    assert_eq!(shop.texts("in-1", "Can I wait for it?").await, "free");
    assert_eq!(shop.texts("in-2", "With my dog?").await, "free");
    let open = shop.open_inquiries().await;
    assert_eq!((open.len(), &open[0]["channel"]), (1, &json!("sms")));
    let thread = shop.get(&format!("/v1/inquiries/{}", open[0]["id"].as_str().expect("an id"))).await;
    let said = thread["thread"].as_array().expect("a thread").iter().filter(|entry| entry["author"] == "customer");
    assert_eq!(said.count(), 2);
}

#[tokio::test]
async fn what_may_be_meant_as_stop_and_a_wish_to_cancel_are_read_by_people() {
    let shop = listening(Shop::opening()).open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    assert_eq!(shop.texts("in-1", "please stop").await, "looks_like_stop");
    assert_eq!(shop.texts("in-2", "取消").await, "cancel", "after a text about an appointment it is no opt-out");
    assert_eq!(shop.state("A-1").await, "booked", "a person cancels it");
    assert_eq!(shop.open_inquiries().await.len(), 1);
    assert_eq!(shop.texts("in-3", "HELP").await, "help");
    shop.drain().await;
    assert!(shop.phone(ANNA).iter().any(|text| text.contains("020-8888 0000")), "{:?}", shop.phone(ANNA));
}

#[tokio::test]
async fn without_the_secret_nothing_comes_in() {
    let body = json!({"id": "in-1", "from": ANNA, "text": "STOP"});
    let shop = listening(Shop::opening()).open().await;
    assert_eq!(shop.call("POST", "/in/http/inbound", "another secret of a gateway", Some(&body)).await.0, 401);
    let (status, answer) = shop.call("POST", "/in/http/inbound", SECRET, Some(&json!({"id": "in-1"}))).await;
    assert_eq!((status, answer["errors"][0]["pointer"].clone()), (422, json!("/from")));
    let deaf = Shop::open().await;
    assert_eq!(deaf.call("POST", "/in/http/inbound", SECRET, Some(&body)).await.0, 404);
}

#[tokio::test]
async fn a_stranger_who_says_stop_is_never_texted() {
    let shop = listening(Shop::opening()).open().await;
    let (status, answer) = shop
        .call(
            "POST",
            "/in/http/inbound?dealership=gz-tianhe",
            SECRET,
            Some(&json!({"id": "in-1", "from": ANNA, "text": "退订"})),
        )
        .await;
    assert_eq!((status, &answer["taken_for"]), (200, &json!("stop")), "{answer}");
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    assert!(shop.phone(ANNA).is_empty());
    assert_eq!(shop.messages("A-1").await, ["confirmation email accepted"]);
}
