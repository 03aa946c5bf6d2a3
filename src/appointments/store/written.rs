//! What is written down of the people and cars of bookings, and the bookings of which something is missing.
use std::collections::BTreeSet;

use serde::Serialize;

use crate::{
    appointments::Appointment,
    customers::{Customer, vehicles::Vehicle},
    db::{Result, Tx},
    id::Id,
    rows,
};

/// What is on record of whom and what a booking is for.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::appointments) struct Written {
    pub(in crate::appointments) id: Id<Appointment>,
    pub(in crate::appointments) name: Option<String>,
    pub(in crate::appointments) model_code: Option<String>,
    pub(in crate::appointments) model_year: Option<i64>,
    /// A number that may be good.
    pub(in crate::appointments) has_phone: bool,
    pub(in crate::appointments) customer_id: Option<Id<Customer>>,
    pub(in crate::appointments) vehicle_id: Option<Id<Vehicle>>,
    /// Another visit of theirs, or of that car, lacks something.
    pub(in crate::appointments) others_lack: bool,
}

pub(in crate::appointments) async fn written(tx: &mut Tx, ids: &[Id<Appointment>]) -> Result<Vec<Written>> {
    #[derive(Serialize)]
    struct Named {
        id: Id<Appointment>,
    }
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let named: Vec<Named> = ids.iter().map(|id| Named { id: *id }).collect();
    tx.sql(rows!(
        "SELECT a.id, c.name, v.model_code, v.model_year, EXISTS (SELECT 1 FROM contact_points p WHERE p.customer_id = a.customer_id
            AND p.type = 'phone' AND p.removed_at IS NULL AND p.validity IN ('unknown', 'ok')) AS has_phone,
            a.customer_id, a.vehicle_id, (EXISTS (SELECT 1 FROM appointments o WHERE o.missing <> '[]' AND o.customer_id = a.customer_id
            AND o.id <> a.id) OR EXISTS (SELECT 1 FROM appointments o WHERE o.missing <> '[]' AND o.vehicle_id = a.vehicle_id
            AND o.id <> a.id)) AS others_lack FROM ",
        (id text),
        " CROSS JOIN appointments AS a LEFT JOIN customers AS c ON c.id = a.customer_id LEFT JOIN vehicles AS v ON v.id = a.vehicle_id
          WHERE a.id = j.id"
    ))
    .bind_rows(&named)
    .all()
    .await
}

/// The bookings of these people and of these cars that lack something.
pub(in crate::appointments) async fn incomplete_of(
    tx: &mut Tx,
    customers: &BTreeSet<Id<Customer>>,
    vehicles: &BTreeSet<Id<Vehicle>>,
) -> Result<Vec<String>> {
    #[derive(Serialize)]
    struct Named {
        id: String,
    }
    let named: Vec<Named> = customers
        .iter()
        .map(ToString::to_string)
        .chain(vehicles.iter().map(ToString::to_string))
        .map(|id| Named { id })
        .collect();
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let found: Vec<(String,)> = tx
        .sql(rows!(
            "SELECT a.id FROM ",
            (id text),
            " CROSS JOIN appointments AS a WHERE a.missing <> '[]' AND (a.customer_id = j.id OR a.vehicle_id = j.id) ORDER BY a.id"
        ))
        .bind_rows(&named)
        .all()
        .await?;
    let mut ids: Vec<String> = found.into_iter().map(|(id,)| id).collect();
    ids.dedup();
    Ok(ids)
}
