//! What people and systems read of messages.
use serde::Serialize;

use crate::{
    clock::Timestamp,
    customers::{
        Customer,
        vehicles::{Vehicle, people::Role},
    },
    db::{Result, Tx},
    dealerships::Dealership,
    http::Access,
    id::Id,
    messages::{Attempt, Message, Priority, State},
    notices::{ChannelName, Locale, Notice},
    rows,
};

/// A message as it is read, its text beside it.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct Read {
    pub id: Id<Message>,
    pub dealership: String,
    pub notice: Id<Notice>,
    pub kind: String,
    #[serde(skip)]
    pub subject_type: String,
    #[serde(skip)]
    pub subject_ref: String,
    #[serde(skip)]
    pub subject_revision: i64,
    pub customer: Option<Id<Customer>>,
    /// In which role at which car they were told, in place of the customer of the visit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addressed_as: Option<Role>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vehicle: Option<Id<Vehicle>>,
    #[serde(skip)]
    pub plate: Option<String>,
    pub channel: ChannelName,
    pub priority: Priority,
    pub to: String,
    pub locale: Locale,
    pub template_version: String,
    pub state: State,
    pub reason: Option<String>,
    pub resent: bool,
    pub not_before: Timestamp,
    pub useful_until: Option<Timestamp>,
    pub provider_ref: Option<String>,
    pub created_at: Timestamp,
    pub accepted_at: Option<Timestamp>,
    #[serde(rename = "subject_line")]
    pub title: Option<String>,
    pub text: String,
    pub html: Option<String>,
    pub invite: Option<String>,
}

/// One hand-over as it is read.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct ReadAttempt {
    pub id: Id<Attempt>,
    #[serde(skip)]
    pub message_id: Id<Message>,
    pub n: i64,
    pub phase: String,
    /// None while the answer is awaited.
    pub outcome: Option<String>,
    pub reason: Option<String>,
    pub code: Option<String>,
    pub reply: Option<String>,
    pub provider_ref: Option<String>,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

/// Which messages; `None` is any.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub id: Option<String>,
    pub state: Option<String>,
    pub channel: Option<String>,
    pub kind: Option<String>,
    pub notice: Option<String>,
    pub customer: Option<String>,
    pub after: Option<String>,
    pub limit: i64,
}

/// Messages in the order of their ids.
pub async fn list(tx: &mut Tx, access: &Access, wanted: Wanted) -> Result<Vec<Read>> {
    tx.sql(
        "SELECT m.id, d.code AS dealership, m.notice_id AS notice, n.kind, n.subject_type, n.subject_ref, n.subject_revision, m.customer_id AS customer,
            n.addressed_as, n.vehicle_id AS vehicle, v.plate, m.channel, m.priority, m.to_address AS \"to\", m.locale, m.template_version, m.state, m.reason, m.resent, m.not_before, m.useful_until,
            m.provider_ref, m.created_at, m.accepted_at, t.subject AS title, t.body AS text, t.html, t.invite
         FROM messages m JOIN message_texts t ON t.message_id = m.id JOIN notices n ON n.id = m.notice_id JOIN dealerships d ON d.id = m.dealership_id
            LEFT JOIN vehicles v ON v.id = n.vehicle_id
         WHERE ($1 IS NULL OR m.dealership_id = $1) AND ($2 IS NULL OR m.id = $2) AND ($3 IS NULL OR m.state = $3) AND ($4 IS NULL OR m.channel = $4)
            AND ($5 IS NULL OR n.kind = $5) AND ($6 IS NULL OR m.notice_id = $6) AND ($7 IS NULL OR m.customer_id = $7) AND ($8 IS NULL OR m.id > $8)
         ORDER BY m.id LIMIT $9",
    )
    .bind(access.one())
    .bind(wanted.id)
    .bind(wanted.state)
    .bind(wanted.channel)
    .bind(wanted.kind)
    .bind(wanted.notice)
    .bind(wanted.customer)
    .bind(wanted.after)
    .bind(wanted.limit)
    .all()
    .await
}

/// A customer's messages, the newest first.
pub async fn latest_of(tx: &mut Tx, access: &Access, customer: Id<Customer>, most: i64) -> Result<Vec<Read>> {
    tx.sql(
        "SELECT m.id, d.code AS dealership, m.notice_id AS notice, n.kind, n.subject_type, n.subject_ref, n.subject_revision, m.customer_id AS customer,
            n.addressed_as, n.vehicle_id AS vehicle, v.plate, m.channel, m.priority, m.to_address AS \"to\", m.locale, m.template_version, m.state, m.reason, m.resent, m.not_before, m.useful_until,
            m.provider_ref, m.created_at, m.accepted_at, t.subject AS title, t.body AS text, t.html, t.invite
         FROM messages m JOIN message_texts t ON t.message_id = m.id JOIN notices n ON n.id = m.notice_id JOIN dealerships d ON d.id = m.dealership_id
            LEFT JOIN vehicles v ON v.id = n.vehicle_id
         WHERE m.customer_id = $1 AND ($2 IS NULL OR m.dealership_id = $2) ORDER BY m.id DESC LIMIT $3",
    )
    .bind(customer)
    .bind(access.one())
    .bind(most)
    .all()
    .await
}

/// The attempts of these messages, each message's in order.
pub async fn attempts(tx: &mut Tx, messages: &[Id<Message>]) -> Result<Vec<ReadAttempt>> {
    #[derive(Serialize)]
    struct Named {
        id: Id<Message>,
    }
    let named: Vec<Named> = messages.iter().map(|&id| Named { id }).collect();
    tx.sql(rows!(
        "SELECT a.id, a.message_id, a.n, a.phase, a.outcome, a.reason, a.code, a.reply, a.provider_ref, a.started_at, a.ended_at FROM ",
        (id text),
        " JOIN attempts a ON a.message_id = j.id ORDER BY a.message_id, a.n"
    ))
    .bind_rows(&named)
    .all()
    .await
}

/// What is due in a post lane: how many rows, at most `most`, and since when the oldest.
pub async fn due(
    tx: &mut Tx,
    lane: (ChannelName, Priority),
    now: Timestamp,
    most: i64,
) -> Result<(i64, Option<Timestamp>)> {
    tx.sql(
        "SELECT CAST(count(*) AS BIGINT), min(not_before) FROM (SELECT not_before FROM messages
            WHERE state = 'ready' AND channel = $1 AND priority = $2 AND not_before <= $3 ORDER BY suspect, not_before LIMIT $4) due",
    )
    .bind(lane.0)
    .bind(lane.1)
    .bind(now)
    .bind(most)
    .one()
    .await
}

/// How many messages stand in each state that a person looks after, per channel.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct Standing {
    pub channel: ChannelName,
    pub state: State,
    pub reason: Option<String>,
    pub rows: i64,
}

pub async fn outbox(tx: &mut Tx, dealership: Option<Id<Dealership>>) -> Result<Vec<Standing>> {
    tx.sql(
        "SELECT channel, state, reason, CAST(count(*) AS BIGINT) AS rows FROM messages
         WHERE state IN ('ready', 'sending', 'unknown', 'held', 'failed', 'dead', 'undelivered') AND ($1 IS NULL OR dealership_id = $1)
         GROUP BY channel, state, reason ORDER BY channel, state, reason",
    )
    .bind(dealership)
    .all()
    .await
}
