//! The form of a booking, with the customer's history beside it.
use maud::{Markup, html};

use super::{BOOK, Fields, Known, Note, times};
use crate::{
    app::App,
    appointments::Warning,
    console::{
        Visitor, Words,
        pieces::{moment, tag},
    },
    customers::actions::Car,
    notices::Locale,
    repairs::actions::{LeftUndone, PastVisit},
};

/// How people are addressed, by the language that they speak.
const SALUTATIONS: [&str; 5] = ["先生", "女士", "Mr", "Ms", "様"];

pub(super) fn form(app: &App, visitor: &Visitor, fields: &Fields, known: &Known, note: &Note<'_>) -> Markup {
    let w = visitor.words;
    let key = fields.get("key").map_or_else(|| crate::id::hex(&app.ids.random.bytes::<16>()), str::to_owned);
    html! {
        div class="two-columns book" {
            form method="post" action=(BOOK) class="card" data-guard {
                input type="hidden" name="key" value=(key);
                (warnings(visitor, note))
                @match &known.customer {
                    Some(customer) => {
                        input type="hidden" name="customer" value=(customer.id);
                        p class="chosen" { strong { (customer.name.as_deref().unwrap_or(&customer.reference)) } " " span class="muted" { (customer.salutation.as_deref().unwrap_or_default()) " · " (w.code("language", customer.language.as_deref().unwrap_or(&visitor.dealership.locale))) } }
                        (cars(w, fields, &known.cars))
                    }
                    None => {
                        input type="hidden" name="customer" value="new";
                        (person(visitor, fields))
                        (car(w, fields, "book-car"))
                    }
                }
                (what(visitor, fields, known))
                div class="actions" {
                    button class="primary" data-key="mod+Enter" { (w.t(if matches!(note, Note::Foreseen(shown) if !shown.warnings.is_empty()) { "book-all-the-same" } else { "book-now" })) " " kbd { "Ctrl ↵" } }
                    button class="secondary" name="then" value="check" { (w.t("book-check")) }
                }
                p class="muted small" { (w.t("book-then")) }
            }
            div { (history(visitor, &known.visits)) (left_undone(visitor, &known.left_undone)) }
        }
    }
}

/// What would be wrong with it; sent along, so that it is asked about once.
fn warnings(visitor: &Visitor, note: &Note<'_>) -> Markup {
    let w = visitor.words;
    let Note::Foreseen(shown) = note else { return html! {} };
    let codes: Vec<&str> = shown.warnings.iter().map(Warning::code).collect();
    let is_open = shown.start_at.is_none_or(|start| visitor.dealership.shop().is_open_at(start));
    html! {
        input type="hidden" name="seen" value=(codes.join(","));
        div class="notice" role="alert" {
            @if codes.is_empty() && is_open && shown.missing.is_empty() { p { (w.t("book-nothing-wrong")) } }
            @if !is_open { p { (w.t("warning-closed")) } }
            @for warning in &shown.warnings { p { (said(w, warning)) } }
            @if !shown.missing.is_empty() { p { (w.t("book-missing")) " " @for missing in &shown.missing { (tag(&w.code("missing", missing.word()), "warn")) " " } } }
        }
    }
}

/// A warning in words, with its figures.
fn said(w: Words, warning: &Warning) -> String {
    let number = |value: f64| format!("{value:.1}");
    match warning {
        Warning::Spacing { with, minutes, apart } => w.ta(
            "warning-spacing",
            &[("what", with.clone().into()), ("n", (*minutes).into()), ("apart", (*apart).into())],
        ),
        Warning::Load { date, booked_hours, available_hours, full } => w.ta(
            "warning-load",
            &[
                ("when", date.clone().into()),
                ("n", number(*booked_hours).into()),
                ("of", number(*available_hours).into()),
                ("full", (*full).into()),
            ],
        ),
        Warning::LateSlot { working_days, most } => {
            w.ta("warning-late-slot", &[("n", (*working_days).into()), ("most", (*most).into())])
        }
        Warning::PartsNotReady => w.t("warning-parts-not-ready"),
        Warning::Comeback { original } => {
            w.ta("warning-comeback", &[("what", original.clone().unwrap_or_else(|| "—".to_owned()).into())])
        }
    }
}

fn person(visitor: &Visitor, fields: &Fields) -> Markup {
    let w = visitor.words;
    let language = fields.get("language").unwrap_or(&visitor.dealership.locale);
    html! {
        fieldset {
            legend { (w.t("book-new-customer")) }
            div class="pair" {
                label { (w.t("book-name")) input name="name" value=(fields.shown("name")) required maxlength="100" autocomplete="off" autofocus; }
                label { (w.t("book-salutation")) select name="salutation" { option value="" { "—" } @for one in SALUTATIONS { option value=(one) selected[fields.get("salutation") == Some(one)] { (one) } } } }
            }
            div class="pair" {
                label { (w.t("book-phone")) input type="tel" name="phone" value=(fields.shown("phone")) required maxlength="40"; }
                label { (w.t("book-phone-two")) input type="tel" name="phone2" value=(fields.shown("phone2")) maxlength="40" autocomplete="off"; }
                label { (w.t("book-email")) input type="email" name="email" value=(fields.shown("email")) maxlength="254" autocomplete="off"; }
                label { (w.t("col-language")) select name="language" { @for locale in Locale::ALL { option value=(locale.code()) selected[language == locale.code()] { (w.code("language", locale.code())) } } } }
            }
        }
    }
}

