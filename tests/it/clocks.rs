//! What must happen later happens once, in its order, and no desk's failure costs another its time.
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use aftercare::{
    clock::Timestamp,
    clocks::{
        ClockKind,
        actions::{self, Moved, NewClock},
    },
    db::{self, Weight},
    desk::Desk,
    jobs::{Lane, Want},
    lanes,
};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use crate::shop::{Shop, by_hand, local};

const NOON: &str = "2026-03-02T12:00";

/// Does something at a desk, and commits it.
async fn at_desk(
    shop: &Shop,
    act: impl for<'a> Fn(&'a mut Desk<'_>) -> BoxFuture<'a, db::Result<()>> + Send + Sync + 'static,
) {
    let (app, act) = (shop.app.clone(), Arc::new(act));
    let done = shop.app.db.write(Weight::ONE, move |tx| {
        let (app, act) = (app.clone(), Arc::clone(&act));
        Box::pin(async move {
            let mut desk = Desk::open(tx, &app);
            act(&mut desk).await?;
            desk.close().await
        })
    });
    done.await.expect("committed");
}

async fn probe(shop: &Shop, subject: &str, key: &str, due_at: Timestamp, detail: Value) -> NewClock {
    let dealership = shop.app.directory.by_code("gz-tianhe").await.expect("an answer").expect("a dealership");
    NewClock {
        dealership_id: dealership.id,
        kind: ClockKind::Probe,
        subject_id: subject.to_owned(),
        key: key.to_owned(),
        due_at,
        detail,
    }
}

async fn set(shop: &Shop, clocks: Vec<NewClock>) {
    at_desk(shop, move |desk| {
        let clocks = clocks.clone();
        Box::pin(async move { actions::set(desk, &clocks).await })
    })
    .await;
}

/// What rang: subject, key and how many were handed over together, in order.
async fn rang(shop: &Shop) -> Vec<String> {
    const RANG: &str = "SELECT at, actor, reason, detail FROM timeline WHERE what = 'probe.rang'";
    let mut tx = shop.app.db.read().await.expect("a connection");
    let mut rows: Vec<(Timestamp, String, String, sqlx::types::Json<Value>)> = tx.sql(RANG).all().await.expect("lines");
    rows.sort_by_key(|(at, .., detail)| (*at, detail.0["place"].as_u64()));
    rows.into_iter().map(|(_, subject, key, detail)| format!("{subject}{key} {}", detail.0["together"])).collect()
}

async fn waiting(shop: &Shop) -> i64 {
    let mut tx = shop.app.db.read().await.expect("a connection");
    let (waiting,): (i64,) =
        tx.sql("SELECT CAST(count(*) AS BIGINT) FROM clocks WHERE kind = 'probe'").one().await.expect("a count");
    waiting
}

#[tokio::test]
async fn each_rings_once_at_its_time_in_order() {
    let shop = Shop::open().await;
    let at = |time| local(&format!("2026-03-02T{time}"));
    let clocks = [("b", "12:00"), ("a", "11:00"), ("c", "13:00")];
    for (subject, time) in clocks {
        set(&shop, vec![probe(&shop, subject, "", at(time), json!({})).await]).await;
    }
    shop.drain().await;
    assert!(rang(&shop).await.is_empty());
    shop.wait_until("2026-03-02T11:30").await;
    assert_eq!(rang(&shop).await, ["a 1"]);
    // Nobody was up for days: both are handed over, the older first, with the time for which they were set.
    shop.leaps_to("2026-03-05T10:00");
    shop.drain().await;
    assert_eq!(rang(&shop).await, ["a 1", "b 2", "c 2"]);
    assert_eq!(waiting(&shop).await, 0);
    shop.advance("1d").await;
    assert_eq!(rang(&shop).await.len(), 3);
}

#[tokio::test]
async fn set_again_moved_and_stopped_the_last_word_counts() {
    let shop = Shop::open().await;
    let (noon, one) = (local(NOON), local("2026-03-02T13:00"));
    set(&shop, vec![probe(&shop, "again", "", noon, json!({})).await]).await;
    set(&shop, vec![probe(&shop, "again", "", one, json!({})).await]).await;
    for key in ["1", "2"] {
        set(&shop, vec![probe(&shop, "stopped", key, noon, json!({})).await]).await;
        set(&shop, vec![probe(&shop, "moved", key, noon, json!({})).await]).await;
    }
    let twice = vec![probe(&shop, "twice", "", noon, json!({})).await, probe(&shop, "twice", "", one, json!({})).await];
    set(&shop, twice).await;
    at_desk(&shop, move |desk| {
        Box::pin(async move {
            actions::stop(desk, &["stopped".to_owned()], &[ClockKind::Probe]).await?;
            actions::stop_one(desk, ClockKind::Probe, "moved", "2").await?;
            let to = |subject: &str| Moved {
                kind: ClockKind::Probe,
                subject_id: subject.to_owned(),
                key: "1".to_owned(),
                due_at: one,
            };
            // What is not set is not set by moving it.
            actions::move_to(desk, &[to("moved"), to("never set")]).await
        })
    })
    .await;
    shop.wait_until("2026-03-02T12:30").await;
    assert!(rang(&shop).await.is_empty());
    shop.wait_until("2026-03-02T13:00").await;
    let mut all = rang(&shop).await;
    all.sort();
    assert_eq!(all, ["again 3", "moved1 3", "twice 3"]);
}

