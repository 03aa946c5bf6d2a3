//! One thread: what was said, by when it must be answered, and the place to answer.
use axum::{
    extract::{Path, State},
    response::Response,
};
use maud::{Markup, html};

use super::{
    super::{
        Author, EntryState, Inquiry, PromiseClock, Said,
        store::{self, Found},
    },
    Written, find,
    list::word,
    tone,
};
use crate::{
    app::App,
    console::{
        Page, Visitor, frame, live as live_screen,
        pieces::{countdown, head, moment, refusal, tag},
    },
    http::Error,
    id::Id,
    staff::Staff,
};

pub(super) async fn live(State(app): State<App>, visitor: Visitor, Path(id): Path<Id<Inquiry>>) -> Response {
    live_screen::region(app, visitor, move |app, visitor| async move {
        let mut tx = app.db.read().await?;
        let found = find(&mut tx, &visitor, id).await?;
        let ids = [found.inquiry.id.to_string()];
        let entries = store::entries(&mut tx, &ids).await?;
        let clocks = store::clocks(&mut tx, &ids).await?;
        Ok::<_, Error>(said_so_far(&visitor, &found, &entries, &clocks))
    })
}

pub(super) fn page(
    visitor: &Visitor,
    found: &Found,
    entries: &[Said],
    clocks: &[PromiseClock],
    staff: &[Staff],
    done: Option<&str>,
    written: &Written,
) -> Markup {
    let w = visitor.words;
    let inquiry = &found.inquiry;
    let who = found.customer_name.as_deref().or(inquiry.sender.as_deref()).unwrap_or(&inquiry.reference).to_owned();
    let body = html! {
        (head(&who, &lead(visitor, found), &html! {
            @if inquiry.owner_id != Some(visitor.staff().id) && !inquiry.state.is_set_aside() {
                form method="post" action={ "/console/inquiries/" (inquiry.id) "/take" } { button class="secondary" { (w.t("inquiry-take")) } }
            }
        }))
        div class="thread-work" {
            div { (said_so_far(visitor, found, entries, clocks)) @if !inquiry.state.is_set_aside() { (answer(visitor, found, entries, written)) } }
            (beside(visitor, found, staff))
        }
    };
    let done = done.map(|done| {
        html! {
            @match done {
                "sent" => (w.t("inquiry-done-sent")),
                "scheduled" => (w.t("inquiry-done-scheduled")),
                "phoned" => (w.t("inquiry-done-phoned")),
                "assigned" => (w.t("inquiry-done-assigned")),
                _ => (w.t("done")),
            }
        }
    });
    let page = Page {
        here: super::LIST,
        title: who,
        live: Some(format!("/console/inquiries/{}/live", inquiry.id)),
        done,
        keys: &[("Ctrl ↵", "key-send")],
    };
    frame(visitor, page, &body)
}

fn lead(visitor: &Visitor, found: &Found) -> Markup {
    let w = visitor.words;
    let inquiry = &found.inquiry;
    html! {
        p { span class="num" { (inquiry.reference) } " " (tag(&w.code("channel", &word(inquiry.channel)), "")) " "
            (tag(&w.code("state", inquiry.state.word()), tone(inquiry.state))) }
    }
}

/// The thread and its clocks: replaced while one looks at it, the answer beside it is not.
fn said_so_far(visitor: &Visitor, found: &Found, entries: &[Said], clocks: &[PromiseClock]) -> Markup {
    let w = visitor.words;
    let inquiry = &found.inquiry;
    let claimed = inquiry
        .claimed_by
        .as_ref()
        .zip(inquiry.claimed_until)
        .filter(|(by, until)| *until > visitor.now && **by != visitor.staff().reference);
    html! {
        section id="thread" aria-label=(w.t("thread")) {
            @for clock in clocks.iter().filter(|clock| clock.runs()) {
                p class="notice" { (w.t("inquiry-due")) " " (countdown(visitor, clock.due_at)) " " span class="muted" { (visitor.at(clock.due_at)) } }
            }
            @if let Some((by, _)) = claimed { p class="notice" { (w.ta("inquiry-claimed", &[("who", by.clone().into())])) } }
            ol class="thread" { @for entry in entries { (said(visitor, inquiry, entry)) } }
        }
    }
}

