//! The record's SQL.
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;

use super::Entry;
use crate::{
    clock::Timestamp,
    customers::Customer,
    db::{Result, Sql, Tx},
    dealerships::Dealership,
    http::Access,
    id::Id,
    rows,
};

/// The columns of a line, in `jsonb_to_recordset`.
macro_rules! columns {
    () => {
        "id text, dealership_id text, at timestamptz, what text, step bigint, customer_id text, vehicle_id text, appointment_id text,
         subject_type text, subject_id text, event_id text, notice_id text, message_id text, actor text, reason text, detail jsonb, made_at timestamptz"
    };
}

/// On `PostgreSQL` one statement writes the lines and what other systems are to hear of them, and says how many that is: a
/// second one would be one more way to the server and back for everything that is ever written down.
const INSERT: Sql = Sql {
    sqlite: rows!(
        "INSERT INTO timeline (id, dealership_id, at, what, step, customer_id, vehicle_id, appointment_id, subject_type,
            subject_id, event_id, notice_id, message_id, actor, reason, detail)
         SELECT j.id, j.dealership_id, j.at, j.what, j.step, j.customer_id, j.vehicle_id, j.appointment_id, j.subject_type,
            j.subject_id, j.event_id, j.notice_id, j.message_id, j.actor, j.reason, j.detail FROM ",
        (id text, dealership_id text, at timestamptz, what text, step bigint, customer_id text, vehicle_id text, appointment_id text,
         subject_type text, subject_id text, event_id text, notice_id text, message_id text, actor text, reason text, detail jsonb),
        ""
    )
    .sqlite,
    postgres: concat!(
        "WITH j AS (SELECT * FROM jsonb_to_recordset($1) AS j(", columns!(), ")),
            written AS (INSERT INTO timeline (id, dealership_id, at, what, step, customer_id, vehicle_id, appointment_id, subject_type,
                subject_id, event_id, notice_id, message_id, actor, reason, detail)
              SELECT j.id, j.dealership_id, j.at, j.what, j.step, j.customer_id, j.vehicle_id, j.appointment_id, j.subject_type,
                j.subject_id, j.event_id, j.notice_id, j.message_id, j.actor, j.reason, j.detail FROM j),
            told AS (INSERT INTO hook_deliveries (id, endpoint_id, line_id, type, state, tries, not_before, fence, alone, suspect, crashes,
                created_at, updated_at)
              SELECT e.id || '/' || j.id, e.id, j.id, j.what, 'waiting', 0, j.made_at, 0, FALSE, FALSE, 0, j.made_at, j.made_at
              FROM j JOIN hook_types t ON t.type IN (j.what, split_part(j.what, '.', 1) || '.*')
                JOIN hook_endpoints e ON e.id = t.endpoint_id AND e.state = 'active'
                    AND (e.dealership_id IS NULL OR e.dealership_id = j.dealership_id)
              ON CONFLICT (id) DO NOTHING RETURNING 1)
         SELECT count(*) FROM told"
    ),
};

/// The second half on `SQLite`, where a statement may write one table only.
const TELL: Sql = rows!(
    "INSERT INTO hook_deliveries (id, endpoint_id, line_id, type, state, tries, not_before, fence, alone, suspect, crashes,
        created_at, updated_at)
     SELECT e.id || '/' || j.id, e.id, j.id, j.what, 'waiting', 0, j.made_at, 0, FALSE, FALSE, 0, j.made_at, j.made_at FROM ",
    (id text, dealership_id text, what text, made_at timestamptz),
    " JOIN hook_types t ON t.type IN (j.what, substr(j.what, 1, instr(j.what, '.')) || '*')
        JOIN hook_endpoints e ON e.id = t.endpoint_id AND e.state = 'active'
            AND (e.dealership_id IS NULL OR e.dealership_id = j.dealership_id)
     WHERE true ON CONFLICT (id) DO NOTHING"
);

/// A line, and when it was written: what it tells of may be days old, or minutes ahead where a sender's clock is.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    entry: &'a Entry,
    made_at: Timestamp,
}

/// Writes lines, and for each whom it is to be told ([`crate::hooks`]); true when there is somebody.
pub async fn insert(tx: &mut Tx, entries: &[Entry]) -> Result<bool> {
    if entries.is_empty() {
        return Ok(false);
    }
    let lines: Vec<Written<'_>> = entries.iter().map(|entry| Written { entry, made_at: entry.id.made_at() }).collect();
    let told: Option<(i64,)> = tx.sql(INSERT).bind_rows(&lines).optional().await?;
    Ok(match told {
        Some((told,)) => told > 0,
        None => tx.sql(TELL).bind_rows(&lines).execute().await? > 0,
    })
}

/// A line as it is read.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct Line {
    pub id: Id<Entry>,
    pub at: Timestamp,
    pub what: String,
    pub step: Option<i64>,
    pub customer: Option<String>,
    pub vehicle: Option<String>,
    pub appointment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    pub event: Option<String>,
    pub notice: Option<String>,
    pub message: Option<String>,
    pub actor: Option<String>,
    pub reason: Option<String>,
    pub detail: Json<Value>,
}

/// Whose lines: `what` is `customer`, `vehicle` or `appointment`, `name` our id or the sender's (a vehicle's VIN); any other
/// `what` wants our id.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub what: &'static str,
    pub name: String,
    pub after: Option<String>,
    pub limit: i64,
}

/// A line of somebody's journey, with what was said and by which way.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Step {
    pub at: Timestamp,
    pub what: String,
    pub step: Option<i64>,
    pub reason: Option<String>,
    pub detail: Json<Value>,
    pub kind: Option<String>,
    pub channel: Option<String>,
}

