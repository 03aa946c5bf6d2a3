//! The SQL of mail that comes in.
mod unread;

use serde::Serialize;

pub use self::unread::{read_again, unread, unread_raw};
use super::{Class, Inbound, reports::Severity};
use crate::{
    clock::Timestamp,
    customers::Customer,
    db::{Result, Sql, Tx},
    dealerships::Dealership,
    id::Id,
    jobs::Key,
    messages::Message,
    rows,
};

/// A mail for one recipient, as a door stores it.
#[derive(Clone, Debug, Serialize)]
pub struct NewInbound {
    pub id: Id<Inbound>,
    pub dedupe_key: String,
    pub door: &'static str,
    pub envelope_from: Option<String>,
    pub recipient: String,
    pub raw_id: String,
    pub size: i64,
    pub received_at: Timestamp,
    pub message_id: Option<String>,
    /// Whose it seems to be; who reads it knows better.
    pub dealership_id: Option<Id<Dealership>>,
}

/// Stores mails that were not here before; answers their ids.
pub async fn insert(tx: &mut Tx, mails: &[NewInbound], suspect: bool) -> Result<Vec<Id<Inbound>>> {
    let new: Vec<(Id<Inbound>,)> = tx
        .sql(rows!(
            "INSERT INTO inbound_messages (id, dedupe_key, door, envelope_from, recipient, raw_id, size, received_at, state, message_id, dealership_id,
                not_before, tries, fence, alone, suspect, crashes, updated_at)
             SELECT j.id, j.dedupe_key, j.door, j.envelope_from, j.recipient, j.raw_id, j.size, j.received_at, 'waiting', j.message_id, j.dealership_id,
                j.received_at, 0, 0, $2, $2, 0, j.received_at FROM ",
            (id text, dedupe_key text, door text, envelope_from text, recipient text, raw_id text, size bigint, received_at timestamptz,
             message_id text, dealership_id text),
            " WHERE true ON CONFLICT (dedupe_key) DO NOTHING RETURNING id"
        ))
        .bind_rows(mails)
        .bind(suspect)
        .all()
        .await?;
    Ok(new.into_iter().map(|(id,)| id).collect())
}

/// Keeps the bytes of a mail; the same bytes are kept once, and for the longest time asked for.
pub async fn keep_raw(tx: &mut Tx, id: &str, bytes: Vec<u8>, delete_at: Timestamp) -> Result<()> {
    tx.sql(
        "INSERT INTO mail_raw (id, bytes, delete_at) VALUES ($1, $2, $3)
         ON CONFLICT (id) DO UPDATE SET delete_at = CASE WHEN excluded.delete_at > mail_raw.delete_at THEN excluded.delete_at ELSE mail_raw.delete_at END",
    )
    .bind(id.to_owned())
    .bind(bytes)
    .bind(delete_at)
    .execute()
    .await?;
    Ok(())
}

/// True when so many mails wait already; asks for one row of the index, and goes through no more than that.
pub async fn is_full(tx: &mut Tx, most: i64) -> Result<bool> {
    let beyond: Option<(i64,)> = tx
        .sql(
            "SELECT CAST(1 AS BIGINT) FROM inbound_messages WHERE state = 'waiting' AND lease_until IS NULL
             ORDER BY suspect, not_before LIMIT 1 OFFSET $1",
        )
        .bind(most)
        .optional()
        .await?;
    Ok(beyond.is_some())
}

/// A claimed mail.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Claimed {
    pub id: Id<Inbound>,
    pub fence: i64,
    pub tries: i64,
    pub envelope_from: Option<String>,
    pub recipient: String,
    pub raw_id: String,
    pub received_at: Timestamp,
}

const CLAIM: Sql = Sql {
    sqlite: "UPDATE inbound_messages SET fence = fence + 1, lease_until = $1, alone = $2 WHERE id IN (SELECT id FROM inbound_messages
            WHERE state = 'waiting' AND lease_until IS NULL AND suspect = $2 AND not_before <= $3 ORDER BY not_before LIMIT $4)
        RETURNING id, fence, tries, envelope_from, recipient, raw_id, received_at",
    postgres: "UPDATE inbound_messages SET fence = fence + 1, lease_until = $1, alone = $2 WHERE id IN (SELECT id FROM inbound_messages
            WHERE state = 'waiting' AND lease_until IS NULL AND suspect = $2 AND not_before <= $3 ORDER BY not_before LIMIT $4
            FOR UPDATE SKIP LOCKED)
        RETURNING id, fence, tries, envelope_from, recipient, raw_id, received_at",
};

pub async fn claim(tx: &mut Tx, suspect: bool, most: i64, now: Timestamp, until: Timestamp) -> Result<Vec<Claimed>> {
    tx.sql(CLAIM).bind(until).bind(suspect).bind(now).bind(most).all().await
}

