//! The SQL of the lane `hooks`: claims endpoint by endpoint, so that one that is slow or gone costs the others nothing.
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;

use super::super::{Endpoint, Reader};
use crate::{
    clock::Timestamp,
    customers::consent::Action,
    db::{Result, Sql, Tx},
    id::Id,
    jobs::Key,
    rows,
};

/// An endpoint that has something due.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::hooks) struct Waiting {
    pub(in crate::hooks) id: Id<Endpoint>,
    pub(in crate::hooks) failures: i64,
}

/// Endpoints that may be told something now, whoever was told longest ago first.
pub(in crate::hooks) async fn waiting(tx: &mut Tx, suspect: bool, now: Timestamp, most: i64) -> Result<Vec<Waiting>> {
    tx.sql(
        "SELECT e.id, e.failures FROM hook_endpoints e WHERE e.state = 'active' AND (e.quiet_until IS NULL OR e.quiet_until <= $2)
            AND (SELECT d.id FROM hook_deliveries d WHERE d.endpoint_id = e.id AND d.state = 'waiting' AND d.lease_until IS NULL AND d.suspect = $1
                AND d.not_before <= $2 ORDER BY d.not_before LIMIT 1) IS NOT NULL
         ORDER BY e.delivered_at, e.id LIMIT $3",
    )
    .bind(suspect)
    .bind(now)
    .bind(most)
    .all()
    .await
}

const CLAIM: Sql = Sql {
    sqlite: "UPDATE hook_deliveries SET fence = fence + 1, lease_until = $1, alone = $2 WHERE id IN (SELECT id FROM hook_deliveries
            WHERE endpoint_id = $5 AND state = 'waiting' AND lease_until IS NULL AND suspect = $2 AND not_before <= $3 ORDER BY not_before LIMIT $4)
        RETURNING id",
    postgres: "UPDATE hook_deliveries SET fence = fence + 1, lease_until = $1, alone = $2 WHERE id IN (SELECT id FROM hook_deliveries
            WHERE endpoint_id = $5 AND state = 'waiting' AND lease_until IS NULL AND suspect = $2 AND not_before <= $3 ORDER BY not_before LIMIT $4
            FOR UPDATE SKIP LOCKED)
        RETURNING id",
};

/// Takes what is due for one endpoint; their ids.
pub(in crate::hooks) async fn claim(
    tx: &mut Tx,
    endpoint: Id<Endpoint>,
    (suspect, most): (bool, i64),
    (now, until): (Timestamp, Timestamp),
) -> Result<Vec<String>> {
    let claimed: Vec<(String,)> =
        tx.sql(CLAIM).bind(until).bind(suspect).bind(now).bind(most).bind(endpoint).all().await?;
    Ok(claimed.into_iter().map(|(id,)| id).collect())
}

/// What was claimed, with everything that is said of it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Claimed {
    pub id: String,
    pub endpoint_id: Id<Endpoint>,
    pub fence: i64,
    pub tries: i64,
    pub url: String,
    pub reader: Reader,
    pub secret: String,
    pub old_secret: Option<String>,
    pub old_secret_until: Option<Timestamp>,
    pub failures: i64,
    pub line_id: String,
    pub what: String,
    pub at: Timestamp,
    pub dealership: String,
    pub customer: Option<String>,
    pub is_erased: bool,
    pub vin: Option<String>,
    pub appointment: Option<String>,
    pub repair_order: Option<String>,
    pub subject_type: Option<String>,
    pub subject_id: Option<String>,
    pub message_id: Option<String>,
    pub notice_kind: Option<String>,
    pub channel: Option<String>,
    pub reason: Option<String>,
    pub detail: Json<Value>,
    pub overall: Option<i64>,
    pub fixed: Option<bool>,
    pub recommend: Option<i64>,
    /// The last word about sharing with the maker.
    pub shared: Option<Action>,
}

#[derive(Serialize)]
struct Named<'a> {
    id: &'a str,
}

