//! What is said on a call counts for what it was said of, and no more: for the question that had been asked, for the time that
//! stood, once for each lease.
use aftercare::{calls::CallType, console::policy::Role};
use serde_json::{Value, json};

use super::desk::{Agent, subject};
use crate::shop::{Shop, anna, workshop::fact};

fn answered(outcome: &str) -> Value {
    json!({"telephony_result": "answered", "outcome": outcome, "note": "On the telephone."})
}

/// Anna's question of Monday at ten that nobody answered, and whoever calls her about it on Tuesday.
async fn overdue() -> (Shop, Agent) {
    let shop = Shop::open().await;
    let question = json!({"ref": "W-1", "channel": "web", "received_at": shop.now(), "body": "My brakes squeal.", "customer": anna().data});
    shop.hears(fact("inquiry.received", question)).await;
    shop.drain().await;
    shop.wait_until("2026-03-03T10:00").await;
    let agent = shop.employs("agt-1", &["en", "zh-CN"]).await;
    (shop, agent)
}

#[tokio::test]
async fn what_is_asked_while_somebody_speaks_is_not_answered_by_that() {
    let (shop, agent) = overdue().await;
    let id = shop.takes(agent).await;
    let dials = json!({"stage": "dialing", "number": "+8613900001234"});
    assert_eq!(shop.does_on_call(agent, &id, "stage", dials).await.0, 200);
    shop.wait_until("2026-03-03T10:03").await;
    let more = json!({"ref": "W-2", "thread_ref": "W-1", "channel": "web", "received_at": shop.now(), "body": "And the wipers?", "customer": anna().data});
    shop.hears(fact("inquiry.received", more)).await;
    shop.wait_until("2026-03-03T10:05").await;
    assert_eq!(shop.says(agent, &id, answered("completed_satisfied")).await, "done completed_satisfied");
    let inquiry = shop.get("/v1/inquiries/W-1").await;
    assert_ne!(inquiry["state"], "answered", "nobody has said anything of the wipers: {inquiry}");
    assert_eq!(inquiry["due_at"], "2026-03-04T02:03:00.000000Z", "{inquiry}");
}

#[tokio::test]
async fn who_wants_no_calls_has_no_answer_by_that() {
    let (shop, agent) = overdue().await;
    let id = shop.takes(agent).await;
    assert_eq!(shop.says(agent, &id, answered("dnc_all")).await, "done dnc_all");
    let inquiry = shop.get("/v1/inquiries/W-1").await;
    assert_ne!(inquiry["state"], "answered", "{inquiry}");
    assert!(inquiry["due_at"].is_string(), "{inquiry}");
}

/// Tuesday is asked about, and Wednesday is on the book before she has said yes.
#[tokio::test]
async fn a_yes_to_a_time_is_none_to_the_time_to_which_it_was_moved_meanwhile() {
    for (outcome, state) in [("appointment_confirmed", "booked"), ("appointment_cancelled", "move_requested")] {
        let rules = json!({"calls": {"confirm": true}});
        let shop = Shop::opening().dealership("gz-tianhe", "rules", rules).open().await;
        shop.book(&anna(), "2026-03-05T10:00").await;
        shop.drain().await;
        shop.wait_until("2026-03-04T15:00").await;
        let agent = shop.employs("agt-1", &["en"]).await;
        let id = shop.takes(agent).await;
        let dials = json!({"stage": "dialing", "number": "+8613900001234"});
        assert_eq!(shop.does_on_call(agent, &id, "stage", dials).await.0, 200);
        shop.moves(&anna(), "2026-03-12T10:00").await;
        assert_eq!(shop.says(agent, &id, answered(outcome)).await, format!("done {outcome}"));
        let visit = shop.get("/v1/appointments/A-1").await;
        assert_eq!(visit["state"], state, "{outcome}: {visit}");
        shop.drain().await;
    }
}

#[tokio::test]
async fn a_call_taken_up_again_is_another_lease_and_one_withdrawn_by_hand_stays_so() {
    let shop = Shop::open().await;
    let agent = shop.employs("agt-1", &["en", "zh-CN"]).await;
    let anna = shop.knows(&anna()).await;
    let task = shop.new_task(CallType::PartsArrived, anna, &subject(1)).await;
    shop.plan(vec![task.clone()]).await;
    let first = shop.next(agent).await.expect("a call");
    let id = first["task"]["id"].as_str().expect("an id").to_owned();
    let mut seat = shop.seat("agt-1", &[Role::Agent]).await;
    let before = seat.open(&format!("/console/calls/{id}")).await.field("key");
    assert_eq!(shop.does_on_call(agent, &id, "give-back", json!({})).await.0, 200);
    shop.withdraw(&subject(1), &[]).await;
    shop.plan(vec![task.clone()]).await;
    let second = shop.next(agent).await.expect("the same call");
    assert_eq!(second["task"]["id"], first["task"]["id"]);
    // The key under which the page says what came of it.
    let again = seat.open(&format!("/console/calls/{id}")).await.field("key");
    assert_ne!(again, before, "what was said in the first lease would be taken for said in this one");
    assert_eq!(shop.does_on_call(agent, &id, "give-back", json!({})).await.0, 200);
    let told = json!({"reason": "told me at the counter"});
    let (status, answer) = shop.ask("POST", &format!("/v1/calls/{id}/withdraw"), &told).await;
    assert_eq!(status, 200, "{answer}");
    assert!(shop.plan(vec![task]).await.is_empty(), "somebody here knows why");
    assert_eq!(shop.tasks(&subject(1)).await, ["parts_arrived withdrawn by_hand"]);
}

#[tokio::test]
async fn who_complains_a_third_time_is_called_a_third_time() {
    let shop = Shop::open().await;
    let agent = shop.employs("agt-1", &["en", "zh-CN"]).await;
    let anna = shop.knows(&anna()).await;
    for n in 1..=3 {
        let task = shop.new_task(CallType::FollowUp, anna, &subject(n)).await;
        shop.plan(vec![task]).await;
        let id = shop.takes(agent).await;
        assert_eq!(shop.says(agent, &id, answered("complaint")).await, "done complaint", "time {n}");
        let open = shop.calls().await.into_iter().filter(|call| call.starts_with("complaint ready")).count();
        assert_eq!(open, 1, "time {n}: {:?}", shop.calls().await);
        let id = shop.takes(agent).await;
        assert_eq!(shop.says(agent, &id, answered("completed_satisfied")).await, "done completed_satisfied");
        // Nobody is called more than twice a day and three times in a week.
        shop.leaps_to(&format!("2026-03-{:02}T10:30", 2 + 8 * n));
        shop.drain_patiently().await;
    }
}
