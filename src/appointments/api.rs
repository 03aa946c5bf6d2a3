//! The appointments' door for reading: `GET /v1/appointments/{ref}`.
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    routing::get,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Appointment, Service, State as AppointmentState, Warning,
    store::{self, Found, Wanted},
};
use crate::{
    app::App,
    clock::Timestamp,
    customers::{Customer, vehicles::Vehicle},
    db::Tx,
    http::{
        Access, Error, Fault,
        caller::{Authorized, scope},
        page::{Page, Paging, Where},
    },
    id::Id,
    staff::Staff,
};

pub fn routes() -> Router<App> {
    Router::new().route("/v1/appointments", get(list)).route("/v1/appointments/{ref}", get(get_one))
}

#[derive(Deserialize)]
struct Filters {
    dealership: Option<String>,
    state: Option<String>,
    /// `true`, `false`.
    comeback: Option<String>,
    from: Option<String>,
    until: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

/// Appointments by dealership, state, time of their start, and whether they are comebacks.
async fn list(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Query(filters): Query<Filters>,
) -> Result<Json<Page<Shown>>, Error> {
    let wrong = |pointer: &str, message: &str| {
        Error::Invalid(vec![Fault { pointer: pointer.to_owned(), code: "wrong_type", message: message.to_owned() }])
    };
    let time = |text: Option<String>, pointer: &str| {
        let read = |text: String| text.parse().map_err(|_| wrong(pointer, "must be a time like 2026-03-05T09:30:00Z"));
        text.map(read).transpose()
    };
    let is_comeback = match filters.comeback.as_deref() {
        None => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) => return Err(wrong("/comeback", "must be true or false")),
    };
    let wanted = Wanted {
        dealership: filters.dealership,
        state: filters.state,
        is_comeback,
        from: time(filters.from, "/from")?,
        until: time(filters.until, "/until")?,
        after: filters.paging.after.clone(),
        limit: filters.paging.limit(),
    };
    let found = store::list(&mut app.db.read().await?, &caller.access, wanted).await?;
    let shown = found.into_iter().map(Shown::from).collect();
    Ok(Json(Page::new(shown, &filters.paging, |shown: &Shown| shown.id.to_string())))
}

/// By our id or the sender's ref; somebody else's is not there.
async fn get_one(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Path(reference): Path<String>,
    Query(Where { dealership }): Query<Where>,
) -> Result<Json<Shown>, Error> {
    Ok(Json(find(&mut app.db.read().await?, &caller.access, &reference, dealership.as_deref()).await?))
}

/// The appointment of a ref or id, among what may be seen.
///
/// # Errors
/// As of [`Error::unless_one`].
pub async fn find(tx: &mut Tx, access: &Access, reference: &str, dealership: Option<&str>) -> Result<Shown, Error> {
    let found = store::list_by_reference(tx, access, reference, dealership).await?;
    Error::unless_one(found).map(Shown::from)
}

/// An appointment as callers see it.
#[derive(Debug, Serialize)]
pub struct Shown {
    pub id: Id<Appointment>,
    #[serde(rename = "ref")]
    pub reference: String,
    pub dealership: String,
    pub state: AppointmentState,
    revision: i64,
    pub start_at: Option<Timestamp>,
    pub end_at: Option<Timestamp>,
    booked_at: Option<Timestamp>,
    booked_by: Option<String>,
    channel: Option<String>,
    services: Vec<Service>,
    customer_words: Option<String>,
    pub is_comeback: bool,
    parts_required: Vec<Value>,
    confirmed_at: Option<Timestamp>,
    arrived_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
    cancelled_at: Option<Timestamp>,
    cancel_reason: Option<String>,
    requested_at: Option<Timestamp>,
    confirmed_via: Option<String>,
    /// Booked although a part it needs is not there.
    conditional: bool,
    parts_ready: Option<bool>,
    /// The repair order from which it seems to come back.
    pub original_ref: Option<String>,
    missed_at: Option<Timestamp>,
    recovered_at: Option<Timestamp>,
    /// What was found wrong with it at booking (BR-06 to BR-10).
    pub warnings: Vec<Warning>,
    /// The `time` of the last applied event.
    heard_at: Timestamp,
    pub customer: Option<Named<Customer>>,
    pub vehicle: Option<ShownVehicle>,
    pub advisor: Option<Named<Staff>>,
}

/// Somebody who is named in an appointment.
#[derive(Debug, Serialize)]
#[serde(bound = "")]
pub struct Named<T: crate::id::Entity> {
    pub id: Id<T>,
    #[serde(rename = "ref")]
    reference: Option<String>,
    name: Option<String>,
}

/// The car, as it is known by.
#[derive(Debug, Serialize)]
pub struct ShownVehicle {
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
            conditional: a.parts_ready == Some(false),
            cancel_reason: a.cancel_reason,
            requested_at: a.requested_at,
            confirmed_via: a.confirmed_via,
            parts_ready: a.parts_ready,
            original_ref: a.original_ref,
            missed_at: a.missed_at,
            recovered_at: a.recovered_at,
            warnings: a.warnings.0,
            heard_at: a.heard_at,
            customer: found.customer.map(|id| Named { id, reference: found.customer_ref, name: found.customer_name }),
            vehicle: found.vehicle.map(|id| ShownVehicle { id, vin: found.vin, plate: found.plate }),
            advisor: found.advisor.map(|id| Named { id, reference: found.advisor_ref, name: found.advisor_name }),
        }
    }
}
