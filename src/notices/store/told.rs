//! What was handed over about subjects, and notices that wait for a fact.
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;

use crate::{
    clock::Timestamp,
    customers::Customer,
    db::{Result, Tx},
    dealerships::Dealership,
    id::Id,
    notices::Notice,
    rows,
};

#[derive(Serialize)]
struct Named<'a> {
    id: &'a str,
}

/// A notice of which something was handed over.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Told {
    pub subject_id: String,
    pub kind: String,
    pub subject_revision: i64,
    pub detail: Json<Value>,
    /// When the first of its messages was handed over.
    pub at: Timestamp,
}

/// What customers were handed over about these subjects, the oldest first. A hand-over whose answer was lost counts; one that
/// was refused does not.
pub async fn told(tx: &mut Tx, subjects: &[String]) -> Result<Vec<Told>> {
    let named: Vec<Named<'_>> = subjects.iter().map(|id| Named { id }).collect();
    tx.sql(rows!(
        "SELECT n.subject_id, n.kind, n.subject_revision, n.detail, min(a.started_at) AS at FROM ",
        (id text),
        " CROSS JOIN notices AS n JOIN messages AS m ON m.notice_id = n.id JOIN attempts AS a ON a.message_id = m.id
         WHERE n.subject_id = j.id AND n.audience IN ('customer', 'driver', 'owner', 'payer') AND (a.outcome IS NULL OR a.outcome NOT IN ('refused', 'later', 'not_sent'))
         GROUP BY n.id, n.subject_id, n.kind, n.subject_revision, n.detail ORDER BY at, n.id"
    ))
    .bind_rows(&named)
    .all()
    .await
}

/// A notice that was let go.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Released {
    pub id: Id<Notice>,
    pub dealership_id: Id<Dealership>,
    pub customer_id: Option<Id<Customer>>,
}

/// Lets notices go that are held for one reason.
pub async fn release(tx: &mut Tx, subject: &str, reason: &'static str, now: Timestamp) -> Result<Vec<Released>> {
    tx.sql(
        "UPDATE notices SET state = 'waiting', reason = NULL, not_before = $3, updated_at = $3
         WHERE subject_id = $1 AND state = 'held' AND reason = $2
             AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.notice_id = notices.id)
         RETURNING id, dealership_id, customer_id",
    )
    .bind(subject.to_owned())
    .bind(reason)
    .bind(now)
    .all()
    .await
}

/// Lets the notices of one kind at a dealership go that are held for one of these reasons, as long as nothing of them was
/// written; what passed its use meanwhile expires when it is looked at.
pub async fn release_kind(
    tx: &mut Tx,
    (dealership, kind): (Id<Dealership>, &str),
    reasons: [&'static str; 2],
    now: Timestamp,
) -> Result<Vec<Released>> {
    tx.sql(
        "UPDATE notices SET state = 'waiting', reason = NULL, not_before = $5, updated_at = $5
         WHERE dealership_id = $1 AND kind = $2 AND state = 'held' AND reason IN ($3, $4)
             AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.notice_id = notices.id)
         RETURNING id, dealership_id, customer_id",
    )
    .bind(dealership)
    .bind(kind.to_owned())
    .bind(reasons[0])
    .bind(reasons[1])
    .bind(now)
    .all()
    .await
}
