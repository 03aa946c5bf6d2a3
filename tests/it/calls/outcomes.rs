//! What a call came to, and what follows from it.
use aftercare::calls::{CallType, Visit};
use serde_json::{Value, json};

use super::desk::{Agent, subject};
use crate::shop::{Shop, anna, fang};

/// Anna's visit has ended, and an agent has her follow-up before them the day after.
async fn follow_up(shop: &Shop) -> (Agent, String) {
    let gz = shop.dealership("gz-tianhe").await;
    let agent = shop.employs("agt-1", &["en", "zh-CN"]).await;
    let customer = shop.knows(&anna()).await;
    shop.drain().await;
    let visit = Visit { detail: json!({"service": "40,000 km service"}), ..shop.visit(&gz, customer, shop.now()) };
    assert_eq!(shop.plan_follow_up(visit).await, None);
    shop.wait_until("2026-03-03T10:01").await;
    (agent, shop.takes(agent).await)
}
fn telephone(result: &str) -> Value {
    json!({"telephony_result": result})
}
fn answered(outcome: &str) -> Value {
    json!({"telephony_result": "answered", "outcome": outcome})
}

/// Delivered; nobody answers; content at the second call.
#[tokio::test]
async fn acceptance_h2_07_delivered_not_answered_and_content_at_the_second_call() {
    let shop = Shop::open().await;
    let (agent, id) = follow_up(&shop).await;
    assert_eq!(shop.says(agent, &id, telephone("no_answer")).await, "scheduled no_answer");
    assert_eq!(shop.next_at(&id).await, "03-03 14:01", "four hours later, in another part of the day");
    assert!(shop.next(agent).await.is_none());
    shop.wait_until("2026-03-03T14:02").await;
    assert_eq!(shop.takes(agent).await, id);
    let content = json!({"telephony_result": "answered", "outcome": "completed_satisfied", "note": "all well",
        "answers": {"running": true, "overall": 5}});
    assert_eq!(shop.says(agent, &id, content).await, "done completed_satisfied");
    let task = shop.get(&format!("/v1/calls/{id}")).await;
    assert_eq!(task["calls"][1]["answers"]["overall"], 5);
    assert_eq!(task["attempts"], 2);
    assert!(shop.next(agent).await.is_none());
}

#[tokio::test]
async fn the_last_call_that_reaches_nobody_is_followed_by_a_written_word() {
    let shop = Shop::open().await;
    let (agent, id) = follow_up(&shop).await;
    assert_eq!(shop.says(agent, &id, telephone("no_answer")).await, "scheduled no_answer");
    shop.wait_until("2026-03-03T14:02").await;
    assert_eq!(shop.takes(agent).await, id);
    assert_eq!(shop.says(agent, &id, telephone("no_answer")).await, "scheduled no_answer");
    assert_eq!(shop.next_at(&id).await, "03-04 09:00", "two calls a day at most, on two days at least");
    shop.wait_until("2026-03-04T09:01").await;
    assert_eq!(shop.takes(agent).await, id);
    let before = shop.inbox("anna@example.com").len() + shop.phone("+8613900001234").len();
    assert_eq!(shop.says(agent, &id, telephone("voicemail")).await, "exhausted attempts_used_up");
    shop.advance("1m").await;
    let mails = shop.inbox("anna@example.com");
    assert_eq!(mails.len() + shop.phone("+8613900001234").len(), before + 1);
    let text = &mails.last().expect("a mail").text;
    assert!(text.contains("did not reach you") && text.contains("Mar 2"), "{text}");
}

