//! The SQL of clocks.
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;

use super::Clock;
use crate::{
    clock::Timestamp,
    db::{Result, Sql, Tx},
    dealerships::Dealership,
    id::Id,
    jobs::Key,
    rows,
};

/// A clock to be set.
#[derive(Debug, Serialize)]
pub(super) struct Row<'a> {
    pub(super) id: Id<Clock>,
    pub(super) dealership_id: Id<Dealership>,
    pub(super) kind: &'static str,
    pub(super) subject_id: &'a str,
    pub(super) key: &'a str,
    pub(super) due_at: Timestamp,
    pub(super) detail: &'a Value,
}

/// Sets clocks; one of the same kind, subject and key takes the new time, whoever has it in hand.
pub(super) async fn set(tx: &mut Tx, rows: &[Row<'_>], now: Timestamp) -> Result<()> {
    tx.sql(rows!(
        "INSERT INTO clocks (id, dealership_id, kind, subject_id, key, due_at, detail, created_at, not_before, tries, fence, alone, suspect, crashes)
         SELECT j.id, j.dealership_id, j.kind, j.subject_id, j.key, j.due_at, j.detail, $2, j.due_at, 0, 0, $3, $3, 0 FROM ",
        (id text, dealership_id text, kind text, subject_id text, key text, due_at timestamptz, detail jsonb),
        " WHERE true ON CONFLICT (kind, subject_id, key) DO UPDATE SET due_at = excluded.due_at, not_before = excluded.due_at,
            detail = excluded.detail, reason = NULL, tries = 0, fence = clocks.fence + 1, lease_until = NULL, alone = $3, suspect = $3, crashes = 0"
    ))
    .bind_rows(rows)
    .bind(now)
    .bind(false)
    .execute()
    .await?;
    Ok(())
}

/// Sets clocks where there is none of the same kind, subject and key.
pub(super) async fn set_new(tx: &mut Tx, rows: &[Row<'_>], now: Timestamp) -> Result<()> {
    tx.sql(rows!(
        "INSERT INTO clocks (id, dealership_id, kind, subject_id, key, due_at, detail, created_at, not_before, tries, fence, alone, suspect, crashes)
         SELECT j.id, j.dealership_id, j.kind, j.subject_id, j.key, j.due_at, j.detail, $2, j.due_at, 0, 0, $3, $3, 0 FROM ",
        (id text, dealership_id text, kind text, subject_id text, key text, due_at timestamptz, detail jsonb),
        " WHERE true ON CONFLICT (kind, subject_id, key) DO NOTHING"
    ))
    .bind_rows(rows)
    .bind(now)
    .bind(false)
    .execute()
    .await?;
    Ok(())
}

/// Which clocks: of one kind and subject, and the key where it matters.
#[derive(Debug, Serialize)]
pub(super) struct Which<'a> {
    pub(super) kind: &'static str,
    pub(super) subject_id: &'a str,
    pub(super) key: Option<&'a str>,
    pub(super) due_at: Option<Timestamp>,
}

/// Gives clocks that are set another time; one that is not set stays so.
pub(super) async fn move_to(tx: &mut Tx, moves: &[Which<'_>]) -> Result<()> {
    tx.sql(rows!(
        "UPDATE clocks SET due_at = j.due_at, not_before = j.due_at, reason = NULL, tries = 0, fence = clocks.fence + 1, lease_until = NULL,
            alone = $2, suspect = $2, crashes = 0 FROM ",
        (kind text, subject_id text, key text, due_at timestamptz),
        " WHERE clocks.kind = j.kind AND clocks.subject_id = j.subject_id AND clocks.key = j.key"
    ))
    .bind_rows(moves)
    .bind(false)
    .execute()
    .await?;
    Ok(())
}

pub(super) async fn stop(tx: &mut Tx, which: &[Which<'_>]) -> Result<u64> {
    tx.sql(rows!(
        "DELETE FROM clocks WHERE id IN (SELECT k.id FROM ",
        (kind text, subject_id text, key text),
        " JOIN clocks k ON k.kind = j.kind AND k.subject_id = j.subject_id AND (j.key IS NULL OR k.key = j.key))"
    ))
    .bind_rows(which)
    .execute()
    .await
}

/// A clock in the lane's hands. Its kind may be one that only a newer program knows.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Claimed {
    pub(super) id: Id<Clock>,
    pub(super) fence: i64,
    pub(super) dealership_id: Id<Dealership>,
    pub(super) kind: String,
    pub(super) subject_id: String,
    pub(super) key: String,
    pub(super) due_at: Timestamp,
    pub(super) detail: Json<Value>,
    pub(super) tries: i64,
}

const CLAIM: Sql = Sql {
    sqlite: "UPDATE clocks SET fence = fence + 1, lease_until = $1, alone = $2 WHERE id IN (SELECT id FROM clocks
            WHERE not_before IS NOT NULL AND lease_until IS NULL AND not_before <= $3 AND suspect = $2 ORDER BY not_before, id LIMIT $4)
        RETURNING id, fence, dealership_id, kind, subject_id, key, due_at, detail, tries",
    postgres: "UPDATE clocks SET fence = fence + 1, lease_until = $1, alone = $2 WHERE id IN (SELECT id FROM clocks
            WHERE not_before IS NOT NULL AND lease_until IS NULL AND not_before <= $3 AND suspect = $2 ORDER BY not_before, id LIMIT $4
            FOR UPDATE SKIP LOCKED)
        RETURNING id, fence, dealership_id, kind, subject_id, key, due_at, detail, tries",
};

