//! The SQL of copies.
use super::{Backup, Copy};
use crate::{
    clock::Timestamp,
    db::{Result, Tx},
    id::Id,
    notices::Notice,
};

/// Writes into a copy that it is one.
pub(super) async fn mark(tx: &mut Tx, id: Id<Copy>, now: Timestamp) -> Result<()> {
    tx.sql("INSERT INTO copies (id, made_at) VALUES ($1, $2)").bind(id).bind(now).execute().await.map(drop)
}

/// Writes down that a backup was made.
pub(super) async fn made(tx: &mut Tx, id: Id<Backup>, bytes: i64, now: Timestamp) -> Result<()> {
    let insert = "INSERT INTO backups (id, bytes, made_at) VALUES ($1, $2, $3)";
    tx.sql(insert).bind(id).bind(bytes).bind(now).execute().await.map(drop)
}

/// When the last backup was made.
pub(super) async fn last(tx: &mut Tx) -> Result<Option<Timestamp>> {
    let last: Option<(Timestamp,)> = tx.sql("SELECT made_at FROM backups ORDER BY id DESC LIMIT 1").optional().await?;
    Ok(last.map(|(at,)| at))
}

pub(super) async fn is_new_copy(tx: &mut Tx) -> Result<bool> {
    let found: Option<(Id<Copy>,)> = tx.sql("SELECT id FROM copies WHERE held_at IS NULL LIMIT 1").optional().await?;
    Ok(found.is_some())
}

/// Holds every open notice and message, and what other systems are to be told; a notice that events have overtaken has nothing more to send than its messages, and
/// keeps its reason. False when another process was first. A message that had been handed over may have
/// arrived, and is told apart from one that had not.
pub(super) async fn hold(tx: &mut Tx, now: Timestamp) -> Result<bool> {
    if tx.sql("UPDATE copies SET held_at = $1 WHERE held_at IS NULL").bind(now).execute().await? == 0 {
        return Ok(false);
    }
    tx.sql(
        "UPDATE messages SET reason = CASE WHEN state = 'unknown' OR (state = 'sending' AND handed_over_at IS NOT NULL) THEN 'restored_unknown'
                ELSE 'restored_copy' END, state = 'held', lease_until = NULL, fence = fence + 1, updated_at = $1
         WHERE state IN ('ready', 'sending', 'unknown')",
    )
    .bind(now)
    .execute()
    .await?;
    tx.sql(
        "UPDATE notices SET state = 'held', reason = 'restored_copy', lease_until = NULL, fence = fence + 1, updated_at = $1
         WHERE state IN ('waiting', 'sending') AND coalesce(reason, '') <> 'superseded'",
    )
    .bind(now)
    .execute()
    .await?;
    tx.sql(
        "UPDATE hook_deliveries SET state = 'held', reason = 'restored_copy', lease_until = NULL, fence = fence + 1, updated_at = $1
         WHERE state = 'waiting'",
    )
    .bind(now)
    .execute()
    .await?;
    Ok(true)
}

/// Lets go what [`hold`] held: the notices, and how many messages.
pub(super) async fn release(tx: &mut Tx, now: Timestamp) -> Result<(Vec<Id<Notice>>, u64)> {
    tx.sql("UPDATE copies SET released_at = $1 WHERE released_at IS NULL").bind(now).execute().await?;
    let notices: Vec<(Id<Notice>,)> = tx
        .sql(
            "UPDATE notices SET state = CASE WHEN EXISTS (SELECT 1 FROM messages m WHERE m.notice_id = notices.id) THEN 'sending' ELSE 'waiting' END,
                reason = NULL, updated_at = $1 WHERE state = 'held' AND reason = 'restored_copy' RETURNING id",
        )
        .bind(now)
        .all()
        .await?;
    let messages = tx
        .sql(
            "UPDATE messages SET state = CASE WHEN reason = 'restored_unknown' THEN 'unknown' ELSE 'ready' END, reason = NULL, updated_at = $1
             WHERE state = 'held' AND reason IN ('restored_copy', 'restored_unknown')",
        )
        .bind(now)
        .execute()
        .await?;
    tx.sql("UPDATE hook_deliveries SET state = 'waiting', reason = NULL, updated_at = $1 WHERE state = 'held'")
        .bind(now)
        .execute()
        .await?;
    Ok((notices.into_iter().map(|(id,)| id).collect(), messages))
}
