//! The outbox: what waits, what failed and why, and what a person can do about it.
use axum::{
    extract::{Path, Query, State},
    response::{Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Message, State as MessageState,
    actions::{self, Deed},
    reasons,
    store::{self, Read, ReadAttempt, Standing, Wanted},
};
use crate::{
    app::App,
    console::{
        Page, Right, Visitor, Words, frame, live as live_screen,
        pages::Pages,
        pieces::{empty, head, masked, moment, tabs, tag},
    },
    customers::{Customer, vehicles::console::addressed_as},
    db::Tx,
    http::Error,
    id::Id,
};

const OUTBOX: &str = "/console/outbox";
/// So many stand on a page, the oldest first.
const MOST: i64 = 50;
/// So many of one customer.
const LATEST: i64 = 20;
/// Those that a person should look at come first.
const TABS: [MessageState; 7] = [
    MessageState::Failed,
    MessageState::Held,
    MessageState::Unknown,
    MessageState::Undelivered,
    MessageState::Dead,
    MessageState::Ready,
    MessageState::Sending,
];

pub fn pages() -> Pages {
    Pages::new()
        .get(OUTBOX, Right::Outbox, list)
        .get("/console/outbox/live", Right::Outbox, live)
        .get("/console/outbox/{id}", Right::Outbox, one)
        .post("/console/outbox/{id}/retry", Right::HandleOutbox, retry)
        .post("/console/outbox/{id}/cancel", Right::HandleOutbox, cancel)
        .post("/console/outbox/{id}/hold", Right::HandleOutbox, hold)
        .post("/console/outbox/{id}/release", Right::HandleOutbox, release)
}

#[derive(Default, Deserialize)]
struct Asked {
    state: Option<String>,
    done: Option<String>,
}

impl Asked {
    /// None where nobody has chosen: the first of which there is something then.
    fn state(&self) -> Option<MessageState> {
        TABS.into_iter().find(|state| self.state.as_deref() == Some(state.word()))
    }
}

async fn list(State(app): State<App>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Markup, Error> {
    let w = visitor.words;
    let region = region(&app, &visitor, asked.state()).await?;
    let body = html! {
        (head(&w.t("outbox-title"), &html! { p { (w.t("outbox-lead")) } }, &html! { a class="button secondary" href="/console/mail" { (w.t("mail-title")) } }))
        (region)
    };
    let page = Page {
        here: OUTBOX,
        title: w.t("outbox-title"),
        live: Some(format!("/console/outbox/live?state={}", asked.state().map(MessageState::word).unwrap_or_default())),
        done: asked.done.is_some().then(|| html! { (w.t("done-changed")) }),
        ..Page::default()
    };
    Ok(frame(&visitor, page, &body))
}

async fn live(State(app): State<App>, visitor: Visitor, Query(asked): Query<Asked>) -> Response {
    let state = asked.state();
    live_screen::region(app, visitor, move |app, visitor| async move { region(&app, &visitor, state).await })
}

async fn region(app: &App, visitor: &Visitor, chosen: Option<MessageState>) -> Result<Markup, Error> {
    let w = visitor.words;
    let standing = actions::outbox(app, &visitor.access()).await?;
    let rows = |state: MessageState| standing.iter().filter(|one| one.state == state).map(|one| one.rows).sum::<i64>();
    let first = || TABS.into_iter().find(|state| rows(*state) > 0).unwrap_or(TABS[0]);
    let state = chosen.unwrap_or_else(first);
    let wanted = Wanted { state: Some(state.word().to_owned()), limit: MOST, ..Wanted::default() };
    let messages = store::list(&mut app.db.read().await?, &visitor.access(), wanted).await?;
    let here = format!("{OUTBOX}?state={}", state.word());
    let addresses = TABS.map(|tab| format!("{OUTBOX}?state={}", tab.word()));
    let tab_list: Vec<(&str, String, Option<i64>)> = TABS
        .into_iter()
        .zip(&addresses)
        .map(|(tab, address)| (address.as_str(), w.code("state", tab.word()), Some(rows(tab)).filter(|rows| *rows > 0)))
        .collect();
    Ok(html! {
        section id="outbox" aria-label=(w.t("outbox-title")) {
            (tabs(w, &here, &tab_list))
            (why(w, &standing, state))
            @if messages.is_empty() { (empty(&w.t("outbox-empty"))) }
            @else { (table(visitor, &messages)) }
        }
    })
}

/// The reasons of this state, the most frequent first, each with how many.
fn why(w: Words, standing: &[Standing], state: MessageState) -> Markup {
    let mut why: Vec<&Standing> = standing.iter().filter(|one| one.state == state && one.reason.is_some()).collect();
    why.sort_by_key(|one| std::cmp::Reverse(one.rows));
    html! {
        @if !why.is_empty() {
            ul class="why" { @for one in why.iter().take(6) { li { span class="num" { (one.rows) } " × " (w.code("channel", one.channel.word())) ": " (w.code("reason", one.reason.as_deref().unwrap_or_default())) } } }
        }
    }
}

fn table(visitor: &Visitor, messages: &[Read]) -> Markup {
    let w = visitor.words;
    html! {
        table class="rows" {
            thead { tr { th scope="col" { (w.t("col-what")) } th scope="col" { (w.t("col-to")) } th scope="col" { (w.t("col-state")) } th scope="col" { (w.t("col-next")) } th scope="col" { (w.t("col-when")) } th scope="col" { span class="vh" { (w.t("col-action")) } } } }
            tbody { @for message in messages { (row(visitor, message)) } }
        }
    }
}

fn row(visitor: &Visitor, message: &Read) -> Markup {
    let w = visitor.words;
    html! {
        tr id={ "row-" (message.id) } {
            td { a href={ (OUTBOX) "/" (message.id) } { strong { (w.code("kind", &message.kind)) } } br; span class="muted small" { (w.code("channel", message.channel.word())) } }
            td class="num" { (to(visitor, message)) }
            td { (tag(&w.code("state", message.state.word()), tone(message.state))) @if let Some(reason) = &message.reason { br; span class="small" { (w.code("reason", reason)) } } }
            td class="small" { (next_step(w, message)) }
            td { (moment(visitor, message.not_before)) }
            td class="act" { @if visitor.may(Right::HandleOutbox) { (deeds(w, message)) } }
        }
    }
}

/// A customer's messages, the newest first: each with its text, where it stands, and why.
pub async fn panel(tx: &mut Tx, visitor: &Visitor, customer: Id<Customer>) -> Result<Markup, Error> {
    let w = visitor.words;
    let messages = store::latest_of(tx, &visitor.access(), customer, LATEST).await?;
    Ok(html! {
        section class="card" aria-labelledby="messages-title" {
            h2 id="messages-title" { (w.t("messages-title")) }
            @if messages.is_empty() { p class="muted" { (w.t("messages-empty")) } }
            ol class="bubbles" {
                @for message in &messages {
                    li {
                        p class="small" {
                            strong { (w.code("kind", &message.kind)) } " " span class="muted" { (w.code("channel", message.channel.word())) " · " (moment(visitor, message.accepted_at.unwrap_or(message.created_at))) } " "
                            (tag(&w.code("state", message.state.word()), tone(message.state))) " " (addressed_as(w, message.addressed_as, message.plate.as_deref()))
                        }
                        @if message.reason.is_some() && !matches!(message.state, MessageState::Accepted | MessageState::Delivered) { p class="small" { (w.code("reason", message.reason.as_deref().unwrap_or_default())) ". " (next_step(w, message)) } }
                        @match &message.title {
                            Some(title) => details { summary lang=(message.locale.code()) { (title) } p class="prose" lang=(message.locale.code()) { (message.text) } },
                            None => p class="prose" lang=(message.locale.code()) { (message.text) },
                        }
                    }
                }
            }
        }
    })
}

/// An address, no more of it than the reader may see.
fn to(visitor: &Visitor, message: &Read) -> String {
    if message.to.contains('@') || visitor.may(Right::Numbers) { message.to.clone() } else { masked(&message.to) }
}

/// The next step in the reader's language, where we have it.
fn next_step(w: Words, message: &Read) -> String {
    let reason = message.reason.as_deref().unwrap_or_default();
    let own = format!("next-{}-{}", message.state.word(), reason.replace('_', "-"));
    let of_state = format!("next-{}", message.state.word());
    if w.knows(&own) {
        w.t(&own)
    } else if w.knows(&of_state) {
        w.t(&of_state)
    } else {
        reasons::next_step(message.state, message.reason.as_deref()).to_owned()
    }
}

fn tone(state: MessageState) -> &'static str {
    match state {
        MessageState::Failed | MessageState::Dead | MessageState::Undelivered => "bad",
        MessageState::Held | MessageState::Unknown => "warn",
        MessageState::Accepted | MessageState::Delivered => "good",
        _ => "",
    }
}

fn deeds(w: Words, message: &Read) -> Markup {
    let possible: &[(&str, &str)] = match message.state {
        MessageState::Failed | MessageState::Dead => &[("retry", "outbox-retry")],
        MessageState::Held => &[("release", "outbox-release"), ("cancel", "outbox-cancel")],
        MessageState::Ready => &[("hold", "outbox-hold"), ("cancel", "outbox-cancel")],
        _ => &[],
    };
    html! {
        @for (deed, key) in possible {
            form method="post" action={ (OUTBOX) "/" (message.id) "/" (deed) } class="inline" { button class="secondary" { (w.t(key)) } }
        }
    }
}

async fn one(State(app): State<App>, visitor: Visitor, Path(id): Path<Id<Message>>) -> Result<Markup, Error> {
    let w = visitor.words;
    let mut tx = app.db.read().await?;
    let wanted = Wanted { id: Some(id.to_string()), limit: 1, ..Wanted::default() };
    let message = store::list(&mut tx, &visitor.access(), wanted).await?.pop().ok_or(Error::NotFound)?;
    let attempts = store::attempts(&mut tx, &[id]).await?;
    drop(tx);
    let body = html! {
        (head(&w.code("kind", &message.kind), &html! { p { (tag(&w.code("state", message.state.word()), tone(message.state))) " " @if let Some(reason) = &message.reason { (w.code("reason", reason)) } } }, &html! { @if visitor.may(Right::HandleOutbox) { (deeds(w, &message)) } }))
        p class="notice" { (next_step(w, &message)) }
        div class="two-columns" {
            (words_of(w, &message))
            section class="card" aria-label=(w.t("outbox-attempts")) {
                dl class="facts" {
                    dt { (w.t("col-to")) } dd class="num" { (to(&visitor, &message)) }
                    dt { (w.t("col-channel")) } dd { (w.code("channel", message.channel.word())) }
                    dt { (w.t("outbox-written")) } dd { (moment(&visitor, message.created_at)) }
                    dt { (w.t("outbox-not-before")) } dd { (moment(&visitor, message.not_before)) }
                    @if let Some(until) = message.useful_until { dt { (w.t("outbox-useful")) } dd { (moment(&visitor, until)) } }
                    @if let Some(at) = message.accepted_at { dt { (w.t("outbox-accepted")) } dd { (moment(&visitor, at)) } }
                    @if let Some(customer) = message.customer { dt { (w.t("col-customer")) } dd { a href={ "/console/customers/" (customer) } { (w.t("open")) } " " (addressed_as(w, message.addressed_as, message.plate.as_deref())) } }
                }
                h2 { (w.t("outbox-attempts")) }
                @if attempts.is_empty() { p class="muted" { (w.t("outbox-no-attempts")) } }
                ol class="plain" { @for attempt in &attempts { (attempted(&visitor, attempt)) } }
            }
        }
    };
    Ok(frame(&visitor, Page { here: OUTBOX, title: w.code("kind", &message.kind), ..Page::default() }, &body))
}

/// The text as the reader has it, in their language.
fn words_of(w: Words, message: &Read) -> Markup {
    html! {
        section class="card" aria-label=(w.t("outbox-text")) {
            @if let Some(title) = &message.title { p lang=(message.locale.code()) { strong { (title) } } }
            p class="prose" lang=(message.locale.code()) { (message.text) }
        }
    }
}

fn attempted(visitor: &Visitor, attempt: &ReadAttempt) -> Markup {
    let w = visitor.words;
    html! {
        li {
            (moment(visitor, attempt.started_at)) " " (w.code("attempt", attempt.outcome.as_deref().unwrap_or("awaited")))
            @if let Some(reason) = &attempt.reason { " · " (w.code("reason", reason)) }
            @if let Some(reply) = &attempt.reply { br; code { (attempt.code.as_deref().unwrap_or_default()) " " (reply) } }
        }
    }
}

async fn retry(State(app): State<App>, visitor: Visitor, Path(id): Path<Id<Message>>) -> Result<Redirect, Error> {
    by_hand(&app, &visitor, id, Deed::Retry).await
}
async fn cancel(State(app): State<App>, visitor: Visitor, Path(id): Path<Id<Message>>) -> Result<Redirect, Error> {
    by_hand(&app, &visitor, id, Deed::Cancel).await
}
async fn hold(State(app): State<App>, visitor: Visitor, Path(id): Path<Id<Message>>) -> Result<Redirect, Error> {
    by_hand(&app, &visitor, id, Deed::Hold).await
}
async fn release(State(app): State<App>, visitor: Visitor, Path(id): Path<Id<Message>>) -> Result<Redirect, Error> {
    by_hand(&app, &visitor, id, Deed::Release).await
}

async fn by_hand(app: &App, visitor: &Visitor, id: Id<Message>, deed: Deed) -> Result<Redirect, Error> {
    let wanted = Wanted { id: Some(id.to_string()), limit: 1, ..Wanted::default() };
    let found =
        store::list(&mut app.db.read().await?, &visitor.access(), wanted).await?.pop().ok_or(Error::NotFound)?;
    if !actions::by_hand(app, visitor.access(), id, deed, visitor.actor()).await? {
        return Err(Error::Conflict("not_possible", format!("a message in this state cannot be {}", deed.done())));
    }
    Ok(Redirect::to(&format!("{OUTBOX}?state={}&done=1", found.state.word())))
}
