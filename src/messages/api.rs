//! `GET /v1/messages`, `POST /v1/messages/{id}/retry|cancel`.
use std::collections::HashMap;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Message,
    actions::{self, Deed},
    store::{self, Read, ReadAttempt, Wanted},
};
use crate::{
    app::App,
    http::{
        Access, Authorized, Error,
        page::{Page, Paging},
        scope,
    },
    id::Id,
    receipts::{self, Receipt},
};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/v1/messages", get(list))
        .route("/v1/messages/{id}", get(one))
        .route("/v1/messages/{id}/retry", post(retry))
        .route("/v1/messages/{id}/cancel", post(cancel))
}

#[derive(Deserialize)]
struct Filters {
    state: Option<String>,
    channel: Option<String>,
    kind: Option<String>,
    notice: Option<String>,
    customer: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

/// A message with its attempts and what its provider said of it, as it is shown.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    message: Read,
    subject: Value,
    attempts: Vec<ReadAttempt>,
    receipts: Vec<Receipt>,
}

async fn list(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Query(filters): Query<Filters>,
) -> Result<Json<Page<Shown>>, Error> {
    let paging = filters.paging;
    let wanted = Wanted {
        id: None,
        state: filters.state,
        channel: filters.channel,
        kind: filters.kind,
        notice: filters.notice,
        customer: filters.customer,
        after: paging.after.clone(),
        limit: paging.limit(),
    };
    let shown = shown(&app, &caller.access, wanted).await?;
    Ok(Json(Page::new(shown, &paging, |shown| shown.message.id.to_string())))
}

async fn one(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<Shown>, Error> {
    let wanted = Wanted { id: Some(id), limit: 1, ..Wanted::default() };
    let mut shown = shown(&app, &caller.access, wanted).await?;
    shown.pop().map(Json).ok_or(Error::NotFound)
}

async fn shown(app: &App, access: &Access, wanted: Wanted) -> Result<Vec<Shown>, Error> {
    let mut tx = app.db.read().await?;
    let messages = store::list(&mut tx, access, wanted).await?;
    let ids: Vec<Id<Message>> = messages.iter().map(|message| message.id).collect();
    let mut attempts: HashMap<Id<Message>, Vec<ReadAttempt>> = HashMap::new();
    for attempt in store::attempts(&mut tx, &ids).await? {
        attempts.entry(attempt.message_id).or_default().push(attempt);
    }
    let mut receipts: HashMap<Id<Message>, Vec<Receipt>> = HashMap::new();
    for receipt in receipts::actions::of_messages(&mut tx, &ids).await? {
        if let Some(message) = receipt.message_id {
            receipts.entry(message).or_default().push(receipt);
        }
    }
    let show = |message: Read| Shown {
        subject: json!({ "type": message.subject_type, "ref": message.subject_ref, "revision": message.subject_revision }),
        attempts: attempts.remove(&message.id).unwrap_or_default(),
        receipts: receipts.remove(&message.id).unwrap_or_default(),
        message,
    };
    Ok(messages.into_iter().map(show).collect())
}

async fn retry(
    caller: Authorized<scope::Write>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<Shown>, Error> {
    by_hand(app, caller, id, Deed::Retry).await
}
async fn cancel(
    caller: Authorized<scope::Write>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<Shown>, Error> {
    by_hand(app, caller, id, Deed::Cancel).await
}

async fn by_hand(app: App, caller: Authorized<scope::Write>, id: String, deed: Deed) -> Result<Json<Shown>, Error> {
    let id: Id<Message> = id.parse().map_err(|_| Error::NotFound)?;
    let wanted = || Wanted { id: Some(id.to_string()), limit: 1, ..Wanted::default() };
    if shown(&app, &caller.access, wanted()).await?.is_empty() {
        return Err(Error::NotFound);
    }
    if !actions::by_hand(&app, caller.access.clone(), id, deed, caller.actor()).await? {
        return Err(Error::Conflict("not_possible", format!("a message in this state cannot be {}", deed.done())));
    }
    shown(&app, &caller.access, wanted()).await?.pop().map(Json).ok_or(Error::NotFound)
}
