//! The document of our doors for systems, `OpenAPI` 3.1: `GET /openapi.json`; and the same as a page, `GET /docs`.
//!
//! Each room keeps what is said of its own doors beside them, in `openapi.json`, a part of the document as the standard has
//! it; [`rooms`] lists them, [`assembled`] makes one of them and adds what holds for every door. Written by hand and not
//! made of the types: half of the answers are put together of rows, and what a door promises should change when somebody
//! decides so. That it is true is proven: a test walks the router's paths, methods and scopes, and every answer that a story
//! gets is held against the schema.
mod assembled;
mod outline;
mod page;
mod rooms;
mod shapes;

use std::sync::LazyLock;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::Value;

use crate::{app::App, http, http::Error};

const STYLE: &str = include_str!("docs.css");

static DOCUMENT: LazyLock<Value> = LazyLock::new(assembled::document);
static TEXT: LazyLock<String> = LazyLock::new(|| DOCUMENT.to_string());
static PAGE: LazyLock<String> = LazyLock::new(|| page::page(&DOCUMENT).into_string());

pub fn routes() -> Router<App> {
    Router::new()
        .route("/openapi.json", get(read))
        .route("/docs", get(look))
        .route("/assets/docs.css", get(async || (headers("text/css; charset=utf-8", true), STYLE)))
}

/// The whole document.
pub fn document() -> &'static Value {
    &DOCUMENT
}

/// Open to whoever reads it: it says how to ask, and nothing of anybody.
async fn read() -> Response {
    (headers("application/json", true), TEXT.as_str()).into_response()
}

/// For whoever has a key or a session, and on this very machine.
async fn look(State(app): State<App>, request: Request) -> Result<Response, Error> {
    http::known_or_local(&app, request).await?;
    let mut response = (headers("text/html; charset=utf-8", false), PAGE.as_str()).into_response();
    // No script, nothing from elsewhere.
    let policy = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; form-action 'none'; base-uri 'none'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    Ok(response)
}

fn headers(media_type: &'static str, is_public: bool) -> [(header::HeaderName, &'static str); 2] {
    let kept = if is_public { "public, max-age=300" } else { "no-store" };
    [(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, kept)]
}
