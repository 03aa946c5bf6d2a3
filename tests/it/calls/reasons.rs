//! Every type of call has what makes it necessary and what makes it needless: promises, questions, cases, cars that are sold,
//! call-backs.
use serde_json::{Value, json};

use super::desk::Agent;
use crate::shop::{
    Shop, anna, local, with,
    workshop::{HOUSE, fact, opened, ordered},
};

/// Anna's car on the lift, promised for this time today.
async fn promised(at: &str) -> Shop {
    let shop = Shop::open().await;
    shop.hears(opened(&json!({"promised_at": local(&format!("2026-03-02T{at}"))}))).await;
    shop.drain().await;
    shop
}
fn answered(outcome: &str, note: &str) -> Value {
    json!({"telephony_result": "answered", "outcome": outcome, "note": note})
}
/// What is open, and what has ended how.
async fn agent(shop: &Shop) -> Agent {
    shop.employs("agt-1", &["en", "zh-CN"]).await
}

#[tokio::test]
async fn before_a_promise_is_broken_the_customer_is_called_and_not_once_the_car_is_ready() {
    let shop = promised("16:00").await;
    shop.wait_until("2026-03-02T14:59").await;
    assert!(shop.calls().await.is_empty());
    shop.wait_until("2026-03-02T15:00").await;
    assert_eq!(shop.calls().await, ["promise_at_risk ready promise_at_risk"]);
    let at_hand = shop.next(agent(&shop).await).await.expect("a call");
    let said = at_hand["script"]["after_identity"].as_str().expect("words");
    assert!(said.contains("4:00 PM"), "{said}");
    let id = at_hand["task"]["id"].as_str().expect("an id");
    assert_eq!(shop.does_on_call(Agent("agt-1"), id, "give-back", json!({})).await.0, 200);
    shop.repair("ready", &json!({})).await;
    assert_eq!(shop.calls().await, ["promise_at_risk withdrawn promise_at_risk"]);
    shop.drain().await;
}

#[tokio::test]
async fn another_promise_ends_the_call_about_the_one_before_and_has_its_own() {
    let shop = promised("16:00").await;
    shop.wait_until("2026-03-02T15:01").await;
    shop.repair("promised_changed", &json!({"promised_at": local("2026-03-02T17:30")})).await;
    assert_eq!(shop.calls().await, ["promise_at_risk withdrawn promise_at_risk"]);
    shop.drain().await;
    assert_eq!(shop.phone("+8613900001234").len(), 1, "the new time is told by a text");
    shop.wait_until("2026-03-02T16:30").await;
    assert_eq!(shop.calls().await[1..], ["promise_at_risk ready promise_at_risk"]);
    let agent = agent(&shop).await;
    let id = shop.takes(agent).await;
    let word = answered("completed_satisfied", "She will come tomorrow.");
    assert_eq!(shop.says(agent, &id, word).await, "done completed_satisfied");
    shop.wait_until("2026-03-02T18:00").await;
    assert_eq!(shop.calls().await.len(), 2, "who was called about it is not called again when it has passed");
    assert!(shop.subjects(HOUSE).len() >= 3, "the manager hears of it: {:?}", shop.subjects(HOUSE));
}

#[tokio::test]
async fn one_promise_is_one_call_whatever_is_decided_meanwhile() {
    let shop = promised("16:00").await;
    shop.wait_until("2026-03-02T15:00").await;
    let agent = agent(&shop).await;
    let id = shop.takes(agent).await;
    assert_eq!(shop.says(agent, &id, answered("completed_satisfied", "")).await, "done completed_satisfied");
    let pads = json!({"code": "BP", "name": "Brake pads", "severity": "soon", "amount": 1280});
    shop.repair("work_found", &json!({"items": [pads]})).await;
    shop.repair("work_approved", &json!({"items": ["BP"], "by": "customer", "via": "counter"})).await;
    shop.wait_until("2026-03-02T16:01").await;
    let mut calls = shop.calls().await;
    calls.retain(|call| call.starts_with("promise_at_risk"));
    assert_eq!(calls, ["promise_at_risk done promise_at_risk"]);
}

