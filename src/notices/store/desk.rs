//! What a desk's transaction writes: notices raised and withdrawn.
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;

use crate::{
    clock::Timestamp,
    customers::{
        Customer,
        vehicles::{Vehicle, people::Role},
    },
    db::{Result, Tx},
    dealerships::Dealership,
    id::Id,
    intake::Event,
    notices::{Audience, Class, Notice, SubjectKind, tracks::Tracks},
    rows,
    staff::Staff,
};

/// A notice as it is raised.
#[derive(Clone, Debug, Serialize)]
pub struct NewNotice {
    pub id: Id<Notice>,
    pub dealership_id: Id<Dealership>,
    pub kind: String,
    pub class: Class,
    pub audience: Audience,
    pub subject_type: SubjectKind,
    pub subject_id: String,
    pub subject_ref: String,
    pub subject_revision: i64,
    pub customer_id: Option<Id<Customer>>,
    /// In which role at which car that customer is told, in place of the customer of the visit.
    pub addressed_as: Option<Role>,
    pub vehicle_id: Option<Id<Vehicle>>,
    pub visit_customer_id: Option<Id<Customer>>,
    /// The reader, where they work here.
    pub staff_id: Option<Id<Staff>>,
    pub dedupe_key: String,
    pub event_id: Option<Id<Event>>,
    pub raised_at: Timestamp,
    pub acted_at: Option<Timestamp>,
    /// `waiting`, or `skipped` with the reason of a rule.
    pub state: &'static str,
    pub reason: Option<&'static str>,
    pub nominal_at: Timestamp,
    pub not_before: Option<Timestamp>,
    pub useful_until: Option<Timestamp>,
    pub detail: Value,
    pub tracks: Tracks,
}

impl NewNotice {
    /// A rule says that it is never to be said.
    pub fn skip(&mut self, reason: &'static str) {
        if self.state == "waiting" {
            (self.state, self.reason, self.not_before) = ("skipped", Some(reason), None);
        }
    }
    /// Calls it off before it was written: it is written all the same, for the record.
    pub fn call_off(&mut self, reason: &'static str) -> Open {
        (self.state, self.reason, self.not_before) = ("withdrawn", Some(reason), None);
        Open {
            id: self.id,
            kind: self.kind.clone(),
            dealership_id: self.dealership_id,
            customer_id: self.customer_id,
            addressed_as: self.addressed_as,
            visit_customer_id: self.visit_customer_id,
            subject_revision: self.subject_revision,
            detail: Json(self.detail.clone()),
        }
    }
}

/// Raises notices in one statement; one that was raised before is left as it is.
pub async fn raise(tx: &mut Tx, notices: &[NewNotice]) -> Result<()> {
    if notices.is_empty() {
        return Ok(());
    }
    tx.sql(rows!(
        "INSERT INTO notices (id, dealership_id, kind, class, audience, subject_type, subject_id, subject_ref, subject_revision, customer_id,
            addressed_as, vehicle_id, visit_customer_id, staff_id, dedupe_key, event_id, raised_at, acted_at, state, reason, nominal_at, not_before,
            useful_until, detail, tracks, fence, alone, suspect, crashes, updated_at)
         SELECT j.id, j.dealership_id, j.kind, j.class, j.audience, j.subject_type, j.subject_id, j.subject_ref, j.subject_revision, j.customer_id,
            j.addressed_as, j.vehicle_id, j.visit_customer_id, j.staff_id, j.dedupe_key, j.event_id, j.raised_at, j.acted_at, j.state, j.reason, j.nominal_at, j.not_before, j.useful_until, j.detail, j.tracks, 0,
            $2, $2, 0, j.raised_at FROM ",
        (id text, dealership_id text, kind text, class text, audience text, subject_type text, subject_id text, subject_ref text,
         subject_revision bigint, customer_id text, addressed_as text, vehicle_id text, visit_customer_id text, staff_id text, dedupe_key text, event_id text, raised_at timestamptz, acted_at timestamptz, state text,
         reason text, nominal_at timestamptz, not_before timestamptz, useful_until timestamptz, detail jsonb, tracks jsonb),
        " WHERE true ON CONFLICT (dedupe_key) DO NOTHING"
    ))
    .bind_rows(notices)
    .bind(false)
    .execute()
    .await?;
    Ok(())
}

/// An open notice about a subject.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct Open {
    pub id: Id<Notice>,
    pub kind: String,
    pub dealership_id: Id<Dealership>,
    pub customer_id: Option<Id<Customer>>,
    pub addressed_as: Option<Role>,
    pub visit_customer_id: Option<Id<Customer>>,
    pub subject_revision: i64,
    pub detail: Json<Value>,
}

impl Open {
    /// Whose visit it is, whoever is told of it.
    pub fn visitor(&self) -> Option<Id<Customer>> {
        if self.addressed_as.is_some() { self.visit_customer_id } else { self.customer_id }
    }
}

