//! The door for facts over HTTP: `POST /v1/events`.
use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};

use super::{
    actions::{self, Answer},
    envelope::{Format, Sheet},
};
use crate::{
    app::App,
    http::{
        Error,
        body::RawBody,
        caller::{Authorized, scope},
    },
};

pub fn routes() -> Router<App> {
    Router::new().route("/v1/events", post(take))
}

/// 202 after the commit of everything that the events cause.
async fn take(
    caller: Authorized<scope::EventsWrite>,
    State(app): State<App>,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<(StatusCode, Json<Answer>), Error> {
    let sheet = Sheet::read(Format::of(&headers)?, &body)?;
    let envelopes = actions::admit(&app, &caller.access, &sheet).await?;
    let answer = actions::take(&app, envelopes).await?;
    Ok((StatusCode::ACCEPTED, Json(answer)))
}
