//! The SQL of vehicles.
use serde::Serialize;

use super::{Sighting, Vehicle};
use crate::{
    clock::Timestamp,
    customers::Customer,
    db::{Result, Sql, Tx},
    dealerships::Dealership,
    http::Access,
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
            "SELECT v.id, v.dealership_id, v.vin, v.plate, v.model_code, v.model_year, v.owner_id, v.odometer, v.next_service_at, v.next_service_km, v.heard_at, v.created_at,
                EXISTS (SELECT 1 FROM vehicle_people p WHERE p.vehicle_id = v.id AND p.ended_at IS NULL) AS has_users FROM ",
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

/// Vehicles by our id.
pub(super) async fn by_ids(tx: &mut Tx, ids: &[String]) -> Result<Vec<Vehicle>> {
    #[derive(Serialize)]
    struct Named<'a> {
        id: &'a str,
    }
    let named: Vec<Named<'_>> = ids.iter().map(|id| Named { id }).collect();
    tx.sql(rows!(
        "SELECT v.id, v.dealership_id, v.vin, v.plate, v.model_code, v.model_year, v.owner_id, v.odometer, v.next_service_at, v.next_service_km, v.heard_at, v.created_at FROM ",
        (id text),
        " JOIN vehicles v ON v.id = j.id"
    ))
    .bind_rows(&named)
    .all()
    .await
}

/// Inserts or overwrites vehicles in one statement.
pub(super) async fn save(tx: &mut Tx, vehicles: &[&Vehicle]) -> Result<()> {
    if vehicles.is_empty() {
        return Ok(());
    }
    tx.sql(rows!(
        "INSERT INTO vehicles (id, dealership_id, vin, plate, model_code, model_year, owner_id, odometer, next_service_at, next_service_km, heard_at, created_at)
         SELECT j.id, j.dealership_id, j.vin, j.plate, j.model_code, j.model_year, j.owner_id, j.odometer, j.next_service_at, j.next_service_km, j.heard_at, j.created_at FROM ",
        (id text, dealership_id text, vin text, plate text, model_code text, model_year bigint, owner_id text, odometer bigint, next_service_at timestamptz,
         next_service_km bigint, heard_at timestamptz, created_at timestamptz),
        " WHERE true
         ON CONFLICT (id) DO UPDATE SET vin = excluded.vin, plate = excluded.plate, model_code = excluded.model_code, model_year = excluded.model_year,
            owner_id = excluded.owner_id, odometer = excluded.odometer, next_service_at = excluded.next_service_at,
            next_service_km = excluded.next_service_km, heard_at = excluded.heard_at"
    ))
    .bind_rows(vehicles)
    .execute()
    .await?;
    Ok(())
}

/// Takes a vehicle from its owner; whose vehicle it is, when it was theirs.
pub(super) async fn end_ownership(
    tx: &mut Tx,
    vehicle: Id<Vehicle>,
    owner: Id<Customer>,
) -> Result<Option<Id<Dealership>>> {
    let found: Option<(Id<Dealership>,)> = tx
        .sql("UPDATE vehicles SET owner_id = NULL WHERE id = $1 AND owner_id = $2 RETURNING dealership_id")
        .bind(vehicle)
        .bind(owner)
        .optional()
        .await?;
    Ok(found.map(|(id,)| id))
}

const LOCK: Sql = Sql {
    sqlite: "SELECT v.id, v.dealership_id, v.vin, v.plate, v.model_code, v.model_year, v.owner_id, v.odometer, v.next_service_at, v.next_service_km,
            v.heard_at, v.created_at FROM vehicles v WHERE v.id = $1",
    postgres: "SELECT v.id, v.dealership_id, v.vin, v.plate, v.model_code, v.model_year, v.owner_id, v.odometer, v.next_service_at, v.next_service_km,
            v.heard_at, v.created_at FROM vehicles v WHERE v.id = $1 FOR UPDATE",
};

/// One vehicle; locked until the unit ends.
pub(super) async fn lock(tx: &mut Tx, id: Id<Vehicle>) -> Result<Option<Vehicle>> {
    tx.sql(LOCK).bind(id).optional().await
}

/// A word about a recall of a vehicle; false when a younger one was heard.
pub(super) async fn set_campaign(
    tx: &mut Tx,
    id: Id<Vehicle>,
    (number, name): (&str, Option<&str>),
    state: &'static str,
    at: Timestamp,
) -> Result<bool> {
    let written = tx
        .sql(
            "INSERT INTO vehicle_campaigns (vehicle_id, campaign_no, name, state, heard_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (vehicle_id, campaign_no) DO UPDATE SET name = coalesce(excluded.name, vehicle_campaigns.name), state = excluded.state,
                heard_at = excluded.heard_at WHERE vehicle_campaigns.heard_at <= excluded.heard_at",
        )
        .bind(id)
        .bind(number.to_owned())
        .bind(name.map(str::to_owned))
        .bind(state)
        .bind(at)
        .execute()
        .await?;
    Ok(written > 0)
}

/// The recalls that are still open for it: number and name.
pub(super) async fn open_campaigns(tx: &mut Tx, id: Id<Vehicle>) -> Result<Vec<(String, Option<String>)>> {
    tx.sql(
        "SELECT campaign_no, name FROM vehicle_campaigns WHERE vehicle_id = $1 AND state = 'open' ORDER BY campaign_no",
    )
    .bind(id)
    .all()
    .await
}

/// A vehicle with the names that people know its dealership and owner by.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub(super) struct Found {
    #[serde(flatten)]
    #[sqlx(flatten)]
    pub(super) vehicle: Vehicle,
    pub(super) dealership: String,
    pub(super) owner_ref: Option<String>,
    pub(super) owner_name: Option<String>,
}

/// By our id, its VIN or its plate; two rows where that says too little.
pub(super) async fn list_by_reference(
    tx: &mut Tx,
    access: &Access,
    reference: &str,
    dealership: Option<&str>,
) -> Result<Vec<Found>> {
    tx.sql(
        "SELECT v.*, d.code AS dealership, c.ref AS owner_ref, c.name AS owner_name
         FROM vehicles AS v JOIN dealerships AS d ON d.id = v.dealership_id LEFT JOIN customers AS c ON c.id = v.owner_id
         WHERE (v.id = $1 OR v.vin = $2 OR v.plate = $2) AND ($3 IS NULL OR v.dealership_id = $3) AND ($4 IS NULL OR d.code = $4)
         ORDER BY v.id LIMIT 2",
    )
    .bind(reference.to_owned())
    .bind(reference.to_uppercase())
    .bind(access.one())
    .bind(dealership.map(str::to_owned))
    .all()
    .await
}
