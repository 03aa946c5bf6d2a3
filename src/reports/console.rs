//! The managers' screen: the month in tiles, the trend, who is not happy, who did how well; every number opens its rows.
use axum::{
    extract::{Query, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Month, Question, board, group,
    operations::{self, Kpi, actions::Traced},
    paper,
    satisfaction::{Scores, Shop, actions::report, csv::csv, html::html as printable},
};
use crate::{
    app::App,
    console::{
        Page, Right, Visitor, Words,
        charts::{self, Point},
        frame,
        pages::Pages,
        pieces::head,
    },
    http::Error,
    inquiries,
    surveys::statistics::Estimate,
};

pub(super) const DASHBOARD: &str = "/console/dashboard";
/// Months of the trend, this one included.
const TREND: i64 = 6;
/// What a dealership sets itself, where its rules say nothing else.
const TARGET_CSAT: f64 = 90.0;
/// Rows on one page of what a number was counted from.
const ROWS: i64 = 200;
/// Every question within 24 hours (seed §1).
const TARGET_PROMISE: f64 = 100.0;

/// A number of a month.
type Number = fn(&Shop) -> Option<Estimate>;
/// The tiles behind the promise with their targets (`domain/rules.md` A5); nobody has set one for the promoters.
const NUMBERS: [(&str, Number, Option<f64>); 4] = [
    ("tile-csat", |shop| shop.scores.csat, Some(TARGET_CSAT)),
    ("tile-nps", |shop| shop.scores.nps, None),
    ("tile-contact", |shop| shop.contact.rate, Some(70.0)),
    ("tile-first-time", |shop| shop.first_time_right, Some(88.0)),
];

pub fn pages() -> Pages {
    Pages::new()
        .get(DASHBOARD, Right::Figures, dashboard)
        .get("/console/reports/satisfaction", Right::Figures, satisfaction)
        .get("/console/reports/operations", Right::Figures, operations)
        .get("/console/reports/operations/rows", Right::Figures, rows)
        .get("/console/reports/sla", Right::Figures, sla)
        .get(group::COMPARISON, Right::Figures, group::show)
}

#[derive(Default, Deserialize)]
pub(super) struct Asked {
    month: Option<String>,
    format: Option<String>,
    /// Of the rows: which number, and after which of them.
    number: Option<String>,
    after: Option<String>,
    /// The ref of one, whose answers alone are shown.
    advisor: Option<String>,
    /// The code of another one than the visitor's own, where they may see its figures.
    dealership: Option<String>,
}

/// The month that is asked for; the present one on the dealership's calendar without one.
pub(super) fn month_of(visitor: &Visitor, asked: &Asked) -> Month {
    let asked = asked.month.as_deref().and_then(|month| month.parse().ok());
    asked.unwrap_or_else(|| Month::of(visitor.now.in_zone(visitor.zone()).date()))
}

async fn shop_of(app: &App, visitor: &Visitor, month: Month) -> Result<Shop, Error> {
    let question = Question { month, dealership: Some(visitor.dealership.code.clone()), advisor: None };
    let report = report(app, &visitor.access(), &question).await?;
    report.and_then(|mut report| report.dealerships.pop()).ok_or(Error::NotFound)
}

async fn dashboard(State(app): State<App>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Markup, Error> {
    let w = visitor.words;
    let month = month_of(&visitor, &asked);
    let mut months = Vec::new();
    for back in (0..TREND).rev() {
        let one = month.back(back);
        months.push((one, shop_of(&app, &visitor, one).await?));
    }
    let Some((_, shop)) = months.last() else { return Err(Error::NotFound) };
    let mut promises = Vec::new();
    for (one, _) in &months {
        let promise = inquiries::report::of(&app, &visitor.dealership.code, &one.to_string()).await?.numbers;
        promises.push((
            percent(promise.answered_in_time, promise.received - promise.waiting),
            promise.received - promise.waiting,
        ));
    }
    let (kept, decided) = promises.last().copied().unwrap_or_default();
    let kept_before: Vec<f64> = promises.iter().filter_map(|(share, _)| *share).collect();
    let board = board::read(&mut app.db.read().await?, &visitor, month.bounds(visitor.zone())).await?;
    let query = format!("month={month}");
    let body = html! {
        (head(&w.t("dashboard-title"), &html! { p { (visitor.dealership.name) } }, &picker(w, DASHBOARD, month)))
        section class="tiles" aria-label=(w.t("dashboard-tiles")) {
            (tile(w, "tile-promise", &Tile { value: kept.map(|share| format!("{share:.0} %")), note: promise_note(w, decided), trend: kept_before,
                target: Some(TARGET_PROMISE), is_bad: kept.is_some_and(|share| share < TARGET_PROMISE) }, &format!("/console/reports/sla?{query}")))
            @for (key, of, target) in NUMBERS {
                (tile(w, key, &Tile::of(w, key, of(shop), trend(&months, of), target), &format!("/console/reports/satisfaction?{query}")))
            }
        }
        (csat_trend(w, &months))
        div class="two-columns" { (board::unhappy(&visitor, &board)) (board::delivery(w, &board)) }
        div class="two-columns" { (advisors(w, month, shop)) (board::agents(w, &board)) }
        p class="actions" {
            a class="button secondary" href={ "/console/reports/operations?" (query) } { (w.t("ops-report")) }
            @if visitor.may(Right::GroupFigures) || visitor.session.places.len() > 1 { a class="button secondary" href={ (group::COMPARISON) "?" (query) } { (w.t("ops-comparison")) } }
            a class="button secondary" href={ "/console/reports/satisfaction?" (query) } { (w.t("report-printable")) }
            a class="button secondary" href={ "/console/reports/satisfaction?format=csv&" (query) } { "CSV" }
            a class="button secondary" href={ "/console/reports/sla?" (query) } { (w.t("report-sla")) }
        }
    };
    Ok(frame(&visitor, Page { here: DASHBOARD, title: w.t("dashboard-title"), ..Page::default() }, &body))
}

fn percent(part: usize, whole: usize) -> Option<f64> {
    let number = |n: usize| u32::try_from(n).ok().map(f64::from);
    (whole > 0).then(|| Some(100.0 * number(part)? / number(whole)?)).flatten()
}

/// Of how many answers, and how sure that is.
fn interval(w: Words, estimate: Option<Estimate>) -> String {
    match estimate {
        None => w.t("tile-nothing"),
        Some(it) => w.ta(
            "tile-interval",
            &[("n", it.n.into()), ("m", format!("{:.0}", it.low).into()), ("of", format!("{:.0}", it.high).into())],
        ),
    }
}

fn promise_note(w: Words, decided: usize) -> String {
    if decided == 0 { w.t("tile-nothing") } else { w.ta("tile-of", &[("n", decided.into())]) }
}

fn trend(months: &[(Month, Shop)], of: Number) -> Vec<f64> {
    months.iter().filter_map(|(_, shop)| of(shop).map(|estimate| estimate.value)).collect()
}

/// What a tile shows beside its name.
struct Tile {
    value: Option<String>,
    /// Of how many, and how sure.
    note: String,
    trend: Vec<f64>,
    target: Option<f64>,
    is_bad: bool,
}

impl Tile {
    /// A number with its interval: bad when even the best that it may be is below its target.
    fn of(w: Words, key: &str, it: Option<Estimate>, trend: Vec<f64>, target: Option<f64>) -> Self {
        let value =
            it.map(|it| if key == "tile-nps" { format!("{:+.0}", it.value) } else { format!("{:.0} %", it.value) });
        let is_bad = it.zip(target).is_some_and(|(it, target)| it.high < target);
        Self { value, note: interval(w, it), trend, target, is_bad }
    }
}

fn tile(w: Words, key: &str, it: &Tile, rows: &str) -> Markup {
    html! {
        a class="card tile" href=(rows) title=(w.code("definition", key.trim_start_matches("tile-"))) {
            h2 { (w.t(key)) }
            p class={ "big num" @if it.is_bad { " bad" } } { (it.value.as_deref().unwrap_or("—")) }
            p class="muted small num" { (it.note) @if let Some(target) = it.target { " · " (w.ta("tile-target", &[("n", format!("{target:.0}").into())])) } }
            (charts::spark(&it.trend))
        }
    }
}

/// The month before, this one and the next, of the page at this address.
pub(super) fn picker(w: Words, page: &str, month: Month) -> Markup {
    html! {
        nav class="tabs" aria-label=(w.t("month")) {
            a href={ (page) "?month=" (month.back(1)) } { "← " (month.back(1)) }
            a href={ (page) "?month=" (month) } aria-current="page" { (month) }
            a href={ (page) "?month=" (month.back(-1)) } { (month.back(-1)) " →" }
        }
    }
}

fn csat_trend(w: Words, months: &[(Month, Shop)]) -> Markup {
    let points: Vec<Point> = months
        .iter()
        .map(|(month, shop)| Point {
            label: month.to_string(),
            value: shop.scores.csat.map(|csat| csat.value),
            n: shop.scores.n,
        })
        .collect();
    html! {
        section class="card" aria-labelledby="trend-title" {
            h2 id="trend-title" { (w.t("trend-title")) }
            (charts::line("csat", &w.t("trend-title"), &points, (0.0, 100.0), Some(TARGET_CSAT)))
            details { summary { (w.t("trend-table")) }
                table class="data" {
                    thead { tr { th scope="col" { (w.t("month")) } th scope="col" { "CSAT" } th scope="col" { "n" } } }
                    tbody { @for point in &points { tr { th scope="row" { (point.label) } td class="num" { (point.value.map_or_else(|| "—".to_owned(), |value| format!("{value:.1}"))) } td class="num" { (point.n) } } } }
                }
            }
        }
    }
}

/// Hidden below ten answers (BR-53): chance is no ranking.
fn advisors(w: Words, month: Month, shop: &Shop) -> Markup {
    let csat = |scores: &Scores| with_interval(scores.csat);
    html! {
        section class="card" aria-labelledby="advisors-title" {
            h2 id="advisors-title" { (w.t("advisors-title")) }
            @if shop.advisors.is_empty() { p class="muted" { (w.t("tile-nothing")) } }
            table class="data wide" {
                thead { tr { th scope="col" { (w.t("case-advisor")) } th scope="col" { "n" } th scope="col" { "CSAT" } th scope="col" { (w.t("tile-first-time")) } } }
                tbody { @for advisor in &shop.advisors { tr class=[advisor.scores.is_grey().then_some("grey")] {
                    th scope="row" { a href={ "/console/reports/satisfaction?month=" (month) "&advisor=" (advisor.reference) } { (advisor.name.as_deref().unwrap_or(&advisor.reference)) } }
                    td class="num" { (advisor.scores.n) }
                    td class="num" { @if advisor.scores.n < super::satisfaction::RANKED_FROM { span title=(w.t("too-few")) { "—" } } @else { (csat(&advisor.scores)) } }
                    td class="num" { (with_interval(advisor.first_time_right)) }
                } } }
            }
            p class="muted small" { (w.t("too-few")) }
        }
    }
}

fn with_interval(it: Option<Estimate>) -> Markup {
    if let Some(it) = it {
        html! { (format!("{:.0} %", it.value)) " " span class="muted small" { (format!("{:.0}–{:.0}", it.low, it.high)) } }
    } else {
        html! { "—" }
    }
}

/// The printable page, or its rows.
async fn satisfaction(State(app): State<App>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Response, Error> {
    let question = question_of(&visitor, &asked);
    let report = report(&app, &visitor.figures(), &question).await?.ok_or(Error::NotFound)?;
    if asked.format.as_deref() == Some("csv") {
        return Ok(as_file(csv(&report), "text/csv; charset=utf-8", &format!("satisfaction-{}.csv", report.month)));
    }
    Ok(to_print(printable(&report)))
}

/// The page is one file with its own style, so that it can be kept and sent.
fn to_print(page: String) -> Response {
    let mut response = axum::response::Html(page).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(paper::POLICY));
    response
}

/// The workshop's month: the printable page, or its rows.
async fn operations(State(app): State<App>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Response, Error> {
    let question = question_of(&visitor, &asked);
    let report = operations::actions::report(&app, &visitor.figures(), &question, None).await?;
    if asked.format.as_deref() == Some("csv") {
        let name = format!("operations-{}.csv", report.month);
        return Ok(as_file(operations::csv::csv(&report), "text/csv; charset=utf-8", &name));
    }
    Ok(to_print(operations::html::html(&report, visitor.words, operations::html::Rows::Linked)))
}

/// What one number was counted from.
async fn rows(State(app): State<App>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Markup, Error> {
    let (w, question) = (visitor.words, question_of(&visitor, &asked));
    let kpi = asked.number.as_deref().and_then(Kpi::parse).ok_or(Error::NotFound)?;
    let traced = Traced { after: asked.after.clone(), limit: ROWS, ..Traced::default() };
    let code = question.dealership.as_deref().unwrap_or(&visitor.dealership.code);
    let shop = app.directory.by_code(code).await?.ok_or(Error::NotFound)?;
    let rows = operations::actions::rows(&app, &visitor.figures(), &question, (kpi, None), traced).await?;
    let name = w.code("kpi", kpi.word());
    let title = w.ta("ops-rows-title", &[("name", name.into()), ("when", question.month.to_string().into())]);
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let is_full = i64::try_from(rows.len()).unwrap_or(0) >= ROWS;
    let next = rows.last().filter(|_| is_full).map(|row| {
        let more = [("number", kpi.word()), ("after", row.id.as_str()), ("dealership", shop.code.as_str())];
        operations::html::address("/rows", question.month, question.advisor.as_deref(), &more)
    });
    let of = [("dealership", shop.code.as_str())];
    let of = if shop.id == visitor.dealership.id { &[][..] } else { &of };
    let back = operations::html::address("", question.month, question.advisor.as_deref(), of);
    let body = html! {
        (head(&title, &html! { p { (shop.name) " · " (w.code("kpi-means", kpi.word())) } }, &html! { a href=(back) { "← " (w.t("ops-report")) } }))
        @if rows.is_empty() { p class="muted" { (w.t("ops-rows-none")) } } @else {
            table class="data wide" {
                thead { tr { th scope="col" { (w.t("ops-row")) } th scope="col" { (w.t("ops-row-at")) } th scope="col" { (w.t("case-advisor")) } th scope="col" { (w.t("ops-row-part")) } th scope="col" { (w.t("ops-row-whole")) } th scope="col" { (w.t("ops-row-counted")) } } }
                tbody { @for row in &rows { tr class=[(!row.is_counted).then_some("grey")] {
                    th scope="row" { (row.reference) br; span class="muted small" { (row.id) } }
                    td { (w.at(row.at, &shop.zone)) @if let Some(work) = &row.service_type { br; span class="muted small" { (work) } } }
                    td { (row.advisor.as_deref().unwrap_or("—")) }
                    td class="num" { (number(row.part)) }
                    td class="num" { (number(row.whole)) }
                    td { @if row.is_counted { "✓" } @else { (w.t("ops-row-uncounted")) } }
                } } }
            }
            @if let Some(next) = next { p class="actions" { a class="button secondary" href=(next) { "→" } } }
        }
    };
    Ok(frame(&visitor, Page { here: DASHBOARD, title, ..Page::default() }, &body))
}

fn question_of(visitor: &Visitor, asked: &Asked) -> Question {
    Question {
        month: month_of(visitor, asked),
        dealership: Some(asked.dealership.clone().unwrap_or_else(|| visitor.dealership.code.clone())),
        advisor: asked.advisor.clone(),
    }
}

/// The sealed proof of the 24 hours, to keep and to check offline.
async fn sla(State(app): State<App>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Response, Error> {
    let month = month_of(&visitor, &asked);
    let report = inquiries::report::of(&app, &visitor.dealership.code, &month.to_string()).await?;
    Ok(as_file(report.sealed(), "application/jsonl", &format!("sla-{}-{month}.jsonl", visitor.dealership.code)))
}

fn as_file(text: String, kind: &'static str, name: &str) -> Response {
    let mut response = text.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    response
}
