//! The appointments' door for reading: `GET /v1/appointments/{ref}`.
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    routing::get,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Appointment, Missing, Service, State as AppointmentState, Warning,
    store::{self, Found, Wanted, Which},
    taking,
};
use crate::{
    app::App,
    clock::Timestamp,
    customers::{Customer, vehicles::Vehicle},
    db::Tx,
    dealerships::Dealership,
    http::{
        Access, Error,
        caller::{Authorized, scope},
        page::{Page, Paging, Where, time},
    },
    id::Id,
    repairs::tags::{Tag, lasts_since},
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
    /// `carry_over`, `comeback`.
    tag: Option<String>,
    /// `true`: only those to come that lack something.
    incomplete: Option<String>,
    from: Option<String>,
    until: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

/// Appointments by dealership, state, time of their start, and what kind of visit they are.
async fn list(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Query(filters): Query<Filters>,
) -> Result<Json<Page<Shown>>, Error> {
    let wrong = |pointer: &str, message: &str| Error::invalid(pointer, "wrong_type", message);
    let is_comeback = match filters.comeback.as_deref() {
        None => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) => return Err(wrong("/comeback", "must be true or false")),
    };
    let is_incomplete = match filters.incomplete.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(wrong("/incomplete", "must be true or false")),
    };
    let (mut is_comeback, mut which) = (is_comeback, Which::All);
    match Tag::read(filters.tag.as_deref())? {
        None if is_incomplete => which = Which::Incomplete,
        Some(_) if is_incomplete => return Err(wrong("/incomplete", "cannot be asked together with a tag")),
        None => {}
        Some(Tag::Comeback) => is_comeback = Some(true),
        // Each dealership has its own closing hour.
        Some(Tag::CarryOver) => {
            let dealership = caller.one_named(&app, filters.dealership.as_deref()).await?;
            which = Which::CarriedOver(dealership.shop().last_day_end(app.ids.clock.now()));
        }
        Some(Tag::WalkIn) => {
            return Err(wrong(
                "/tag",
                "whoever walks in has no appointment: they are among /v1/repair-orders?tag=walk_in",
            ));
        }
    }
    let wanted = Wanted {
        dealership: filters.dealership,
        state: filters.state,
        is_comeback,
        which,
        from: time(filters.from, "/from")?,
        until: time(filters.until, "/until")?,
        after: filters.paging.after.clone(),
        limit: filters.paging.limit(),
    };
    let found = store::list(&mut app.db.read().await?, &caller.access, wanted).await?;
    let mut shown: Vec<Shown> = found.into_iter().map(Shown::from).collect();
    for shown in &mut shown {
        shown.mark(&app).await?;
    }
    Ok(Json(Page::new(shown, &filters.paging, |shown: &Shown| shown.id.to_string())))
}

/// By our id or the sender's ref; somebody else's is not there.
async fn get_one(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Path(reference): Path<String>,
    Query(Where { dealership }): Query<Where>,
) -> Result<Json<Shown>, Error> {
    let found = find(&mut app.db.read().await?, &caller.access, &reference, dealership.as_deref()).await;
    let mut shown = found?;
    shown.mark(&app).await?;
    Ok(Json(shown))
}

/// The appointment of a ref or id, among what may be seen.
///
/// # Errors
/// As of [`Error::unless_one`].
pub async fn find(tx: &mut Tx, access: &Access, reference: &str, dealership: Option<&str>) -> Result<Shown, Error> {
    let found = store::list_by_reference(tx, access, reference, dealership).await?;
    Error::unless_one(found).map(Shown::from)
}

/// Appointments to come that lack something, the next first.
///
/// # Errors
/// Those of the database.
pub async fn incomplete(
    tx: &mut Tx,
    dealership: Id<Dealership>,
    now: Timestamp,
    most: i64,
) -> Result<Vec<Shown>, Error> {
    Ok(store::lacking(tx, dealership, now, most).await?.into_iter().map(Shown::from).collect())
}

/// An appointment as callers see it.
#[derive(Debug, Serialize)]
pub struct Shown {
    pub id: Id<Appointment>,
    #[serde(rename = "ref")]
    pub reference: String,
    pub dealership: String,
    pub state: AppointmentState,
    /// What kind of visit it is: `carry_over`, `comeback`.
    tags: Vec<Tag>,
    #[serde(skip)]
    dealership_id: Id<Dealership>,
    #[serde(skip)]
    open_since: Option<Timestamp>,
    #[serde(skip)]
    source: Option<String>,
    revision: i64,
    pub start_at: Option<Timestamp>,
    pub end_at: Option<Timestamp>,
    booked_at: Option<Timestamp>,
    booked_by: Option<String>,
    channel: Option<String>,
    services: Vec<Service>,
    customer_words: Option<String>,
    /// Which times would suit the customer, where they asked for another one by their link.
    wishes: Option<String>,
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
    /// Something that it should say is missing (acceptance 35).
    pub incomplete: bool,
    pub missing: Vec<Missing>,
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

impl<T: crate::id::Entity> Named<T> {
    pub fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

impl ShownVehicle {
    pub fn vin(&self) -> Option<&str> {
        self.vin.as_deref()
    }
    pub fn plate(&self) -> Option<&str> {
        self.plate.as_deref()
    }
}

impl Shown {
    /// Whether what it lacks is still of use: it is to come.
    pub fn is_to_come(&self) -> bool {
        taking::is_open(self.state)
    }
    /// The `time` of the last applied event.
    pub fn heard_at(&self) -> Timestamp {
        self.heard_at
    }
    /// Whether this source told of it last.
    pub fn is_from(&self, source: &str) -> bool {
        self.source.as_deref() == Some(source)
    }
    /// Marks it where the work on it has been open since before the doors closed last.
    async fn mark(&mut self, app: &App) -> Result<(), Error> {
        if self.open_since.is_some() {
            let dealership = app.directory.by_id(self.dealership_id).await?;
            let closed_at = dealership.and_then(|dealership| dealership.shop().last_day_end(app.ids.clock.now()));
            if lasts_since(self.open_since, closed_at) {
                self.tags.insert(0, Tag::CarryOver);
            }
        }
        Ok(())
    }
}

impl From<Found> for Shown {
    fn from(found: Found) -> Self {
        let a = found.appointment;
        Self {
            id: a.id,
            reference: a.reference,
            dealership: found.dealership,
            state: a.state,
            tags: if a.is_comeback { vec![Tag::Comeback] } else { Vec::new() },
            dealership_id: a.dealership_id,
            open_since: found.open_since,
            source: a.source,
            revision: a.revision,
            start_at: a.start_at,
            end_at: a.end_at,
            booked_at: a.booked_at,
            booked_by: a.booked_by,
            channel: a.channel,
            services: a.services.0,
            customer_words: a.customer_words,
            wishes: found.wishes,
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
            incomplete: !a.missing.is_empty(),
            missing: a.missing.0,
            heard_at: a.heard_at,
            customer: found.customer.map(|id| Named { id, reference: found.customer_ref, name: found.customer_name }),
            vehicle: found.vehicle.map(|id| ShownVehicle { id, vin: found.vin, plate: found.plate }),
            advisor: found.advisor.map(|id| Named { id, reference: found.advisor_ref, name: found.advisor_name }),
        }
    }
}
