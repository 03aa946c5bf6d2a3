//! `POST /v1/appointments`: booking by hand for systems that keep no book of their own.
use axum::{
    Json, Router,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde::Deserialize;
use serde_json::Value;

use super::{
    Wanted,
    actions::{self, Booked},
};
use crate::{
    app::App,
    http::{
        Error,
        body::JsonBody,
        caller::{Authorized, idempotency_key, scope},
    },
};

pub fn routes() -> Router<App> {
    Router::new().route("/v1/appointments", post(book))
}

#[derive(Deserialize)]
struct How {
    #[serde(default)]
    preview: bool,
}

/// 201 with the appointment and what was found wrong with it; `?preview=true` stores nothing.
async fn book(
    caller: Authorized<scope::Write>,
    State(app): State<App>,
    Query(How { preview }): Query<How>,
    headers: HeaderMap,
    JsonBody(mut data): JsonBody,
) -> Result<Response, Error> {
    let code = data.as_object_mut().and_then(|data| data.remove("dealership"));
    let dealership = caller.named_in_body(&app, code.as_ref().and_then(Value::as_str)).await?;
    let now = app.ids.clock.now();
    if preview {
        let wanted = Wanted { data, key: "preview".to_owned(), by: caller.actor(), at: now };
        return Ok(Json(actions::rehearse(&app, &dealership, &wanted).await?).into_response());
    }
    let wanted = Wanted { data, key: idempotency_key(&headers)?, by: caller.actor(), at: now };
    Ok(match actions::book(&app, &dealership, &wanted).await? {
        Booked::Now(shown) => (StatusCode::CREATED, Json(shown)).into_response(),
        Booked::Before(shown) => {
            let replayed = [("idempotency-replayed", HeaderValue::from_static("true"))];
            (StatusCode::CREATED, replayed, Json(shown)).into_response()
        }
    })
}
