//! The dealerships' door: `PUT /v1/dealerships/{code}`.
use axum::{
    Json, Router,
    extract::{Path, State},
    routing::put,
};

use super::{Dealership, actions};
use crate::{
    app::App,
    http::{
        Error,
        body::JsonBody,
        caller::{Authorized, scope},
    },
};

pub fn routes() -> Router<App> {
    Router::new().route("/v1/dealerships/{code}", put(put_one))
}

/// Adds or replaces one; the same body again changes nothing.
async fn put_one(
    caller: Authorized<scope::Admin>,
    State(app): State<App>,
    Path(code): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<Json<Dealership>, Error> {
    if let Some(own) = caller.dealership {
        let named = app.directory.by_code(&code).await?;
        if named.is_none_or(|named| named.id != own) {
            return Err(Error::Forbidden("this key is for another dealership"));
        }
    }
    let wanted = Dealership::parse(app.ids.next(), &code, "", body).map_err(Error::Invalid)?;
    Ok(Json(actions::put_now(&app, wanted, caller.actor()).await?))
}