/// Mails whose lease ended: each may be what ended its process, so it is taken up alone, and the third time is its end.
pub async fn lose(tx: &mut Tx, now: Timestamp) -> Result<Vec<Id<Inbound>>> {
    let dead: Vec<(Id<Inbound>, String)> = tx
        .sql(
            "UPDATE inbound_messages SET state = CASE WHEN alone AND crashes >= 2 THEN 'dead' ELSE state END,
                reason = CASE WHEN alone AND crashes >= 2 THEN 'ended_its_process' ELSE 'lease_ended' END,
                crashes = crashes + CASE WHEN alone THEN 1 ELSE 0 END, suspect = $1, alone = $2, lease_until = NULL, updated_at = $3
             WHERE lease_until <= $3 RETURNING id, state",
        )
        .bind(true)
        .bind(false)
        .bind(now)
        .all()
        .await?;
    Ok(dead.into_iter().filter(|(_, state)| state == "dead").map(|(id, _)| id).collect())
}

/// The bytes of a mail, while they are kept.
pub async fn raw(tx: &mut Tx, id: &str) -> Result<Option<Vec<u8>>> {
    let row: Option<(Vec<u8>,)> =
        tx.sql("SELECT bytes FROM mail_raw WHERE id = $1").bind(id.to_owned()).optional().await?;
    Ok(row.map(|(bytes,)| bytes))
}

/// Deletes bytes that were kept long enough, some at a time.
pub async fn forget_raw(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    tx.sql(
        "DELETE FROM mail_raw WHERE id IN (SELECT r.id FROM mail_raw r WHERE r.delete_at <= $1
            AND NOT EXISTS (SELECT 1 FROM inbound_messages i WHERE i.raw_id = r.id AND i.state = 'waiting') ORDER BY r.delete_at LIMIT 50)",
    )
    .bind(now)
    .execute()
    .await
}

/// What became of a mail.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    pub reason: Option<String>,
    pub class: Option<Class>,
    pub dealership_id: Option<Id<Dealership>>,
    pub customer_id: Option<Id<Customer>>,
    pub about_id: Option<Id<Message>>,
    pub subject_type: Option<&'static str>,
    pub subject_id: Option<String>,
    pub from_address: Option<String>,
}

/// Writes the end of a claimed mail; false when the claim no longer holds.
pub async fn settle(
    tx: &mut Tx,
    key: (Id<Inbound>, i64),
    state: &'static str,
    settled: Settled,
    now: Timestamp,
) -> Result<bool> {
    let written = tx
        .sql(
            "UPDATE inbound_messages SET state = $1, reason = $2, class = $3, dealership_id = $4, customer_id = $5, about_id = $6,
                subject_type = $7, subject_id = $8, from_address = $9, lease_until = NULL, updated_at = $10
             WHERE id = $11 AND fence = $12 AND state = 'waiting'",
        )
        .bind(state)
        .bind(settled.reason)
        .bind(settled.class)
        .bind(settled.dealership_id)
        .bind(settled.customer_id)
        .bind(settled.about_id)
        .bind(settled.subject_type)
        .bind(settled.subject_id)
        .bind(settled.from_address)
        .bind(now)
        .bind(key.0)
        .bind(key.1)
        .execute()
        .await?;
    Ok(written > 0)
}

/// What a program writes about a mail to somebody who was erased meanwhile names them: neither its addresses nor its bytes are kept.
pub async fn forget_of_erased(tx: &mut Tx, mail: Id<Inbound>, raw_id: &str) -> Result<()> {
    let forgotten = tx
        .sql(
            "UPDATE inbound_messages SET envelope_from = NULL, recipient = '', from_address = NULL, message_id = NULL
             WHERE id = $1 AND EXISTS (SELECT 1 FROM messages m WHERE m.id = inbound_messages.about_id AND m.to_address = '')",
        )
        .bind(mail)
        .execute()
        .await?;
    if forgotten > 0 {
        tx.sql("DELETE FROM mail_raw WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM inbound_messages i WHERE i.raw_id = $1 AND i.state = 'waiting')")
            .bind(raw_id.to_owned())
            .execute()
            .await?;
    }
    Ok(())
}

/// A mail that could not be applied now: taken up again later, or given up.
#[derive(Clone, Debug, Serialize)]
pub struct PutOff {
    pub id: Id<Inbound>,
    pub fence: i64,
    pub state: &'static str,
    pub reason: &'static str,
    pub not_before: Timestamp,
}

