//! The SQL of capacity.
use serde::Serialize;

use super::{Day, Fact};
use crate::{
    clock::Timestamp,
    db::{Result, Tx},
    dealerships::Dealership,
    id::Id,
    rows,
};

/// False when something younger is known.
pub(super) async fn set(tx: &mut Tx, dealership_id: Id<Dealership>, fact: &Fact, heard_at: Timestamp) -> Result<bool> {
    let written = tx
        .sql(
            "INSERT INTO capacity (dealership_id, date, team, available_minutes, booked_minutes, heard_at) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (dealership_id, date, team) DO UPDATE SET available_minutes = excluded.available_minutes,
                booked_minutes = excluded.booked_minutes, heard_at = excluded.heard_at WHERE capacity.heard_at <= excluded.heard_at",
        )
        .bind(dealership_id)
        .bind(fact.date.to_string())
        .bind(fact.team.clone())
        .bind(fact.available_minutes)
        .bind(fact.booked_minutes)
        .bind(heard_at)
        .execute()
        .await?;
    Ok(written == 1)
}

pub(super) async fn days(tx: &mut Tx, dealership_id: Id<Dealership>, dates: &[String]) -> Result<Vec<Day>> {
    #[derive(Serialize)]
    struct Wanted<'a> {
        date: &'a str,
    }
    let wanted: Vec<Wanted<'_>> = dates.iter().map(|date| Wanted { date }).collect();
    tx.sql(rows!(
        "SELECT c.date, CAST(sum(c.available_minutes) AS BIGINT) AS available_minutes, CAST(sum(c.booked_minutes) AS BIGINT) AS booked_minutes FROM ",
        (date text),
        " JOIN capacity c ON c.date = j.date WHERE c.dealership_id = $2 GROUP BY c.date ORDER BY c.date"
    ))
    .bind_rows(&wanted)
    .bind(dealership_id)
    .all()
    .await
}
