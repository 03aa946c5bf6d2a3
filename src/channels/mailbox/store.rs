//! The mailbox's SQL.
use super::Item;
use crate::{
    clock::Timestamp,
    db::{Result, Tx},
    id::Id,
};

pub async fn insert(tx: &mut Tx, item: Item) -> Result<()> {
    tx.sql(
        "INSERT INTO mailbox (id, message_id, channel, recipient, raw, received_at) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(item.id)
    .bind(item.message_id)
    .bind(item.channel)
    .bind(item.recipient)
    .bind(item.raw)
    .bind(item.received_at)
    .execute()
    .await?;
    Ok(())
}

pub async fn newest(tx: &mut Tx, most: i64, since: Timestamp) -> Result<Vec<Item>> {
    tx.sql("SELECT id, message_id, channel, recipient, raw, received_at FROM mailbox WHERE received_at >= $1 ORDER BY id DESC LIMIT $2")
        .bind(since)
        .bind(most)
        .all()
        .await
}

pub async fn find(tx: &mut Tx, id: Id<Item>) -> Result<Option<Item>> {
    tx.sql("SELECT id, message_id, channel, recipient, raw, received_at FROM mailbox WHERE id = $1")
        .bind(id)
        .optional()
        .await
}
