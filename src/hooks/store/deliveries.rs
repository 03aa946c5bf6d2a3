//! The SQL of what endpoints were told: the log, and telling again.
use serde::Serialize;

use super::super::Endpoint;
use crate::{
    clock::Timestamp,
    db::{Result, Tx},
    id::Id,
    rows,
};

/// One event for one endpoint, as its log shows it.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub(in crate::hooks) struct Delivery {
    /// The endpoint's id and the event's.
    pub(in crate::hooks) id: String,
    /// As in `webhook-id`.
    #[sqlx(rename = "line_id")]
    pub(in crate::hooks) event: String,
    #[serde(rename = "type")]
    #[sqlx(rename = "type")]
    pub(in crate::hooks) kind: String,
    pub(in crate::hooks) state: String,
    pub(in crate::hooks) reason: Option<String>,
    pub(in crate::hooks) tries: i64,
    /// HTTP's, of the last try.
    pub(in crate::hooks) status: Option<i64>,
    /// When it is tried next, while it waits.
    pub(in crate::hooks) not_before: Timestamp,
    pub(in crate::hooks) created_at: Timestamp,
    pub(in crate::hooks) updated_at: Timestamp,
}

/// One try.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub(in crate::hooks) struct Attempt {
    #[serde(skip)]
    pub(in crate::hooks) delivery_id: String,
    pub(in crate::hooks) n: i64,
    pub(in crate::hooks) at: Timestamp,
    pub(in crate::hooks) took_ms: i64,
    pub(in crate::hooks) status: Option<i64>,
    pub(in crate::hooks) reason: Option<String>,
}

/// The log of an endpoint, the oldest first.
pub(in crate::hooks) async fn list(
    tx: &mut Tx,
    endpoint: Id<Endpoint>,
    state: Option<String>,
    after: Option<String>,
    limit: i64,
) -> Result<Vec<Delivery>> {
    match state {
        Some(state) => {
            tx.sql(
                "SELECT id, line_id, type, state, reason, tries, status, not_before, created_at, updated_at FROM hook_deliveries
                 WHERE endpoint_id = $1 AND state = $2 AND id > $3 ORDER BY id LIMIT $4",
            )
            .bind(endpoint)
            .bind(state)
            .bind(after.unwrap_or_default())
            .bind(limit)
            .all()
            .await
        }
        None => {
            tx.sql(
                "SELECT id, line_id, type, state, reason, tries, status, not_before, created_at, updated_at FROM hook_deliveries
                 WHERE endpoint_id = $1 AND id > $2 ORDER BY id LIMIT $3",
            )
            .bind(endpoint)
            .bind(after.unwrap_or_default())
            .bind(limit)
            .all()
            .await
        }
    }
}

/// The tries of these deliveries.
pub(in crate::hooks) async fn attempts(tx: &mut Tx, told: &[Delivery]) -> Result<Vec<Attempt>> {
    tx.sql(rows!(
        "SELECT a.delivery_id, a.n, a.at, a.took_ms, a.status, a.reason FROM ",
        (id text),
        " JOIN hook_attempts a ON a.delivery_id = j.id ORDER BY a.delivery_id, a.n"
    ))
    .bind_rows(told)
    .all()
    .await
}

/// Tells what ended once more: one event, or what ended since `since` in one of these states; how many that is, at most
/// `most`.
pub(in crate::hooks) async fn replay(
    tx: &mut Tx,
    endpoint: Id<Endpoint>,
    (event, since): (Option<String>, Timestamp),
    failed_only: bool,
    (now, most): (Timestamp, i64),
) -> Result<u64> {
    tx.sql(
        "UPDATE hook_deliveries SET state = 'waiting', reason = 'told_again', tries = 0, not_before = $5, suspect = $6, alone = $6, crashes = 0,
            lease_until = NULL, fence = fence + 1, updated_at = $5
         WHERE id IN (SELECT d.id FROM hook_deliveries d WHERE d.endpoint_id = $1 AND d.state IN ('delivered', 'failed')
            AND (d.state = 'failed' OR NOT $4) AND ($2 IS NULL OR d.line_id = $2) AND d.created_at >= $3 ORDER BY d.id LIMIT $7)",
    )
    .bind(endpoint)
    .bind(event)
    .bind(since)
    .bind(failed_only)
    .bind(now)
    .bind(false)
    .bind(most)
    .execute()
    .await
}
