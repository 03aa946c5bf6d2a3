//! The reference of P4: the same kind of server, which reads the same JSON and answers 202 without storing it.
use axum::{Json, Router, http::StatusCode, routing::post};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The argument that makes this program the reference; the port follows it.
pub(crate) const ARGUMENT: &str = "reference";

pub(crate) async fn serve() {
    let port = std::env::args().skip_while(|arg| arg != ARGUMENT).nth(1).unwrap_or_default();
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await.expect("a free port");
    let router =
        Router::new().route("/v1/events", post(take)).route("/readyz", post(take).get(async || StatusCode::OK));
    axum::serve(listener, router).await.expect("it serves");
}

async fn take(body: axum::body::Bytes) -> (StatusCode, Json<Value>) {
    let events = serde_json::from_slice::<Value>(&body).unwrap_or_default();
    let id = events["id"].clone();
    (StatusCode::ACCEPTED, Json(json!({"accepted": 1, "duplicates": 0, "events": [{"id": id, "status": "accepted"}]})))
}
