//! The repair orders' door for reading: `GET /v1/repair-orders`, `GET /v1/repair-orders/{ref}`.
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    routing::get,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Item, RepairOrder, State as OrderState, figures,
    store::{
        desk,
        listing::{self, Wanted, Which},
        reading::{self, Found},
    },
    tags::{self, Tag},
};
use crate::{
    app::App,
    clock::Timestamp,
    customers::{Customer, vehicles::Vehicle},
    http::{
        Error,
        caller::{Authorized, scope},
        page::{Page, Paging, Where, time},
    },
    id::Id,
    staff::Staff,
};

pub fn routes() -> Router<App> {
    Router::new().route("/v1/repair-orders", get(list)).route("/v1/repair-orders/{ref}", get(get_one))
}

#[derive(Deserialize)]
struct Filters {
    dealership: Option<String>,
    state: Option<String>,
    /// `carry_over`, `comeback`, `walk_in`.
    tag: Option<String>,
    /// Opened then or later.
    from: Option<String>,
    /// Opened before.
    until: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

/// Repair orders by dealership, state, when they were opened, and what kind of visit they are.
async fn list(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Query(filters): Query<Filters>,
) -> Result<Json<Page<Listed>>, Error> {
    let which = match Tag::read(filters.tag.as_deref())? {
        None => Which::All,
        Some(Tag::Comeback) => Which::Comebacks,
        Some(Tag::WalkIn) => Which::WalkIns,
        // Each dealership has its own closing hour.
        Some(Tag::CarryOver) => {
            let dealership = caller.one_named(&app, filters.dealership.as_deref()).await?;
            Which::CarriedOver(dealership.shop().last_day_end(app.ids.clock.now()))
        }
    };
    let wanted = Wanted {
        dealership: filters.dealership,
        which,
        state: filters.state,
        from: time(filters.from, "/from")?,
        until: time(filters.until, "/until")?,
        after: filters.paging.after.clone(),
        limit: filters.paging.limit(),
    };
    let found = listing::list(&mut app.db.read().await?, &caller.access, wanted).await?;
    let mut listed = Vec::with_capacity(found.len());
    for found in found {
        let tags = tags_of(&app, &found.order).await?;
        listed.push(Listed::of(found, tags));
    }
    Ok(Json(Page::new(listed, &filters.paging, |listed: &Listed| listed.id.to_string())))
}

/// What kind of visit it is now, by its dealership's closing hours.
async fn tags_of(app: &App, order: &RepairOrder) -> Result<Vec<Tag>, Error> {
    let dealership = app.directory.by_id(order.dealership_id).await?;
    let closed_at = dealership.and_then(|dealership| dealership.shop().last_day_end(app.ids.clock.now()));
    Ok(tags::of(order, closed_at))
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
    drop(tx);
    let tags = tags_of(&app, &found.order).await?;
    Ok(Json(Shown::of(found, work, technicians, tags)))
}

/// A repair order in a list.
#[derive(Serialize)]
struct Listed {
    id: Id<RepairOrder>,
    #[serde(rename = "ref")]
    reference: String,
    dealership: String,
    state: OrderState,
    /// What kind of visit it is: `carry_over`, `comeback`, `walk_in`.
    tags: Vec<Tag>,
    appointment_ref: Option<String>,
    opened_at: Option<Timestamp>,
    promised_at: Option<Timestamp>,
    ready_at: Option<Timestamp>,
    delivered_at: Option<Timestamp>,
    closed_at: Option<Timestamp>,
    customer: Option<Named<Customer>>,
    vehicle: Option<ShownVehicle>,
    advisor: Option<Named<Staff>>,
}

impl Listed {
    fn of(found: Found, tags: Vec<Tag>) -> Self {
        let o = found.order;
        Self {
            id: o.id,
            reference: o.reference,
            dealership: found.dealership,
            state: o.state,
            tags,
            appointment_ref: o.appointment_ref,
            opened_at: o.opened_at,
            promised_at: o.promised_at,
            ready_at: o.ready_at,
            delivered_at: o.delivered_at,
            closed_at: o.closed_at,
            customer: found.customer.map(|id| Named { id, reference: found.customer_ref, name: found.customer_name }),
            vehicle: found.vehicle.map(|id| ShownVehicle { id, vin: found.vin, plate: found.plate }),
            advisor: found.advisor.map(|id| Named { id, reference: found.advisor_ref, name: found.advisor_name }),
        }
    }
}

/// A repair order as callers see it.
#[derive(Serialize)]
struct Shown {
    id: Id<RepairOrder>,
    #[serde(rename = "ref")]
    reference: String,
    dealership: String,
    state: OrderState,
    /// What kind of visit it is: `carry_over`, `comeback`, `walk_in`.
    tags: Vec<Tag>,
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
    fn of(found: Found, work: Vec<Item>, technicians: Vec<reading::Technician>, tags: Vec<Tag>) -> Self {
        let o = found.order;
        let both = o.hours_sold.zip(o.hours_clocked);
        Self {
            id: o.id,
            reference: o.reference,
            dealership: found.dealership,
            state: o.state,
            tags,
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
