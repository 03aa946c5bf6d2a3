//! Who gets which call: the order of the queue, the people and hours it respects, and what is lost when somebody vanishes.
use aftercare::calls::{CallType, NewTask, Visit};
use serde_json::json;

use super::desk::subject;
use crate::shop::{Customer, Shop, anna, fang, local};

/// A customer of the Guangzhou shop who speaks Japanese.
fn kenji_in_guangzhou() -> Customer {
    anna().with("ref", "C-3").with("name", "佐藤 健二").with("language", "ja").at("A-3")
}

#[tokio::test]
async fn the_queue_gives_what_matters_most_and_whoever_asks_again_has_the_same_call() {
    let shop = Shop::open().await;
    let agent = shop.employs("agt-1", &["zh-CN", "en"]).await;
    assert!(shop.next(agent).await.is_none(), "nothing is planned");
    let (anna, fang) = (shop.knows(&anna()).await, shop.knows(&fang()).await);
    let follow_up = shop.new_task(CallType::FollowUp, anna, &subject(1)).await;
    let parts = NewTask { round: 1, ..shop.new_task(CallType::PartsArrived, fang, &subject(2)).await };
    let recovery = shop.new_task(CallType::Recovery, anna, &subject(3)).await;
    shop.plan(vec![follow_up, parts, recovery]).await;
    let first = shop.next(agent).await.expect("a call");
    assert_eq!(first["task"]["type"], "recovery");
    assert_eq!(first["bundle"][0]["type"], "follow_up", "her other open task comes along");
    assert_eq!(first["customer"]["numbers"][0]["tel"], "tel:+8613900001234");
    assert_eq!(shop.takes(agent).await, first["task"]["id"].as_str().expect("an id"), "an answer may be lost");
    let other = shop.employs("agt-2", &["en", "zh-CN"]).await;
    let second = shop.next(other).await.expect("a call");
    assert_eq!(second["task"]["type"], "parts_arrived", "Anna is somebody's already");
    let third = shop.employs("agt-3", &["en", "zh-CN"]).await;
    assert!(shop.next(third).await.is_none(), "never two agents on one customer");
    let id = first["task"]["id"].as_str().expect("an id");
    let (status, _) = shop.does_on_call(agent, id, "give-back", json!({})).await;
    assert_eq!(status, 200);
    assert_eq!(shop.takes(third).await, id);
}

#[tokio::test]
async fn who_served_the_visit_never_makes_the_call_after_it() {
    let shop = Shop::open().await;
    let gz = shop.dealership("gz-tianhe").await;
    let (served, other) = (shop.employs("agt-1", &["en"]).await, shop.employs("agt-2", &["en"]).await);
    let served_by = vec![shop.staff("gz-tianhe", "agt-1").await];
    let anna = shop.knows(&anna()).await;
    let visit = Visit { served_by, ..shop.visit(&gz, anna, shop.now()) };
    assert_eq!(shop.plan_follow_up(visit).await, None);
    shop.wait_until("2026-03-03T10:01").await;
    assert!(shop.next(served).await.is_none());
    let at_hand = shop.next(other).await.expect("a call");
    let id = at_hand["task"]["id"].as_str().expect("an id");
    let script = &at_hand["script"];
    assert!(script["opening"].as_str().expect("words").contains("雷克萨斯天河店"), "{script}");
    assert_eq!(script["locale"], "en", "in the customer's language");
    assert!(script["after_identity"].as_str().expect("words").contains("Mon, Mar 2"), "{script}");
    let (status, answer) = shop.ask("POST", &format!("/v1/calls/{id}/reassign"), &json!({"to": "agt-1"})).await;
    assert_eq!((status, &answer["code"]), (409, &"served_by".into()), "a supervisor cannot either");
}

#[tokio::test]
async fn acceptance_33_a_japanese_customer_s_call_waits_two_hours_for_who_speaks_japanese() {
    let shop = Shop::open().await;
    let (zh, ja) = (shop.employs("agt-1", &["zh-CN"]).await, shop.employs("agt-2", &["ja"]).await);
    let kenji = shop.knows(&kenji_in_guangzhou()).await;
    shop.plan(vec![shop.new_task(CallType::FollowUp, kenji, &subject(1)).await]).await;
    assert!(shop.next(zh).await.is_none());
    let id = shop.takes(ja).await;
    assert_eq!(shop.does_on_call(ja, &id, "give-back", json!({})).await.0, 200);
    shop.wait_until("2026-03-02T11:59").await;
    assert!(shop.next(zh).await.is_none(), "not yet");
    shop.wait_until("2026-03-02T12:01").await;
    assert_eq!(shop.takes(zh).await, id, "after two hours anybody");
}

#[tokio::test]
async fn acceptance_13_who_wants_calls_in_the_evening_is_offered_to_nobody_before() {
    let shop = Shop::open().await;
    let agent = shop.employs("agt-1", &["ja"]).await;
    let kenji = kenji_in_guangzhou().with("call_hours", "18:00-20:00");
    let kenji = shop.knows(&kenji).await;
    shop.plan(vec![shop.new_task(CallType::FollowUp, kenji, &subject(1)).await]).await;
    shop.wait_until("2026-03-02T17:59").await;
    assert!(shop.next(agent).await.is_none());
    shop.wait_until("2026-03-02T18:01").await;
    let id = shop.takes(agent).await;
    assert_eq!(shop.does_on_call(agent, &id, "give-back", json!({})).await.0, 200);
    shop.wait_until("2026-03-02T20:01").await;
    assert!(shop.next(agent).await.is_none());
    assert_eq!(shop.tasks(&subject(1)).await, ["follow_up scheduled call_hours"]);
    assert_eq!(shop.next_at(&id).await, "03-03 18:00");
}

