//! The record of one visit, step by step (acceptance row 18).
use serde_json::json;

use crate::shop::{Shop, anna};

#[tokio::test]
async fn acceptance_18_the_record_of_a_visit_has_the_calls_in_their_step() {
    let shop = Shop::open().await;
    let gz = shop.dealership("gz-tianhe").await;
    let agent = shop.employs("agt-1", &["en"]).await;
    let customer = shop.knows(&anna()).await;
    shop.drain().await;
    shop.arrives(&anna()).await;
    assert_eq!(shop.plan_follow_up(shop.visit(&gz, customer, shop.now())).await, None);
    shop.wait_until("2026-03-03T10:01").await;
    let id = shop.takes(agent).await;
    let word = json!({"telephony_result": "answered", "outcome": "completed_satisfied"});
    assert_eq!(shop.says(agent, &id, word).await, "done completed_satisfied");
    let lines = shop.items("/v1/timeline?limit=500&customer=C-1").await;
    let said: Vec<String> = lines
        .iter()
        .filter(|line| line["step"].is_i64())
        .map(|line| format!("{} {}", line["step"], line["what"].as_str().expect("a word")))
        .collect();
    let steps: Vec<i64> = lines.iter().filter_map(|line| line["step"].as_i64()).collect();
    assert!(steps.is_sorted(), "{said:?}");
    assert!(said.contains(&"8 call.claimed".to_owned()) && said.contains(&"8 call.completed".to_owned()), "{said:?}");
    assert!(
        lines.iter().any(|line| line["what"].as_str().is_some_and(|what| what.starts_with("message."))),
        "messages too"
    );
}
