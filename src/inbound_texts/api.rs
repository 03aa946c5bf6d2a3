//! `POST /in/http/inbound`: a text that a customer sent, as a gateway hands it over.
use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{FromRequestParts, Query, State},
    http::{HeaderMap, request::Parts},
    routing::post,
};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    Received, Via,
    actions::{self, Outcome},
};
use crate::{
    app::App,
    clock::Timestamp,
    customers::phone::{self, Phone},
    db::Weight,
    dealerships::{self, Dealership},
    desk::Desk,
    http::{
        Error, Fault,
        body::{RawBody, media_type},
        secret::shows,
        storable,
    },
    intake::fields::{Faults, Fields},
    notices::ChannelName,
};

/// The provider of this door, as `sms.provider` names it.
const VIA: Via = Via { provider: "http", channel: ChannelName::Sms };

pub fn routes() -> Router<App> {
    Router::new().route("/in/http/inbound", post(take))
}

#[derive(Debug, Deserialize)]
struct Whose {
    /// Whose gateway it is, where several dealerships have one each.
    dealership: Option<String>,
}

/// 200 after the commit of everything that it does; the same id again is a duplicate and does nothing.
async fn take(
    State(app): State<App>,
    _: Door,
    Query(whose): Query<Whose>,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Json<Value>, Error> {
    let dealership = match &whose.dealership {
        None => None,
        Some(code) => {
            let found = dealerships::actions::find_by_code(&mut app.db.read().await?, code).await?;
            Some(found.ok_or_else(|| Error::invalid("/dealership", "unknown_dealership", "is no dealership of ours"))?)
        }
    };
    let fields = posted(&headers, &body)?;
    let region = dealership.as_ref().map(|dealership| dealership.region.as_str());
    let text = read(&Value::Object(fields), region, app.ids.clock.now()).map_err(Error::Invalid)?;
    let (desk_app, text) = (app.clone(), Arc::new((text, dealership)));
    let outcome = app.db.write(Weight::ONE, move |tx| {
        let (app, text) = (desk_app.clone(), Arc::clone(&text));
        Box::pin(async move {
            let mut desk = Desk::open(tx, &app);
            let (text, dealership): &(Received, Option<Dealership>) = &text;
            let outcome = actions::receive(&mut desk, VIA, text, dealership.clone()).await?;
            desk.close().await?;
            Ok::<_, Error>(outcome)
        })
    });
    match outcome.await? {
        Outcome::Duplicate => Ok(Json(json!({"status": "duplicate"}))),
        Outcome::Taken(taken_for) => Ok(Json(json!({"status": "taken", "taken_for": taken_for}))),
        Outcome::NoDealership => Err(Error::invalid(
            "/dealership",
            "required",
            "several dealerships are here: add ?dealership= to the address",
        )),
    }
}

/// JSON, or a form as most gateways post it.
fn posted(headers: &HeaderMap, body: &[u8]) -> Result<Map<String, Value>, Error> {
    match media_type(headers).as_deref() {
        Some("application/x-www-form-urlencoded") => {
            Ok(storable::form(body)?.into_iter().map(|(key, value)| (key, json!(value))).collect())
        }
        Some(kind) if kind == "application/json" || kind.ends_with("+json") => match storable::json(body)? {
            Value::Object(fields) => Ok(fields),
            _ => Err(Error::invalid("", "wrong_type", "must be an object")),
        },
        _ => Err(Error::UnsupportedMediaType("send JSON or a form: id, from, text, and to where you know it")),
    }
}

fn read(body: &Value, region: Option<&str>, now: Timestamp) -> Result<Received, Vec<Fault>> {
    let faults = Faults::default();
    let read = Fields::of(body, "", &faults).and_then(|fields| {
        let id = fields.require("id", fields.key("id"));
        let from = fields.require("from", fields.line("from"));
        let text = fields.require("text", fields.prose("text"));
        Some((id?, from?, fields.line("to"), text?))
    });
    let faults = faults.into_list();
    match read.filter(|_| faults.is_empty()) {
        Some((provider_id, from, to, body)) => {
            let from = match phone::read(&from, region) {
                Ok(Phone::Good(number)) => number,
                // A short code or a name: whoever it is, no number of a customer's.
                Ok(Phone::Bad { .. }) | Err(_) => from,
            };
            Ok(Received { provider_id, from, to, body, at: now })
        }
        None => Err(faults),
    }
}

/// Who may come in; asked before the body is read. Where no secret is set there is no such door.
struct Door;

impl FromRequestParts<App> for Door {
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let Some(secret) = &app.config.inbound.sms.secret else { return Err(Error::NotFound) };
        if shows(&parts.headers, secret.expose_secret()) { Ok(Self) } else { Err(Error::Unauthorized) }
    }
}
