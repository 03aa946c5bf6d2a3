//! The report on the promise: `GET /v1/reports/sla?month=`, the same numbers as `aftercare report sla`.
pub mod papers;

use axum::{
    Json, Router,
    extract::{Query, State},
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use serde::Deserialize;
use serde_json::json;

use super::{
    proof::{Numbers, Report, VERSION, hex},
    store,
};
use crate::{
    app::App,
    calendar::local_moment,
    clock::Timestamp,
    http::{
        Error,
        caller::{Authorized, scope},
    },
    reports::paper::POLICY,
};

pub fn routes() -> Router<App> {
    Router::new().route("/v1/reports/sla", get(sla))
}

#[derive(Deserialize)]
struct Asked {
    month: Option<String>,
    dealership: Option<String>,
    /// `json`, the numbers; `csv`, a row for each promise; `html`, a page to print; `sealed`, the file with its proof.
    format: Option<String>,
}

async fn sla(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let dealership = caller.one_named(&app, asked.dealership.as_deref()).await?;
    let month = asked.month.unwrap_or_default();
    let report = of(&app, &dealership.code, &month).await?;
    match asked.format.as_deref() {
        None | Some("json") => Ok(Json(json!(report)).into_response()),
        Some("sealed") => Ok(([(header::CONTENT_TYPE, "application/jsonl")], report.sealed()).into_response()),
        Some("csv") => {
            Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], papers::csv(&[report])).into_response())
        }
        Some("html") => {
            let head = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, POLICY)];
            Ok((head, papers::html(&[report])).into_response())
        }
        Some(_) => Err(Error::invalid("/format", "unknown_format", "must be json, csv, html or sealed")),
    }
}

/// The report of a dealership for a month like `2026-03`, by the questions that came in it on the dealership's calendar.
///
/// # Errors
/// 404 for a dealership that is not known, 422 for what is no month.
pub async fn of(app: &App, code: &str, month: &str) -> Result<Report, Error> {
    let dealership = app.directory.by_code(code).await?.ok_or(Error::NotFound)?;
    let (from, to) = bounds(month, &dealership.zone)
        .ok_or_else(|| Error::invalid("/month", "not_a_month", "must be a month like 2026-03"))?;
    let promises = store::promises(&mut app.db.read().await?, dealership.id, from, to).await?;
    let made_at = app.ids.clock.now();
    let calendar = [dealership.opening_hours.to_string(), dealership.holidays.to_string()];
    Ok(Report {
        report: "sla",
        version: VERSION,
        dealership: code.to_owned(),
        month: month.to_owned(),
        made_at,
        calendar: hex(&[calendar[0].as_bytes(), calendar[1].as_bytes()]),
        numbers: Numbers::of(&promises, made_at),
        promises,
    })
}

/// From the first moment of a month to that of the next, on the wall clock of `zone`.
fn bounds(month: &str, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
    let first = (month.len() == 7).then(|| format!("{month}-01").parse::<Date>().ok()).flatten()?;
    let next = first.checked_add(1.month()).ok()?;
    Some((local_moment(first.at(0, 0, 0, 0), zone), local_moment(next.at(0, 0, 0, 0), zone)))
}