#[tokio::test]
async fn stopped_while_it_is_claimed_it_does_not_ring() {
    let shop = Shop::open().await;
    for subject in ["stopped", "set anew"] {
        set(&shop, vec![probe(&shop, subject, "", shop.now(), json!({})).await]).await;
    }
    let claimed = by_hand::claim(&shop.app.db, &shop.clocks, Want::Batch(8)).await;
    assert_eq!(claimed.len(), 2);
    at_desk(&shop, |desk| Box::pin(actions::stop_one(desk, ClockKind::Probe, "stopped", ""))).await;
    set(&shop, vec![probe(&shop, "set anew", "", local(NOON), json!({})).await]).await;
    by_hand::record(&shop.app.db, &shop.clocks, claimed).await;
    assert!(rang(&shop).await.is_empty());
    shop.wait_until(NOON).await;
    assert_eq!(rang(&shop).await, ["set anew 1"]);
}

#[tokio::test]
async fn a_desk_that_fails_costs_no_other_its_time_and_is_tried_again() {
    let shop = Shop::open().await;
    let due = shop.now();
    let clocks = vec![
        probe(&shop, "a", "", due, json!({})).await,
        probe(&shop, "fails", "", due, json!({"fails": true})).await,
        probe(&shop, "panics", "", due, json!({"panics": true})).await,
        probe(&shop, "b", "", due, json!({})).await,
    ];
    set(&shop, clocks).await;
    shop.drain().await;
    let mut all = rang(&shop).await;
    all.sort();
    assert_eq!(all, ["a 1", "b 1"], "the others, and nothing of those that failed");
    assert_eq!(waiting(&shop).await, 2);
    // It waits longer each time, and goes well once its cause is mended.
    for _ in 0..8 {
        shop.advance("15m").await;
    }
    assert_eq!(waiting(&shop).await, 2);
    let mended = probe(&shop, "fails", "", shop.now(), json!({})).await;
    set(&shop, vec![mended]).await;
    shop.drain().await;
    assert_eq!(rang(&shop).await.pop().as_deref(), Some("fails 1"));
    assert_eq!(waiting(&shop).await, 1);
}

#[tokio::test]
async fn what_ends_its_process_is_claimed_alone_and_set_aside_after_three_times() {
    let shop = Shop::open().await;
    for subject in ["a", "b"] {
        set(&shop, vec![probe(&shop, subject, "", shop.now(), json!({})).await]).await;
    }
    // The process ends with both in hand, and then each time with the first of them alone.
    assert_eq!(by_hand::claim(&shop.app.db, &shop.clocks, Want::Batch(8)).await.len(), 2);
    for _ in 0..3 {
        shop.leaps_by("60s");
        by_hand::tidy(&shop.app.db, &shop.clocks).await;
        assert!(by_hand::claim(&shop.app.db, &shop.clocks, Want::Batch(8)).await.is_empty());
        assert_eq!(by_hand::claim(&shop.app.db, &shop.clocks, Want::Suspect).await.len(), 1);
    }
    shop.leaps_by("60s");
    shop.drain().await;
    let aside = actions::set_aside(&shop.app, 50).await.expect("an answer");
    assert_eq!((aside.len(), aside[0].reason.as_deref()), (1, Some("ended_its_process")));
    assert_eq!(rang(&shop).await.len(), 1, "the other one was innocent");
    shop.advance("1d").await;
    assert_eq!(rang(&shop).await.len(), 1);
    assert!(actions::try_again(&shop.app, aside[0].id).await.expect("an answer"));
    shop.drain().await;
    assert_eq!(rang(&shop).await.len(), 2);
    assert!(!actions::try_again(&shop.app, aside[0].id).await.expect("an answer"), "it rang and is gone");
}

#[tokio::test]
async fn what_comes_every_day_sets_its_successor_as_it_rings() {
    let shop = Shop::open().await;
    let tomorrow = json!({"again": "2026-03-03T12:00:00+08:00"});
    set(&shop, vec![probe(&shop, "daily", "", local(NOON), tomorrow).await]).await;
    shop.wait_until("2026-03-02T18:00").await;
    assert_eq!((rang(&shop).await.len(), waiting(&shop).await), (1, 1));
    shop.wait_until("2026-03-03T12:00").await;
    assert_eq!((rang(&shop).await.len(), waiting(&shop).await), (2, 0));
}

#[tokio::test]
async fn given_back_it_rings_at_once() {
    let shop = Shop::open().await;
    set(&shop, vec![probe(&shop, "a", "", shop.now(), json!({})).await]).await;
    let claimed = by_hand::claim(&shop.app.db, &shop.clocks, Want::Batch(8)).await;
    let keys = claimed.iter().map(|claimed| shop.clocks.key(claimed)).collect();
    by_hand::give_back(&shop.app.db, &shop.clocks, keys).await;
    shop.drain().await;
    assert_eq!(rang(&shop).await, ["a 1"]);
}

#[tokio::test]
async fn a_clock_set_for_now_wakes_the_lane() {
    let shop = Shop::open().await;
    assert!(lanes::due(&shop.app).await.expect("counts").iter().any(|lane| lane.name == "clocks" && lane.rows == 0));
    let rung = Arc::new(AtomicUsize::new(0));
    let (bells, counted) = (shop.app.db.clone(), Arc::clone(&rung));
    let listening = tokio::spawn(async move {
        bells.bells().wait(aftercare::jobs::CLOCKS).await;
        counted.fetch_add(1, Ordering::SeqCst);
    });
    set(&shop, vec![probe(&shop, "later", "", local(NOON), json!({})).await]).await;
    tokio::task::yield_now().await;
    assert_eq!(rung.load(Ordering::SeqCst), 0);
    set(&shop, vec![probe(&shop, "now", "", shop.now(), json!({})).await]).await;
    listening.await.expect("the bell");
    let due = lanes::due(&shop.app).await.expect("counts");
    assert!(due.iter().any(|lane| lane.name == "clocks" && lane.rows == 1), "{due:?}");
    shop.drain().await;
}
