//! What a statement reads whole, by SQLite's own plan: what is asked often is to be found by an index.
use super::{Db, Tx};
use crate::clock::Clock;

#[derive(sqlx::FromRow)]
struct Step {
    detail: String,
}

/// A database with the schema and nothing in it; the folder is kept as long as it is used.
pub(crate) async fn database() -> (Db, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("a.db").display());
    let db = Db::open(&url, &Clock::system()).await.expect("a database");
    db.migrate().await.expect("migrated");
    (db, folder)
}

/// Panics when the statement reads a table whole: the plan says SEARCH … USING INDEX for what is found, SCAN for what is read
/// from its beginning. `own` are what a subquery or a union made, which is read as it comes.
pub(crate) async fn is_found_by_an_index(tx: &mut Tx, (name, statement): (&str, &str), values: usize, own: &[&str]) {
    let text: &'static str = Box::leak(format!("EXPLAIN QUERY PLAN {statement}").into_boxed_str());
    let query = (0..values).fold(tx.sql(text), |query, _| query.bind("x".to_owned()));
    let steps: Vec<Step> = query.all().await.expect("a plan");
    let is_ours = |detail: &str| {
        let scanned = detail.strip_prefix("SCAN ").unwrap_or_default();
        scanned.starts_with("CONSTANT ROW") || own.iter().any(|own| scanned.starts_with(own))
    };
    let scans: Vec<&str> =
        steps.iter().map(|step| step.detail.as_str()).filter(|d| d.starts_with("SCAN") && !is_ours(d)).collect();
    assert!(scans.is_empty() && !steps.is_empty(), "{name}: {scans:?}");
}
