//! What people and systems read of notices.
use serde::Serialize;
use sqlx::types::Json;

use crate::{
    clock::Timestamp,
    customers::{
        Customer,
        vehicles::{Vehicle, people::Role},
    },
    db::{Result, Tx},
    http::Access,
    id::Id,
    messages::{self, Message},
    notices::{Audience, ChannelName, Class, Notice, tracks::Tracks},
    rows,
};

/// A notice as it is read.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct Read {
    pub id: Id<Notice>,
    pub dealership: String,
    pub kind: String,
    pub class: Class,
    pub audience: Audience,
    #[serde(skip)]
    pub subject_type: String,
    #[serde(skip)]
    pub subject_id: String,
    #[serde(skip)]
    pub subject_ref: String,
    #[serde(skip)]
    pub subject_revision: i64,
    pub customer: Option<Id<Customer>>,
    /// In which role at which car they are told, in place of the customer of the visit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addressed_as: Option<Role>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vehicle: Option<Id<Vehicle>>,
    #[serde(skip)]
    pub plate: Option<String>,
    pub state: String,
    pub reason: Option<String>,
    pub raised_at: Timestamp,
    pub nominal_at: Timestamp,
    pub not_before: Option<Timestamp>,
    pub useful_until: Option<Timestamp>,
    pub tracks: Json<Tracks>,
    /// The customer's own, where it is known.
    #[serde(skip)]
    pub customer_zone: Option<String>,
    #[serde(skip)]
    pub dealership_zone: String,
}

/// On whose wall clock hours are read, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReadersClock {
    pub time_zone: String,
    /// `customer`: theirs; `dealership`: nobody knows theirs, or they work here.
    pub source: &'static str,
}

impl Read {
    /// The clock by which its quiet hours and its own hours count.
    pub fn clock(&self) -> ReadersClock {
        match self.customer_zone.clone().filter(|_| !self.audience.works_here()) {
            Some(time_zone) => ReadersClock { time_zone, source: "customer" },
            None => ReadersClock { time_zone: self.dealership_zone.clone(), source: "dealership" },
        }
    }
}

/// Which notices; `None` is any.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub id: Option<String>,
    pub state: Option<String>,
    pub kind: Option<String>,
    pub subject: Option<String>,
    pub customer: Option<String>,
    pub after: Option<String>,
    pub limit: i64,
}

/// Notices in the order of their ids. `subject` is our id of the subject or the sender's ref.
pub async fn list(tx: &mut Tx, access: &Access, wanted: Wanted) -> Result<Vec<Read>> {
    tx.sql(
        "SELECT n.id, d.code AS dealership, n.kind, n.class, n.audience, n.subject_type, n.subject_id, n.subject_ref, n.subject_revision,
            n.customer_id AS customer, n.addressed_as, n.vehicle_id AS vehicle, v.plate, n.state, n.reason, n.raised_at, n.nominal_at, n.not_before, n.useful_until, n.tracks,
            c.time_zone AS customer_zone, d.time_zone AS dealership_zone
         FROM notices n JOIN dealerships d ON d.id = n.dealership_id LEFT JOIN customers c ON c.id = n.customer_id
            LEFT JOIN vehicles v ON v.id = n.vehicle_id
         WHERE ($1 IS NULL OR n.dealership_id = $1) AND ($2 IS NULL OR n.id = $2) AND ($3 IS NULL OR n.state = $3) AND ($4 IS NULL OR n.kind = $4)
            AND ($5 IS NULL OR n.subject_id = $5 OR n.subject_ref = $5) AND ($6 IS NULL OR n.customer_id = $6) AND ($7 IS NULL OR n.id > $7)
         ORDER BY n.id LIMIT $8",
    )
    .bind(access.one())
    .bind(wanted.id)
    .bind(wanted.state)
    .bind(wanted.kind)
    .bind(wanted.subject)
    .bind(wanted.customer)
    .bind(wanted.after)
    .bind(wanted.limit)
    .all()
    .await
}

/// What is still to come for a customer, in the order of its time.
pub async fn coming(tx: &mut Tx, access: &Access, customer: Id<Customer>, most: i64) -> Result<Vec<Read>> {
    tx.sql(
        "SELECT n.id, d.code AS dealership, n.kind, n.class, n.audience, n.subject_type, n.subject_id, n.subject_ref, n.subject_revision,
            n.customer_id AS customer, n.addressed_as, n.vehicle_id AS vehicle, v.plate, n.state, n.reason, n.raised_at, n.nominal_at, n.not_before, n.useful_until, n.tracks,
            c.time_zone AS customer_zone, d.time_zone AS dealership_zone
         FROM notices n JOIN dealerships d ON d.id = n.dealership_id LEFT JOIN customers c ON c.id = n.customer_id
            LEFT JOIN vehicles v ON v.id = n.vehicle_id
         WHERE n.customer_id = $1 AND n.state IN ('waiting', 'held') AND ($2 IS NULL OR n.dealership_id = $2)
         ORDER BY n.not_before, n.id LIMIT $3",
    )
    .bind(customer)
    .bind(access.one())
    .bind(most)
    .all()
    .await
}

/// A message as its notice shows it.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct ReadMessage {
    pub id: Id<Message>,
    #[serde(skip)]
    pub notice_id: Id<Notice>,
    pub track: i64,
    pub step: i64,
    pub channel: ChannelName,
    pub state: messages::State,
    pub reason: Option<String>,
}

/// The messages of these notices.
pub async fn messages_of(tx: &mut Tx, notices: &[Id<Notice>]) -> Result<Vec<ReadMessage>> {
    #[derive(Serialize)]
    struct Named {
        id: Id<Notice>,
    }
    let named: Vec<Named> = notices.iter().map(|&id| Named { id }).collect();
    tx.sql(rows!(
        "SELECT m.id, m.notice_id, m.track, m.step, m.channel, m.state, m.reason FROM ",
        (id text),
        " JOIN messages m ON m.notice_id = j.id ORDER BY m.notice_id, m.track, m.step"
    ))
    .bind_rows(&named)
    .all()
    .await
}

/// What is due to be composed: how many rows, at most so many, and since when the oldest.
pub async fn due(tx: &mut Tx, now: Timestamp, most: i64) -> Result<(i64, Option<Timestamp>)> {
    tx.sql(
        "SELECT CAST(count(*) AS BIGINT), min(not_before) FROM (SELECT not_before FROM notices WHERE state IN ('waiting', 'sending')
            AND not_before IS NOT NULL AND lease_until IS NULL AND not_before <= $1 ORDER BY suspect, not_before LIMIT $2) due",
    )
    .bind(now)
    .bind(most)
    .one()
    .await
}
