//! The doors of webhooks: `/v1/webhooks`, the log of each, telling again, another secret.
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Endpoint, NewEndpoint,
    actions::{self, Again, Deed},
    store::{self, deliveries},
};
use crate::{
    app::App,
    clock::Timestamp,
    fields::Fields,
    http::{
        Error,
        body::JsonBody,
        caller::{Authorized, scope},
        page::{Page, Paging},
    },
    id::Id,
};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/v1/webhooks", get(list).post(register))
        .route("/v1/webhooks/{id}", get(one).put(replace).delete(remove))
        .route("/v1/webhooks/{id}/deliveries", get(log))
        .route("/v1/webhooks/{id}/replay", post(replay))
        .route("/v1/webhooks/{id}/secret", post(rotate))
        .route("/v1/webhooks/{id}/enable", post(enable))
        .route("/v1/webhooks/{id}/disable", post(disable))
}

/// 201 with the secret, which is shown this once.
async fn register(
    caller: Authorized<scope::Admin>,
    State(app): State<App>,
    JsonBody(body): JsonBody,
) -> Result<impl IntoResponse, Error> {
    let wanted = NewEndpoint::parse(body, app.config.webhooks.allow_private).map_err(Error::Invalid)?;
    let dealership = match (&wanted.dealership, caller.dealership) {
        (None, None) => None,
        (code, _) => Some(caller.named_in_body(&app, code.as_deref()).await?.id),
    };
    let registered = actions::register(&app, dealership, wanted).await?;
    let mut shown = shown(&app, &caller, registered.id).await?;
    shown["secret"] = registered.secret.into();
    Ok((StatusCode::CREATED, Json(shown)))
}

async fn list(
    caller: Authorized<scope::Admin>,
    State(app): State<App>,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<Value>>, Error> {
    let mut tx = app.db.read().await?;
    let found = store::list(&mut tx, &caller.access, None, paging.after.clone(), paging.limit()).await?;
    let shown = found.iter().map(actions::shown).collect();
    Ok(Json(Page::new(shown, &paging, |endpoint| endpoint["id"].as_str().unwrap_or_default().to_owned())))
}

async fn one(
    caller: Authorized<scope::Admin>,
    State(app): State<App>,
    Path(id): Path<Id<Endpoint>>,
) -> Result<Json<Value>, Error> {
    Ok(Json(shown(&app, &caller, id).await?))
}

/// Another address, other events; whose events it hears, and its secret, stay.
async fn replace(
    caller: Authorized<scope::Admin>,
    State(app): State<App>,
    Path(id): Path<Id<Endpoint>>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Error> {
    let wanted = NewEndpoint::parse(body, app.config.webhooks.allow_private).map_err(Error::Invalid)?;
    let before = shown(&app, &caller, id).await?;
    if wanted.dealership.is_some() && json!(wanted.dealership) != before["dealership"] {
        return Err(Error::invalid("/dealership", "wrong_dealership", "stays what it is: register another endpoint"));
    }
    actions::change(&app, caller.access.clone(), id, Deed::Replace(wanted)).await?;
    Ok(Json(shown(&app, &caller, id).await?))
}

/// With everything that it was told.
async fn remove(
    caller: Authorized<scope::Admin>,
    State(app): State<App>,
    Path(id): Path<Id<Endpoint>>,
) -> Result<StatusCode, Error> {
    actions::change(&app, caller.access.clone(), id, Deed::Remove).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn enable(
    caller: Authorized<scope::Admin>,
    State(app): State<App>,
    Path(id): Path<Id<Endpoint>>,
) -> Result<Json<Value>, Error> {
    actions::change(&app, caller.access.clone(), id, Deed::Enable).await?;
    Ok(Json(shown(&app, &caller, id).await?))
}

async fn disable(
    caller: Authorized<scope::Admin>,
    State(app): State<App>,
    Path(id): Path<Id<Endpoint>>,
) -> Result<Json<Value>, Error> {
    actions::change(&app, caller.access.clone(), id, Deed::Disable).await?;
    Ok(Json(shown(&app, &caller, id).await?))
}

/// A new secret; the old one signs beside it for 24 hours.
async fn rotate(
    caller: Authorized<scope::Admin>,
    State(app): State<App>,
    Path(id): Path<Id<Endpoint>>,
) -> Result<Json<Value>, Error> {
    let secret = actions::secret(&app.ids.random);
    actions::change(&app, caller.access.clone(), id, Deed::Rotate(secret.clone())).await?;
    let mut shown = shown(&app, &caller, id).await?;
    shown["secret"] = secret.into();
    Ok(Json(shown))
}

#[derive(Deserialize)]
struct Filters {
    state: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

/// What it was told, with every try; kept for 30 days after its end.
async fn log(
    caller: Authorized<scope::Admin>,
    State(app): State<App>,
    Path(id): Path<Id<Endpoint>>,
    Query(Filters { state, paging }): Query<Filters>,
) -> Result<Json<Page<Value>>, Error> {
    shown(&app, &caller, id).await?;
    let mut tx = app.db.read().await?;
    let told = deliveries::list(&mut tx, id, state, paging.after.clone(), paging.limit()).await?;
    let tries = deliveries::attempts(&mut tx, &told).await?;
    let shown = told.iter().map(|one| {
        let mut shown = json!(one);
        shown["attempts"] =
            tries.iter().filter(|attempt| attempt.delivery_id == one.id).map(|attempt| json!(attempt)).collect();
        shown
    });
    Ok(Json(Page::new(shown.collect(), &paging, |one| one["id"].as_str().unwrap_or_default().to_owned())))
}

/// Tells again: `{"event": "tml_…"}`, or `{"since": time}` with `"failed_only": false` for what was taken too.
async fn replay(
    caller: Authorized<scope::Admin>,
    State(app): State<App>,
    Path(id): Path<Id<Endpoint>>,
    JsonBody(body): JsonBody,
) -> Result<impl IntoResponse, Error> {
    let mut fields = Fields::of("", body).map_err(Error::Invalid)?;
    let event = fields.text_if_any("event", 60);
    let since: Option<Timestamp> = fields.parsed("since", "invalid_time", "must be an RFC 3339 time");
    if event.is_none() && since.is_none() && !fields.is_faulty("since") && !fields.is_faulty("event") {
        fields.fault("since", "required", "say since when, or name one event");
    }
    // Who names an event means it.
    let failed_only = fields.flag("failed_only", event.is_none());
    fields.finish().map_err(Error::Invalid)?;
    let since = since.unwrap_or_else(|| Timestamp::new(jiff::Timestamp::UNIX_EPOCH));
    let told = actions::replay(&app, caller.access.clone(), id, Again { event, since, failed_only }).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "told_again": told }))))
}

async fn shown(app: &App, caller: &Authorized<scope::Admin>, id: Id<Endpoint>) -> Result<Value, Error> {
    let found = store::list(&mut app.db.read().await?, &caller.access, Some(id), None, 1).await?;
    found.first().map(actions::shown).ok_or(Error::NotFound)
}
