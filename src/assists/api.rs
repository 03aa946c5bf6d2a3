//! `POST /v1/assists`, `…/{id}/answer`, and `GET`: somebody asks the service manager or the technical lead for help, and is answered.
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;

use super::{
    Answer, Asked, Read, Thing,
    actions::{self, Taken, one},
};
use crate::{
    app::App,
    http::{
        Error,
        body::JsonBody,
        caller::{Authorized, idempotency_key_if_any, scope},
        page::{Page, Paging},
    },
};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/v1/assists", get(list).post(ask))
        .route("/v1/assists/{id}", get(get_one))
        .route("/v1/assists/{id}/answer", post(answer))
}

#[derive(Deserialize)]
struct Filters {
    /// What the help was asked about: `appointment`, `repair_order`, `inquiry`, `case`. Without it, what waits.
    subject: Option<String>,
    /// Our id of it, or the sender's ref.
    #[serde(rename = "ref")]
    reference: Option<String>,
    dealership: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

async fn list(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Query(filters): Query<Filters>,
) -> Result<Json<Page<Read>>, Error> {
    let paging = filters.paging;
    let page = (paging.after.clone(), paging.limit());
    let mut tx = app.db.read().await?;
    let found = match (filters.subject, filters.reference) {
        (None, None) => actions::open(&mut tx, &caller.access, page.0, page.1).await?,
        (Some(subject), Some(reference)) => {
            let thing = Thing::read(&subject)
                .ok_or_else(|| Error::invalid("/subject", "unknown_subject", "nobody asks for help with that"))?;
            let dealership = caller.one_named(&app, filters.dealership.as_deref()).await?;
            actions::about(&mut tx, dealership.id, (thing, &reference), page).await?.1
        }
        _ => return Err(Error::invalid("/ref", "not_possible", "name both subject and ref, or neither")),
    };
    Ok(Json(Page::new(found, &paging, |read| read.assist.id.to_string())))
}

async fn get_one(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<Read>, Error> {
    one(&app, &caller.access, &id).await.map(Json)
}

async fn ask(
    caller: Authorized<scope::Write>,
    State(app): State<App>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Response, Error> {
    let key = idempotency_key_if_any(&headers)?;
    let (asked, code) = Asked::parse(body).map_err(Error::Invalid)?;
    let dealership = caller.named_in_body(&app, code.as_deref()).await?;
    let taken = actions::ask(&app, &dealership, asked, key, caller.actor()).await?;
    let is_replay = matches!(taken, Taken::Replayed(_));
    let mut response = (StatusCode::CREATED, Json(taken.read())).into_response();
    if is_replay {
        let name = HeaderName::from_static("idempotency-replayed");
        response.headers_mut().insert(name, HeaderValue::from_static("true"));
    }
    Ok(response)
}

async fn answer(
    caller: Authorized<scope::Write>,
    State(app): State<App>,
    Path(id): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<Json<Read>, Error> {
    let said = Answer::parse(body).map_err(Error::Invalid)?;
    actions::answer(&app, &caller.access, &id, said, caller.actor()).await.map(Json)
}
