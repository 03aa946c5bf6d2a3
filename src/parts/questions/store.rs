//! The SQL of questions to the parts counter.
use serde::Serialize;

use super::Question;
use crate::{
    appointments::Appointment,
    clock::Timestamp,
    customers::Customer,
    db::{Result, Tx},
    http::Access,
    id::Id,
    notices::{
        readings::Reading,
        words::{About, parts_order},
    },
    rows,
};

/// A question with the names that people know its visit by.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct Read {
    #[serde(flatten)]
    #[sqlx(flatten)]
    pub question: Question,
    pub dealership: String,
    pub appointment: String,
    /// The visit's: where it is called off, nobody needs the part any more.
    pub appointment_state: String,
    pub customer_id: Option<Id<Customer>>,
    pub customer_ref: Option<String>,
    pub vin: Option<String>,
    pub plate: Option<String>,
    pub model_code: Option<String>,
    pub model_year: Option<i64>,
    pub asker: Option<String>,
    pub asker_ref: String,
}

impl Read {
    pub(super) fn is_called_off(&self) -> bool {
        self.appointment_state == "cancelled"
    }

    /// As its letter needs it (BR-13).
    pub(super) fn reading(self) -> Reading {
        let state = match (self.question.state, self.is_called_off()) {
            (_, true) => "called_off",
            (super::State::Open, false) => "open",
            (super::State::Answered, false) => "answered",
        };
        let part =
            parts_order::Part { reference: "1".to_owned(), name: self.question.name, is_open: true, is_here: false };
        let facts = parts_order::Facts {
            lines: vec![part],
            question: self.question.question,
            needed_at: self.question.needed_at,
            ..parts_order::Facts::default()
        };
        Reading {
            subject_id: self.question.id.to_string(),
            state: state.to_owned(),
            revision: 0,
            advisor: self.asker,
            plate: self.plate,
            model_code: self.model_code,
            model_year: self.model_year,
            about: Some(About::PartsOrder(facts)),
        }
    }
}

pub(super) async fn insert(tx: &mut Tx, question: &Question) -> Result<()> {
    tx.sql(
        "INSERT INTO parts_questions (id, dealership_id, appointment_id, asked_by, part_no, name, qty, question, needed_at, state, asked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(question.id)
    .bind(question.dealership_id)
    .bind(question.appointment_id)
    .bind(question.asked_by)
    .bind(question.part_no.clone())
    .bind(question.name.clone())
    .bind(question.qty)
    .bind(question.question.clone())
    .bind(question.needed_at)
    .bind(question.state)
    .bind(question.asked_at)
    .execute()
    .await?;
    Ok(())
}

/// Notes that the counter was reminded.
pub(super) async fn mark_reminded(tx: &mut Tx, id: Id<Question>, now: Timestamp) -> Result<()> {
    tx.sql("UPDATE parts_questions SET reminded_at = $2 WHERE id = $1").bind(id).bind(now).execute().await?;
    Ok(())
}

/// Writes the answer of an open question; false when somebody was faster.
pub(super) async fn answer(tx: &mut Tx, question: &Question) -> Result<bool> {
    let written = tx
        .sql(
            "UPDATE parts_questions SET state = 'answered', answered_at = $2, answered_by = $3, available = $4, eta = $5, order_ref = $6, note = $7
             WHERE id = $1 AND state = 'open'",
        )
        .bind(question.id)
        .bind(question.answered_at)
        .bind(question.answered_by)
        .bind(question.available)
        .bind(question.eta)
        .bind(question.order_ref.clone())
        .bind(question.note.clone())
        .execute()
        .await?;
    Ok(written == 1)
}

#[derive(Serialize)]
struct Named<'a> {
    id: &'a str,
}

pub(super) async fn list_by_id(tx: &mut Tx, ids: &[String]) -> Result<Vec<Read>> {
    let named: Vec<Named<'_>> = ids.iter().map(|id| Named { id }).collect();
    tx.sql(rows!(
        "SELECT q.*, d.code AS dealership, a.ref AS appointment, a.state AS appointment_state, a.customer_id, c.ref AS customer_ref, v.vin, v.plate,
            v.model_code, v.model_year, s.name AS asker, s.ref AS asker_ref FROM ",
        (id text),
        " JOIN parts_questions q ON q.id = j.id JOIN dealerships d ON d.id = q.dealership_id JOIN appointments a ON a.id = q.appointment_id
            JOIN staff s ON s.id = q.asked_by LEFT JOIN customers c ON c.id = a.customer_id LEFT JOIN vehicles v ON v.id = a.vehicle_id"
    ))
    .bind_rows(&named)
    .all()
    .await
}

/// Those that wait for an answer, the oldest first.
pub(super) async fn list_open(tx: &mut Tx, access: &Access, after: Option<String>, most: i64) -> Result<Vec<Read>> {
    let ids: Vec<(Id<Question>,)> = tx
        .sql(
            "SELECT q.id FROM parts_questions q JOIN appointments a ON a.id = q.appointment_id
             WHERE q.state = 'open' AND a.state <> 'cancelled' AND ($1 IS NULL OR q.dealership_id = $1) AND q.id > $2 ORDER BY q.id LIMIT $3",
        )
        .bind(access.one())
        .bind(after.unwrap_or_default())
        .bind(most)
        .all()
        .await?;
    let ids: Vec<String> = ids.into_iter().map(|(id,)| id.to_string()).collect();
    let mut read = list_by_id(tx, &ids).await?;
    read.sort_by_key(|read| read.question.id);
    Ok(read)
}

/// The questions about a visit after one of them, the oldest first.
pub(super) async fn list_of_visit(
    tx: &mut Tx,
    appointment: Id<Appointment>,
    after: Option<String>,
    most: i64,
) -> Result<Vec<Read>> {
    let ids: Vec<(Id<Question>,)> = tx
        .sql("SELECT id FROM parts_questions WHERE appointment_id = $1 AND id > $2 ORDER BY id LIMIT $3")
        .bind(appointment)
        .bind(after.unwrap_or_default())
        .bind(most)
        .all()
        .await?;
    let ids: Vec<String> = ids.into_iter().map(|(id,)| id.to_string()).collect();
    let mut read = list_by_id(tx, &ids).await?;
    read.sort_by_key(|read| read.question.id);
    Ok(read)
}
