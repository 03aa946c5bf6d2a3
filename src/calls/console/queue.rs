//! The queue: what is due first before the others, who has it, and one key for the next call.
use axum::{
    extract::{Query, State},
    response::Response,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    super::{
        spoken,
        store::{
            queue::{self, Line},
            words,
        },
    },
    Undo, undo_of,
};
use crate::{
    app::App,
    calendar::local_moment,
    console::{
        Page, Visitor, frame, live,
        pieces::{countdown, empty, head, moment, tabs, tag},
    },
    http::Error,
};

/// So many lines stand on a page; the queue itself knows them all.
const MOST: i64 = 100;
const TABS: [&str; 4] = ["due", "mine", "callbacks", "later"];

#[derive(Default, Deserialize)]
pub(super) struct Asked {
    tab: Option<String>,
    done: Option<String>,
    who: Option<String>,
    undo: Option<String>,
}

impl Asked {
    /// None where nobody has chosen: what is due then, and what comes later while nothing is.
    fn tab(&self) -> Option<&'static str> {
        TABS.into_iter().find(|tab| self.tab.as_deref() == Some(tab))
    }
}

pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Markup, Error> {
    let w = visitor.words;
    let tab = asked.tab();
    let region = region(&app, &visitor, tab).await?;
    let take = html! {
        form method="post" action="/console/calls/next" {
            button class="primary" data-key="n" { (w.t("queue-next")) " " kbd { "N" } }
        }
    };
    let midnight = local_moment(visitor.now.in_zone(visitor.zone()).date().at(0, 0, 0, 0), visitor.zone());
    let mut tx = app.db.read().await?;
    // What can still be taken back is a call that was made.
    let waiting = i64::try_from(words::of_agent(&mut tx, visitor.staff().id).await?.len()).unwrap_or(0);
    let today = waiting + queue::calls_since(&mut tx, visitor.staff().id, midnight).await?;
    drop(tx);
    let body = html! {
        (head(&w.t("queue-title"), &html! { p { (w.ta("queue-today", &[("n", today.into())])) } }, &take))
        (region)
    };
    let undo = undo_of(&app, &visitor, asked.undo.as_deref()).await?;
    let done = asked.done.as_deref().map(|done| said(&visitor, done, asked.who.as_deref(), undo));
    let page = Page {
        here: "/console/calls",
        title: w.t("queue-title"),
        live: Some(format!("/console/calls/live/queue?tab={}", tab.unwrap_or_default())),
        done,
        keys: &[("N", "key-next"), ("U", "key-undo")],
    };
    Ok(frame(&visitor, page, &body))
}

pub(super) async fn live(State(app): State<App>, visitor: Visitor, Query(asked): Query<Asked>) -> Response {
    let tab = asked.tab();
    live::region(app, visitor, move |app, visitor| async move { region(&app, &visitor, tab).await })
}

/// What just happened, for the line at the foot of the page.
pub(super) fn said(visitor: &Visitor, done: &str, who: Option<&str>, undo: Option<Undo>) -> Markup {
    let w = visitor.words;
    html! {
        @match done {
            "saved" => (w.t("queue-saved")),
            "last" => (w.t("queue-saved-last")),
            "undone" => (w.t("queue-undone")),
            "undo_too_late" => (w.t("queue-undo-too-late")),
            "on_the_telephone" => (w.t("queue-on-the-telephone")),
            "given_back" => (w.t("queue-given-back")),
            "nothing" => (w.t("queue-nothing")),
            "changed" => (w.t("done-changed")),
            "lost" => {
                @match who.filter(|who| !who.is_empty()) {
                    Some(who) => (w.ta("queue-lost-to", &[("who", who.to_owned().into())])),
                    None => (w.t("queue-lost")),
                }
            }
            _ => (w.t("done")),
        }
        @if let Some(undo) = undo {
            form method="post" action={ "/console/calls/" (undo.id) "/undo" } class="undo" data-seconds=(undo.seconds) {
                button class="quiet" data-key="u" { (w.t("undo")) " " kbd { "U" } }
            }
        }
    }
}