fn said(visitor: &Visitor, inquiry: &Inquiry, entry: &Said) -> Markup {
    let w = visitor.words;
    let side = if entry.author == Author::Customer { "theirs" } else { "ours" };
    let note = match entry.state {
        EntryState::Failed => Some(("bad", w.t("entry-failed"))),
        EntryState::Scheduled => Some(("warn", w.t("entry-scheduled"))),
        EntryState::Pending => Some(("", w.t("entry-pending"))),
        EntryState::Withdrawn => Some(("", w.t("entry-withdrawn"))),
        EntryState::Accepted if entry.author != Author::Customer => Some(("good", w.t("entry-accepted"))),
        EntryState::Accepted | EntryState::Received => None,
    };
    html! {
        li id={ "said-" (entry.id) } class={ "said " (side) } {
            p class="muted small" { (w.code("author", &word(entry.author))) " · " (moment(visitor, entry.at)) @if let Some((tone, text)) = &note { " " (tag(text, tone)) } @if let Some(at) = entry.not_before { " " (moment(visitor, at)) } }
            @if let Some(topic) = &entry.topic { p { strong { (topic) } } }
            p class="prose" lang=[inquiry.language.as_deref().filter(|_| side == "theirs")] { (entry.body) }
        }
    }
}

fn answer(visitor: &Visitor, found: &Found, entries: &[Said], written: &Written) -> Markup {
    let w = visitor.words;
    let inquiry = &found.inquiry;
    let newest = entries.last();
    let draft = if written.text.is_empty() { inquiry.draft.clone().unwrap_or_default() } else { written.text.clone() };
    html! {
        form class="card reply" method="post" action={ "/console/inquiries/" (inquiry.id) "/reply" } data-guard data-claim={ "/console/inquiries/" (inquiry.id) "/claim" } {
            (refusal(written.wrong.as_deref()))
            @if let Some(newest) = newest {
                input type="hidden" name="seen" value=(newest.id);
                input type="hidden" name="key" value={ "console-" (newest.id) "-" (visitor.staff().id) "-" (visitor.now.since(newest.at).as_secs()) };
            }
            label { (w.t("reply-text")) textarea name="text" rows="7" required { (draft) } }
            div class="actions" {
                button class="primary" data-key="mod+Enter" { (w.t("reply-send")) " " kbd { "Ctrl ↵" } }
                button class="secondary" name="how" value="phone" { (w.t("reply-phoned")) }
                details class="later" { summary { (w.t("reply-later")) } label { (w.t("reply-later-at")) input type="datetime-local" name="send_at"; } }
            }
            p class="muted small" { (w.t("reply-lead")) }
        }
    }
}

fn beside(visitor: &Visitor, found: &Found, staff: &[Staff]) -> Markup {
    let w = visitor.words;
    let inquiry = &found.inquiry;
    let people = staff.iter().filter(|person| {
        person.active
            && person.roles.iter().any(|role| matches!(role.as_str(), "advisor" | "supervisor" | "service_manager"))
    });
    html! {
        aside class="side" {
            section class="card" aria-label=(w.t("col-customer")) {
                dl class="facts" {
                    dt { (w.t("col-customer")) } dd {
                        @match inquiry.customer_id { Some(id) => a href={ "/console/customers/" (id) } { (found.customer_name.as_deref().unwrap_or_default()) }, None => (w.t("inquiry-stranger")) }
                    }
                    @if let Some(sender) = &inquiry.sender { dt { (w.t("inquiry-sender")) } dd { (sender) } }
                    @if let Some(plate) = found.plate.as_ref().or(found.vin.as_ref()) { dt { (w.t("col-vehicle")) } dd class="num" { (plate) } }
                    @if !inquiry.preferred_times.is_empty() { dt { (w.t("inquiry-times")) } dd { (inquiry.preferred_times.join(w.0.choose("、", ", ", "、"))) } }
                    dt { (w.t("inquiry-received")) } dd { (moment(visitor, inquiry.received_at)) }
                    dt { (w.t("inquiry-owner-title")) } dd { @match &found.owner_name { Some(owner) => (owner), None => (w.t("inquiry-no-owner")) } }
                }
            }
            section class="card" aria-label=(w.t("inquiry-hand")) {
                form method="post" action={ "/console/inquiries/" (inquiry.id) "/assign" } {
                    label { (w.t("inquiry-hand")) select name="to" { @for person in people { option value=(person.reference) selected[Some(person.id) == inquiry.owner_id] { (person.name.as_deref().unwrap_or(&person.reference)) } } } }
                    button class="secondary" { (w.t("save")) }
                }
                details {
                    summary { (w.t("inquiry-end")) }
                    form method="post" action={ "/console/inquiries/" (inquiry.id) "/close" } {
                        label { (w.t("reason")) input name="reason" required maxlength="200"; }
                        button class="secondary" { (w.t("inquiry-close")) }
                        button class="secondary" formaction={ "/console/inquiries/" (inquiry.id) "/spam" } { (w.t("inquiry-spam")) }
                    }
                }
            }
        }
    }
}
