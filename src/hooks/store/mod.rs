//! The SQL of hooks: who is told of what.
pub(super) mod deliveries;
pub(super) mod lane;

use serde::Serialize;

use super::{Endpoint, NewEndpoint};
use crate::{
    clock::Timestamp,
    db::{Result, Sql, Tx},
    dealerships::Dealership,
    http::Access,
    id::Id,
    rows,
};

const LOCK: Sql = Sql {
    sqlite: "SELECT id FROM hook_endpoints WHERE id = $1 AND ($2 IS NULL OR dealership_id = $2)",
    postgres: "SELECT id FROM hook_endpoints WHERE id = $1 AND ($2 IS NULL OR dealership_id = $2) FOR UPDATE",
};

/// Whether there is such an endpoint for this caller; it is theirs until the unit ends.
pub(super) async fn lock(tx: &mut Tx, access: &Access, id: Id<Endpoint>) -> Result<bool> {
    let found: Option<(Id<Endpoint>,)> = tx.sql(LOCK).bind(id).bind(access.one()).optional().await?;
    Ok(found.is_some())
}

/// Endpoints that are told nothing more because they failed, by their ids.
pub(super) async fn given_up(tx: &mut Tx) -> Result<Vec<String>> {
    let failed: Vec<(String,)> = tx
        .sql("SELECT id FROM hook_endpoints WHERE state = 'disabled' AND reason <> 'by_hand' ORDER BY id")
        .all()
        .await?;
    Ok(failed.into_iter().map(|(id,)| id).collect())
}

pub(super) async fn count(tx: &mut Tx) -> Result<i64> {
    let (count,): (i64,) = tx.sql("SELECT CAST(count(*) AS BIGINT) FROM hook_endpoints").one().await?;
    Ok(count)
}

pub(super) async fn insert(
    tx: &mut Tx,
    id: Id<Endpoint>,
    dealership: Option<Id<Dealership>>,
    wanted: &NewEndpoint,
    secret: String,
    now: Timestamp,
) -> Result<()> {
    tx.sql(
        "INSERT INTO hook_endpoints (id, dealership_id, url, reader, secret, state, failures, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, 'active', 0, $6, $6)",
    )
    .bind(id)
    .bind(dealership)
    .bind(wanted.url.clone())
    .bind(wanted.reader.word())
    .bind(secret)
    .bind(now)
    .execute()
    .await?;
    set_types(tx, id, &wanted.types).await
}

/// Another address and other events; what it is called and signed with stays.
pub(super) async fn replace(tx: &mut Tx, id: Id<Endpoint>, wanted: &NewEndpoint, now: Timestamp) -> Result<()> {
    tx.sql("UPDATE hook_endpoints SET url = $2, reader = $3, updated_at = $4 WHERE id = $1")
        .bind(id)
        .bind(wanted.url.clone())
        .bind(wanted.reader.word())
        .bind(now)
        .execute()
        .await?;
    tx.sql("DELETE FROM hook_types WHERE endpoint_id = $1").bind(id).execute().await?;
    set_types(tx, id, &wanted.types).await
}

async fn set_types(tx: &mut Tx, id: Id<Endpoint>, types: &[String]) -> Result<()> {
    #[derive(Serialize)]
    struct Row<'a> {
        name: &'a str,
    }
    let types: Vec<Row<'_>> = types.iter().map(|name| Row { name }).collect();
    tx.sql(rows!("INSERT INTO hook_types (type, endpoint_id) SELECT j.name, $2 FROM ", (name text), ""))
        .bind_rows(&types)
        .bind(id)
        .execute()
        .await
        .map(drop)
}

/// A new secret; the one before signs too until `old_until`.
pub(super) async fn rotate(
    tx: &mut Tx,
    id: Id<Endpoint>,
    secret: String,
    old_until: Timestamp,
    now: Timestamp,
) -> Result<()> {
    tx.sql("UPDATE hook_endpoints SET old_secret = secret, old_secret_until = $3, secret = $2, updated_at = $4 WHERE id = $1")
        .bind(id)
        .bind(secret)
        .bind(old_until)
        .bind(now)
        .execute()
        .await
        .map(drop)
}

/// Lets it hear again.
pub(super) async fn enable(tx: &mut Tx, id: Id<Endpoint>, now: Timestamp) -> Result<()> {
    tx.sql(
        "UPDATE hook_endpoints SET state = 'active', reason = NULL, failures = 0, failing_since = NULL, quiet_until = NULL, updated_at = $2
         WHERE id = $1 AND state = 'disabled'",
    )
    .bind(id)
    .bind(now)
    .execute()
    .await
    .map(drop)
}

/// Tells it nothing more: what waits is given up, and can be told again when it is enabled.
pub(super) async fn disable(tx: &mut Tx, id: Id<Endpoint>, reason: &'static str, now: Timestamp) -> Result<()> {
    let disabled = tx
        .sql("UPDATE hook_endpoints SET state = 'disabled', reason = $2, updated_at = $3 WHERE id = $1 AND state = 'active'")
        .bind(id)
        .bind(reason)
        .bind(now)
        .execute()
        .await?;
    if disabled == 0 {
        return Ok(());
    }
    tx.sql(
        "UPDATE hook_deliveries SET state = 'failed', reason = 'endpoint_disabled', lease_until = NULL, fence = fence + 1, updated_at = $2
         WHERE endpoint_id = $1 AND state IN ('waiting', 'held')",
    )
    .bind(id)
    .bind(now)
    .execute()
    .await
    .map(drop)
}

/// Takes it out with everything that it was told.
pub(super) async fn remove(tx: &mut Tx, id: Id<Endpoint>) -> Result<()> {
    for table in [
        "DELETE FROM hook_types WHERE endpoint_id = $1",
        "DELETE FROM hook_deliveries WHERE endpoint_id = $1",
        "DELETE FROM hook_endpoints WHERE id = $1",
    ] {
        tx.sql(table).bind(id).execute().await?;
    }
    Ok(())
}

/// Endpoints by their ids, each with what it hears.
pub(super) async fn list(
    tx: &mut Tx,
    access: &Access,
    one: Option<Id<Endpoint>>,
    after: Option<String>,
    limit: i64,
) -> Result<Vec<(Endpoint, Vec<String>)>> {
    let endpoints: Vec<Endpoint> = tx
        .sql(
            "SELECT e.id, d.code AS dealership, e.url, e.reader, e.state, e.reason, e.failures, e.failing_since, e.delivered_at, e.created_at,
                e.updated_at
             FROM hook_endpoints e LEFT JOIN dealerships d ON d.id = e.dealership_id
             WHERE ($1 IS NULL OR e.dealership_id = $1) AND ($2 IS NULL OR e.id = $2) AND ($3 IS NULL OR e.id > $3) ORDER BY e.id LIMIT $4",
        )
        .bind(access.one())
        .bind(one)
        .bind(after)
        .bind(limit)
        .all()
        .await?;
    let mut with_types = Vec::new();
    for endpoint in endpoints {
        let types: Vec<(String,)> =
            tx.sql("SELECT type FROM hook_types WHERE endpoint_id = $1 ORDER BY type").bind(endpoint.id).all().await?;
        with_types.push((endpoint, types.into_iter().map(|(name,)| name).collect()));
    }
    Ok(with_types)
}
