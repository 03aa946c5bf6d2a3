//! What the post lanes write: claim, mark, record.
use std::sync::Arc;

use serde::Serialize;
use sqlx::types::Json;

use crate::messages::{Attempt, Envelope, Message, Priority, State};
use crate::{
    clock::Timestamp,
    customers::{Customer, consent::Standings},
    db::{Result, Sql, Tx},
    dealerships::Dealership,
    id::Id,
    jobs::Key,
    notices::{ChannelName, Notice},
    rows,
};

/// A claimed message with its text.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Claimed {
    pub id: Id<Message>,
    pub notice_id: Id<Notice>,
    pub dealership_id: Id<Dealership>,
    pub customer_id: Option<Id<Customer>>,
    pub fence: i64,
    pub channel: ChannelName,
    pub to_address: String,
    pub tries: i64,
    pub resent: bool,
    pub created_at: Timestamp,
    pub envelope: Json<Envelope>,
    pub subject: Option<String>,
    pub body: String,
    pub html: Option<String>,
    pub invite: Option<String>,
    pub invite_method: Option<String>,
    /// What the record knew of its reader when it was claimed.
    #[sqlx(skip)]
    pub standings: Arc<Standings>,
}

/// Which rows a lane may take.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    pub channel: ChannelName,
    pub priority: Priority,
    /// Rows whose earlier claim ended without an answer.
    pub suspect: bool,
    pub most: i64,
    pub now: Timestamp,
    pub lease_until: Timestamp,
}

const CLAIM: Sql = Sql {
    sqlite: "UPDATE messages SET state = 'sending', fence = fence + 1, lease_until = $1, alone = $2, handed_over_at = NULL, updated_at = $3
        WHERE id IN (SELECT id FROM messages WHERE state = 'ready' AND channel = $4 AND priority = $5 AND suspect = $2 AND not_before <= $3
            AND (useful_until IS NULL OR useful_until > $3) ORDER BY not_before LIMIT $6)
        RETURNING id, fence",
    postgres: "UPDATE messages SET state = 'sending', fence = fence + 1, lease_until = $1, alone = $2, handed_over_at = NULL, updated_at = $3
        WHERE id IN (SELECT id FROM messages WHERE state = 'ready' AND channel = $4 AND priority = $5 AND suspect = $2 AND not_before <= $3
            AND (useful_until IS NULL OR useful_until > $3) ORDER BY not_before LIMIT $6 FOR UPDATE SKIP LOCKED)
        RETURNING id, fence",
};

/// Takes due messages; the ones due longest first.
pub async fn claim(tx: &mut Tx, claim: Claim) -> Result<Vec<Claimed>> {
    let taken: Vec<(String, i64)> = tx
        .sql(CLAIM)
        .bind(claim.lease_until)
        .bind(claim.suspect)
        .bind(claim.now)
        .bind(claim.channel)
        .bind(claim.priority)
        .bind(claim.most)
        .all()
        .await?;
    if taken.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Key> = taken.into_iter().map(|(id, fence)| Key { id, fence }).collect();
    tx.sql(rows!(
        "SELECT m.id, m.notice_id, m.dealership_id, m.customer_id, m.fence, m.channel, m.to_address, m.tries, m.resent, m.created_at,
            t.envelope, t.subject, t.body, t.html, t.invite, t.invite_method FROM ",
        (id text, fence bigint),
        " JOIN messages m ON m.id = j.id JOIN message_texts t ON t.message_id = j.id"
    ))
    .bind_rows(&ids)
    .all()
    .await
}

/// A wish to hand a claimed message over.
#[derive(Clone, Debug, Serialize)]
pub struct Mark {
    pub id: String,
    pub fence: i64,
    pub attempt: Id<Attempt>,
    pub started_at: Timestamp,
}

/// An attempt as its mark opens it.
#[derive(Serialize)]
struct Opened<'a> {
    id: Id<Attempt>,
    message_id: &'a str,
    n: i64,
    started_at: Timestamp,
}

/// Commits "handing over" for those whose claim still holds; answers their ids with the number of the attempt.
pub async fn mark(tx: &mut Tx, marks: &[Mark], now: Timestamp) -> Result<Vec<(String, i64)>> {
    let made: Vec<(String, i64)> = tx
        .sql(rows!(
            "UPDATE messages SET handed_over_at = $2, attempts = attempts + 1 FROM ",
            (id text, fence bigint),
            " WHERE messages.id = j.id AND messages.fence = j.fence AND messages.state = 'sending' AND messages.lease_until > $2
                AND messages.handed_over_at IS NULL RETURNING messages.id, messages.attempts"
        ))
        .bind_rows(marks)
        .bind(now)
        .all()
        .await?;
    let opened: Vec<Opened<'_>> = marks
        .iter()
        .filter_map(|mark| {
            let (_, n) = made.iter().find(|(id, _)| *id == mark.id)?;
            Some(Opened { id: mark.attempt, message_id: &mark.id, n: *n, started_at: mark.started_at })
        })
        .collect();
    if !opened.is_empty() {
        tx.sql(rows!(
            "INSERT INTO attempts (id, message_id, n, phase, started_at) SELECT j.id, j.message_id, j.n, 'handing_over', j.started_at FROM ",
            (id text, message_id text, n bigint, started_at timestamptz),
            ""
        ))
        .bind_rows(&opened)
        .execute()
        .await?;
    }
    Ok(made)
}

