//! `POST /v1/messages`: an advisor or another system triggers one.
use axum::{
    Json, Router,
    extract::{Query, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{
    Asked,
    actions::{self, Once, Said},
};
use crate::{
    app::App,
    http::{
        Error,
        body::JsonBody,
        caller::{Authorized, idempotency_key, scope},
    },
};

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

pub fn routes() -> Router<App> {
    Router::new().route("/v1/messages", post(trigger))
}

#[derive(Deserialize)]
struct How {
    #[serde(default)]
    preview: bool,
}

async fn trigger(
    caller: Authorized<scope::MessagesSend>,
    State(app): State<App>,
    Query(How { preview }): Query<How>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Response, Error> {
    // Sorted keys and no spaces: the same body however it was written.
    let body_hash = crate::id::hex(&Sha256::digest(body.to_string()));
    let asked = Asked::parse(body).map_err(Error::Invalid)?;
    if preview {
        return Ok(Json(actions::preview(&app, &caller, asked).await?).into_response());
    }
    let idempotency_key = idempotency_key(&headers)?;
    let said = actions::say(&app, &caller, asked, Once { idempotency_key, body_hash }).await?;
    Ok(match said {
        Said::Now(answer) => (StatusCode::CREATED, Json(answer)).into_response(),
        Said::Before(answer) => {
            let replayed = [(REPLAYED, HeaderValue::from_static("true"))];
            (StatusCode::CREATED, replayed, Json(answer)).into_response()
        }
    })
}