#[tokio::test]
async fn a_call_is_agreed_for_a_time_and_made_by_the_one_who_promised_it() {
    let shop = Shop::open().await;
    let (agent, id) = follow_up(&shop).await;
    let other = shop.employs("agt-2", &["en"]).await;
    let mine =
        json!({"telephony_result": "answered", "outcome": "reschedule_me", "callback_at": "2026-03-03T20:30:00+08:00"});
    assert_eq!(shop.says(agent, &id, mine).await, "scheduled callback");
    shop.wait_until("2026-03-03T20:14").await;
    assert!(shop.next(agent).await.is_none(), "a quarter of an hour early at most");
    shop.wait_until("2026-03-03T20:16").await;
    assert!(shop.next(other).await.is_none(), "another promised it");
    assert_eq!(shop.takes(agent).await, id, "after the usual hours, because she asked for it");
    let any = json!({"telephony_result": "answered", "outcome": "reschedule_any", "callback_at": "2026-03-04T11:00:00+08:00"});
    assert_eq!(shop.says(agent, &id, any).await, "scheduled callback");
    shop.wait_until("2026-03-04T10:46").await;
    assert_eq!(shop.takes(other).await, id);
    let again =
        json!({"telephony_result": "answered", "outcome": "reschedule_me", "callback_at": "2026-03-04T15:00:00+08:00"});
    assert_eq!(shop.says(other, &id, again).await, "scheduled callback");
    shop.wait_until("2026-03-04T15:14").await;
    assert!(shop.next(agent).await.is_none());
    shop.wait_until("2026-03-04T15:16").await;
    assert_eq!(shop.takes(agent).await, id, "the promise is overdue: anybody");
    // A call that she asked for is not counted, so the fifth may be made.
    assert_eq!(shop.says(agent, &id, answered("completed_satisfied")).await, "done completed_satisfied");
}

#[tokio::test]
async fn a_customer_is_called_twice_a_day_at_most_over_all_tasks() {
    let shop = Shop::open().await;
    let (agent, id) = follow_up(&shop).await;
    assert_eq!(shop.says(agent, &id, answered("completed_satisfied")).await, "done completed_satisfied");
    let customer = shop.customer("C-1").await;
    for n in 2..=4 {
        shop.plan(vec![shop.new_task(CallType::PartsArrived, customer, &subject(n)).await]).await;
    }
    let second = shop.takes(agent).await;
    assert_eq!(shop.says(agent, &second, answered("parts_accepted_booked")).await, "done parts_accepted_booked");
    assert!(shop.next(agent).await.is_none(), "twice today");
    let waiting = shop.get("/v1/calls?state=scheduled").await["items"].as_array().expect("tasks").clone();
    assert_eq!(waiting.iter().filter(|task| task["reason"] == "calls_used_up").count(), 2);
    shop.wait_until("2026-03-04T09:01").await;
    let third = shop.takes(agent).await;
    assert_eq!(shop.says(agent, &third, answered("parts_declined")).await, "done parts_declined");
    assert!(shop.next(agent).await.is_none(), "three times in seven days");
    shop.wait_until("2026-03-09T12:00").await;
    assert!(shop.next(agent).await.is_none());
    shop.wait_until("2026-03-10T10:05").await;
    assert!(shop.next(agent).await.is_some());
}

#[tokio::test]
async fn who_wants_no_calls_gets_none_from_that_moment_on() {
    let shop = Shop::open().await;
    let (agent, id) = follow_up(&shop).await;
    let customer = shop.customer("C-1").await;
    shop.plan(vec![shop.new_task(CallType::PartsArrived, customer, &subject(2)).await]).await;
    assert_eq!(shop.says(agent, &id, answered("dnc_topic")).await, "done dnc_topic");
    assert_eq!(shop.tasks(&subject(2)).await, ["parts_arrived ready"], "only that topic");
    assert!(shop.plan(vec![shop.new_task(CallType::FollowUp, customer, &subject(3)).await]).await.is_empty());
    let other = shop.takes(agent).await;
    shop.plan(vec![shop.new_task(CallType::NoShow, customer, &subject(4)).await]).await;
    assert_eq!(shop.says(agent, &other, answered("dnc_all")).await, "done dnc_all");
    assert_eq!(shop.tasks(&subject(4)).await, ["no_show withdrawn do_not_call"]);
    assert!(shop.plan(vec![shop.new_task(CallType::NoShow, customer, &subject(5)).await]).await.is_empty());
}

#[tokio::test]
async fn whatever_the_call_was_about_a_written_word_follows_its_last_try() {
    for (kind, words) in [(CallType::NoShow, 1), (CallType::PartsArrived, 1), (CallType::Confirm, 0)] {
        let shop = Shop::open().await;
        let agent = shop.employs("agt-1", &["en"]).await;
        let anna = shop.knows(&anna()).await;
        shop.plan(vec![shop.new_task(kind, anna, &subject(1)).await]).await;
        let id = shop.takes(agent).await;
        shop.drain().await;
        let before = shop.inbox("anna@example.com").len();
        assert_eq!(shop.says(agent, &id, telephone("invalid_number")).await, "exhausted no_number_left");
        shop.advance("1m").await;
        let mails = shop.inbox("anna@example.com");
        assert_eq!(mails.len(), before + words, "{kind:?}");
        if words > 0 {
            let text = &mails.last().expect("a mail").text;
            assert!(text.contains("We tried to call you about your concern and did not reach you."), "{text}");
        }
    }
}

