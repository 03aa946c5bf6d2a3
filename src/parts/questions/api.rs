//! `POST /v1/parts-questions`, `…/{id}/answer`, and `GET`: an advisor asks the parts counter, and is answered.
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::Value;

use super::{
    Answer, Asked,
    actions::{self, one},
    store::Read,
};
use crate::{
    app::App,
    http::{
        Error,
        body::JsonBody,
        caller::{Authorized, scope},
        page::{Page, Paging},
    },
};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/v1/parts-questions", get(list).post(ask))
        .route("/v1/parts-questions/{id}", get(get_one))
        .route("/v1/parts-questions/{id}/answer", post(answer))
}

#[derive(Deserialize)]
struct Filters {
    /// Our id of a visit, or the sender's ref: everything that was asked about it. Without it, what waits.
    appointment: Option<String>,
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
    let mut tx = app.db.read().await?;
    let found = match filters.appointment {
        None => actions::open(&mut tx, &caller.access, paging.after.clone(), paging.limit()).await?,
        Some(reference) => {
            let dealership = caller.one_named(&app, filters.dealership.as_deref()).await?;
            let page = (paging.after.clone(), paging.limit());
            actions::of_visit(&mut tx, dealership.id, &reference, page).await?
        }
    };
    Ok(Json(Page::new(found, &paging, |read| read.question.id.to_string())))
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
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Read>), Error> {
    let (asked, code) = Asked::parse(body).map_err(Error::Invalid)?;
    let dealership = caller.named_in_body(&app, code.as_deref()).await?;
    let asked = actions::ask(&app, &dealership, asked, caller.actor()).await?;
    Ok((StatusCode::CREATED, Json(asked)))
}

async fn answer(
    caller: Authorized<scope::Write>,
    State(app): State<App>,
    Path(id): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<Json<Read>, Error> {
    let said: Value = body;
    let said = Answer::parse(said).map_err(Error::Invalid)?;
    actions::answer(&app, &caller.access, &id, said, caller.actor()).await.map(Json)
}
