//! What people and texts read of repair orders.
use super::{
    super::{Decision, Item, RepairOrder, State},
    desk::named,
};
use crate::{
    clock::Timestamp,
    customers::{Customer, vehicles::Vehicle},
    db::{Result, Tx},
    http::Access,
    id::Id,
    notices::{
        readings::Reading,
        words::{About, repair_order},
    },
    rows,
    staff::Staff,
};

/// A repair order beside the names of whom and what it concerns.
#[derive(sqlx::FromRow)]
pub(in crate::repairs) struct Found {
    #[sqlx(flatten)]
    pub(in crate::repairs) order: RepairOrder,
    pub(in crate::repairs) dealership: String,
    pub(in crate::repairs) customer: Option<Id<Customer>>,
    pub(in crate::repairs) customer_ref: Option<String>,
    pub(in crate::repairs) customer_name: Option<String>,
    pub(in crate::repairs) vehicle: Option<Id<Vehicle>>,
    pub(in crate::repairs) vin: Option<String>,
    pub(in crate::repairs) plate: Option<String>,
    pub(in crate::repairs) model_code: Option<String>,
    pub(in crate::repairs) model_year: Option<i64>,
    pub(in crate::repairs) advisor: Option<Id<Staff>>,
    pub(in crate::repairs) advisor_ref: Option<String>,
    pub(in crate::repairs) advisor_name: Option<String>,
}

/// Repair orders by our id or the sender's ref, among what `access` allows; two when the ref is not unique.
pub(in crate::repairs) async fn list_by_reference(
    tx: &mut Tx,
    access: &Access,
    reference: &str,
    dealership: Option<&str>,
) -> Result<Vec<Found>> {
    tx.sql(concat!(
        found!(),
        " WHERE (r.id = $1 OR r.ref = $1) AND ($2 IS NULL OR r.dealership_id = $2) AND ($3 IS NULL OR d.code = $3) ORDER BY r.id LIMIT 2"
    ))
    .bind(reference.to_owned())
    .bind(access.one())
    .bind(dealership.map(str::to_owned))
    .all()
    .await
}

/// The same by our ids, for texts.
pub(in crate::repairs) async fn list_by_id(tx: &mut Tx, ids: &[String]) -> Result<Vec<Found>> {
    tx.sql(rows!(
        "SELECT r.*, d.code AS dealership, c.id AS customer, c.ref AS customer_ref, c.name AS customer_name, v.id AS vehicle, v.vin, v.plate,
                v.model_code, v.model_year, s.id AS advisor, s.ref AS advisor_ref, s.name AS advisor_name
         FROM ",
        (id text),
        " CROSS JOIN repair_orders AS r JOIN dealerships AS d ON d.id = r.dealership_id LEFT JOIN customers AS c ON c.id = r.customer_id
              LEFT JOIN vehicles AS v ON v.id = r.vehicle_id LEFT JOIN staff AS s ON s.id = r.advisor_id
         WHERE r.id = j.id ORDER BY r.id"
    ))
    .bind_rows(&named(ids))
    .all()
    .await
}

/// Who works on a person in a shop: names of staff for a list of ids.
#[derive(sqlx::FromRow)]
pub(in crate::repairs) struct Technician {
    pub(in crate::repairs) id: Id<Staff>,
    #[sqlx(rename = "ref")]
    pub(in crate::repairs) reference: String,
    pub(in crate::repairs) name: Option<String>,
}

pub(in crate::repairs) async fn technicians(tx: &mut Tx, ids: &[Id<Staff>]) -> Result<Vec<Technician>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    tx.sql(
        rows!("SELECT s.id, s.ref, s.name FROM ", (id text), " CROSS JOIN staff AS s WHERE s.id = j.id ORDER BY s.ref"),
    )
    .bind_rows(&named(&ids))
    .all()
    .await
}

impl Found {
    /// As its letters need it, with the work found on it among `items`.
    pub(in crate::repairs) fn reading(self, items: &[Item]) -> Reading {
        let mine = items.iter().filter(|item| item.repair_order_id == self.order.id);
        let waiting =
            |item: &&Item| matches!(item.decision, Decision::Pending | Decision::Declined | Decision::Deferred);
        let facts = repair_order::Facts {
            promised_at: self.order.promised_at,
            qc: self.order.qc_at.is_some(),
            items: mine.filter(waiting).map(|item| (item.code.clone(), item.name.clone())).collect(),
            visited_at: self.order.delivered_at.or(self.order.opened_at),
            ..repair_order::Facts::default()
        };
        Reading {
            subject_id: self.order.id.to_string(),
            state: self.order.state.word().to_owned(),
            revision: self.order.revision,
            advisor: self.advisor_name,
            plate: self.plate,
            model_code: self.model_code,
            model_year: self.model_year,
            about: Some(About::RepairOrder(facts)),
        }
    }
}

/// A car that is here, as its owner may be told.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct InTheWorkshop {
    #[sqlx(rename = "ref")]
    pub reference: String,
    pub state: State,
    pub promised_at: Option<Timestamp>,
    pub qc_at: Option<Timestamp>,
    pub plate: Option<String>,
}

/// The repair orders of a customer whose car has not been handed back; three at most.
pub(in crate::repairs) async fn in_the_workshop(tx: &mut Tx, customer: Id<Customer>) -> Result<Vec<InTheWorkshop>> {
    tx.sql(
        "SELECT r.ref, r.state, r.promised_at, r.qc_at, v.plate FROM repair_orders AS r LEFT JOIN vehicles AS v ON v.id = r.vehicle_id
         WHERE r.customer_id = $1 AND r.state IN ('open', 'ready') ORDER BY r.id DESC LIMIT 3",
    )
    .bind(customer)
    .all()
    .await
}
