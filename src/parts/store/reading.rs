//! What people and texts read of parts.
use serde::Serialize;

use super::super::{LineState, PartLine, PartsOrder, pace};
use crate::{
    clock::Timestamp,
    customers::{Customer, vehicles::Vehicle},
    db::{Result, Tx},
    http::Access,
    id::Id,
    notices::{
        readings::Reading,
        words::{
            About,
            parts_order::{self, Part},
        },
    },
    rows,
    staff::Staff,
};

/// An order beside the names of whom and what it concerns.
#[derive(Debug, sqlx::FromRow)]
pub(in crate::parts) struct Found {
    #[sqlx(flatten)]
    pub(in crate::parts) order: PartsOrder,
    pub(in crate::parts) dealership: String,
    pub(in crate::parts) customer: Option<Id<Customer>>,
    pub(in crate::parts) customer_ref: Option<String>,
    pub(in crate::parts) customer_name: Option<String>,
    pub(in crate::parts) vehicle: Option<Id<Vehicle>>,
    pub(in crate::parts) vin: Option<String>,
    pub(in crate::parts) plate: Option<String>,
    pub(in crate::parts) model_code: Option<String>,
    pub(in crate::parts) model_year: Option<i64>,
    pub(in crate::parts) advisor: Option<Id<Staff>>,
    pub(in crate::parts) advisor_ref: Option<String>,
    pub(in crate::parts) advisor_name: Option<String>,
}

/// Orders by our id or the sender's ref, among what `access` allows; two when the ref is not unique.
pub(in crate::parts) async fn list_by_reference(
    tx: &mut Tx,
    access: &Access,
    reference: &str,
    dealership: Option<&str>,
) -> Result<Vec<Found>> {
    tx.sql(
        "SELECT p.*, d.code AS dealership, c.id AS customer, c.ref AS customer_ref, c.name AS customer_name, v.id AS vehicle, v.vin, v.plate,
                v.model_code, v.model_year, s.id AS advisor, s.ref AS advisor_ref, s.name AS advisor_name
         FROM parts_orders AS p JOIN dealerships AS d ON d.id = p.dealership_id LEFT JOIN customers AS c ON c.id = p.customer_id
              LEFT JOIN vehicles AS v ON v.id = p.vehicle_id LEFT JOIN staff AS s ON s.id = p.advisor_id
         WHERE (p.id = $1 OR p.ref = $1) AND ($2 IS NULL OR p.dealership_id = $2) AND ($3 IS NULL OR d.code = $3)
         ORDER BY p.id LIMIT 2",
    )
    .bind(reference.to_owned())
    .bind(access.one())
    .bind(dealership.map(str::to_owned))
    .all()
    .await
}

/// The same by our ids, for texts.
pub(in crate::parts) async fn list_by_id(tx: &mut Tx, ids: &[String]) -> Result<Vec<Found>> {
    #[derive(Serialize)]
    struct Named<'a> {
        id: &'a str,
    }
    let named: Vec<Named<'_>> = ids.iter().map(|id| Named { id }).collect();
    tx.sql(rows!(
        "SELECT p.*, d.code AS dealership, c.id AS customer, c.ref AS customer_ref, c.name AS customer_name, v.id AS vehicle, v.vin, v.plate,
                v.model_code, v.model_year, s.id AS advisor, s.ref AS advisor_ref, s.name AS advisor_name
         FROM ",
        (id text),
        " CROSS JOIN parts_orders AS p JOIN dealerships AS d ON d.id = p.dealership_id LEFT JOIN customers AS c ON c.id = p.customer_id
              LEFT JOIN vehicles AS v ON v.id = p.vehicle_id LEFT JOIN staff AS s ON s.id = p.advisor_id
         WHERE p.id = j.id ORDER BY p.id"
    ))
    .bind_rows(&named)
    .all()
    .await
}

