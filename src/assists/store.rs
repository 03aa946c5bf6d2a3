//! The SQL of help that colleagues ask for.
use serde::Serialize;

use super::{Assist, State, Thing};
use crate::{
    clock::Timestamp,
    customers::{Customer, vehicles::Vehicle},
    db::{Result, Tx},
    dealerships::Dealership,
    http::Access,
    id::Id,
    rows,
    staff::Staff,
};

/// A request with the names that people know its subject by.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct Read {
    #[serde(flatten)]
    #[sqlx(flatten)]
    pub assist: Assist,
    pub dealership: String,
    /// The sender's name for what it is about.
    pub subject_ref: String,
    pub subject_state: String,
    pub customer_id: Option<Id<Customer>>,
    pub customer: Option<String>,
    pub vehicle_id: Option<Id<Vehicle>>,
    pub vin: Option<String>,
    pub plate: Option<String>,
    pub model_code: Option<String>,
    pub model_year: Option<i64>,
    pub asker: Option<String>,
    pub asker_ref: String,
    pub answerer: Option<String>,
    pub answerer_ref: Option<String>,
}

impl Read {
    /// Nobody needs an answer any more.
    pub(super) fn is_over(&self) -> bool {
        self.assist.words.is_empty() || self.assist.subject_type.is_over(&self.subject_state)
    }
    pub(super) fn waits(&self) -> bool {
        self.assist.state == State::Open && !self.is_over()
    }
}

/// What somebody needs help with, as its own room keeps it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Found {
    pub(super) id: String,
    #[sqlx(rename = "ref")]
    pub(super) reference: String,
    pub(super) state: String,
}

macro_rules! found {
    ($table:literal) => {
        concat!("SELECT id, ref, state FROM ", $table, " WHERE dealership_id = $1 AND (id = $2 OR ref = $2) LIMIT 1")
    };
}

/// The thing that a dealership, or we, call so.
pub(super) async fn thing(
    tx: &mut Tx,
    dealership: Id<Dealership>,
    thing: Thing,
    reference: &str,
) -> Result<Option<Found>> {
    let query = match thing {
        Thing::Appointment => tx.sql(found!("appointments")),
        Thing::RepairOrder => tx.sql(found!("repair_orders")),
        Thing::Inquiry => tx.sql(found!("inquiries")),
        Thing::Case => tx.sql(found!("cases")),
    };
    query.bind(dealership).bind(reference.to_owned()).optional().await
}

/// Writes a request; false when one of the same key is there.
pub(super) async fn insert(tx: &mut Tx, assist: &Assist) -> Result<bool> {
    let written = tx
        .sql(
            "INSERT INTO assists (id, dealership_id, subject_type, subject_id, asked_of, asked_by, words, idempotency_key, state, asked_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (dealership_id, idempotency_key) DO NOTHING",
        )
        .bind(assist.id)
        .bind(assist.dealership_id)
        .bind(assist.subject_type)
        .bind(assist.subject_id.clone())
        .bind(assist.asked_of)
        .bind(assist.asked_by)
        .bind(assist.words.clone())
        .bind(assist.idempotency_key.clone())
        .bind(assist.state)
        .bind(assist.asked_at)
        .execute()
        .await?;
    Ok(written == 1)
}

/// The request that was made under this key.
pub(super) async fn with_key(tx: &mut Tx, dealership: Id<Dealership>, key: &str) -> Result<Option<Id<Assist>>> {
    let found: Option<(Id<Assist>,)> = tx
        .sql("SELECT id FROM assists WHERE dealership_id = $1 AND idempotency_key = $2")
        .bind(dealership)
        .bind(key.to_owned())
        .optional()
        .await?;
    Ok(found.map(|(id,)| id))
}

/// Notes that who was asked was asked again.
pub(super) async fn mark_reminded(tx: &mut Tx, id: Id<Assist>, now: Timestamp) -> Result<()> {
    tx.sql("UPDATE assists SET reminded_at = $2 WHERE id = $1").bind(id).bind(now).execute().await.map(drop)
}

/// Notes that somebody above them was asked.
pub(super) async fn mark_escalated(tx: &mut Tx, id: Id<Assist>, now: Timestamp) -> Result<()> {
    tx.sql("UPDATE assists SET escalated_at = $2 WHERE id = $1").bind(id).bind(now).execute().await.map(drop)
}

/// Writes the answer of an open request; false when somebody was faster, or the customer was erased.
pub(super) async fn answer(tx: &mut Tx, id: Id<Assist>, by: Id<Staff>, answer: &str, now: Timestamp) -> Result<bool> {
    let written = tx
        .sql(
            "UPDATE assists SET state = 'answered', answered_at = $2, answered_by = $3, answer = $4
             WHERE id = $1 AND state = 'open' AND words <> ''",
        )
        .bind(id)
        .bind(now)
        .bind(by)
        .bind(answer.to_owned())
        .execute()
        .await?;
    Ok(written == 1)
}

#[derive(Serialize)]
struct Named<'a> {
    id: &'a str,
}

