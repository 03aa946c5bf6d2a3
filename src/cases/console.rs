//! Cases: customers who are not happy, who does what about it by when, and the words they used.
use std::sync::Arc;

use axum::{
    extract::{Path, Query, State},
    response::Redirect,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Case, Cause, Severity, State as CaseState,
    actions::{self, Deed},
    store::{self, Note, OnBoard, Read, Wanted},
};
use crate::{
    app::App,
    assists::{self, Thing},
    clock::Timestamp,
    console::{
        Page, Right, Visitor, frame,
        pages::Pages,
        pieces::{countdown, empty, head, moment, tabs, tag},
    },
    customers::Customer,
    db::{Tx, Weight},
    desk,
    http::{Error, public::Form},
    id::Id,
    rights,
    staff::{self, Staff},
};

const BOARD: &str = "/console/cases";
const MOST: i64 = 200;

pub fn pages() -> Pages {
    Pages::new().get(BOARD, Right::Cases, board).get("/console/cases/{id}", Right::Cases, one).post(
        "/console/cases/{id}/{deed}",
        Right::HandleCases,
        perform,
    )
}

#[derive(Default, Deserialize)]
struct Asked {
    tab: Option<String>,
    done: Option<String>,
}

async fn board(State(app): State<App>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Markup, Error> {
    let w = visitor.words;
    let found = store::board(&mut app.db.read().await?, visitor.dealership.id, MOST).await?;
    let (open, settled): (Vec<&OnBoard>, Vec<&OnBoard>) = found.iter().partition(|one| one.case.state.is_open());
    let to_verify = asked.tab.as_deref() == Some("verify");
    let number = |n: usize| i64::try_from(n).ok();
    let tab_list = [
        ("/console/cases?tab=open", w.t("cases-tab-open"), number(open.len())),
        ("/console/cases?tab=verify", w.t("cases-tab-verify"), number(settled.len())),
    ];
    let shown = if to_verify { settled } else { open };
    let body = html! {
        (head(&w.t("cases-title"), &html! { p { (w.t("cases-lead")) } }, &html! {}))
        (tabs(w, if to_verify { "/console/cases?tab=verify" } else { "/console/cases?tab=open" }, &tab_list))
        @if shown.is_empty() { (empty(&w.t("cases-empty"))) }
        @else {
            table class="rows" {
                thead { tr { th scope="col" { (w.t("cases-next")) } th scope="col" { (w.t("col-customer")) } th scope="col" { (w.t("cases-words")) } th scope="col" { (w.t("col-state")) } th scope="col" { (w.t("cases-owner")) } } }
                tbody { @for one in shown { (row(&visitor, one)) } }
            }
        }
    };
    Ok(frame(&visitor, Page { here: BOARD, title: w.t("cases-title"), ..Page::default() }, &body))
}

/// What must happen next, and by when.
fn next(case: &Case) -> (&'static str, Option<Timestamp>) {
    match case.state {
        CaseState::Raised | CaseState::Reopened => ("case-acknowledge-by", Some(case.acknowledge_by)),
        CaseState::Acknowledged => ("case-contact-by", Some(case.contact_by)),
        CaseState::Contacted => ("case-resolve-by", Some(case.resolve_by)),
        CaseState::Resolved => ("case-verify-by", case.verify_by),
        CaseState::Verified => ("case-verified", None),
    }
}

fn tone(state: CaseState) -> &'static str {
    match state {
        CaseState::Raised | CaseState::Reopened => "bad",
        CaseState::Acknowledged | CaseState::Contacted => "warn",
        CaseState::Resolved | CaseState::Verified => "good",
    }
}

fn row(visitor: &Visitor, one: &OnBoard) -> Markup {
    let w = visitor.words;
    let case = &one.case;
    let (key, by) = next(case);
    html! {
        tr id={ "row-" (case.id) } {
            td { span class="small muted" { (w.t(key)) } br; @if let Some(by) = by { (countdown(visitor, by)) } }
            td { a href={ (BOARD) "/" (case.id) } { strong { (one.customer.as_deref().unwrap_or(&case.reference)) } } br; span class="muted small num" { (case.reference) @if let Some(visit) = &case.repair_order { " · " (visit) } } }
            td { @if let Some(score) = case.score { (tag(&w.ta("score-of-five", &[("score", score.into())]), "bad")) " " } (case.words.as_deref().map_or_else(|| w.code("case-reason", &case.reason), |said| said.chars().take(90).collect())) }
            td { (tag(&w.code("state", case.state.word()), tone(case.state))) @if case.escalation > 0 { " " (tag(&w.t("case-escalated"), "bad")) } }
            td { (one.owner.as_deref().unwrap_or("—")) @if let Some(advisor) = &one.advisor { br; span class="muted small" { (w.ta("by-advisor", &[("who", advisor.clone().into())])) } } }
        }
    }
}

