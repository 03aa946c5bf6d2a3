//! The SQL of a car's people.
use serde::Serialize;

use super::{Holder, Role, Shown, Word};
use crate::{
    clock::Timestamp,
    customers::{Customer, vehicles::Vehicle},
    db::{Result, Sql, Tx},
    dealerships::Dealership,
    id::Id,
    rows,
};

#[derive(Serialize)]
struct Named {
    id: Id<Vehicle>,
}

fn named(vehicles: &[Id<Vehicle>]) -> Vec<Named> {
    let mut ids = vehicles.to_vec();
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter().map(|id| Named { id }).collect()
}

/// Who drives these cars and who pays for them, and who did.
pub(super) async fn users(tx: &mut Tx, vehicles: &[Id<Vehicle>]) -> Result<Vec<Holder>> {
    tx.sql(rows!(
        "SELECT p.vehicle_id, p.customer_id, p.role, p.since_at, p.ended_at, c.time_zone, c.kind FROM ",
        (id text),
        " JOIN vehicle_people p ON p.vehicle_id = j.id JOIN customers c ON c.id = p.customer_id"
    ))
    .bind_rows(&named(vehicles))
    .all()
    .await
}

/// Whose these cars are.
pub(super) async fn owners(tx: &mut Tx, vehicles: &[Id<Vehicle>]) -> Result<Vec<Holder>> {
    tx.sql(rows!(
        "SELECT v.id AS vehicle_id, c.id AS customer_id, 'owner' AS role, v.created_at AS since_at, NULL AS ended_at, c.time_zone, c.kind FROM ",
        (id text),
        " JOIN vehicles v ON v.id = j.id JOIN customers c ON c.id = v.owner_id"
    ))
    .bind_rows(&named(vehicles))
    .all()
    .await
}

/// Somebody's role at a car as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub(super) struct Held {
    pub(super) vehicle_id: Id<Vehicle>,
    pub(super) customer_id: Id<Customer>,
    pub(super) role: Role,
    pub(super) source: String,
    pub(super) since_at: Timestamp,
    pub(super) heard_at: Timestamp,
    pub(super) ended_at: Option<Timestamp>,
}

impl Held {
    /// The same after a word that ends it.
    pub(super) fn ended(&self, word: Word<'_>) -> Self {
        Self { heard_at: word.at, ended_at: Some(word.at), source: word.source.to_owned(), ..self.clone() }
    }
}

const HELD: Sql = Sql {
    sqlite: "SELECT vehicle_id, customer_id, role, source, since_at, heard_at, ended_at FROM vehicle_people WHERE vehicle_id = $1 ORDER BY role, customer_id",
    postgres: "SELECT vehicle_id, customer_id, role, source, since_at, heard_at, ended_at FROM vehicle_people WHERE vehicle_id = $1 ORDER BY role, customer_id
        FOR UPDATE",
};

/// Every role that somebody has or had at a car; locked until the unit ends.
pub(super) async fn held(tx: &mut Tx, vehicle: Id<Vehicle>) -> Result<Vec<Held>> {
    tx.sql(HELD).bind(vehicle).all().await
}

/// Inserts or overwrites roles in one statement.
pub(super) async fn save(tx: &mut Tx, held: &[&Held]) -> Result<()> {
    tx.sql(rows!(
        "INSERT INTO vehicle_people (vehicle_id, customer_id, role, source, since_at, heard_at, ended_at)
         SELECT j.vehicle_id, j.customer_id, j.role, j.source, j.since_at, j.heard_at, j.ended_at FROM ",
        (vehicle_id text, customer_id text, role text, source text, since_at timestamptz, heard_at timestamptz, ended_at timestamptz),
        " WHERE true
         ON CONFLICT (vehicle_id, role, customer_id) DO UPDATE SET source = excluded.source, since_at = excluded.since_at,
            heard_at = excluded.heard_at, ended_at = excluded.ended_at"
    ))
    .bind_rows(held)
    .execute()
    .await
    .map(drop)
}

pub(super) async fn dealership(tx: &mut Tx, vehicle: Id<Vehicle>) -> Result<Option<Id<Dealership>>> {
    let found: Option<(Id<Dealership>,)> =
        tx.sql("SELECT dealership_id FROM vehicles WHERE id = $1").bind(vehicle).optional().await?;
    Ok(found.map(|(id,)| id))
}

/// Somebody is nobody of any car any more.
pub(super) async fn forget(tx: &mut Tx, customer: Id<Customer>) -> Result<()> {
    tx.sql("DELETE FROM vehicle_people WHERE customer_id = $1").bind(customer).execute().await.map(drop)
}

/// The people of these cars as they are now.
pub(super) async fn shown(tx: &mut Tx, vehicles: &[Id<Vehicle>]) -> Result<Vec<Shown>> {
    let mut shown: Vec<Shown> = tx
        .sql(rows!(
            "SELECT v.id AS vehicle_id, 'owner' AS role, c.id AS customer, c.ref, c.name FROM ",
            (id text),
            " JOIN vehicles v ON v.id = j.id JOIN customers c ON c.id = v.owner_id ORDER BY v.id"
        ))
        .bind_rows(&named(vehicles))
        .all()
        .await?;
    let users: Vec<Shown> = tx
        .sql(rows!(
            "SELECT p.vehicle_id, p.role, c.id AS customer, c.ref, c.name FROM ",
            (id text),
            " JOIN vehicle_people p ON p.vehicle_id = j.id AND p.ended_at IS NULL JOIN customers c ON c.id = p.customer_id
             ORDER BY p.vehicle_id, p.role, p.since_at, c.id"
        ))
        .bind_rows(&named(vehicles))
        .all()
        .await?;
    shown.extend(users);
    Ok(shown)
}
