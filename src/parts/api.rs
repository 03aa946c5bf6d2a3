//! The parts' doors for reading: `GET /v1/parts-orders/{ref}` and the board `GET /v1/parts?waiting`.
use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    routing::get,
};
use serde::{Deserialize, Serialize};

use super::{
    Eta, LineState, PartLine, PartsOrder, actions,
    board::{Ageing, Owner, Place},
    store::{
        desk,
        reading::{self, Found, Waiting, Wanted},
    },
};
use crate::{
    app::App,
    appointments::Appointment,
    calendar::Shop,
    clock::Timestamp,
    customers::{Customer, vehicles::Vehicle},
    http::{
        Error,
        caller::{Authorized, scope},
        page::{Page, Paging, Where},
    },
    id::Id,
    notices::held,
    staff::Staff,
};

pub fn routes() -> Router<App> {
    Router::new().route("/v1/parts-orders/{ref}", get(get_one)).route("/v1/parts", get(board))
}

/// By our id or the sender's ref; somebody else's is not there.
async fn get_one(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Path(reference): Path<String>,
    Query(Where { dealership }): Query<Where>,
) -> Result<Json<ShownOrder>, Error> {
    let mut tx = app.db.read().await?;
    let found = reading::list_by_reference(&mut tx, &caller.access, &reference, dealership.as_deref()).await?;
    let found = Error::unless_one(found)?;
    let ids = [found.order.id.to_string()];
    let lines = desk::lines_of(&mut tx, &ids).await?;
    let mut etas = desk::etas_of(&mut tx, &ids).await?;
    let told = held::told(&mut tx, &ids).await?;
    let arrival = told.iter().filter(|told| told.kind == "parts.arrived").map(|told| told.at).next_back();
    let dealership = app.directory.by_id_in(&mut tx, found.order.dealership_id).await?;
    let Some(shop) = dealership.map(|dealership| dealership.shop()) else { return Err(Error::NotFound) };
    let now = app.ids.clock.now();
    let lines = lines.into_iter().map(|line| {
        let place = Place {
            state: line.state,
            has_customer: found.order.customer_id.is_some(),
            complete_at: found.order.complete_at,
            received_at: line.received_at,
            is_booked: found.order.booked_at.is_some(),
            is_declined: found.order.declined_at.is_some(),
        };
        let eta_history = etas.remove(&line.id).unwrap_or_default();
        let (owner, return_by, value) = (place.owner(&shop, now), place.return_by(), line.value());
        ShownLine { owner: (!is_over(line.state)).then_some(owner), return_by, value, eta_history, line }
    });
    let lines = lines.collect();
    Ok(Json(ShownOrder::of(found, lines, arrival)))
}

fn is_over(state: LineState) -> bool {
    !state.is_open() && state != LineState::Received
}

/// An order as callers see it.
#[derive(Serialize)]
struct ShownOrder {
    id: Id<PartsOrder>,
    #[serde(rename = "ref")]
    reference: String,
    dealership: String,
    revision: i64,
    ro_ref: Option<String>,
    order_type: Option<String>,
    ordered_at: Option<Timestamp>,
    eta: Option<Timestamp>,
    /// When the last open line was in; null while anything is still to come.
    complete_at: Option<Timestamp>,
    /// When the customer was told of the arrival last.
    notified_at: Option<Timestamp>,
    booked_at: Option<Timestamp>,
    declined_at: Option<Timestamp>,
    appointment: Option<Id<Appointment>>,
    lines: Vec<ShownLine>,
    customer: Option<Named<Customer>>,
    vehicle: Option<ShownVehicle>,
    advisor: Option<Named<Staff>>,
}

