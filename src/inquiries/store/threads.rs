//! Threads as the desk works on them: read and locked whole, written back what changed.
use serde::Serialize;

use super::super::{Channel, Inquiry, PromiseClock, Said};
use crate::{
    clock::Timestamp,
    db::{Result, Tx},
    dealerships::Dealership,
    id::Id,
    notices::Notice,
    rows,
    staff::Staff,
};

#[derive(Serialize)]
struct Named<'a> {
    id: &'a str,
}

/// Inquiries by their ids; locked until the unit ends, in the order of their ids.
pub(in super::super) async fn find_and_lock(tx: &mut Tx, ids: &[String]) -> Result<Vec<Inquiry>> {
    let named: Vec<Named<'_>> = ids.iter().map(|id| Named { id }).collect();
    tx.sql(rows!(
        "SELECT i.id, i.dealership_id, i.ref, i.channel, i.state, i.kind, i.topic, i.language, i.sender, i.origin, i.customer_id, i.vehicle_id,
                i.owner_id, i.owner_since, i.previous_owner_id, i.claimed_by, i.claimed_until, i.preferred_times, i.received_at, i.due_at,
                i.acknowledged_at, i.answered_at, i.breached_at, i.merged_into, i.end_reason, i.draft, i.revision, i.created_at, i.updated_at FROM ",
        (id text),
        " JOIN inquiries AS i ON i.id = j.id ORDER BY i.id",
        for_update "i"
    ))
    .bind_rows(&named)
    .all()
    .await
}

/// Everything that was said in these threads, in its order.
pub(in super::super) async fn entries(tx: &mut Tx, ids: &[String]) -> Result<Vec<Said>> {
    let named: Vec<Named<'_>> = ids.iter().map(|id| Named { id }).collect();
    tx.sql(rows!(
        "SELECT e.id, e.inquiry_id, e.dealership_id, e.author, e.state, e.channel, e.at, e.accepted_at, e.failed_at, e.not_before, e.message_key,
                e.thread, e.sender, e.text_hash, e.topic, e.body, e.actor, e.staff_id, e.notice_id, e.idempotency_key, e.body_hash, e.created_at FROM ",
        (id text),
        " JOIN inquiry_entries AS e ON e.inquiry_id = j.id ORDER BY e.created_at, e.id"
    ))
    .bind_rows(&named)
    .all()
    .await
}

/// The clocks of these threads, in the order in which they were opened.
pub(in super::super) async fn clocks(tx: &mut Tx, ids: &[String]) -> Result<Vec<PromiseClock>> {
    let named: Vec<Named<'_>> = ids.iter().map(|id| Named { id }).collect();
    tx.sql(rows!(
        "SELECT c.id, c.inquiry_id, c.dealership_id, c.opened_by, c.opened_at, c.due_at, c.target_at, c.stopped_at, c.stopped_by, c.stopped_kind,
                c.breached_at FROM ",
        (id text),
        " JOIN inquiry_clocks AS c ON c.inquiry_id = j.id ORDER BY c.opened_at, c.id"
    ))
    .bind_rows(&named)
    .all()
    .await
}

/// Inserts or overwrites inquiries.
pub(in super::super) async fn save(tx: &mut Tx, inquiries: &[&Inquiry]) -> Result<()> {
    tx.sql(rows!(
        "INSERT INTO inquiries (id, dealership_id, ref, channel, state, kind, topic, language, sender, origin, customer_id, vehicle_id, owner_id,
            owner_since, previous_owner_id, claimed_by, claimed_until, preferred_times, received_at, due_at, acknowledged_at, answered_at,
            breached_at, merged_into, end_reason, draft, revision, created_at, updated_at)
         SELECT j.id, j.dealership_id, j.ref, j.channel, j.state, j.kind, j.topic, j.language, j.sender, j.origin, j.customer_id, j.vehicle_id,
            j.owner_id, j.owner_since, j.previous_owner_id, j.claimed_by, j.claimed_until, j.preferred_times, j.received_at, j.due_at,
            j.acknowledged_at, j.answered_at, j.breached_at, j.merged_into, j.end_reason, j.draft, j.revision, j.created_at, j.updated_at FROM ",
        (id text, dealership_id text, ref text, channel text, state text, kind text, topic text, language text, sender text, origin text,
         customer_id text, vehicle_id text, owner_id text, owner_since timestamptz, previous_owner_id text, claimed_by text,
         claimed_until timestamptz, preferred_times jsonb, received_at timestamptz, due_at timestamptz, acknowledged_at timestamptz,
         answered_at timestamptz, breached_at timestamptz, merged_into text, end_reason text, draft text, revision bigint,
         created_at timestamptz, updated_at timestamptz),
        " WHERE true
         ON CONFLICT (id) DO UPDATE SET state = excluded.state, kind = excluded.kind, topic = excluded.topic, customer_id = excluded.customer_id,
            vehicle_id = excluded.vehicle_id, owner_id = excluded.owner_id, owner_since = excluded.owner_since,
            previous_owner_id = excluded.previous_owner_id, claimed_by = excluded.claimed_by, claimed_until = excluded.claimed_until,
            due_at = excluded.due_at, acknowledged_at = excluded.acknowledged_at, answered_at = excluded.answered_at,
            breached_at = excluded.breached_at, merged_into = excluded.merged_into, end_reason = excluded.end_reason, draft = excluded.draft,
            revision = excluded.revision, updated_at = excluded.updated_at"
    ))
    .bind_rows(inquiries)
    .execute()
    .await?;
    Ok(())
}

