//! The SQL of what is looked at in the database. Everything is bounded: a look at a large one costs as much as at a small one.
use crate::{
    clock::Timestamp,
    copies::Copy,
    db::{Result, Tx},
    id::Id,
};

/// Writes a row and takes it out again: what is committed is a change to the disk and nothing to anybody.
pub(super) async fn touch(tx: &mut Tx, id: Id<Copy>, now: Timestamp) -> Result<()> {
    tx.sql("INSERT INTO copies (id, made_at, held_at, released_at) VALUES ($1, $2, $2, $2)")
        .bind(id)
        .bind(now)
        .execute()
        .await?;
    tx.sql("DELETE FROM copies WHERE id = $1").bind(id).execute().await.map(drop)
}

/// `PostgreSQL`'s clock.
pub(super) async fn clock(tx: &mut Tx) -> Result<Timestamp> {
    let (now,): (Timestamp,) = tx.sql("SELECT clock_timestamp()").one().await?;
    Ok(now)
}

/// Whether anybody who may everything can sign in.
pub(super) async fn has_admin(tx: &mut Tx) -> Result<bool> {
    let found: Option<(String,)> = tx
        .sql(
            "SELECT a.id FROM accounts a JOIN account_staff l ON l.account_id = a.id JOIN staff s ON s.id = l.staff_id
             WHERE a.active AND s.active AND CAST(s.roles AS TEXT) LIKE '%\"admin\"%' LIMIT 1",
        )
        .optional()
        .await?;
    Ok(found.is_some())
}

/// Sources that were heard once and not since: the dealership's code, the source, and when.
pub(super) async fn silent(tx: &mut Tx, since: Timestamp) -> Result<Vec<(String, String, Timestamp)>> {
    tx.sql(
        "SELECT d.code, f.source, f.heard_at FROM feeds f JOIN dealerships d ON d.id = f.dealership_id
         WHERE f.heard_at < $1 ORDER BY f.heard_at LIMIT 50",
    )
    .bind(since)
    .all()
    .await
}

/// When the gateway took a text last, among the last thousand messages.
pub(super) async fn last_text(tx: &mut Tx) -> Result<Option<Timestamp>> {
    let found: Option<(Timestamp,)> = tx
        .sql(
            "SELECT accepted_at FROM (SELECT id, channel, accepted_at FROM messages ORDER BY id DESC LIMIT 1000) AS m
             WHERE channel = 'sms' AND accepted_at IS NOT NULL ORDER BY id DESC LIMIT 1",
        )
        .optional()
        .await?;
    Ok(found.map(|(at,)| at))
}

/// When a receipt about a text of ours came last, among the last thousand: a gateway may report others' too.
pub(super) async fn last_receipt(tx: &mut Tx) -> Result<Option<Timestamp>> {
    let found: Option<(Timestamp,)> = tx
        .sql(
            "SELECT received_at FROM (SELECT id, message_id, provider, provider_ref, received_at FROM receipts ORDER BY id DESC LIMIT 1000) AS r
             WHERE r.provider <> 'wechat' AND (r.message_id IS NOT NULL
                OR EXISTS (SELECT 1 FROM messages m WHERE m.provider_ref = r.provider_ref AND m.channel = 'sms')) ORDER BY id DESC LIMIT 1",
        )
        .optional()
        .await?;
    Ok(found.map(|(at,)| at))
}
