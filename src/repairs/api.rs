//! The repair orders' door for reading: `GET /v1/repair-orders/{ref}`.
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    routing::get,
};
use serde::Serialize;
use serde_json::Value;

use super::{
    Item, RepairOrder, State as OrderState, figures,
    store::{
        desk,
        reading::{self, Found},
    },
};
use crate::{
    app::App,
    clock::Timestamp,
    customers::{Customer, vehicles::Vehicle},
    http::{
        Error,
        caller::{Authorized, scope},
        page::Where,
    },
    id::Id,
    staff::Staff,
};

pub fn routes() -> Router<App> {
    Router::new().route("/v1/repair-orders/{ref}", get(get_one))
}

/// By our id or the sender's ref; somebody else's is not there.
async fn get_one(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Path(reference): Path<String>,
    Query(Where { dealership }): Query<Where>,
) -> Result<Json<Shown>, Error> {
    let mut tx = app.db.read().await?;
    let found = reading::list_by_reference(&mut tx, &caller.access, &reference, dealership.as_deref()).await?;
    let found = Error::unless_one(found)?;
    let work = desk::items_of(&mut tx, &[found.order.id.to_string()]).await?;
    let technicians = reading::technicians(&mut tx, &found.order.technicians).await?;
    Ok(Json(Shown::of(found, work, technicians)))
}

/// A repair order as callers see it.
#[derive(Serialize)]
struct Shown {
    id: Id<RepairOrder>,
    #[serde(rename = "ref")]
    reference: String,
    dealership: String,
    state: OrderState,
    revision: i64,
    appointment_ref: Option<String>,
    opened_at: Option<Timestamp>,
    first_promise: Option<Timestamp>,
    promised_at: Option<Timestamp>,
    promise_reason: Option<String>,
    ready_at: Option<Timestamp>,
    qc: Option<Check>,
    delivered_at: Option<Timestamp>,
    closed_at: Option<Timestamp>,
    signed: Option<bool>,
    signed_at: Option<Timestamp>,
    signed_by: Option<String>,
    condition_recorded: Option<bool>,
    pay_type: Option<String>,
    is_comeback: bool,
    jobs: Vec<Value>,
    odometer: Option<i64>,
    total: Option<f64>,
    hours: Hours,
    work: Vec<Work>,
    /// The `time` of the last applied event.
    heard_at: Timestamp,
    customer: Option<Named<Customer>>,
    vehicle: Option<ShownVehicle>,
    advisor: Option<Named<Staff>>,
    technicians: Vec<Named<Staff>>,
}

#[derive(Serialize)]
struct Check {
    at: Timestamp,
    by: Option<String>,
}

/// Labour hours, and hours sold for each hour clocked.
#[derive(Serialize)]
struct Hours {
    sold: Option<f64>,
    clocked: Option<f64>,
    efficiency: Option<f64>,
}

/// Work that was found, and the customer's word about it.
#[derive(Serialize)]
struct Work {
    #[serde(flatten)]
    item: Item,
    /// When the customer is to be reminded of it next.
    remind_at: Option<Timestamp>,
}

#[derive(Serialize)]
#[serde(bound = "")]
struct Named<T: crate::id::Entity> {
    id: Id<T>,
    #[serde(rename = "ref")]
    reference: Option<String>,
    name: Option<String>,
}

#[derive(Serialize)]
struct ShownVehicle {
    id: Id<Vehicle>,
    vin: Option<String>,
    plate: Option<String>,
}

impl Shown {
    fn of(found: Found, work: Vec<Item>, technicians: Vec<reading::Technician>) -> Self {
        let o = found.order;
        let both = o.hours_sold.zip(o.hours_clocked);
        Self {
            id: o.id,
            reference: o.reference,
            dealership: found.dealership,
            state: o.state,
            revision: o.revision,
            appointment_ref: o.appointment_ref,
            opened_at: o.opened_at,
            first_promise: o.first_promise,
            promised_at: o.promised_at,
            promise_reason: o.promise_reason,
            ready_at: o.ready_at,
            qc: o.qc_at.map(|at| Check { at, by: o.qc_by }),
            delivered_at: o.delivered_at,
            closed_at: o.closed_at,
            signed: o.signed,
            signed_at: o.signed_at,
            signed_by: o.signed_by,
            condition_recorded: o.condition_recorded,
            pay_type: o.pay_type,
            is_comeback: o.is_comeback,
            jobs: o.jobs.0,
            odometer: o.odometer,
            total: o.total,
            hours: Hours { sold: o.hours_sold, clocked: o.hours_clocked, efficiency: figures::efficiency(both) },
            work: work.into_iter().map(|item| Work { remind_at: item.remind_at(), item }).collect(),
            heard_at: o.heard_at,
            customer: found.customer.map(|id| Named { id, reference: found.customer_ref, name: found.customer_name }),
            vehicle: found.vehicle.map(|id| ShownVehicle { id, vin: found.vin, plate: found.plate }),
            advisor: found.advisor.map(|id| Named { id, reference: found.advisor_ref, name: found.advisor_name }),
            technicians: technicians
                .into_iter()
                .map(|t| Named { id: t.id, reference: Some(t.reference), name: t.name })
                .collect(),
        }
    }
}
