//! `GET /v1/surveys/responses`, `POST /v1/surveys/responses/{id}/corrections|causes`.
use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    actions,
    store::{self, Read, Wanted},
};
use crate::{
    app::App,
    cases::Cause,
    db::Weight,
    desk::Desk,
    fields::Fields,
    http::{
        Access, Authorized, Error,
        body::JsonBody,
        page::{Page, Paging},
        scope,
    },
};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/v1/surveys/responses", get(list))
        .route("/v1/surveys/responses/{id}", get(one))
        .route("/v1/surveys/responses/{id}/corrections", post(correct))
        .route("/v1/surveys/responses/{id}/causes", post(code))
}

#[derive(Deserialize)]
struct Filters {
    dealership: Option<String>,
    advisor: Option<String>,
    repair_order: Option<String>,
    mode: Option<String>,
    /// Overall at most this.
    at_most: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

async fn list(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Query(filters): Query<Filters>,
) -> Result<Json<Page<Read>>, Error> {
    let paging = filters.paging;
    let at_most = filters.at_most.map(|text| text.parse::<i64>()).transpose();
    let at_most = at_most.map_err(|_| Error::invalid("/at_most", "not_a_number", "must be a whole number"))?;
    let wanted = Wanted {
        id: None,
        dealership: filters.dealership,
        advisor: filters.advisor,
        repair_order: filters.repair_order,
        mode: filters.mode,
        at_most,
        after: paging.after.clone(),
        limit: paging.limit(),
    };
    let mut tx = app.db.read().await?;
    let found = store::responses(&mut tx, &caller.access, wanted).await?;
    Ok(Json(Page::new(found, &paging, |read| read.id.to_string())))
}

async fn one(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<Read>, Error> {
    Ok(Json(find(&app, &caller.access, id).await?))
}

async fn find(app: &App, access: &Access, id: String) -> Result<Read, Error> {
    let wanted = Wanted { id: Some(id), limit: 1, ..Wanted::default() };
    let mut tx = app.db.read().await?;
    store::responses(&mut tx, access, wanted).await?.pop().ok_or(Error::NotFound)
}

/// The answers were written down wrong: another row takes the place of this one, and both stay readable.
async fn correct(
    caller: Authorized<scope::Write>,
    State(app): State<App>,
    Path(id): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Read>), Error> {
    let mut fields = Fields::of("", body).map_err(Error::Invalid)?;
    let given = if let Some(Value::Object(given)) = fields.take("answers") {
        given
    } else {
        fields.fault("answers", "required", "must be an object with all answers as they should be");
        Map::new()
    };
    fields.finish().map_err(Error::Invalid)?;
    let told = Arc::new((caller.access.clone(), id, given, caller.actor()));
    let desk_app = app.clone();
    let corrected = app.db.write(Weight::ONE, move |tx| {
        let (app, told) = (desk_app.clone(), Arc::clone(&told));
        Box::pin(async move {
            let mut desk = Desk::open(tx, &app);
            let (access, id, given, actor) = &*told;
            let corrected = actions::correct(&mut desk, access, id, given, actor.clone()).await?;
            desk.close().await?;
            Ok::<_, Error>(corrected)
        })
    });
    let corrected = corrected.await?;
    Ok((StatusCode::CREATED, Json(find(&app, &caller.access, corrected.to_string()).await?)))
}

/// What somebody read out of a comment.
async fn code(
    caller: Authorized<scope::Write>,
    State(app): State<App>,
    Path(id): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<Json<Read>, Error> {
    let mut fields = Fields::of("", body).map_err(Error::Invalid)?;
    let mut causes: Vec<Cause> = Vec::new();
    for (place, word) in fields.texts("causes").into_iter().enumerate() {
        if let Ok(cause) = word.parse() {
            causes.push(cause);
        } else {
            let known = Cause::ALL.map(Cause::word).join(", ");
            fields.fault(&format!("causes/{place}"), "unknown_cause", format!("must be one of {known}"));
        }
    }
    fields.finish().map_err(Error::Invalid)?;
    causes.sort_unstable();
    causes.dedup();
    if causes.is_empty() {
        return Err(Error::invalid("/causes", "required", "must name at least one cause"));
    }
    let told = Arc::new((caller.access.clone(), id.clone(), causes, caller.actor()));
    let desk_app = app.clone();
    let coded = app.db.write(Weight::ONE, move |tx| {
        let (app, told) = (desk_app.clone(), Arc::clone(&told));
        Box::pin(async move {
            let mut desk = Desk::open(tx, &app);
            let (access, id, causes, actor) = &*told;
            actions::code(&mut desk, access, id, causes, actor).await?;
            desk.close().await?;
            Ok::<_, Error>(())
        })
    });
    coded.await?;
    Ok(Json(find(&app, &caller.access, id).await?))
}
