//! Many agents at one queue: never two on one customer, nothing taken twice, everything that may be taken is. How long a
//! claim takes in a long queue is measured by `tests/run bench P8`.
use std::{collections::HashSet, sync::Arc};

use aftercare::{
    calls::{CallType, NewTask},
    customers::Customer,
    id::Id,
};
use futures_util::future::join_all;
use serde_json::json;

use super::desk::{Agent, subject};
use crate::shop::{Shop, anna, fang};

/// Customers of one shop, several with more than one task.
async fn customers(shop: &Shop, many: usize) -> Vec<Id<Customer>> {
    let mut ids = Vec::new();
    for n in 0..many {
        let mut customer = if n % 2 == 0 { anna() } else { fang() };
        customer.data["ref"] = json!(format!("R-{n}"));
        customer.data["email"] = json!(null);
        let reference: &'static str = Box::leak(format!("RA-{n}").into_boxed_str());
        customer.reference = reference;
        ids.push(shop.knows(&customer).await);
    }
    ids
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_who_race_never_meet_at_one_customer_and_leave_nothing() {
    let shop = Arc::new(Shop::open().await);
    let ids = customers(&shop, 12).await;
    let mut tasks: Vec<NewTask> = Vec::new();
    for (n, id) in ids.iter().enumerate() {
        for (kind, base) in [(CallType::FollowUp, 20), (CallType::PartsArrived, 60)] {
            let subject_id = subject(u8::try_from(base + n).expect("few"));
            tasks.push(shop.new_task(kind, *id, &subject_id).await);
        }
    }
    assert_eq!(shop.plan(tasks).await.len(), 24);
    let mut agents: Vec<Agent> = Vec::new();
    for n in 0..8 {
        let reference: &'static str = Box::leak(format!("agt-{n}").into_boxed_str());
        agents.push(shop.employs(reference, &["zh-CN", "en"]).await);
    }
    let mut finished: HashSet<String> = HashSet::new();
    for _ in 0..10 {
        let asked = join_all(agents.iter().map(|agent| shop.next(*agent))).await;
        let taken: Vec<(Agent, serde_json::Value)> =
            agents.iter().copied().zip(asked).filter_map(|(agent, at_hand)| Some((agent, at_hand?))).collect();
        let customers: HashSet<&str> =
            taken.iter().map(|(_, at_hand)| at_hand["customer"]["id"].as_str().expect("an id")).collect();
        assert_eq!(customers.len(), taken.len(), "two agents at one customer");
        if taken.is_empty() {
            break;
        }
        let said = join_all(taken.iter().map(|(agent, at_hand)| {
            let id = at_hand["task"]["id"].as_str().expect("an id").to_owned();
            let shop = Arc::clone(&shop);
            async move {
                let word = json!({"telephony_result": "answered", "outcome": "completed_satisfied"});
                assert_eq!(shop.says(*agent, &id, word).await, "done completed_satisfied");
                id
            }
        }))
        .await;
        for id in said {
            assert!(finished.insert(id), "taken twice");
        }
    }
    assert_eq!(finished.len(), 24, "everything that may be taken is taken");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_word_that_is_sent_twice_at_once_is_kept_once_and_answered_twice() {
    let shop = Shop::open().await;
    let anna = shop.knows(&anna()).await;
    let task = shop.new_task(CallType::PartsArrived, anna, &subject(3)).await;
    shop.plan(vec![task]).await;
    let agent = shop.employs("agt-1", &["en"]).await;
    let path = format!("/v1/calls/{}/outcome", shop.takes(agent).await);
    let word = json!({"agent": agent.0, "telephony_result": "answered", "outcome": "parts_declined"});
    let key = shop.key_for(None).await;
    let say = || shop.call_once("POST", &path, (&key, Some("w-1")), Some(&word));
    let ((one, _, first), (other, _, second)) = tokio::join!(say(), say());
    assert_eq!((one, other), (200, 200), "{first} {second}");
    assert_eq!(first, second);
}
