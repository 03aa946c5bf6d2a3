//! The report as a page to print, in the reader's language: every number with its definition, its target and how it went.
use std::collections::BTreeSet;

use maud::{Markup, html};
use url::form_urlencoded;

use super::{Figure, Kpi, Number, Report, Rule, Shop, Unit, Verdict, beside};
use crate::{
    console::Words,
    reports::{
        Month,
        paper::{self, Bar},
        satisfaction::SURE_FROM,
    },
    surveys::statistics::Estimate,
};

/// The numbers under the heading that they belong to.
const GROUPS: [(&str, &[Kpi]); 5] = [
    (
        "appointments",
        &[
            Kpi::AppointmentShare,
            Kpi::AppointmentLoad,
            Kpi::ArrivalSpacing,
            Kpi::BookingWait,
            Kpi::NoShow,
            Kpi::Confirmation,
        ],
    ),
    ("inquiries", &[Kpi::InquiryReply, Kpi::FirstResponse]),
    ("parts", &[Kpi::PartsNoticeLead, Kpi::PartsAgeing, Kpi::FillRate, Kpi::EtaAccuracy]),
    (
        "customers",
        &[
            Kpi::FollowUpContact,
            Kpi::FollowUpOnTime,
            Kpi::Csat,
            Kpi::Nps,
            Kpi::Index,
            Kpi::AlertClosure,
            Kpi::Retention,
        ],
    ),
    ("workshop", &[Kpi::FirstTimeRight, Kpi::Efficiency]),
];

/// How the page leads to the rows of a number: to the pages of the console, or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    Linked,
    Named,
}

/// The page of a report.
pub fn html(report: &Report, w: Words, rows: Rows) -> String {
    let title = w.ta("ops-title", &[("when", report.month.to_string().into())]);
    let note = html! {
        (w.ta("ops-definition", &[("name", report.definition.clone().into())])) " · "
        @match &report.approval {
            Some(approval) => {
                (w.ta("ops-approved", &[("who", approval.by.clone().into()), ("when", approval.at.to_string().chars().take(10).collect::<String>().into())]))
                @if let Some(reference) = &approval.reference { " (" (reference) ")" }
            }
            None => (w.t("ops-not-approved")),
        }
        @if let Some(advisor) = &report.advisor { " · " (w.ta("ops-only-advisor", &[("who", advisor.clone().into())])) }
        br; (w.ta("ops-note", &[("n", SURE_FROM.into())]))
        @if rows == Rows::Named { " " (w.ta("ops-rows-how", &[("when", report.month.to_string().into())])) }
    };
    let body = html! {
        @if report.dealerships.len() > 1 { section { h2 { (w.t("ops-comparison")) } (beside::table(report, w, rows)) } }
        @for shop in &report.dealerships { (section(report, shop, w, rows)) }
    };
    paper::page(w.0.code(), &title, &note, &body)
}

pub(super) fn name(w: Words, kpi: Kpi) -> String {
    w.code("kpi", kpi.word())
}

pub(super) fn class(verdict: Option<Verdict>) -> Option<&'static str> {
    verdict.map(|verdict| if verdict == Verdict::Green { "green" } else { "amber" })
}

/// For who cannot tell the colours apart.
pub(super) fn sign(verdict: Option<Verdict>) -> &'static str {
    match verdict {
        Some(Verdict::Green) => "✓ ",
        Some(Verdict::Amber) => "▲ ",
        None => "",
    }
}