#[tokio::test]
async fn an_agent_who_vanishes_loses_the_call_and_what_was_written_is_kept() {
    let shop = Shop::open().await;
    let (agent, other) = (shop.employs("agt-1", &["en"]).await, shop.employs("agt-2", &["en"]).await);
    let anna = shop.knows(&anna()).await;
    shop.plan(vec![shop.new_task(CallType::FollowUp, anna, &subject(1)).await]).await;
    let id = shop.takes(agent).await;
    shop.wait_until("2026-03-02T10:06").await;
    assert_eq!(shop.tasks(&subject(1)).await, ["follow_up ready preview_timeout"]);
    assert_eq!(shop.says(agent, &id, json!({"telephony_result": "no_answer"})).await, "409 lease_lost");
    assert_eq!(shop.takes(other).await, id);
    assert_eq!(shop.does_on_call(other, &id, "stage", json!({"stage": "dialing"})).await.0, 200);
    for minutes in ["2026-03-02T10:20", "2026-03-02T10:34", "2026-03-02T10:48"] {
        shop.wait_until(minutes).await;
        assert_eq!(shop.does_on_call(other, &id, "heartbeat", json!({})).await.0, 200, "an active call goes on");
    }
    assert_eq!(shop.does_on_call(other, &id, "draft", json!({"note": "she asks about"})).await.0, 204);
    shop.wait_until("2026-03-02T11:04").await;
    assert_eq!(shop.tasks(&subject(1)).await, ["follow_up scheduled agent_lost"]);
    let late = json!({"telephony_result": "answered", "outcome": "completed_satisfied", "note": "content"});
    assert_eq!(shop.says(other, &id, late).await, "409 lease_lost");
    shop.wait_until("2026-03-02T14:01").await;
    let again = shop.next(agent).await.expect("a call");
    assert_eq!(again["context"]["drafts"][1]["body"]["note"], "content", "{again}");
    assert_eq!(again["context"]["attempts"][0]["telephony_result"], "agent_lost");
    assert_eq!(again["task"]["attempts"], 1, "the customer's telephone may have rung");
}

#[tokio::test]
async fn a_supervisor_holds_releases_and_gives_a_call_to_somebody() {
    let shop = Shop::open().await;
    let (one, two) = (shop.employs("agt-1", &["en"]).await, shop.employs("agt-2", &["en"]).await);
    let anna = shop.knows(&anna()).await;
    shop.plan(vec![shop.new_task(CallType::FollowUp, anna, &subject(1)).await]).await;
    let id = shop.get("/v1/calls?state=ready").await["items"][0]["id"].as_str().expect("an id").to_owned();
    let path = |what: &str| format!("/v1/calls/{id}/{what}");
    assert_eq!(shop.ask("POST", &path("hold"), &json!({})).await.0, 422);
    assert_eq!(shop.ask("POST", &path("hold"), &json!({"reason": "her lawyer wrote"})).await.1["state"], "held");
    assert!(shop.next(one).await.is_none());
    assert_eq!(shop.ask("POST", &path("release"), &json!({})).await.1["state"], "ready");
    assert_eq!(shop.ask("POST", &path("reassign"), &json!({"to": "agt-2"})).await.1["state"], "ready");
    assert!(shop.next(one).await.is_none(), "it is another's for a quarter of an hour");
    shop.wait_until("2026-03-02T10:16").await;
    assert_eq!(shop.takes(one).await, id);
    assert!(shop.next(two).await.is_none());
}

#[tokio::test]
async fn another_dealership_s_key_sees_no_call_of_ours() {
    let shop = Shop::open().await;
    let agent = shop.employs("agt-1", &["en"]).await;
    let anna = shop.knows(&anna()).await;
    shop.plan(vec![shop.new_task(CallType::FollowUp, anna, &subject(1)).await]).await;
    let id = shop.takes(agent).await;
    let foreign = shop.key_for(Some("sh-pudong")).await;
    assert_eq!(shop.call("GET", "/v1/calls", &foreign, None).await.1["items"], json!([]));
    for what in ["heartbeat", "give-back", "stage", "outcome", "hold", "release", "reassign", "dial"] {
        let body = json!({"agent": "agt-1", "stage": "dialing", "telephony_result": "busy", "reason": "x"});
        let (status, _) = shop.call("POST", &format!("/v1/calls/{id}/{what}"), &foreign, Some(&body)).await;
        assert_eq!(status, 404, "{what}");
    }
    let body = json!({"agent": "agt-1", "dealership": "gz-tianhe"});
    assert_eq!(shop.call("POST", "/v1/calls/next", &foreign, Some(&body)).await.0, 422);
    assert_eq!(shop.now(), local("2026-03-02T10:00"));
}
