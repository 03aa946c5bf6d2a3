//! The files' SQL.
use serde::Serialize;

use super::File;
use crate::{
    db::{Result, Tx},
    id::Id,
    rows,
};

pub(super) async fn insert(tx: &mut Tx, file: &File, bytes: Vec<u8>) -> Result<()> {
    tx.sql(
        "INSERT INTO files (id, dealership_id, owner_id, place, name, type, size, bytes, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(file.id)
    .bind(file.dealership_id)
    .bind(file.owner_id.clone())
    .bind(file.place)
    .bind(file.name.clone())
    .bind(file.media_type.clone())
    .bind(file.size)
    .bind(bytes)
    .bind(file.created_at)
    .execute()
    .await?;
    Ok(())
}

#[derive(Serialize)]
struct Named<'a> {
    id: &'a str,
}

/// The files of these owners, without their bytes, in the order in which they came.
pub(super) async fn list(tx: &mut Tx, owners: &[String]) -> Result<Vec<File>> {
    let named: Vec<Named<'_>> = owners.iter().map(|id| Named { id }).collect();
    tx.sql(rows!(
        "SELECT f.id, f.dealership_id, f.owner_id, f.place, f.name, f.type, f.size, f.created_at FROM ",
        (id text),
        " JOIN files AS f ON f.owner_id = j.id ORDER BY f.owner_id, f.place"
    ))
    .bind_rows(&named)
    .all()
    .await
}

pub(super) async fn bytes(tx: &mut Tx, id: Id<File>) -> Result<Option<(File, Vec<u8>)>> {
    #[derive(sqlx::FromRow)]
    struct Row {
        #[sqlx(flatten)]
        file: File,
        bytes: Vec<u8>,
    }
    let row: Option<Row> = tx
        .sql("SELECT id, dealership_id, owner_id, place, name, type, size, created_at, bytes FROM files WHERE id = $1")
        .bind(id)
        .optional()
        .await?;
    Ok(row.map(|row| (row.file, row.bytes)))
}
