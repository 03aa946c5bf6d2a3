//! What stands in the workshop: every car that is not given back, what is left over from former days first.
use axum::extract::{Query, State};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    store::listing::{self, Wanted, Which},
    tags::{self, Tag},
};
use crate::{
    app::App,
    assists::{self, Thing},
    console::{
        Page, Right, Visitor, frame,
        pages::Pages,
        pieces::{empty, head, moment, tabs, tag},
    },
    http::Error,
};

const WORKSHOP: &str = "/console/workshop";
/// So many are shown; more cars stand in few workshops.
const MOST: i64 = 300;

pub fn pages() -> Pages {
    Pages::new().get(WORKSHOP, Right::Customers, workshop)
}

#[derive(Default, Deserialize)]
struct Asked {
    tag: Option<String>,
}

async fn workshop(State(app): State<App>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Markup, Error> {
    let w = visitor.words;
    let wanted_tag = Tag::read(asked.tag.as_deref().filter(|word| !word.is_empty()))?;
    let wanted = Wanted {
        dealership: Some(visitor.dealership.code.clone()),
        which: Which::InTheWorkshop,
        limit: MOST,
        ..Wanted::default()
    };
    let found = listing::list(&mut app.db.read().await?, &visitor.access(), wanted).await?;
    let closed_at = visitor.dealership.shop().last_day_end(visitor.now);
    let mut cars: Vec<_> = found.into_iter().map(|car| (tags::of(&car.order, closed_at), car)).collect();
    cars.sort_by_key(|(tags, car)| (!tags.contains(&Tag::CarryOver), car.order.opened_at));
    let count = |tag: Option<Tag>| {
        let of_tag = cars.iter().filter(|(tags, _)| tag.is_none_or(|tag| tags.contains(&tag)));
        i64::try_from(of_tag.count()).ok()
    };
    let address = |tag: Option<Tag>| tag.map_or(WORKSHOP.to_owned(), |tag| format!("{WORKSHOP}?tag={}", tag.word()));
    let all: Vec<(String, String, Option<i64>)> = std::iter::once(None)
        .chain(Tag::ALL.map(Some))
        .map(|tag| (address(tag), tag.map_or(w.t("workshop-all"), |tag| w.code("visit", tag.word())), count(tag)))
        .collect();
    let all: Vec<(&str, String, Option<i64>)> =
        all.iter().map(|(to, text, n)| (to.as_str(), text.clone(), *n)).collect();
    let shown: Vec<_> = cars.iter().filter(|(tags, _)| wanted_tag.is_none_or(|tag| tags.contains(&tag))).collect();
    let body = html! {
        (head(&w.t("workshop-title"), &html! { p { (w.t("workshop-lead")) } }, &html! {}))
        (tabs(w, &address(wanted_tag), &all))
        @if shown.is_empty() { (empty(&w.t("workshop-empty"))) }
        @else {
            table class="rows" {
                thead { tr { th scope="col" { (w.t("workshop-since")) } th scope="col" { (w.t("workshop-order")) } th scope="col" { (w.t("col-customer")) } th scope="col" { (w.t("case-advisor")) } th scope="col" { (w.t("workshop-promised")) } } }
                tbody { @for (tags, car) in shown { (row(&visitor, tags, car)) } }
            }
        }
    };
    Ok(frame(&visitor, Page { here: WORKSHOP, title: w.t("workshop-title"), ..Page::default() }, &body))
}

fn row(visitor: &Visitor, tags: &[Tag], car: &super::store::reading::Found) -> Markup {
    let w = visitor.words;
    let order = &car.order;
    let is_late = order.ready_at.is_none() && order.promised_at.is_some_and(|at| at < visitor.now);
    html! {
        tr {
            td { @if let Some(at) = order.opened_at { (moment(visitor, at)) } @else { span class="muted" { "—" } } }
            td {
                span class="num" { (order.reference) } " " (tag(&w.code("workshop-state", order.state.word()), if order.ready_at.is_some() { "good" } else { "" }))
                @for one in tags { " " (tag(&w.code("visit", one.word()), match one { Tag::CarryOver => "warn", Tag::Comeback => "bad", Tag::WalkIn => "" })) }
                br; @for job in order.jobs.iter() { span class="muted small" { (job["name"].as_str().unwrap_or_default()) } " " }
                br; (assists::console::link(visitor, Thing::RepairOrder, &order.id.to_string()))
            }
            td { @match (car.customer, &car.customer_name) { (Some(id), name) => a href={ "/console/customers/" (id) } { (name.as_deref().unwrap_or("—")) }, _ => span class="muted" { "—" } } " " span class="muted num" { (car.plate.as_deref().unwrap_or_default()) } }
            td { (car.advisor_name.as_deref().unwrap_or("—")) }
            td { @if let Some(at) = order.promised_at { (moment(visitor, at)) } @else { span class="muted" { "—" } } @if is_late { " " (tag(&w.t("workshop-late"), "bad")) } }
        }
    }
}
