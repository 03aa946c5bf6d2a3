//! The screen with the dealerships of a group beside each other: those whose figures the visitor may see.
use axum::extract::{Query, State};
use maud::{Markup, html};

use super::{
    Question,
    console::{Asked, DASHBOARD, month_of, picker},
    operations::{self, beside, html::Rows},
};
use crate::{
    app::App,
    console::{Page, Right, Visitor, frame, pieces::head},
    http::Error,
};

/// Where it is.
pub(super) const COMPARISON: &str = "/console/reports/comparison";

/// The month's numbers of every dealership, each with its interval; every number opens its rows.
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Markup, Error> {
    let w = visitor.words;
    let month = month_of(&visitor, &asked);
    let question = Question { month, dealership: None, advisor: None };
    let report = operations::actions::month(&app, &visitor.figures(), &question).await?;
    let back = html! { a href={ (DASHBOARD) "?month=" (month) } { "← " (w.t("dashboard-title")) } };
    let body = html! {
        (head(&w.t("ops-comparison"), &html! { p { (w.ta("ops-definition", &[("name", report.definition.clone().into())])) " · " (w.t("comparison-lead")) } }, &back))
        (picker(w, COMPARISON, month))
        @if report.dealerships.len() == 1 && !visitor.may(Right::GroupFigures) { p class="notice" { (w.t("comparison-own")) } }
        section class="card" { (beside::table(&report, w, Rows::Linked)) }
    };
    Ok(frame(&visitor, Page { here: DASHBOARD, title: w.t("ops-comparison"), ..Page::default() }, &body))
}
