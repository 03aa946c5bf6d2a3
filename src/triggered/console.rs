//! Have something said to a customer: pick what, see it in their language, see when it goes or why it waits, then send it.
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    Asked, LONGEST_NOTE, MAY_OVERRIDE,
    actions::{self, Once},
};
use crate::{
    app::App,
    appointments,
    console::{
        Page, Right, Visitor, frame,
        pages::Pages,
        pieces::{head, moment, refusal},
    },
    customers::{self, Customer},
    http::{Error, public::Form},
    id::Id,
    notices::{Audience, Class, SubjectKind, now::Foreseen, playbook::Kind},
};

/// Where a message is written.
pub const SEND: &str = "/console/send";

pub fn pages() -> Pages {
    Pages::new().get(SEND, Right::Messages, write).post(SEND, Right::Messages, send)
}

#[derive(Clone, Default, Deserialize)]
struct Wanted {
    customer: String,
    kind: Option<String>,
    /// `appointment:A-1001`, or `customer:` and their id.
    subject: Option<String>,
    note: Option<String>,
    channel: Option<String>,
}

impl Wanted {
    fn text(value: Option<&str>) -> Option<&str> {
        value.map(str::trim).filter(|text| !text.is_empty())
    }

    /// As `POST /v1/messages` takes it; none before a kind is chosen.
    fn body(&self, visitor: &Visitor, override_reason: Option<&str>) -> Option<Value> {
        let kind = Self::text(self.kind.as_deref())?;
        let (subject, reference) = Self::text(self.subject.as_deref())?.split_once(':')?;
        let mut body = json!({
            "kind": kind, "customer": self.customer, "dealership": visitor.dealership.code, "by": visitor.staff().reference,
            "subject": { "type": subject, "ref": reference },
        });
        if let Some(note) = Self::text(self.note.as_deref()) {
            body["note"] = json!(note);
        }
        if let Some(channel) = Self::text(self.channel.as_deref()) {
            body["channel"] = json!(channel);
        }
        if let Some(reason) = override_reason {
            body["override"] = json!({ "reason": reason });
        }
        Some(body)
    }
}

async fn write(State(app): State<App>, visitor: Visitor, Query(wanted): Query<Wanted>) -> Result<Markup, Error> {
    page(&app, &visitor, &wanted, None).await
}

/// Kinds that a person may ask for: to the customer, about them or a visit of theirs.
fn kinds(app: &App) -> Vec<&Kind> {
    let may = |kind: &&Kind| {
        kind.audience == Audience::Customer && matches!(kind.subject, SubjectKind::Appointment | SubjectKind::Customer)
    };
    app.playbook.kinds().filter(may).collect()
}

async fn page(app: &App, visitor: &Visitor, wanted: &Wanted, wrong: Option<&str>) -> Result<Markup, Error> {
    let w = visitor.words;
    let mut tx = app.db.read().await?;
    let customer = customers::actions::one(&mut tx, &visitor.access(), &wanted.customer, None).await?;
    let visits = appointments::actions::of_customer(&mut tx, customer.id).await?;
    drop(tx);
    let chosen = Wanted::text(wanted.kind.as_deref()).and_then(|kind| app.playbook.kind(kind));
    let foreseen = match wanted.body(visitor, None) {
        None => None,
        Some(body) => Some(match Asked::parse(body) {
            Err(faults) => Err(Error::Invalid(faults)),
            Ok(asked) => actions::preview(app, &visitor.caller(), asked).await,
        }),
    };
    let name = customer.name.clone().unwrap_or_else(|| customer.reference.clone());
    let body = html! {
        (head(&w.ta("send-title", &[("name", name.clone().into())]), &html! { p { (w.t("send-lead")) } }, &html! { a class="button secondary" href={ "/console/customers/" (customer.id) } { (w.t("back")) } }))
        (refusal(wrong))
        div class="two-columns" {
            form method="get" action=(SEND) class="card" {
                input type="hidden" name="customer" value=(customer.id);
                label { (w.t("send-kind")) select name="kind" required {
                    option value="" { "—" }
                    @for kind in kinds(app) { option value=(kind.name) selected[Some(kind.name.as_str()) == wanted.kind.as_deref()] { (w.code("kind", &kind.name)) } }
                } }
                label { (w.t("send-about")) select name="subject" required {
                    @for visit in &visits {
                        @let value = format!("appointment:{}", visit.reference);
                        option value=(value) selected[Some(value.as_str()) == wanted.subject.as_deref()] { (visit.start_at.map(|at| visitor.at(at)).unwrap_or_default()) " · " (w.code("state", &visit.state)) " · " (visit.reference) }
                    }
                    @let value = format!("customer:{}", customer.id);
                    option value=(value) selected[Some(value.as_str()) == wanted.subject.as_deref()] { (w.t("send-about-customer")) }
                } }
                @if chosen.is_none_or(|kind| kind.class == Class::Transactional) && visitor.dealership.region != "CN" {
                    label { (w.t("send-note")) input name="note" maxlength=(LONGEST_NOTE) value=(wanted.note.as_deref().unwrap_or_default()); }
                } @else { p class="muted small" { (w.t("send-no-note")) } }
                label { (w.t("send-channel")) select name="channel" {
                    option value="" { (w.t("send-any-channel")) }
                    @for channel in ["email", "sms", "wechat"] { option value=(channel) selected[Some(channel) == wanted.channel.as_deref()] { (w.code("channel", channel)) } }
                } }
                button class="secondary" { (w.t("send-preview")) }
            }
            section class="card" aria-live="polite" aria-label=(w.t("send-preview")) {
                @match &foreseen {
                    None => p class="muted" { (w.t("send-choose")) },
                    Some(Err(error)) => (why_not(visitor, error)),
                    Some(Ok(foreseen)) => (preview(visitor, wanted, &customer, foreseen)),
                }
            }
        }
    };
    Ok(frame(
        visitor,
        Page {
            here: "/console/customers",
            title: w.ta("send-title", &[("name", name.into())]),
            keys: &[("Ctrl ↵", "key-send")],
            ..Page::default()
        },
        &body,
    ))
}

