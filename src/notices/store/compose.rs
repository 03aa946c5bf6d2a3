//! What composing reads and writes: due notices with all their letters need, and the messages they become.
//!
//! The reader is read with the notice, in one statement; what it is about is read by its desk ([`crate::notices::readings`]).
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;

use crate::{
    clock::Timestamp,
    customers::Customer,
    db::{Result, Sql, Tx},
    dealerships::Dealership,
    id::Id,
    jobs::Key,
    messages::State,
    notices::{Audience, ChannelName, Class, Notice, SubjectKind, tracks::Tracks},
    rows,
    staff::Staff,
};

/// A notice that fell due, with its reader.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Due {
    pub id: Id<Notice>,
    pub fence: i64,
    pub state: String,
    pub kind: String,
    pub class: Class,
    pub audience: Audience,
    pub subject_type: SubjectKind,
    pub subject_id: String,
    pub subject_revision: i64,
    pub dealership_id: Id<Dealership>,
    pub customer_id: Option<Id<Customer>>,
    pub staff_id: Option<Id<Staff>>,
    pub acted_at: Option<Timestamp>,
    pub raised_at: Timestamp,
    pub useful_until: Option<Timestamp>,
    pub detail: Json<Value>,
    pub tracks: Json<Tracks>,
    pub subject_ref: String,
    pub name: Option<String>,
    pub salutation: Option<String>,
    pub language: Option<String>,
    pub time_zone: Option<String>,
    pub customer_kind: Option<String>,
    /// The reader's wish, where they are a customer.
    pub preferred_channel: Option<ChannelName>,
    /// The reader, where they work here.
    pub staff_name: Option<String>,
    pub staff_email: Option<String>,
    pub staff_wecom: Option<String>,
    pub staff_languages: Option<Json<Vec<String>>>,
}

const CLAIM: Sql = Sql {
    sqlite: "UPDATE notices SET fence = fence + 1, lease_until = $1, alone = $2 WHERE id IN (SELECT id FROM notices
            WHERE state IN ('waiting', 'sending') AND not_before IS NOT NULL AND lease_until IS NULL AND not_before <= $3 AND suspect = $2
            ORDER BY not_before LIMIT $4)
        RETURNING id, fence",
    postgres: "UPDATE notices SET fence = fence + 1, lease_until = $1, alone = $2 WHERE id IN (SELECT id FROM notices
            WHERE state IN ('waiting', 'sending') AND not_before IS NOT NULL AND lease_until IS NULL AND not_before <= $3 AND suspect = $2
            ORDER BY not_before LIMIT $4 FOR UPDATE SKIP LOCKED)
        RETURNING id, fence",
};

/// Takes notices that fell due, with their readers.
pub async fn claim(tx: &mut Tx, suspect: bool, most: i64, now: Timestamp, lease_until: Timestamp) -> Result<Vec<Due>> {
    let taken: Vec<(String, i64)> = tx.sql(CLAIM).bind(lease_until).bind(suspect).bind(now).bind(most).all().await?;
    if taken.is_empty() {
        return Ok(Vec::new());
    }
    with_readers(tx, taken).await
}

/// Takes one notice that this very transaction has raised, to be composed in it.
pub async fn claim_own(tx: &mut Tx, id: Id<Notice>, lease_until: Timestamp) -> Result<Vec<Due>> {
    let taken: Vec<(String, i64)> = tx
        .sql("UPDATE notices SET fence = fence + 1, lease_until = $1 WHERE id = $2 AND state = 'waiting' RETURNING id, fence")
        .bind(lease_until)
        .bind(id)
        .all()
        .await?;
    with_readers(tx, taken).await
}

async fn with_readers(tx: &mut Tx, taken: Vec<(String, i64)>) -> Result<Vec<Due>> {
    let keys: Vec<Key> = taken.into_iter().map(|(id, fence)| Key { id, fence }).collect();
    tx.sql(rows!(
        "SELECT n.id, n.fence, n.state, n.kind, n.class, n.audience, n.subject_type, n.subject_id, n.subject_revision, n.dealership_id, n.customer_id,
            n.staff_id, n.acted_at, n.raised_at, n.useful_until, n.detail, n.tracks, n.subject_ref, c.name, c.salutation, c.language, c.time_zone,
            c.kind AS customer_kind, c.preferred_channel, s.name AS staff_name, s.email AS staff_email, s.wecom_userid AS staff_wecom,
            s.languages AS staff_languages FROM ",
        (id text, fence bigint),
        " JOIN notices n ON n.id = j.id LEFT JOIN customers c ON c.id = n.customer_id LEFT JOIN staff s ON s.id = n.staff_id"
    ))
    .bind_rows(&keys)
    .all()
    .await
}

/// An address that may be used.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Point {
    pub customer_id: Id<Customer>,
    #[sqlx(rename = "type")]
    pub kind: String,
    pub value: String,
    pub label: Option<String>,
}

