//! The SQL of receipts.
use serde::Serialize;
use serde_json::Value;

use super::{Receipt, Status};
use crate::{
    clock::Timestamp,
    db::{Result, Sql, Tx},
    dealerships::Dealership,
    id::Id,
    messages::{Message, State},
    notices::ChannelName,
    rows,
};

/// A receipt to keep.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Kept {
    pub(super) id: Id<Receipt>,
    pub(super) provider: &'static str,
    pub(super) provider_ref: String,
    pub(super) message_id: Option<Id<Message>>,
    pub(super) status: Status,
    pub(super) reason: Option<String>,
    pub(super) raw: Value,
    pub(super) at: Timestamp,
    pub(super) received_at: Timestamp,
}

/// Keeps those that are new; answers how many. What a provider wrote about a message of somebody who was erased meanwhile
/// names their number: it is not kept.
pub(super) async fn insert(tx: &mut Tx, kept: &[Kept]) -> Result<u64> {
    if kept.is_empty() {
        return Ok(0);
    }
    tx.sql(rows!(
        "INSERT INTO receipts (id, provider, provider_ref, message_id, status, reason, raw, at, received_at)
         SELECT j.id, j.provider, j.provider_ref, j.message_id, j.status, j.reason,
            CASE WHEN EXISTS (SELECT 1 FROM messages m WHERE m.id = j.message_id AND m.to_address = '') THEN '' ELSE CAST(j.raw AS TEXT) END,
            j.at, j.received_at FROM ",
        (id text, provider text, provider_ref text, message_id text, status text, reason text, raw jsonb, at timestamptz, received_at timestamptz),
        " WHERE true ON CONFLICT (provider, provider_ref, status) DO NOTHING"
    ))
    .bind_rows(kept)
    .execute()
    .await
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
}

/// A message that a provider names, by its own name for it or by ours.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Meant {
    pub(super) name: String,
    pub(super) id: Id<Message>,
}

/// The messages of a channel that are meant.
pub(super) async fn meant(tx: &mut Tx, channel: ChannelName, names: &[String]) -> Result<Vec<Meant>> {
    let named: Vec<Named<'_>> = names.iter().map(|name| Named { name }).collect();
    tx.sql(rows!(
        "SELECT j.name, m.id FROM ",
        (name text),
        " JOIN messages m ON m.id = j.name WHERE m.channel = $2"
    ))
    .bind_rows(&named)
    .bind(channel)
    .all()
    .await
}

/// The same by the provider's own name, the newest last.
pub(super) async fn meant_by_provider(tx: &mut Tx, channel: ChannelName, names: &[String]) -> Result<Vec<Meant>> {
    let named: Vec<Named<'_>> = names.iter().map(|name| Named { name }).collect();
    tx.sql(rows!(
        "SELECT j.name, m.id FROM ",
        (name text),
        " JOIN messages m ON m.provider_ref = j.name WHERE m.channel = $2 ORDER BY m.id"
    ))
    .bind_rows(&named)
    .bind(channel)
    .all()
    .await
}

/// A message and one word about it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Word {
    pub(super) id: Id<Message>,
    pub(super) dealership_id: Id<Dealership>,
    pub(super) channel: ChannelName,
    pub(super) state: State,
    pub(super) reason: Option<String>,
    pub(super) status: Status,
}

#[derive(Serialize)]
struct ById {
    id: Id<Message>,
}

/// Every word about these messages, by whichever name they were named: two providers may call two messages the same. The messages are locked until the unit ends.
pub(super) async fn words(tx: &mut Tx, ids: &[Id<Message>]) -> Result<Vec<Word>> {
    let ids: Vec<ById> = ids.iter().map(|id| ById { id: *id }).collect();
    tx.sql(rows!("SELECT m.id FROM ", (id text), " JOIN messages m ON m.id = j.id ORDER BY m.id", for_update "m"))
        .bind_rows(&ids)
        .execute()
        .await?;
    tx.sql(rows!(
        "SELECT m.id, m.dealership_id, m.channel, m.state, m.reason, r.status FROM ",
        (id text),
        " JOIN messages m ON m.id = j.id JOIN receipts r ON (r.provider_ref = m.provider_ref OR r.provider_ref = m.id)
            AND (r.provider = 'wechat') = (m.channel = 'wechat')"
    ))
    .bind_rows(&ids)
    .all()
    .await
}

/// The receipts of these messages, each one's in the order in which they came.
pub(super) async fn of_messages(tx: &mut Tx, ids: &[Id<Message>]) -> Result<Vec<Receipt>> {
    let ids: Vec<ById> = ids.iter().map(|id| ById { id: *id }).collect();
    tx.sql(rows!(
        "SELECT r.id, m.id AS message_id, r.provider, r.provider_ref, r.status, r.reason, r.at, r.received_at FROM ",
        (id text),
        " JOIN messages m ON m.id = j.id JOIN receipts r ON (r.provider_ref = m.provider_ref OR r.provider_ref = m.id)
            AND (r.provider = 'wechat') = (m.channel = 'wechat') ORDER BY r.id"
    ))
    .bind_rows(&ids)
    .all()
    .await
}

const UNCLAIMED: Sql = Sql {
    sqlite: "SELECT id FROM receipts WHERE message_id IS NULL AND received_at < $1 ORDER BY received_at LIMIT $2",
    postgres: "SELECT id FROM receipts WHERE message_id IS NULL AND received_at < $1 ORDER BY received_at LIMIT $2 FOR UPDATE SKIP LOCKED",
};

/// Of what came before this time and was about no message then, the oldest, `most` of them: those that came before the answer
/// with their message's name become that message's, the others are deleted; answers how many. Of somebody who was erased
/// nothing is kept that a provider wrote.
pub(super) async fn forget_of_nobody(tx: &mut Tx, before: Timestamp, most: i64) -> Result<u64> {
    #[derive(Serialize)]
    struct Unclaimed {
        id: Id<Receipt>,
    }
    let oldest: Vec<(Id<Receipt>,)> = tx.sql(UNCLAIMED).bind(before).bind(most).all().await?;
    if oldest.is_empty() {
        return Ok(0);
    }
    let oldest: Vec<Unclaimed> = oldest.into_iter().map(|(id,)| Unclaimed { id }).collect();
    tx.sql(rows!(
        "UPDATE receipts SET message_id = (SELECT max(m.id) FROM messages m WHERE m.provider_ref = receipts.provider_ref
                AND (m.channel = 'wechat') = (receipts.provider = 'wechat')),
            raw = CASE WHEN EXISTS (SELECT 1 FROM messages m WHERE m.provider_ref = receipts.provider_ref AND m.to_address = '') THEN '' ELSE raw END
         FROM ",
        (id text),
        " WHERE receipts.id = j.id"
    ))
    .bind_rows(&oldest)
    .execute()
    .await?;
    tx.sql(rows!(
        "DELETE FROM receipts WHERE message_id IS NULL AND id IN (SELECT j.id FROM ",
        (id text),
        ")"
    ))
    .bind_rows(&oldest)
    .execute()
    .await
}
