//! What watches us asks here: alive, ready, and in what numbers.
use std::{net::SocketAddr, time::Duration};

use axum::{
    Json, Router,
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;

use super::{Caller, Error};
use crate::{app::App, db::SchemaState, staff::keys::Scope, telemetry};

/// A balancer asks every few seconds and does not wait.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn routes() -> Router<App> {
    Router::new().route("/healthz", get(alive)).route("/readyz", get(ready)).route("/metrics", get(metrics))
}

async fn alive() -> Response {
    Json(json!({ "status": "alive" })).into_response()
}

/// The database answers, its schema is ours, and we are not stopping.
async fn ready(State(app): State<App>) -> Result<Response, Error> {
    if app.stopping.is_cancelled() {
        return Err(Error::NotReady("stopping", "this process is stopping"));
    }
    match tokio::time::timeout(PATIENCE, app.db.schema()).await {
        Ok(Ok(SchemaState::Current)) => Ok(Json(json!({ "status": "ready" })).into_response()),
        Ok(Ok(SchemaState::Older)) => Err(Error::NotReady("schema_older", "run aftercare migrate")),
        Ok(Ok(SchemaState::Newer)) => {
            Err(Error::NotReady("schema_newer", "a newer program has migrated this database"))
        }
        Ok(Err(_)) | Err(_) => Err(Error::NotReady("database_unavailable", "the database does not answer")),
    }
}

async fn metrics(State(app): State<App>, request: Request) -> Result<Response, Error> {
    let caller = known_or_local(&app, request).await?;
    if caller.is_some_and(|caller| !caller.may(Scope::Read) && !caller.may(Scope::Admin)) {
        return Err(Error::Forbidden("this key lacks the scope read"));
    }
    telemetry::refresh(&app).await;
    let recorder = telemetry::recorder();
    recorder.run_upkeep();
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], recorder.render()).into_response())
}

/// Who asks; nobody in particular where they ask from this very machine.
///
/// # Errors
/// 401 from anywhere else without a key or a session.
pub async fn known_or_local(app: &App, request: Request) -> Result<Option<Caller>, Error> {
    if is_local(&request) {
        return Ok(None);
    }
    let (mut parts, _) = request.into_parts();
    Caller::from_request_parts(&mut parts, app).await.map(Some)
}

/// From this very machine, and not passed on by a proxy on it.
pub fn is_local(request: &Request) -> bool {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    is_local_peer(peer, request.headers())
}

fn is_local_peer(peer: Option<SocketAddr>, headers: &HeaderMap) -> bool {
    let passed_on = ["forwarded", "x-forwarded-for", "x-real-ip", "via"].iter().any(|name| headers.contains_key(*name));
    peer.is_some_and(|peer| peer.ip().to_canonical().is_loopback()) && !passed_on
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_counts_only_when_nobody_passed_the_request_on() {
        let peer = |text: &str| Some(text.parse().expect("an address"));
        let mut headers = HeaderMap::new();
        assert!(is_local_peer(peer("127.0.0.1:5000"), &headers));
        assert!(is_local_peer(peer("[::1]:5000"), &headers));
        assert!(is_local_peer(peer("[::ffff:127.0.0.1]:5000"), &headers));
        assert!(!is_local_peer(peer("192.168.1.7:5000"), &headers));
        assert!(!is_local_peer(None, &headers));
        headers.insert("x-forwarded-for", axum::http::HeaderValue::from_static("203.0.113.9"));
        assert!(!is_local_peer(peer("127.0.0.1:5000"), &headers));
    }
}