async fn one(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<Id<Case>>,
    Query(asked): Query<Asked>,
) -> Result<Markup, Error> {
    let w = visitor.words;
    let mut tx = app.db.read().await?;
    let wanted = Wanted { id: Some(id.to_string()), limit: 2, ..Wanted::default() };
    let read = Error::unless_one(store::list(&mut tx, &visitor.access(), wanted).await?)?;
    let notes = store::notes(&mut tx, read.case.id).await?;
    let staff = staff::actions::all_of(&mut tx, visitor.dealership.id).await?;
    drop(tx);
    let case = &read.case;
    let (key, by) = next(case);
    let body = html! {
        (head(&w.ta("case-title", &[("name", case.reference.clone().into())]), &html! { p { (tag(&w.code("state", case.state.word()), tone(case.state))) " " (w.t(key)) " " @if let Some(by) = by { (countdown(&visitor, by)) } } }, &html! {}))
        div class="two-columns" {
            div { (facts(&visitor, &read, &staff)) (history(&visitor, &notes, &staff)) }
            @if visitor.may(Right::HandleCases) { (deeds(&visitor, case, &staff)) }
        }
    };
    let done = asked.done.is_some().then(|| html! { (w.t("done-changed")) });
    Ok(frame(
        &visitor,
        Page {
            here: BOARD,
            title: w.ta("case-title", &[("name", case.reference.clone().into())]),
            done,
            ..Page::default()
        },
        &body,
    ))
}

fn facts(visitor: &Visitor, read: &Read, staff: &[Staff]) -> Markup {
    let w = visitor.words;
    let case = &read.case;
    let name = |id: Option<Id<Staff>>| {
        id.and_then(|id| staff.iter().find(|person| person.id == id)).and_then(|person| person.name.clone())
    };
    html! {
        section class="card" aria-label=(w.t("cases-words")) {
            @if let Some(said) = &case.words { blockquote class="prose" { (said) } }
            dl class="facts" {
                dt { (w.t("case-why")) } dd { (w.code("case-reason", &case.reason)) @if let Some(score) = case.score { " · " (w.ta("score-of-five", &[("score", score.into())])) } @if case.severity == Severity::Soft { " · " (w.t("case-soft")) } }
                @if let Some(customer) = case.customer_id { dt { (w.t("col-customer")) } dd { a href={ "/console/customers/" (customer) } { (w.t("open")) } } }
                @if let Some(visit) = &case.repair_order { dt { (w.t("case-visit")) } dd class="num" { (visit) } }
                @if let Some(advisor) = name(case.advisor_id) { dt { (w.t("case-advisor")) } dd { (advisor) } }
                dt { (w.t("cases-owner")) } dd { (name(case.owner_id).unwrap_or_else(|| "—".to_owned())) }
                dt { (w.t("case-raised")) } dd { (moment(visitor, case.raised_at)) }
                dt { (w.t("case-resolve-by")) } dd { (moment(visitor, case.resolve_by)) }
                @if let Some(cause) = case.root_cause { dt { (w.t("case-cause")) } dd { (w.code("cause", cause.word())) } }
                @if let Some(resolution) = &case.resolution { dt { (w.t("case-resolution")) } dd class="prose" { (resolution) } }
            }
            p { (assists::console::link(visitor, Thing::Case, &case.id.to_string())) }
        }
    }
}

fn history(visitor: &Visitor, notes: &[Note], staff: &[Staff]) -> Markup {
    let w = visitor.words;
    let who = |actor: &str| {
        let found = staff.iter().find(|person| actor.ends_with(&person.id.to_string()));
        found.and_then(|person| person.name.clone()).unwrap_or_default()
    };
    html! {
        section class="card" aria-labelledby="history-title" {
            h2 id="history-title" { (w.t("case-history")) }
            @if notes.is_empty() { p class="muted" { "—" } }
            ol class="plain" { @for note in notes { li { (moment(visitor, note.at)) " " strong { (w.code("case-did", &note.what)) } " " span class="muted" { (who(&note.actor)) } @if let Some(text) = &note.note { br; span class="prose" { (text) } } } } }
        }
    }
}

