//! What a person may do to a message: try again, call off, hold, let go.
use crate::{
    clock::Timestamp,
    db::{Result, Tx},
    http::Access,
    id::Id,
    messages::{Message, Priority, store::Moved},
    notices::ChannelName,
};

/// A message that stopped short goes back to its lane, unless its use has passed or its subject has moved on: a notice was
/// withdrawn, or a later one tells of a later revision. One whose answer was lost is marked as sent again.
pub async fn retry(tx: &mut Tx, access: &Access, id: Id<Message>, now: Timestamp) -> Result<Option<Moved>> {
    tx.sql(
        "UPDATE messages SET state = 'ready', reason = 'by_hand', not_before = $1, tries = 0, crashes = 0, suspect = $2, fence = fence + 1,
            resent = (resent OR state = 'unknown' OR coalesce(reason, '') IN ('unknown_twice', 'unknown_unanswered', 'unknown_past_use', 'restored_unknown')), updated_at = $1
         WHERE id = $3 AND state IN ('ready', 'failed', 'dead', 'held', 'undelivered', 'unknown') AND (useful_until IS NULL OR useful_until > $1)
            AND ($4 IS NULL OR dealership_id = $4)
            AND NOT EXISTS (SELECT 1 FROM notices n WHERE n.id = messages.notice_id AND (n.state = 'withdrawn' OR EXISTS (SELECT 1 FROM notices later
                WHERE later.subject_id = n.subject_id AND later.subject_revision > n.subject_revision AND later.raised_at > n.raised_at)))
         RETURNING id, notice_id, dealership_id, customer_id, state, reason",
    )
    .bind(now)
    .bind(false)
    .bind(id)
    .bind(access.one())
    .optional()
    .await
}

/// A message that was not handed over is called off.
pub async fn cancel(tx: &mut Tx, access: &Access, id: Id<Message>, now: Timestamp) -> Result<Option<Moved>> {
    tx.sql(
        "UPDATE messages SET state = 'cancelled', reason = 'by_hand', fence = fence + 1, lease_until = NULL, updated_at = $1
         WHERE id = $2 AND (state IN ('ready', 'held', 'unknown') OR (state = 'sending' AND handed_over_at IS NULL))
            AND ($3 IS NULL OR dealership_id = $3)
         RETURNING id, notice_id, dealership_id, customer_id, state, reason",
    )
    .bind(now)
    .bind(id)
    .bind(access.one())
    .optional()
    .await
}

/// A message waits for a person.
pub async fn hold(tx: &mut Tx, access: &Access, id: Id<Message>, now: Timestamp) -> Result<Option<Moved>> {
    tx.sql(
        "UPDATE messages SET state = 'held', reason = 'by_hand', fence = fence + 1, lease_until = NULL, updated_at = $1
         WHERE id = $2 AND (state IN ('ready', 'unknown') OR (state = 'sending' AND handed_over_at IS NULL)) AND ($3 IS NULL OR dealership_id = $3)
         RETURNING id, notice_id, dealership_id, customer_id, state, reason",
    )
    .bind(now)
    .bind(id)
    .bind(access.one())
    .optional()
    .await
}

/// A held message may go.
pub async fn release(tx: &mut Tx, access: &Access, id: Id<Message>, now: Timestamp) -> Result<Option<Moved>> {
    tx.sql(
        "UPDATE messages SET state = 'ready', reason = 'by_hand', not_before = $1, fence = fence + 1,
            resent = (resent OR reason IN ('unknown_twice', 'unknown_unanswered', 'restored_unknown')), updated_at = $1
         WHERE id = $2 AND state = 'held' AND (useful_until IS NULL OR useful_until > $1) AND ($3 IS NULL OR dealership_id = $3)
         RETURNING id, notice_id, dealership_id, customer_id, state, reason",
    )
    .bind(now)
    .bind(id)
    .bind(access.one())
    .optional()
    .await
}

/// Which lane carries a message.
pub async fn lane_of(tx: &mut Tx, id: Id<Message>) -> Result<Option<(ChannelName, Priority)>> {
    tx.sql("SELECT channel, priority FROM messages WHERE id = $1").bind(id).optional().await
}
