//! The SQL of feeds.
use std::collections::HashMap;

use serde::Serialize;

use super::Source;
use crate::{
    clock::Timestamp,
    db::{Result, Tx},
    dealerships::Dealership,
    id::Id,
    rows,
};

pub(super) async fn hear(tx: &mut Tx, heard: &HashMap<Source, Timestamp>) -> Result<()> {
    #[derive(Serialize)]
    struct Row<'a> {
        dealership_id: Id<Dealership>,
        source: &'a str,
        heard_at: Timestamp,
    }
    let mut rows: Vec<Row<'_>> = heard
        .iter()
        .map(|((dealership_id, source), heard_at)| Row { dealership_id: *dealership_id, source, heard_at: *heard_at })
        .collect();
    // Two transactions that lock the same rows take them in the same order.
    rows.sort_by_key(|row| (row.dealership_id, row.source));
    tx.sql(rows!(
        "INSERT INTO feeds (dealership_id, source, heard_at) SELECT j.dealership_id, j.source, j.heard_at FROM ",
        (dealership_id text, source text, heard_at timestamptz),
        " WHERE true ON CONFLICT (dealership_id, source) DO UPDATE SET heard_at = excluded.heard_at WHERE feeds.heard_at < excluded.heard_at"
    ))
    .bind_rows(&rows)
    .execute()
    .await?;
    Ok(())
}

pub(super) async fn heard_since(
    tx: &mut Tx,
    sources: &[(Id<Dealership>, &str)],
    since: Timestamp,
) -> Result<Vec<Source>> {
    #[derive(Serialize)]
    struct Wanted<'a> {
        dealership_id: Id<Dealership>,
        source: &'a str,
    }
    let wanted: Vec<Wanted<'_>> =
        sources.iter().map(|(dealership_id, source)| Wanted { dealership_id: *dealership_id, source }).collect();
    tx.sql(rows!(
        "SELECT f.dealership_id, f.source FROM ",
        (dealership_id text, source text),
        " JOIN feeds f ON f.dealership_id = j.dealership_id AND f.source = j.source WHERE f.heard_at >= $2"
    ))
    .bind_rows(&wanted)
    .bind(since)
    .all()
    .await
}
