//! The SQL of the follow-up queue.
pub(super) mod attempts;
pub(super) mod claim;
pub(super) mod look;
pub(super) mod queue;
pub(super) mod words;

use serde::Serialize;

use super::{CallTask, CallType};
use crate::{
    clock::Timestamp,
    customers::{Customer, Kind},
    db::{Result, Tx},
    id::Id,
    rows,
    staff::Staff,
};

/// What must be known of a customer before a call is planned.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Callee {
    pub(super) id: Id<Customer>,
    pub(super) kind: Kind,
    pub(super) language: Option<String>,
    pub(super) time_zone: Option<String>,
    pub(super) call_hours: Option<String>,
    /// When somebody of ours spoke to them last.
    pub(super) spoken_to_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct ById {
    id: String,
}

fn by_id<T: crate::id::Entity>(ids: impl IntoIterator<Item = Id<T>>) -> Vec<ById> {
    ids.into_iter().map(|id| ById { id: id.to_string() }).collect()
}

pub(super) async fn callees(tx: &mut Tx, ids: &[Id<Customer>]) -> Result<Vec<Callee>> {
    tx.sql(rows!(
        "SELECT c.id, c.kind, c.language, c.time_zone, c.call_hours,
                (SELECT max(a.started_at) FROM call_attempts a WHERE a.customer_id = c.id AND a.reached = 'customer') AS spoken_to_at
         FROM ",
        (id text),
        " JOIN customers c ON c.id = j.id"
    ))
    .bind_rows(&by_id(ids.iter().copied()))
    .all()
    .await
}

/// What there is one task of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Key {
    #[serde(rename = "type")]
    pub(super) kind: CallType,
    pub(super) subject_id: String,
    pub(super) round: i64,
}

/// The tasks there are of these keys; locked until the unit ends.
pub(super) async fn find_by_key(tx: &mut Tx, keys: &[Key]) -> Result<Vec<CallTask>> {
    tx.sql(rows!(
        "SELECT t.id, t.dealership_id, t.type, t.customer_id, t.vehicle_id, t.subject_type, t.subject_id, t.round, t.reason, t.state, t.state_reason,
                t.stage, t.level, t.is_urgent, t.language, t.any_language, t.skill, t.not_before, t.ready_at, t.due_at, t.at_risk_at, t.expires_at,
                t.window_until, t.callback_at, t.callback_by, t.owner_id, t.lease_until, t.stage_at, t.fence, t.previous_agent, t.attempts,
                t.max_attempts, t.outcome, t.ended_at, t.detail, t.created_at, t.updated_at
         FROM ",
        (type text, subject_id text, round bigint),
        " JOIN call_tasks AS t ON t.type = j.type AND t.subject_id = j.subject_id AND t.round = j.round ORDER BY t.id",
        for_update "t"
    ))
    .bind_rows(keys)
    .all()
    .await
}

/// These tasks; locked until the unit ends.
pub(super) async fn find_and_lock(tx: &mut Tx, ids: &[Id<CallTask>]) -> Result<Vec<CallTask>> {
    tx.sql(rows!(
        "SELECT t.id, t.dealership_id, t.type, t.customer_id, t.vehicle_id, t.subject_type, t.subject_id, t.round, t.reason, t.state, t.state_reason,
                t.stage, t.level, t.is_urgent, t.language, t.any_language, t.skill, t.not_before, t.ready_at, t.due_at, t.at_risk_at, t.expires_at,
                t.window_until, t.callback_at, t.callback_by, t.owner_id, t.lease_until, t.stage_at, t.fence, t.previous_agent, t.attempts,
                t.max_attempts, t.outcome, t.ended_at, t.detail, t.created_at, t.updated_at
         FROM ",
        (id text),
        " JOIN call_tasks AS t ON t.id = j.id ORDER BY t.id",
        for_update "t"
    ))
    .bind_rows(&by_id(ids.iter().copied()))
    .all()
    .await
}

/// The open tasks about these subjects, locked.
pub(super) async fn find_open_about(tx: &mut Tx, subject_ids: &[String]) -> Result<Vec<CallTask>> {
    let ids: Vec<ById> = subject_ids.iter().map(|id| ById { id: id.clone() }).collect();
    tx.sql(rows!(
        "SELECT t.id, t.dealership_id, t.type, t.customer_id, t.vehicle_id, t.subject_type, t.subject_id, t.round, t.reason, t.state, t.state_reason,
                t.stage, t.level, t.is_urgent, t.language, t.any_language, t.skill, t.not_before, t.ready_at, t.due_at, t.at_risk_at, t.expires_at,
                t.window_until, t.callback_at, t.callback_by, t.owner_id, t.lease_until, t.stage_at, t.fence, t.previous_agent, t.attempts,
                t.max_attempts, t.outcome, t.ended_at, t.detail, t.created_at, t.updated_at
         FROM ",
        (id text),
        " JOIN call_tasks AS t ON t.subject_id = j.id AND t.state IN ('scheduled', 'ready', 'leased', 'held') ORDER BY t.id",
        for_update "t"
    ))
    .bind_rows(&ids)
    .all()
    .await
}

