//! The telephone exchange: a fake Asterisk that speaks its HTTP, and what comes back from it.
use std::sync::{Arc, Mutex};

use aftercare::calls::CallType;
use axum::{
    Router,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    routing::post,
};
use serde_json::json;

use super::desk::{Agent, subject};
use crate::shop::{Shop, anna};

type Asked = Arc<Mutex<Vec<String>>>;

/// Answers `POST /ari/channels/{id}` and writes down what it was asked.
async fn asterisk() -> (String, Asked) {
    let asked: Asked = Arc::default();
    let originate = async |State(asked): State<Asked>,
                           Path(id): Path<String>,
                           RawQuery(query): RawQuery,
                           headers: HeaderMap,
                           body: String| {
        let auth = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        asked.lock().expect("asked").push(format!("{id} {} {auth} {body}", query.unwrap_or_default()));
        StatusCode::OK
    };
    let routes = Router::new().route("/ari/channels/{id}", post(originate)).with_state(Arc::clone(&asked));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (format!("http://{address}/ari"), asked)
}

async fn shop_with(url: &str) -> (Shop, Agent, String) {
    let shop = Shop::opening()
        .setting("TELEPHONY__URL", url)
        .setting("TELEPHONY__PASSWORD", "pw")
        .setting("TELEPHONY__SECRET", "exchange-secret")
        .open()
        .await;
    let agent = shop.employs("agt-1", &["en"]).await;
    let anna = shop.knows(&anna()).await;
    shop.plan(vec![shop.new_task(CallType::FollowUp, anna, &subject(1)).await]).await;
    let id = shop.takes(agent).await;
    (shop, agent, id)
}

#[tokio::test]
async fn a_click_rings_the_agent_then_the_customer_and_the_result_comes_back() {
    let (url, asked) = asterisk().await;
    let (shop, agent, id) = shop_with(&url).await;
    let (status, dialled) = shop.does_on_call(agent, &id, "dial", json!({})).await;
    assert_eq!((status, &dialled["stage"]), (200, &"dialing".into()), "{dialled}");
    let attempt = dialled["attempt"].as_str().expect("an id").to_owned();
    let said = asked.lock().expect("asked").clone();
    assert_eq!(said.len(), 1);
    assert!(
        said[0].starts_with(&format!(
            "{attempt} endpoint=PJSIP%2F101&extension=%2B8613900001234&context=aftercare&priority=1"
        )),
        "{said:?}"
    );
    assert!(said[0].contains("Basic YWZ0ZXJjYXJlOnB3"), "{said:?}");
    let tell = async |key: &str, event: serde_json::Value| shop.call("POST", "/in/ari", key, Some(&event)).await.0;
    let answered = json!({"type": "Dial", "dialstatus": "ANSWER", "caller": {"id": attempt}, "peer": {"id": "x"}});
    assert_eq!(tell("wrong", answered.clone()).await, 401);
    assert_eq!(tell("exchange-secret", answered).await, 204);
    assert_eq!(shop.get(&format!("/v1/calls/{id}")).await["stage"], "connected");
    let destroyed = json!({"type": "ChannelDestroyed", "cause": 16, "channel": {"id": attempt}});
    shop.leaps_by("90s");
    assert_eq!(tell("exchange-secret", destroyed.clone()).await, 204);
    assert_eq!(tell("exchange-secret", destroyed).await, 204, "a repeat changes nothing");
    let task = shop.get(&format!("/v1/calls/{id}")).await;
    assert_eq!(
        (&task["stage"], &task["calls"][0]["talked_seconds"], &task["calls"][0]["exchange_said"]),
        (&"wrap_up".into(), &90.into(), &"answered".into())
    );
    let (status, again) = shop.does_on_call(agent, &id, "dial", json!({})).await;
    assert_eq!((status, &again["code"]), (409, &"already_dialled".into()));
    assert_eq!(
        shop.says(agent, &id, json!({"telephony_result": "answered", "outcome": "completed_satisfied"})).await,
        "done completed_satisfied"
    );
}