#[tokio::test]
async fn a_promise_that_was_made_shortly_before_is_called_about_when_it_has_passed() {
    let shop = promised("10:40").await;
    shop.wait_until("2026-03-02T10:39").await;
    assert!(shop.calls().await.is_empty());
    shop.wait_until("2026-03-02T10:40").await;
    assert_eq!(shop.calls().await, ["promise_at_risk ready promise_passed"]);
    shop.repair("delivered", &json!({})).await;
    let calls = shop.calls().await;
    assert_eq!(calls[0], "promise_at_risk withdrawn promise_passed", "{calls:?}");
    shop.drain().await;
}

#[tokio::test]
async fn who_cannot_be_told_of_another_time_in_writing_is_called_about_it() {
    let landline = json!([{"number": "020-8888 1234"}]);
    let nobody = anna().with("email", json!(null)).with("phones", landline);
    let shop = Shop::open().await;
    let order = json!({"promised_at": local("2026-03-02T16:00"), "customer": nobody.data});
    shop.hears(opened(&order)).await;
    shop.drain().await;
    shop.repair("promised_changed", &json!({"promised_at": local("2026-03-02T19:00")})).await;
    shop.drain().await;
    assert_eq!(shop.calls().await, ["promise_at_risk ready track_ran_out"]);
    shop.repair("ready", &json!({})).await;
    shop.drain().await;
    assert_eq!(
        shop.calls().await,
        ["promise_at_risk withdrawn track_ran_out", "unwritten ready track_ran_out"],
        "that it is ready is said on the telephone too"
    );
}

/// A question on Monday that nobody answers by Tuesday.
async fn overdue() -> Shop {
    let shop = Shop::open().await;
    let question = json!({"ref": "W-1", "channel": "web", "received_at": shop.now(), "body": "My brakes squeal.", "customer": anna().data});
    shop.hears(fact("inquiry.received", question)).await;
    shop.drain().await;
    shop.wait_until("2026-03-03T10:00").await;
    assert_eq!(shop.calls().await, ["inquiry_rescue ready breached"]);
    shop
}

#[tokio::test]
async fn a_question_that_is_answered_at_last_is_not_called_about() {
    let shop = overdue().await;
    let reply = json!({"text": "Please come on Monday.", "by": "adv-01"});
    assert_eq!(shop.send("POST", "/v1/inquiries/W-1/replies", &reply).await.0, 201);
    assert_eq!(shop.calls().await, ["inquiry_rescue ready breached"], "written is not sent");
    shop.drain().await;
    assert_eq!(shop.calls().await, ["inquiry_rescue withdrawn breached"]);
    let shop = overdue().await;
    assert_eq!(shop.send("POST", "/v1/inquiries/W-1/spam", &json!({"reason": "advertising"})).await.0, 200);
    assert_eq!(shop.calls().await, ["inquiry_rescue withdrawn breached"]);
    shop.drain().await;
}

#[tokio::test]
async fn who_was_spoken_to_about_their_question_has_their_answer() {
    let shop = overdue().await;
    let agent = agent(&shop).await;
    let id = shop.takes(agent).await;
    let word = answered("completed_satisfied", "Told her to come on Monday.");
    assert_eq!(shop.says(agent, &id, word).await, "done completed_satisfied");
    let inquiry = shop.get("/v1/inquiries/W-1").await;
    assert_eq!(inquiry["state"], "answered", "{inquiry}");
    let said = inquiry["thread"].as_array().or(inquiry["entries"].as_array()).expect("what was said");
    assert!(said.iter().any(|entry| entry["text"] == "Told her to come on Monday." && entry["channel"] == "phone"));
    assert_eq!(shop.calls().await, ["inquiry_rescue done breached"]);
}

async fn delivered() -> Shop {
    let shop = promised("16:00").await;
    shop.repair("ready", &json!({})).await;
    shop.repair("delivered", &json!({})).await;
    shop.drain().await;
    assert_eq!(shop.calls().await, ["follow_up scheduled delivered"]);
    shop
}

/// BR-32.
#[tokio::test]
async fn who_has_a_case_is_called_about_that_and_not_about_the_visit() {
    let shop = delivered().await;
    let case = json!({"dealership": "gz-tianhe", "customer": "C-1", "words": "The radio is silent."});
    let (status, case) = shop.does("POST", "/v1/cases", case).await;
    assert_eq!(status, 201, "{case}");
    assert_eq!(shop.calls().await, ["follow_up withdrawn delivered", "recovery ready case_raised"]);
    let path = format!("/v1/cases/{}/contact", case["ref"].as_str().expect("a ref"));
    assert_eq!(shop.does("POST", &path, json!({})).await.0, 200);
    assert_eq!(shop.calls().await[1], "recovery withdrawn case_raised", "somebody has spoken to her");
    shop.drain().await;
}

