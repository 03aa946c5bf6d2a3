//! What a message was about, for what comes back: answers, reports, opt-outs.
use serde::Serialize;
use sqlx::types::Json;

use crate::{
    clock::Timestamp,
    customers::Customer,
    db::{Result, Tx},
    dealerships::Dealership,
    id::Id,
    messages::{Message, State, store::Moved},
    notices::{ChannelName, Notice, SubjectKind, tracks::Tracks},
    rows,
};

/// A message with its notice's subject.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct About {
    pub id: Id<Message>,
    pub notice_id: Id<Notice>,
    pub dealership_id: Id<Dealership>,
    pub customer_id: Option<Id<Customer>>,
    pub channel: ChannelName,
    pub state: State,
    pub to_address: String,
    pub subject_type: SubjectKind,
    pub subject_id: String,
}

#[derive(Serialize)]
struct Named {
    id: Id<Message>,
}

/// The messages of these ids that are there.
pub async fn about(tx: &mut Tx, ids: &[Id<Message>]) -> Result<Vec<About>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Named> = ids.iter().map(|id| Named { id: *id }).collect();
    tx.sql(rows!(
        "SELECT m.id, m.notice_id, m.dealership_id, m.customer_id, m.channel, m.state, m.to_address, n.subject_type, n.subject_id FROM ",
        (id text),
        " JOIN messages m ON m.id = j.id JOIN notices n ON n.id = m.notice_id"
    ))
    .bind_rows(&ids)
    .all()
    .await
}

/// Who wrote about a subject, and what its sender calls it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Written {
    pub dealership_id: Id<Dealership>,
    pub subject_ref: String,
}

/// Whether somebody of ours wrote to this address about this subject.
pub async fn written_to(tx: &mut Tx, subject_id: &str, address: &str) -> Result<Option<Written>> {
    tx.sql(
        "SELECT m.dealership_id, n.subject_ref FROM notices n JOIN messages m ON m.notice_id = n.id
         WHERE n.subject_id = $1 AND m.channel = 'email' AND lower(m.to_address) = lower($2) AND m.state IN ('accepted', 'delivered', 'unknown')
         LIMIT 1",
    )
    .bind(subject_id.to_owned())
    .bind(address.to_owned())
    .optional()
    .await
}

/// The provider took it after all: its answer had been lost.
pub async fn take_late(tx: &mut Tx, id: Id<Message>, now: Timestamp) -> Result<Option<Moved>> {
    tx.sql(
        "UPDATE messages SET state = 'accepted', reason = 'late_answer', accepted_at = $1, updated_at = $1
         WHERE id = $2 AND (state = 'unknown' OR (state = 'held' AND reason IN ('unknown_twice', 'unknown_unanswered', 'restored_unknown')))
         RETURNING id, notice_id, dealership_id, customer_id, state, reason",
    )
    .bind(now)
    .bind(id)
    .optional()
    .await
}

/// The reader has it.
pub async fn deliver(tx: &mut Tx, id: Id<Message>, now: Timestamp) -> Result<Option<Moved>> {
    tx.sql(
        "UPDATE messages SET state = 'delivered', reason = NULL, accepted_at = COALESCE(accepted_at, $1), updated_at = $1
         WHERE id = $2 AND (state IN ('accepted', 'unknown', 'undelivered') OR (state = 'held' AND reason IN ('unknown_twice', 'unknown_unanswered', 'restored_unknown')))
         RETURNING id, notice_id, dealership_id, customer_id, state, reason",
    )
    .bind(now)
    .bind(id)
    .optional()
    .await
}

/// Where a message stands in its notice's tracks.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Place {
    pub id: Id<Message>,
    pub channel: ChannelName,
    pub state: State,
    pub track: i64,
    pub step: i64,
    pub tracks: Json<Tracks>,
}

pub async fn places(tx: &mut Tx, ids: &[Id<Message>]) -> Result<Vec<Place>> {
    #[derive(Serialize)]
    struct Named {
        id: Id<Message>,
    }
    let named: Vec<Named> = ids.iter().map(|&id| Named { id }).collect();
    tx.sql(rows!(
        "SELECT m.id, m.channel, m.state, m.track, m.step, n.tracks FROM ",
        (id text),
        " JOIN messages m ON m.id = j.id JOIN notices n ON n.id = m.notice_id"
    ))
    .bind_rows(&named)
    .all()
    .await
}

/// The provider could not deliver what it had taken. Never a step back: what was delivered stays so.
pub async fn undeliver(tx: &mut Tx, id: Id<Message>, reason: &'static str, now: Timestamp) -> Result<Option<Moved>> {
    tx.sql(
        "UPDATE messages SET state = 'undelivered', reason = $1, updated_at = $2
         WHERE id = $3 AND state IN ('accepted', 'unknown')
         RETURNING id, notice_id, dealership_id, customer_id, state, reason",
    )
    .bind(reason)
    .bind(now)
    .bind(id)
    .optional()
    .await
}
