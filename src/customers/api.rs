//! The customers' doors: one is read, two are made one.
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    AddressKind, ContactPoint, Customer, Kind, Need, Validity, actions, merging,
    store::{self, screens},
    vehicles::{self, Vehicle},
};
use crate::{
    app::App,
    clock::Timestamp,
    db::Weight,
    desk::Desk,
    http::{
        Error,
        body::JsonBody,
        caller::{Authorized, scope},
        page::Where,
    },
    id::Id,
    notices::ChannelName,
};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/v1/customers/{ref}", get(get_one))
        .route("/v1/customers/{ref}/merge-suggestions", get(suggestions))
        .route("/v1/customers/{ref}/merge", post(merge))
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
    let store::Found { customer, dealership } = Error::unless_one(found)?;
    let contact_points = store::list_contact_points(&mut tx, customer.id).await?;
    let cars = screens::cars(&mut tx, customer.id).await?;
    let ids: Vec<_> = cars.iter().map(|car| car.id).collect();
    let people = vehicles::people::shown(&mut tx, &ids).await?;
    let cars = cars.iter().map(|car| ShownCar {
        id: car.id,
        vin: car.vin.clone(),
        plate: car.plate.clone(),
        roles: {
            let own = people.iter().filter(|one| one.vehicle_id == car.id && one.customer == customer.id);
            own.map(|one| one.role).collect()
        },
    });
    Ok(Json(Shown {
        id: customer.id,
        reference: customer.reference,
        dealership,
        kind: customer.kind,
        name: customer.name,
        salutation: customer.salutation,
        language: customer.language,
        time_zone: customer.time_zone,
        preferred_channel: customer.preferred_channel,
        call_hours: customer.call_hours,
        vip: customer.vip,
        needs: customer.needs.0,
        heard_at: customer.heard_at,
        vehicles: cars.collect(),
        contact_points: contact_points.into_iter().map(ShownPoint::from).collect(),
    }))
}

/// Whom they may be one with, for a person to decide.
async fn suggestions(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Path(reference): Path<String>,
    Query(Where { dealership }): Query<Where>,
) -> Result<Json<Value>, Error> {
    let mut tx = app.db.read().await?;
    let items = merging::suggested(&mut tx, &caller.access, &reference, dealership.as_deref()).await?;
    Ok(Json(json!({ "items": items })))
}

#[derive(Deserialize)]
struct Into {
    into: String,
}

/// Somebody says that two are one: 200 with the one who is left.
async fn merge(
    caller: Authorized<scope::Write>,
    State(app): State<App>,
    Path(reference): Path<String>,
    Query(Where { dealership }): Query<Where>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Error> {
    let Into { into } = serde_json::from_value(body).map_err(|_| {
        Error::invalid("/into", "required", "must be our id or the sender's ref of whom they are one with")
    })?;
    let (from, into) = {
        let mut tx = app.db.read().await?;
        let from = actions::one(&mut tx, &caller.access, &reference, dealership.as_deref()).await?;
        (from, actions::one(&mut tx, &caller.access, &into, dealership.as_deref()).await?)
    };
    if from.dealership_id != into.dealership_id {
        return Err(Error::invalid("/into", "another_dealership", "must be a customer of the same dealership"));
    }
    let (actor, desk_app) = (caller.actor(), app.clone());
    let (from, into, left) = (from.id, into.id, into);
    let dealership = left.dealership_id;
    app.db
        .write::<_, Error, _>(Weight::OWN, move |tx| {
            let (actor, app) = (actor.clone(), desk_app.clone());
            Box::pin(async move {
                let mut desk = Desk::open(tx, &app);
                let word = merging::Word { dealership, event_id: None, actor: &actor };
                actions::merge_as_said(&mut desk, from, into, word).await?;
                Ok(desk.close().await?)
            })
        })
        .await?;
    Ok(Json(json!({ "id": left.id, "ref": left.reference })))
}

/// A customer as callers see them.
#[derive(Serialize)]
struct Shown {
    id: Id<Customer>,
    #[serde(rename = "ref")]
    reference: String,
    dealership: String,
    kind: Kind,
    name: Option<String>,
    salutation: Option<String>,
    language: Option<String>,
    time_zone: Option<String>,
    preferred_channel: Option<ChannelName>,
    call_hours: Option<String>,
    vip: bool,
    /// What they need help with: mobility, language, transport.
    needs: Vec<Need>,
    /// The `time` of the last applied event.
    heard_at: Timestamp,
    /// The twenty latest of which they are owner, driver or payer.
    vehicles: Vec<ShownCar>,
    /// Those that no source has taken back, of each type in the order to try.
    contact_points: Vec<ShownPoint>,
}

#[derive(Serialize)]
struct ShownCar {
    id: Id<Vehicle>,
    vin: Option<String>,
    plate: Option<String>,
    roles: Vec<vehicles::people::Role>,
}

#[derive(Serialize)]
struct ShownPoint {
    id: Id<ContactPoint>,
    #[serde(rename = "type")]
    kind: AddressKind,
    value: String,
    label: Option<String>,
    source: String,
    validity: Validity,
    /// Why it is invalid.
    reason: Option<String>,
}

impl From<ContactPoint> for ShownPoint {
    fn from(point: ContactPoint) -> Self {
        Self {
            id: point.id,
            kind: point.kind,
            value: point.value,
            label: point.label,
            source: point.source,
            validity: point.validity,
            reason: point.invalid_reason,
        }
    }
}
