//! What the desk reads and writes: repair orders and the work found on them.
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::super::{Item, RepairOrder, figures::Paper};
use crate::{
    clock::Timestamp,
    customers::vehicles::Vehicle,
    db::{Result, Tx},
    dealerships::Dealership,
    id::Id,
    rows,
};

/// What a repair order is known by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(in crate::repairs) struct Key {
    pub(in crate::repairs) dealership_id: Id<Dealership>,
    #[serde(rename = "ref")]
    pub(in crate::repairs) reference: String,
}

impl Key {
    pub(in crate::repairs) fn of(order: &RepairOrder) -> Self {
        Self { dealership_id: order.dealership_id, reference: order.reference.clone() }
    }
}

/// A repair order with what its customer's clock shows.
#[derive(Debug, sqlx::FromRow)]
pub(in crate::repairs) struct Held {
    #[sqlx(flatten)]
    pub(in crate::repairs) order: RepairOrder,
    pub(in crate::repairs) customer_zone: Option<String>,
}

/// The repair orders of `keys`; locked until the unit ends, in the order of their ids.
pub(in crate::repairs) async fn find_and_lock(tx: &mut Tx, keys: &BTreeSet<Key>) -> Result<BTreeMap<Key, Held>> {
    let keys: Vec<&Key> = keys.iter().collect();
    let held: Vec<Held> = tx
        .sql(rows!(
            "SELECT r.*, c.time_zone AS customer_zone FROM ",
            (dealership_id text, ref text),
            " CROSS JOIN repair_orders AS r LEFT JOIN customers AS c ON c.id = r.customer_id
             WHERE r.dealership_id = j.dealership_id AND r.ref = j.ref ORDER BY r.id",
            for_update "r"
        ))
        .bind_rows(&keys)
        .all()
        .await?;
    Ok(held.into_iter().map(|h| (Key::of(&h.order), h)).collect())
}

/// The same by our ids, as clocks and notices name them.
pub(in crate::repairs) async fn lock_by_id(tx: &mut Tx, ids: &[String]) -> Result<Vec<Held>> {
    tx.sql(rows!(
        "SELECT r.*, c.time_zone AS customer_zone FROM ",
        (id text),
        " CROSS JOIN repair_orders AS r LEFT JOIN customers AS c ON c.id = r.customer_id WHERE r.id = j.id ORDER BY r.id",
        for_update "r"
    ))
    .bind_rows(&named(ids))
    .all()
    .await
}

/// The orders of these vehicles with work that was declined or put off and that is not booked.
pub(in crate::repairs) async fn lock_with_deferred_work(
    tx: &mut Tx,
    vehicles: &BTreeSet<Id<Vehicle>>,
) -> Result<Vec<Held>> {
    let vehicles: Vec<String> = vehicles.iter().map(ToString::to_string).collect();
    tx.sql(rows!(
        "SELECT r.*, c.time_zone AS customer_zone FROM ",
        (id text),
        " CROSS JOIN repair_orders AS r LEFT JOIN customers AS c ON c.id = r.customer_id
         WHERE r.vehicle_id = j.id AND EXISTS (SELECT 1 FROM work_items w WHERE w.repair_order_id = r.id AND w.decision IN ('declined', 'deferred') AND w.booked_at IS NULL) ORDER BY r.id",
        for_update "r"
    ))
    .bind_rows(&named(&vehicles))
    .all()
    .await
}

/// The work found on these orders, in the order in which it was found.
pub(in crate::repairs) async fn items_of(tx: &mut Tx, orders: &[String]) -> Result<Vec<Item>> {
    if orders.is_empty() {
        return Ok(Vec::new());
    }
    tx.sql(rows!(
        "SELECT w.* FROM ",
        (id text),
        " CROSS JOIN work_items AS w WHERE w.repair_order_id = j.id ORDER BY w.found_at, w.id"
    ))
    .bind_rows(&named(orders))
    .all()
    .await
}