/// One of the cars that they have, or another one.
fn cars(w: Words, fields: &Fields, cars: &[Car]) -> Markup {
    if cars.is_empty() {
        return car(w, fields, "book-car");
    }
    let chosen = fields.get("car").map(str::to_owned).or_else(|| cars.first().map(name_of));
    html! {
        fieldset {
            legend { (w.t("book-car")) }
            div class="choices" {
                @for car in cars {
                    @let name = name_of(car);
                    label { input type="radio" name="car" value=(name) checked[chosen.as_deref() == Some(name.as_str())]; span { (car.model_code.as_deref().unwrap_or_default()) " " (car.plate.as_deref().or(car.vin.as_deref()).unwrap_or_default()) } }
                }
                label { input type="radio" name="car" value="other" checked[chosen.as_deref() == Some("other")]; span { (w.t("book-other-car")) } }
            }
            div class="when-other" { (car(w, fields, "book-other-car")) }
        }
    }
}

/// What the car is known by, as the form sends it.
pub(super) fn name_of(car: &Car) -> String {
    match (&car.vin, &car.plate) {
        (Some(vin), _) => format!("vin:{vin}"),
        (None, Some(plate)) => format!("plate:{plate}"),
        (None, None) => "other".to_owned(),
    }
}

fn car(w: Words, fields: &Fields, legend: &str) -> Markup {
    html! {
        fieldset {
            legend { (w.t(legend)) }
            div class="triple" {
                label { (w.t("book-plate")) input name="plate" value=(fields.shown("plate")) maxlength="20" autocomplete="off"; }
                label { (w.t("book-model")) input name="model" value=(fields.shown("model")) maxlength="40" autocomplete="off"; }
                label { (w.t("book-year")) input name="year" value=(fields.shown("year")) inputmode="numeric" pattern="[0-9]{4}" maxlength="4"; }
            }
        }
    }
}

fn what(visitor: &Visitor, fields: &Fields, known: &Known) -> Markup {
    let w = visitor.words;
    // Who served them last is asked first.
    let last = known.visits.first().and_then(|visit| visit.advisor.as_deref());
    let is_chosen = |reference: &str, name: Option<&str>| match fields.get("advisor") {
        Some(chosen) => chosen == reference,
        None => fields.get("key").is_none() && name.is_some() && name == last,
    };
    html! {
        (times::choice(visitor, fields, known))
        div class="pair" {
            label { (w.t("book-hours")) input name="hours" value=(fields.get("hours").unwrap_or("1")) inputmode="decimal" maxlength="5"; }
            label { (w.t("book-service")) input name="service" value=(fields.shown("service")) required maxlength="100"; }
            label { (w.t("book-code")) input name="code" value=(fields.shown("code")) maxlength="40" autocomplete="off"; }
        }
        label { (w.t("book-words")) textarea name="words" rows="2" maxlength="1000" { (fields.shown("words")) } }
        label { (w.t("case-advisor")) select name="advisor" { option value="" { "—" } @for person in &known.advisors {
            option value=(person.reference) selected[is_chosen(&person.reference, person.name.as_deref())] { (person.name.as_deref().unwrap_or(&person.reference)) }
        } } }
        label class="tick" { input type="checkbox" name="comeback" value="yes" checked[fields.get("comeback").is_some()]; (w.t("book-comeback")) }
        label class="tick" { input type="checkbox" name="no_parts" value="yes" checked[fields.get("no_parts").is_some()]; (w.t("book-no-parts")) }
    }
}

fn history(visitor: &Visitor, visits: &[PastVisit]) -> Markup {
    let w = visitor.words;
    html! {
        section class="card" aria-labelledby="history-title" {
            h2 id="history-title" { (w.t("call-visits")) }
            @if visits.is_empty() { p class="muted" { (w.t("call-no-visits")) } }
            ol class="plain visits" { @for visit in visits { li {
                @if let Some(at) = visit.delivered_at.or(visit.opened_at) { (moment(visitor, at)) " " }
                span class="num muted" { (visit.reference) } " "
                @if visit.is_comeback { (tag(&w.t("comeback"), "bad")) " " }
                @if let Some(score) = visit.score { (tag(&w.ta("score-of-five", &[("score", score.into())]), if score <= 3 { "bad" } else { "good" })) }
                br;
                @for job in visit.jobs.as_array().into_iter().flatten() { span { (job["name"].as_str().unwrap_or_default()) } @if let Some(code) = job["code"].as_str() { " " span class="num muted small" { (code) } } " " }
                @if let Some(advisor) = &visit.advisor { span class="muted" { (w.ta("by-advisor", &[("who", advisor.clone().into())])) } }
            } } }
        }
    }
}

fn left_undone(visitor: &Visitor, items: &[LeftUndone]) -> Markup {
    let w = visitor.words;
    html! {
        section class="card" aria-labelledby="deferred-title" {
            h2 id="deferred-title" { (w.t("book-deferred")) }
            @if items.is_empty() { p class="muted" { (w.t("book-no-deferred")) } }
            ul class="plain" { @for item in items { li {
                (tag(&w.code("severity", &item.severity), if item.severity == "safety" { "bad" } else { "" })) " "
                (item.name) " " span class="num muted small" { (item.code) }
                br; span class="muted small" { (moment(visitor, item.found_at)) " " span class="num" { (item.plate.as_deref().unwrap_or_default()) } }
            } } }
        }
    }
}
