//! The canned replies' door: `GET /v1/canned-replies`, `PUT` and `DELETE /v1/canned-replies/{code}`.
use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    routing::{get, put},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Canned, Text, actions};
use crate::{
    app::App,
    db::Weight,
    desk,
    http::{
        Error,
        body::JsonBody,
        caller::{Authorized, scope},
    },
    notices::Locale,
};

pub fn routes() -> Router<App> {
    Router::new().route("/v1/canned-replies", get(list)).route("/v1/canned-replies/{code}", put(keep).delete(remove))
}

#[derive(Deserialize)]
struct Asked {
    dealership: Option<String>,
    /// Only the texts in this language, else in the dealership's.
    language: Option<String>,
}

async fn list(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>, Error> {
    let dealership = caller.one_named(&app, asked.dealership.as_deref()).await?;
    let all = actions::all(&mut app.db.read().await?, dealership.id).await?;
    let Some(language) = &asked.language else { return Ok(Json(json!({"items": all}))) };
    let one = |one: &Canned| {
        one.for_customer(Some(language), &dealership.locale)
            .map(|text| json!({"code": one.code, "title": text.title, "body": text.body}))
    };
    Ok(Json(json!({"items": all.iter().filter_map(one).collect::<Vec<_>>()})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    texts: BTreeMap<String, TextBody>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TextBody {
    title: String,
    body: String,
}

/// `{"texts":{"en":{"title":"Price","body":"It costs [[price]]."}}}`: it has exactly these languages.
async fn keep(
    caller: Authorized<scope::Admin>,
    State(app): State<App>,
    Path(code): Path<String>,
    Query(asked): Query<Asked>,
    JsonBody(body): JsonBody,
) -> Result<Json<Canned>, Error> {
    let dealership = caller.one_named(&app, asked.dealership.as_deref()).await?;
    let body: Body = serde_json::from_value(body).map_err(|error| Error::Unreadable(error.to_string()))?;
    let mut texts = BTreeMap::new();
    for (language, text) in body.texts {
        let known =
            crate::dealerships::LOCALES.contains(&language.as_str()).then(|| Locale::parse(&language)).flatten();
        let locale = known.ok_or_else(|| {
            Error::invalid(format!("/texts/{language}"), "unknown_language", "must be zh-CN, en or ja")
        })?;
        let text = Text { title: text.title.trim().to_owned(), body: text.body.trim().to_owned() };
        texts.insert(locale.code(), text);
    }
    let one = Canned { code, texts };
    let (id, actor, kept) = (dealership.id, caller.actor(), one.clone());
    desk::at(&app, Weight::ONE, move |desk| {
        let (one, actor) = (kept.clone(), actor.clone());
        Box::pin(async move { actions::keep(desk, id, &one, &actor).await })
    })
    .await?;
    Ok(Json(one))
}

async fn remove(
    caller: Authorized<scope::Admin>,
    State(app): State<App>,
    Path(code): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<StatusCode, Error> {
    let dealership = caller.one_named(&app, asked.dealership.as_deref()).await?;
    let (id, actor) = (dealership.id, caller.actor());
    let is_gone = desk::at(&app, Weight::ONE, move |desk| {
        let (code, actor) = (code.clone(), actor.clone());
        Box::pin(async move { actions::remove(desk, id, &code, &actor).await })
    })
    .await?;
    if is_gone { Ok(StatusCode::NO_CONTENT) } else { Err(Error::NotFound) }
}
