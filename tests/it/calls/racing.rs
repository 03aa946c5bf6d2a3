//! Many agents at one queue: never two on one customer, nothing taken twice, everything that may be taken is.
use std::{collections::HashSet, sync::Arc, time::Instant};

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

/// 100,000 open tasks (rules G4: 100 ms; bench P8: p99 20 ms). Printed with `--nocapture --ignored`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: it fills a large table first"]
async fn claims_from_a_hundred_thousand_open_tasks_are_quick() {
    let shop = Arc::new(Shop::open().await);
    let gz = shop.dealership("gz-tianhe").await;
    let first = customers(&shop, 1).await[0];
    let app = shop.app.clone();
    let filled = app.db.write(aftercare::db::Weight(1000), move |tx| {
        let dealership = gz.id;
        Box::pin(async move {
            let now = aftercare::clock::Timestamp::new("2026-03-02T02:00:00Z".parse().expect("a time"));
            for chunk in 0..200_i64 {
                let rows: Vec<serde_json::Value> = (0..500_i64)
                    .map(|n| {
                        let n = chunk * 500 + n;
                        json!({"id": format!("tsk_{n:032x}"), "customer": format!("cus_{n:032x}"), "ref": format!("M-{n}"),
                            "due": now.plus(jiff::SignedDuration::from_secs(100_000 + n)), "language": (if n % 3 == 0 { "en" } else { "zh" })})
                    })
                    .collect();
                tx.sql(aftercare::rows!(
                    "INSERT INTO customers (id, dealership_id, ref, kind, search_name, heard_at, created_at)
                     SELECT j.customer, $2, j.ref, 'person', '', $3, $3 FROM ",
                    (customer text, ref text),
                    " WHERE true"
                ))
                .bind_rows(&rows)
                .bind(dealership)
                .bind(now)
                .execute()
                .await?;
                tx.sql(aftercare::rows!(
                    "INSERT INTO call_tasks (id, dealership_id, type, customer_id, subject_type, subject_id, round, reason, state, level, is_urgent, language,
                        any_language, not_before, ready_at, due_at, at_risk_at, window_until, fence, attempts, max_attempts, detail, created_at, updated_at)
                     SELECT j.id, $2, 'follow_up', j.customer, 'repair_order', j.id, 0, 'x', 'ready', 7, $4, j.language, $4, $3, $3, j.due, j.due, $5, 0, 0, 3,
                        $6, $3, $3 FROM ",
                    (id text, customer text, due timestamptz, language text),
                    " WHERE true"
                ))
                .bind_rows(&rows)
                .bind(dealership)
                .bind(now)
                .bind(false)
                .bind(now.plus(jiff::SignedDuration::from_hours(10)))
                .bind(sqlx::types::Json(json!({})))
                .execute()
                .await?;
            }
            Ok::<_, aftercare::db::Error>(())
        })
    });
    filled.await.expect("filled");
    let _ = first;
    let mut agents = Vec::new();
    for n in 0..50 {
        let reference: &'static str = Box::leak(format!("agt-{n}").into_boxed_str());
        agents.push(shop.employs(reference, &["zh-CN", "en"]).await);
    }
    let mut times: Vec<f64> = Vec::new();
    for _ in 0..6 {
        let claimed = join_all(agents.iter().map(|agent| {
            let (shop, agent) = (Arc::clone(&shop), *agent);
            tokio::spawn(async move {
                let start = Instant::now();
                let at_hand = shop.next(agent).await.expect("a call");
                let took = start.elapsed().as_secs_f64() * 1000.0;
                (agent, at_hand["task"]["id"].as_str().expect("an id").to_owned(), took)
            })
        }))
        .await;
        for claimed in claimed {
            let (agent, id, took) = claimed.expect("claimed");
            times.push(took);
            let word = json!({"telephony_result": "answered", "outcome": "completed_satisfied"});
            assert_eq!(shop.says(agent, &id, word).await, "done completed_satisfied");
        }
    }
    times.sort_by(f64::total_cmp);
    let at = |share: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a place in a short list"
        )]
        let place = (times.len() as f64 * share) as usize;
        times[place.min(times.len() - 1)]
    };
    let mut alone = Vec::new();
    for agent in &agents {
        let start = Instant::now();
        shop.next(*agent).await.expect("a call");
        alone.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    alone.sort_by(f64::total_cmp);
    println!(
        "100,000 ready tasks; 50 agents at once: p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms; one after the other: p50 {:.1} ms, p95 {:.1} ms",
        at(0.5),
        at(0.95),
        at(0.99),
        alone[25],
        alone[47]
    );
    assert!(at(0.95) <= 1000.0, "{times:?}");
}