fn why_not(visitor: &Visitor, error: &Error) -> Markup {
    let w = visitor.words;
    let said: Vec<String> = match error {
        Error::Invalid(faults) => faults
            .iter()
            .map(|fault| {
                if w.knows(&format!("problem-{}", fault.code.replace('_', "-"))) {
                    w.code("problem", fault.code)
                } else {
                    fault.message.clone()
                }
            })
            .collect(),
        other => vec![other.to_string()],
    };
    html! { h2 { (w.t("send-not-possible")) } @for line in said { p class="bad" { (line) } } }
}

/// What will happen, and when, before anything does.
fn preview(visitor: &Visitor, wanted: &Wanted, customer: &Customer, foreseen: &Foreseen) -> Markup {
    let w = visitor.words;
    let waits = foreseen.state == "waiting";
    let never = matches!(foreseen.state, "skipped" | "failed" | "expired");
    html! {
        h2 { (w.t("send-what-happens")) }
        p class={ "notice" @if never { " bad" } } {
            @if never { (w.t("send-never")) } @else if waits || foreseen.state == "held" { (w.t("send-waits")) } @else { (w.t("send-now")) }
            @if let Some(at) = foreseen.not_before.filter(|_| waits) { " " (moment(visitor, at)) }
            @if let Some(reason) = &foreseen.reason { " · " (w.code("reason", reason)) }
        }
        @for message in &foreseen.messages {
            article class="bubble" {
                p class="small muted" { (w.code("channel", message.channel.word())) " → " span class="num" { (message.to) } @if let Some(parts) = message.parts { " · " (w.ta("sms-parts", &[("n", i64::try_from(parts).unwrap_or(0).into())])) } }
                @if let Some(subject) = &message.subject { p lang=(message.locale.code()) { strong { (subject) } } }
                p class="prose" lang=(message.locale.code()) { (message.text) }
            }
        }
        @for passed in &foreseen.passed { p class="small muted" { (w.code("channel", passed.channel.word())) ": " (w.code("reason", &passed.reason)) } }
        @if !never {
            form method="post" action=(SEND) data-guard {
                input type="hidden" name="key" value=(foreseen.notice);
                input type="hidden" name="customer" value=(customer.id);
                @for (name, value) in [("kind", &wanted.kind), ("subject", &wanted.subject), ("note", &wanted.note), ("channel", &wanted.channel)] {
                    @if let Some(value) = value { input type="hidden" name=(name) value=(value); }
                }
                @if waits && visitor.staff().roles.iter().any(|role| role == MAY_OVERRIDE) {
                    label { (w.t("send-override")) input name="override" maxlength="200"; }
                }
                button class="primary" data-key="mod+Enter" { (w.t("send-send")) " " kbd { "Ctrl ↵" } }
            }
        }
    }
}

async fn send(State(app): State<App>, visitor: Visitor, form: Form) -> Result<Response, Error> {
    let text = |name: &str| form.get(name).map(str::to_owned);
    let wanted = Wanted {
        customer: text("customer").ok_or(Error::NotFound)?,
        kind: text("kind"),
        subject: text("subject"),
        note: text("note"),
        channel: text("channel"),
    };
    let customer: Id<Customer> = wanted.customer.parse().map_err(|_| Error::NotFound)?;
    let body = wanted
        .body(&visitor, form.get("override"))
        .ok_or_else(|| Error::invalid("/kind", "required", "choose what to send"))?;
    let once = Once {
        idempotency_key: text("key").ok_or(Error::NotFound)?,
        body_hash: crate::id::hex(&Sha256::digest(body.to_string())),
    };
    let asked = Asked::parse(body).map_err(Error::Invalid)?;
    match actions::say(&app, &visitor.caller(), asked, once).await {
        Ok(_) => Ok(Redirect::to(&format!("/console/customers/{customer}?done=sent")).into_response()),
        Err(error @ (Error::Conflict(..) | Error::Invalid(_))) => {
            let said = match &error {
                Error::Conflict(code, words)
                    if !visitor.words.knows(&format!("problem-{}", code.replace('_', "-"))) =>
                {
                    words.clone()
                }
                Error::Conflict(code, _) => visitor.words.code("problem", code),
                Error::Invalid(faults) => {
                    faults.iter().map(|fault| fault.message.clone()).collect::<Vec<_>>().join(" ")
                }
                other => other.to_string(),
            };
            let mut response = page(&app, &visitor, &wanted, Some(&said)).await?.into_response();
            *response.status_mut() = error.status();
            Ok(response)
        }
        Err(error) => Err(error),
    }
}
