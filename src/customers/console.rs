//! A customer on one page: who, which cars, what was said and is still to come, what they agreed to; and the way to find them.
use axum::extract::{Path, Query, State};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    ContactPoint, Customer, Validity, actions, consent, needs,
    store::{self, screens},
    vehicles,
};
use crate::{
    app::App,
    assists, bookings, calls, cases,
    console::{
        Page, Right, Visitor, frame,
        pages::Pages,
        pieces::{empty, head, masked, tag},
    },
    http::Error,
    id::Id,
    messages, notices, timeline, triggered,
};

const SEARCH: &str = "/console/customers";

pub fn pages() -> Pages {
    Pages::new()
        .get(SEARCH, Right::Customers, search)
        .get("/console/customers/{id}", Right::Customers, one)
        .merge(needs::pages())
}

#[derive(Default, Deserialize)]
struct Asked {
    q: Option<String>,
    done: Option<String>,
}

/// By what somebody says on the telephone: a number, a plate, a name, the sender's ref.
async fn search(State(app): State<App>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Markup, Error> {
    let w = visitor.words;
    let typed = asked
        .q
        .as_deref()
        .map(str::trim)
        .filter(|typed| !typed.is_empty())
        .map(|typed| typed.chars().take(100).collect::<String>());
    let hits = match &typed {
        None => Vec::new(),
        Some(typed) => actions::search(&mut app.db.read().await?, &visitor.dealership, typed).await?,
    };
    let body = html! {
        (head(&w.t("customers-title"), &html! { p { (w.t("customers-lead")) } }, &html! {}))
        form method="get" action=(SEARCH) class="search" role="search" {
            label { span class="vh" { (w.t("search")) } input type="search" name="q" value=(typed.as_deref().unwrap_or_default()) placeholder=(w.t("customers-placeholder")) data-key="/" autofocus[typed.is_none()]; }
            button class="primary" { (w.t("search")) }
        }
        @if typed.is_some() && hits.is_empty() { (empty(&w.t("customers-nobody"))) }
        @else if !hits.is_empty() {
            table class="rows" {
                thead { tr { th scope="col" { (w.t("col-customer")) } th scope="col" { (w.t("col-vehicle")) } th scope="col" { (w.t("col-language")) } th scope="col" { (w.t("customers-ref")) } } }
                tbody { @for hit in &hits { tr {
                    td { a href={ (SEARCH) "/" (hit.id) } { strong { (hit.name.as_deref().unwrap_or(&hit.reference)) } } " " span class="muted" { (hit.salutation.as_deref().unwrap_or_default()) } }
                    td { (hit.model.as_deref().unwrap_or_default()) " " span class="num muted" { (hit.plate.as_deref().unwrap_or_default()) } }
                    td { (hit.language.as_deref().map(|tag| w.code("language", tag)).unwrap_or_default()) }
                    td class="num muted" { (hit.reference) }
                } } }
            }
        }
    };
    Ok(frame(
        &visitor,
        Page { here: SEARCH, title: w.t("customers-title"), keys: &[("/", "key-search")], ..Page::default() },
        &body,
    ))
}

async fn one(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<Id<Customer>>,
    Query(asked): Query<Asked>,
) -> Result<Markup, Error> {
    let w = visitor.words;
    let mut tx = app.db.read().await?;
    let found = store::list_by_reference(&mut tx, &visitor.access(), &id.to_string(), None).await?;
    let customer = Error::unless_one(found)?.customer;
    let points = store::list_contact_points(&mut tx, customer.id).await?;
    let cars = screens::cars(&mut tx, customer.id).await?;
    let ids: Vec<_> = cars.iter().map(|car| car.id).collect();
    let people = vehicles::people::shown(&mut tx, &ids).await?;
    let coming = notices::console::panel(&mut tx, &visitor, customer.id).await?;
    let said = messages::console::panel(&mut tx, &visitor, customer.id).await?;
    let calls = calls::console::panel(&mut tx, &visitor, customer.id).await?;
    let cases = cases::console::panel(&mut tx, &visitor, customer.id).await?;
    let help = assists::console::panel(&mut tx, &visitor, customer.id).await?;
    let journey = timeline::console::journey(&mut tx, &visitor, customer.id).await?;
    let agreed = consent::console::panel(&mut tx, &visitor, customer.id).await?;
    drop(tx);
    let name = customer.name.clone().unwrap_or_else(|| customer.reference.clone());
    let lead = html! { p { @if let Some(salutation) = &customer.salutation { (salutation) " · " } (w.code("language", customer.language.as_deref().unwrap_or(&visitor.dealership.locale))) " · " span class="num" { (customer.reference) } (needs::marks(&visitor, &customer)) } };
    let send = html! { @if visitor.may(Right::Book) { a class="button secondary" href={ (bookings::console::BOOK) "?customer=" (customer.id) } { (w.t("nav-book")) } } @if visitor.may(Right::Messages) { a class="button primary" href={ (triggered::console::SEND) "?customer=" (customer.id) } { (w.t("send-message")) } } };
    let body = html! {
        (head(&name, &lead, &send))
        div class="customer" {
            div { (cases) (help) (said) (journey) }
            div class="side" {
                section class="card" aria-labelledby="reach-title" {
                    h2 id="reach-title" { (w.t("reach-title")) }
                    ul class="plain" { @for point in &points { (address(&visitor, point)) } }
                    @if let Some(hours) = &customer.call_hours { p class="small muted" { (w.t("call-hours")) " " (hours) } }
                    @if let Some(channel) = customer.preferred_channel { p class="small muted" { (w.t("preferred-channel")) " " (w.code("channel", channel.word())) } }
                }
                section class="card" aria-labelledby="cars-title" {
                    h2 id="cars-title" { (w.t("col-vehicle")) }
                    @if cars.is_empty() { p class="muted" { "—" } }
                    ul class="plain" { @for car in &cars { (vehicles::console::car(&visitor, car, &people, customer.id)) } }
                }
                (needs::panel(&visitor, &customer)) (coming) (calls) (agreed)
            }
        }
    };
    let done = asked.done.map(|done| {
        let said = match done.as_str() {
            "booked" => "book-done",
            "needs" => "needs-done",
            "promised" => "promise-done",
            _ => "send-done",
        };
        html! { (w.t(said)) }
    });
    Ok(frame(&visitor, Page { here: SEARCH, title: name, done, ..Page::default() }, &body))
}

fn address(visitor: &Visitor, point: &ContactPoint) -> Markup {
    let w = visitor.words;
    let is_phone = !point.value.contains('@');
    let value = if is_phone && !visitor.may(Right::Numbers) { masked(&point.value) } else { point.value.clone() };
    html! {
        li {
            span class="num" { (value) } " "
            @if let Some(label) = &point.label { span class="muted small" { (w.code("label", label)) } }
            @match point.validity {
                Validity::Invalid | Validity::Bounced => { " " (tag(&w.t("address-bad"), "bad")) @if let Some(why) = &point.invalid_reason { " " span class="small muted" { (w.code("reason", why)) } } }
                Validity::Ok | Validity::Unknown => {}
            }
        }
    }
}
