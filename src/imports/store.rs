//! The SQL of imports: what the row of each thing said last.
use serde::Serialize;

use crate::{
    db::{Result, Tx},
    dealerships::Dealership,
    id::Id,
    rows,
};

/// A row under its key, and what it says.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub(super) struct Said {
    pub(super) row_key: String,
    pub(super) said: String,
}

#[derive(Serialize)]
struct Wanted<'a> {
    row_key: &'a str,
}

pub(super) async fn list(
    tx: &mut Tx,
    (dealership, source): (Id<Dealership>, &str),
    keys: &[String],
) -> Result<Vec<Said>> {
    let wanted: Vec<Wanted<'_>> = keys.iter().map(|row_key| Wanted { row_key }).collect();
    // One look into the index for each key. As a join, both databases would rather read all of the source's rows for each
    // batch while they do not know how many there are, and a long file would never end.
    tx.sql(rows!(
        "SELECT x.row_key, x.said FROM (SELECT j.row_key, (SELECT r.said FROM imported_rows AS r \
         WHERE r.dealership_id = $2 AND r.source = $3 AND r.row_key = j.row_key) AS said FROM ",
        (row_key text),
        ") AS x WHERE x.said IS NOT NULL"
    ))
    .bind_rows(&wanted)
    .bind(dealership)
    .bind(source.to_owned())
    .all()
    .await
}

pub(super) async fn save(tx: &mut Tx, (dealership, source): (Id<Dealership>, &str), said: &[Said]) -> Result<()> {
    tx.sql(rows!(
        "INSERT INTO imported_rows (dealership_id, source, row_key, said) SELECT $2, $3, j.row_key, j.said FROM ",
        (row_key text, said text),
        " WHERE true ON CONFLICT (dealership_id, source, row_key) DO UPDATE SET said = excluded.said"
    ))
    .bind_rows(said)
    .bind(dealership)
    .bind(source.to_owned())
    .execute()
    .await
    .map(drop)
}
