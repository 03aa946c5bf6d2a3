//! The SQL of calls that were made, of drafts, and of what customers do not want to be called about.
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;

use super::super::{CallAttempt, CallTask};
use crate::{
    clock::Timestamp,
    customers::{ContactPoint, Customer},
    db::{Result, Tx},
    dealerships::Dealership,
    http::Access,
    id::Id,
    rows,
    staff::Staff,
};

/// One call as it is kept.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub(in crate::calls) struct Attempt {
    pub(in crate::calls) id: Id<CallAttempt>,
    pub(in crate::calls) task_id: Id<CallTask>,
    pub(in crate::calls) dealership_id: Id<Dealership>,
    pub(in crate::calls) customer_id: Id<Customer>,
    pub(in crate::calls) staff_id: Id<Staff>,
    pub(in crate::calls) n: i64,
    pub(in crate::calls) contact_point_id: Option<Id<ContactPoint>>,
    pub(in crate::calls) number: Option<String>,
    pub(in crate::calls) started_at: Timestamp,
    pub(in crate::calls) answered_at: Option<Timestamp>,
    pub(in crate::calls) hung_up_at: Option<Timestamp>,
    pub(in crate::calls) ended_at: Option<Timestamp>,
    pub(in crate::calls) telephony_result: Option<String>,
    pub(in crate::calls) outcome: Option<String>,
    pub(in crate::calls) reached: Option<String>,
    pub(in crate::calls) was_asked_for: bool,
    pub(in crate::calls) pbx_result: Option<String>,
    pub(in crate::calls) pbx_cause: Option<String>,
    pub(in crate::calls) note: Option<String>,
    pub(in crate::calls) answers: Json<Value>,
    pub(in crate::calls) recording_url: Option<String>,
    pub(in crate::calls) recording_until: Option<Timestamp>,
    pub(in crate::calls) idempotency_key: Option<String>,
    pub(in crate::calls) request_hash: Option<String>,
    pub(in crate::calls) answer: Option<Json<Value>>,
}

/// The calls for a task, the first one first.
pub(in crate::calls) async fn of_task(tx: &mut Tx, task: Id<CallTask>) -> Result<Vec<Attempt>> {
    tx.sql(
        "SELECT id, task_id, dealership_id, customer_id, staff_id, n, contact_point_id, number, started_at, answered_at, hung_up_at, ended_at,
                telephony_result, outcome, reached, was_asked_for, pbx_result, pbx_cause, note, answers, recording_url, recording_until,
                idempotency_key, request_hash, answer
         FROM call_attempts WHERE task_id = $1 ORDER BY n",
    )
    .bind(task)
    .all()
    .await
}

pub(in crate::calls) async fn find(tx: &mut Tx, access: &Access, id: Id<CallAttempt>) -> Result<Option<Attempt>> {
    tx.sql(
        "SELECT id, task_id, dealership_id, customer_id, staff_id, n, contact_point_id, number, started_at, answered_at, hung_up_at, ended_at,
                telephony_result, outcome, reached, was_asked_for, pbx_result, pbx_cause, note, answers, recording_url, recording_until,
                idempotency_key, request_hash, answer
         FROM call_attempts WHERE id = $1 AND ($2 IS NULL OR dealership_id = $2)",
    )
    .bind(id)
    .bind(access.one())
    .optional()
    .await
}

/// Inserts or overwrites calls in one statement.
pub(in crate::calls) async fn save(tx: &mut Tx, attempts: &[&Attempt]) -> Result<()> {
    if attempts.is_empty() {
        return Ok(());
    }
    tx.sql(rows!(
        "INSERT INTO call_attempts (id, task_id, dealership_id, customer_id, staff_id, n, contact_point_id, number, started_at, answered_at, hung_up_at,
            ended_at, telephony_result, outcome, reached, was_asked_for, pbx_result, pbx_cause, note, answers, recording_url, recording_until,
            idempotency_key, request_hash, answer)
         SELECT j.id, j.task_id, j.dealership_id, j.customer_id, j.staff_id, j.n, j.contact_point_id, j.number, j.started_at, j.answered_at, j.hung_up_at,
            j.ended_at, j.telephony_result, j.outcome, j.reached, j.was_asked_for, j.pbx_result, j.pbx_cause, j.note, j.answers, j.recording_url,
            j.recording_until, j.idempotency_key, j.request_hash, j.answer FROM ",
        (id text, task_id text, dealership_id text, customer_id text, staff_id text, n bigint, contact_point_id text, number text,
         started_at timestamptz, answered_at timestamptz, hung_up_at timestamptz, ended_at timestamptz, telephony_result text, outcome text,
         reached text, was_asked_for boolean, pbx_result text, pbx_cause text, note text, answers jsonb, recording_url text,
         recording_until timestamptz, idempotency_key text, request_hash text, answer jsonb),
        " WHERE true
         ON CONFLICT (id) DO UPDATE SET contact_point_id = excluded.contact_point_id, number = excluded.number, answered_at = excluded.answered_at,
            hung_up_at = excluded.hung_up_at, ended_at = excluded.ended_at, telephony_result = excluded.telephony_result, outcome = excluded.outcome,
            reached = excluded.reached, pbx_result = excluded.pbx_result, pbx_cause = excluded.pbx_cause, note = excluded.note,
            answers = excluded.answers, recording_url = excluded.recording_url, recording_until = excluded.recording_until,
            idempotency_key = excluded.idempotency_key, request_hash = excluded.request_hash, answer = excluded.answer"
    ))
    .bind_rows(attempts)
    .execute()
    .await?;
    Ok(())
}

