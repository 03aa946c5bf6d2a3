//! The SQL of looking at the queue: lists, one task, what an agent sees beside a call.
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;

use super::super::{CallTask, CallType};
use crate::{
    clock::Timestamp,
    customers::{Customer, Kind},
    db::{Result, Tx},
    http::Access,
    id::Id,
    notices::{
        readings::Reading,
        words::{About, survey},
    },
    rows,
    staff::Staff,
};

/// A task in a list: whom and what it concerns by their names for people and other systems.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub(in crate::calls) struct Listed {
    pub(in crate::calls) id: Id<CallTask>,
    #[serde(rename = "type")]
    #[sqlx(rename = "type")]
    pub(in crate::calls) kind: CallType,
    pub(in crate::calls) dealership: String,
    pub(in crate::calls) state: String,
    pub(in crate::calls) reason: Option<String>,
    pub(in crate::calls) stage: Option<String>,
    pub(in crate::calls) level: i64,
    pub(in crate::calls) planned_because: String,
    pub(in crate::calls) language: String,
    pub(in crate::calls) any_language: bool,
    pub(in crate::calls) not_before: Timestamp,
    pub(in crate::calls) due_at: Timestamp,
    pub(in crate::calls) expires_at: Option<Timestamp>,
    pub(in crate::calls) callback_at: Option<Timestamp>,
    pub(in crate::calls) callback_by: Option<String>,
    pub(in crate::calls) agent: Option<String>,
    pub(in crate::calls) lease_until: Option<Timestamp>,
    pub(in crate::calls) attempts: i64,
    pub(in crate::calls) max_attempts: i64,
    pub(in crate::calls) outcome: Option<String>,
    pub(in crate::calls) subject_type: String,
    pub(in crate::calls) subject_id: String,
    pub(in crate::calls) customer: String,
    pub(in crate::calls) customer_name: Option<String>,
    pub(in crate::calls) vehicle: Option<String>,
    pub(in crate::calls) created_at: Timestamp,
    pub(in crate::calls) ended_at: Option<Timestamp>,
}

/// Which tasks.
#[derive(Clone, Debug, Default)]
pub(in crate::calls) struct Wanted {
    pub(in crate::calls) id: Option<String>,
    pub(in crate::calls) state: Option<String>,
    pub(in crate::calls) kind: Option<String>,
    pub(in crate::calls) customer: Option<String>,
    /// Open ones only, of this one.
    pub(in crate::calls) open_of: Option<Id<Customer>>,
    pub(in crate::calls) subject: Option<String>,
    pub(in crate::calls) after: Option<String>,
    pub(in crate::calls) limit: i64,
}

/// The list, beginning with what finds its rows by an index: with everything optional the whole table would be read.
macro_rules! listing {
    ($first:literal) => {
        concat!(
            "SELECT t.id, t.type, d.code AS dealership, t.state, t.state_reason AS reason, t.stage, t.level, t.reason AS planned_because, t.language,
                t.any_language, t.not_before, t.due_at, t.expires_at, t.callback_at, b.ref AS callback_by, o.ref AS agent, t.lease_until, t.attempts,
                t.max_attempts, t.outcome, t.subject_type, t.subject_id, c.ref AS customer, c.name AS customer_name,
                coalesce(v.plate, v.vin) AS vehicle, t.created_at, t.ended_at
         FROM call_tasks t JOIN dealerships d ON d.id = t.dealership_id JOIN customers c ON c.id = t.customer_id
              LEFT JOIN vehicles v ON v.id = t.vehicle_id LEFT JOIN staff o ON o.id = t.owner_id LEFT JOIN staff b ON b.id = t.callback_by
         WHERE ",
            $first,
            " AND ($1 IS NULL OR t.dealership_id = $1) AND ($2 IS NULL OR t.state = $2) AND ($3 IS NULL OR t.type = $3) AND ($4 IS NULL OR t.id > $4)
           AND ($5 IS NULL OR t.id = $5) AND ($6 IS NULL OR c.id = $6 OR c.ref = $6) AND ($7 IS NULL OR t.subject_id = $7)
         ORDER BY t.id LIMIT $8"
        )
    };
}

pub(in crate::calls) async fn list(tx: &mut Tx, access: &Access, wanted: Wanted) -> Result<Vec<Listed>> {
    let (text, key) = if let Some(id) = &wanted.id {
        (listing!("t.id = $9"), Some(id.clone()))
    } else if let Some(customer) = wanted.open_of {
        (
            listing!("t.customer_id = $9 AND t.state IN ('scheduled', 'ready', 'leased', 'held')"),
            Some(customer.to_string()),
        )
    } else if let Some(subject) = &wanted.subject {
        (listing!("t.subject_id = $9"), Some(subject.clone()))
    } else if let Some(customer) = &wanted.customer {
        (
            listing!("t.customer_id IN (SELECT k.id FROM customers k WHERE k.id = $9 OR k.ref = $9)"),
            Some(customer.clone()),
        )
    } else {
        (listing!("$9 IS NULL"), None)
    };
    tx.sql(text)
        .bind(access.one())
        .bind(wanted.state)
        .bind(wanted.kind)
        .bind(wanted.after)
        .bind(wanted.id)
        .bind(wanted.customer)
        .bind(wanted.subject)
        .bind(wanted.limit)
        .bind(key)
        .all()
        .await
}

