//! What an advisor or a system asks to be said: shown first, said once, within limits, at hours that are allowed.
use serde_json::{Value, json};

use crate::shop::{Shop, anna, kenji};

const ANNA: &str = "anna@example.com";
const ANNAS_PHONE: &str = "+8613900001234";

fn reminder(customer: &str, subject: &str) -> Value {
    json!({ "kind": "appointment.reminder", "customer": customer, "subject": { "type": "appointment", "ref": subject } })
}
fn with(mut body: Value, key: &str, value: impl Into<Value>) -> Value {
    body[key] = value.into();
    body
}
/// Anna has an appointment on Thursday and was told so.
async fn open() -> Shop {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    shop
}
fn code(answer: &Value) -> &str {
    answer["code"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_preview_shows_what_would_happen_and_stores_nothing() {
    let shop = open().await;
    let asked = with(reminder("C-1", "A-1"), "note", "Please use gate 2.");
    let (status, shown) = shop.does("POST", "/v1/messages?preview=true", asked).await;
    assert_eq!(status, 200, "{shown}");
    let channels: Vec<_> =
        shown["messages"].as_array().expect("messages").iter().map(|m| m["channel"].clone()).collect();
    assert_eq!((&shown["state"], channels), (&json!("sending"), vec![json!("sms")]));
    assert_eq!(shown["passed"], json!([{ "channel": "wechat", "reason": "not_configured" }]));
    shop.drain().await;
    assert_eq!((shop.inbox(ANNA).len(), shop.phone(ANNAS_PHONE).len()), (1, 1), "only the confirmation");
    assert_eq!(shop.notices("A-1").await, ["confirmation done", "reminder waiting"]);
}

#[tokio::test]
async fn it_is_said_once_for_its_key() {
    let shop = open().await;
    let asked = with(with(reminder("C-1", "A-1"), "channel", "email"), "note", "Please use gate 2.");
    let (status, replayed, first) = shop.asks("k-1", &asked).await;
    assert_eq!((status, replayed), (201, false), "{first}");
    assert!(first["messages"][0]["text"].as_str().expect("a text").contains("Please use gate 2."));
    let (status, replayed, second) = shop.asks("k-1", &asked).await;
    assert_eq!((status, replayed, &second), (201, true, &first));
    let (status, _, other) = shop.asks("k-1", &with(asked.clone(), "note", "Gate 3.")).await;
    assert_eq!((status, code(&other)), (422, "idempotency_key_reused"));
    shop.drain().await;
    let mails = shop.inbox(ANNA);
    assert_eq!(mails.len(), 2);
    assert!(
        mails[1].subject.starts_with("Reminder:") && mails[1].text.contains("Please use gate 2."),
        "{}",
        mails[1].text
    );
    let (status, _, missing) =
        shop.call_once("POST", "/v1/messages", (&shop.key_for(None).await, None), Some(&asked)).await;
    assert_eq!((status, code(&missing)), (422, "idempotency_key"));
}

#[tokio::test]
async fn the_same_to_the_same_person_waits_ten_minutes_and_an_hour_holds_thirty() {
    let shop = open().await;
    let asked = with(reminder("C-1", "A-1"), "channel", "email");
    assert_eq!(shop.asks("k-0", &asked).await.0, 201);
    let (status, _, answer) = shop.asks("k-1", &asked).await;
    assert_eq!((status, code(&answer)), (409, "same_again"));
    shop.advance("10m").await;
    for n in 1..30 {
        // Each to somebody else, in the name of the same key.
        let (customer, appointment) = (format!("C-1{n:02}"), format!("A-1{n:02}"));
        let mut event = anna()
            .with("ref", customer.clone())
            .with("email", format!("p{n}@example.com"))
            .books("2026-03-06T09:30", shop.now());
        event["data"]["ref"] = appointment.clone().into();
        event["data"]["customer"]["phones"] = json!([]);
        shop.hears(event).await;
        let (status, _, answer) =
            shop.asks(&format!("k-1{n}"), &with(reminder(&customer, &appointment), "channel", "email")).await;
        assert_eq!(status, 201, "{answer}");
    }
    let (status, _, answer) = shop.asks("k-last", &asked).await;
    assert_eq!((status, code(&answer)), (409, "too_many"));
    shop.drain().await;
}

#[tokio::test]
async fn quiet_hours_hold_it_unless_a_manager_says_why_not() {
    let shop = open().await;
    let manager =
        json!({ "dealership": "gz-tianhe", "name": "李梅", "roles": ["service_manager"], "languages": ["zh-CN"] });
    assert_eq!(shop.does("PUT", "/v1/staff/mgr-01", manager).await.0, 200);
    shop.leaps_to("2026-03-03T22:30");
    shop.drain().await;
    let asked = with(reminder("C-1", "A-1"), "channel", "sms");
    let (_, shown) = shop.does("POST", "/v1/messages?preview=true", asked.clone()).await;
    assert_eq!((&shown["state"], &shown["reason"]), (&json!("waiting"), &json!("quiet_hours")));
    assert!(shown["messages"][0]["text"].as_str().expect("shown all the same").contains("reminder"), "{shown}");
    let overridden = with(asked.clone(), "override", json!({ "reason": "Her flight leaves at six." }));
    for by in [None, Some("adv-01")] {
        let body = by.map_or(overridden.clone(), |by| with(overridden.clone(), "by", by));
        let (status, _, answer) = shop.asks("k-1", &body).await;
        assert_eq!((status, code(&answer)), (403, "forbidden"));
    }
    let (status, _, said) = shop.asks("k-2", &with(overridden, "by", "mgr-01")).await;
    assert_eq!((status, &said["state"]), (201, &json!("sending")), "{said}");
    shop.drain().await;
    assert_eq!(shop.phone(ANNAS_PHONE).len(), 2);
    shop.leaps_by("11m");
    let (_, _, waits) = shop.asks("k-3", &asked).await;
    assert_eq!((&waits["state"], &waits["reason"]), (&json!("waiting"), &json!("quiet_hours")));
    assert!(waits["not_before"].as_str().expect("a time").starts_with("2026-03-04T00:0"), "{waits}");
    shop.drain().await;
    assert_eq!(shop.phone(ANNAS_PHONE).len(), 2);
}

#[tokio::test]
async fn what_is_asked_must_make_sense() {
    let shop = open().await;
    shop.book(&kenji(), "2026-03-05T10:30").await;
    shop.drain().await;
    let own = shop.key_for(Some("tk-minato")).await;
    let asked = reminder("C-1", "A-1");
    for (body, status, expected) in [
        (with(asked.clone(), "kind", "appointment.nothing"), 422, "unknown_kind"),
        (with(asked.clone(), "kind", "staff.day_list"), 422, "unknown_kind"),
        (with(asked.clone(), "kind", "parts.arrived"), 422, "wrong_subject"),
        (with(asked.clone(), "customer", "C-9"), 422, "unknown_customer"),
        // Kenji's appointment is not Anna's.
        (reminder("C-1", "A-3"), 422, "unknown_subject"),
        (with(asked.clone(), "note", "x".repeat(61)), 422, "too_long"),
        (with(with(asked.clone(), "note", "x"), "channel", "sms"), 422, "note_not_possible"),
        (with(asked.clone(), "channel", "pigeon"), 422, "unknown_channel"),
        (with(asked.clone(), "by", "adv-99"), 422, "unknown_staff"),
        (with(asked.clone(), "colour", "red"), 422, "unknown_field"),
        (json!({ "kind": "appointment.reminder", "customer": "C-1" }), 422, "required"),
    ] {
        let (got, _, answer) = shop.asks("k", &body).await;
        assert_eq!((got, code(&answer)), (status, expected), "{body}: {answer}");
    }
    let (status, _, answer) = shop.call_once("POST", "/v1/messages", (&own, Some("k")), Some(&asked)).await;
    assert_eq!((status, code(&answer)), (422, "unknown_customer"), "a foreign customer is not there");
    assert_eq!(shop.phone(ANNAS_PHONE).len(), 1);
}