pub(in crate::hooks) async fn read(tx: &mut Tx, ids: &[String]) -> Result<Vec<Claimed>> {
    let named: Vec<Named<'_>> = ids.iter().map(|id| Named { id }).collect();
    tx.sql(rows!(
        "SELECT d.id, d.endpoint_id, d.fence, d.tries, e.url, e.reader, e.secret, e.old_secret, e.old_secret_until, e.failures, d.line_id,
            t.what, t.at, h.code AS dealership, c.ref AS customer, c.erased_at IS NOT NULL AS is_erased, v.vin, a.ref AS appointment, o.ref AS repair_order,
            t.subject_type, t.subject_id, t.message_id, n.kind AS notice_kind, m.channel, t.reason, t.detail, r.overall, r.fixed, r.recommend,
            (SELECT k.action FROM consents k WHERE k.customer_id = t.customer_id AND k.purpose = 'oem_sharing'
                ORDER BY k.at DESC, k.recorded_at DESC, k.id DESC LIMIT 1) AS shared
         FROM ",
        (id text),
        " JOIN hook_deliveries d ON d.id = j.id JOIN hook_endpoints e ON e.id = d.endpoint_id JOIN timeline t ON t.id = d.line_id
            JOIN dealerships h ON h.id = t.dealership_id LEFT JOIN customers c ON c.id = t.customer_id LEFT JOIN vehicles v ON v.id = t.vehicle_id
            LEFT JOIN appointments a ON a.id = t.appointment_id LEFT JOIN repair_orders o ON o.id = t.subject_id
            LEFT JOIN notices n ON n.id = t.notice_id LEFT JOIN messages m ON m.id = t.message_id
            LEFT JOIN survey_responses r ON r.id = t.detail ->> 'response'
         ORDER BY d.id"
    ))
    .bind_rows(&named)
    .all()
    .await
}

/// What became of a delivery.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    pub id: String,
    #[serde(skip)]
    pub endpoint_id: Id<Endpoint>,
    pub fence: i64,
    pub n: i64,
    pub state: &'static str,
    pub reason: Option<&'static str>,
    pub status: Option<i64>,
    pub not_before: Timestamp,
    pub at: Timestamp,
    pub took_ms: i64,
    /// Failures in a row as they were when it was claimed.
    #[serde(skip)]
    pub failures: i64,
    #[serde(skip)]
    pub is_gone: bool,
}

/// Writes what became of deliveries whose claims still hold, and every try.
pub(in crate::hooks) async fn record(tx: &mut Tx, told: &[Told]) -> Result<()> {
    tx.sql(rows!(
        "UPDATE hook_deliveries SET state = j.state, reason = j.reason, status = j.status, tries = j.n, not_before = j.not_before, lease_until = NULL,
            updated_at = j.at FROM ",
        (id text, fence bigint, n bigint, state text, reason text, status bigint, not_before timestamptz, at timestamptz),
        " WHERE hook_deliveries.id = j.id AND hook_deliveries.fence = j.fence AND hook_deliveries.state = 'waiting'"
    ))
    .bind_rows(told)
    .execute()
    .await?;
    // Told again, the tries are counted anew: the older ones make room.
    tx.sql(rows!(
        "INSERT INTO hook_attempts (delivery_id, n, at, took_ms, status, reason)
         SELECT j.id, j.n, j.at, j.took_ms, j.status, j.reason FROM ",
        (id text, n bigint, at timestamptz, took_ms bigint, status bigint, reason text),
        " JOIN hook_deliveries d ON d.id = j.id WHERE true
         ON CONFLICT (delivery_id, n) DO UPDATE SET at = excluded.at, took_ms = excluded.took_ms, status = excluded.status, reason = excluded.reason"
    ))
    .bind_rows(told)
    .execute()
    .await
    .map(drop)
}

