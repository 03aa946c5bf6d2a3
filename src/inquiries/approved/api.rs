//! The switches of approved answers: `GET` and `PUT /v1/dealerships/{code}/approved-answers`.
use axum::{
    Json, Router,
    extract::{Path, State},
    routing::get,
};
use serde_json::{Value, json};

use super::{Topic, actions};
use crate::{
    app::App,
    db::Weight,
    desk,
    http::{
        Error,
        body::JsonBody,
        caller::{Authorized, scope},
    },
};

pub fn routes() -> Router<App> {
    Router::new().route("/v1/dealerships/{code}/approved-answers", get(look).put(switch))
}

async fn look(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Path(code): Path<String>,
) -> Result<Json<Value>, Error> {
    let dealership = caller.one_named(&app, Some(&code)).await?;
    let on = actions::switched_on(&mut app.db.read().await?, dealership.id).await?;
    Ok(Json(json!({"dealership": code, "topics": on})))
}

/// `{"topics":["opening_hours"]}`: these are on, all others off.
async fn switch(
    caller: Authorized<scope::Admin>,
    State(app): State<App>,
    Path(code): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Error> {
    let dealership = caller.one_named(&app, Some(&code)).await?;
    let wrong = || {
        let words = Topic::ALL.map(Topic::word).join(", ");
        Error::invalid("/topics", "unknown_value", format!("must be a list with any of {words}"))
    };
    let topics = body["topics"].as_array().ok_or_else(wrong)?;
    let on: Option<Vec<Topic>> = topics.iter().map(|topic| Topic::read(topic.as_str()?)).collect();
    let mut on = on.ok_or_else(wrong)?;
    on.sort_unstable();
    on.dedup();
    let (id, actor, wanted) = (dealership.id, caller.actor(), on.clone());
    desk::at(&app, Weight::ONE, move |desk| {
        let (wanted, actor) = (wanted.clone(), actor.clone());
        Box::pin(async move { actions::switch(desk, id, &wanted, &actor).await.map_err(Error::from) })
    })
    .await?;
    Ok(Json(json!({"dealership": code, "topics": on})))
}
