//! The day: who comes when, whom to greet as whom, what is missing, and who should be here by now.
use axum::{
    extract::{Query, State as Shared},
    response::Response,
};
use jiff::{SignedDuration, civil::Date};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    State, marks,
    store::day::{self, Visit},
};
use crate::{
    app::App,
    assists::{self, Thing},
    calendar::{days_from, local_moment},
    capacity::{self, Room},
    clock::Timestamp,
    console::{
        Page, Right, Visitor, Words, frame, live as live_screen,
        pages::Pages,
        pieces::{countdown, empty, head, tabs, tag},
    },
    dealerships::rules,
    http::Error,
    notices::words::digest::Mark,
};

const DAY: &str = "/console/day";

pub fn pages() -> Pages {
    Pages::new().get(DAY, Right::Day, page).get("/console/day/live", Right::Day, live)
}

#[derive(Clone, Default, Deserialize)]
struct Asked {
    date: Option<String>,
    whose: Option<String>,
}

/// The day that is looked at, and whose visits.
#[derive(Clone, Copy)]
struct View {
    date: Date,
    today: Date,
    only_mine: bool,
}

/// Where a day's page is.
impl View {
    fn of(visitor: &Visitor, asked: &Asked) -> Self {
        let today = visitor.now.in_zone(visitor.zone()).date();
        let date = asked.date.as_deref().and_then(|text| text.parse().ok()).unwrap_or(today);
        Self { date, today, only_mine: asked.whose.as_deref() == Some("mine") }
    }

    /// Today has no date: a screen that is left open goes on with the days.
    fn address(self, date: Date, only_mine: bool) -> String {
        let day = if date == self.today { String::new() } else { format!("date={date}&") };
        format!("{DAY}?{day}whose={}", if only_mine { "mine" } else { "all" })
    }

    fn title(self, w: Words) -> String {
        if self.date == self.today { w.t("day-today") } else { w.t("day-title") }
    }

    fn here(self) -> String {
        self.address(self.date, self.only_mine)
    }
}