#[tokio::test]
async fn without_an_exchange_calls_are_dialled_by_hand() {
    let shop = Shop::open().await;
    let agent = shop.employs("agt-1", &["en"]).await;
    let anna = shop.knows(&anna()).await;
    shop.plan(vec![shop.new_task(CallType::FollowUp, anna, &subject(1)).await]).await;
    let id = shop.takes(agent).await;
    let (status, refused) = shop.does_on_call(agent, &id, "dial", json!({})).await;
    assert_eq!((status, &refused["code"]), (409, &"no_exchange".into()));
    assert_eq!(shop.ask("POST", "/in/ari", &json!({"type": "Dial"})).await.0, 404);
}

#[tokio::test]
async fn an_exchange_that_does_not_answer_leaves_the_call_to_be_dialled_by_hand() {
    let (shop, agent, id) = shop_with("http://127.0.0.1:9/ari").await;
    let (status, refused) = shop.does_on_call(agent, &id, "dial", json!({})).await;
    assert_eq!((status, &refused["code"]), (503, &"exchange_unavailable".into()));
    assert_eq!(shop.says(agent, &id, json!({"telephony_result": "no_answer"})).await, "scheduled no_answer");
    assert_eq!(shop.get(&format!("/v1/calls/{id}")).await["calls"].as_array().expect("calls").len(), 1);
}

#[tokio::test]
async fn any_exchange_tells_how_a_call_went_and_who_may_listen_is_on_record() {
    let shop = Shop::open().await;
    let agent = shop.employs("agt-1", &["en"]).await;
    let anna = shop.knows(&anna()).await;
    shop.plan(vec![shop.new_task(CallType::FollowUp, anna, &subject(1)).await]).await;
    let id = shop.takes(agent).await;
    let (_, dialled) = shop.does_on_call(agent, &id, "stage", json!({"stage": "dialing"})).await;
    let attempt = dialled["attempt"]["id"].as_str().expect("an id").to_owned();
    let (started, ended) = (shop.now(), shop.now().plus(jiff::SignedDuration::from_secs(80)));
    shop.leaps_by("2m");
    let event = json!({"specversion": "1.0", "source": "/pbx", "type": "call.ended", "dealership": "gz-tianhe",
        "data": {"attempt_ref": attempt, "result": "answered", "started_at": started, "answered_at": started, "ended_at": ended,
            "recording_url": "https://pbx.example/rec/1"}});
    shop.hears(event.clone()).await;
    let task = shop.get(&format!("/v1/calls/{id}")).await;
    assert_eq!((&task["stage"], &task["calls"][0]["has_recording"]), (&"wrap_up".into(), &true.into()));
    assert!(!task.to_string().contains("pbx.example"), "the link needs a permission");
    let recording = shop.get(&format!("/v1/calls/attempts/{attempt}/recording")).await;
    assert_eq!(recording["url"], "https://pbx.example/rec/1");
    let lines = shop.items("/v1/timeline?limit=500&customer=C-1").await;
    assert!(lines.iter().any(|line| line["what"] == "call.recording_opened"));
    let foreign = shop.key_for(Some("sh-pudong")).await;
    assert_eq!(shop.call("GET", &format!("/v1/calls/attempts/{attempt}/recording"), &foreign, None).await.0, 404);
    shop.leaps_by("91d");
    let (status, _) = shop.ask("GET", &format!("/v1/calls/attempts/{attempt}/recording"), &json!({})).await;
    assert_eq!(status, 404, "kept for so long");
    shop.drain_patiently().await;
    let mut tx = shop.app.db.read().await.expect("a connection");
    let kept = "SELECT CAST(count(*) AS BIGINT) FROM call_attempts WHERE recording_url IS NOT NULL";
    let (kept,): (i64,) = tx.sql(kept).one().await.expect("a number");
    assert_eq!(kept, 0, "the link itself is gone then");
}
