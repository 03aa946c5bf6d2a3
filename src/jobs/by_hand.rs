//! A lane without its worker, turned once by whoever has moved the clock: a replay.
use std::sync::Arc;

use super::{Lane, Want};
use crate::db::{self, Db, Weight};

/// Looks, claims, works one after the other and records; how many rows that were.
pub async fn turn<L: Lane>(db: &Db, lane: &Arc<L>) -> db::Result<usize> {
    let looking = Arc::clone(lane);
    db.write::<_, db::Error, _>(Weight::OWN, move |tx| {
        let lane = Arc::clone(&looking);
        Box::pin(async move { lane.tidy(tx).await })
    })
    .await?;
    let mut done = 0;
    for want in [Want::Suspect, Want::Batch(2 * lane.concurrency())] {
        let claiming = Arc::clone(lane);
        let rows = db
            .write::<_, db::Error, _>(Weight::OWN, move |tx| {
                let lane = Arc::clone(&claiming);
                Box::pin(async move { lane.claim(tx, want).await })
            })
            .await?;
        let mut outcomes = Vec::with_capacity(rows.len());
        for row in rows {
            outcomes.push(Arc::clone(lane).work(row).await);
        }
        done += outcomes.len();
        if outcomes.is_empty() {
            continue;
        }
        let (recording, outcomes) = (Arc::clone(lane), Arc::new(outcomes));
        db.write::<_, db::Error, _>(Weight::OWN, move |tx| {
            let (lane, outcomes) = (Arc::clone(&recording), Arc::clone(&outcomes));
            Box::pin(async move { lane.record(tx, &outcomes).await })
        })
        .await?;
    }
    Ok(done)
}
