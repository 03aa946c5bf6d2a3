//! The doors of consent: the ledger of a customer, and what is not to be sent.
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Action, Consent, Purpose, Source, Suppression,
    actions::{self, NewSuppression, Said},
    is_scope,
};
use crate::{
    app::App,
    clock::Timestamp,
    customers::{self, Customer},
    db::Weight,
    desk::Desk,
    http::{
        Error,
        body::JsonBody,
        caller::{Authorized, scope},
        page::{Page, Paging, Where},
    },
    id::Id,
    notices::ChannelName,
};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/v1/customers/{ref}/consents", get(ledger).post(say))
        .route("/v1/suppressions", get(list).post(suppress))
        .route("/v1/suppressions/{id}/lift", post(lift))
}

async fn ledger(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Path(reference): Path<String>,
    Query(Where { dealership }): Query<Where>,
) -> Result<Json<Value>, Error> {
    let mut tx = app.db.read().await?;
    let customer = customers::actions::one(&mut tx, &caller.access, &reference, dealership.as_deref()).await?;
    let items: Vec<Consent> = actions::ledger(&mut tx, customer.id).await?;
    Ok(Json(json!({ "items": items })))
}

#[derive(Clone, Deserialize)]
struct Word {
    purpose: Purpose,
    action: Action,
    channel: Option<ChannelName>,
    source: Option<Source>,
    evidence: Option<String>,
    text_version: Option<String>,
    at: Option<Timestamp>,
}

async fn say(
    caller: Authorized<scope::Write>,
    State(app): State<App>,
    Path(reference): Path<String>,
    Query(Where { dealership }): Query<Where>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), Error> {
    let word: Word = read(body)?;
    let customer = {
        let mut tx = app.db.read().await?;
        customers::actions::one(&mut tx, &caller.access, &reference, dealership.as_deref()).await?
    };
    let now = app.ids.clock.now();
    let said = Said {
        purpose: word.purpose,
        action: word.action,
        channel: word.channel,
        source: word.source.unwrap_or(Source::Form),
        evidence: word.evidence,
        text_version: word.text_version,
        at: word.at.unwrap_or(now),
    };
    if said.at > now {
        return Err(Error::invalid("/at", "time_in_future", "must not be later than now"));
    }
    let (actor, desk_app) = (caller.actor(), app.clone());
    let of = (customer.dealership_id, customer.id);
    app.db
        .write::<_, Error, _>(Weight::ONE, move |tx| {
            let (said, actor, app) = (said.clone(), actor.clone(), desk_app.clone());
            Box::pin(async move {
                let mut desk = Desk::open(tx, &app);
                actions::say(&mut desk, of, &[said], &actor).await?;
                Ok(desk.close().await?)
            })
        })
        .await?;
    let mut tx = app.db.read().await?;
    let items = actions::ledger(&mut tx, customer.id).await?;
    Ok((StatusCode::CREATED, Json(json!({ "items": items }))))
}

#[derive(Deserialize)]
struct Filters {
    customer: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

async fn list(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Query(filters): Query<Filters>,
) -> Result<Json<Page<Suppression>>, Error> {
    let paging = filters.paging;
    let mut tx = app.db.read().await?;
    let customer = match filters.customer {
        None => None,
        Some(reference) => {
            Some(customers::actions::one(&mut tx, &caller.access, &reference, None).await?.id.to_string())
        }
    };
    let page = (paging.after.clone(), paging.limit());
    let found = actions::suppressions(&mut tx, &caller.access, customer, page).await?;
    Ok(Json(Page::new(found, &paging, |suppression| suppression.id.to_string())))
}

#[derive(Clone, Deserialize)]
struct Wanted {
    customer: String,
    dealership: Option<String>,
    address: Option<String>,
    channel: Option<ChannelName>,
    scope: String,
    reason: String,
    until: Option<Timestamp>,
}

async fn suppress(
    caller: Authorized<scope::Write>,
    State(app): State<App>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), Error> {
    let wanted: Wanted = read(body)?;
    if !is_scope(&wanted.scope) {
        return Err(Error::invalid("/scope", "unknown_scope", "must be all, marketing, survey or topic:NAME"));
    }
    if wanted.reason.trim().is_empty() || wanted.reason.chars().count() > 200 {
        return Err(Error::invalid(
            "/reason",
            "reason_needed",
            "say in at most 200 characters why nothing may be sent",
        ));
    }
    let customer: Customer = {
        let mut tx = app.db.read().await?;
        customers::actions::one(&mut tx, &caller.access, &wanted.customer, wanted.dealership.as_deref()).await?
    };
    let (actor, desk_app) = (caller.actor(), app.clone());
    let ids = app
        .db
        .write::<_, Error, _>(Weight::ONE, move |tx| {
            let (wanted, actor, app) = (wanted.clone(), actor.clone(), desk_app.clone());
            Box::pin(async move {
                let mut desk = Desk::open(tx, &app);
                let new = NewSuppression {
                    dealership_id: customer.dealership_id,
                    customer_id: Some(customer.id),
                    address: wanted.address,
                    channel: wanted.channel,
                    scope: wanted.scope,
                    reason: wanted.reason,
                    until: wanted.until,
                    by: actor,
                };
                let ids = actions::suppress(&mut desk, &[new]).await?;
                desk.close().await?;
                Ok(ids)
            })
        })
        .await?;
    Ok((StatusCode::CREATED, Json(json!({ "id": ids.first() }))))
}

#[derive(Deserialize)]
struct Why {
    reason: Option<String>,
}

async fn lift(
    caller: Authorized<scope::Write>,
    State(app): State<App>,
    Path(id): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<Json<Suppression>, Error> {
    let id: Id<Suppression> = id.parse().map_err(|_| Error::NotFound)?;
    let Why { reason } = read(body)?;
    let (access, actor, desk_app) = (caller.access.clone(), caller.actor(), app.clone());
    let lifted = app
        .db
        .write::<_, Error, _>(Weight::ONE, move |tx| {
            let (access, actor, reason, app) = (access.clone(), actor.clone(), reason.clone(), desk_app.clone());
            Box::pin(async move {
                let mut desk = Desk::open(tx, &app);
                let lifted = actions::lift(&mut desk, &access, id, &actor, reason).await?;
                desk.close().await?;
                Ok(lifted)
            })
        })
        .await?;
    lifted.map(Json).ok_or(Error::NotFound)
}

fn read<T: serde::de::DeserializeOwned>(body: Value) -> Result<T, Error> {
    serde_json::from_value(body).map_err(|error| Error::invalid("", "invalid_body", error.to_string()))
}
