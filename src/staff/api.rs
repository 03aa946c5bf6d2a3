//! The staff's door: `PUT /v1/staff/{ref}`, and `GET` of the same.
use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    routing::put,
};
use serde::Serialize;
use serde_json::Value;

use super::{Staff, actions};
use crate::{
    app::App,
    dealerships::Dealership,
    http::{
        Error,
        body::JsonBody,
        caller::{Authorized, Caller, scope},
        page::Where,
    },
};

pub fn routes() -> Router<App> {
    Router::new().route("/v1/staff/{ref}", put(put_one).get(get_one))
}

#[derive(Serialize)]
struct Answer {
    dealership: String,
    #[serde(flatten)]
    staff: Staff,
}

/// Adds or replaces one; the same body again changes nothing.
async fn put_one(
    caller: Authorized<scope::Admin>,
    State(app): State<App>,
    Path(reference): Path<String>,
    Query(Where { dealership }): Query<Where>,
    JsonBody(body): JsonBody,
) -> Result<Json<Answer>, Error> {
    let dealership = dealership_of(&app, &caller, dealership, &body).await?;
    let wanted = Staff::parse(app.ids.next(), dealership.id, &reference, "", body).map_err(Error::Invalid)?;
    let staff = actions::put_now(&app, wanted, caller.actor()).await?;
    Ok(Json(Answer { dealership: dealership.code.clone(), staff }))
}

/// Somebody as they were put, with their shifts and who stands in for them. Only for who may change them: it has their
/// telephone number.
async fn get_one(
    caller: Authorized<scope::Admin>,
    State(app): State<App>,
    Path(reference): Path<String>,
    Query(Where { dealership }): Query<Where>,
) -> Result<Json<Answer>, Error> {
    let dealership = caller.one_named(&app, dealership.as_deref()).await?;
    let found = actions::find_by_ref(&mut app.db.read().await?, dealership.id, &reference).await?;
    Ok(Json(Answer { dealership: dealership.code.clone(), staff: found.ok_or(Error::NotFound)? }))
}

/// From the body, the address or the key; those that are said must agree.
async fn dealership_of(
    app: &App,
    caller: &Caller,
    in_address: Option<String>,
    body: &Value,
) -> Result<Arc<Dealership>, Error> {
    let in_body = match body.get("dealership") {
        None | Some(Value::Null) => None,
        Some(Value::String(code)) => Some(code.clone()),
        Some(_) => return Err(Error::invalid("/dealership", "wrong_type", "must be a text")),
    };
    let code = match (in_body, in_address) {
        (Some(body), Some(address)) if body != address => {
            return Err(Error::invalid("/dealership", "wrong_dealership", "must be the one of the address"));
        }
        (Some(code), _) | (None, Some(code)) => code,
        (None, None) => {
            let of_key = match caller.dealership {
                Some(id) => app.directory.by_id(id).await?,
                None => None,
            };
            return of_key.ok_or_else(|| {
                Error::invalid("/dealership", "required", "name it here or in the address: ?dealership=CODE")
            });
        }
    };
    let found = app.directory.by_code(&code).await?;
    match found {
        Some(dealership) if caller.access.allows(dealership.id) => Ok(dealership),
        _ if caller.dealership.is_some() => Err(Error::Forbidden("this key is for another dealership")),
        _ => Err(Error::invalid("/dealership", "unknown_dealership", "there is no dealership of that code")),
    }
}