fn section(report: &Report, shop: &Shop, w: Words, rows: Rows) -> Markup {
    let find = |kpi: &Kpi| shop.numbers.iter().find(|number| number.name == *kpi);
    html! {
        h2 { (shop.name) small { (shop.code) } }
        section { (shares(shop, w)) }
        div.wide { table {
            thead { tr {
                th scope="col" { (w.t("ops-number")) } th scope="col" { (w.t("ops-value")) } th scope="col" { (w.t("ops-target")) }
                th scope="col" { (w.t("ops-detail")) } th.hide-small scope="col" { (w.ta("ops-months", &[("n", super::MONTHS.into())])) }
            } }
            @for (group, kpis) in GROUPS {
                @let numbers: Vec<&Number> = kpis.iter().filter_map(find).collect();
                @if !numbers.is_empty() { tbody {
                    tr.group { th colspan="5" scope="rowgroup" { (w.code("ops-group", group)) } }
                    @for number in numbers { (line((report, shop), number, w, rows)) }
                } }
            }
        } }
        (apart(shop, w, &w.t("ops-by-advisor"), |number| &number.advisors))
        (apart(shop, w, &w.t("ops-by-service"), |number| &number.service_types))
        (kinds(shop, w))
    }
}

/// The shares under each other, with their intervals and targets.
fn shares(shop: &Shop, w: Words) -> Markup {
    let bars: Vec<Bar> = shop
        .numbers
        .iter()
        .filter(|number| number.unit == Unit::Percent && number.figure.low.is_some())
        .map(|number| Bar {
            name: name(w, number.name),
            estimate: estimate(&number.figure),
            from: 0.0,
            target: number.rule.least.or(number.rule.most),
        })
        .collect();
    html! { @if !bars.is_empty() { (paper::intervals(&w.t("ops-shares"), "–", &bars)) } }
}

fn estimate(figure: &Figure) -> Option<Estimate> {
    Some(Estimate { value: figure.value?, low: figure.low?, high: figure.high?, n: figure.n })
}

/// A page of the console about this report: of a month, and of one advisor where the report is theirs.
pub fn address(page: &str, month: Month, advisor: Option<&str>, more: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("month", &month.to_string()).extend_pairs(more);
    query.extend_pairs(advisor.map(|advisor| ("advisor", advisor)));
    format!("/console/reports/operations{page}?{}", query.finish())
}

fn line((report, shop): (&Report, &Shop), number: &Number, w: Words, rows: Rows) -> Markup {
    let figure = &number.figure;
    let values: Vec<Option<f64>> = number.months.iter().map(|past| past.value).collect();
    let said: Vec<String> =
        number.months.iter().filter_map(|past| Some(format!("{}: {:.1}", past.month, past.value?))).collect();
    let more = [("number", number.name.word()), ("dealership", shop.code.as_str())];
    let link = address("/rows", report.month, report.advisor.as_deref(), &more);
    html! { tr.none[figure.n == 0] {
        th scope="row" { (name(w, number.name)) span.means { (w.code("kpi-means", number.name.word())) } }
        td {
            span.value { (value(w, number.unit, figure)) }
            @if let (Some(low), Some(high)) = (figure.low, figure.high) { span.small { (format!("{low:.1}–{high:.1}")) } }
            @if figure.n > 0 { span.small { @if rows == Rows::Linked { a href=(link) { "n = " (figure.n) } } @else { "n = " (figure.n) } } }
        }
        td {
            (target(w, number.unit, number.rule))
            @if let Some(verdict) = number.verdict {
                span class={ "mark " (class(Some(verdict)).unwrap_or_default()) } {
                    (sign(Some(verdict))) @if verdict == Verdict::Green { (w.t("ops-on-target")) } @else { (w.t("ops-off-target")) }
                }
            }
        }
        td { @if figure.n > 0 { (detail(w, figure)) } }
        td.hide-small { @if !said.is_empty() { (paper::trend(&said.join("; "), &values)) } }
    } }
}

/// The ages of what lies there, each with how much and its worth; otherwise what belongs to the number, by name.
fn detail(w: Words, figure: &Figure) -> Markup {
    let of = |key: &str| figure.more.get(key).copied().unwrap_or_default();
    html! { dl.pairs {
        @if figure.more.contains_key("over_30") {
            @for (age, worth) in [("0_7", "value_0_7"), ("8_14", "value_8_14"), ("15_30", "value_15_30"), ("over_30", "value_over_30")] {
                dt { (w.code("ops-more", age)) } dd { (plain(of(age))) @if of(worth) > 0.0 { span.worth { (plain(of(worth))) } } }
            }
        } @else {
            @for (key, value) in &figure.more { dt { (w.code("ops-more", key)) } dd { (plain(*value)) } }
        }
    } }
}

