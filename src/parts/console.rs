//! The parts board: what is on its way, what lies on the shelf and for how long, and whose turn it is.
use axum::extract::{Query, State};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    LineState, actions,
    board::{Ageing, Bucket, Owner, Place},
    questions,
    store::reading::{self, Waiting, Wanted},
};
use crate::{
    app::App,
    console::{
        Page, Right, Visitor, frame,
        pages::Pages,
        pieces::{empty, head, moment, tabs, tag},
    },
    http::Error,
};

const BOARD: &str = "/console/parts";
const MOST: i64 = 200;

pub fn pages() -> Pages {
    Pages::new().get(BOARD, Right::Parts, board).merge(questions::console::pages())
}

#[derive(Default, Deserialize)]
struct Asked {
    tab: Option<String>,
}

async fn board(State(app): State<App>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Markup, Error> {
    let w = visitor.words;
    let mut tx = app.db.read().await?;
    let code = visitor.dealership.code.clone();
    let ageing = actions::ageing(&mut tx, &visitor.access(), Some(&code), visitor.now).await?;
    let wanted = Wanted { dealership: Some(code), after: None, limit: MOST };
    let mut waiting = reading::list_waiting(&mut tx, &visitor.access(), wanted).await?;
    drop(tx);
    // What is overdue first, then by the day that was named.
    waiting.sort_by_key(|one| (one.state == LineState::Received, one.eta.or(one.received_at)));
    let (here, coming): (Vec<&Waiting>, Vec<&Waiting>) =
        waiting.iter().partition(|one| one.state == LineState::Received);
    let is_here = asked.tab.as_deref() == Some("here");
    let number = |n: usize| i64::try_from(n).ok();
    let tab_list = [
        ("/console/parts?tab=coming", w.t("parts-tab-coming"), number(coming.len())),
        ("/console/parts?tab=here", w.t("parts-tab-here"), number(here.len())),
    ];
    let shown = if is_here { &here } else { &coming };
    // Of an order that is not complete: how many of its lines are here, and how many there are.
    let of_order = |line: &Waiting| {
        let count = |lines: &[&Waiting]| lines.iter().filter(|one| one.order_ref == line.order_ref).count();
        (line.complete_at.is_none() && line.customer.is_some()).then(|| (count(&here), count(&here) + count(&coming)))
    };
    let body = html! {
        (head(&w.t("parts-title"), &html! { p { (w.t("parts-lead")) } }, &html! { a class="button secondary" href="/console/parts/questions" { (w.t("questions-title")) } }))
        (ages(&visitor, &ageing))
        (tabs(w, if is_here { "/console/parts?tab=here" } else { "/console/parts?tab=coming" }, &tab_list))
        @if shown.is_empty() { (empty(&w.t("parts-empty"))) }
        @else {
            table class="rows" {
                thead { tr { th scope="col" { (w.t(if is_here { "parts-arrived" } else { "parts-eta" })) } th scope="col" { (w.t("parts-part")) } th scope="col" { (w.t("col-customer")) } th scope="col" { (w.t("parts-qty")) } th scope="col" { (w.t("parts-owner")) } th scope="col" { (w.t("parts-place")) } } }
                tbody { @for line in shown { (row(&visitor, line, of_order(line))) } }
            }
        }
    };
    Ok(frame(&visitor, Page { here: BOARD, title: w.t("parts-title"), ..Page::default() }, &body))
}

/// Arrived and not fitted, by the days since it came.
fn ages(visitor: &Visitor, ageing: &Ageing) -> Markup {
    let w = visitor.words;
    let buckets: [(&str, &Bucket, &str); 4] = [
        ("parts-age-week", &ageing.week, ""),
        ("parts-age-fortnight", &ageing.fortnight, ""),
        ("parts-age-month", &ageing.month, "warn"),
        ("parts-age-older", &ageing.older, "bad"),
    ];
    html! {
        section class="tiles" aria-label=(w.t("parts-ageing")) {
            @for (key, bucket, tone) in buckets {
                div class="card tile" {
                    h2 { (w.t(key)) }
                    p class={ "big num " @if bucket.count > 0 { (tone) } } { (bucket.count) }
                    p class="muted small num" { (w.ta("parts-value", &[("n", format!("{:.0}", bucket.value).into())])) }
                }
            }
        }
    }
}

/// `of_order`: the lines of an order that are here, and all of them, while some are still to come.
fn row(visitor: &Visitor, line: &Waiting, of_order: Option<(usize, usize)>) -> Markup {
    let w = visitor.words;
    let place = Place {
        state: line.state,
        has_customer: line.customer.is_some(),
        complete_at: line.complete_at,
        received_at: line.received_at,
        is_booked: line.booked_at.is_some(),
        is_declined: line.declined_at.is_some(),
    };
    let owner = place.owner(&visitor.dealership.shop(), visitor.now);
    let (owner_key, tone) = match owner {
        Owner::Parts => ("parts-owner-parts", ""),
        Owner::Advisor => ("parts-owner-advisor", ""),
        Owner::Queue => ("parts-owner-queue", "warn"),
        Owner::Manager => ("parts-owner-manager", "bad"),
    };
    let is_late = line.state != LineState::Received && line.eta.is_some_and(|eta| eta < visitor.now);
    html! {
        tr {
            td {
                @match line.received_at.filter(|_| line.state == LineState::Received).or(line.eta) { Some(at) => (moment(visitor, at)), None => span class="warn" { (w.t("parts-no-eta")) } }
                @if is_late { " " (tag(&w.t("parts-late"), "bad")) }
            }
            td { strong { (line.name.as_deref().unwrap_or(&line.reference)) } br; span class="muted small num" { (line.part_no.as_deref().unwrap_or_default()) " · " (line.order_ref) } }
            td { @match (line.customer, &line.customer_name) { (Some(id), name) => a href={ "/console/customers/" (id) } { (name.as_deref().unwrap_or("—")) }, _ => span class="muted" { "—" } } " " span class="muted num" { (line.plate.as_deref().unwrap_or_default()) } }
            td class="num" { (line.qty_received) " / " (line.qty_ordered.map_or_else(|| "?".to_owned(), |n| n.to_string())) }
            td { (tag(&w.t(owner_key), tone)) @if let Some(name) = &line.advisor_name { br; span class="muted small" { (name) } } @if let Some((here, all)) = of_order.filter(|(here, all)| here < all && *all > 1) { br; span class="small" { @if line.state == LineState::Received { (w.t("parts-waits")) ": " } (w.ta("parts-of-order", &[("n", here.into()), ("m", all.into())])) } } }
            td class="small" { (line.location.as_deref().unwrap_or_default()) @if line.booked_at.is_some() { " " (tag(&w.t("parts-booked"), "good")) } @if line.declined_at.is_some() { " " (tag(&w.t("parts-declined"), "warn")) } @if let Some(by) = place.return_by() { br; span class="muted" { (w.t("parts-return-by")) " " (w.day(by, visitor.zone())) } } }
        }
    }
}
