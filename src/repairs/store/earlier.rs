//! What was done on cars before: for whoever books them again.
use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;

use crate::{
    clock::Timestamp,
    customers::vehicles::Vehicle,
    db::{Result, Tx},
    id::Id,
    rows,
};

/// A visit of a car to the workshop.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct EarlierVisit {
    pub vehicle_id: Id<Vehicle>,
    /// The sender's name for the repair order.
    #[sqlx(rename = "ref")]
    pub reference: String,
    /// When the car was given back; until then, when the order was opened.
    pub done_at: Timestamp,
    /// As the sender lists them.
    pub jobs: Json<Vec<Value>>,
    /// Kilometres, where they were read.
    pub odometer: Option<i64>,
}

/// The visits of these cars that were opened since `since`, the younger first.
pub(in crate::repairs) async fn earlier_visits(
    tx: &mut Tx,
    cars: &BTreeSet<Id<Vehicle>>,
    since: Timestamp,
) -> Result<Vec<EarlierVisit>> {
    #[derive(Serialize)]
    struct Car {
        id: Id<Vehicle>,
    }
    let cars: Vec<Car> = cars.iter().map(|id| Car { id: *id }).collect();
    tx.sql(rows!(
        "SELECT o.vehicle_id, o.ref, coalesce(o.delivered_at, o.closed_at, o.opened_at) AS done_at, o.jobs, o.odometer FROM ",
        (id text),
        " JOIN repair_orders o ON o.vehicle_id = j.id WHERE o.opened_at >= $2 ORDER BY o.opened_at DESC, o.id DESC"
    ))
    .bind_rows(&cars)
    .bind(since)
    .all()
    .await
}