pub async fn put_off(tx: &mut Tx, mails: &[PutOff], now: Timestamp) -> Result<()> {
    if mails.is_empty() {
        return Ok(());
    }
    tx.sql(rows!(
        "UPDATE inbound_messages SET state = j.state, reason = j.reason, not_before = j.not_before, tries = tries + 1,
            lease_until = NULL, updated_at = $2 FROM ",
        (id text, fence bigint, state text, reason text, not_before timestamptz),
        " WHERE inbound_messages.id = j.id AND inbound_messages.fence = j.fence AND inbound_messages.state = 'waiting'"
    ))
    .bind_rows(mails)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

pub async fn lease(tx: &mut Tx, keys: &[Key], until: Timestamp) -> Result<()> {
    tx.sql(rows!(
        "UPDATE inbound_messages SET lease_until = $2 FROM ",
        (id text, fence bigint),
        " WHERE inbound_messages.id = j.id AND inbound_messages.fence = j.fence AND inbound_messages.lease_until IS NOT NULL"
    ))
    .bind_rows(keys)
    .bind(until)
    .execute()
    .await?;
    Ok(())
}

pub async fn give_back(tx: &mut Tx, keys: &[Key]) -> Result<()> {
    tx.sql(rows!(
        "UPDATE inbound_messages SET lease_until = NULL, alone = $2 FROM ",
        (id text, fence bigint),
        " WHERE inbound_messages.id = j.id AND inbound_messages.fence = j.fence AND inbound_messages.state = 'waiting'"
    ))
    .bind_rows(keys)
    .bind(false)
    .execute()
    .await?;
    Ok(())
}

/// How many mails are due, at most `most`, and since when the oldest.
pub async fn due(tx: &mut Tx, now: Timestamp, most: i64) -> Result<(i64, Option<Timestamp>)> {
    tx.sql(
        "SELECT CAST(count(*) AS BIGINT), min(not_before) FROM (SELECT not_before FROM inbound_messages
            WHERE state = 'waiting' AND not_before <= $1 LIMIT $2) due",
    )
    .bind(now)
    .bind(most)
    .one()
    .await
}

/// What an earlier mail of the same writer came to: the thread that a next one goes on with.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Earlier {
    pub dealership_id: Id<Dealership>,
    pub subject_type: String,
    pub subject_id: String,
    pub from_address: Option<String>,
}

/// By the Message-IDs that a mail refers to, the newest first.
pub async fn earlier(tx: &mut Tx, message_ids: &[Reference]) -> Result<Vec<Earlier>> {
    if message_ids.is_empty() {
        return Ok(Vec::new());
    }
    tx.sql(rows!(
        "SELECT i.dealership_id, i.subject_type, i.subject_id, i.from_address FROM ",
        (message_id text),
        " JOIN inbound_messages i ON i.message_id = j.message_id WHERE i.subject_id IS NOT NULL AND i.dealership_id IS NOT NULL
          ORDER BY i.id DESC LIMIT 20"
    ))
    .bind_rows(message_ids)
    .all()
    .await
}

/// A Message-ID that a mail refers to.
#[derive(Clone, Debug, Serialize)]
pub struct Reference {
    pub message_id: String,
}

/// A failure that a report told of.
#[derive(Clone, Debug)]
pub struct Bounce {
    pub id: Id<Inbound>,
    pub inbound_id: Id<Inbound>,
    pub message_id: Id<Message>,
    pub address: String,
    pub severity: Severity,
    pub status: Option<String>,
    pub at: Timestamp,
}

/// Keeps a failure once per message and kind; how many of that kind the address has had since `since`.
pub async fn count_bounce(tx: &mut Tx, bounce: Bounce, since: Timestamp) -> Result<i64> {
    let (address, severity) = (bounce.address.to_lowercase(), bounce.severity.word());
    tx.sql(
        "INSERT INTO mail_bounces (id, inbound_id, message_id, address, severity, status, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (message_id, severity) DO NOTHING",
    )
    .bind(bounce.id)
    .bind(bounce.inbound_id)
    .bind(bounce.message_id)
    .bind(address.clone())
    .bind(severity)
    .bind(bounce.status)
    .bind(bounce.at)
    .execute()
    .await?;
    let (count,): (i64,) = tx
        .sql("SELECT CAST(count(*) AS BIGINT) FROM mail_bounces WHERE address = $1 AND severity = $2 AND at >= $3")
        .bind(address)
        .bind(severity)
        .bind(since)
        .one()
        .await?;
    Ok(count)
}

/// The key of this name; `new` where there was none.
pub async fn key(tx: &mut Tx, name: &'static str, new: String, now: Timestamp) -> Result<String> {
    tx.sql("INSERT INTO mail_keys (name, value, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING")
        .bind(name)
        .bind(new)
        .bind(now)
        .execute()
        .await?;
    let (value,): (String,) = tx.sql("SELECT value FROM mail_keys WHERE name = $1").bind(name).one().await?;
    Ok(value)
}
