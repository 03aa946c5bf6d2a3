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

/// Each with `$1`, the time before which a lease must not have ended.
pub(super) const INVARIANTS: &[(&str, Sql)] = &[
    (
        "every message has a notice",
        one("SELECT m.id FROM messages m LEFT JOIN notices n ON n.id = m.notice_id WHERE n.id IS NULL AND $1 = $1 LIMIT 100"),
    ),
    (
        "every message has its text",
        one("SELECT m.id FROM messages m LEFT JOIN message_texts t ON t.message_id = m.id WHERE t.message_id IS NULL AND $1 = $1 LIMIT 100"),
    ),
    (
        "every notice has an event or a line of the record",
        one("SELECT n.id FROM notices n LEFT JOIN events e ON e.id = n.event_id WHERE e.id IS NULL AND $1 = $1
            AND (n.event_id IS NOT NULL OR NOT EXISTS (SELECT 1 FROM timeline t WHERE t.notice_id = n.id)) LIMIT 100"),
    ),
    (
        "no claim is left behind",
        one("SELECT id FROM messages WHERE state = 'sending' AND lease_until < $1
            UNION ALL SELECT id FROM notices WHERE lease_until < $1 UNION ALL SELECT id FROM clocks WHERE lease_until < $1
            UNION ALL SELECT id FROM inbound_messages WHERE lease_until < $1 LIMIT 100"),
    ),
    (
        "what was taken was taken by one attempt",
        one("SELECT m.id || ' ' || m.state FROM messages m LEFT JOIN attempts a ON a.message_id = m.id WHERE m.state IN ('accepted', 'delivered', 'undelivered')
                AND $1 = $1
            GROUP BY m.id, m.state HAVING sum(CASE WHEN a.outcome IN ('accepted', 'late_accepted') THEN 1 ELSE 0 END) > 1
                OR (sum(CASE WHEN a.outcome IN ('accepted', 'late_accepted') THEN 1 ELSE 0 END) = 0 AND sum(CASE WHEN a.outcome = 'unknown' THEN 1 ELSE 0 END) = 0)
            LIMIT 100"),
    ),
    (
        "attempts have no gap",
        one("SELECT m.id FROM messages m LEFT JOIN attempts a ON a.message_id = m.id WHERE $1 = $1 GROUP BY m.id, m.attempts
            HAVING m.attempts <> count(a.id) OR m.attempts <> coalesce(max(a.n), 0) LIMIT 100"),
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
        "nothing is sent when it is of no use any more",
        one("SELECT a.id FROM attempts a JOIN messages m ON m.id = a.message_id WHERE a.started_at > m.useful_until AND a.phase IN ('handing_over', 'answered')
            AND $1 = $1 LIMIT 100"),
    ),
    (
        "nothing is sent to who wants nothing",
        one("SELECT a.id FROM suppressions s JOIN messages m ON m.customer_id = s.customer_id JOIN attempts a ON a.message_id = m.id
            WHERE s.scope = 'all' AND s.channel IS NULL AND s.address IS NULL AND a.phase IN ('handing_over', 'answered') AND a.started_at > s.created_at
              AND (s.lifted_at IS NULL OR a.started_at < s.lifted_at) AND (s.until_at IS NULL OR a.started_at < s.until_at) AND m.class <> 'safety' AND $1 = $1
            LIMIT 100"),
    ),
    (
        "a gateway names each text once",
        one("SELECT channel || ' ' || provider_ref FROM messages WHERE provider_ref IS NOT NULL AND channel IN ('sms', 'wechat') AND $1 = $1
            GROUP BY channel, provider_ref HAVING count(*) > 1 LIMIT 100"),
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
        "nothing is left of who was erased",
        one("SELECT c.id FROM customers c WHERE c.erased_at IS NOT NULL AND $1 = $1 AND (c.name IS NOT NULL OR c.search_name <> ''
            OR EXISTS (SELECT 1 FROM contact_points p WHERE p.customer_id = c.id AND p.value NOT LIKE 'erased:%')
            OR NOT EXISTS (SELECT 1 FROM erased_marks k WHERE k.customer_id = coalesce(c.merged_into, c.id))) LIMIT 100"),
    ),
];

/// What breaks one of them.
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