#[tokio::test]
async fn a_complaint_on_a_call_is_one_call_of_who_can_decide_and_that_call_is_the_contact() {
    let shop = delivered().await;
    shop.wait_until("2026-03-03T10:30").await;
    let agent = agent(&shop).await;
    let id = shop.takes(agent).await;
    assert_eq!(shop.says(agent, &id, answered("complaint", "Scratched the door.")).await, "done complaint");
    assert_eq!(shop.calls().await, ["follow_up done delivered", "complaint ready case_raised"]);
    let id = shop.takes(agent).await;
    assert_eq!(shop.says(agent, &id, answered("completed_satisfied", "Agreed.")).await, "done completed_satisfied");
    let case = shop.items("/v1/cases").await[0].clone();
    assert_eq!((&case["state"], &case["reason"]), (&json!("contacted"), &json!("complaint")), "{case}");
    let path = format!("/v1/cases/{}/resolve", case["ref"].as_str().expect("a ref"));
    let resolved = json!({"cause": "quality", "resolution": "Repainted the door."});
    assert_eq!(shop.does("POST", &path, resolved).await.0, 200);
    assert_eq!(shop.calls().await[2], "complaint scheduled case_resolved", "and somebody makes sure of it");
    shop.drain().await;
}

#[tokio::test]
async fn whose_car_is_sold_is_called_about_it_no_more() {
    let shop = delivered().await;
    shop.hears(fact("ownership.ended", json!({"vin": "JTHBJ46G9A2345678"}))).await;
    assert_eq!(shop.calls().await, ["follow_up withdrawn delivered"]);
    shop.drain().await;
}

/// Work that was put off, of somebody who wants offers and has no address for them.
#[tokio::test]
async fn an_offer_that_cannot_be_written_is_made_on_the_telephone_until_the_work_is_booked() {
    let landline = json!([{"number": "020-8888 1234"}]);
    let agrees =
        json!([{"purpose": "marketing", "action": "grant", "at": local("2026-02-01T10:00"), "source": "form"}]);
    let nobody = anna().with("email", json!(null)).with("phones", landline).with("consents", agrees);
    let shop = Shop::open().await;
    shop.hears(opened(&json!({"customer": nobody.data}))).await;
    let pads = json!({"code": "BP", "name": "Brake pads", "severity": "safety"});
    shop.repair("work_found", &json!({"items": [pads]})).await;
    shop.repair("work_declined", &json!({"items": ["BP"], "by": "customer", "via": "phone"})).await;
    shop.repair("delivered", &json!({})).await;
    shop.drain().await;
    let deferred = async |shop: &Shop| {
        let mut calls = shop.calls().await;
        calls.retain(|call| call.starts_with("deferred_work"));
        calls
    };
    shop.leaps_to("2026-03-09T10:30");
    shop.drain_patiently().await;
    assert_eq!(deferred(&shop).await, ["deferred_work ready track_ran_out"]);
    let services = json!([{"code": "BP", "name": "Brake pads", "hours": 1.0}]);
    shop.hears(with(nobody.books("2026-03-20T10:00", shop.now()), "services", services)).await;
    assert_eq!(deferred(&shop).await, ["deferred_work withdrawn track_ran_out"]);
    shop.drain_patiently().await;
}

/// BR-22: who has said whether they come is neither written to nor called again.
#[tokio::test]
async fn who_was_spoken_to_about_their_part_is_asked_no_more() {
    for (outcome, owner) in [("parts_accepted_booked", "advisor"), ("parts_declined", "parts")] {
        let shop = Shop::open().await;
        shop.hears(ordered(&json!({}))).await;
        for line in ["1", "2"] {
            shop.part(line, "received", &json!({"qty": 2})).await;
        }
        shop.drain().await;
        shop.wait_until("2026-03-03T12:00").await;
        assert_eq!(shop.calls().await, ["parts_arrived ready no_answer"], "a working day later");
        let agent = agent(&shop).await;
        let id = shop.takes(agent).await;
        assert_eq!(shop.says(agent, &id, answered(outcome, "")).await, format!("done {outcome}"));
        let line = shop.get("/v1/parts?waiting").await["items"][0].clone();
        assert_eq!((&line["owner"], line["declined_at"].is_string()), (&json!(owner), owner == "parts"), "{line}");
        let said = shop.phone("+8613900001234").len();
        // Two weeks, and what lies here for more than thirty days.
        for day in ["2026-03-05T12:00", "2026-03-06T12:00", "2026-03-16T12:00", "2026-04-02T12:00"] {
            shop.leaps_to(day);
            shop.drain().await;
        }
        assert_eq!(shop.phone("+8613900001234").len(), said, "{outcome}: no second text");
        let open = shop.calls().await.into_iter().filter(|call| call.contains("ready")).count();
        // Agreed and never fitted is asked about after thirty days; what is not wanted goes back.
        assert_eq!(open, usize::from(owner == "advisor"), "{:?}", shop.calls().await);
    }
}

