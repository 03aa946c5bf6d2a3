//! What the ends of messages come to for their notices.
use serde::Serialize;
use sqlx::types::Json;

use crate::{
    clock::Timestamp,
    customers::Customer,
    db::{Result, Tx},
    dealerships::Dealership,
    id::Id,
    messages::State,
    notices::{Notice, tracks::Tracks},
    rows,
};

#[derive(Serialize)]
struct Named {
    id: Id<Notice>,
}

/// One message of a notice that is being sent or held; a notice has as many rows as messages.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Sent {
    pub id: Id<Notice>,
    pub dealership_id: Id<Dealership>,
    pub customer_id: Option<Id<Customer>>,
    pub kind: String,
    pub tracks: Json<Tracks>,
    pub notice_state: String,
    pub notice_reason: Option<String>,
    pub track: i64,
    pub step: i64,
    pub state: State,
}

/// Keeps these notices as they are until the unit ends. Two answers in the same moment would each see the other's message
/// still on its way, and nobody would end their notice; a lock in the statement that reads would come after its snapshot.
pub async fn lock(tx: &mut Tx, ids: &[Id<Notice>]) -> Result<()> {
    let named: Vec<Named> = ids.iter().map(|&id| Named { id }).collect();
    tx.sql(rows!("SELECT n.id FROM ", (id text), " JOIN notices n ON n.id = j.id ORDER BY n.id", for_update "n"))
        .bind_rows(&named)
        .execute()
        .await?;
    Ok(())
}

/// The notices of these ids that are being sent or held, with the states of their messages.
pub async fn being_sent(tx: &mut Tx, ids: &[Id<Notice>]) -> Result<Vec<Sent>> {
    let named: Vec<Named> = ids.iter().map(|&id| Named { id }).collect();
    tx.sql(rows!(
        "SELECT n.id, n.dealership_id, n.customer_id, n.kind, n.tracks, n.state AS notice_state, n.reason AS notice_reason, m.track, m.step, m.state FROM ",
        (id text),
        " JOIN notices n ON n.id = j.id JOIN messages m ON m.notice_id = n.id WHERE n.state IN ('sending', 'held') ORDER BY n.id"
    ))
    .bind_rows(&named)
    .all()
    .await
}

/// Where a notice goes.
#[derive(Clone, Debug, Serialize)]
pub struct Moved {
    pub id: Id<Notice>,
    pub state: &'static str,
    pub reason: Option<String>,
    pub not_before: Option<Timestamp>,
}

/// Writes the states of notices that are being sent or held.
pub async fn go_on(tx: &mut Tx, moved: &[Moved], now: Timestamp) -> Result<()> {
    if moved.is_empty() {
        return Ok(());
    }
    tx.sql(rows!(
        "UPDATE notices SET state = j.state, reason = j.reason, not_before = j.not_before, updated_at = $2 FROM ",
        (id text, state text, reason text, not_before timestamptz),
        " WHERE notices.id = j.id AND notices.state IN ('sending', 'held')"
    ))
    .bind_rows(moved)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

/// A notice goes back to being sent, because one of its messages was taken up again.
pub async fn reopen(tx: &mut Tx, id: Id<Notice>, now: Timestamp) -> Result<()> {
    tx.sql("UPDATE notices SET state = 'sending', reason = 'by_hand', updated_at = $1 WHERE id = $2 AND state IN ('failed', 'held', 'done')")
        .bind(now)
        .bind(id)
        .execute()
        .await?;
    Ok(())
}

/// A notice that was done is being sent again, because a message of it came back; so is one of which the last message that was
/// thought well of came back too. What was overtaken by events stays done, and where a person calls already nothing changes.
pub async fn undo(tx: &mut Tx, id: Id<Notice>, now: Timestamp) -> Result<()> {
    tx.sql(
        "UPDATE notices SET state = 'sending', reason = NULL, updated_at = $1
         WHERE id = $2 AND (state = 'done' AND reason IS NULL OR state = 'failed' AND reason = 'track_ran_out')",
    )
    .bind(now)
    .bind(id)
    .execute()
    .await?;
    Ok(())
}