#[derive(Serialize)]
struct ShownLine {
    #[serde(flatten)]
    line: PartLine,
    /// Whose turn it is; null when it is over.
    owner: Option<Owner>,
    return_by: Option<Timestamp>,
    /// Of what lies there.
    value: f64,
    /// Every day that was named for it.
    eta_history: Vec<Eta>,
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

impl ShownOrder {
    fn of(found: Found, lines: Vec<ShownLine>, notified_at: Option<Timestamp>) -> Self {
        let o = found.order;
        Self {
            id: o.id,
            reference: o.reference,
            dealership: found.dealership,
            revision: o.revision,
            ro_ref: o.ro_ref,
            order_type: o.order_type,
            ordered_at: o.ordered_at,
            eta: o.eta,
            complete_at: o.complete_at,
            notified_at,
            booked_at: o.booked_at,
            declined_at: o.declined_at,
            appointment: o.appointment_id,
            lines,
            customer: found.customer.map(|id| Named { id, reference: found.customer_ref, name: found.customer_name }),
            vehicle: found.vehicle.map(|id| ShownVehicle { id, vin: found.vin, plate: found.plate }),
            advisor: found.advisor.map(|id| Named { id, reference: found.advisor_ref, name: found.advisor_name }),
        }
    }
}

#[derive(Deserialize)]
struct Filters {
    /// What waits is all that is shown: `?waiting`.
    #[serde(rename = "waiting")]
    _waiting: Option<String>,
    dealership: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

/// What is on its way or lies there unfitted, whose turn it is, and how old what lies there is.
#[derive(Serialize)]
struct Board {
    ageing: Ageing,
    #[serde(flatten)]
    page: Page<Card>,
}

#[derive(Serialize)]
struct Card {
    id: Id<PartLine>,
    #[serde(rename = "ref")]
    reference: String,
    order_ref: String,
    ro_ref: Option<String>,
    dealership: String,
    part_no: Option<String>,
    name: Option<String>,
    state: LineState,
    qty_ordered: Option<f64>,
    qty_received: f64,
    eta: Option<Timestamp>,
    location: Option<String>,
    received_at: Option<Timestamp>,
    return_by: Option<Timestamp>,
    value: f64,
    owner: Owner,
    booked_at: Option<Timestamp>,
    declined_at: Option<Timestamp>,
    customer: Option<Named<Customer>>,
    plate: Option<String>,
    advisor: Option<Named<Staff>>,
}

async fn board(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Query(filters): Query<Filters>,
) -> Result<Json<Board>, Error> {
    let (paging, now) = (filters.paging, app.ids.clock.now());
    let mut tx = app.db.read().await?;
    let ageing = actions::ageing(&mut tx, &caller.access, filters.dealership.as_deref(), now).await?;
    let wanted = Wanted { dealership: filters.dealership, after: paging.after.clone(), limit: paging.limit() };
    let waiting = reading::list_waiting(&mut tx, &caller.access, wanted).await?;
    drop(tx);
    let mut shops: BTreeMap<String, Shop> = BTreeMap::new();
    for code in waiting.iter().map(|one| &one.dealership) {
        if !shops.contains_key(code)
            && let Some(dealership) = app.directory.by_code(code).await?
        {
            shops.insert(code.clone(), dealership.shop());
        }
    }
    let card = |one: Waiting| {
        let shop = shops.get(&one.dealership)?;
        Some(Card::of(one, shop, now))
    };
    let cards = waiting.into_iter().filter_map(card).collect();
    Ok(Json(Board { ageing, page: Page::new(cards, &paging, |card: &Card| card.id.to_string()) }))
}

impl Card {
    fn of(one: Waiting, shop: &Shop, now: Timestamp) -> Self {
        let place = Place {
            state: one.state,
            has_customer: one.customer.is_some(),
            complete_at: one.complete_at,
            received_at: one.received_at,
            is_booked: one.booked_at.is_some(),
            is_declined: one.declined_at.is_some(),
        };
        Self {
            owner: place.owner(shop, now),
            return_by: place.return_by(),
            value: (one.qty_received - one.qty_issued).max(0.0) * one.unit_value.unwrap_or(0.0),
            id: one.id,
            reference: one.reference,
            order_ref: one.order_ref,
            ro_ref: one.ro_ref,
            dealership: one.dealership,
            part_no: one.part_no,
            name: one.name,
            state: one.state,
            qty_ordered: one.qty_ordered,
            qty_received: one.qty_received,
            eta: one.eta,
            location: one.location,
            received_at: one.received_at,
            booked_at: one.booked_at,
            declined_at: one.declined_at,
            customer: one.customer.map(|id| Named { id, reference: None, name: one.customer_name }),
            plate: one.plate,
            advisor: one.advisor.map(|id| Named { id, reference: None, name: one.advisor_name }),
        }
    }
}
