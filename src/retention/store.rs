//! The SQL of forgetting: each kind from where the last round ended, in the order of ids, which is that of time.
use serde::Serialize;

use super::Kind;
use crate::{
    clock::Timestamp,
    db::{Result, Sql, Tx},
    rows,
};

const DONE: Sql = Sql {
    sqlite: "SELECT done_id FROM retention WHERE kind = $1",
    postgres: "SELECT done_id FROM retention WHERE kind = $1 FOR UPDATE",
};

/// What finds the next rows, and what forgets their words: `$1` the last that was done, `$2` before which, `$3` how many.
fn statements(kind: Kind) -> (&'static str, &'static str, Sql) {
    match kind {
        Kind::Messages => (
            "msg_",
            "SELECT id FROM messages WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3",
            Sql {
                sqlite: rows!("UPDATE message_texts SET body = '', subject = NULL, html = NULL, invite = NULL,
                    envelope = json_remove(json_set(envelope, '$.to_name', ''), '$.unsubscribe', '$.opt_out', '$.references', '$.approved') FROM ",
                    (id text), " WHERE message_texts.message_id = j.id")
                .sqlite,
                postgres: rows!("UPDATE message_texts SET body = '', subject = NULL, html = NULL, invite = NULL,
                    envelope = jsonb_set(envelope, '{to_name}', '\"\"') - 'unsubscribe' - 'opt_out' - 'references' - 'approved' FROM ",
                    (id text), " WHERE message_texts.message_id = j.id")
                .postgres,
            },
        ),
        Kind::Replies => (
            "ine_",
            "SELECT id FROM inquiry_entries WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3",
            rows!("UPDATE inquiry_entries SET body = '', topic = NULL FROM ", (id text), " WHERE inquiry_entries.id = j.id"),
        ),
        Kind::Texts => (
            "txt_",
            "SELECT id FROM inbound_texts WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3",
            rows!("UPDATE inbound_texts SET body = '' FROM ", (id text), " WHERE inbound_texts.id = j.id"),
        ),
        Kind::Calls => (
            "cla_",
            "SELECT id FROM call_attempts WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3",
            rows!("UPDATE call_attempts SET note = NULL, answers = '{}', answer = NULL FROM ", (id text), " WHERE call_attempts.id = j.id"),
        ),
        Kind::Receipts => (
            "rct_",
            "SELECT id FROM receipts WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3",
            rows!("UPDATE receipts SET raw = '' FROM ", (id text), " WHERE receipts.id = j.id"),
        ),
    }
}

#[derive(Serialize, sqlx::FromRow)]
struct Old {
    id: String,
}

/// Forgets the words of some rows made before `bound`, the time in an id; how many those were.
pub(super) async fn forget(tx: &mut Tx, kind: Kind, bound: &str, most: i64, now: Timestamp) -> Result<i64> {
    let done: Option<(String,)> = tx.sql(DONE).bind(kind.word()).optional().await?;
    let Some((done,)) = done else { return Ok(0) };
    let (prefix, find, forget) = statements(kind);
    let old: Vec<Old> = tx.sql(find).bind(done).bind(format!("{prefix}{bound}")).bind(most).all().await?;
    let Some(last) = old.last() else { return Ok(0) };
    tx.sql(forget).bind_rows(&old).execute().await?;
    tx.sql("UPDATE retention SET done_id = $2, updated_at = $3 WHERE kind = $1")
        .bind(kind.word())
        .bind(last.id.clone())
        .bind(now)
        .execute()
        .await?;
    Ok(i64::try_from(old.len()).unwrap_or(i64::MAX))
}