#[tokio::test]
async fn a_wrong_number_is_not_tried_again_and_the_next_one_is() {
    let shop = Shop::open().await;
    let agent = shop.employs("agt-1", &["zh-CN"]).await;
    let fang = shop.knows(&fang()).await;
    shop.plan(vec![shop.new_task(CallType::FollowUp, fang, &subject(1)).await]).await;
    let at_hand = shop.next(agent).await.expect("a call");
    let id = at_hand["task"]["id"].as_str().expect("an id").to_owned();
    assert_eq!(at_hand["customer"]["numbers"][0]["value"], "+8613800005678", "the mobile first");
    assert_eq!(shop.says(agent, &id, answered("wrong_number")).await, "ready next_number");
    let again = shop.next(agent).await.expect("a call");
    assert_eq!(again["customer"]["numbers"].as_array().expect("numbers").len(), 1);
    assert_eq!(again["customer"]["numbers"][0]["value"], "+862088881234");
    assert_eq!(shop.says(agent, &id, telephone("invalid_number")).await, "exhausted no_number_left");
}

#[tokio::test]
async fn a_complaint_goes_to_who_can_decide_and_a_sold_car_ends_what_was_about_it() {
    let shop = Shop::open().await;
    let (agent, id) = follow_up(&shop).await;
    assert_eq!(shop.says(agent, &id, answered("complaint")).await, "done complaint");
    assert_eq!(shop.calls().await, ["follow_up done delivered", "complaint ready case_raised"]);
    let fang = shop.knows(&fang()).await;
    let vehicle = shop.get("/v1/appointments/A-2").await["vehicle"]["id"].as_str().expect("a car").parse().ok();
    for (n, kind) in [(2, CallType::FollowUp), (3, CallType::DeferredWork)] {
        let task = shop.new_task(kind, fang, &subject(n)).await;
        shop.plan(vec![aftercare::calls::NewTask { vehicle_id: vehicle, is_urgent: n == 2, ..task }]).await;
    }
    let zh = shop.employs("agt-9", &["zh-CN"]).await;
    let sold = shop.takes(zh).await;
    assert_eq!(shop.says(zh, &sold, answered("sold_vehicle")).await, "done sold_vehicle");
    assert_eq!(shop.tasks(&subject(3)).await, ["deferred_work withdrawn sold_vehicle"]);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_a_repeat_is_answered_once() {
    let shop = Shop::open().await;
    let (agent, id) = follow_up(&shop).await;
    for (body, code) in [
        (telephone("answered"), "required"),
        (telephone("rang"), "unknown_result"),
        (json!({"telephony_result": "busy", "outcome": "complaint"}), "not_answered"),
        (answered("happy"), "unknown_outcome"),
        (answered("parts_declined"), "wrong_outcome"),
        (answered("reschedule_any"), "required"),
        (
            json!({"telephony_result": "answered", "outcome": "reschedule_any", "callback_at": "2026-03-03T09:00:00+08:00"}),
            "not_ahead",
        ),
        (answered("language_mismatch"), "required"),
        (
            json!({"telephony_result": "answered", "outcome": "third_party", "answers": {"overall": 5}}),
            "not_the_customer",
        ),
        (json!({"telephony_result": "busy", "number": "+8613311112222"}), "unknown_number"),
    ] {
        assert_eq!(shop.says(agent, &id, body.clone()).await, format!("422 {code}"), "{body}");
    }
    let language = json!({"telephony_result": "answered", "outcome": "language_mismatch", "language": "ja"});
    assert_eq!(shop.says(agent, &id, language).await.split(' ').next(), Some("ready"));
    assert!(shop.next(agent).await.is_none());
    let ja = shop.employs("agt-2", &["ja"]).await;
    assert_eq!(shop.takes(ja).await, id);
    let third =
        json!({"telephony_result": "answered", "outcome": "third_party", "callback_at": "2026-03-04T18:00:00+08:00"});
    assert_eq!(shop.says(ja, &id, third).await, "scheduled callback");
    assert_eq!(shop.next_at(&id).await, "03-04 17:45");
}