/// How a claimed message goes on: its new state, and the attempt if there was one.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    pub id: Id<Message>,
    pub fence: i64,
    pub state: State,
    pub reason: Option<&'static str>,
    pub not_before: Option<Timestamp>,
    pub tries: i64,
    pub provider_ref: Option<String>,
    pub accepted_at: Option<Timestamp>,
    /// 1 when an attempt was made that no mark has counted.
    pub uncounted: i64,
    /// False when it waits for its hour or its turn: whether it ends its process is then known as little as before.
    pub tried: bool,
}

/// Writes the states of those whose fence still holds; answers their ids and fences with the number of their last
/// attempt.
pub async fn settle(tx: &mut Tx, outcomes: &[Outcome], now: Timestamp) -> Result<Vec<(Id<Message>, i64, i64)>> {
    tx.sql(rows!(
        "UPDATE messages SET state = j.state, reason = j.reason, not_before = COALESCE(j.not_before, messages.not_before), tries = j.tries,
            provider_ref = COALESCE(j.provider_ref, messages.provider_ref), accepted_at = j.accepted_at, attempts = attempts + j.uncounted,
            lease_until = NULL, suspect = CASE WHEN j.tried THEN $3 ELSE messages.suspect END, alone = $3,
            crashes = CASE WHEN j.tried THEN 0 ELSE messages.crashes END, updated_at = $2 FROM ",
        (id text, fence bigint, state text, reason text, not_before timestamptz, tries bigint, provider_ref text, accepted_at timestamptz,
         uncounted bigint, tried boolean),
        " WHERE messages.id = j.id AND messages.fence = j.fence AND messages.state = 'sending' RETURNING messages.id, messages.fence, messages.attempts"
    ))
    .bind_rows(outcomes)
    .bind(now)
    .bind(false)
    .all()
    .await
}

/// The end of an attempt, for the record.
#[derive(Clone, Debug, Serialize)]
pub struct Closed {
    pub id: Id<Attempt>,
    pub message_id: Id<Message>,
    pub n: i64,
    pub phase: crate::channels::Phase,
    pub outcome: &'static str,
    pub reason: &'static str,
    pub code: Option<String>,
    pub reply: Option<String>,
    pub provider_ref: Option<String>,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
}

/// Closes attempts that a mark opened and adds those that ended before one. An attempt that was closed stays as it is,
/// except that a late answer takes the place of `unknown`.
pub async fn close_attempts(tx: &mut Tx, closed: &[Closed]) -> Result<()> {
    if closed.is_empty() {
        return Ok(());
    }
    tx.sql(rows!(
        "INSERT INTO attempts (id, message_id, n, phase, outcome, reason, code, reply, provider_ref, started_at, ended_at)
         SELECT j.id, j.message_id, j.n, j.phase, j.outcome, j.reason, j.code,
            CASE WHEN EXISTS (SELECT 1 FROM messages m WHERE m.id = j.message_id AND m.to_address = '') THEN NULL ELSE j.reply END,
            j.provider_ref, j.started_at, j.ended_at FROM ",
        (id text, message_id text, n bigint, phase text, outcome text, reason text, code text, reply text, provider_ref text,
         started_at timestamptz, ended_at timestamptz),
        " WHERE true ON CONFLICT (message_id, n) DO UPDATE SET phase = excluded.phase, outcome = excluded.outcome, reason = excluded.reason,
            code = excluded.code, reply = excluded.reply, provider_ref = excluded.provider_ref, ended_at = excluded.ended_at
          WHERE attempts.outcome IS NULL OR attempts.outcome = 'unknown'"
    ))
    .bind_rows(closed)
    .execute()
    .await?;
    Ok(())
}

/// A late answer folds into a message that was given up as unknown: accepted, or refused for good. One that is being sent
/// again is left alone, its own answer counts.
pub async fn fold_late(tx: &mut Tx, late: &[Outcome], now: Timestamp) -> Result<Vec<Id<Message>>> {
    let folded: Vec<(Id<Message>,)> = tx
        .sql(rows!(
            "UPDATE messages SET state = j.state, reason = 'late_answer', provider_ref = j.provider_ref, accepted_at = j.accepted_at, updated_at = $2 FROM ",
            (id text, state text, provider_ref text, accepted_at timestamptz),
            " WHERE messages.id = j.id AND (messages.state IN ('unknown', 'held') OR (messages.state = 'ready' AND messages.resent))
                RETURNING messages.id"
        ))
        .bind_rows(late)
        .bind(now)
        .all()
        .await?;
    Ok(folded.into_iter().map(|(id,)| id).collect())
}

/// Moves the leases of claims that still hold.
pub async fn lease(tx: &mut Tx, keys: &[Key], until: Timestamp) -> Result<()> {
    tx.sql(rows!(
        "UPDATE messages SET lease_until = $2 FROM ",
        (id text, fence bigint),
        " WHERE messages.id = j.id AND messages.fence = j.fence AND messages.state = 'sending'"
    ))
    .bind_rows(keys)
    .bind(until)
    .execute()
    .await?;
    Ok(())
}

/// Puts back claimed messages that nobody began.
pub async fn give_back(tx: &mut Tx, keys: &[Key]) -> Result<()> {
    tx.sql(rows!(
        "UPDATE messages SET state = 'ready', lease_until = NULL, alone = $2 FROM ",
        (id text, fence bigint),
        " WHERE messages.id = j.id AND messages.fence = j.fence AND messages.state = 'sending' AND messages.handed_over_at IS NULL"
    ))
    .bind_rows(keys)
    .bind(false)
    .execute()
    .await?;
    Ok(())
}
