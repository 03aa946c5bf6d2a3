//! `GET/PUT /v1/templates…`: texts as drafts, shown, published, rolled back; and the approved templates of providers.
use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    routing::{get, post, put},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Place, Version, VersionState,
    actions::{self, TextError},
    bindings::Binding,
    providers,
};
use crate::{
    app::App,
    dealerships::Dealership,
    http::{
        Caller, Error, Fault,
        body::JsonBody,
        caller::{Authorized, scope},
        page::Where,
    },
    notices::{ChannelName, Locale, letters::Rendered},
};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/v1/templates", get(list))
        .route("/v1/templates/{kind}/{locale}/{channel}", get(one).put(put_draft))
        .route("/v1/templates/{kind}/{locale}/{channel}/preview", post(preview))
        .route("/v1/templates/{kind}/{locale}/{channel}/publish", post(publish))
        .route("/v1/templates/{kind}/{locale}/{channel}/rollback", post(roll_back))
        .route("/v1/bindings", get(bindings))
        .route("/v1/bindings/{kind}/{provider}", put(bind))
}

type At = (String, String, String);

#[derive(Serialize)]
struct Listed {
    kind: String,
    locale: Locale,
    channel: ChannelName,
    /// What is in force for everybody, else 0: the program's own.
    number: i64,
    /// The dealerships that have a text of their own, with its number.
    dealerships: BTreeMap<String, i64>,
}

async fn list(_: Authorized<scope::Admin>, State(app): State<App>) -> Result<Json<Value>, Error> {
    let in_force = actions::in_force(&app).await?;
    let mut items = Vec::new();
    for (kind, locale, channel) in app.letters.texts() {
        let here = |version: &&Version| {
            (version.place.kind.as_str(), version.place.locale, version.place.channel) == (kind, locale, channel)
        };
        let (mut number, mut dealerships) = (0, BTreeMap::new());
        for version in in_force.iter().filter(here) {
            match version.place.dealership {
                None => number = version.number,
                Some(id) => {
                    if let Some(dealership) = app.directory.by_id(id).await? {
                        dealerships.insert(dealership.code.clone(), version.number);
                    }
                }
            }
        }
        items.push(Listed { kind: kind.to_owned(), locale, channel, number, dealerships });
    }
    Ok(Json(json!({ "items": items, "next": null })))
}

/// The text in force with its files, and every version of the place.
async fn one(
    caller: Authorized<scope::Admin>,
    State(app): State<App>,
    Path(at): Path<At>,
    Query(whose): Query<Where>,
) -> Result<Json<Value>, Error> {
    let (place, _) = place(&app, &caller, at, whose).await?;
    let versions = actions::versions(&app, &place).await?;
    let in_force = versions.iter().find(|version| version.state == VersionState::Published);
    let own: BTreeMap<String, String> = app.shelf.own_files(&place).into_iter().collect();
    if own.is_empty() && versions.is_empty() {
        return Err(Error::NotFound);
    }
    Ok(Json(json!({
        "kind": place.kind, "locale": place.locale, "channel": place.channel,
        "number": in_force.map_or(0, |version| version.number),
        "files": in_force.map_or(&own, |version| &version.files),
        "versions": versions,
    })))
}

/// Keeps a draft; nothing is said with it until it is published.
async fn put_draft(
    caller: Authorized<scope::Admin>,
    State(app): State<App>,
    Path(at): Path<At>,
    Query(whose): Query<Where>,
    JsonBody(body): JsonBody,
) -> Result<Json<Version>, Error> {
    let (place, _) = place(&app, &caller, at, whose).await?;
    may_change(&caller, &place)?;
    let files = files(body)?;
    actions::draft(&app, place, files, &caller.actor()).await.map(Json).map_err(problem)
}

#[derive(Deserialize)]
struct Shown {
    /// A version; 0 is the program's own. Without it, the one in force.
    number: Option<i64>,
    /// Files that are not kept yet, in place of a version.
    files: Option<Value>,
    /// The name of a sample; `full` without one.
    sample: Option<String>,
}

