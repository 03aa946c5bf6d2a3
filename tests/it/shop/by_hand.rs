//! The lanes without their workers: each step of one, when the test says so.
use std::sync::Arc;

use aftercare::{
    db::{Db, Weight},
    jobs::{Key, Lane, Want},
};

/// Looks, claims, works and records once; how many rows that were.
pub(crate) async fn turn<L: Lane>(db: &Db, lane: &Arc<L>) -> usize {
    tidy(db, lane).await;
    let mut rows = claim(db, lane, Want::Suspect).await;
    rows.extend(claim(db, lane, Want::Batch(2 * lane.concurrency())).await);
    let mut outcomes = Vec::new();
    for row in rows {
        outcomes.push(work(lane, row).await);
    }
    let done = outcomes.len();
    record(db, lane, outcomes).await;
    done
}

pub(crate) async fn tidy<L: Lane>(db: &Db, lane: &Arc<L>) {
    let lane = Arc::clone(lane);
    let tidied = db.write(Weight::ONE, move |tx| {
        let lane = Arc::clone(&lane);
        Box::pin(async move { lane.tidy(tx).await })
    });
    tidied.await.expect("a look");
}

pub(crate) async fn claim<L: Lane>(db: &Db, lane: &Arc<L>, want: Want) -> Vec<L::Claimed> {
    let lane = Arc::clone(lane);
    let claimed = db.write(Weight::ONE, move |tx| {
        let lane = Arc::clone(&lane);
        Box::pin(async move { lane.claim(tx, want).await })
    });
    claimed.await.expect("a claim")
}

pub(crate) async fn work<L: Lane>(lane: &Arc<L>, row: L::Claimed) -> L::Outcome {
    Arc::clone(lane).work(row).await
}

pub(crate) async fn record<L: Lane>(db: &Db, lane: &Arc<L>, outcomes: Vec<L::Outcome>) {
    let (lane, outcomes) = (Arc::clone(lane), Arc::new(outcomes));
    let recorded = db.write(Weight::ONE, move |tx| {
        let (lane, outcomes) = (Arc::clone(&lane), Arc::clone(&outcomes));
        Box::pin(async move { lane.record(tx, &outcomes).await })
    });
    recorded.await.expect("a record");
}

pub(crate) async fn give_back<L: Lane>(db: &Db, lane: &Arc<L>, keys: Vec<Key>) {
    let (lane, keys) = (Arc::clone(lane), Arc::new(keys));
    let given = db.write(Weight::ONE, move |tx| {
        let (lane, keys) = (Arc::clone(&lane), Arc::clone(&keys));
        Box::pin(async move { lane.give_back(tx, &keys).await })
    });
    given.await.expect("given back");
}
