//! `GET /v1/reports/satisfaction|operations|brand?month=`: the same numbers as the commands; the rows of each number, and the
//! definitions with their approval.
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Month, Question, brand,
    operations::{
        self, Approval, Definition, Kpi,
        actions::{Refused, Traced},
        definition::Defined,
        html::Rows,
    },
    satisfaction,
};
use crate::{
    app::App,
    clock::Timestamp,
    console::Words,
    http::{
        Authorized, Caller, Error,
        body::JsonBody,
        page::{Page, Paging},
        scope,
    },
    notices::Locale,
};

/// The most characters of a name or a reference of an approval.
const LONGEST: usize = 200;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/v1/reports/satisfaction", get(satisfaction))
        .route("/v1/reports/operations", get(operations))
        .route("/v1/reports/operations/rows", get(rows))
        .route("/v1/reports/operations/definitions", get(definitions).post(define))
        .route("/v1/reports/operations/definitions/{version}/approval", post(approve))
        .route("/v1/reports/brand", get(brand))
}

#[derive(Deserialize)]
struct Asked {
    month: Option<String>,
    dealership: Option<String>,
    advisor: Option<String>,
    /// `json` or `csv`; of the operations report `html` too.
    format: Option<String>,
    /// Which version of the definition; the newest without it.
    definition: Option<String>,
    /// `en`, `zh-CN` or `ja`: of the page.
    locale: Option<String>,
    /// The name of a number, and which of its rows.
    number: Option<String>,
    service_type: Option<String>,
    kind: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

impl Asked {
    fn question(&self) -> Result<Question, Error> {
        let month: Month = self
            .month
            .as_deref()
            .unwrap_or_default()
            .parse()
            .map_err(|_| Error::invalid("/month", "not_a_month", "add ?month= with a month like 2026-03"))?;
        Ok(Question { month, dealership: self.dealership.clone(), advisor: self.advisor.clone() })
    }
    fn version(&self) -> Result<Option<i64>, Error> {
        let version = self.definition.as_deref().map(str::parse).transpose();
        version.map_err(|_| Error::invalid("/definition", "not_a_version", "must be the number of a version"))
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        let said = refused.to_string();
        match refused {
            Refused::NoDealership => Self::NotFound,
            Refused::WhichDealership => Self::invalid("/dealership", "required", said),
            Refused::NoDefinition(_) => Self::invalid("/definition", "unknown_version", said),
            Refused::Approved(_) => Self::Conflict("already_approved", said),
            Refused::NotADefinition | Refused::NoRule(_) => Self::invalid("/numbers", "not_a_definition", said),
            Refused::TooMany => Self::invalid("/dealership", "too_many_dealerships", said),
            Refused::Database(error) => error.into(),
        }
    }
}

fn table(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response()
}

async fn satisfaction(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let question = asked.question()?;
    let report = satisfaction::actions::report(&app, &caller.access, &question).await?.ok_or(Error::NotFound)?;
    match asked.format.as_deref() {
        None | Some("json") => Ok(Json(report).into_response()),
        Some("csv") => Ok(table(satisfaction::csv::csv(&report))),
        Some(_) => Err(Error::invalid("/format", "unknown_format", "must be json or csv")),
    }
}

async fn operations(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let report = operations::actions::report(&app, &caller.access, &asked.question()?, asked.version()?).await?;
    match asked.format.as_deref() {
        None | Some("json") => Ok(Json(report).into_response()),
        Some("csv") => Ok(table(operations::csv::csv(&report))),
        Some("html") => {
            let words = Words(asked.locale.as_deref().and_then(Locale::parse).unwrap_or(Locale::En));
            Ok(Html(operations::html::html(&report, words, Rows::Named)).into_response())
        }
        Some(_) => Err(Error::invalid("/format", "unknown_format", "must be json, csv or html")),
    }
}

async fn rows(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let number = asked.number.as_deref().and_then(Kpi::parse);
    let number = number.ok_or_else(|| {
        Error::invalid("/number", "unknown_number", "must be the name of a number of the report, such as no_show")
    })?;
    let traced = Traced {
        service_type: asked.service_type.clone(),
        kind: asked.kind.clone(),
        after: asked.paging.after.clone(),
        limit: asked.paging.limit(),
    };
    let wanted = (number, asked.version()?);
    let rows = operations::actions::rows(&app, &caller.access, &asked.question()?, wanted, traced).await?;
    match asked.format.as_deref() {
        None | Some("json") => Ok(Json(Page::new(rows, &asked.paging, |row| row.id.clone())).into_response()),
        Some("csv") => Ok(table(operations::csv::rows(&rows))),
        Some(_) => Err(Error::invalid("/format", "unknown_format", "must be json or csv")),
    }
}

async fn definitions(_: Authorized<scope::Read>, State(app): State<App>) -> Result<Json<Value>, Error> {
    let items: Vec<Definition> = operations::actions::definitions(&app).await?;
    Ok(Json(json!({"items": items, "next": null})))
}

/// What everybody's report counts is changed by a key for everybody.
fn may_define(caller: &Caller) -> Result<(), Error> {
    match caller.dealership {
        Some(_) => Err(Error::Forbidden("this key is for one dealership: a definition is everybody's")),
        None => Ok(()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changed {
    numbers: Vec<Defined>,
}

async fn define(
    caller: Authorized<scope::Admin>,
    State(app): State<App>,
    JsonBody(body): JsonBody,
) -> Result<Response, Error> {
    may_define(&caller)?;
    let changed: Changed = serde_json::from_value(body)
        .map_err(|error| Error::invalid("/numbers", "not_a_definition", error.to_string()))?;
    let version = operations::actions::define(&app, changed.numbers, &caller.actor()).await?;
    Ok((StatusCode::CREATED, Json(json!({"report": operations::NAME, "version": version}))).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Agreed {
    by: String,
    #[serde(default)]
    reference: Option<String>,
    /// Now, when nothing is said.
    #[serde(default)]
    at: Option<Timestamp>,
}

async fn approve(
    caller: Authorized<scope::Admin>,
    State(app): State<App>,
    Path(version): Path<i64>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Error> {
    may_define(&caller)?;
    let agreed: Agreed =
        serde_json::from_value(body).map_err(|error| Error::invalid("", "not_an_approval", error.to_string()))?;
    let fits = |text: &str| !text.trim().is_empty() && text.chars().count() <= LONGEST;
    if !fits(&agreed.by) || !agreed.reference.as_deref().is_none_or(fits) {
        return Err(Error::invalid("/by", "not_a_name", "say who approved it, in at most 200 characters"));
    }
    let now = app.ids.clock.now();
    let approval = Approval { at: agreed.at.unwrap_or(now), by: agreed.by, reference: agreed.reference };
    if approval.at > now {
        return Err(Error::invalid("/at", "time_in_future", "must not lie in the future"));
    }
    operations::actions::approve(&app, version, approval.clone(), &caller.actor()).await?;
    Ok(Json(json!({"report": operations::NAME, "version": version, "approval": approval})))
}

/// What the brand gets of the month: whole with consent, under pseudonyms without.
async fn brand(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let (after, limit) = (asked.paging.after.as_deref(), asked.paging.limit());
    let visits = brand::actions::visits(&app, &caller.access, &asked.question()?, after, limit).await?;
    let visits = visits.ok_or(Error::NotFound)?;
    match asked.format.as_deref() {
        None | Some("json") => Ok(Json(Page::new(visits, &asked.paging, |visit| visit.id.clone())).into_response()),
        Some("csv") => Ok(table(brand::csv(&visits))),
        Some(_) => Err(Error::invalid("/format", "unknown_format", "must be json or csv")),
    }
}
