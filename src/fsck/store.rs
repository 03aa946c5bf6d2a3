//! The SQL that finds what breaks an invariant: each statement names the row and, where it helps, how.
use sqlx::types::Json;

use crate::{
    clock::Timestamp,
    db::{Result, Sql, Tx},
    messages::Envelope,
    notices::ChannelName,
};

const fn one(text: &'static str) -> Sql {
    Sql { sqlite: text, postgres: text }
}

/// Attempts of texts to somebody who wanted nothing more: after the word, unless the text goes out all the same.
macro_rules! wants_nothing {
    ($after:literal, $despite:literal, $false:literal) => {
        concat!(
            "SELECT a.id FROM suppressions s JOIN messages m ON m.customer_id = s.customer_id JOIN attempts a ON a.message_id = m.id
                JOIN message_texts t ON t.message_id = m.id
             WHERE s.scope = 'all' AND s.channel IS NULL AND s.address IS NULL AND a.phase IN ('handing_over', 'answered') AND ",
            $after,
            " AND (s.lifted_at IS NULL OR a.started_at < s.lifted_at) AND (s.until_at IS NULL OR a.started_at < s.until_at) AND m.class <> 'safety'
              AND coalesce(",
            $despite,
            ", ",
            $false,
            ") = ",
            $false,
            " AND $1 = $1 LIMIT 100"
        )
    };
}

/// Each with `$1`, the time before which a lease must not have ended.
pub(super) const INVARIANTS: &[(&str, Sql)] = &[
    (
        "no claim is left behind",
        one("SELECT id FROM messages WHERE state = 'sending' AND lease_until < $1
            UNION ALL SELECT id FROM notices WHERE lease_until < $1 UNION ALL SELECT id FROM clocks WHERE lease_until < $1
            UNION ALL SELECT id FROM inbound_messages WHERE lease_until < $1 LIMIT 100"),
    ),
    (
        "a dedupe key is used once",
        one("SELECT dedupe_key FROM notices WHERE $1 = $1 GROUP BY dedupe_key HAVING count(*) > 1 LIMIT 100"),
    ),
    (
        "one message of a track is open",
        one("SELECT notice_id || ' track ' || CAST(track AS TEXT) FROM messages WHERE state IN ('ready', 'sending', 'unknown', 'held') AND $1 = $1
            GROUP BY notice_id, track HAVING count(*) > 1 LIMIT 100"),
    ),
    (
        "nothing is sent to who wants nothing",
        // What was being handed over when they said so went out still; some texts go out all the same, and their envelopes say so.
        Sql {
            sqlite: wants_nothing!("datetime(a.started_at) > datetime(s.created_at, '+60 seconds')", "json_extract(t.envelope, '$.despite_stop')", "0"),
            postgres: wants_nothing!("a.started_at > s.created_at + interval '60 seconds'", "CAST(t.envelope->>'despite_stop' AS BOOLEAN)", "false"),
        },
    ),
    (
        "a notice that is sending waits for something",
        one("SELECT n.id FROM notices n WHERE n.state = 'sending' AND n.not_before IS NULL AND n.lease_until IS NULL AND $1 = $1 AND NOT EXISTS (
            SELECT 1 FROM messages m WHERE m.notice_id = n.id AND m.state IN ('ready', 'sending', 'unknown', 'held')) LIMIT 100"),
    ),
    (
        "a notice that is over has no open message",
        one("SELECT m.id FROM messages m JOIN notices n ON n.id = m.notice_id WHERE m.state IN ('ready', 'sending', 'held')
            AND n.state IN ('withdrawn', 'expired', 'skipped') AND $1 = $1 LIMIT 100"),
    ),
    (
        "an inquiry that waits has a clock",
        one("SELECT i.id FROM inquiries i WHERE i.state IN ('new', 'assigned') AND $1 = $1 AND NOT EXISTS (
            SELECT 1 FROM inquiry_clocks c WHERE c.inquiry_id = i.id) LIMIT 100"),
    ),
    (
        "a call whose word is kept has one that waits",
        one("SELECT t.id FROM call_tasks t WHERE t.state = 'scheduled' AND t.state_reason = 'word_kept' AND $1 = $1
                AND NOT EXISTS (SELECT 1 FROM call_words w WHERE w.task_id = t.id)
            UNION ALL SELECT t.id FROM call_words w JOIN call_tasks t ON t.id = w.task_id
                WHERE t.state <> 'scheduled' OR t.state_reason IS NULL OR t.state_reason <> 'word_kept' LIMIT 100"),
    ),
    (
        "who drives or pays for a car is somebody",
        one("SELECT p.vehicle_id || ' ' || p.role FROM vehicle_people p JOIN customers c ON c.id = p.customer_id
            WHERE (c.erased_at IS NOT NULL OR c.merged_into IS NOT NULL) AND $1 = $1 LIMIT 100"),
    ),
    // That each has a mark of their own is not asked: who is told of again after a backup and erased once more is known by the
    // marks of the first time.
    (
        "nothing is left of who was erased",
        one("SELECT c.id FROM customers c WHERE c.erased_at IS NOT NULL AND $1 = $1 AND (c.name IS NOT NULL OR c.search_name <> ''
            OR EXISTS (SELECT 1 FROM contact_points p WHERE p.customer_id = c.id AND p.value NOT LIKE 'erased:%')) LIMIT 100"),
    ),
];

/// A table that is gone through by its ids, a page at a time: no statement reads the whole of it.
#[derive(Clone, Copy)]
pub(super) enum Along {
    Messages,
    Notices,
}

/// Each with `$1` and `$2`, the ids between which a page is: after the one, up to the other.
pub(super) const ALONG: &[(&str, Along, &str)] = &[
    (
        "every message has a notice",
        Along::Messages,
        "SELECT m.id FROM messages m LEFT JOIN notices n ON n.id = m.notice_id WHERE m.id > $1 AND m.id <= $2 AND n.id IS NULL LIMIT 100",
    ),
    (
        "every message has its text",
        Along::Messages,
        "SELECT m.id FROM messages m LEFT JOIN message_texts t ON t.message_id = m.id WHERE m.id > $1 AND m.id <= $2 AND t.message_id IS NULL LIMIT 100",
    ),
    (
        "every notice has an event or a line of the record",
        Along::Notices,
        // A notice of a desk of ours has no event, and its line is written when it ends.
        "SELECT n.id FROM notices n LEFT JOIN events e ON e.id = n.event_id WHERE n.id > $1 AND n.id <= $2 AND ((n.event_id IS NOT NULL AND e.id IS NULL)
            OR (n.event_id IS NULL AND n.state NOT IN ('waiting', 'held', 'sending')
                AND NOT EXISTS (SELECT 1 FROM timeline t WHERE t.notice_id = n.id))) LIMIT 100",
    ),
    (
        "what was taken was taken by one attempt",
        Along::Messages,
        "SELECT m.id || ' ' || m.state FROM messages m LEFT JOIN attempts a ON a.message_id = m.id
            WHERE m.id > $1 AND m.id <= $2 AND m.state IN ('accepted', 'delivered', 'undelivered')
            GROUP BY m.id, m.state HAVING sum(CASE WHEN a.outcome IN ('accepted', 'late_accepted') THEN 1 ELSE 0 END) > 1
                OR (sum(CASE WHEN a.outcome IN ('accepted', 'late_accepted') THEN 1 ELSE 0 END) = 0 AND sum(CASE WHEN a.outcome = 'unknown' THEN 1 ELSE 0 END) = 0)
            LIMIT 100",
    ),
    (
        "attempts have no gap",
        Along::Messages,
        "SELECT m.id FROM messages m LEFT JOIN attempts a ON a.message_id = m.id WHERE m.id > $1 AND m.id <= $2 GROUP BY m.id, m.attempts
            HAVING m.attempts <> count(a.id) OR m.attempts <> coalesce(max(a.n), 0) LIMIT 100",
    ),
    (
        "nothing is sent when it is of no use any more",
        Along::Messages,
        "SELECT a.id FROM messages m JOIN attempts a ON a.message_id = m.id WHERE m.id > $1 AND m.id <= $2 AND a.started_at > m.useful_until
            AND a.phase IN ('handing_over', 'answered') LIMIT 100",
    ),
    (
        "a gateway names each text once",
        Along::Messages,
        "SELECT DISTINCT m.channel || ' ' || m.provider_ref FROM messages m WHERE m.id > $1 AND m.id <= $2 AND m.channel IN ('sms', 'wechat') AND m.provider_ref IS NOT NULL
            AND EXISTS (SELECT 1 FROM messages o WHERE o.provider_ref = m.provider_ref AND o.channel = m.channel AND o.id < m.id) LIMIT 100",
    ),
];

/// The last id of the page after `after`; none behind the last page.
pub(super) async fn page(tx: &mut Tx, along: Along, after: &str, rows: i64) -> Result<Option<String>> {
    let (last,): (Option<String>,) = tx
        .sql(match along {
            Along::Messages => "SELECT max(id) FROM (SELECT id FROM messages WHERE id > $1 ORDER BY id LIMIT $2) page",
            Along::Notices => "SELECT max(id) FROM (SELECT id FROM notices WHERE id > $1 ORDER BY id LIMIT $2) page",
        })
        .bind(after.to_owned())
        .bind(rows)
        .one()
        .await?;
    Ok(last)
}

/// What of a page breaks one of [`ALONG`].
pub(super) async fn broken_between(
    tx: &mut Tx,
    statement: &'static str,
    (after, last): (&str, &str),
) -> Result<Vec<String>> {
    let rows: Vec<(String,)> = tx.sql(statement).bind(after.to_owned()).bind(last.to_owned()).all().await?;
    Ok(rows.into_iter().map(|(what,)| what).collect())
}

/// What breaks one of [`INVARIANTS`].
pub(super) async fn broken(tx: &mut Tx, statement: Sql, left_before: Timestamp) -> Result<Vec<String>> {
    let rows: Vec<(String,)> = tx.sql(statement).bind(left_before).all().await?;
    Ok(rows.into_iter().map(|(what,)| what).collect())
}

/// What `SQLite` itself finds wrong with its file; `PostgreSQL` looks after its own.
pub(super) async fn damage(tx: &mut Tx, is_sqlite: bool) -> Result<Vec<String>> {
    if !is_sqlite {
        return Ok(Vec::new());
    }
    let pages: Vec<(String,)> =
        tx.sql("SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'").all().await?;
    let keys: Vec<(String,)> = tx
        .sql("SELECT \"table\" || ' row ' || coalesce(CAST(rowid AS TEXT), '?') || ' names a row of ' || parent || ' that is not there' FROM pragma_foreign_key_check LIMIT 100")
        .all()
        .await?;
    Ok(pages.into_iter().chain(keys).map(|(what,)| what).collect())
}

/// Something that was handed over.
#[derive(sqlx::FromRow)]
pub(super) struct Sent {
    pub(super) attempt: String,
    pub(super) at: Timestamp,
    pub(super) channel: ChannelName,
    pub(super) envelope: Json<Envelope>,
}

/// Handed over, in the order of the attempts' ids, a thousand at a time.
pub(super) async fn rang(tx: &mut Tx, after: &str) -> Result<Vec<Sent>> {
    tx.sql(
        "SELECT a.id AS attempt, a.started_at AS at, m.channel, t.envelope FROM attempts a JOIN messages m ON m.id = a.message_id
            JOIN message_texts t ON t.message_id = m.id
         WHERE a.id > $1 AND a.phase IN ('handing_over', 'answered') AND m.channel IN ('sms', 'wechat', 'wecom') ORDER BY a.id LIMIT 1000",
    )
    .bind(after.to_owned())
    .all()
    .await
}
