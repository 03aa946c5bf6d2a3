//! `GET /v1/cases`, `GET /v1/cases/{id}`, `POST /v1/cases`, `POST /v1/cases/{id}/acknowledge|contact|resolve|verify|reopen|assign|note`.
use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Case, Cause, Severity, Source,
    actions::{self, Deed, NewCase},
    store::{self, Note, Read, Wanted},
};
use crate::{
    app::App,
    calls::CallType,
    db::Weight,
    desk::{self, Desk},
    fields::Fields,
    http::{
        Access, Authorized, Error,
        body::{JsonBody, RawBody},
        page::{Page, Paging},
        scope, storable,
    },
    rights,
};

/// The longest note, in characters.
const LONGEST: usize = 2_000;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/v1/cases", get(list).post(raise))
        .route("/v1/cases/{id}", get(one))
        .route("/v1/cases/{id}/{deed}", post(perform))
}

#[derive(Deserialize)]
struct Filters {
    state: Option<String>,
    dealership: Option<String>,
    customer: Option<String>,
    advisor: Option<String>,
    cause: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

/// A case as callers see it.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    case: Case,
    dealership: String,
    customer: Option<String>,
    advisor: Option<String>,
    owner: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    history: Vec<Note>,
}

impl Shown {
    fn of(read: Read, history: Vec<Note>) -> Self {
        let Read { case, dealership, customer, advisor, owner } = read;
        Self { case, dealership, customer, advisor, owner, history }
    }
}

async fn list(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Query(filters): Query<Filters>,
) -> Result<Json<Page<Shown>>, Error> {
    let paging = filters.paging;
    let wanted = Wanted {
        id: None,
        dealership: filters.dealership,
        state: filters.state,
        customer: filters.customer,
        advisor: filters.advisor,
        cause: filters.cause,
        after: paging.after.clone(),
        limit: paging.limit(),
    };
    let mut tx = app.db.read().await?;
    let found = store::list(&mut tx, &caller.access, wanted).await?;
    let shown = found.into_iter().map(|read| Shown::of(read, Vec::new())).collect();
    Ok(Json(Page::new(shown, &paging, |shown: &Shown| shown.case.id.to_string())))
}

async fn one(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<Shown>, Error> {
    Ok(Json(find(&app, &caller.access, id).await?))
}

async fn find(app: &App, access: &Access, id: String) -> Result<Shown, Error> {
    let mut tx = app.db.read().await?;
    let wanted = Wanted { id: Some(id), limit: 2, ..Wanted::default() };
    let read = Error::unless_one(store::list(&mut tx, access, wanted).await?)?;
    let history = store::notes(&mut tx, read.case.id).await?;
    Ok(Shown::of(read, history))
}

async fn perform(
    caller: Authorized<scope::Write>,
    State(app): State<App>,
    Path((id, deed)): Path<(String, String)>,
    RawBody(body): RawBody,
) -> Result<Json<Shown>, Error> {
    // Most deeds need no words.
    let body = if body.is_empty() { Value::Object(serde_json::Map::new()) } else { storable::json(&body)? };
    let deed = Arc::new(read_deed(&deed, body)?);
    let told = Arc::new((caller.access.clone(), caller.actor(), id, deed));
    let case = desk::at(&app, Weight::ONE, move |desk| {
        let told = Arc::clone(&told);
        Box::pin(async move {
            let (access, actor, id, deed) = &*told;
            rights::actions::hold_off(desk.tx).await?;
            actions::perform(desk, access, id, deed, actor).await
        })
    });
    let id = case.await?.id;
    Ok(Json(find(&app, &caller.access, id.to_string()).await?))
}

fn read_deed(word: &str, body: Value) -> Result<Deed, Error> {
    let mut fields = Fields::of("", body).map_err(Error::Invalid)?;
    let note = |fields: &mut Fields| fields.prose("note", LONGEST);
    let deed = match word {
        "acknowledge" => Deed::Acknowledge,
        "contact" => Deed::Contact { note: note(&mut fields) },
        "resolve" => Deed::Resolve {
            cause: cause(&mut fields),
            resolution: fields.prose("resolution", LONGEST).unwrap_or_default(),
            compensation: fields.prose("compensation", LONGEST),
            by: fields.text_if_any("by", 200),
        },
        "verify" => Deed::Verify { by: fields.text("by", 200), note: note(&mut fields) },
        "reopen" => Deed::Reopen { note: note(&mut fields) },
        "assign" => Deed::Assign { to: fields.text("to", 200) },
        "note" => {
            let text = note(&mut fields);
            if text.is_none() {
                fields.fault("note", "required", "is required");
            }
            Deed::Note { text: text.unwrap_or_default() }
        }
        _ => return Err(Error::NotFound),
    };
    fields.finish().map_err(Error::Invalid)?;
    Ok(deed)
}

fn cause(fields: &mut Fields) -> Option<Cause> {
    let words = Cause::ALL.map(Cause::word).join(", ");
    let word = fields.text_if_any("cause", 40)?;
    let cause = word.parse().ok();
    if cause.is_none() {
        fields.fault("cause", "unknown_cause", format!("must be one of {words}"));
    }
    cause
}

/// Somebody saw, read or heard that a customer is not happy: a case by hand.
async fn raise(
    caller: Authorized<scope::Write>,
    State(app): State<App>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Shown>), Error> {
    let mut fields = Fields::of("", body).map_err(Error::Invalid)?;
    let code = fields.text_if_any("dealership", 64);
    let customer = fields.text("customer", 200);
    let repair_order = fields.text_if_any("repair_order", 200);
    let words = fields.prose("words", LONGEST);
    if words.is_none() {
        fields.fault("words", "required", "say what the customer said");
    }
    let cause = cause(&mut fields);
    fields.finish().map_err(Error::Invalid)?;
    let dealership = match (&code, caller.dealership) {
        (Some(code), _) => app.directory.by_code(code).await?,
        (None, Some(own)) => app.directory.by_id(own).await?,
        (None, None) => None,
    };
    let dealership = dealership
        .filter(|dealership| caller.access.allows(dealership.id))
        .ok_or_else(|| Error::invalid("/dealership", "unknown_dealership", "must be the code of a dealership"))?;
    let mut tx = app.db.read().await?;
    let customer = store::customer(&mut tx, dealership.id, &customer)
        .await?
        .ok_or_else(|| Error::invalid("/customer", "unknown_customer", "must be the ref or id of a customer there"))?;
    drop(tx);
    let (actor, desk_app) = (caller.actor(), app.clone());
    let told = Arc::new((dealership, words, repair_order, actor));
    let raised = app.db.write(Weight::ONE, move |tx| {
        let (app, told) = (desk_app.clone(), Arc::clone(&told));
        Box::pin(async move {
            let mut desk = Desk::open(tx, &app);
            let (dealership, words, repair_order, actor) = &*told;
            let case = NewCase {
                dealership,
                event_id: None,
                source: Source::Manual,
                source_id: None,
                severity: Severity::Hot,
                reason: "by_hand",
                customer_id: Some(customer),
                vehicle_id: None,
                repair_order: repair_order.clone(),
                advisor_id: None,
                words: words.clone(),
                score: None,
                cause,
                call: Some(CallType::Recovery),
                actor: actor.clone(),
            };
            let ids = actions::raise(&mut desk, &[case]).await?;
            desk.close().await?;
            ids.first().copied().ok_or(Error::NotFound)
        })
    });
    let id = raised.await?;
    Ok((StatusCode::CREATED, Json(find(&app, &caller.access, id.to_string()).await?)))
}
