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
    fields::wrong_with,
    http::{
        Error,
        body::JsonBody,
        caller::{Authorized, scope},
    },
};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
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
    let idempotency_key = key_of(&headers)?;
    let said = actions::say(&app, &caller, asked, Once { idempotency_key, body_hash }).await?;
    Ok(match said {
        Said::Now(answer) => (StatusCode::CREATED, Json(answer)).into_response(),
        Said::Before(answer) => {
            let replayed = [(REPLAYED, HeaderValue::from_static("true"))];
            (StatusCode::CREATED, replayed, Json(answer)).into_response()
        }
    })
}

fn key_of(headers: &HeaderMap) -> Result<String, Error> {
    let wrong = |message: &str| Error::invalid("/", "idempotency_key", format!("the header Idempotency-Key {message}"));
    let key = headers.get(KEY).ok_or_else(|| wrong("is required: one new value for each message that is wanted"))?;
    let key = key.to_str().map_err(|_| wrong("must be plain text"))?.trim();
    match wrong_with(key, 200) {
        None => Ok(key.to_owned()),
        Some((_, message)) => Err(wrong(&message)),
    }
}