pub(super) async fn claim(
    tx: &mut Tx,
    suspect: bool,
    most: i64,
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<Vec<Claimed>> {
    tx.sql(CLAIM).bind(lease_until).bind(suspect).bind(now).bind(most).all().await
}

/// What differs: only `PostgreSQL` looks at the fence again after waiting for somebody who moved the clock.
const TAKE: Sql = Sql {
    sqlite: rows!(
        "DELETE FROM clocks WHERE id IN (SELECT k.id FROM ",
        (id text, fence bigint),
        " JOIN clocks k ON k.id = j.id AND k.fence = j.fence) RETURNING id"
    )
    .sqlite,
    postgres: rows!(
        "DELETE FROM clocks USING ",
        (id text, fence bigint),
        " WHERE clocks.id = j.id AND clocks.fence = j.fence RETURNING clocks.id"
    )
    .postgres,
};

/// Deletes the clocks whose claim still holds; answers which: nobody else will ring them.
pub(super) async fn take(tx: &mut Tx, keys: &[Key]) -> Result<Vec<Id<Clock>>> {
    let taken: Vec<(Id<Clock>,)> = tx.sql(TAKE).bind_rows(keys).all().await?;
    Ok(taken.into_iter().map(|(id,)| id).collect())
}

/// A clock whose desk could not act: it is tried again at `not_before`.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Failed {
    pub(super) id: Id<Clock>,
    pub(super) fence: i64,
    pub(super) not_before: Timestamp,
    pub(super) reason: &'static str,
}

pub(super) async fn put_off(tx: &mut Tx, failed: &[Failed]) -> Result<()> {
    if failed.is_empty() {
        return Ok(());
    }
    tx.sql(rows!(
        "UPDATE clocks SET not_before = j.not_before, reason = j.reason, tries = clocks.tries + 1, lease_until = NULL, alone = $2, suspect = $2,
            crashes = 0 FROM ",
        (id text, fence bigint, not_before timestamptz, reason text),
        " WHERE clocks.id = j.id AND clocks.fence = j.fence"
    ))
    .bind_rows(failed)
    .bind(false)
    .execute()
    .await?;
    Ok(())
}

/// A clock that nobody hands over any more until a person says so.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct SetAside {
    pub id: Id<Clock>,
    pub dealership_id: Id<Dealership>,
    pub kind: String,
    pub due_at: Timestamp,
    pub reason: Option<String>,
    pub(super) not_before: Option<Timestamp>,
}

/// Claims whose lease ended: suspects, claimed alone; the third crash while alone sets the clock aside.
pub(super) async fn lose(tx: &mut Tx, now: Timestamp) -> Result<Vec<SetAside>> {
    tx.sql(
        "UPDATE clocks SET not_before = CASE WHEN alone AND crashes >= 2 THEN NULL ELSE not_before END,
            reason = CASE WHEN alone AND crashes >= 2 THEN 'ended_its_process' ELSE 'lease_ended' END,
            crashes = crashes + CASE WHEN alone THEN 1 ELSE 0 END, suspect = $1, alone = $2, lease_until = NULL
         WHERE lease_until <= $3 AND lease_until IS NOT NULL RETURNING id, dealership_id, kind, due_at, reason, not_before",
    )
    .bind(true)
    .bind(false)
    .bind(now)
    .all()
    .await
}

pub(super) async fn list_set_aside(tx: &mut Tx, most: i64) -> Result<Vec<SetAside>> {
    tx.sql("SELECT id, dealership_id, kind, due_at, reason, not_before FROM clocks WHERE not_before IS NULL ORDER BY id LIMIT $1")
        .bind(most)
        .all()
        .await
}

/// Lets a clock that was set aside, or that is put off, ring now; false when there is none that nobody has in hand.
pub(super) async fn try_again(tx: &mut Tx, id: Id<Clock>, now: Timestamp) -> Result<bool> {
    let changed = tx
        .sql(
            "UPDATE clocks SET not_before = $1, reason = 'by_hand', crashes = 0, tries = 0
             WHERE id = $2 AND lease_until IS NULL AND (not_before IS NULL OR due_at <= $1)",
        )
        .bind(now)
        .bind(id)
        .execute()
        .await?;
    Ok(changed == 1)
}

pub(super) async fn lease(tx: &mut Tx, keys: &[Key], until: Timestamp) -> Result<()> {
    tx.sql(rows!(
        "UPDATE clocks SET lease_until = $2 FROM ",
        (id text, fence bigint),
        " WHERE clocks.id = j.id AND clocks.fence = j.fence AND clocks.lease_until IS NOT NULL"
    ))
    .bind_rows(keys)
    .bind(until)
    .execute()
    .await?;
    Ok(())
}

pub(super) async fn give_back(tx: &mut Tx, keys: &[Key]) -> Result<()> {
    tx.sql(rows!(
        "UPDATE clocks SET lease_until = NULL, alone = $2 FROM ",
        (id text, fence bigint),
        " WHERE clocks.id = j.id AND clocks.fence = j.fence AND clocks.lease_until IS NOT NULL"
    ))
    .bind_rows(keys)
    .bind(false)
    .execute()
    .await?;
    Ok(())
}

/// How many are due, at most `most`, and since when the oldest.
pub(super) async fn due(tx: &mut Tx, now: Timestamp, most: i64) -> Result<(i64, Option<Timestamp>)> {
    tx.sql(
        "SELECT CAST(count(*) AS BIGINT), min(not_before) FROM (SELECT not_before FROM clocks
            WHERE not_before IS NOT NULL AND lease_until IS NULL AND not_before <= $1 LIMIT $2) AS due",
    )
    .bind(now)
    .bind(most)
    .one()
    .await
}
