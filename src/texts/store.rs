//! The texts' SQL: versions and the approved templates of providers.
use std::collections::BTreeMap;

use serde_json::Value;
use sqlx::types::Json;

use super::{Place, Version, VersionState};
use crate::{
    clock::Timestamp,
    db::{Result, Tx},
    dealerships::Dealership,
    id::Id,
    notices::{ChannelName, Locale},
};

#[derive(sqlx::FromRow)]
struct Row {
    id: Id<Version>,
    kind: String,
    locale: Locale,
    channel: ChannelName,
    dealership_id: Option<Id<Dealership>>,
    number: i64,
    state: VersionState,
    files: Json<BTreeMap<String, String>>,
    written_by: String,
    written_at: Timestamp,
    published_by: Option<String>,
    published_at: Option<Timestamp>,
    retired_at: Option<Timestamp>,
}

impl From<Row> for Version {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            place: Place { kind: row.kind, locale: row.locale, channel: row.channel, dealership: row.dealership_id },
            number: row.number,
            state: row.state,
            files: row.files.0,
            written_by: row.written_by,
            written_at: row.written_at,
            published_by: row.published_by,
            published_at: row.published_at,
            retired_at: row.retired_at,
        }
    }
}

/// Every version that is in force, everybody's before a dealership's own.
pub(super) async fn in_force(tx: &mut Tx) -> Result<Vec<Version>> {
    let rows: Vec<Row> = tx
        .sql(
            "SELECT id, kind, locale, channel, dealership_id, number, state, files, written_by, written_at, published_by, published_at, retired_at
             FROM template_versions WHERE state = 'published' ORDER BY coalesce(dealership_id, ''), kind, locale, channel",
        )
        .all()
        .await?;
    Ok(rows.into_iter().map(Version::from).collect())
}

/// The versions of one place, the newest first; read under a lock that ends with the unit where one is about to change.
pub(super) async fn of_place(tx: &mut Tx, place: &Place) -> Result<Vec<Version>> {
    let rows: Vec<Row> = tx
        .sql(
            "SELECT id, kind, locale, channel, dealership_id, number, state, files, written_by, written_at, published_by, published_at, retired_at
             FROM template_versions WHERE kind = $1 AND locale = $2 AND channel = $3 AND coalesce(dealership_id, '') = coalesce($4, '')
             ORDER BY number DESC",
        )
        .bind(place.kind.clone())
        .bind(place.locale)
        .bind(place.channel)
        .bind(place.dealership)
        .all()
        .await?;
    Ok(rows.into_iter().map(Version::from).collect())
}

/// Stores a draft. Two writers of the same number meet at the unique index, and the second tries again with the next.
pub(super) async fn insert(tx: &mut Tx, version: &Version) -> Result<()> {
    tx.sql(
        "INSERT INTO template_versions (id, kind, locale, channel, dealership_id, number, state, files, written_by, written_at)
         VALUES ($1, $2, $3, $4, $5, $6, 'draft', $7, $8, $9)",
    )
    .bind(version.id)
    .bind(version.place.kind.clone())
    .bind(version.place.locale)
    .bind(version.place.channel)
    .bind(version.place.dealership)
    .bind(version.number)
    .bind(Json(version.files.clone()))
    .bind(version.written_by.clone())
    .bind(version.written_at)
    .execute()
    .await?;
    Ok(())
}

/// Takes what is in force in a place out of force.
pub(super) async fn retire(tx: &mut Tx, place: &Place, now: Timestamp) -> Result<()> {
    tx.sql(
        "UPDATE template_versions SET state = 'retired', retired_at = $5
         WHERE state = 'published' AND kind = $1 AND locale = $2 AND channel = $3 AND coalesce(dealership_id, '') = coalesce($4, '')",
    )
    .bind(place.kind.clone())
    .bind(place.locale)
    .bind(place.channel)
    .bind(place.dealership)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

/// Puts a version in force.
pub(super) async fn publish(tx: &mut Tx, id: Id<Version>, by: &str, now: Timestamp) -> Result<()> {
    tx.sql("UPDATE template_versions SET state = 'published', published_by = $2, published_at = $3, retired_at = NULL WHERE id = $1")
        .bind(id)
        .bind(by.to_owned())
        .bind(now)
        .execute()
        .await?;
    Ok(())
}

/// A dealership's own binding of a kind to a provider's template.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct BoundRow {
    pub(super) kind: String,
    pub(super) provider: String,
    pub(super) dealership_id: Id<Dealership>,
    pub(super) binding: Json<Value>,
}

pub(super) async fn bindings(tx: &mut Tx) -> Result<Vec<BoundRow>> {
    tx.sql(
        "SELECT kind, provider, dealership_id, binding FROM template_bindings ORDER BY dealership_id, kind, provider",
    )
    .all()
    .await
}

/// Those of one dealership.
pub(super) async fn bindings_of(tx: &mut Tx, dealership: Id<Dealership>) -> Result<Vec<BoundRow>> {
    tx.sql("SELECT kind, provider, dealership_id, binding FROM template_bindings WHERE dealership_id = $1 ORDER BY kind, provider")
        .bind(dealership)
        .all()
        .await
}

pub(super) async fn put_binding(tx: &mut Tx, row: &BoundRow, by: &str, now: Timestamp) -> Result<()> {
    tx.sql(
        "INSERT INTO template_bindings (kind, provider, dealership_id, binding, changed_by, changed_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (dealership_id, kind, provider)
         DO UPDATE SET binding = excluded.binding, changed_by = excluded.changed_by, changed_at = excluded.changed_at",
    )
    .bind(row.kind.clone())
    .bind(row.provider.clone())
    .bind(row.dealership_id)
    .bind(row.binding.clone())
    .bind(by.to_owned())
    .bind(now)
    .execute()
    .await?;
    Ok(())
}
