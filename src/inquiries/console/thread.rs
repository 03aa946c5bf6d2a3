//! One thread: what was said, by when it must be answered, and the place to answer.
use axum::{
    extract::{Path, State},
    response::Response,
};
use maud::{Markup, html};

use super::{
    super::{Author, EntryState, Inquiry, Said, escalation::falls_due_before_we_are_back, store::Found},
    Looked, Written,
    list::word,
    menu, tone,
};
use crate::{
    app::App,
    assists::{self, Thing},
    clock::Timestamp,
    console::{
        Page, Visitor, frame, live as live_screen,
        pieces::{countdown, head, moment, refusal, tag},
    },
    files::{self, File},
    http::Error,
    id::Id,
    staff::Staff,
};

pub(super) async fn live(State(app): State<App>, visitor: Visitor, Path(id): Path<Id<Inquiry>>) -> Response {
    live_screen::region(app, visitor, move |app, visitor| async move {
        Ok::<_, Error>(said_so_far(&visitor, &Looked::at(&app, &visitor, id).await?))
    })
}

pub(super) fn page(visitor: &Visitor, looked: &Looked, done: Option<&str>, written: &Written) -> Markup {
    let w = visitor.words;
    let found = &looked.found;
    let inquiry = &found.inquiry;
    let who = found.customer_name.as_deref().or(inquiry.sender.as_deref()).unwrap_or(&inquiry.reference).to_owned();
    let body = html! {
        (head(&who, &lead(visitor, found), &html! {
            @if inquiry.owner_id != Some(visitor.staff().id) && !inquiry.state.is_set_aside() {
                form method="post" action={ "/console/inquiries/" (inquiry.id) "/take" } { button class="secondary" { (w.t("inquiry-take")) } }
            }
        }))
        div class="thread-work" {
            div { (said_so_far(visitor, looked)) @if !inquiry.state.is_set_aside() { (answer(visitor, looked, written)) } }
            (beside(visitor, found, &looked.staff))
        }
    };
    let done = done.map(|done| {
        html! {
            @match done {
                "sent" => (w.t("inquiry-done-sent")),
                "scheduled" => (w.t("inquiry-done-scheduled")),
                "phoned" => (w.t("inquiry-done-phoned")),
                "assigned" => (w.t("inquiry-done-assigned")),
                "merged" => (w.t("inquiry-done-merged")),
                "split" => (w.t("inquiry-done-split")),
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

/// When the doors close before an answer that falls due while they are closed, or hardly open again (BR-04).
fn closing_before(visitor: &Visitor, due: Timestamp) -> Option<String> {
    let shop = visitor.dealership.shop();
    let now = visitor.now;
    let is_for_today = shop.is_open_at(now) && falls_due_before_we_are_back(due, now, &shop);
    let closing = shop.next_day_end(now).filter(|closing| is_for_today && *closing < due)?;
    Some(closing.in_zone(visitor.zone()).strftime("%H:%M").to_string())
}

/// The thread and its clocks: replaced while one looks at it, the answer beside it is not.
fn said_so_far(visitor: &Visitor, looked: &Looked) -> Markup {
    let w = visitor.words;
    let inquiry = &looked.found.inquiry;
    let first = looked.entries.iter().position(|entry| entry.author == Author::Customer);
    let claimed = inquiry
        .claimed_by
        .as_ref()
        .zip(inquiry.claimed_until)
        .filter(|(by, until)| *until > visitor.now && **by != visitor.staff().reference);
    html! {
        section id="thread" aria-label=(w.t("thread")) {
            @for clock in looked.clocks.iter().filter(|clock| clock.runs()) {
                p class="notice" {
                    (w.t("inquiry-due")) " " (countdown(visitor, clock.due_at)) " " span class="muted" { (visitor.at(clock.due_at)) }
                    @if let Some(closing) = closing_before(visitor, clock.due_at) { " " strong { (w.ta("inquiry-closed-then", &[("n", closing.into())])) } }
                }
            }
            @if let Some((by, _)) = claimed { p class="notice" { (w.ta("inquiry-claimed", &[("who", by.clone().into())])) } }
            ol class="thread" {
                @for (n, entry) in looked.entries.iter().enumerate() {
                    (said(visitor, inquiry, entry, &looked.files, entry.author == Author::Customer && first != Some(n)))
                }
            }
        }
    }
}

fn said(visitor: &Visitor, inquiry: &Inquiry, entry: &Said, files: &[File], may_split: bool) -> Markup {
    let w = visitor.words;
    let owner = entry.id.to_string();
    let may_split = may_split && !inquiry.state.is_set_aside();
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
            @if entry.body.is_empty() && entry.topic.is_none() {
                // What an acknowledgement says stands among the messages, in the words of its text.
                @if entry.author != Author::System { p class="muted" { (w.t("thread-words-gone")) } }
            }
            @else { p class="prose" lang=[inquiry.language.as_deref().filter(|_| side == "theirs")] { (entry.body) } }
            @for file in files.iter().filter(|file| file.owner_id == owner) {
                p class="small" { a href={ (super::LIST) "/" (inquiry.id) "/files/" (file.id) } download { (file.name) } " " span class="muted" { (kilobytes(file.size)) " kB" } }
            }
            @if may_split {
                form method="post" action={ (super::LIST) "/" (inquiry.id) "/split" } class="inline" { input type="hidden" name="entry" value=(entry.id); button class="quiet small" { (w.t("inquiry-split")) } }
            }
        }
    }
}

fn kilobytes(size: i64) -> i64 {
    (size + 1023) / 1024
}

fn answer(visitor: &Visitor, looked: &Looked, written: &Written) -> Markup {
    let w = visitor.words;
    let inquiry = &looked.found.inquiry;
    let newest = looked.entries.last();
    let draft = if written.text.is_empty() { inquiry.draft.clone().unwrap_or_default() } else { written.text.clone() };
    html! {
        form id="reply" class="card reply" method="post" enctype="multipart/form-data" action={ "/console/inquiries/" (inquiry.id) "/reply" } data-guard data-keep data-claim={ "/console/inquiries/" (inquiry.id) "/claim" } {
            (refusal(written.wrong.as_deref()))
            @if let Some(newest) = newest {
                input type="hidden" name="seen" value=(newest.id);
                input type="hidden" name="key" value={ "console-" (newest.id) "-" (visitor.staff().id) "-" (visitor.now.since(newest.at).as_secs()) };
            }
            (menu::shown(visitor, inquiry.id, &looked.menu))
            label { (w.t("reply-text")) textarea name="text" rows="7" required { (draft) } }
            label { (w.t("reply-files")) input type="file" name="files" multiple accept=".pdf,.jpg,.jpeg,.png,.webp,.heic,.txt,.csv,.docx,.xlsx"; }
            p class="muted small" { (w.ta("reply-files-lead", &[("n", files::MOST.into()), ("m", (files::LARGEST / 1024 / 1024).into())])) }
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
                p { (assists::console::link(visitor, Thing::Inquiry, &inquiry.id.to_string())) }
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
                    form method="post" action={ "/console/inquiries/" (inquiry.id) "/merge" } {
                        label { (w.t("inquiry-merge-into")) input name="into" required maxlength="60" placeholder="Q-"; }
                        label { (w.t("reason")) input name="reason" required maxlength="200"; }
                        button class="secondary" { (w.t("inquiry-merge")) }
                    }
                }
            }
        }
    }
}
