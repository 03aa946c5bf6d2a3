//! The SQL of cases.
use serde::Serialize;

use super::{Case, Source};
use crate::{
    clock::Timestamp,
    customers::Customer,
    db::{Result, Tx},
    dealerships::Dealership,
    http::Access,
    id::{Entity, Id},
    notices::{
        readings::Reading,
        words::{About, case},
    },
    rows,
    staff::Staff,
};

#[derive(Serialize)]
struct One<'a> {
    id: &'a str,
}

fn these(ids: &[String]) -> Vec<One<'_>> {
    ids.iter().map(|id| One { id }).collect()
}

/// Cases by their ids; locked until the unit ends, in the order of their ids.
pub(super) async fn find_and_lock(tx: &mut Tx, ids: &[String]) -> Result<Vec<Case>> {
    tx.sql(rows!(
        "SELECT c.id, c.dealership_id, c.ref, c.source, c.source_id, c.severity, c.reason, c.state, c.revision, c.customer_id, c.vehicle_id,
                c.repair_order, c.advisor_id, c.owner_id, c.words, c.score, c.raised_at, c.acknowledge_by, c.acknowledged_at, c.contact_by,
                c.contacted_at, c.resolve_by, c.resolved_at, c.resolved_by, c.verify_by, c.verified_at, c.verified_by, c.root_cause,
                c.resolution, c.compensation, c.escalation, c.reopened, c.created_at
         FROM ",
        (id text),
        " CROSS JOIN cases AS c WHERE c.id = j.id ORDER BY c.id",
        for_update "c"
    ))
    .bind_rows(&these(ids))
    .all()
    .await
}

/// Inserts or overwrites cases in one statement.
pub(super) async fn save(tx: &mut Tx, cases: &[&Case]) -> Result<()> {
    if cases.is_empty() {
        return Ok(());
    }
    tx.sql(rows!(
        "INSERT INTO cases (id, dealership_id, ref, source, source_id, severity, reason, state, revision, customer_id, vehicle_id, repair_order,
            advisor_id, owner_id, words, score, raised_at, acknowledge_by, acknowledged_at, contact_by, contacted_at, resolve_by, resolved_at,
            resolved_by, verify_by, verified_at, verified_by, root_cause, resolution, compensation, escalation, reopened, created_at)
         SELECT j.id, j.dealership_id, j.ref, j.source, j.source_id, j.severity, j.reason, j.state, j.revision, j.customer_id, j.vehicle_id,
            j.repair_order, j.advisor_id, j.owner_id, j.words, j.score, j.raised_at, j.acknowledge_by, j.acknowledged_at, j.contact_by,
            j.contacted_at, j.resolve_by, j.resolved_at, j.resolved_by, j.verify_by, j.verified_at, j.verified_by, j.root_cause, j.resolution,
            j.compensation, j.escalation, j.reopened, j.created_at FROM ",
        (id text, dealership_id text, ref text, source text, source_id text, severity text, reason text, state text, revision bigint,
         customer_id text, vehicle_id text, repair_order text, advisor_id text, owner_id text, words text, score bigint, raised_at timestamptz,
         acknowledge_by timestamptz, acknowledged_at timestamptz, contact_by timestamptz, contacted_at timestamptz, resolve_by timestamptz,
         resolved_at timestamptz, resolved_by text, verify_by timestamptz, verified_at timestamptz, verified_by text, root_cause text,
         resolution text, compensation text, escalation bigint, reopened bigint, created_at timestamptz),
        " WHERE true
         ON CONFLICT (id) DO UPDATE SET severity = excluded.severity, state = excluded.state, revision = excluded.revision,
            owner_id = excluded.owner_id, words = excluded.words, score = excluded.score, reason = excluded.reason,
            acknowledge_by = excluded.acknowledge_by, acknowledged_at = excluded.acknowledged_at, contact_by = excluded.contact_by,
            contacted_at = excluded.contacted_at, resolve_by = excluded.resolve_by, resolved_at = excluded.resolved_at,
            resolved_by = excluded.resolved_by, verify_by = excluded.verify_by, verified_at = excluded.verified_at,
            verified_by = excluded.verified_by, root_cause = excluded.root_cause, resolution = excluded.resolution,
            compensation = excluded.compensation, escalation = excluded.escalation, reopened = excluded.reopened"
    ))
    .bind_rows(cases)
    .execute()
    .await?;
    Ok(())
}

/// The next number of a dealership.
pub(super) async fn next_number(tx: &mut Tx, dealership: Id<Dealership>) -> Result<i64> {
    let (number,): (i64,) = tx
        .sql(
            "INSERT INTO case_numbers (dealership_id, last) VALUES ($1, 1)
             ON CONFLICT (dealership_id) DO UPDATE SET last = case_numbers.last + 1 RETURNING last",
        )
        .bind(dealership)
        .one()
        .await?;
    Ok(number)
}

