//! Answers over the API: `POST /v1/inquiries/{ref}/replies`, and the files of a thread.
use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;

use super::{
    super::{
        Channel, Said,
        actions::{self, Answered, NewReply, unfilled},
        canned, store,
    },
    Where, find, person, said,
};
use crate::{
    app::App,
    clock::Timestamp,
    db::Weight,
    dealerships, desk,
    files::{self, File, NewFile},
    http::{
        Error, Fault,
        body::JsonBody,
        caller::{Authorized, idempotency_key_if_any, scope},
    },
    id::Id,
    rights,
};

/// The longest answer in characters.
const LONGEST_TEXT: usize = 20_000;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/inquiries/{ref}/replies", post(reply))
        .route("/v1/inquiries/{ref}/files/{file}", get(download))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReplyBody {
    /// What is said; it may be left out where a canned reply says it.
    text: Option<String>,
    /// The code of a canned reply, said in the customer's language.
    canned: Option<String>,
    /// What is put in the places of the canned reply.
    #[serde(default)]
    values: BTreeMap<String, String>,
    /// The `ref` of who answers: the promise is kept by people.
    by: String,
    #[serde(default = "email")]
    channel: Channel,
    /// The newest entry that the writer has seen.
    seen: Option<Id<Said>>,
    /// Later, unless the customer writes first.
    send_at: Option<Timestamp>,
    #[serde(default)]
    attachments: Vec<Attached>,
}

/// A file that goes with an answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Attached {
    name: String,
    /// Its bytes in Base64.
    content: String,
}

fn email() -> Channel {
    Channel::Email
}

/// 201 with the entry: on its way, scheduled, or (on the telephone) counted.
async fn reply(
    caller: Authorized<scope::Write>,
    State(app): State<App>,
    Path(reference): Path<String>,
    Query(wanted): Query<Where>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Response, Error> {
    let body: ReplyBody = serde_json::from_value(body).map_err(|error| Error::Unreadable(error.to_string()))?;
    let mut tx = app.db.read().await?;
    let found = find(&mut tx, &caller, &reference, wanted.dealership.as_deref()).await?;
    let staff = person(&mut tx, &found.inquiry, &body.by, "/by").await?;
    let text = words(&mut tx, &found, &body).await?;
    drop(tx);
    let files = check(&body, &text)?;
    let reply = NewReply {
        text,
        channel: body.channel,
        staff,
        actor: caller.actor(),
        seen: body.seen,
        not_before: body.send_at,
        idempotency_key: idempotency_key_if_any(&headers)?,
        files,
        spoken: None,
    };
    let id = found.inquiry.id;
    let answered = desk::at(&app, Weight::ONE, move |desk| {
        let reply = reply.clone();
        Box::pin(async move {
            rights::actions::hold_off(desk.tx).await?;
            actions::answer(desk, id, &reply).await
        })
    })
    .await?;
    let (entry, is_replay) = match &answered {
        Answered::Taken(entry) => (entry, false),
        Answered::Replayed(entry) => (entry, true),
    };
    let files = files::actions::of(&mut app.db.read().await?, &[entry.id.to_string()]).await?;
    let mut response = (StatusCode::CREATED, Json(said(entry, &files))).into_response();
    if is_replay {
        let name = HeaderName::from_static("idempotency-replayed");
        response.headers_mut().insert(name, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// What is said: the text, or a canned reply in the customer's language with its places filled in.
async fn words(tx: &mut crate::db::Tx, found: &store::Found, body: &ReplyBody) -> Result<String, Error> {
    let Some(code) = &body.canned else { return Ok(body.text.as_deref().unwrap_or_default().trim().to_owned()) };
    if body.text.is_some() {
        return Err(Error::invalid("/canned", "not_possible", "send a text or the code of a canned reply, not both"));
    }
    let dealership = dealerships::actions::find(tx, found.inquiry.dealership_id).await?.ok_or(Error::NotFound)?;
    let all = canned::actions::all(tx, dealership.id).await?;
    let one = all.iter().find(|one| one.code == *code);
    let text = one.and_then(|one| one.for_customer(found.language(), &dealership.locale));
    let text =
        text.ok_or_else(|| Error::invalid("/canned", "unknown_canned_reply", "this dealership has none of that code"))?;
    Ok(canned::filled(&text.body, &body.values))
}

fn check(body: &ReplyBody, text: &str) -> Result<Arc<[NewFile]>, Error> {
    let mut faults = Vec::new();
    let mut fault = |pointer: &str, code, message: String| {
        faults.push(Fault { pointer: pointer.to_owned(), code, message });
    };
    if text.is_empty() || text.chars().count() > LONGEST_TEXT {
        fault("/text", "wrong_length", format!("must have 1 to {LONGEST_TEXT} characters"));
    }
    for prompt in unfilled(text) {
        fault("/text", "prompt_unfilled", format!("still has the place [[{prompt}]] to fill in"));
    }
    if !matches!(body.channel, Channel::Email | Channel::Phone) {
        let message = "must be email, or phone for what was said in a call: a free answer goes by no other channel";
        fault("/channel", "channel_not_possible", message.to_owned());
    }
    if body.channel == Channel::Phone && body.send_at.is_some() {
        fault("/send_at", "not_possible", "a call that was made cannot be made later".to_owned());
    }
    if body.channel != Channel::Email && !body.attachments.is_empty() {
        fault("/attachments", "not_possible", "files go by e-mail only".to_owned());
    }
    let mut kept = Vec::new();
    for (n, file) in body.attachments.iter().enumerate().take(files::MOST + 1) {
        let Ok(bytes) = BASE64_STANDARD.decode(&file.content) else {
            fault(&format!("/attachments/{n}/content"), "not_base64", "must be Base64".to_owned());
            continue;
        };
        match NewFile::read(&file.name, &bytes) {
            Ok(file) => kept.push(file),
            Err(unfit) => fault(&format!("/attachments/{n}"), unfit.code(), unfit.to_string()),
        }
    }
    if let Err(unfit) = files::fit(&kept) {
        fault("/attachments", unfit.code(), unfit.to_string());
    }
    if faults.is_empty() { Ok(kept.into()) } else { Err(Error::Invalid(faults)) }
}

/// A file of a thread, as a download.
async fn download(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Path((reference, file)): Path<(String, Id<File>)>,
    Query(wanted): Query<Where>,
) -> Result<Response, Error> {
    let mut tx = app.db.read().await?;
    let found = find(&mut tx, &caller, &reference, wanted.dealership.as_deref()).await?;
    actions::file_of(&mut tx, &found.inquiry, file).await
}