/// The days of what is ordered for a car and not all here.
pub(in crate::parts) async fn days_to_come(tx: &mut Tx, vehicle: Id<Vehicle>) -> Result<Vec<Option<Timestamp>>> {
    let found: Vec<(Option<Timestamp>,)> = tx
        .sql(
            "SELECT l.eta FROM parts_orders o JOIN part_lines l ON l.parts_order_id = o.id
             WHERE o.vehicle_id = $1 AND l.state IN ('ordered', 'backordered', 'partial')",
        )
        .bind(vehicle)
        .all()
        .await?;
    Ok(found.into_iter().map(|(eta,)| eta).collect())
}

/// A line on the board: on its way, or here and not fitted.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::parts) struct Waiting {
    pub(in crate::parts) id: Id<PartLine>,
    pub(in crate::parts) dealership: String,
    #[sqlx(rename = "ref")]
    pub(in crate::parts) reference: String,
    pub(in crate::parts) order_ref: String,
    pub(in crate::parts) ro_ref: Option<String>,
    pub(in crate::parts) part_no: Option<String>,
    pub(in crate::parts) name: Option<String>,
    pub(in crate::parts) state: LineState,
    pub(in crate::parts) qty_ordered: Option<f64>,
    pub(in crate::parts) qty_received: f64,
    pub(in crate::parts) qty_issued: f64,
    pub(in crate::parts) unit_value: Option<f64>,
    pub(in crate::parts) eta: Option<Timestamp>,
    pub(in crate::parts) location: Option<String>,
    pub(in crate::parts) received_at: Option<Timestamp>,
    pub(in crate::parts) complete_at: Option<Timestamp>,
    pub(in crate::parts) booked_at: Option<Timestamp>,
    pub(in crate::parts) declined_at: Option<Timestamp>,
    pub(in crate::parts) customer: Option<Id<Customer>>,
    pub(in crate::parts) customer_name: Option<String>,
    pub(in crate::parts) plate: Option<String>,
    pub(in crate::parts) advisor: Option<Id<Staff>>,
    pub(in crate::parts) advisor_name: Option<String>,
}

/// What the board asks for.
#[derive(Clone, Debug)]
pub(in crate::parts) struct Wanted {
    pub(in crate::parts) dealership: Option<String>,
    pub(in crate::parts) after: Option<String>,
    pub(in crate::parts) limit: i64,
}

/// The lines that wait, among what `access` allows, in the order of their ids.
pub(in crate::parts) async fn list_waiting(tx: &mut Tx, access: &Access, wanted: Wanted) -> Result<Vec<Waiting>> {
    tx.sql(
        "SELECT l.id, d.code AS dealership, l.ref, p.ref AS order_ref, p.ro_ref, l.part_no, l.name, l.state, l.qty_ordered, l.qty_received,
                l.qty_issued, l.unit_value, l.eta, l.location, l.received_at, p.complete_at, p.booked_at, p.declined_at,
                c.id AS customer, c.name AS customer_name, v.plate, s.id AS advisor, s.name AS advisor_name
         FROM part_lines AS l JOIN parts_orders AS p ON p.id = l.parts_order_id JOIN dealerships AS d ON d.id = l.dealership_id
              LEFT JOIN customers AS c ON c.id = p.customer_id LEFT JOIN vehicles AS v ON v.id = p.vehicle_id LEFT JOIN staff AS s ON s.id = p.advisor_id
         WHERE l.state IN ('ordered', 'backordered', 'partial', 'received') AND ($1 IS NULL OR l.dealership_id = $1)
             AND ($2 IS NULL OR d.code = $2) AND ($3 IS NULL OR l.id > $3) ORDER BY l.id LIMIT $4",
    )
    .bind(access.one())
    .bind(wanted.dealership)
    .bind(wanted.after)
    .bind(wanted.limit)
    .all()
    .await
}

