//! The routes of every folder, and what holds for all of them: limits, headers, problems, numbers.
use std::{any::Any, time::Duration};

use axum::{
    Router,
    body::to_bytes,
    extract::{DefaultBodyLimit, MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Response as HttpResponse, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    timeout::{RequestBodyTimeoutLayer, TimeoutLayer},
};

use super::{
    Error,
    body::{discard, limit},
    health,
    storable::holds_nul,
};
use crate::{
    app::App, appointments, assists, bookings, calls, capacity, cases, console, customers, dealerships, demo, hooks,
    inbound, inbound_texts, inquiries, intake, messages, notices, official_account, openapi, parts, receipts, repairs,
    reports, staff, surveys, telemetry, texts, timeline, triggered,
};

/// The longest that a request may take to be answered.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// The longest silence inside a body that is being sent.
const SILENCE: Duration = Duration::from_secs(15);
/// What is read of an answer that is to become a problem.
const MOST_WORDS: usize = 2_000;

/// All routes. A folder's own are in its `api.rs`; its pages are in its `console.rs`.
pub fn router(app: App) -> Router {
    router_with(app, Router::new())
}

/// The same and routes of a demo, with the same limits and headers.
pub fn router_with(app: App, more: Router<App>) -> Router {
    let routes = Router::new()
        // Whoever types the address of the house is a person.
        .route("/", get(async || Redirect::to("/console")))
        .merge(health::routes())
        // Long, and the same for everybody.
        .merge(openapi::routes().layer(CompressionLayer::new()))
        // Long tables of few words; streams are left as they are, which would wait in the packer.
        .merge(console::routes().layer(CompressionLayer::new()))
        .merge(dealerships::api::routes())
        .merge(demo::mailbox::routes())
        .merge(messages::api::routes())
        .merge(notices::api::routes())
        .merge(staff::api::routes())
        .merge(texts::api::routes())
        .merge(timeline::api::routes())
        .merge(hooks::api::routes())
        .merge(inbound::api::routes())
        .merge(triggered::api::routes())
        .merge(intake::api::routes())
        .merge(appointments::api::routes())
        .merge(appointments::slots::api::routes())
        .merge(bookings::api::routes())
        .merge(capacity::api::routes())
        .merge(calls::api::routes())
        .merge(repairs::api::routes())
        .merge(parts::api::routes())
        .merge(parts::questions::api::routes())
        .merge(assists::api::routes())
        .merge(customers::api::routes())
        .merge(customers::vehicles::api::routes())
        .merge(surveys::api::routes())
        .merge(surveys::page::routes())
        .merge(super::public::routes())
        .merge(cases::api::routes())
        .merge(reports::api::routes())
        .merge(customers::consent::api::routes())
        .merge(inquiries::api::routes())
        .merge(inquiries::form::routes())
        .merge(inbound_texts::api::routes())
        .merge(receipts::api::routes())
        .merge(official_account::api::routes())
        .merge(appointments::page::routes())
        .merge(customers::consent::page::routes())
        .merge(more);
    surrounded(routes, app)
}

fn surrounded(routes: Router<App>, app: App) -> Router {
    routes
        .fallback(async || Error::NotFound)
        .layer(DefaultBodyLimit::max(app.config.http.body_limit))
        .layer(RequestBodyTimeoutLayer::new(SILENCE))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, ANSWER_WITHIN))
        .layer(middleware::from_fn_with_state(app.clone(), console::guard::guard))
        .layer(middleware::from_fn_with_state(app.clone(), around))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::map_response_with_state(app.clone(), headers))
        .with_state(app)
}

/// Refuses what says that it is too large, turns the framework's refusals into problems, counts.
async fn around(State(app): State<App>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let limit = limit(&app, request.uri().path());
    let response = if holds_nul(request.uri()) {
        Error::invalid("", "unstorable_text", "take the NUL (%00) out of the address").into_response()
    } else if says_more_than(request.headers(), limit) {
        discard(request.into_body().into_data_stream()).await;
        Error::TooLarge(limit).into_response()
    } else {
        as_problem(next.run(request).await).await
    };
    // The pattern, never the address: addresses hold people's refs and tokens.
    let route = route.as_ref().map_or("none", MatchedPath::as_str).to_owned();
    let status = response.status().as_u16();
    tracing::debug!(%method, route, status, "answered");
    let method = if KNOWN_METHODS.contains(&method.as_str()) { method.as_str().to_owned() } else { "other".to_owned() };
    metrics::counter!(telemetry::REQUESTS, "method" => method, "route" => route, "status" => status.to_string())
        .increment(1);
    response
}

/// Anybody can invent others, and each would be a series of its own.
const KNOWN_METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

fn says_more_than(headers: &HeaderMap, limit: usize) -> bool {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    length.and_then(|length| length.parse::<u64>().ok()).is_some_and(|length| length > limit as u64)
}

/// Refusals that are not problems yet: unknown methods, bad paths and queries, limits, timeouts. Pages stay pages.
async fn as_problem(response: Response) -> Response {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !(status.is_client_error() || status.is_server_error()) || kind.contains("json") || kind.starts_with("text/html")
    {
        return response;
    }
    let (parts, body) = response.into_parts();
    let words = to_bytes(body, MOST_WORDS).await.unwrap_or_default();
    let mut words: String = String::from_utf8_lossy(&words).chars().filter(|c| !c.is_control()).collect();
    if words.is_empty() {
        status.canonical_reason().unwrap_or("refused").clone_into(&mut words);
    }
    let mut problem = Error::Refused(status, words).into_response();
    for (name, value) in &parts.headers {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            problem.headers_mut().insert(name, value.clone());
        }
    }
    problem
}

#[expect(clippy::needless_pass_by_value, reason = "the layer gives it so")]
fn panicked(panic: Box<dyn Any + Send>) -> HttpResponse<axum::body::Body> {
    let words = panic.downcast_ref::<String>().map(String::as_str);
    let words = words.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no words");
    Error::Internal(anyhow::anyhow!("a handler panicked: {words}")).into_response()
}

/// The headers of every answer, 404 and 500 too; a page that needs others has set them already.
async fn headers(State(app): State<App>, mut response: Response) -> Response {
    const EVERYWHERE: [(HeaderName, &str); 6] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
             form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
    ];
    let headers = response.headers_mut();
    for (name, value) in EVERYWHERE {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if app.config.http.public_url.scheme() == "https" {
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(HeaderValue::from_static("max-age=31536000"));
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use tower::ServiceExt;

    use super::*;
    use crate::{clock::Clock, config::Config, id::Random};

    async fn panics() -> Result<(), Error> {
        panic!("with words");
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_with_all_the_headers() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            database: crate::config::Database {
                url: format!("sqlite://{}", folder.path().join("a.db").display()).into(),
                url_file: None,
                erasure_journal: None,
            },
            ..Config::default()
        };
        let app = App::open(config, Clock::system(), Random::seeded(1)).await.unwrap();
        let routes = Router::new()
            .route("/panics", get(panics))
            .route("/page", get(async || (StatusCode::GONE, axum::response::Html("<p>Gone</p>"))));
        let service = surrounded(routes, app);
        let ask = |path: &str| service.clone().oneshot(Request::get(path).body(Body::empty()).unwrap());
        let response = ask("/panics").await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        let body = to_bytes(response.into_body(), 10_000).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("with words"));
        let page = ask("/page").await.unwrap();
        assert_eq!(
            (page.status(), &page.headers()["content-type"]),
            (StatusCode::GONE, &HeaderValue::from_static("text/html; charset=utf-8"))
        );
    }
}