/// Renders with a sample; nothing is kept.
async fn preview(
    caller: Authorized<scope::Admin>,
    State(app): State<App>,
    Path(at): Path<At>,
    Query(whose): Query<Where>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Error> {
    let (place, dealership) = place(&app, &caller, at, whose).await?;
    let wanted: Shown = serde_json::from_value(body).map_err(|error| Error::Unreadable(error.to_string()))?;
    let letters = match (wanted.files, wanted.number) {
        (Some(given), _) => {
            let version = Version {
                id: app.ids.next(),
                place: place.clone(),
                number: 0,
                state: VersionState::Draft,
                files: files(given)?,
                written_by: String::new(),
                written_at: app.ids.clock.now(),
                published_by: None,
                published_at: None,
                retired_at: None,
            };
            Arc::new(app.shelf.with(&place.kind, &[&version]).map_err(|error| problem(error.into()))?)
        }
        (None, Some(0)) => Arc::clone(&app.letters),
        (None, Some(number)) => {
            let versions = actions::versions(&app, &place).await?;
            let version = versions.iter().find(|version| version.number == number).ok_or(Error::NotFound)?;
            Arc::new(app.shelf.with(&place.kind, &[version]).map_err(|error| problem(error.into()))?)
        }
        (None, None) => match dealership {
            Some(dealership) => app.shelf.letters(dealership.id, &place.kind).await?,
            None => Arc::clone(&app.letters),
        },
    };
    let samples = letters.samples(&place.kind, place.locale);
    let name = wanted.sample.as_deref().unwrap_or("full");
    let known: Vec<&str> = samples.iter().map(|(name, _)| *name).collect();
    let Some((_, letter)) = samples.iter().find(|(sample, _)| *sample == name) else {
        return Err(Error::invalid("/sample", "unknown_sample", format!("there are {}", known.join(", "))));
    };
    let rendered =
        letters.render(&place.kind, place.locale, place.channel, letter).map_err(|error| problem(error.into()))?;
    Ok(Json(shown(&rendered)))
}

fn shown(rendered: &Rendered) -> Value {
    match rendered {
        Rendered::Email { subject, html, text } => json!({ "subject": subject, "html": html, "text": text }),
        Rendered::Sms { text } | Rendered::Wecom { text } => json!({ "text": text }),
        Rendered::Wechat { fields } => json!({ "fields": fields.iter().cloned().collect::<BTreeMap<_, _>>() }),
    }
}

#[derive(Deserialize)]
struct Number {
    number: i64,
}

/// Puts a version in force; 0 is the program's own text.
async fn publish(
    caller: Authorized<scope::Admin>,
    State(app): State<App>,
    Path(at): Path<At>,
    Query(whose): Query<Where>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Error> {
    let (place, _) = place(&app, &caller, at, whose).await?;
    may_change(&caller, &place)?;
    let Number { number } = serde_json::from_value(body).map_err(|error| Error::Unreadable(error.to_string()))?;
    let before = actions::publish(&app, place, number, &caller.actor()).await.map_err(problem)?;
    Ok(Json(json!({ "number": number, "before": before })))
}

/// Puts back what was in force before.
async fn roll_back(
    caller: Authorized<scope::Admin>,
    State(app): State<App>,
    Path(at): Path<At>,
    Query(whose): Query<Where>,
) -> Result<Json<Value>, Error> {
    let (place, _) = place(&app, &caller, at, whose).await?;
    may_change(&caller, &place)?;
    let number = actions::roll_back(&app, place, &caller.actor()).await.map_err(problem)?;
    Ok(Json(json!({ "number": number })))
}

/// Notes a provider's template as a dealership has it approved.
async fn bind(
    caller: Authorized<scope::Admin>,
    State(app): State<App>,
    Path((kind, provider)): Path<(String, String)>,
    Query(whose): Query<Where>,
    JsonBody(body): JsonBody,
) -> Result<Json<Binding>, Error> {
    let dealership = one_dealership(&app, &caller, whose).await?;
    let binding: Binding = serde_json::from_value(body).map_err(|error| Error::Unreadable(error.to_string()))?;
    providers::bind(&app, &dealership, (kind, provider), &binding, &caller.actor()).await.map_err(problem)?;
    Ok(Json(binding))
}

/// The kinds that customers are texted at a dealership, each with its template; and which have none where one is needed.
async fn bindings(
    caller: Authorized<scope::Admin>,
    State(app): State<App>,
    Query(whose): Query<Where>,
) -> Result<Json<Value>, Error> {
    let dealership = one_dealership(&app, &caller, whose).await?;
    let standings = providers::standings(&app, &dealership).await?;
    let lacking: Vec<&str> =
        standings.iter().filter(|standing| standing.is_lacking()).map(|standing| standing.kind.as_str()).collect();
    Ok(Json(json!({ "items": standings, "lacking": lacking, "next": null })))
}

async fn one_dealership(app: &App, caller: &Caller, whose: Where) -> Result<Arc<Dealership>, Error> {
    let found = caller.named(app, whose.dealership.as_deref()).await?;
    found.ok_or_else(|| Error::invalid("/", "required", "name the dealership: ?dealership=CODE"))
}

async fn place(app: &App, caller: &Caller, at: At, whose: Where) -> Result<(Place, Option<Arc<Dealership>>), Error> {
    let (kind, locale, channel) = at;
    let locale = Locale::ALL.into_iter().find(|known| known.code() == locale).ok_or(Error::NotFound)?;
    let channel: ChannelName = channel.parse().map_err(|_| Error::NotFound)?;
    if app.playbook.kind(&kind).is_none() {
        return Err(Error::NotFound);
    }
    let dealership = caller.named(app, whose.dealership.as_deref()).await?;
    Ok((Place { kind, locale, channel, dealership: dealership.as_ref().map(|dealership| dealership.id) }, dealership))
}

/// What everybody says is changed by a key for everybody.
fn may_change(caller: &Caller, place: &Place) -> Result<(), Error> {
    match (place.dealership, caller.dealership) {
        (None, Some(_)) => Err(Error::Forbidden("this key changes the texts of its own dealership only")),
        _ => Ok(()),
    }
}

fn files(body: Value) -> Result<BTreeMap<String, String>, Error> {
    let files = body.get("files").cloned().unwrap_or(body);
    serde_json::from_value(files).map_err(|_| {
        Error::invalid("/files", "wrong_type", "must be an object of texts: {\"files\":{\"sms.hbs\":\"…\"}}")
    })
}

/// What is wrong with a text, as whoever wrote it can mend it.
fn problem(error: TextError) -> Error {
    match error {
        TextError::Database(error) => error.into(),
        TextError::NoVersion(_) | TextError::UnknownPlace => Error::NotFound,
        TextError::FieldsWithoutNames => Error::invalid("/params", "names_required", error.to_string()),
        TextError::WrongFiles(_) => Error::invalid("/files", "wrong_files", error.to_string()),
        TextError::Unreadable(error) => Error::invalid("/files", "unreadable", error.to_string()),
        TextError::Faulty(findings) => {
            let fault = |finding: crate::notices::letters::Finding| Fault {
                pointer: "/files".to_owned(),
                code: "faulty",
                message: format!("{} (sample {})", finding.fault, finding.sample),
            };
            Error::Invalid(findings.into_iter().take(20).map(fault).collect())
        }
    }
}
