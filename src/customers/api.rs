//! The customers' door for reading: `GET /v1/customers/{ref}`.
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    routing::get,
};
use serde::{Deserialize, Serialize};

use super::{AddressKind, ContactPoint, Customer, Kind, Validity, store};
use crate::{
    app::App,
    clock::Timestamp,
    http::{
        Error,
        caller::{Authorized, scope},
    },
    id::Id,
};

pub fn routes() -> Router<App> {
    Router::new().route("/v1/customers/{ref}", get(get_one))
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
    let store::Found { customer, dealership } = Error::unless_one(found)?;
    let contact_points = store::list_contact_points(&mut tx, customer.id).await?;
    Ok(Json(Shown {
        id: customer.id,
        reference: customer.reference,
        dealership,
        kind: customer.kind,
        name: customer.name,
        salutation: customer.salutation,
        language: customer.language,
        time_zone: customer.time_zone,
        heard_at: customer.heard_at,
        contact_points: contact_points.into_iter().map(ShownPoint::from).collect(),
    }))
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
    /// The `time` of the last applied event.
    heard_at: Timestamp,
    /// Those that no source has taken back, of each type in the order to try.
    contact_points: Vec<ShownPoint>,
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
