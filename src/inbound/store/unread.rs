//! The SQL of mail that took no effect.
use super::super::{Inbound, unread::Unread};
use crate::{
    clock::Timestamp,
    db::{Result, Tx},
    dealerships::Dealership,
    http::Access,
    id::Id,
};

/// Mails that took no effect, the newest first.
pub async fn unread(tx: &mut Tx, access: &Access, after: Option<String>, most: i64) -> Result<Vec<Unread>> {
    tx.sql(
        "SELECT i.id, i.state, i.reason, i.received_at, i.envelope_from, i.recipient, i.size, i.tries, i.dealership_id, d.code AS dealership,
            EXISTS (SELECT 1 FROM mail_raw AS r WHERE r.id = i.raw_id) AS is_kept
         FROM inbound_messages AS i LEFT JOIN dealerships AS d ON d.id = i.dealership_id
         WHERE i.state IN ('failed', 'dead') AND ($1 IS NULL OR i.dealership_id = $1) AND ($2 IS NULL OR i.id < $2)
         ORDER BY i.id DESC LIMIT $3",
    )
    .bind(access.one())
    .bind(after)
    .bind(most)
    .all()
    .await
}

/// The bytes of one of them, while they are kept.
pub async fn unread_raw(tx: &mut Tx, access: &Access, id: Id<Inbound>) -> Result<Option<Vec<u8>>> {
    let row: Option<(Vec<u8>,)> = tx
        .sql(
            "SELECT r.bytes FROM inbound_messages AS i JOIN mail_raw AS r ON r.id = i.raw_id
             WHERE i.id = $1 AND i.state IN ('failed', 'dead') AND ($2 IS NULL OR i.dealership_id = $2)",
        )
        .bind(id)
        .bind(access.one())
        .optional()
        .await?;
    Ok(row.map(|(bytes,)| bytes))
}

/// Lets one of them be claimed again, alone like every suspect; whose it is, None when it cannot be.
pub async fn read_again(
    tx: &mut Tx,
    access: &Access,
    id: Id<Inbound>,
    now: Timestamp,
) -> Result<Option<Option<Id<Dealership>>>> {
    let row: Option<(Option<Id<Dealership>>,)> = tx
        .sql(
            "UPDATE inbound_messages SET state = 'waiting', reason = NULL, not_before = $3, tries = 0, crashes = 0, suspect = $4, alone = $5,
                lease_until = NULL, updated_at = $3
             WHERE id = $1 AND state IN ('failed', 'dead') AND ($2 IS NULL OR dealership_id = $2)
                AND EXISTS (SELECT 1 FROM mail_raw AS r WHERE r.id = inbound_messages.raw_id) RETURNING dealership_id",
        )
        .bind(id)
        .bind(access.one())
        .bind(now)
        .bind(true)
        .bind(false)
        .optional()
        .await?;
    Ok(row.map(|(whose,)| whose))
}
