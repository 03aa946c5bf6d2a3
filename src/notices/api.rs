//! `GET /v1/notices`: what should be said, and where it stands.
use std::collections::HashMap;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    routing::get,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Notice,
    store::{self, Read, ReadMessage, ReadersClock, Wanted},
};
use crate::{
    app::App,
    http::{
        Access, Authorized, Error,
        page::{Page, Paging},
        scope,
    },
    id::Id,
};

pub fn routes() -> Router<App> {
    Router::new().route("/v1/notices", get(list)).route("/v1/notices/{id}", get(one))
}

#[derive(Deserialize)]
struct Filters {
    state: Option<String>,
    kind: Option<String>,
    /// Our id of the subject, or the sender's ref.
    subject: Option<String>,
    customer: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    notice: Read,
    subject: Value,
    /// By whose wall clock its hours and quiet hours count, and how that is known.
    clock: ReadersClock,
    messages: Vec<ReadMessage>,
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
        kind: filters.kind,
        subject: filters.subject,
        customer: filters.customer,
        after: paging.after.clone(),
        limit: paging.limit(),
    };
    let shown = shown(&app, &caller.access, wanted).await?;
    Ok(Json(Page::new(shown, &paging, |shown| shown.notice.id.to_string())))
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
    let notices = store::list(&mut tx, access, wanted).await?;
    let ids: Vec<Id<Notice>> = notices.iter().map(|notice| notice.id).collect();
    let mut messages: HashMap<Id<Notice>, Vec<ReadMessage>> = HashMap::new();
    for message in store::messages_of(&mut tx, &ids).await? {
        messages.entry(message.notice_id).or_default().push(message);
    }
    let show = |notice: Read| Shown {
        subject: json!({ "type": notice.subject_type, "ref": notice.subject_ref, "revision": notice.subject_revision }),
        clock: notice.clock(),
        messages: messages.remove(&notice.id).unwrap_or_default(),
        notice,
    };
    Ok(notices.into_iter().map(show).collect())
}
