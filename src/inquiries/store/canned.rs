//! Canned replies: a row per language.
use serde::Serialize;

use super::super::canned::{Canned, Text};
use crate::{
    clock::Timestamp,
    db::{Result, Tx},
    dealerships::Dealership,
    id::Id,
    notices::Locale,
    rows,
};

#[derive(sqlx::FromRow)]
struct Row {
    code: String,
    locale: String,
    title: String,
    body: String,
}

/// All of a dealership's, by their codes.
pub(in super::super) async fn canned(tx: &mut Tx, dealership: Id<Dealership>) -> Result<Vec<Canned>> {
    let rows: Vec<Row> = tx
        .sql("SELECT code, locale, title, body FROM canned_replies WHERE dealership_id = $1 ORDER BY code, locale")
        .bind(dealership)
        .all()
        .await?;
    let mut all: Vec<Canned> = Vec::new();
    for row in rows {
        let Some(locale) = Locale::parse(&row.locale) else { continue };
        let text = Text { title: row.title, body: row.body };
        match all.last_mut() {
            Some(last) if last.code == row.code => drop(last.texts.insert(locale.code(), text)),
            _ => all.push(Canned { code: row.code, texts: [(locale.code(), text)].into() }),
        }
    }
    Ok(all)
}

pub(in super::super) async fn save_canned(
    tx: &mut Tx,
    dealership: Id<Dealership>,
    one: &Canned,
    at: Timestamp,
) -> Result<()> {
    #[derive(Serialize)]
    struct New<'a> {
        dealership_id: Id<Dealership>,
        code: &'a str,
        locale: &'a str,
        title: &'a str,
        body: &'a str,
        updated_at: Timestamp,
    }
    let rows: Vec<New<'_>> = one
        .texts
        .iter()
        .map(|(locale, text)| New {
            dealership_id: dealership,
            code: &one.code,
            locale,
            title: &text.title,
            body: &text.body,
            updated_at: at,
        })
        .collect();
    tx.sql(rows!(
        "INSERT INTO canned_replies (dealership_id, code, locale, title, body, updated_at)
         SELECT j.dealership_id, j.code, j.locale, j.title, j.body, j.updated_at FROM ",
        (dealership_id text, code text, locale text, title text, body text, updated_at timestamptz),
        " WHERE true"
    ))
    .bind_rows(&rows)
    .execute()
    .await?;
    Ok(())
}

/// Takes one away in all its languages; how many rows that were.
pub(in super::super) async fn remove_canned(tx: &mut Tx, dealership: Id<Dealership>, code: &str) -> Result<u64> {
    tx.sql("DELETE FROM canned_replies WHERE dealership_id = $1 AND code = $2")
        .bind(dealership)
        .bind(code.to_owned())
        .execute()
        .await
}