/// The open notices about a subject.
pub async fn open_about(tx: &mut Tx, subject_id: &str) -> Result<Vec<Open>> {
    tx.sql("SELECT id, kind, dealership_id, customer_id, addressed_as, visit_customer_id, subject_revision, detail FROM notices WHERE subject_id = $1 AND state IN ('waiting', 'held', 'sending')")
        .bind(subject_id.to_owned())
        .all()
        .await
}

/// What an event leaves open is from now on about this revision of its subject, and for this reader; who is told in a role at the
/// car keeps it.
pub async fn follow(tx: &mut Tx, notices: &[Open], revision: i64, reader: Option<Id<Customer>>) -> Result<()> {
    tx.sql(rows!(
        "UPDATE notices SET subject_revision = $2, customer_id = CASE WHEN addressed_as IS NULL THEN $3 ELSE customer_id END,
            visit_customer_id = CASE WHEN addressed_as IS NULL THEN visit_customer_id ELSE $3 END WHERE id IN (SELECT j.id FROM ",
        (id text),
        ")"
    ))
        .bind_rows(notices)
        .bind(revision)
        .bind(reader)
        .execute()
        .await?;
    Ok(())
}

/// Calls off what was not handed over; answers the notices of which nothing was, and that are now withdrawn.
///
/// A message that was handed over stays, and its notice with it: a correction follows it. One whose answer was lost is
/// not sent again.
pub async fn withdraw(tx: &mut Tx, notices: &[Open], reason: &'static str, now: Timestamp) -> Result<Vec<Id<Notice>>> {
    tx.sql(rows!(
        "UPDATE messages SET state = 'cancelled', reason = $2, fence = fence + 1, lease_until = NULL, updated_at = $3
         WHERE (state IN ('ready', 'held') OR (state = 'sending' AND handed_over_at IS NULL)) AND notice_id IN (SELECT j.id FROM ",
        (id text),
        ")"
    ))
    .bind_rows(notices)
    .bind(reason)
    .bind(now)
    .execute()
    .await?;
    tx.sql(rows!(
        "UPDATE messages SET useful_until = $2 WHERE state IN ('unknown', 'sending') AND notice_id IN (SELECT j.id FROM ",
        (id text),
        ")"
    ))
    .bind_rows(notices)
    .bind(now)
    .execute()
    .await?;
    let gone: Vec<(Id<Notice>,)> = tx
        .sql(rows!(
            "UPDATE notices SET state = 'withdrawn', reason = $2, not_before = NULL, fence = fence + 1, lease_until = NULL, updated_at = $3
             WHERE id IN (SELECT j.id FROM ",
            (id text),
            ") AND NOT EXISTS (SELECT 1 FROM messages m JOIN attempts a ON a.message_id = m.id
                WHERE m.notice_id = notices.id AND (a.outcome IS NULL OR a.outcome NOT IN ('refused', 'later', 'not_sent')))
             RETURNING id"
        ))
        .bind_rows(notices)
        .bind(reason)
        .bind(now)
        .all()
        .await?;
    Ok(gone.into_iter().map(|(id,)| id).collect())
}

/// Of notices that something was handed over for, no further channel is tried.
pub async fn stop_tracks(tx: &mut Tx, notices: &[Open], now: Timestamp) -> Result<()> {
    tx.sql(rows!(
        "UPDATE notices SET not_before = NULL, reason = 'superseded', fence = fence + 1, lease_until = NULL, updated_at = $2
         WHERE state = 'sending' AND id IN (SELECT j.id FROM ",
        (id text),
        ")"
    ))
    .bind_rows(notices)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

/// A notice that waits, to somebody in a role at a car.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct InRole {
    pub id: Id<Notice>,
    pub dealership_id: Id<Dealership>,
    pub addressed_as: Role,
    pub vehicle_id: Id<Vehicle>,
    pub visit_customer_id: Option<Id<Customer>>,
}

/// What waits to be said to somebody in a role at a car, as long as nothing of it was written.
pub async fn waiting_in_role(tx: &mut Tx, customer: Id<Customer>) -> Result<Vec<InRole>> {
    tx.sql(
        "SELECT id, dealership_id, addressed_as, vehicle_id, visit_customer_id FROM notices
         WHERE customer_id = $1 AND addressed_as IS NOT NULL AND state IN ('waiting', 'held') AND vehicle_id IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.notice_id = notices.id) ORDER BY id",
    )
    .bind(customer)
    .all()
    .await
}

/// Somebody else is told; whoever composes it just now finds that it was taken from them.
pub async fn readdress(tx: &mut Tx, id: Id<Notice>, to: Option<Id<Customer>>, role: Option<Role>) -> Result<()> {
    tx.sql(
        "UPDATE notices SET customer_id = $2, addressed_as = $3, fence = fence + 1, lease_until = NULL WHERE id = $1",
    )
    .bind(id)
    .bind(to)
    .bind(role)
    .execute()
    .await
    .map(drop)
}
