//! The SQL of the operations report: how definitions are kept, and what its numbers are counted from.
pub(super) mod counted;

use sqlx::types::Json;

use super::{
    Approval, Definition, NAME,
    definition::{self, Defined},
};
use crate::{
    clock::Timestamp,
    db::{Result, Tx},
};

/// From the first moment to the one after the last.
pub(super) type Stretch = (Timestamp, Timestamp);

#[derive(sqlx::FromRow)]
struct Kept {
    version: i64,
    numbers: Json<Vec<Defined>>,
    made_at: Timestamp,
    made_by: String,
    approved_at: Option<Timestamp>,
    approved_by: Option<String>,
    approval_ref: Option<String>,
}

/// Every version, the newest first. The program's own is there whether or not anything is said of it.
pub(super) async fn definitions(tx: &mut Tx) -> Result<Vec<Definition>> {
    let kept: Vec<Kept> = tx
        .sql(
            "SELECT version, numbers, made_at, made_by, approved_at, approved_by, approval_ref FROM report_definitions
             WHERE report = $1 ORDER BY version DESC LIMIT 500",
        )
        .bind(NAME.to_owned())
        .all()
        .await?;
    let mut all: Vec<Definition> = kept.into_iter().map(Definition::from).collect();
    if all.iter().all(|one| one.version != 1) {
        all.push(definition::first());
    }
    Ok(all)
}

impl From<Kept> for Definition {
    fn from(kept: Kept) -> Self {
        let approval = kept.approved_at.zip(kept.approved_by);
        Self {
            version: kept.version,
            numbers: kept.numbers.0,
            made_at: (kept.version > 1).then_some(kept.made_at),
            made_by: (kept.version > 1).then_some(kept.made_by),
            approval: approval.map(|(at, by)| Approval { at, by, reference: kept.approval_ref }),
        }
    }
}

/// Keeps a version; one that is there already stays as it is.
pub(super) async fn keep(tx: &mut Tx, version: i64, numbers: &[Defined], at: Timestamp, by: &str) -> Result<bool> {
    let written = tx
        .sql(
            "INSERT INTO report_definitions (report, version, numbers, made_at, made_by) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (report, version) DO NOTHING",
        )
        .bind(NAME.to_owned())
        .bind(version)
        .bind(Json(numbers.to_vec()))
        .bind(at)
        .bind(by.to_owned())
        .execute()
        .await?;
    Ok(written == 1)
}

/// Adds the brand's approval to a version that has none; false when it has one.
pub(super) async fn approve(tx: &mut Tx, version: i64, approval: &Approval, recorded_by: &str) -> Result<bool> {
    let written = tx
        .sql(
            "UPDATE report_definitions SET approved_at = $3, approved_by = $4, approval_ref = $5, recorded_by = $6
             WHERE report = $1 AND version = $2 AND approved_at IS NULL",
        )
        .bind(NAME.to_owned())
        .bind(version)
        .bind(approval.at)
        .bind(approval.by.clone())
        .bind(approval.reference.clone())
        .bind(recorded_by.to_owned())
        .execute()
        .await?;
    Ok(written == 1)
}
