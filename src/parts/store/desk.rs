//! What the desk reads and writes: orders, their lines, the days that were named for them.
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::super::{Eta, PartLine, PartsOrder};
use crate::{
    customers::vehicles::Vehicle,
    db::{Result, Tx},
    dealerships::Dealership,
    id::Id,
    rows,
};

/// What an order is known by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(in crate::parts) struct Key {
    pub(in crate::parts) dealership_id: Id<Dealership>,
    #[serde(rename = "ref")]
    pub(in crate::parts) reference: String,
}

impl Key {
    pub(in crate::parts) fn of(order: &PartsOrder) -> Self {
        Self { dealership_id: order.dealership_id, reference: order.reference.clone() }
    }
}

/// An order with what its customer's clock shows.
#[derive(Debug, sqlx::FromRow)]
pub(in crate::parts) struct Held {
    #[sqlx(flatten)]
    pub(in crate::parts) order: PartsOrder,
    pub(in crate::parts) customer_zone: Option<String>,
}

#[derive(Serialize)]
struct Named<'a> {
    id: &'a str,
}

fn named(ids: &[String]) -> Vec<Named<'_>> {
    ids.iter().map(|id| Named { id }).collect()
}

/// The orders of `keys`; locked until the unit ends, in the order of their ids.
pub(in crate::parts) async fn find_and_lock(tx: &mut Tx, keys: &BTreeSet<Key>) -> Result<Vec<Held>> {
    let keys: Vec<&Key> = keys.iter().collect();
    tx.sql(rows!(
        "SELECT p.*, c.time_zone AS customer_zone FROM ",
        (dealership_id text, ref text),
        " CROSS JOIN parts_orders AS p LEFT JOIN customers AS c ON c.id = p.customer_id
         WHERE p.dealership_id = j.dealership_id AND p.ref = j.ref ORDER BY p.id",
        for_update "p"
    ))
    .bind_rows(&keys)
    .all()
    .await
}

/// The same by our ids.
pub(in crate::parts) async fn lock_by_id(tx: &mut Tx, ids: &[String]) -> Result<Vec<Held>> {
    tx.sql(rows!(
        "SELECT p.*, c.time_zone AS customer_zone FROM ",
        (id text),
        " CROSS JOIN parts_orders AS p LEFT JOIN customers AS c ON c.id = p.customer_id WHERE p.id = j.id ORDER BY p.id",
        for_update "p"
    ))
    .bind_rows(&named(ids))
    .all()
    .await
}

/// The orders that belong to these repair orders, by the senders' refs of those.
pub(in crate::parts) async fn lock_by_repair_order(tx: &mut Tx, keys: &BTreeSet<Key>) -> Result<Vec<Held>> {
    let keys: Vec<&Key> = keys.iter().collect();
    tx.sql(rows!(
        "SELECT p.*, c.time_zone AS customer_zone FROM ",
        (dealership_id text, ref text),
        " CROSS JOIN parts_orders AS p LEFT JOIN customers AS c ON c.id = p.customer_id
         WHERE p.dealership_id = j.dealership_id AND p.ro_ref = j.ref ORDER BY p.id",
        for_update "p"
    ))
    .bind_rows(&keys)
    .all()
    .await
}

/// The orders for these vehicles that have arrived and wait for their fitting.
pub(in crate::parts) async fn lock_arrived_for(tx: &mut Tx, vehicles: &BTreeSet<Id<Vehicle>>) -> Result<Vec<Held>> {
    let vehicles: Vec<String> = vehicles.iter().map(ToString::to_string).collect();
    tx.sql(rows!(
        "SELECT p.*, c.time_zone AS customer_zone FROM ",
        (id text),
        " CROSS JOIN parts_orders AS p LEFT JOIN customers AS c ON c.id = p.customer_id
         WHERE p.vehicle_id = j.id AND p.complete_at IS NOT NULL
             AND EXISTS (SELECT 1 FROM part_lines l WHERE l.parts_order_id = p.id AND l.state = 'received') ORDER BY p.id",
        for_update "p"
    ))
    .bind_rows(&named(&vehicles))
    .all()
    .await
}

/// The orders that these appointments are for.
pub(in crate::parts) async fn lock_booked_by(tx: &mut Tx, appointments: &[String]) -> Result<Vec<Held>> {
    tx.sql(rows!(
        "SELECT p.*, c.time_zone AS customer_zone FROM ",
        (id text),
        " CROSS JOIN parts_orders AS p LEFT JOIN customers AS c ON c.id = p.customer_id WHERE p.appointment_id = j.id ORDER BY p.id",
        for_update "p"
    ))
    .bind_rows(&named(appointments))
    .all()
    .await
}

/// The lines of these orders, in the order in which they became known.
pub(in crate::parts) async fn lines_of(tx: &mut Tx, orders: &[String]) -> Result<Vec<PartLine>> {
    if orders.is_empty() {
        return Ok(Vec::new());
    }
    tx.sql(rows!(
        "SELECT l.* FROM ",
        (id text),
        " CROSS JOIN part_lines AS l WHERE l.parts_order_id = j.id ORDER BY l.id"
    ))
    .bind_rows(&named(orders))
    .all()
    .await
}