#[tokio::test]
async fn a_call_back_is_promised_for_a_time_and_made_by_who_promised_it() {
    let shop = Shop::open().await;
    let (mine, other) = (agent(&shop).await, shop.employs("agt-2", &["en"]).await);
    shop.knows(&anna()).await;
    let promise = async |at: &str| {
        let body = json!({"agent": "agt-1", "dealership": "gz-tianhe", "customer": "C-1", "at": at, "by_me": true, "note": "the winter tyres"});
        let (status, answer) = shop.ask("POST", "/v1/calls", &body).await;
        (status, answer["state"].as_str().or(answer["code"].as_str()).unwrap_or_default().to_owned())
    };
    assert_eq!(promise("2026-03-02T09:00:00+08:00").await, (422, "not_ahead".to_owned()));
    assert_eq!(promise("2026-03-02T20:30:00+08:00").await, (201, "scheduled".to_owned()));
    assert_eq!(promise("2026-03-02T20:30:00+08:00").await, (409, "promised_already".to_owned()));
    shop.wait_until("2026-03-02T20:14").await;
    assert!(shop.next(mine).await.is_none());
    shop.wait_until("2026-03-02T20:15").await;
    assert!(shop.next(other).await.is_none(), "another promised it");
    let at_hand = shop.next(mine).await.expect("a call, after the usual hours: she asked for it");
    assert_eq!(
        (&at_hand["task"]["type"], &at_hand["context"]["drafts"][0]["body"]["note"]),
        (&json!("callback"), &json!("the winter tyres"))
    );
    let id = at_hand["task"]["id"].as_str().expect("an id");
    assert_eq!(shop.says(mine, id, answered("completed_satisfied", "")).await, "done completed_satisfied");
    let body =
        json!({"agent": "agt-1", "dealership": "gz-tianhe", "customer": "C-99", "at": "2026-03-03T11:00:00+08:00"});
    assert_eq!(shop.ask("POST", "/v1/calls", &body).await.0, 404);
}

#[tokio::test]
async fn a_promised_call_back_that_was_settled_is_called_off_on_its_page() {
    let shop = Shop::open().await;
    let customer = shop.knows(&anna()).await;
    shop.drain().await;
    let mut boss = shop.seat("sup-9", &[aftercare::console::policy::Role::Supervisor]).await;
    let page = boss.open(&format!("/console/customers/{customer}")).await;
    assert!(page.says("Promise a call-back"), "{}", page.text());
    let form =
        [("customer", customer.to_string()), ("at", "2026-03-02T11:00".to_owned()), ("note", "tyres".to_owned())];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let done = boss.does("/console/calls/promise", &form).await;
    assert!(done.says("The call-back is in the queue."), "{}", done.text());
    assert_eq!(shop.calls().await, ["callback scheduled promised"]);
    shop.wait_until("2026-03-02T10:45").await;
    assert_eq!(shop.calls().await, ["callback ready promised"], "anybody's");
    let id = shop.get("/v1/calls?type=callback").await["items"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(boss.send(&format!("/console/calls/{id}/withdraw"), &[]).await.status, 422, "say why");
    let off = boss.does(&format!("/console/calls/{id}/withdraw"), &[("reason", "she came by")]).await;
    assert!(off.says("called off"), "{}", off.text());
    assert_eq!(shop.calls().await, ["callback withdrawn promised"]);
    assert!(shop.next(agent(&shop).await).await.is_none());
    let (status, answer) = shop.ask("POST", &format!("/v1/calls/{id}/withdraw"), &json!({"reason": "again"})).await;
    assert_eq!((status, &answer["code"]), (409, &json!("wrong_state")));
}
