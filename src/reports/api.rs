//! `GET /v1/reports/satisfaction?month=`: the same numbers as `aftercare report satisfaction`.
use axum::{
    Json, Router,
    extract::{Query, State},
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;

use super::satisfaction::{
    actions::{Question, report},
    csv::csv,
};
use crate::{
    app::App,
    http::{Authorized, Error, scope},
};

pub fn routes() -> Router<App> {
    Router::new().route("/v1/reports/satisfaction", get(satisfaction))
}

#[derive(Deserialize)]
struct Asked {
    month: Option<String>,
    dealership: Option<String>,
    advisor: Option<String>,
    /// `json` or `csv`; the printable page is made by `aftercare report`.
    format: Option<String>,
}

async fn satisfaction(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let month = asked.month.unwrap_or_default();
    let month =
        month.parse().map_err(|_| Error::invalid("/month", "not_a_month", "add ?month= with a month like 2026-03"))?;
    let question = Question { month, dealership: asked.dealership, advisor: asked.advisor };
    let report = report(&app, &caller.access, &question).await?.ok_or(Error::NotFound)?;
    match asked.format.as_deref() {
        None | Some("json") => Ok(Json(report).into_response()),
        Some("csv") => Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], csv(&report)).into_response()),
        Some(_) => Err(Error::invalid("/format", "unknown_format", "must be json or csv")),
    }
}