/// The one next step as the main control, the others behind it.
fn deeds(visitor: &Visitor, case: &Case, staff: &[Staff]) -> Markup {
    let w = visitor.words;
    let action = |deed: &str| format!("{BOARD}/{}/{deed}", case.id);
    let note = html! { label { (w.t("case-note")) textarea name="note" rows="2" maxlength="2000" {} } };
    html! {
        section class="card" aria-label=(w.t("case-deeds")) {
            @match case.state {
                CaseState::Raised | CaseState::Reopened => form method="post" action=(action("acknowledge")) { button class="primary" { (w.t("case-acknowledge")) } },
                CaseState::Acknowledged => form method="post" action=(action("contact")) data-guard data-keep { (note) button class="primary" { (w.t("case-contact")) } },
                CaseState::Contacted => (resolve(visitor, &action("resolve"))),
                CaseState::Resolved => {
                    form method="post" action=(action("verify")) data-guard data-keep { (note) p class="muted small" { (w.t("case-verify-lead")) } button class="primary" { (w.t("case-verify")) } }
                    form method="post" action=(action("reopen")) { button class="secondary" { (w.t("case-reopen")) } }
                }
                CaseState::Verified => p { (w.t("case-verified")) },
            }
            @if case.state != CaseState::Contacted && case.state.is_open() { details { summary { (w.t("case-resolve")) } (resolve(visitor, &action("resolve"))) } }
            details { summary { (w.t("case-assign")) }
                form method="post" action=(action("assign")) {
                    label { (w.t("cases-owner")) select name="to" { @for person in staff.iter().filter(|person| person.active && person.roles.iter().any(|role| matches!(role.as_str(), "service_manager" | "supervisor" | "advisor"))) { option value=(person.reference) selected[Some(person.id) == case.owner_id] { (person.name.as_deref().unwrap_or(&person.reference)) } } } }
                    button class="secondary" { (w.t("save")) }
                }
            }
            details { summary { (w.t("case-add-note")) } form method="post" action=(action("note")) data-guard data-keep { (note) button class="secondary" { (w.t("save")) } } }
        }
    }
}

fn resolve(visitor: &Visitor, action: &str) -> Markup {
    let w = visitor.words;
    html! {
        form method="post" action=(action) data-guard data-keep {
            label { (w.t("case-cause")) select name="cause" required { option value="" { "—" } @for cause in Cause::ALL { option value=(cause.word()) { (w.code("cause", cause.word())) } } } }
            label { (w.t("case-resolution")) textarea name="resolution" rows="3" maxlength="2000" required {} }
            label { (w.t("case-compensation")) input name="compensation" maxlength="200"; }
            button class="primary" { (w.t("case-resolve")) }
        }
    }
}

async fn perform(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, deed)): Path<(Id<Case>, String)>,
    form: Form,
) -> Result<Redirect, Error> {
    let note = form.get("note").map(str::to_owned);
    let me = visitor.staff().reference.clone();
    let deed = match deed.as_str() {
        "acknowledge" => Deed::Acknowledge,
        "contact" => Deed::Contact { note },
        "resolve" => Deed::Resolve {
            cause: form.get("cause").and_then(|cause| cause.parse().ok()),
            resolution: form.get("resolution").unwrap_or_default().to_owned(),
            compensation: form.get("compensation").map(str::to_owned),
            by: Some(me),
        },
        "verify" => Deed::Verify { by: me, note },
        "reopen" => Deed::Reopen { note },
        "assign" => Deed::Assign { to: form.get("to").unwrap_or_default().to_owned() },
        "note" => {
            let text = note.ok_or_else(|| Error::invalid("/note", "reason_required", "is required"))?;
            Deed::Note { text }
        }
        _ => return Err(Error::NotFound),
    };
    let told = Arc::new((visitor.access(), visitor.actor(), deed));
    desk::at(&app, Weight::ONE, move |desk| {
        let told = Arc::clone(&told);
        Box::pin(async move {
            let (access, actor, deed) = &*told;
            rights::actions::hold_off(desk.tx).await?;
            actions::perform(desk, access, &id.to_string(), deed, actor).await
        })
    })
    .await?;
    Ok(Redirect::to(&format!("{BOARD}/{id}?done=1")))
}

/// A customer's cases that are not settled: whoever speaks with them knows it first.
pub async fn panel(tx: &mut Tx, visitor: &Visitor, customer: Id<Customer>) -> Result<Markup, Error> {
    let w = visitor.words;
    let wanted =
        Wanted { customer: Some(customer.to_string()), state: Some("open".to_owned()), limit: 10, ..Wanted::default() };
    let open = store::list(tx, &visitor.access(), wanted).await?;
    Ok(html! {
        @for read in &open {
            p class="notice bad" {
                (w.t("case-open")) " " @if visitor.may(Right::Cases) { a href={ (BOARD) "/" (read.case.id) } { (read.case.reference) } } @else { (read.case.reference) }
                " · " (w.code("state", read.case.state.word())) @if let Some(said) = &read.case.words { " · " (said.chars().take(120).collect::<String>()) }
            }
        }
    })
}
