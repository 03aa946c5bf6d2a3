//! The SQL of the queue as people see it: what is due first before the others.
use super::super::{CallTask, CallType};
use crate::{
    clock::Timestamp,
    db::{Result, Tx},
    dealerships::Dealership,
    id::Id,
    staff::Staff,
};

/// A line of the queue.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::calls) struct Line {
    pub(in crate::calls) id: Id<CallTask>,
    #[sqlx(rename = "type")]
    pub(in crate::calls) kind: CallType,
    pub(in crate::calls) state: String,
    pub(in crate::calls) state_reason: Option<String>,
    pub(in crate::calls) is_urgent: bool,
    pub(in crate::calls) level: i64,
    pub(in crate::calls) language: String,
    pub(in crate::calls) not_before: Timestamp,
    pub(in crate::calls) due_at: Timestamp,
    pub(in crate::calls) callback_at: Option<Timestamp>,
    pub(in crate::calls) callback_by: Option<String>,
    pub(in crate::calls) owner_id: Option<Id<Staff>>,
    pub(in crate::calls) owner: Option<String>,
    pub(in crate::calls) attempts: i64,
    pub(in crate::calls) max_attempts: i64,
    pub(in crate::calls) customer: Option<String>,
    pub(in crate::calls) salutation: Option<String>,
    pub(in crate::calls) plate: Option<String>,
    pub(in crate::calls) model: Option<String>,
}

/// What may be called now, and what somebody is calling about.
pub(in crate::calls) async fn due(tx: &mut Tx, dealership: Id<Dealership>, most: i64) -> Result<Vec<Line>> {
    tx.sql(
        "SELECT t.id, t.type, t.state, t.state_reason, t.is_urgent, t.level, t.language, t.not_before, t.due_at, t.callback_at, b.name AS callback_by,
                t.owner_id, o.name AS owner, t.attempts, t.max_attempts, c.name AS customer, c.salutation, v.plate,
                v.model_code AS model
         FROM call_tasks t JOIN customers c ON c.id = t.customer_id LEFT JOIN vehicles v ON v.id = t.vehicle_id
              LEFT JOIN staff o ON o.id = t.owner_id LEFT JOIN staff b ON b.id = t.callback_by
         WHERE t.dealership_id = $1 AND t.state IN ('ready', 'leased') ORDER BY t.due_at, t.id LIMIT $2",
    )
    .bind(dealership)
    .bind(most)
    .all()
    .await
}

/// What begins later, or is paused.
pub(in crate::calls) async fn later(tx: &mut Tx, dealership: Id<Dealership>, most: i64) -> Result<Vec<Line>> {
    tx.sql(
        "SELECT t.id, t.type, t.state, t.state_reason, t.is_urgent, t.level, t.language, t.not_before, t.due_at, t.callback_at, b.name AS callback_by,
                t.owner_id, o.name AS owner, t.attempts, t.max_attempts, c.name AS customer, c.salutation, v.plate,
                v.model_code AS model
         FROM call_tasks t JOIN customers c ON c.id = t.customer_id LEFT JOIN vehicles v ON v.id = t.vehicle_id
              LEFT JOIN staff o ON o.id = t.owner_id LEFT JOIN staff b ON b.id = t.callback_by
         WHERE t.dealership_id = $1 AND t.state IN ('scheduled', 'held') ORDER BY t.not_before, t.id LIMIT $2",
    )
    .bind(dealership)
    .bind(most)
    .all()
    .await
}

/// What one agent brought to an end today.
pub(in crate::calls) async fn calls_since(tx: &mut Tx, staff: Id<Staff>, since: Timestamp) -> Result<i64> {
    let (calls,): (i64,) = tx
        .sql("SELECT CAST(count(*) AS BIGINT) FROM call_attempts WHERE staff_id = $1 AND started_at >= $2 AND ended_at IS NOT NULL")
        .bind(staff)
        .bind(since)
        .one()
        .await?;
    Ok(calls)
}
