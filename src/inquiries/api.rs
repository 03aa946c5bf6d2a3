//! The inquiries' door: the list of what waits, one thread, and what people decide.
mod replies;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Inquiry, PromiseClock, Said,
    actions::{self, Deed, NoReply, Undoable},
    store::{self, After, Found},
};
use crate::{
    app::App,
    db::Weight,
    desk,
    files::{self, File},
    http::{
        Error,
        body::JsonBody,
        caller::{Authorized, Caller, scope},
        page::Where,
    },
    id::Id,
    staff::{self, Staff},
};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/v1/inquiries", get(list))
        .route("/v1/inquiries/{ref}", get(get_one))
        .merge(replies::routes())
        .route("/v1/inquiries/{ref}/{deed}", post(decide))
        .merge(super::report::routes())
        .merge(super::canned::api::routes())
        .merge(super::approved::api::routes())
}

#[derive(Deserialize)]
struct Filter {
    state: Option<String>,
    limit: Option<String>,
    after: Option<String>,
}

/// `open` is what waits for an answer, what is due first before the others; any other state by id.
async fn list(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Query(filter): Query<Filter>,
) -> Result<Json<Value>, Error> {
    let limit = filter.limit.as_deref().and_then(|limit| limit.parse().ok()).unwrap_or(50).clamp(1, 500);
    let mut tx = app.db.read().await?;
    let is_open = filter.state.as_deref() == Some("open");
    let found = if is_open {
        let after = filter.after.as_deref().map(read_after).transpose()?;
        store::list_open(&mut tx, caller.access.one(), after, limit).await?
    } else {
        let state = match &filter.state {
            None => None,
            Some(word) => Some(serde_json::from_value(json!(word)).map_err(|_| {
                Error::invalid(
                    "/state",
                    "unknown_value",
                    "must be open, new, assigned, answered, closed, spam or merged",
                )
            })?),
        };
        store::list_in(&mut tx, caller.access.one(), state, filter.after, limit).await?
    };
    let is_full = i64::try_from(found.len()).unwrap_or(i64::MAX) >= limit;
    let next = found.last().filter(|_| is_full).map(|last| match last.inquiry.due_at {
        Some(at) if is_open => format!("{at}~{}", last.inquiry.id),
        _ => last.inquiry.id.to_string(),
    });
    let items: Vec<Value> = found.iter().map(shown).collect();
    Ok(Json(json!({"items": items, "next": next})))
}

fn read_after(text: &str) -> Result<After, Error> {
    let parts = text.split_once('~').and_then(|(at, id)| Some(After { at: at.parse().ok()?, id: id.parse().ok()? }));
    parts.ok_or_else(|| Error::invalid("/after", "unknown_value", "must be the `next` of a list"))
}

/// An inquiry as callers see it.
fn shown(found: &Found) -> Value {
    let inquiry = &found.inquiry;
    let mut value = serde_json::to_value(inquiry).unwrap_or_default();
    if let Some(object) = value.as_object_mut() {
        for hidden in ["dealership_id", "customer_id", "vehicle_id", "owner_id", "previous_owner_id", "origin"] {
            object.remove(hidden);
        }
    }
    value["dealership"] = json!(found.dealership);
    value["customer"] =
        json!(inquiry.customer_id.map(|id| json!({"id": id, "ref": found.customer_ref, "name": found.customer_name})));
    value["vehicle"] = json!(inquiry.vehicle_id.map(|id| json!({"id": id, "vin": found.vin, "plate": found.plate})));
    value["owner"] =
        json!(inquiry.owner_id.map(|id| json!({"id": id, "ref": found.owner_ref, "name": found.owner_name})));
    value
}

#[derive(Serialize)]
struct Thread {
    #[serde(flatten)]
    inquiry: Value,
    clocks: Vec<PromiseClock>,
    thread: Vec<Value>,
}

/// One thread with everything said in it and its clocks.
async fn get_one(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Path(reference): Path<String>,
    Query(wanted): Query<Where>,
) -> Result<Json<Thread>, Error> {
    let mut tx = app.db.read().await?;
    let found = find(&mut tx, &caller, &reference, wanted.dealership.as_deref()).await?;
    let ids = [found.inquiry.id.to_string()];
    let entries = store::entries(&mut tx, &ids).await?;
    let clocks = store::clocks(&mut tx, &ids).await?;
    let files = files::actions::of(&mut tx, &names(&entries)).await?;
    let thread = entries.iter().map(|entry| said(entry, &files)).collect();
    Ok(Json(Thread { inquiry: shown(&found), clocks, thread }))
}

async fn find(
    tx: &mut crate::db::Tx,
    caller: &Caller,
    reference: &str,
    dealership: Option<&str>,
) -> Result<Found, Error> {
    Error::unless_one(store::list_by_reference(tx, &caller.access, reference, dealership).await?)
}

/// The ids of entries, as what belongs to them names them.
fn names(entries: &[Said]) -> Vec<String> {
    entries.iter().map(|entry| entry.id.to_string()).collect()
}