/// Takes away the links of these calls whose time is over at `now`.
pub(in crate::calls) async fn forget_recordings(tx: &mut Tx, ids: &[&str], now: Timestamp) -> Result<()> {
    #[derive(Serialize)]
    struct Over<'a> {
        id: &'a str,
    }
    let over: Vec<Over<'_>> = ids.iter().map(|id| Over { id }).collect();
    tx.sql(rows!(
        "UPDATE call_attempts SET recording_url = NULL WHERE recording_until <= $2 AND id IN (SELECT j.id FROM ",
        (id text),
        ")"
    ))
    .bind_rows(&over)
    .bind(now)
    .execute()
    .await
    .map(drop)
}

/// Keeps a note that is not finished; false where there is no such task any more, or its customer was erased.
pub(in crate::calls) async fn keep_draft(
    tx: &mut Tx,
    task: Id<CallTask>,
    staff: Id<Staff>,
    body: Value,
    now: Timestamp,
) -> Result<bool> {
    let kept = tx
        .sql(
            "INSERT INTO call_drafts (task_id, staff_id, body, saved_at)
             SELECT t.id, $2, $3, $4 FROM call_tasks t JOIN customers c ON c.id = t.customer_id WHERE t.id = $1 AND c.erased_at IS NULL
             ON CONFLICT (task_id, staff_id) DO UPDATE SET body = excluded.body, saved_at = excluded.saved_at",
        )
        .bind(task)
        .bind(staff)
        .bind(Json(body))
        .bind(now)
        .execute()
        .await?;
    Ok(kept == 1)
}

pub(in crate::calls) async fn drop_draft(tx: &mut Tx, task: Id<CallTask>, staff: Id<Staff>) -> Result<()> {
    tx.sql("DELETE FROM call_drafts WHERE task_id = $1 AND staff_id = $2").bind(task).bind(staff).execute().await?;
    Ok(())
}

/// A note that is not finished.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub(in crate::calls) struct Draft {
    pub(in crate::calls) staff_id: Id<Staff>,
    pub(in crate::calls) body: Json<Value>,
    pub(in crate::calls) saved_at: Timestamp,
}

pub(in crate::calls) async fn drafts(tx: &mut Tx, task: Id<CallTask>) -> Result<Vec<Draft>> {
    tx.sql("SELECT staff_id, body, saved_at FROM call_drafts WHERE task_id = $1 ORDER BY saved_at")
        .bind(task)
        .all()
        .await
}

/// What a customer is not to be called about: `all`, `topic:` and a type of call, `marketing`, `survey`.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub(in crate::calls) struct Refusal {
    pub(in crate::calls) customer_id: Id<Customer>,
    pub(in crate::calls) scope: String,
    pub(in crate::calls) until_at: Option<Timestamp>,
}

/// What holds against calling these customers now: said of them or of a number of theirs, about calls or every channel.
pub(in crate::calls) async fn refusals(
    tx: &mut Tx,
    customers: &[Id<Customer>],
    now: Timestamp,
) -> Result<Vec<Refusal>> {
    let ids = super::by_id(customers.iter().copied());
    let mut found: Vec<Refusal> = tx
        .sql(rows!(
            "SELECT c.id AS customer_id, s.scope, s.until_at FROM ",
            (id text),
            " JOIN customers c ON c.id = j.id JOIN suppressions s ON s.target = c.id AND s.lifted_at IS NULL
             WHERE (s.channel IS NULL OR s.channel = 'call') AND (s.until_at IS NULL OR s.until_at > $2)"
        ))
        .bind_rows(&ids)
        .bind(now)
        .all()
        .await?;
    let of_numbers: Vec<Refusal> = tx
        .sql(rows!(
            "SELECT p.customer_id, s.scope, s.until_at FROM ",
            (id text),
            " JOIN contact_points p ON p.customer_id = j.id AND p.type = 'phone' JOIN suppressions s ON s.target = p.value AND s.lifted_at IS NULL
             WHERE (s.channel IS NULL OR s.channel = 'call') AND (s.until_at IS NULL OR s.until_at > $2)"
        ))
        .bind_rows(&ids)
        .bind(now)
        .all()
        .await?;
    found.extend(of_numbers);
    Ok(found)
}

/// The telephone numbers of a customer that may be tried, the first one first.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub(in crate::calls) struct Number {
    pub(in crate::calls) id: Id<ContactPoint>,
    pub(in crate::calls) value: String,
    pub(in crate::calls) label: Option<String>,
}

pub(in crate::calls) async fn numbers(tx: &mut Tx, customer: Id<Customer>) -> Result<Vec<Number>> {
    let mut found: Vec<Number> = tx
        .sql(
            "SELECT id, value, label FROM contact_points
             WHERE customer_id = $1 AND type = 'phone' AND removed_at IS NULL AND validity IN ('ok', 'unknown')
             ORDER BY CASE WHEN label = 'mobile' THEN 0 ELSE 1 END, position, added_at, id",
        )
        .bind(customer)
        .all()
        .await?;
    let mut seen = std::collections::HashSet::new();
    found.retain(|number| seen.insert(number.value.clone()));
    Ok(found)
}