/// Inserts or overwrites entries; what was said never changes, only what became of it, and whose thread it is.
pub(in super::super) async fn save_entries(tx: &mut Tx, entries: &[&Said]) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    tx.sql(rows!(
        "INSERT INTO inquiry_entries (id, inquiry_id, dealership_id, author, state, channel, at, accepted_at, failed_at, not_before, message_key,
            thread, sender, text_hash, topic, body, actor, staff_id, notice_id, idempotency_key, body_hash, created_at)
         SELECT j.id, j.inquiry_id, j.dealership_id, j.author, j.state, j.channel, j.at, j.accepted_at, j.failed_at, j.not_before, j.message_key,
            j.thread, j.sender, j.text_hash, j.topic, j.body, j.actor, j.staff_id, j.notice_id, j.idempotency_key, j.body_hash, j.created_at FROM ",
        (id text, inquiry_id text, dealership_id text, author text, state text, channel text, at timestamptz, accepted_at timestamptz,
         failed_at timestamptz, not_before timestamptz, message_key text, thread jsonb, sender text, text_hash text, topic text, body text,
         actor text, staff_id text, notice_id text, idempotency_key text, body_hash text, created_at timestamptz),
        " WHERE true
         ON CONFLICT (id) DO UPDATE SET inquiry_id = excluded.inquiry_id, state = excluded.state, accepted_at = excluded.accepted_at,
            failed_at = excluded.failed_at, not_before = excluded.not_before, notice_id = excluded.notice_id,
            idempotency_key = excluded.idempotency_key"
    ))
    .bind_rows(entries)
    .execute()
    .await?;
    Ok(())
}

/// Inserts or overwrites clocks.
pub(in super::super) async fn save_clocks(tx: &mut Tx, clocks: &[&PromiseClock]) -> Result<()> {
    if clocks.is_empty() {
        return Ok(());
    }
    tx.sql(rows!(
        "INSERT INTO inquiry_clocks (id, inquiry_id, dealership_id, opened_by, opened_at, due_at, target_at, stopped_at, stopped_by, stopped_kind,
            breached_at)
         SELECT j.id, j.inquiry_id, j.dealership_id, j.opened_by, j.opened_at, j.due_at, j.target_at, j.stopped_at, j.stopped_by, j.stopped_kind,
            j.breached_at FROM ",
        (id text, inquiry_id text, dealership_id text, opened_by text, opened_at timestamptz, due_at timestamptz, target_at timestamptz,
         stopped_at timestamptz, stopped_by text, stopped_kind text, breached_at timestamptz),
        " WHERE true
         ON CONFLICT (id) DO UPDATE SET stopped_at = excluded.stopped_at, stopped_by = excluded.stopped_by, stopped_kind = excluded.stopped_kind,
            breached_at = excluded.breached_at"
    ))
    .bind_rows(clocks)
    .execute()
    .await?;
    Ok(())
}

/// Takes away clocks that the ledger no longer has: an older fact came in, and no question of theirs opens one.
pub(in super::super) async fn remove_clocks(tx: &mut Tx, ids: &[Id<PromiseClock>]) -> Result<()> {
    #[derive(Serialize)]
    struct Gone {
        id: Id<PromiseClock>,
    }
    if ids.is_empty() {
        return Ok(());
    }
    let gone: Vec<Gone> = ids.iter().map(|id| Gone { id: *id }).collect();
    tx.sql(rows!("DELETE FROM inquiry_clocks WHERE id IN (SELECT j.id FROM ", (id text), ")"))
        .bind_rows(&gone)
        .execute()
        .await?;
    Ok(())
}