/// Requests by our ids, in the order in which they were made.
pub(super) async fn list_by_id(tx: &mut Tx, ids: &[String]) -> Result<Vec<Read>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let named: Vec<Named<'_>> = ids.iter().map(|id| Named { id }).collect();
    let mut read: Vec<Read> = tx
        .sql(rows!(
            "SELECT q.*, d.code AS dealership, coalesce(a.ref, o.ref, i.ref, k.ref, '') AS subject_ref,
                coalesce(a.state, o.state, i.state, k.state, '') AS subject_state, c.id AS customer_id, c.name AS customer, v.id AS vehicle_id,
                v.vin, v.plate, v.model_code, v.model_year, s.name AS asker, s.ref AS asker_ref, w.name AS answerer, w.ref AS answerer_ref FROM ",
            (id text),
            " JOIN assists q ON q.id = j.id JOIN dealerships d ON d.id = q.dealership_id JOIN staff s ON s.id = q.asked_by
                LEFT JOIN staff w ON w.id = q.answered_by
                LEFT JOIN appointments a ON a.id = q.subject_id LEFT JOIN repair_orders o ON o.id = q.subject_id
                LEFT JOIN inquiries i ON i.id = q.subject_id LEFT JOIN cases k ON k.id = q.subject_id
                LEFT JOIN customers c ON c.id = coalesce(a.customer_id, o.customer_id, i.customer_id, k.customer_id)
                LEFT JOIN vehicles v ON v.id = coalesce(a.vehicle_id, o.vehicle_id, i.vehicle_id, k.vehicle_id)"
        ))
        .bind_rows(&named)
        .all()
        .await?;
    read.sort_by_key(|read| read.assist.id);
    Ok(read)
}

/// Those that wait for an answer, the oldest first.
pub(super) async fn list_open(tx: &mut Tx, access: &Access, after: Option<String>, most: i64) -> Result<Vec<Read>> {
    let ids: Vec<(Id<Assist>,)> = tx
        .sql(
            "SELECT q.id FROM assists q WHERE q.state = 'open' AND q.words <> '' AND ($1 IS NULL OR q.dealership_id = $1) AND q.id > $2
             AND NOT EXISTS (SELECT 1 FROM appointments a WHERE a.id = q.subject_id AND a.state = 'cancelled')
             AND NOT EXISTS (SELECT 1 FROM repair_orders o WHERE o.id = q.subject_id AND o.state = 'closed')
             AND NOT EXISTS (SELECT 1 FROM inquiries i WHERE i.id = q.subject_id AND i.state IN ('closed', 'spam', 'merged'))
             AND NOT EXISTS (SELECT 1 FROM cases k WHERE k.id = q.subject_id AND k.state = 'verified')
             ORDER BY q.id LIMIT $3",
        )
        .bind(access.one())
        .bind(after.unwrap_or_default())
        .bind(most)
        .all()
        .await?;
    read(tx, ids).await
}

/// Those about one thing after one of them, the oldest first.
pub(super) async fn list_of(
    tx: &mut Tx,
    dealership: Id<Dealership>,
    subject_id: &str,
    after: Option<String>,
    most: i64,
) -> Result<Vec<Read>> {
    let ids: Vec<(Id<Assist>,)> = tx
        .sql("SELECT id FROM assists WHERE subject_id = $1 AND dealership_id = $2 AND id > $3 ORDER BY id LIMIT $4")
        .bind(subject_id.to_owned())
        .bind(dealership)
        .bind(after.unwrap_or_default())
        .bind(most)
        .all()
        .await?;
    read(tx, ids).await
}

/// What somebody asked, the youngest last.
pub(super) async fn list_by_asker(tx: &mut Tx, asker: Id<Staff>, most: i64) -> Result<Vec<Read>> {
    let ids: Vec<(Id<Assist>,)> = tx
        .sql("SELECT id FROM assists WHERE asked_by = $1 ORDER BY id DESC LIMIT $2")
        .bind(asker)
        .bind(most)
        .all()
        .await?;
    read(tx, ids).await
}

/// Those about a customer's things, the youngest last.
pub(super) async fn list_by_customer(
    tx: &mut Tx,
    dealership: Id<Dealership>,
    customer: Id<Customer>,
    most: i64,
) -> Result<Vec<Read>> {
    let ids: Vec<(Id<Assist>,)> = tx
        .sql(
            "SELECT q.id FROM assists q JOIN (SELECT id FROM appointments WHERE customer_id = $1 UNION ALL SELECT id FROM repair_orders WHERE customer_id = $1
                UNION ALL SELECT id FROM inquiries WHERE customer_id = $1 UNION ALL SELECT id FROM cases WHERE customer_id = $1) t ON t.id = q.subject_id
             WHERE q.dealership_id = $2 ORDER BY q.id DESC LIMIT $3",
        )
        .bind(customer)
        .bind(dealership)
        .bind(most)
        .all()
        .await?;
    read(tx, ids).await
}

async fn read(tx: &mut Tx, ids: Vec<(Id<Assist>,)>) -> Result<Vec<Read>> {
    let ids: Vec<String> = ids.into_iter().map(|(id,)| id.to_string()).collect();
    list_by_id(tx, &ids).await
}