/// Inserts or overwrites tasks in one statement.
pub(super) async fn save(tx: &mut Tx, tasks: &[&CallTask]) -> Result<()> {
    if tasks.is_empty() {
        return Ok(());
    }
    tx.sql(rows!(
        "INSERT INTO call_tasks (id, dealership_id, type, customer_id, vehicle_id, subject_type, subject_id, round, reason, state, state_reason,
            stage, level, is_urgent, language, any_language, skill, not_before, ready_at, due_at, at_risk_at, expires_at, window_until,
            callback_at, callback_by, owner_id, lease_until, stage_at, fence, previous_agent, attempts, max_attempts, outcome, ended_at, detail,
            created_at, updated_at)
         SELECT j.id, j.dealership_id, j.type, j.customer_id, j.vehicle_id, j.subject_type, j.subject_id, j.round, j.reason, j.state, j.state_reason,
            j.stage, j.level, j.is_urgent, j.language, j.any_language, j.skill, j.not_before, j.ready_at, j.due_at, j.at_risk_at, j.expires_at,
            j.window_until, j.callback_at, j.callback_by, j.owner_id, j.lease_until, j.stage_at, j.fence, j.previous_agent, j.attempts,
            j.max_attempts, j.outcome, j.ended_at, j.detail, j.created_at, j.updated_at FROM ",
        (id text, dealership_id text, type text, customer_id text, vehicle_id text, subject_type text, subject_id text, round bigint, reason text,
         state text, state_reason text, stage text, level bigint, is_urgent boolean, language text, any_language boolean, skill text,
         not_before timestamptz, ready_at timestamptz, due_at timestamptz, at_risk_at timestamptz, expires_at timestamptz, window_until timestamptz,
         callback_at timestamptz, callback_by text, owner_id text, lease_until timestamptz, stage_at timestamptz, fence bigint,
         previous_agent text, attempts bigint, max_attempts bigint, outcome text, ended_at timestamptz, detail jsonb, created_at timestamptz,
         updated_at timestamptz),
        " WHERE true
         ON CONFLICT (id) DO UPDATE SET vehicle_id = excluded.vehicle_id, reason = excluded.reason, state = excluded.state,
            state_reason = excluded.state_reason, stage = excluded.stage, level = excluded.level, is_urgent = excluded.is_urgent,
            language = excluded.language, any_language = excluded.any_language, skill = excluded.skill, not_before = excluded.not_before,
            ready_at = excluded.ready_at, due_at = excluded.due_at, at_risk_at = excluded.at_risk_at, expires_at = excluded.expires_at,
            window_until = excluded.window_until, callback_at = excluded.callback_at, callback_by = excluded.callback_by,
            owner_id = excluded.owner_id, lease_until = excluded.lease_until, stage_at = excluded.stage_at, fence = excluded.fence,
            previous_agent = excluded.previous_agent, attempts = excluded.attempts, max_attempts = excluded.max_attempts,
            outcome = excluded.outcome, ended_at = excluded.ended_at, detail = excluded.detail, updated_at = excluded.updated_at"
    ))
    .bind_rows(tasks)
    .execute()
    .await?;
    Ok(())
}

/// The other open tasks of a customer, locked; those about one vehicle where one is named.
pub(super) async fn find_open_of(tx: &mut Tx, customer: Id<Customer>) -> Result<Vec<CallTask>> {
    tx.sql(rows!(
        "SELECT t.id, t.dealership_id, t.type, t.customer_id, t.vehicle_id, t.subject_type, t.subject_id, t.round, t.reason, t.state, t.state_reason,
                t.stage, t.level, t.is_urgent, t.language, t.any_language, t.skill, t.not_before, t.ready_at, t.due_at, t.at_risk_at, t.expires_at,
                t.window_until, t.callback_at, t.callback_by, t.owner_id, t.lease_until, t.stage_at, t.fence, t.previous_agent, t.attempts,
                t.max_attempts, t.outcome, t.ended_at, t.detail, t.created_at, t.updated_at
         FROM ",
        (id text),
        " JOIN call_tasks AS t ON t.customer_id = j.id AND t.state IN ('scheduled', 'ready', 'leased', 'held') ORDER BY t.id",
        for_update "t"
    ))
    .bind_rows(&by_id([customer]))
    .all()
    .await
}

/// Somebody who may not make a call.
#[derive(Debug, Serialize)]
pub(super) struct Excluded {
    pub(super) task_id: Id<CallTask>,
    pub(super) staff_id: Id<Staff>,
}

pub(super) async fn exclude(tx: &mut Tx, excluded: &[Excluded]) -> Result<()> {
    if excluded.is_empty() {
        return Ok(());
    }
    tx.sql(rows!(
        "INSERT INTO call_task_excluded (task_id, staff_id) SELECT j.task_id, j.staff_id FROM ",
        (task_id text, staff_id text),
        " WHERE true ON CONFLICT (task_id, staff_id) DO NOTHING"
    ))
    .bind_rows(excluded)
    .execute()
    .await?;
    Ok(())
}
