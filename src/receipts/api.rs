//! `POST /in/http/status`: what became of text messages, as their gateway reports it.
use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{FromRequestParts, State},
    http::{HeaderMap, request::Parts},
    routing::post,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{
    actions,
    reading::{self, Said, Unread},
};
use crate::{
    app::App,
    db::Weight,
    desk,
    http::{
        Error,
        body::{RawBody, media_type},
        secret::shows,
        storable::is_storable,
    },
    notices::ChannelName,
};

/// The provider of this door, as `sms.provider` names it.
const PROVIDER: &str = "http";
/// So many reports in one request at most.
const MOST: usize = 1_000;

pub fn routes() -> Router<App> {
    Router::new().route("/in/http/status", post(take))
}

/// 200 after the commit: what is new was kept, what was heard before did nothing. A report that says nothing to us is counted
/// and not refused: a gateway would send it again for days.
async fn take(
    State(app): State<App>,
    _: Door,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Json<Value>, Error> {
    let reports = reading::each(posted(&headers, &body)?);
    if reports.len() > MOST {
        return Err(Error::invalid("", "too_many", format!("send at most {MOST} reports at once")));
    }
    let now = app.ids.clock.now();
    let mut ignored = 0_usize;
    let mut said: Vec<Said> = Vec::new();
    for report in &reports {
        if !is_storable(report) {
            ignored += 1;
            continue;
        }
        match reading::read(report, &app.config.sms.receipts, now) {
            Ok(one) => said.push(one),
            Err(Unread::NoId) => ignored += 1,
            Err(Unread::UnknownStatus(word)) => {
                tracing::warn!(
                    word,
                    "a gateway's report has a word that is not known: add it to sms.receipts.statuses"
                );
                ignored += 1;
            }
        }
    }
    // Twice in one request is once: the later word stands where both say the same.
    said.sort_by(|a, b| (&a.provider_ref, a.status).cmp(&(&b.provider_ref, b.status)));
    said.dedup_by(|a, b| a.provider_ref == b.provider_ref && a.status == b.status);
    let (count, said) = (said.len(), Arc::new(said));
    let taken = desk::at(&app, Weight(count.max(1)), move |desk| {
        let said = Arc::clone(&said);
        Box::pin(async move { actions::receive(desk, (PROVIDER, ChannelName::Sms), &said).await })
    })
    .await?;
    Ok(Json(json!({"taken": taken.new, "early": taken.early, "ignored": ignored})))
}

/// JSON, or a form as many gateways post it.
fn posted(headers: &HeaderMap, body: &[u8]) -> Result<Value, Error> {
    match media_type(headers).as_deref() {
        Some("application/x-www-form-urlencoded") => Ok(reading::form(body)),
        Some(kind) if kind == "application/json" || kind.ends_with("+json") => {
            serde_json::from_slice(body).map_err(|error| Error::Unreadable(error.to_string()))
        }
        _ => Err(Error::UnsupportedMediaType("send JSON or a form: id, status, and at and error where you know them")),
    }
}

/// Who may come in; asked before the body is read. Where no secret is set there is no such door.
struct Door;

impl FromRequestParts<App> for Door {
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let Some(secret) = &app.config.sms.receipts.secret else { return Err(Error::NotFound) };
        if shows(&parts.headers, secret.expose_secret()) { Ok(Self) } else { Err(Error::Unauthorized) }
    }
}