/// The part that changes while one looks at it.
async fn region(app: &App, visitor: &Visitor, tab: Option<&'static str>) -> Result<Markup, Error> {
    let w = visitor.words;
    let mut tx = app.db.read().await?;
    let mut due = queue::due(&mut tx, visitor.dealership.id, MOST).await?;
    // As the queue gives them out (B4): what the next key takes stands first.
    due.sort_by_key(|line| (line.level, line.due_at));
    let later = queue::later(&mut tx, visitor.dealership.id, MOST).await?;
    drop(tx);
    let tab = tab.unwrap_or(if due.is_empty() && !later.is_empty() { "later" } else { TABS[0] });
    let me = visitor.staff().id;
    let waiting = due.iter().filter(|line| line.state == "ready").count();
    let late = due.iter().filter(|line| line.due_at < visitor.now).count();
    let lines: Vec<&Line> = match tab {
        "mine" => due.iter().filter(|line| line.owner_id == Some(me) && line.state == "leased").collect(),
        "callbacks" => due.iter().chain(&later).filter(|line| line.callback_at.is_some()).collect(),
        "later" => later.iter().collect(),
        _ => due.iter().collect(),
    };
    let count = |lines: usize| i64::try_from(lines).ok();
    let callbacks = due.iter().chain(&later).filter(|line| line.callback_at.is_some()).count();
    let tab_list = [
        ("/console/calls?tab=due", w.t("queue-tab-due"), count(due.len())),
        ("/console/calls?tab=mine", w.t("queue-tab-mine"), None),
        ("/console/calls?tab=callbacks", w.t("queue-tab-callbacks"), count(callbacks)),
        ("/console/calls?tab=later", w.t("queue-tab-later"), count(later.len())),
    ];
    Ok(html! {
        section id="queue" aria-label=(w.t("queue-title")) {
            p class="lead" { (w.ta("queue-waiting", &[("n", waiting.into())])) @if late > 0 { " · " span class="bad" { (w.ta("queue-late", &[("n", late.into())])) } } }
            (tabs(w, &format!("/console/calls?tab={tab}"), &tab_list))
            @if lines.is_empty() { (empty(&w.t(if tab == "later" { "queue-empty-later" } else { "queue-empty" }))) }
            @else { (table(visitor, &lines)) }
        }
    })
}

fn table(visitor: &Visitor, lines: &[&Line]) -> Markup {
    let w = visitor.words;
    html! {
        table class="rows" {
            thead { tr {
                th scope="col" { (w.t("col-due")) }
                th scope="col" { (w.t("col-why")) }
                th scope="col" { (w.t("col-customer")) }
                th scope="col" { (w.t("col-vehicle")) }
                th scope="col" { (w.t("col-attempt")) }
                th scope="col" { (w.t("col-who")) }
            } }
            tbody { @for line in lines { (row(visitor, line)) } }
        }
    }
}

fn row(visitor: &Visitor, line: &Line) -> Markup {
    let w = visitor.words;
    let is_mine = line.owner_id == Some(visitor.staff().id);
    let is_taken = line.state == "leased";
    let name = line.customer.as_deref().unwrap_or_default();
    html! {
        tr id={ "row-" (line.id) } class=[(is_taken && !is_mine).then_some("taken")] {
            td {
                @if let Some(at) = line.callback_at { (moment(visitor, at)) }
                @else if matches!(line.state.as_str(), "scheduled" | "held") { (moment(visitor, line.not_before)) }
                @else { (countdown(visitor, line.due_at)) }
            }
            td { (tag(&w.code("call", line.kind.word()), if line.is_urgent || line.level <= 3 { "bad" } else { "" })) }
            td { a href={ "/console/calls/" (line.id) } { strong { (name) } } " " span class="muted" { (line.salutation.as_deref().unwrap_or_default()) } @if line.language != spoken(&visitor.dealership.locale) { " " (tag(&w.code("language", &line.language), "")) } }
            td { (line.model.as_deref().unwrap_or_default()) " " span class="muted num" { (line.plate.as_deref().unwrap_or_default()) } }
            td class="num" { (w.ta("attempt-of", &[("n", (line.attempts + 1).min(line.max_attempts.max(1)).into()), ("of", line.max_attempts.into())])) }
            td class="who" { (who(visitor, line, is_mine, is_taken)) }
        }
    }
}

fn who(visitor: &Visitor, line: &Line, is_mine: bool, is_taken: bool) -> Markup {
    let w = visitor.words;
    html! {
        @if is_taken && is_mine {
            a class="button secondary" href={ "/console/calls/" (line.id) } { (w.t("queue-continue")) }
        } @else if is_taken {
            span class="muted" { (w.ta("queue-taken", &[("who", line.owner.clone().unwrap_or_default().into())])) }
        } @else if let Some(by) = &line.callback_by {
            span class="muted" { (w.ta("queue-promised", &[("who", by.clone().into())])) }
        } @else if line.state == "held" {
            (tag(&w.t("state-held"), "warn")) " " span class="muted" { (line.state_reason.as_deref().unwrap_or_default()) }
        } @else if line.state == "scheduled" {
            span class="muted" { (w.code("waits", line.state_reason.as_deref().unwrap_or("later"))) }
        }
    }
}