fn target(w: Words, unit: Unit, rule: Rule) -> Markup {
    let shown = |bound: f64| with_unit(w, unit, bound, false);
    let text = match (rule.least, rule.most) {
        (Some(least), Some(most)) => w.ta("ops-between", &[("n", plain(least).into()), ("m", shown(most).into())]),
        (Some(least), None) => w.ta("ops-at-least", &[("n", shown(least).into())]),
        (None, Some(most)) => w.ta("ops-at-most", &[("n", shown(most).into())]),
        (None, None) => "–".to_owned(),
    };
    html! { span { (text) } br; }
}

/// Whole numbers without a point.
fn plain(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

pub(super) fn value(w: Words, unit: Unit, figure: &Figure) -> String {
    figure.value.map_or_else(|| "–".to_owned(), |value| with_unit(w, unit, value, true))
}

fn with_unit(w: Words, unit: Unit, value: f64, exact: bool) -> String {
    match unit {
        Unit::Percent if exact => format!("{value:.1} %"),
        Unit::Percent => format!("{} %", plain(value)),
        Unit::Points => format!("{value:+.1}"),
        Unit::Thousandths => format!("{value:.0}"),
        Unit::Minutes if value >= 600.0 => w.ta("ops-hours", &[("n", plain(value / 60.0).into())]),
        Unit::Minutes => w.ta("ops-minutes", &[("n", plain(value).into())]),
        Unit::Days => w.ta("ops-days", &[("n", plain(value).into())]),
        Unit::Lines => plain(value),
    }
}

/// A table of all numbers by one of what sets rows apart; grey where it rests on little.
fn apart<'s>(
    shop: &'s Shop,
    w: Words,
    title: &str,
    of: fn(&'s Number) -> &'s std::collections::BTreeMap<String, Figure>,
) -> Markup {
    // Each kind of row has names of its own; work and people are those of visits.
    let numbers: Vec<&Number> = shop
        .numbers
        .iter()
        .filter(|number| !matches!(number.name, Kpi::InquiryReply | Kpi::FirstResponse | Kpi::AlertClosure))
        .filter(|number| !of(number).is_empty())
        .collect();
    let names: BTreeSet<&String> = numbers.iter().flat_map(|number| of(number).keys()).collect();
    html! { @if !names.is_empty() {
        section {
            h3 { (title) }
            div.wide { table {
                thead { tr { td {} @for number in &numbers { th.n scope="col" { (name(w, number.name)) } } } }
                tbody { @for row in names { tr {
                    th scope="row" { (row) }
                    @for number in &numbers { td.n { @if let Some(figure) = of(number).get(row) {
                        span class=[(figure.n >= SURE_FROM).then(|| class(number.rule.verdict(figure))).flatten()] { (value(w, number.unit, figure)) }
                        span.small { (figure.n) }
                    } } }
                } } }
            } }
        }
    } }
}

/// What each number's rows differ by besides: channels, ways of answering, bands.
fn kinds(shop: &Shop, w: Words) -> Markup {
    let wanted = [Kpi::InquiryReply, Kpi::NoShow, Kpi::Csat, Kpi::Nps, Kpi::AlertClosure, Kpi::Retention];
    let numbers = shop.numbers.iter().filter(|number| wanted.contains(&number.name) && !number.kinds.is_empty());
    let numbers: Vec<&Number> = numbers.collect();
    html! { @if !numbers.is_empty() {
        section {
            h3 { (w.t("ops-by-kind")) }
            table { tbody { @for number in numbers { @for (place, (kind, figure)) in number.kinds.iter().enumerate() { tr {
                th scope="row" { @if place == 0 { (name(w, number.name)) } }
                td { (w.code("ops-kind", kind)) } td.n { (value(w, number.unit, figure)) } td.n { "n = " (figure.n) }
            } } } } }
        }
    } }
}
