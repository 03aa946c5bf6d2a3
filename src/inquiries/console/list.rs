//! What waits for an answer, what is due first before the others.
use std::collections::HashMap;

use axum::{
    extract::{Query, State},
    response::Response,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    super::{
        Author, Inquiry, State as InquiryState,
        store::{self, Found},
    },
    tone,
};
use crate::{
    app::App,
    console::{
        Page, Visitor, frame, live,
        pieces::{countdown, empty, head, moment, tabs, tag},
    },
    http::Error,
    id::Id,
};

/// So many stand on a page.
const MOST: i64 = 60;
/// So many characters of a question stand in a list.
const EXCERPT: usize = 120;
const TABS: [&str; 3] = ["open", "mine", "answered"];

#[derive(Default, Deserialize)]
pub(super) struct Asked {
    tab: Option<String>,
    done: Option<String>,
}

impl Asked {
    fn tab(&self) -> &'static str {
        TABS.into_iter().find(|tab| self.tab.as_deref() == Some(tab)).unwrap_or(TABS[0])
    }
}

pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Markup, Error> {
    let w = visitor.words;
    let region = region(&app, &visitor, asked.tab()).await?;
    let body = html! {
        (head(&w.t("inquiries-title"), &html! { p { (w.t("inquiries-lead")) } }, &html! {}))
        (region)
    };
    let done = asked
        .done
        .as_deref()
        .map(|done| html! { @if done == "spam" { (w.t("inquiry-done-spam")) } @else { (w.t("inquiry-done-closed")) } });
    let page = Page {
        here: super::LIST,
        title: w.t("inquiries-title"),
        live: Some(format!("/console/inquiries/live/list?tab={}", asked.tab())),
        done,
        ..Page::default()
    };
    Ok(frame(&visitor, page, &body))
}

pub(super) async fn live(State(app): State<App>, visitor: Visitor, Query(asked): Query<Asked>) -> Response {
    let tab = asked.tab();
    live::region(app, visitor, move |app, visitor| async move { region(&app, &visitor, tab).await })
}

async fn region(app: &App, visitor: &Visitor, tab: &'static str) -> Result<Markup, Error> {
    let w = visitor.words;
    let mut tx = app.db.read().await?;
    let here = Some(visitor.dealership.id);
    let open = store::list_open(&mut tx, here, None, MOST).await?;
    let me = visitor.staff().id;
    let (count, mine) = (open.len(), open.iter().filter(|found| found.inquiry.owner_id == Some(me)).count());
    let late = open.iter().filter(|found| found.inquiry.due_at.is_some_and(|due| due < visitor.now)).count();
    let found = match tab {
        "answered" => store::list_latest(&mut tx, visitor.dealership.id, InquiryState::Answered, MOST).await?,
        "mine" => open.into_iter().filter(|found| found.inquiry.owner_id == Some(me)).collect(),
        _ => open,
    };
    let ids: Vec<String> = found.iter().map(|found| found.inquiry.id.to_string()).collect();
    let mut said: HashMap<Id<Inquiry>, String> = HashMap::new();
    for entry in store::entries(&mut tx, &ids).await? {
        // The newest question is what waits.
        if entry.author == Author::Customer {
            said.insert(entry.inquiry_id, entry.body);
        }
    }
    drop(tx);
    let number = |n: usize| i64::try_from(n).ok();
    let tab_list = [
        ("/console/inquiries?tab=open", w.t("inquiries-tab-open"), number(count)),
        ("/console/inquiries?tab=mine", w.t("inquiries-tab-mine"), number(mine)),
        ("/console/inquiries?tab=answered", w.t("inquiries-tab-answered"), None),
    ];
    Ok(html! {
        section id="inquiries" aria-label=(w.t("inquiries-title")) {
            p class="lead" { (w.ta("inquiries-waiting", &[("n", count.into())])) @if late > 0 { " · " span class="bad" { (w.ta("queue-late", &[("n", late.into())])) } } }
            (tabs(w, &format!("/console/inquiries?tab={tab}"), &tab_list))
            @if found.is_empty() { (empty(&w.t("inquiries-empty"))) }
            @else { ul class="threads" { @for one in &found { (row(visitor, one, said.get(&one.inquiry.id))) } } }
        }
    })
}

fn row(visitor: &Visitor, found: &Found, said: Option<&String>) -> Markup {
    let w = visitor.words;
    let inquiry = &found.inquiry;
    let who = found.customer_name.as_deref().or(inquiry.sender.as_deref());
    let excerpt: String = said.map(|said| said.chars().take(EXCERPT).collect()).unwrap_or_default();
    html! {
        li id={ "row-" (inquiry.id) } class="card thread-row" {
            div class="thread-top" {
                a href={ "/console/inquiries/" (inquiry.id) } { strong { (who.unwrap_or(&inquiry.reference)) } }
                (tag(&w.code("channel", &word(inquiry.channel)), ""))
                (tag(&w.code("inquiry-kind", &word(inquiry.kind)), if word(inquiry.kind) == "complaint" { "bad" } else { "" }))
                @match inquiry.due_at {
                    Some(due) => (countdown(visitor, due)),
                    None => { (tag(&w.code("state", inquiry.state.word()), tone(inquiry.state))) @if let Some(at) = inquiry.answered_at { " " span class="muted" { (moment(visitor, at)) } } }
                }
            }
            p lang=[inquiry.language.as_deref()] { (inquiry.topic.as_deref().filter(|topic| !excerpt.starts_with(topic)).map(|topic| format!("{topic} — ")).unwrap_or_default()) (excerpt) @if said.is_some_and(|said| said.chars().count() > EXCERPT) { "…" } }
            p class="muted small" {
                @match &found.owner_name { Some(owner) => (w.ta("inquiry-owner", &[("who", owner.clone().into())])), None => (w.t("inquiry-no-owner")) }
                @if let Some(plate) = &found.plate { " · " span class="num" { (plate) } }
                @if inquiry.breached_at.is_some() { " · " span class="bad" { (w.t("inquiry-breached")) } }
            }
        }
    }
}

/// A word of the API, for the name of its text.
pub(super) fn word(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
