//! The appointments' door for reading: `GET /v1/appointments/{ref}`.
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    routing::get,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Appointment, Service, State as AppointmentState,
    store::{self, Found},
};
use crate::{
    app::App,
    clock::Timestamp,
    customers::{Customer, vehicles::Vehicle},
    http::{
        Error,
        caller::{Authorized, scope},
    },
    id::Id,
    staff::Staff,
};

pub fn routes() -> Router<App> {
    Router::new().route("/v1/appointments/{ref}", get(get_one))
}

#[derive(Deserialize)]
struct Where {
    dealership: Option<String>,
}

/// By our id or the sender's ref; somebody else's is not there.
async fn get_one(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Path(reference): Path<String>,
    Query(Where { dealership }): Query<Where>,
) -> Result<Json<Shown>, Error> {
    let mut tx = app.db.read().await?;
    let found = store::list_by_reference(&mut tx, &caller.access, &reference, dealership.as_deref()).await?;
    Ok(Json(Shown::from(Error::unless_one(found)?)))
}

/// An appointment as callers see it.
#[derive(Serialize)]
struct Shown {
    id: Id<Appointment>,
    #[serde(rename = "ref")]
    reference: String,
    dealership: String,
    state: AppointmentState,
    revision: i64,
    start_at: Option<Timestamp>,
    end_at: Option<Timestamp>,
    booked_at: Option<Timestamp>,
    booked_by: Option<String>,
    channel: Option<String>,
    services: Vec<Service>,
    customer_words: Option<String>,
    is_comeback: bool,
    parts_required: Vec<Value>,
    confirmed_at: Option<Timestamp>,
    arrived_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
    cancelled_at: Option<Timestamp>,
    cancel_reason: Option<String>,
    /// The `time` of the last applied event.
    heard_at: Timestamp,
    customer: Option<Named<Customer>>,
    vehicle: Option<ShownVehicle>,
    advisor: Option<Named<Staff>>,
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

impl From<Found> for Shown {
    fn from(found: Found) -> Self {
        let a = found.appointment;
        Self {
            id: a.id,
            reference: a.reference,
            dealership: found.dealership,
            state: a.state,
            revision: a.revision,
            start_at: a.start_at,
            end_at: a.end_at,
            booked_at: a.booked_at,
            booked_by: a.booked_by,
            channel: a.channel,
            services: a.services.0,
            customer_words: a.customer_words,
            is_comeback: a.is_comeback,
            parts_required: a.parts_required.0,
            confirmed_at: a.confirmed_at,
            arrived_at: a.arrived_at,
            completed_at: a.completed_at,
            cancelled_at: a.cancelled_at,
            cancel_reason: a.cancel_reason,
            heard_at: a.heard_at,
            customer: found.customer.map(|id| Named { id, reference: found.customer_ref, name: found.customer_name }),
            vehicle: found.vehicle.map(|id| ShownVehicle { id, vin: found.vin, plate: found.plate }),
            advisor: found.advisor.map(|id| Named { id, reference: found.advisor_ref, name: found.advisor_name }),
        }
    }
}