/// Every day that was named for the lines of these orders, in the order in which it was heard.
pub(in crate::parts) async fn etas_of(tx: &mut Tx, orders: &[String]) -> Result<BTreeMap<Id<PartLine>, Vec<Eta>>> {
    let etas: Vec<Eta> = tx
        .sql(rows!(
            "SELECT e.* FROM ",
            (id text),
            " CROSS JOIN part_lines AS l JOIN part_etas AS e ON e.part_line_id = l.id WHERE l.parts_order_id = j.id ORDER BY e.id"
        ))
        .bind_rows(&named(orders))
        .all()
        .await?;
    let mut by_line: BTreeMap<Id<PartLine>, Vec<Eta>> = BTreeMap::new();
    for eta in etas {
        by_line.entry(eta.part_line_id).or_default().push(eta);
    }
    Ok(by_line)
}

/// Inserts or overwrites orders in one statement.
pub(in crate::parts) async fn save(tx: &mut Tx, orders: &[&PartsOrder]) -> Result<()> {
    if orders.is_empty() {
        return Ok(());
    }
    tx.sql(rows!(
        "INSERT INTO parts_orders (id, dealership_id, ref, revision, sender_revision, heard_at, customer_id, vehicle_id, advisor_id, ro_ref,
            order_type, ordered_at, eta, complete_at, complete_revision, booked_at, appointment_id, declined_at, created_at)
         SELECT j.id, j.dealership_id, j.ref, j.revision, j.sender_revision, j.heard_at, j.customer_id, j.vehicle_id, j.advisor_id, j.ro_ref,
            j.order_type, j.ordered_at, j.eta, j.complete_at, j.complete_revision, j.booked_at, j.appointment_id, j.declined_at, j.created_at FROM ",
        (id text, dealership_id text, ref text, revision bigint, sender_revision bigint, heard_at timestamptz, customer_id text, vehicle_id text,
         advisor_id text, ro_ref text, order_type text, ordered_at timestamptz, eta timestamptz, complete_at timestamptz,
         complete_revision bigint, booked_at timestamptz, appointment_id text, declined_at timestamptz, created_at timestamptz),
        " WHERE true
         ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, sender_revision = excluded.sender_revision, heard_at = excluded.heard_at,
            customer_id = excluded.customer_id, vehicle_id = excluded.vehicle_id, advisor_id = excluded.advisor_id, ro_ref = excluded.ro_ref,
            order_type = excluded.order_type, ordered_at = excluded.ordered_at, eta = excluded.eta, complete_at = excluded.complete_at,
            complete_revision = excluded.complete_revision, booked_at = excluded.booked_at, appointment_id = excluded.appointment_id,
            declined_at = excluded.declined_at"
    ))
    .bind_rows(orders)
    .execute()
    .await?;
    Ok(())
}

/// Inserts or overwrites lines in one statement.
pub(in crate::parts) async fn save_lines(tx: &mut Tx, lines: &[&PartLine]) -> Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    tx.sql(rows!(
        "INSERT INTO part_lines (id, parts_order_id, dealership_id, ref, part_no, name, state, heard_at, qty_ordered, qty_received, qty_issued,
            backordered, eta, first_eta, location, unit_value, reason, ordered_at, received_at, ended_at, created_at)
         SELECT j.id, j.parts_order_id, j.dealership_id, j.ref, j.part_no, j.name, j.state, j.heard_at, j.qty_ordered, j.qty_received, j.qty_issued,
            j.backordered, j.eta, j.first_eta, j.location, j.unit_value, j.reason, j.ordered_at, j.received_at, j.ended_at, j.created_at FROM ",
        (id text, parts_order_id text, dealership_id text, ref text, part_no text, name text, state text, heard_at timestamptz, qty_ordered float8,
         qty_received float8, qty_issued float8, backordered boolean, eta timestamptz, first_eta timestamptz, location text, unit_value float8,
         reason text, ordered_at timestamptz, received_at timestamptz, ended_at timestamptz, created_at timestamptz),
        " WHERE true
         ON CONFLICT (id) DO UPDATE SET part_no = excluded.part_no, name = excluded.name, state = excluded.state, heard_at = excluded.heard_at,
            qty_ordered = excluded.qty_ordered, qty_received = excluded.qty_received, qty_issued = excluded.qty_issued,
            backordered = excluded.backordered, eta = excluded.eta, first_eta = excluded.first_eta, location = excluded.location,
            unit_value = excluded.unit_value, reason = excluded.reason, ordered_at = excluded.ordered_at, received_at = excluded.received_at,
            ended_at = excluded.ended_at"
    ))
    .bind_rows(lines)
    .execute()
    .await?;
    Ok(())
}

/// Writes down days that were named; they never change.
pub(in crate::parts) async fn add_etas(tx: &mut Tx, etas: &[&Eta]) -> Result<()> {
    if etas.is_empty() {
        return Ok(());
    }
    tx.sql(rows!(
        "INSERT INTO part_etas (id, part_line_id, eta, heard_at, event_id) SELECT j.id, j.part_line_id, j.eta, j.heard_at, j.event_id FROM ",
        (id text, part_line_id text, eta timestamptz, heard_at timestamptz, event_id text),
        ""
    ))
    .bind_rows(etas)
    .execute()
    .await?;
    Ok(())
}