/// An entry as callers see it: text as it was written, never as HTML; files by their names.
fn said(entry: &Said, files: &[File]) -> Value {
    let owner = entry.id.to_string();
    let own = files.iter().filter(|file| file.owner_id == owner);
    let files: Vec<Value> =
        own.map(|file| json!({"id": file.id, "name": file.name, "type": file.media_type, "size": file.size})).collect();
    json!({"id": entry.id, "author": entry.author, "state": entry.state, "channel": entry.channel, "at": entry.at,
        "accepted_at": entry.accepted_at, "failed_at": entry.failed_at, "not_before": entry.not_before, "sender": entry.sender,
        "subject": entry.topic, "text": entry.body, "by": entry.actor, "staff": entry.staff_id, "notice": entry.notice_id,
        "message_id": entry.message_key, "attachments": files})
}

/// Somebody who works at the inquiry's dealership.
async fn person(tx: &mut crate::db::Tx, inquiry: &Inquiry, reference: &str, pointer: &str) -> Result<Staff, Error> {
    let known = match staff::actions::find_id(tx, inquiry.dealership_id, reference).await? {
        Some(id) => staff::actions::find(tx, id).await?,
        None => None,
    };
    known.filter(|staff| staff.active).ok_or_else(|| {
        Error::invalid(pointer, "unknown_staff", "must be the ref of somebody active at this dealership")
    })
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeedBody {
    /// assign: to whom; claim: who answers.
    staff: Option<String>,
    /// close, spam, merge: why.
    reason: Option<String>,
    /// merge: the inquiry that stays.
    into: Option<String>,
    /// split: the question with which the new inquiry begins.
    entry: Option<Id<Said>>,
}

/// `assign`, `claim`, `close`, `spam`, `merge`, `split`: answers the inquiry it came to.
async fn decide(
    caller: Authorized<scope::Write>,
    State(app): State<App>,
    Path((reference, deed)): Path<(String, String)>,
    Query(wanted): Query<Where>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Error> {
    let body: DeedBody = serde_json::from_value(body).map_err(|error| Error::Unreadable(error.to_string()))?;
    let mut tx = app.db.read().await?;
    let found = find(&mut tx, &caller, &reference, wanted.dealership.as_deref()).await?;
    let required = |pointer: &str| Error::invalid(pointer, "required", "is required");
    let reason = || body.reason.clone().filter(|reason| !reason.trim().is_empty()).ok_or_else(|| required("/reason"));
    let named = body.staff.as_deref().ok_or_else(|| required("/staff"));
    let deed = match deed.as_str() {
        "assign" => Deed::Assign(Box::new(person(&mut tx, &found.inquiry, named?, "/staff").await?)),
        "claim" => Deed::Claim(person(&mut tx, &found.inquiry, named?, "/staff").await?.reference),
        "close" => Deed::Close(reason()?),
        "spam" => Deed::Spam(reason()?),
        "merge" => {
            let into = body.into.as_deref().ok_or_else(|| required("/into"))?;
            let other = find(&mut tx, &caller, into, Some(&found.dealership)).await?;
            Deed::Merge(other.inquiry.id, reason()?)
        }
        "split" => Deed::Split(body.entry.ok_or_else(|| required("/entry"))?),
        _ => return Err(Error::NotFound),
    };
    drop(tx);
    let (id, actor) = (found.inquiry.id, caller.actor());
    let came_to = desk::at(&app, Weight::ONE, move |desk| {
        let (deed, actor) = (deed.clone(), actor.clone());
        Box::pin(async move { actions::decide(desk, id, &deed, &actor).await })
    })
    .await?;
    let mut tx = app.db.read().await?;
    Ok(Json(shown(&find(&mut tx, &caller, &came_to.to_string(), None).await?)))
}

impl From<NoReply> for Error {
    fn from(refused: NoReply) -> Self {
        let code = match &refused {
            NoReply::NewerMessage => "newer_message",
            NoReply::NewerReply => "newer_reply",
            NoReply::Claimed(_) => "claimed",
            NoReply::SetAside => "set_aside",
            NoReply::NoAddress => "no_address",
            NoReply::KeyReused => return Self::invalid("", "idempotency_key_reused", refused.to_string()),
            NoReply::Database(_) => "",
        };
        match refused {
            NoReply::Database(error) => Self::Database(error),
            other => Self::Conflict(code, other.to_string()),
        }
    }
}

impl From<Undoable> for Error {
    fn from(refused: Undoable) -> Self {
        let code = match &refused {
            Undoable::NotThere => return Self::NotFound,
            Undoable::Unanswered => "unanswered",
            Undoable::Claimed(_) => "claimed",
            Undoable::Over(_) => "over",
            Undoable::NoPartner => "no_partner",
            Undoable::NoQuestion => "no_question",
            Undoable::Database(_) => "",
        };
        match refused {
            Undoable::Database(error) => Self::Database(error),
            other => Self::Conflict(code, other.to_string()),
        }
    }
}