/// One task as it stands, without a lock.
pub(in crate::calls) async fn find(tx: &mut Tx, id: Id<CallTask>) -> Result<Option<CallTask>> {
    tx.sql(
        "SELECT t.id, t.dealership_id, t.type, t.customer_id, t.vehicle_id, t.subject_type, t.subject_id, t.round, t.reason, t.state, t.state_reason,
                t.stage, t.level, t.is_urgent, t.language, t.any_language, t.skill, t.not_before, t.ready_at, t.due_at, t.at_risk_at, t.expires_at,
                t.window_until, t.callback_at, t.callback_by, t.owner_id, t.lease_until, t.stage_at, t.fence, t.previous_agent, t.attempts,
                t.max_attempts, t.outcome, t.ended_at, t.detail, t.created_at, t.updated_at
         FROM call_tasks t WHERE t.id = $1",
    )
    .bind(id)
    .optional()
    .await
}

/// The customer and the car before the agent.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub(in crate::calls) struct Callee {
    pub(in crate::calls) id: Id<Customer>,
    #[serde(rename = "ref")]
    #[sqlx(rename = "ref")]
    pub(in crate::calls) reference: String,
    pub(in crate::calls) kind: Kind,
    pub(in crate::calls) name: Option<String>,
    pub(in crate::calls) salutation: Option<String>,
    pub(in crate::calls) language: Option<String>,
    pub(in crate::calls) time_zone: Option<String>,
    pub(in crate::calls) call_hours: Option<String>,
    pub(in crate::calls) vin: Option<String>,
    pub(in crate::calls) plate: Option<String>,
    pub(in crate::calls) model_code: Option<String>,
    pub(in crate::calls) model_year: Option<i64>,
}

pub(in crate::calls) async fn callee(tx: &mut Tx, task: Id<CallTask>) -> Result<Option<Callee>> {
    tx.sql(
        "SELECT c.id, c.ref, c.kind, c.name, c.salutation, c.language, c.time_zone, c.call_hours, v.vin, v.plate, v.model_code, v.model_year
         FROM call_tasks t JOIN customers c ON c.id = t.customer_id LEFT JOIN vehicles v ON v.id = t.vehicle_id WHERE t.id = $1",
    )
    .bind(task)
    .optional()
    .await
}

/// What was said and heard lately, the newest first.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub(in crate::calls) struct Lately {
    pub(in crate::calls) at: Timestamp,
    pub(in crate::calls) what: String,
    pub(in crate::calls) step: Option<i64>,
    pub(in crate::calls) reason: Option<String>,
    pub(in crate::calls) detail: Json<Value>,
}

pub(in crate::calls) async fn history(tx: &mut Tx, customer: Id<Customer>, most: i64) -> Result<Vec<Lately>> {
    tx.sql("SELECT at, what, step, reason, detail FROM timeline WHERE customer_id = $1 ORDER BY id DESC LIMIT $2")
        .bind(customer)
        .bind(most)
        .all()
        .await
}

/// The appointment that a task is about.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub(in crate::calls) struct Appointment {
    #[serde(rename = "ref")]
    #[sqlx(rename = "ref")]
    pub(in crate::calls) reference: String,
    pub(in crate::calls) state: String,
    pub(in crate::calls) start_at: Option<Timestamp>,
    pub(in crate::calls) services: Json<Value>,
    pub(in crate::calls) customer_words: Option<String>,
    /// Which times would suit them, where they asked for another one.
    pub(in crate::calls) wishes: Option<String>,
    pub(in crate::calls) is_comeback: bool,
    pub(in crate::calls) advisor: Option<String>,
}

pub(in crate::calls) async fn appointment(tx: &mut Tx, id: &str) -> Result<Option<Appointment>> {
    tx.sql(
        "SELECT a.ref, a.state, a.start_at, a.services, a.customer_words, a.wishes, a.is_comeback, s.name AS advisor
         FROM appointments a LEFT JOIN staff s ON s.id = a.advisor_id WHERE a.id = $1",
    )
    .bind(id.to_owned())
    .optional()
    .await
}

/// Whether somebody served what the call is about (BR-31).
pub(in crate::calls) async fn is_excluded(tx: &mut Tx, task: Id<CallTask>, staff: Id<Staff>) -> Result<bool> {
    let found: Option<(Id<CallTask>,)> = tx
        .sql("SELECT task_id FROM call_task_excluded WHERE task_id = $1 AND staff_id = $2")
        .bind(task)
        .bind(staff)
        .optional()
        .await?;
    Ok(found.is_some())
}

#[derive(sqlx::FromRow)]
struct Unreached {
    id: Id<CallTask>,
    state: String,
    attempts: i64,
    detail: Json<Value>,
    plate: Option<String>,
    model_code: Option<String>,
    model_year: Option<i64>,
}

#[derive(Serialize)]
struct ById<'a> {
    id: &'a str,
}

/// What a written word after a call that reached nobody may say.
pub(in crate::calls) async fn for_letters(tx: &mut Tx, ids: &[String]) -> Result<Vec<Reading>> {
    let ids: Vec<ById<'_>> = ids.iter().map(|id| ById { id }).collect();
    let found: Vec<Unreached> = tx
        .sql(rows!(
            "SELECT t.id, t.state, t.attempts, t.detail, v.plate, v.model_code, v.model_year FROM ",
            (id text),
            " JOIN call_tasks t ON t.id = j.id LEFT JOIN vehicles v ON v.id = t.vehicle_id"
        ))
        .bind_rows(&ids)
        .all()
        .await?;
    let visited = |detail: &Value| detail["delivered_at"].as_str().and_then(|at| at.parse().ok());
    let reading = |row: Unreached| Reading {
        subject_id: row.id.to_string(),
        state: row.state,
        revision: row.attempts,
        advisor: None,
        about: Some(About::Survey(survey::Facts { visited_at: visited(&row.detail.0), expires_at: None })),
        plate: row.plate,
        model_code: row.model_code,
        model_year: row.model_year,
    };
    Ok(found.into_iter().map(reading).collect())
}