/// What lies there and is not fitted: when it came in, and its value.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub(in crate::parts) struct Lying {
    pub(in crate::parts) received_at: Timestamp,
    pub(in crate::parts) value: f64,
}

/// Everything that lies there, of all pages, for the ageing.
pub(in crate::parts) async fn list_lying(tx: &mut Tx, access: &Access, dealership: Option<&str>) -> Result<Vec<Lying>> {
    tx.sql(
        "SELECT l.received_at, (l.qty_received - l.qty_issued) * coalesce(l.unit_value, 0.0) AS value
         FROM part_lines AS l JOIN dealerships AS d ON d.id = l.dealership_id
         WHERE l.state = 'received' AND l.received_at IS NOT NULL AND ($1 IS NULL OR l.dealership_id = $1) AND ($2 IS NULL OR d.code = $2)",
    )
    .bind(access.one())
    .bind(dealership.map(str::to_owned))
    .all()
    .await
}

/// The first day that was named for a line, and the day on which it came.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub(in crate::parts) struct Promised {
    pub(in crate::parts) first_eta: Timestamp,
    pub(in crate::parts) received_at: Timestamp,
}

/// The lines of a dealership that came in during a span of time and had a day.
pub(in crate::parts) async fn list_promised(
    tx: &mut Tx,
    dealership: Id<crate::dealerships::Dealership>,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<Promised>> {
    tx.sql(
        "SELECT first_eta, received_at FROM part_lines
         WHERE dealership_id = $1 AND first_eta IS NOT NULL AND received_at >= $2 AND received_at < $3",
    )
    .bind(dealership)
    .bind(from)
    .bind(until)
    .all()
    .await
}

impl Found {
    /// As its letters need it, with its lines among `lines`.
    pub(in crate::parts) fn reading(self, lines: &[PartLine]) -> Reading {
        let mine = || lines.iter().filter(|line| line.parts_order_id == self.order.id);
        let open = || mine().filter(|line| line.state.is_open());
        let is_here = |line: &PartLine| line.state == LineState::Received;
        let etas: Option<Vec<Timestamp>> = open().map(|line| line.eta).collect();
        let named = |line: &PartLine| Part {
            reference: line.reference.clone(),
            name: line.name.clone().or_else(|| line.part_no.clone()).unwrap_or_else(|| line.reference.clone()),
            is_open: line.state.is_open(),
            is_here: is_here(line),
        };
        let facts = parts_order::Facts {
            lines: mine().map(named).collect(),
            eta: etas.and_then(|etas| etas.into_iter().max()),
            return_by: self.order.complete_at.map(pace::return_by),
            ..parts_order::Facts::default()
        };
        let state = match (open().next().is_some(), mine().any(is_here)) {
            (true, _) => "waiting",
            (false, true) => "arrived",
            (false, false) => "ended",
        };
        Reading {
            subject_id: self.order.id.to_string(),
            state: state.to_owned(),
            revision: self.order.revision,
            advisor: self.advisor_name,
            plate: self.plate,
            model_code: self.model_code,
            model_year: self.model_year,
            about: Some(About::PartsOrder(facts)),
        }
    }
}

/// A part that its owner waits for.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Awaited {
    pub part_no: Option<String>,
    pub name: Option<String>,
    pub state: LineState,
    pub eta: Option<Timestamp>,
}

/// The lines of a customer's orders that are on their way or lie here, the oldest first.
pub(in crate::parts) async fn awaited(tx: &mut Tx, customer: Id<Customer>, most: i64) -> Result<Vec<Awaited>> {
    tx.sql(
        "SELECT l.part_no, l.name, l.state, coalesce(l.eta, p.eta) AS eta FROM parts_orders AS p JOIN part_lines AS l ON l.parts_order_id = p.id
         WHERE p.customer_id = $1 AND l.state IN ('ordered', 'backordered', 'partial', 'received') ORDER BY l.id LIMIT $2",
    )
    .bind(customer)
    .bind(most)
    .all()
    .await
}
