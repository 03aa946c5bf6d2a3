//! The record as people read it: a customer's journey in the eight steps of service, and the audit of a dealership.
use axum::extract::{Query, State};
use maud::{Markup, html};
use serde::Deserialize;

use super::store::{self, Step};
use crate::{
    app::App,
    console::{
        Page, Right, Visitor, frame,
        pages::Pages,
        pieces::{empty, head, moment, tag},
    },
    customers::Customer,
    db::Tx,
    http::Error,
    id::Id,
};

const AUDIT: &str = "/console/audit";
/// Lines of a page.
const MOST: i64 = 100;

pub fn pages() -> Pages {
    Pages::new().get(AUDIT, Right::Audit, audit)
}

/// A customer's journey, the newest line first: eight steps, each line with what it was and why.
pub async fn journey(tx: &mut Tx, visitor: &Visitor, customer: Id<Customer>) -> Result<Markup, Error> {
    let w = visitor.words;
    let lines = store::latest_of(tx, &visitor.access(), customer, MOST).await?;
    Ok(html! {
        section class="card" aria-labelledby="journey-title" {
            h2 id="journey-title" { (w.t("journey-title")) }
            @if lines.is_empty() { p class="muted" { (w.t("journey-empty")) } }
            ol class="journey" { @for line in &lines { (step(visitor, line)) } }
        }
    })
}

fn step(visitor: &Visitor, line: &Step) -> Markup {
    let w = visitor.words;
    html! {
        li {
            span class="step" title=[line.step.map(|step| w.code("step", &step.to_string()))] { @if let Some(step) = line.step { (step) } }
            div {
                span class="muted small" { (moment(visitor, line.at)) } " "
                strong { (w.code("event", &line.what)) }
                @if let Some(kind) = line.kind.as_deref().or(line.detail["kind"].as_str()) { " " (tag(&w.code("kind", kind), "")) }
                @if let Some(channel) = line.channel.as_deref().or(line.detail["channel"].as_str()) { " " span class="muted" { (w.code("channel", channel)) } }
                @if let Some(reason) = &line.reason { br; span class="small" { (w.code("reason", reason)) } }
            }
        }
    }
}

#[derive(Default, Deserialize)]
struct Asked {
    before: Option<String>,
}

/// Everything that happened at a dealership, the newest first; the record itself is never changed.
async fn audit(State(app): State<App>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Markup, Error> {
    let w = visitor.words;
    let lines = store::latest(&mut app.db.read().await?, visitor.dealership.id, asked.before, MOST).await?;
    let last = lines.last().map(|line| line.id.to_string()).filter(|_| lines.len() >= 100);
    let body = html! {
        (head(&w.t("audit-title"), &html! { p { (w.t("audit-lead")) } }, &html! {}))
        @if lines.is_empty() { (empty(&w.t("audit-empty"))) }
        @else {
            table class="rows" {
                thead { tr { th scope="col" { (w.t("col-when")) } th scope="col" { (w.t("col-what")) } th scope="col" { (w.t("audit-who")) } th scope="col" { (w.t("reason")) } th scope="col" { (w.t("audit-about")) } } }
                tbody { @for line in &lines { tr {
                    td { (moment(&visitor, line.at)) }
                    td { (w.code("event", &line.what)) br; code class="muted small" { (line.what) } }
                    td class="small id" { (line.actor.as_deref().unwrap_or("—")) }
                    td { (line.reason.as_deref().map(|reason| w.code("reason", reason)).unwrap_or_default()) }
                    td class="small id" { (line.subject.as_deref().or(line.appointment.as_deref()).or(line.notice.as_deref()).or(line.customer.as_deref()).unwrap_or_default()) }
                } } }
            }
            @if let Some(last) = last { p class="actions" { a class="button secondary" href={ (AUDIT) "?before=" (last) } { (w.t("older")) } } }
        }
    };
    Ok(frame(&visitor, Page { here: AUDIT, title: w.t("audit-title"), ..Page::default() }, &body))
}