async fn page(Shared(app): Shared<App>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Markup, Error> {
    let w = visitor.words;
    let view = View::of(&visitor, &asked);
    let region = region(&app, &visitor, view).await?;
    let title = view.title(w);
    let page = Page {
        here: DAY,
        title,
        live: Some(view.here().replacen(DAY, "/console/day/live", 1)),
        keys: &[("j", "day-before"), ("k", "day-after")],
        ..Page::default()
    };
    Ok(frame(&visitor, page, &region))
}

/// Which day it is, and the way to those around it.
fn heading(visitor: &Visitor, view: View) -> Markup {
    let w = visitor.words;
    let other = |days| view.address(days_from(view.date, days), view.only_mine);
    let midday = local_moment(view.date.at(12, 0, 0, 0), visitor.zone());
    let ways = html! {
        @if visitor.may(Right::Assist) { a class="button secondary" href=(assists::console::ASSISTS) { (w.t("assists-title")) } }
        a class="button secondary" href=(other(-1)) rel="prev" data-key="j" { (w.t("day-before")) }
        @if view.date != view.today { a class="button secondary" href=(view.address(view.today, view.only_mine)) { (w.t("day-today")) } }
        a class="button secondary" href=(other(1)) rel="next" data-key="k" { (w.t("day-after")) }
    };
    head(&view.title(w), &html! { p { (w.day(midday, visitor.zone())) } }, &ways)
}

async fn live(Shared(app): Shared<App>, visitor: Visitor, Query(asked): Query<Asked>) -> Response {
    live_screen::region(app, visitor, move |app, visitor| {
        let view = View::of(&visitor, &asked);
        async move { region(&app, &visitor, view).await }
    })
}

async fn region(app: &App, visitor: &Visitor, view: View) -> Result<Markup, Error> {
    let w = visitor.words;
    let dealership = visitor.dealership.id;
    let midnight = |days| local_moment(days_from(view.date, days).at(0, 0, 0, 0), visitor.zone());
    let mut tx = app.db.read().await?;
    let visits = day::of_day(&mut tx, dealership, (midnight(0), midnight(1))).await?;
    let capacity = capacity::actions::days(&mut tx, dealership, &[view.date.to_string()]).await?;
    let help = assists::console::news(&mut tx, visitor).await?;
    drop(tx);
    // The day's hours are everybody's, whoever looks.
    let ours = visits.iter().map(|visit| super::minutes_of(&visit.services)).sum();
    let load = capacity.first().map(|day| day.room(ours, rules::FULL_PERCENT.of(&visitor.dealership)));
    let me = visitor.staff().id;
    let mine = visits.iter().filter(|visit| visit.advisor_id == Some(me)).count();
    let shown: Vec<&Visit> = visits.iter().filter(|visit| !view.only_mine || visit.advisor_id == Some(me)).collect();
    let number = |n: usize| i64::try_from(n).ok();
    let (all_at, mine_at) = (view.address(view.date, false), view.address(view.date, true));
    let tab_list = [
        (all_at.as_str(), w.t("day-tab-all"), number(visits.len())),
        (mine_at.as_str(), w.t("day-tab-mine"), number(mine)),
    ];
    Ok(html! {
        section id="day" aria-label=(w.t("day-title")) {
            (heading(visitor, view))
            (help)
            (figures(visitor, &shown, load))
            (tabs(w, &view.here(), &tab_list))
            @if shown.is_empty() { (empty(&w.t("day-empty"))) }
            @else {
                table class="rows" {
                    thead { tr { th scope="col" { (w.t("day-hour")) } th scope="col" { (w.t("col-customer")) } th scope="col" { (w.t("col-vehicle")) } th scope="col" { (w.t("day-work")) } th scope="col" { (w.t("day-missing")) } th scope="col" { (w.t("day-state")) } } }
                    tbody { @for visit in &shown { (row(visitor, visit)) } }
                }
            }
        }
    })
}

/// How the day stands, and how much of its hours is given away (BR-08).
fn figures(visitor: &Visitor, visits: &[&Visit], load: Option<Room>) -> Markup {
    let w = visitor.words;
    let of = |states: &[State]| visits.iter().filter(|visit| states.contains(&visit.state)).count();
    let to_come = of(&[State::Booked, State::Confirmed, State::MoveRequested]);
    let here = of(&[State::Arrived, State::InService, State::Completed]);
    let late = visits.iter().filter(|visit| is_late(visit, visitor.now)).count();
    let incomplete = visits.iter().filter(|visit| is_to_come(visit) && !marks::missing(visit).is_empty()).count();
    let tiles = [
        ("day-to-come", to_come, ""),
        ("day-here", here, ""),
        ("day-late", late, "bad"),
        ("day-incomplete", incomplete, "warn"),
    ];
    html! {
        div class="tiles" {
            @for (key, n, tone) in tiles {
                div class="card tile" { h2 { (w.t(key)) } p class={ "big num " @if n > 0 { (tone) } } { (n) } }
            }
            @if let Some(room) = load {
                div class="card tile" {
                    h2 { (w.t("day-load")) }
                    p class={ "big num " @if room.is_overbooked() { "bad" } } { (hours(room.booked_minutes)) " / " (hours(room.available_minutes)) }
                    p class="muted small" { (w.ta("day-load-hours", &[("n", room.full.into())])) }
                }
            }
        }
    }
}

fn hours(minutes: i64) -> String {
    format!("{}", (capacity::hours(minutes) * 10.0).round() / 10.0)
}

fn is_to_come(visit: &Visit) -> bool {
    matches!(visit.state, State::Booked | State::Confirmed | State::MoveRequested)
}

/// Should be here by now, and nobody has said that they are.
fn is_late(visit: &Visit, now: Timestamp) -> bool {
    visit.state == State::NoShowSuspected
        || is_to_come(visit) && visit.start_at.is_some_and(|start| now.since(start) > SignedDuration::ZERO)
}

fn row(visitor: &Visitor, visit: &Visit) -> Markup {
    let w = visitor.words;
    let missing = if is_to_come(visit) { marks::missing(visit) } else { Vec::new() };
    let greeting: Vec<Mark> = marks::greeting(visit)
        .into_iter()
        .filter(|mark| !matches!(mark, Mark::MissingParts | Mark::NeedsHelp))
        .collect();
    let services: Vec<&str> = visit.services.iter().filter_map(|service| service.name.as_deref()).collect();
    let name = visit.name.as_deref().unwrap_or(&visit.reference);
    let is_foreign =
        visit.language.as_deref().filter(|tag| !visitor.dealership.locale.starts_with(&crate::calls::spoken(tag)));
    html! {
        tr {
            td class="num" { @if let Some(at) = visit.start_at { time datetime=(at) { (w.hour(at, visitor.zone())) } } }
            td {
                @match (visit.customer_id, visitor.may(Right::Customers)) { (Some(id), true) => a href={ "/console/customers/" (id) } { strong { (name) } }, _ => strong { (name) } }
                " " span class="muted" { (visit.salutation.as_deref().unwrap_or_default()) }
                @for mark in greeting { " " (tag(mark.words(w.0), if mark == Mark::Comeback { "bad" } else { "good" })) }
                @if let Some(tag_of) = is_foreign { " " (tag(&w.code("language", &crate::calls::spoken(tag_of)), "")) }
                @for need in visit.needs.iter().flat_map(|needs| needs.iter()) { " " (tag(&w.code("need", need.word()), "warn")) }
            }
            td { (visit.model_code.as_deref().unwrap_or_default()) " " span class="muted num" { (visit.plate.as_deref().unwrap_or_default()) } }
            td { (services.join(w.0.choose("、", ", ", "、"))) @if let Some(words) = &visit.customer_words { br; span class="muted small" { "“" (words.chars().take(80).collect::<String>()) "”" } } }
            td { @for mark in missing { (tag(mark.words(w.0), if mark == Mark::MissingParts { "bad" } else { "warn" })) " " } }
            td { (standing(visitor, visit)) @if let Some(advisor) = &visit.advisor { br; span class="muted small" { (advisor) } } br; (assists::console::link(visitor, Thing::Appointment, &visit.id.to_string())) }
        }
    }
}

fn standing(visitor: &Visitor, visit: &Visit) -> Markup {
    let w = visitor.words;
    let tone = match visit.state {
        State::Confirmed | State::Arrived | State::InService | State::Completed => "good",
        State::NoShowSuspected | State::NoShow => "bad",
        State::MoveRequested => "warn",
        _ => "",
    };
    html! {
        (tag(&w.code("state", visit.state.word()), tone))
        @match (visit.arrived_at, visit.start_at) {
            (Some(at), _) => { " " span class="muted small num" { (w.hour(at, visitor.zone())) } }
            (None, Some(start)) if is_late(visit, visitor.now) => { " " (countdown(visitor, start)) }
            _ => {}
        }
    }
}