/// It took something.
pub(in crate::hooks) async fn took(tx: &mut Tx, endpoint: Id<Endpoint>, now: Timestamp) -> Result<()> {
    tx.sql(
        "UPDATE hook_endpoints SET failures = 0, failing_since = NULL, quiet_until = NULL, delivered_at = $2 WHERE id = $1",
    )
    .bind(endpoint)
    .bind(now)
    .execute()
    .await
    .map(drop)
}

/// It took nothing; since when it has not.
pub(in crate::hooks) async fn failed(
    tx: &mut Tx,
    endpoint: Id<Endpoint>,
    quiet_until: Timestamp,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let since: Option<(Timestamp,)> = tx
        .sql(
            "UPDATE hook_endpoints SET failures = failures + 1, failing_since = coalesce(failing_since, $3), quiet_until = $2 WHERE id = $1
             RETURNING failing_since",
        )
        .bind(endpoint)
        .bind(quiet_until)
        .bind(now)
        .optional()
        .await?;
    Ok(since.map(|(since,)| since))
}

/// Deliveries whose lease ended: each may be what ended its process, so it is taken up alone, and the third time is its end.
pub(in crate::hooks) async fn lose(tx: &mut Tx, now: Timestamp) -> Result<()> {
    tx.sql(
        "UPDATE hook_deliveries SET state = CASE WHEN alone AND crashes >= 2 THEN 'failed' ELSE state END,
            reason = CASE WHEN alone AND crashes >= 2 THEN 'ended_its_process' ELSE 'lease_ended' END,
            crashes = crashes + CASE WHEN alone THEN 1 ELSE 0 END, suspect = $1, alone = $2, lease_until = NULL, updated_at = $3
         WHERE lease_until <= $3",
    )
    .bind(true)
    .bind(false)
    .bind(now)
    .execute()
    .await
    .map(drop)
}

/// Takes out some of what ended before `before`.
pub(in crate::hooks) async fn forget(tx: &mut Tx, before: Timestamp) -> Result<()> {
    tx.sql(
        "DELETE FROM hook_deliveries WHERE id IN (SELECT id FROM hook_deliveries WHERE state IN ('delivered', 'failed') AND updated_at < $1
            ORDER BY updated_at LIMIT 200)",
    )
    .bind(before)
    .execute()
    .await
    .map(drop)
}

pub(in crate::hooks) async fn lease(tx: &mut Tx, keys: &[Key], until: Timestamp) -> Result<()> {
    tx.sql(rows!(
        "UPDATE hook_deliveries SET lease_until = $2 FROM ",
        (id text, fence bigint),
        " WHERE hook_deliveries.id = j.id AND hook_deliveries.fence = j.fence AND hook_deliveries.state = 'waiting'
            AND hook_deliveries.lease_until IS NOT NULL"
    ))
    .bind_rows(keys)
    .bind(until)
    .execute()
    .await
    .map(drop)
}

pub(in crate::hooks) async fn give_back(tx: &mut Tx, keys: &[Key]) -> Result<()> {
    tx.sql(rows!(
        "UPDATE hook_deliveries SET lease_until = NULL FROM ",
        (id text, fence bigint),
        " WHERE hook_deliveries.id = j.id AND hook_deliveries.fence = j.fence AND hook_deliveries.state = 'waiting'"
    ))
    .bind_rows(keys)
    .execute()
    .await
    .map(drop)
}

/// How many are due, at most `most`, and since when the first has been.
pub(in crate::hooks) async fn due(tx: &mut Tx, now: Timestamp, most: i64) -> Result<(i64, Option<Timestamp>)> {
    tx.sql(
        "SELECT CAST(count(*) AS BIGINT), min(d.not_before) FROM (SELECT w.not_before FROM hook_deliveries w
            JOIN hook_endpoints e ON e.id = w.endpoint_id AND e.state = 'active' AND (e.quiet_until IS NULL OR e.quiet_until <= $1)
            WHERE w.state = 'waiting' AND w.lease_until IS NULL AND w.not_before <= $1 LIMIT $2) AS d",
    )
    .bind(now)
    .bind(most)
    .one()
    .await
}
