//! `GET /v1/vehicles/{vin}`: a car with its history, as somebody who books a visit for it looks it up (seed step 1:
//! 查询顾客所属车辆的维修履历).
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    routing::get,
};
use serde::Serialize;

use super::{
    people::{self, Shown as Of},
    store::{self, Found},
};
use crate::{
    app::App,
    http::{
        Error,
        caller::{Authorized, scope},
        page::Where,
    },
    repairs::actions::{self as repairs, LeftUndone, PastVisit, Whose},
    surveys::actions::{self as surveys, Score},
};

pub fn routes() -> Router<App> {
    Router::new().route("/v1/vehicles/{vin}", get(get_one))
}

/// A car and what is known of it.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    found: Found,
    /// Its owner, and who drives it and pays for it.
    people: Vec<Of>,
    /// The last five, the newest first.
    repair_orders: Vec<PastVisit>,
    /// Found, and not done yet.
    left_undone: Vec<LeftUndone>,
    last_score: Option<Score>,
}

/// By its VIN, its plate or our id; somebody else's is not there.
async fn get_one(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Path(reference): Path<String>,
    Query(Where { dealership }): Query<Where>,
) -> Result<Json<Shown>, Error> {
    let mut tx = app.db.read().await?;
    let found = store::list_by_reference(&mut tx, &caller.access, &reference, dealership.as_deref()).await?;
    let found = Error::unless_one(found)?;
    let id = found.vehicle.id;
    let people = people::shown(&mut tx, &[id]).await?;
    let (repair_orders, left_undone) = repairs::history(&mut tx, Whose::Vehicle(id)).await?;
    let last_score = surveys::last_score(&mut tx, id).await?;
    Ok(Json(Shown { found, people, repair_orders, left_undone, last_score }))
}
