//! The SQL of events.
use serde::Serialize;

use super::{Event, Outcome};
use crate::{
    clock::Timestamp,
    db::{Result, Tx},
    dealerships::Dealership,
    id::Id,
    rows,
};

#[derive(Debug, Serialize)]
pub(super) struct Row<'a> {
    pub(super) id: Id<Event>,
    pub(super) source: &'a str,
    pub(super) event_id: &'a str,
    #[serde(rename = "type")]
    pub(super) kind: &'a str,
    pub(super) dealership_id: Id<Dealership>,
    pub(super) occurred_at: Timestamp,
    pub(super) received_at: Timestamp,
    pub(super) body_hash: &'a str,
    pub(super) body: &'a str,
    pub(super) outcome: Outcome,
}

/// Stores events in one statement; answers the ids of those whose (`source`, `event_id`) was new.
pub(super) async fn insert_new(tx: &mut Tx, events: &[Row<'_>]) -> Result<Vec<Id<Event>>> {
    let ids: Vec<(Id<Event>,)> = tx
        .sql(rows!(
            "INSERT INTO events (id, source, event_id, type, dealership_id, occurred_at, received_at, body_hash, body, outcome)
             SELECT j.id, j.source, j.event_id, j.type, j.dealership_id, j.occurred_at, j.received_at, j.body_hash, j.body, j.outcome FROM ",
            (id text, source text, event_id text, type text, dealership_id text, occurred_at timestamptz, received_at timestamptz, body_hash text,
             body text, outcome text),
            " WHERE true ON CONFLICT (source, event_id) DO NOTHING RETURNING id"
        ))
        .bind_rows(events)
        .all()
        .await?;
    Ok(ids.into_iter().map(|(id,)| id).collect())
}

#[derive(Debug, sqlx::FromRow)]
pub(super) struct Stored {
    pub(super) source: String,
    pub(super) event_id: String,
    pub(super) body_hash: String,
}

/// What is stored under the same (`source`, `event_id`).
pub(super) async fn list_stored(tx: &mut Tx, events: &[&Row<'_>]) -> Result<Vec<Stored>> {
    tx.sql(rows!(
        "SELECT e.source, e.event_id, e.body_hash FROM ",
        (source text, event_id text),
        " CROSS JOIN events AS e WHERE e.source = j.source AND e.event_id = j.event_id"
    ))
    .bind_rows(events)
    .all()
    .await
}

#[derive(Serialize)]
struct Stale {
    id: Id<Event>,
}

/// Puts on record that events had no effect, in one statement.
pub(super) async fn mark_stale(tx: &mut Tx, events: &[Id<Event>]) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let stale: Vec<Stale> = events.iter().map(|id| Stale { id: *id }).collect();
    tx.sql(rows!("UPDATE events SET outcome = 'stale' WHERE id IN (SELECT j.id FROM ", (id text), ")"))
        .bind_rows(&stale)
        .execute()
        .await?;
    Ok(())
}

pub(super) async fn body_of(tx: &mut Tx, source: &str, event_id: &str) -> Result<Option<String>> {
    let found: Option<(String,)> = tx
        .sql("SELECT body FROM events WHERE source = $1 AND event_id = $2")
        .bind(source.to_owned())
        .bind(event_id.to_owned())
        .optional()
        .await?;
    Ok(found.map(|(body,)| body))
}