/// A customer's lines, the newest first; those whom they were made one with have theirs among them.
pub async fn latest_of(tx: &mut Tx, access: &Access, customer: Id<Customer>, most: i64) -> Result<Vec<Step>> {
    tx.sql(
        "SELECT t.at, t.what, t.step, t.reason, t.detail, n.kind, m.channel FROM timeline t LEFT JOIN notices n ON n.id = t.notice_id
            LEFT JOIN messages m ON m.id = t.message_id WHERE t.customer_id IN (SELECT id FROM customers WHERE id = $1 OR merged_into = $1)
            AND ($2 IS NULL OR t.dealership_id = $2) ORDER BY t.id DESC LIMIT $3",
    )
    .bind(customer)
    .bind(access.one())
    .bind(most)
    .all()
    .await
}

/// A dealership's lines, the newest first, from before one of them.
pub async fn latest(tx: &mut Tx, dealership: Id<Dealership>, before: Option<String>, most: i64) -> Result<Vec<Line>> {
    tx.sql(
        "SELECT t.id, t.at, t.what, t.step, t.customer_id AS customer, t.vehicle_id AS vehicle, t.appointment_id AS appointment,
            t.subject_type, t.subject_id AS subject, t.event_id AS event, t.notice_id AS notice, t.message_id AS message, t.actor, t.reason, t.detail
         FROM timeline t WHERE t.dealership_id = $1 AND ($2 IS NULL OR t.id < $2) ORDER BY t.id DESC LIMIT $3",
    )
    .bind(dealership)
    .bind(before)
    .bind(most)
    .all()
    .await
}

/// The text that reads lines, with its condition; `$1` is a name, `$2` a dealership, `$3` and `$4` the page.
macro_rules! lines_where {
    ($condition:literal) => {
        concat!(
            "SELECT t.id, t.at, t.what, t.step, t.customer_id AS customer, t.vehicle_id AS vehicle, t.appointment_id AS appointment,
                t.subject_type, t.subject_id AS subject, t.event_id AS event, t.notice_id AS notice, t.message_id AS message, t.actor, t.reason, t.detail
             FROM timeline t WHERE ",
            $condition,
            " AND ($3 IS NULL OR t.id > $3) ORDER BY t.id LIMIT $4"
        )
    };
}

/// The lines about a thing: those that name it, and those about the notices that were raised for it.
pub async fn list(tx: &mut Tx, access: &Access, wanted: Wanted) -> Result<Vec<Line>> {
    let text = match wanted.what {
        "customer" => lines_where!(
            "t.customer_id IN (SELECT whole.id FROM customers asked
                JOIN customers whole ON coalesce(whole.merged_into, whole.id) = coalesce(asked.merged_into, asked.id)
                WHERE (asked.id = $1 OR asked.ref = $1) AND ($2 IS NULL OR asked.dealership_id = $2))"
        ),
        "vehicle" => lines_where!(
            "t.vehicle_id IN (SELECT id FROM vehicles WHERE (id = $1 OR vin = $1 OR plate = $1) AND ($2 IS NULL OR dealership_id = $2))"
        ),
        "appointment" => lines_where!(
            "(t.appointment_id IN (SELECT id FROM appointments WHERE (id = $1 OR ref = $1) AND ($2 IS NULL OR dealership_id = $2))
              OR t.notice_id IN (SELECT n.id FROM notices n JOIN appointments a ON a.id = n.subject_id
                WHERE (a.id = $1 OR a.ref = $1) AND ($2 IS NULL OR a.dealership_id = $2)))"
        ),
        // The parts of a repair order are on its record too.
        "repair_order" => lines_where!(
            "(t.subject_id IN (SELECT r.id FROM repair_orders r WHERE (r.id = $1 OR r.ref = $1) AND ($2 IS NULL OR r.dealership_id = $2)
                UNION ALL SELECT p.id FROM parts_orders p JOIN repair_orders r ON r.ref = p.ro_ref AND r.dealership_id = p.dealership_id
                WHERE (r.id = $1 OR r.ref = $1) AND ($2 IS NULL OR r.dealership_id = $2))
              OR t.notice_id IN (SELECT n.id FROM notices n WHERE n.subject_id IN (
                SELECT r.id FROM repair_orders r WHERE (r.id = $1 OR r.ref = $1) AND ($2 IS NULL OR r.dealership_id = $2)
                UNION ALL SELECT p.id FROM parts_orders p JOIN repair_orders r ON r.ref = p.ro_ref AND r.dealership_id = p.dealership_id
                WHERE (r.id = $1 OR r.ref = $1) AND ($2 IS NULL OR r.dealership_id = $2))))"
        ),
        "parts_order" => lines_where!(
            "(t.subject_id IN (SELECT p.id FROM parts_orders p WHERE (p.id = $1 OR p.ref = $1) AND ($2 IS NULL OR p.dealership_id = $2))
              OR t.notice_id IN (SELECT n.id FROM notices n JOIN parts_orders p ON p.id = n.subject_id
                WHERE (p.id = $1 OR p.ref = $1) AND ($2 IS NULL OR p.dealership_id = $2)))"
        ),
        _ => lines_where!(
            "(t.subject_id = $1 OR t.notice_id IN (SELECT n.id FROM notices n WHERE n.subject_id = $1)) AND ($2 IS NULL OR t.dealership_id = $2)"
        ),
    };
    tx.sql(text).bind(wanted.name).bind(access.one()).bind(wanted.after).bind(wanted.limit).all().await
}