/// The id of the case that this was heard in before: from the same source, or open about the same visit.
pub(super) async fn find_heard(
    tx: &mut Tx,
    source: Source,
    source_id: Option<String>,
    customer: Option<Id<Customer>>,
    repair_order: Option<String>,
) -> Result<Option<String>> {
    let found: Option<(String,)> = tx
        .sql(
            "SELECT id FROM (SELECT id, 0 AS rank FROM cases WHERE source = $1 AND source_id = $2
                UNION ALL SELECT id, 1 AS rank FROM cases WHERE customer_id = $3 AND repair_order = $4
                    AND state NOT IN ('resolved', 'verified')) heard ORDER BY rank, id LIMIT 1",
        )
        .bind(source)
        .bind(source_id)
        .bind(customer)
        .bind(repair_order)
        .optional()
        .await?;
    Ok(found.map(|(id,)| id))
}

/// Of these customers, those with an open case.
pub(super) async fn open_for(tx: &mut Tx, customers: &[String]) -> Result<Vec<Id<Customer>>> {
    if customers.is_empty() {
        return Ok(Vec::new());
    }
    let found: Vec<(Id<Customer>,)> = tx
        .sql(rows!(
            "SELECT DISTINCT c.customer_id FROM ",
            (id text),
            " CROSS JOIN cases AS c WHERE c.customer_id = j.id AND c.state NOT IN ('resolved', 'verified')"
        ))
        .bind_rows(&these(customers))
        .all()
        .await?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// Of these customers, those with a case that was settled after `since`.
pub(super) async fn settled_since(tx: &mut Tx, customers: &[String], since: Timestamp) -> Result<Vec<Id<Customer>>> {
    if customers.is_empty() {
        return Ok(Vec::new());
    }
    let found: Vec<(Id<Customer>,)> = tx
        .sql(rows!(
            "SELECT DISTINCT c.customer_id FROM ",
            (id text),
            " CROSS JOIN cases AS c WHERE c.customer_id = j.id AND c.resolved_at > $2"
        ))
        .bind_rows(&these(customers))
        .bind(since)
        .all()
        .await?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// What was said and done.
pub(super) async fn note(
    tx: &mut Tx,
    id: Id<Note>,
    case: Id<Case>,
    actor: &str,
    what: &str,
    note: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    tx.sql("INSERT INTO case_notes (id, case_id, at, actor, what, note) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(id)
        .bind(case)
        .bind(now)
        .bind(actor.to_owned())
        .bind(what.to_owned())
        .bind(note.map(str::to_owned))
        .execute()
        .await?;
    Ok(())
}

/// One line about a case.
#[derive(Debug, Serialize, sqlx::FromRow)]
pub(super) struct Note {
    pub(super) at: Timestamp,
    pub(super) actor: String,
    pub(super) what: String,
    pub(super) note: Option<String>,
}
impl Entity for Note {
    const PREFIX: &'static str = "cno";
}

pub(super) async fn notes(tx: &mut Tx, case: Id<Case>) -> Result<Vec<Note>> {
    tx.sql("SELECT at, actor, what, note FROM case_notes WHERE case_id = $1 ORDER BY id").bind(case).all().await
}

/// A case beside the names of whom it concerns.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Read {
    #[sqlx(flatten)]
    pub(super) case: Case,
    pub(super) dealership: String,
    pub(super) customer: Option<String>,
    pub(super) advisor: Option<String>,
    pub(super) owner: Option<String>,
}

/// Which cases; everything that is absent does not narrow.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    /// Our id, or what people call it.
    pub(super) id: Option<String>,
    pub(super) dealership: Option<String>,
    /// A state's word, or `open` for those that still wait for a solution.
    pub(super) state: Option<String>,
    pub(super) customer: Option<String>,
    pub(super) advisor: Option<String>,
    pub(super) cause: Option<String>,
    pub(super) after: Option<String>,
    pub(super) limit: i64,
}

pub(super) async fn list(tx: &mut Tx, access: &Access, wanted: Wanted) -> Result<Vec<Read>> {
    tx.sql(
        "SELECT c.id, c.dealership_id, c.ref, c.source, c.source_id, c.severity, c.reason, c.state, c.revision, c.customer_id, c.vehicle_id,
                c.repair_order, c.advisor_id, c.owner_id, c.words, c.score, c.raised_at, c.acknowledge_by, c.acknowledged_at, c.contact_by,
                c.contacted_at, c.resolve_by, c.resolved_at, c.resolved_by, c.verify_by, c.verified_at, c.verified_by, c.root_cause,
                c.resolution, c.compensation, c.escalation, c.reopened, c.created_at,
                d.code AS dealership, u.ref AS customer, a.ref AS advisor, o.ref AS owner
         FROM cases c JOIN dealerships d ON d.id = c.dealership_id LEFT JOIN customers u ON u.id = c.customer_id
         LEFT JOIN staff a ON a.id = c.advisor_id LEFT JOIN staff o ON o.id = c.owner_id
         WHERE ($1 IS NULL OR c.dealership_id = $1) AND ($2 IS NULL OR c.id = $2 OR c.ref = $2) AND ($3 IS NULL OR d.code = $3)
            AND ($4 IS NULL OR c.state = $4 OR ($4 = 'open' AND c.state NOT IN ('resolved', 'verified')))
            AND ($5 IS NULL OR u.ref = $5 OR u.id = $5) AND ($6 IS NULL OR a.ref = $6 OR a.id = $6)
            AND ($7 IS NULL OR c.root_cause = $7) AND ($8 IS NULL OR c.id > $8)
         ORDER BY c.id LIMIT $9",
    )
    .bind(access.one())
    .bind(wanted.id)
    .bind(wanted.dealership)
    .bind(wanted.state)
    .bind(wanted.customer)
    .bind(wanted.advisor)
    .bind(wanted.cause)
    .bind(wanted.after)
    .bind(wanted.limit)
    .all()
    .await
}

/// A case on the board.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct OnBoard {
    #[sqlx(flatten)]
    pub(super) case: Case,
    pub(super) customer: Option<String>,
    pub(super) advisor: Option<String>,
    pub(super) owner: Option<String>,
}