/// The usable addresses of these notices' customers, in their order.
pub async fn points(tx: &mut Tx, due: &[Due]) -> Result<Vec<Point>> {
    #[derive(Serialize)]
    struct Named {
        id: Id<Customer>,
    }
    let named: Vec<Named> = due.iter().filter_map(|due| due.customer_id).map(|id| Named { id }).collect();
    tx.sql(rows!(
        "SELECT p.customer_id, p.type, p.value, p.label FROM ",
        (id text),
        " JOIN contact_points p ON p.customer_id = j.id WHERE p.removed_at IS NULL AND p.validity IN ('unknown', 'ok') ORDER BY p.position, p.id"
    ))
    .bind_rows(&named)
    .all()
    .await
}

/// The messages that these notices have already become.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Already {
    pub notice_id: Id<Notice>,
    pub track: i64,
    pub step: i64,
    pub state: State,
}

pub async fn already(tx: &mut Tx, due: &[Due]) -> Result<Vec<Already>> {
    let keys: Vec<Key> = due.iter().map(|due| Key { id: due.id.to_string(), fence: due.fence }).collect();
    tx.sql(rows!(
        "SELECT m.notice_id, m.track, m.step, m.state FROM ",
        (id text),
        " JOIN messages m ON m.notice_id = j.id"
    ))
    .bind_rows(&keys)
    .all()
    .await
}

/// A notice after composing.
#[derive(Clone, Debug, Serialize)]
pub struct Composed {
    pub id: Id<Notice>,
    pub fence: i64,
    pub state: &'static str,
    pub reason: Option<String>,
    pub not_before: Option<Timestamp>,
    pub tracks: Tracks,
}

/// Writes composed notices whose claim still holds; answers which, with their fence: an older claim of the same notice may
/// be among them, and what it came to is not written.
pub async fn settle(tx: &mut Tx, composed: &[Composed], now: Timestamp) -> Result<Vec<(Id<Notice>, i64)>> {
    tx
        .sql(rows!(
            "UPDATE notices SET state = j.state, reason = j.reason, not_before = j.not_before, tracks = j.tracks, lease_until = NULL,
                suspect = $3, alone = $3, crashes = 0, updated_at = $2 FROM ",
            (id text, fence bigint, state text, reason text, not_before timestamptz, tracks jsonb),
            " WHERE notices.id = j.id AND notices.fence = j.fence AND notices.state IN ('waiting', 'sending') RETURNING notices.id, notices.fence"
        ))
        .bind_rows(composed)
        .bind(now)
        .bind(false)
        .all()
        .await
}

/// A notice that the look has moved on.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct Looked {
    pub id: Id<Notice>,
    pub dealership_id: Id<Dealership>,
    pub customer_id: Option<Id<Customer>>,
    pub state: String,
    pub reason: Option<String>,
}

/// Composing claims whose lease ended: suspects, claimed alone; the third crash while alone is the notice's end.
pub async fn lose(tx: &mut Tx, now: Timestamp) -> Result<Vec<Looked>> {
    tx.sql(
        "UPDATE notices SET state = CASE WHEN alone AND crashes >= 2 THEN 'failed' ELSE state END,
            reason = CASE WHEN alone AND crashes >= 2 THEN 'ended_its_process' ELSE reason END,
            crashes = crashes + CASE WHEN alone THEN 1 ELSE 0 END, suspect = $1, alone = $2, lease_until = NULL, updated_at = $3
         WHERE lease_until <= $3 AND lease_until IS NOT NULL RETURNING id, dealership_id, customer_id, state, reason",
    )
    .bind(true)
    .bind(false)
    .bind(now)
    .all()
    .await
}

/// Held notices past their use, and what was written for them.
pub async fn expire_held(tx: &mut Tx, now: Timestamp) -> Result<Vec<Looked>> {
    let expired: Vec<Looked> = tx
        .sql(
            "UPDATE notices SET state = 'expired', reason = 'past_use', updated_at = $1 WHERE state = 'held' AND useful_until <= $1
             RETURNING id, dealership_id, customer_id, state, reason",
        )
        .bind(now)
        .all()
        .await?;
    if expired.is_empty() {
        return Ok(expired);
    }
    tx.sql(rows!(
        "UPDATE messages SET state = 'expired', reason = 'past_use', updated_at = $2 WHERE state = 'held' AND notice_id IN (SELECT j.id FROM ",
        (id text),
        ")"
    ))
    .bind_rows(&expired)
    .bind(now)
    .execute()
    .await?;
    Ok(expired)
}

/// Moves the leases of composing claims that still hold.
pub async fn lease(tx: &mut Tx, keys: &[Key], until: Timestamp) -> Result<()> {
    tx.sql(rows!(
        "UPDATE notices SET lease_until = $2 FROM ",
        (id text, fence bigint),
        " WHERE notices.id = j.id AND notices.fence = j.fence AND notices.lease_until IS NOT NULL"
    ))
    .bind_rows(keys)
    .bind(until)
    .execute()
    .await?;
    Ok(())
}

/// Gives composing claims back that nobody began.
pub async fn give_back(tx: &mut Tx, keys: &[Key]) -> Result<()> {
    tx.sql(rows!(
        "UPDATE notices SET lease_until = NULL, alone = $2 FROM ",
        (id text, fence bigint),
        " WHERE notices.id = j.id AND notices.fence = j.fence AND notices.lease_until IS NOT NULL"
    ))
    .bind_rows(keys)
    .bind(false)
    .execute()
    .await?;
    Ok(())
}