/// The thread of an entry that is here already: the same id of the channel, or the same words of the same sender since.
pub(in super::super) async fn find_same(
    tx: &mut Tx,
    dealership: Id<Dealership>,
    (channel, message_key): (Channel, Option<&str>),
    (sender, text_hash): (Option<&str>, &str),
    since: Timestamp,
) -> Result<Option<Id<Inquiry>>> {
    if let Some(key) = message_key {
        let found: Option<(Id<Inquiry>,)> = tx
            .sql(
                "SELECT inquiry_id FROM inquiry_entries WHERE dealership_id = $1 AND channel = $2 AND message_key = $3",
            )
            .bind(dealership)
            .bind(channel)
            .bind(key.to_owned())
            .optional()
            .await?;
        if let Some((id,)) = found {
            return Ok(Some(id));
        }
    }
    let Some(sender) = sender else { return Ok(None) };
    let found: Option<(Id<Inquiry>,)> = tx
        .sql(
            "SELECT inquiry_id FROM inquiry_entries
             WHERE dealership_id = $1 AND sender = $2 AND text_hash = $3 AND created_at > $4 ORDER BY created_at LIMIT 1",
        )
        .bind(dealership)
        .bind(sender.to_owned())
        .bind(text_hash.to_owned())
        .bind(since)
        .optional()
        .await?;
    Ok(found.map(|(id,)| id))
}

/// The thread with the sender's name for it.
pub(in super::super) async fn find_by_reference(
    tx: &mut Tx,
    dealership: Id<Dealership>,
    reference: &str,
) -> Result<Option<Id<Inquiry>>> {
    let found: Option<(Id<Inquiry>,)> = tx
        .sql("SELECT id FROM inquiries WHERE dealership_id = $1 AND ref = $2")
        .bind(dealership)
        .bind(reference.to_owned())
        .optional()
        .await?;
    Ok(found.map(|(id,)| id))
}

/// Whether this sender was acknowledged since then (RFC 3834).
pub(in super::super) async fn was_acknowledged(
    tx: &mut Tx,
    dealership: Id<Dealership>,
    sender: &str,
    since: Timestamp,
) -> Result<bool> {
    let found: Option<(i64,)> = tx
        .sql(
            "SELECT CAST(1 AS BIGINT) FROM inquiry_entries AS e JOIN inquiries AS i ON i.id = e.inquiry_id
             WHERE i.dealership_id = $1 AND i.sender = $2 AND i.created_at > $3 AND e.author = 'system' AND e.state IN ('pending', 'accepted')
                   AND i.channel = 'email' LIMIT 1",
        )
        .bind(dealership)
        .bind(sender.to_owned())
        .bind(since)
        .optional()
        .await?;
    Ok(found.is_some())
}

/// The threads in which these notices are entries.
pub(in super::super) async fn of_notices(
    tx: &mut Tx,
    notices: &[Id<Notice>],
) -> Result<Vec<(Id<Inquiry>, Id<Notice>)>> {
    #[derive(Serialize)]
    struct Of {
        id: Id<Notice>,
    }
    let of: Vec<Of> = notices.iter().map(|id| Of { id: *id }).collect();
    tx.sql(
        rows!("SELECT e.inquiry_id, e.notice_id FROM ", (id text), " JOIN inquiry_entries AS e ON e.notice_id = j.id"),
    )
    .bind_rows(&of)
    .all()
    .await
}

/// When each of a dealership's people was last given an inquiry.
pub(in super::super) async fn last_given(
    tx: &mut Tx,
    staff: &[Id<Staff>],
) -> Result<Vec<(Id<Staff>, Option<Timestamp>)>> {
    #[derive(Serialize)]
    struct Of {
        id: Id<Staff>,
    }
    let of: Vec<Of> = staff.iter().map(|id| Of { id: *id }).collect();
    tx.sql(rows!(
        "SELECT s.id, (SELECT max(i.owner_since) FROM inquiries AS i WHERE i.owner_id = s.id) AS given_at FROM ",
        (id text),
        " JOIN staff AS s ON s.id = j.id ORDER BY s.id"
    ))
    .bind_rows(&of)
    .all()
    .await
}
