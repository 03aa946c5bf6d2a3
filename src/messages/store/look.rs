//! The look of the post lanes, once a second: leases that ended, answers that never came, messages past their use.
use serde::Serialize;

use crate::{
    clock::Timestamp,
    customers::Customer,
    db::{Result, Tx},
    dealerships::Dealership,
    id::Id,
    messages::{Message, Priority, State},
    notices::{ChannelName, Notice},
    rows,
};

/// A message that has moved on without a worker.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct Moved {
    pub id: Id<Message>,
    pub notice_id: Id<Notice>,
    pub dealership_id: Id<Dealership>,
    pub customer_id: Option<Id<Customer>>,
    pub state: State,
    pub reason: Option<String>,
}

/// Claims whose lease ended after the mark: nobody knows whether they arrived. Their open attempts close as unknown.
pub async fn lose_marked(
    tx: &mut Tx,
    lane: (ChannelName, Priority),
    now: Timestamp,
    wait_until: Timestamp,
) -> Result<Vec<Moved>> {
    let lost: Vec<Moved> = tx
        .sql(
            "UPDATE messages SET state = CASE WHEN resent THEN 'held' ELSE 'unknown' END,
                reason = CASE WHEN resent THEN 'unknown_twice' ELSE 'lease_ended' END, not_before = $1, lease_until = NULL, updated_at = $2
             WHERE state = 'sending' AND lease_until <= $2 AND channel = $3 AND priority = $4 AND handed_over_at IS NOT NULL
             RETURNING id, notice_id, dealership_id, customer_id, state, reason",
        )
        .bind(wait_until)
        .bind(now)
        .bind(lane.0)
        .bind(lane.1)
        .all()
        .await?;
    if !lost.is_empty() {
        tx.sql(rows!(
            "UPDATE attempts SET outcome = 'unknown', reason = 'lease_ended', ended_at = $2 WHERE outcome IS NULL AND message_id IN (SELECT j.id FROM ",
            (id text),
            ")"
        ))
        .bind_rows(&lost)
        .bind(now)
        .execute()
        .await?;
    }
    Ok(lost)
}

/// Claims whose lease ended before the mark: safe to try again, but each may be what ended its process, so they are
/// suspects, claimed alone. A crash counts only while the row was alone; the third one is its end.
pub async fn lose_unmarked(tx: &mut Tx, lane: (ChannelName, Priority), now: Timestamp) -> Result<Vec<Moved>> {
    tx.sql(
        "UPDATE messages SET state = CASE WHEN alone AND crashes >= 2 THEN 'dead' ELSE 'ready' END,
            reason = CASE WHEN alone AND crashes >= 2 THEN 'ended_its_process' ELSE 'lease_ended' END,
            crashes = crashes + CASE WHEN alone THEN 1 ELSE 0 END, suspect = $1, alone = $2, lease_until = NULL, updated_at = $3
         WHERE state = 'sending' AND lease_until <= $3 AND channel = $4 AND priority = $5 AND handed_over_at IS NULL
         RETURNING id, notice_id, dealership_id, customer_id, state, reason",
    )
    .bind(true)
    .bind(false)
    .bind(now)
    .bind(lane.0)
    .bind(lane.1)
    .all()
    .await
}

/// Answers that were waited for long enough: an e-mail is sent once more when that is allowed and still of use; anything
/// else is for a person, or over.
pub async fn give_up_waiting(
    tx: &mut Tx,
    lane: (ChannelName, Priority),
    now: Timestamp,
    may_resend: bool,
) -> Result<Vec<Moved>> {
    tx.sql(
        "UPDATE messages SET state = CASE WHEN useful_until <= $1 THEN 'failed' WHEN $2 AND NOT resent THEN 'ready' ELSE 'held' END,
            reason = CASE WHEN useful_until <= $1 THEN 'unknown_past_use' WHEN $2 AND NOT resent THEN 'resend' ELSE 'unknown_unanswered' END,
            resent = (resent OR ($2 AND NOT coalesce(useful_until <= $1, $3))), updated_at = $1
         WHERE state = 'unknown' AND not_before <= $1 AND channel = $4 AND priority = $5
         RETURNING id, notice_id, dealership_id, customer_id, state, reason",
    )
    .bind(now)
    .bind(may_resend)
    .bind(false)
    .bind(lane.0)
    .bind(lane.1)
    .all()
    .await
}

/// Ready messages past their use: said too late is worse than not said.
pub async fn expire(tx: &mut Tx, lane: (ChannelName, Priority), now: Timestamp) -> Result<Vec<Moved>> {
    tx.sql(
        "UPDATE messages SET state = 'expired', reason = 'past_use', updated_at = $1
         WHERE state = 'ready' AND useful_until <= $1 AND channel = $2 AND priority = $3
         RETURNING id, notice_id, dealership_id, customer_id, state, reason",
    )
    .bind(now)
    .bind(lane.0)
    .bind(lane.1)
    .all()
    .await
}