/// What is not settled, what must be settled first before the others.
pub(super) async fn board(tx: &mut Tx, dealership: Id<Dealership>, most: i64) -> Result<Vec<OnBoard>> {
    tx.sql(
        "SELECT c.id, c.dealership_id, c.ref, c.source, c.source_id, c.severity, c.reason, c.state, c.revision, c.customer_id, c.vehicle_id,
                c.repair_order, c.advisor_id, c.owner_id, c.words, c.score, c.raised_at, c.acknowledge_by, c.acknowledged_at, c.contact_by,
                c.contacted_at, c.resolve_by, c.resolved_at, c.resolved_by, c.verify_by, c.verified_at, c.verified_by, c.root_cause,
                c.resolution, c.compensation, c.escalation, c.reopened, c.created_at,
                u.name AS customer, a.name AS advisor, o.name AS owner
         FROM cases c LEFT JOIN customers u ON u.id = c.customer_id LEFT JOIN staff a ON a.id = c.advisor_id LEFT JOIN staff o ON o.id = c.owner_id
         WHERE c.dealership_id = $1 AND c.state <> 'verified' ORDER BY c.resolve_by, c.id LIMIT $2",
    )
    .bind(dealership)
    .bind(most)
    .all()
    .await
}

#[derive(sqlx::FromRow)]
struct ForLetters {
    id: String,
    state: String,
    revision: i64,
    contact_by: Timestamp,
    score: Option<i64>,
    words: Option<String>,
    owner: Option<String>,
    advisor: Option<String>,
    plate: Option<String>,
    model_code: Option<String>,
    model_year: Option<i64>,
}

/// Cases as letters about them need them. The customer's letter comes from the owner of the case.
pub(super) async fn for_letters(tx: &mut Tx, ids: &[String]) -> Result<Vec<Reading>> {
    let found: Vec<ForLetters> = tx
        .sql(rows!(
            "SELECT c.id, c.state, c.revision, c.contact_by, c.score, c.words, o.name AS owner, a.name AS advisor, v.plate, v.model_code,
                    v.model_year FROM ",
            (id text),
            " CROSS JOIN cases AS c LEFT JOIN staff AS o ON o.id = c.owner_id LEFT JOIN staff AS a ON a.id = c.advisor_id
             LEFT JOIN vehicles AS v ON v.id = c.vehicle_id WHERE c.id = j.id"
        ))
        .bind_rows(&these(ids))
        .all()
        .await?;
    let reading = |row: ForLetters| Reading {
        subject_id: row.id,
        state: row.state,
        revision: row.revision,
        advisor: row.owner.clone().or(row.advisor),
        plate: row.plate,
        model_code: row.model_code,
        model_year: row.model_year,
        about: Some(About::Case(case::Facts {
            contact_by: Some(row.contact_by),
            score: row.score,
            words: row.words,
            owner: row.owner,
            step: None,
        })),
    };
    Ok(found.into_iter().map(reading).collect())
}

/// The person of a dealership with this `ref` or id.
pub(super) async fn staff(tx: &mut Tx, dealership: Id<Dealership>, name: &str) -> Result<Option<(Id<Staff>, String)>> {
    tx.sql("SELECT id, ref FROM staff WHERE dealership_id = $1 AND (ref = $2 OR id = $2) AND active")
        .bind(dealership)
        .bind(name.to_owned())
        .optional()
        .await
}

/// The customer of a dealership with this `ref` or id.
pub(super) async fn customer(tx: &mut Tx, dealership: Id<Dealership>, name: &str) -> Result<Option<Id<Customer>>> {
    let found: Option<(Id<Customer>,)> = tx
        .sql("SELECT id FROM customers WHERE dealership_id = $1 AND (ref = $2 OR id = $2)")
        .bind(dealership)
        .bind(name.to_owned())
        .optional()
        .await?;
    Ok(found.map(|(id,)| id))
}