/// Inserts or overwrites repair orders in one statement.
pub(in crate::repairs) async fn save(tx: &mut Tx, orders: &[&RepairOrder]) -> Result<()> {
    if orders.is_empty() {
        return Ok(());
    }
    tx.sql(rows!(
        "INSERT INTO repair_orders (id, dealership_id, ref, state, revision, sender_revision, heard_at, customer_id, vehicle_id, advisor_id,
            technicians, appointment_ref, opened_at, first_promise, promised_at, promise_reason, ready_at, qc_at, qc_by, delivered_at, closed_at,
            signed, signed_at, signed_by, condition_recorded, pay_type, is_comeback, jobs, odometer, total, hours_sold, hours_clocked, created_at)
         SELECT j.id, j.dealership_id, j.ref, j.state, j.revision, j.sender_revision, j.heard_at, j.customer_id, j.vehicle_id, j.advisor_id,
            j.technicians, j.appointment_ref, j.opened_at, j.first_promise, j.promised_at, j.promise_reason, j.ready_at, j.qc_at, j.qc_by,
            j.delivered_at, j.closed_at, j.signed, j.signed_at, j.signed_by, j.condition_recorded, j.pay_type, j.is_comeback, j.jobs, j.odometer,
            j.total, j.hours_sold, j.hours_clocked, j.created_at FROM ",
        (id text, dealership_id text, ref text, state text, revision bigint, sender_revision bigint, heard_at timestamptz, customer_id text,
         vehicle_id text, advisor_id text, technicians jsonb, appointment_ref text, opened_at timestamptz, first_promise timestamptz,
         promised_at timestamptz, promise_reason text, ready_at timestamptz, qc_at timestamptz, qc_by text, delivered_at timestamptz,
         closed_at timestamptz, signed boolean, signed_at timestamptz, signed_by text, condition_recorded boolean, pay_type text,
         is_comeback boolean, jobs jsonb, odometer bigint, total float8, hours_sold float8, hours_clocked float8, created_at timestamptz),
        " WHERE true
         ON CONFLICT (id) DO UPDATE SET state = excluded.state, revision = excluded.revision, sender_revision = excluded.sender_revision,
            heard_at = excluded.heard_at, customer_id = excluded.customer_id, vehicle_id = excluded.vehicle_id, advisor_id = excluded.advisor_id,
            technicians = excluded.technicians, appointment_ref = excluded.appointment_ref, opened_at = excluded.opened_at,
            first_promise = excluded.first_promise, promised_at = excluded.promised_at, promise_reason = excluded.promise_reason,
            ready_at = excluded.ready_at, qc_at = excluded.qc_at, qc_by = excluded.qc_by, delivered_at = excluded.delivered_at,
            closed_at = excluded.closed_at, signed = excluded.signed, signed_at = excluded.signed_at, signed_by = excluded.signed_by,
            condition_recorded = excluded.condition_recorded, pay_type = excluded.pay_type, is_comeback = excluded.is_comeback,
            jobs = excluded.jobs, odometer = excluded.odometer, total = excluded.total, hours_sold = excluded.hours_sold,
            hours_clocked = excluded.hours_clocked"
    ))
    .bind_rows(orders)
    .execute()
    .await?;
    Ok(())
}

/// Inserts or overwrites items of work in one statement.
pub(in crate::repairs) async fn save_items(tx: &mut Tx, items: &[&Item]) -> Result<()> {
    if items.is_empty() {
        return Ok(());
    }
    tx.sql(rows!(
        "INSERT INTO work_items (id, repair_order_id, code, name, severity, amount, decision, found_at, heard_at, decided_at, decided_by,
            decided_via, reason, reminded, booked_at)
         SELECT j.id, j.repair_order_id, j.code, j.name, j.severity, j.amount, j.decision, j.found_at, j.heard_at, j.decided_at, j.decided_by,
            j.decided_via, j.reason, j.reminded, j.booked_at FROM ",
        (id text, repair_order_id text, code text, name text, severity text, amount float8, decision text, found_at timestamptz,
         heard_at timestamptz, decided_at timestamptz, decided_by text, decided_via text, reason text, reminded bigint, booked_at timestamptz),
        " WHERE true
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, severity = excluded.severity, amount = excluded.amount, decision = excluded.decision,
            heard_at = excluded.heard_at, decided_at = excluded.decided_at, decided_by = excluded.decided_by, decided_via = excluded.decided_via,
            reason = excluded.reason, reminded = excluded.reminded, booked_at = excluded.booked_at"
    ))
    .bind_rows(items)
    .execute()
    .await?;
    Ok(())
}

/// An id in a set of rows.
#[derive(Serialize)]
pub(in crate::repairs) struct Named<'a> {
    id: &'a str,
}

pub(in crate::repairs) fn named(ids: &[String]) -> Vec<Named<'_>> {
    ids.iter().map(|id| Named { id }).collect()
}

/// The orders of a dealership that were opened in a span of time and lack a signature or the record of the car's condition.
pub(in crate::repairs) async fn list_incomplete(
    tx: &mut Tx,
    dealership_id: Id<Dealership>,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<Paper>> {
    tx.sql(
        "SELECT ref AS reference, signed, condition_recorded FROM repair_orders
         WHERE dealership_id = $1 AND opened_at >= $2 AND opened_at < $3
             AND (signed = $4 OR condition_recorded IS NULL OR condition_recorded = $4) ORDER BY opened_at, id",
    )
    .bind(dealership_id)
    .bind(from)
    .bind(until)
    .bind(false)
    .all()
    .await
}
