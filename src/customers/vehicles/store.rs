//! The SQL of vehicles.
use serde::Serialize;

use super::{Sighting, Vehicle};
use crate::{
    db::{Result, Tx},
    dealerships::Dealership,
    id::Id,
    rows,
};

#[derive(Serialize)]
struct Wanted<'a> {
    dealership_id: Id<Dealership>,
    vin: Option<&'a str>,
    plate: Option<&'a str>,
}

/// The vehicles that any of the sightings may mean; locked until the unit ends, in the order of their ids.
pub(super) async fn find_and_lock(tx: &mut Tx, sightings: &[(Id<Dealership>, &Sighting)]) -> Result<Vec<Vehicle>> {
    let wanted: Vec<Wanted<'_>> = sightings
        .iter()
        .map(|(dealership_id, s)| Wanted { dealership_id: *dealership_id, vin: s.vin(), plate: s.plate() })
        .collect();
    let mut vehicles: Vec<Vehicle> = tx
        .sql(rows!(
            "SELECT v.id, v.dealership_id, v.vin, v.plate, v.model_code, v.model_year, v.owner_id, v.heard_at, v.created_at FROM ",
            (dealership_id text, vin text, plate text),
            " CROSS JOIN vehicles AS v
             WHERE v.dealership_id = j.dealership_id AND (v.vin = j.vin OR v.plate = j.plate) ORDER BY v.id",
            for_update "v"
        ))
        .bind_rows(&wanted)
        .all()
        .await?;
    // Two sightings may mean one vehicle.
    vehicles.dedup_by_key(|v| v.id);
    Ok(vehicles)
}

/// Inserts or overwrites vehicles in one statement.
pub(super) async fn save(tx: &mut Tx, vehicles: &[&Vehicle]) -> Result<()> {
    if vehicles.is_empty() {
        return Ok(());
    }
    tx.sql(rows!(
        "INSERT INTO vehicles (id, dealership_id, vin, plate, model_code, model_year, owner_id, heard_at, created_at)
         SELECT j.id, j.dealership_id, j.vin, j.plate, j.model_code, j.model_year, j.owner_id, j.heard_at, j.created_at FROM ",
        (id text, dealership_id text, vin text, plate text, model_code text, model_year bigint, owner_id text, heard_at timestamptz, created_at timestamptz),
        " WHERE true
         ON CONFLICT (id) DO UPDATE SET vin = excluded.vin, plate = excluded.plate, model_code = excluded.model_code, model_year = excluded.model_year,
            owner_id = excluded.owner_id, heard_at = excluded.heard_at"
    ))
    .bind_rows(vehicles)
    .execute()
    .await?;
    Ok(())
}
