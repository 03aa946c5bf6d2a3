//! `POST /in/email?from=…&to=…`: one mail as it is (RFC 5322), from a mail server's pipe or a provider's hook; and the mails
//! that took no effect, for those who look after them.
use axum::{
    Json, Router,
    extract::{FromRequestParts, Path, Query, RawQuery, State},
    http::{HeaderMap, StatusCode, request::Parts},
    response::Response,
    routing::{get, post},
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{
    Envelope, Inbound,
    actions::{self, Arrival, NotTaken},
    unread::{self, Unread},
};
use crate::{
    app::App,
    files,
    http::{
        Error,
        body::{RawBody, media_type},
        caller::{Authorized, scope},
        page::{Page, Paging},
        secret::shows,
    },
    id::Id,
};

/// Recipients of one mail.
const MOST_RECIPIENTS: usize = 100;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/in/email", post(take))
        .route("/v1/inbound", get(list))
        .route("/v1/inbound/{id}/raw", get(raw))
        .route("/v1/inbound/{id}/retry", post(retry))
}

/// Mails that could not be read or applied, the newest first.
async fn list(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<Unread>>, Error> {
    let limit = paging.limit();
    let mails = unread::list(&mut app.db.read().await?, &caller.access, paging.after.clone(), limit).await?;
    Ok(Json(Page::new(mails, &paging, |mail| mail.id.to_string())))
}

/// Such a mail byte for byte, as a download: whoever repairs the reading needs it.
async fn raw(
    caller: Authorized<scope::Admin>,
    State(app): State<App>,
    Path(id): Path<Id<Inbound>>,
) -> Result<Response, Error> {
    let bytes = unread::raw(&mut app.db.read().await?, &caller.access, id).await?.ok_or(Error::NotFound)?;
    Ok(download(id, bytes))
}

/// 202: it is read again, from the beginning.
async fn retry(
    caller: Authorized<scope::Write>,
    State(app): State<App>,
    Path(id): Path<Id<Inbound>>,
) -> Result<StatusCode, Error> {
    let again = unread::read_again(&app, &caller.access, id, &caller.actor()).await?;
    if again { Ok(StatusCode::ACCEPTED) } else { Err(Error::NotFound) }
}

/// A mail as a file.
pub(super) fn download(id: Id<Inbound>, bytes: Vec<u8>) -> Response {
    files::actions::download((&format!("{id}.eml"), "message/rfc822"), bytes)
}

/// 202 after the commit. `to` may come more than once; an empty `from` is the null sender of reports, a missing one is
/// unknown.
async fn take(
    State(app): State<App>,
    _: Door,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    RawBody(raw): RawBody,
) -> Result<(StatusCode, Json<Value>), Error> {
    if media_type(&headers)
        .is_some_and(|kind| kind != "message/rfc822" && kind != "application/octet-stream" && kind != "text/plain")
    {
        return Err(Error::UnsupportedMediaType("send the mail as it is, with Content-Type: message/rfc822"));
    }
    if raw.is_empty() {
        return Err(Error::invalid("", "empty", "the body is the mail"));
    }
    let query = query.unwrap_or_default();
    let (mut from, mut to) = (None, Vec::new());
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match key.as_ref() {
            "from" => from = Some(value.into_owned()),
            "to" => to.push(value.into_owned()),
            _ => {}
        }
    }
    if to.is_empty() || to.len() > MOST_RECIPIENTS {
        return Err(Error::invalid("/to", "required", "name the envelope's recipients: ?to=…, from 1 to 100 of them"));
    }
    for (n, address) in to.iter().enumerate() {
        if actions::recipient(&app, address).await?.is_none() {
            return Err(Error::invalid(format!("/to/{n}"), "unknown_recipient", "nobody here has this address"));
        }
    }
    let envelopes = to.into_iter().map(|to| Envelope { from: from.clone(), to }).collect();
    match actions::take(&app, Arrival { door: "http", envelopes, raw: raw.to_vec() }).await {
        Ok(new) => Ok((StatusCode::ACCEPTED, Json(json!({ "accepted": new })))),
        Err(NotTaken::Full) => {
            Err(Error::NotReady("inbound_full", "too many mails wait to be read: come again in a minute"))
        }
        Err(NotTaken::Database(error)) => Err(error.into()),
    }
}

/// Who may come in; asked before the body is read. Where no secret is set there is no such door.
struct Door;

impl FromRequestParts<App> for Door {
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let Some(secret) = &app.config.inbound.email.secret else { return Err(Error::NotFound) };
        if shows(&parts.headers, secret.expose_secret()) { Ok(Self) } else { Err(Error::Unauthorized) }
    }
}
