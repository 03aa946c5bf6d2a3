//! Approved answers of BR-02: given at once, from the record, to whom it concerns; and everything else waits for a person.
use super::*;
use crate::{
    inbound::{mail, signing},
    shop::{
        fang,
        workshop::{opened, ordered},
    },
};

const TO: &str = "gz-tianhe@in.dealer.example";
const ANNA: &str = "anna@example.com";

/// A shop at Monday ten that knows Anna and answers these by itself.
async fn answering(topics: Value) -> Shop {
    let shop = signing().open().await;
    let path = "/v1/dealerships/gz-tianhe/approved-answers";
    assert_eq!(shop.put(path, &json!({"topics": topics})).await.0, 200);
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    shop
}

/// Somebody writes; the id of the inquiry.
async fn writes(shop: &Shop, from: &str, subject: &str, text: &str) -> String {
    let row = shop.mailed(Some(from), TO, &mail(from, subject, "", text)).await;
    row.subject_id.expect("an inquiry")
}

/// Who answered a thread, and its state.
async fn answered_by(shop: &Shop, id: &str) -> String {
    let thread = shop.get(&format!("/v1/inquiries/{id}")).await;
    let by = thread["clocks"][0]["stopped_kind"].as_str().unwrap_or("nobody").to_owned();
    format!("{} {by}", thread["state"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn when_she_comes_is_answered_at_once_from_the_record_and_counted_apart() {
    let shop = answering(json!(["my_booking"])).await;
    let before = shop.inbox(ANNA).len();
    let id = writes(&shop, ANNA, "My appointment", "When is it, please?").await;
    assert_eq!(answered_by(&shop, &id).await, "answered approved");
    let mails = shop.inbox(ANNA);
    assert_eq!(mails.len(), before + 1, "one answer, and no acknowledgement beside it");
    let answer = mails.last().expect("an answer");
    assert!(answer.text.contains("Your appointment is on Thu, Mar 5, 9:30 AM (reference A-1)."), "{}", answer.text);
    let bytes = String::from_utf8_lossy(&answer.bytes);
    assert!(bytes.contains("Auto-Submitted: auto-replied\r\n") && bytes.contains("In-Reply-To: <"), "{bytes}");
    let report = shop.get("/v1/reports/sla?dealership=gz-tianhe&month=2026-03").await;
    assert_eq!((&report["answered_in_time"], &report["by_approved_answer"]), (&json!(1), &json!(1)));
    // Who writes again wants a person: another clock, and no second answer from the record.
    shop.advance("10m").await;
    let reply = format!("In-Reply-To: <{}>\r\n", answer.message_id);
    let again = mail(ANNA, "Re: My appointment", &reply, "When is my appointment?");
    shop.mailed(Some(ANNA), TO, &again).await;
    let thread = shop.get(&format!("/v1/inquiries/{id}")).await;
    assert_eq!(thread["clocks"].as_array().map(Vec::len), Some(2), "{thread}");
    assert_ne!(thread["state"], "answered");
}

#[tokio::test]
async fn cars_and_parts_are_answered_while_the_record_leaves_no_doubt() {
    let shop = answering(json!(["my_car", "my_part", "opening_hours"])).await;
    shop.hears(opened(&json!({"promised_at": "2026-03-02T17:00:00+08:00"}))).await;
    shop.hears(ordered(&json!({}))).await;
    shop.drain().await;
    let car = writes(&shop, ANNA, "car", "Is my car ready yet?").await;
    assert_eq!(answered_by(&shop, &car).await, "answered approved");
    let text = shop.inbox(ANNA).pop().expect("an answer").text;
    assert!(text.contains("It is promised for Mon, Mar 2, 5:00 PM."), "{text}");
    let parts = writes(&shop, ANNA, "parts", "Have the parts I ordered arrived?").await;
    assert_eq!(answered_by(&shop, &parts).await, "answered approved");
    let text = shop.inbox(ANNA).pop().expect("an answer").text;
    assert!(text.contains("Water pump: expected on Tue, Mar 10"), "{text}");
    // The promise has passed: that is a matter for a person.
    shop.leaps_to("2026-03-02T17:30");
    let late = writes(&shop, ANNA, "my car", "Is my car ready?").await;
    assert_eq!(answered_by(&shop, &late).await, "new nobody");
}

#[tokio::test]
async fn opening_hours_are_told_to_anybody_and_what_is_theirs_only_to_them() {
    let shop = answering(json!(["opening_hours", "my_booking"])).await;
    let hours = writes(&shop, "stranger@example.org", "hours", "What are your opening hours?").await;
    assert_eq!(answered_by(&shop, &hours).await, "answered approved");
    assert!(shop.inbox("stranger@example.org").pop().expect("an answer").text.contains("09:00"));
    let booking = writes(&shop, "stranger@example.org", "booking", "When is my appointment?").await;
    assert_eq!(answered_by(&shop, &booking).await, "new nobody", "nothing is known of them");
    // By the public form anybody can type her address: a person answers.
    let form = json!({"specversion": "1.0", "source": "/web", "type": "inquiry.received", "dealership": "gz-tianhe",
        "data": {"ref": "W-1", "channel": "web", "received_at": shop.now(), "body": "When is my appointment?", "customer": anna().data}});
    shop.hears(form).await;
    shop.drain().await;
    assert_eq!(answered_by(&shop, "W-1").await, "new nobody");
    // Two people behind one address are nobody in particular.
    shop.book(&fang().with("email", ANNA), "2026-03-06T09:30").await;
    shop.drain().await;
    let shared = writes(&shop, ANNA, "booking", "When is my appointment, please?").await;
    assert_eq!(answered_by(&shop, &shared).await, "new nobody");
}

#[tokio::test]
async fn what_is_off_what_is_more_and_what_a_program_wrote_waits_for_a_person() {
    let shop = answering(json!(["my_booking"])).await;
    for (subject, text) in [
        ("hours", "What are your opening hours?"),
        ("appointment", "When is my appointment, and what will it cost?"),
        ("complaint", "When is my appointment? The last one was unacceptable."),
    ] {
        let id = writes(&shop, ANNA, subject, text).await;
        assert_eq!(answered_by(&shop, &id).await, "new nobody", "{text}");
    }
    let sent = shop.inbox(ANNA).len();
    let headers = "Auto-Submitted: auto-replied\r\n";
    shop.mailed(Some(ANNA), TO, &mail(ANNA, "appointment", headers, "When is my appointment?")).await;
    assert_eq!(shop.inbox(ANNA).len(), sent, "programs are not answered");
    let path = "/v1/dealerships/gz-tianhe/approved-answers";
    assert_eq!(shop.put(path, &json!({"topics": ["everything"]})).await.0, 422);
    assert_eq!(shop.put(path, &json!({"topics": []})).await.0, 200);
    let id = writes(&shop, ANNA, "appointment", "When is my appointment, please?").await;
    assert_eq!(answered_by(&shop, &id).await, "new nobody", "switched off");
    let foreign = shop.key_for(Some("sh-pudong")).await;
    assert_eq!(shop.call("GET", path, &foreign, None).await.0, 404);
}

#[tokio::test]
async fn an_approved_answer_that_comes_back_lets_the_clock_run_from_where_it_began() {
    let shop = answering(json!(["my_booking"])).await;
    let id = writes(&shop, ANNA, "My appointment", "When is it, please?").await;
    let thread = shop.get(&format!("/v1/inquiries/{id}")).await;
    let opened = thread["clocks"][0]["opened_at"].clone();
    let entry = thread["thread"].as_array().expect("a thread").last().expect("an answer").clone();
    assert_eq!(entry["author"], "approved");
    shop.advance("3h").await;
    ends_badly(&shop, entry["notice"].as_str().expect("a notice")).await;
    let clock = shop.get(&format!("/v1/inquiries/{id}")).await["clocks"][0].clone();
    assert_eq!((&clock["opened_at"], &clock["stopped_at"]), (&opened, &Value::Null));
}

#[tokio::test]
async fn of_two_who_switch_one_on_at_once_one_did() {
    const LINES: &str = "SELECT detail FROM timeline WHERE what = 'approved_answer.switched_on'";
    let shop = signing().open().await;
    let first = "INSERT INTO approved_answers (dealership_id, kind, switched_on_by, switched_on_at)
        SELECT id, 'my_booking', 'another', updated_at FROM dealerships WHERE code = $1";
    let other = ["UPDATE dealerships SET name = name WHERE code = $1", first];
    let body = json!({"topics": ["my_booking", "my_car"]});
    let second = shop.put("/v1/dealerships/gz-tianhe/approved-answers", &body);
    assert_eq!(shop.meanwhile(other, "gz-tianhe", second).await.0, 200);
    let mut tx = shop.app.db.read().await.expect("a connection");
    let lines: Vec<(sqlx::types::Json<Value>,)> = tx.sql(LINES).all().await.expect("lines");
    let switched: Vec<&Value> = lines.iter().map(|(detail,)| &detail.0["topic"]).collect();
    assert_eq!(switched, ["my_car"], "what another did is not on record as ours");
}
