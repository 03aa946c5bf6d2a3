//! One call on one screen: who, the car, the last visits, what to say, and what came of it.
use maud::{Markup, html};
use serde_json::Value;

use super::{
    super::{CallTask, CallType, State as TaskState},
    choices, text,
};
use crate::{
    app::App,
    clock::Timestamp,
    console::{
        Page, Right, Visitor, frame,
        pieces::{countdown, empty, head, masked, moment, tag},
    },
    notices::Locale,
    staff::Staff,
    surveys::questionnaire::{Kind, Question},
};

/// The page of a call that they have.
pub(super) fn in_hand(app: &App, visitor: &Visitor, task: &CallTask, hand: &Value, done: Option<Markup>) -> Markup {
    let w = visitor.words;
    let body = html! {
        (title(visitor, task, hand, &html! {
            form method="post" action={ "/console/calls/" (task.id) "/give-back" } { button class="secondary" data-key="b" { (w.t("call-give-back")) " " kbd { "B" } } }
        }))
        (standing(visitor, task))
        div class="work" data-heartbeat={ "/console/calls/" (task.id) "/heartbeat" } {
            div class="side" { (numbers(visitor, task, hand, true)) (context(visitor, task, hand)) }
            (script(visitor, hand))
            (outcome(app, visitor, task, hand))
        }
    };
    let page = Page {
        here: "/console/calls",
        title: w.ta("call-title", &[("name", text(&hand["customer"], "name").to_owned().into())]),
        live: Some(format!("/console/calls/{}/live", task.id)),
        done,
        keys: &[
            ("1–6", "key-outcome"),
            ("Ctrl ↵", "key-save"),
            ("D", "key-dial"),
            ("B", "key-give-back"),
            ("U", "key-undo"),
        ],
    };
    frame(visitor, page, &body)
}

/// The same without a form: somebody else's, nobody's yet, or over.
pub(super) fn to_read(
    visitor: &Visitor,
    task: &CallTask,
    hand: &Value,
    staff: &[Staff],
    done: Option<Markup>,
) -> Markup {
    let w = visitor.words;
    let body = html! {
        (title(visitor, task, hand, &html! {}))
        (standing(visitor, task))
        div class="work" {
            div class="side" { (numbers(visitor, task, hand, visitor.may(Right::Numbers))) (context(visitor, task, hand)) }
            (script(visitor, hand))
            @if visitor.may(Right::Supervise) && task.state.is_open() { (supervise(visitor, task, staff)) }
        }
    };
    let page = Page {
        here: "/console/calls",
        title: w.ta("call-title", &[("name", text(&hand["customer"], "name").to_owned().into())]),
        live: Some(format!("/console/calls/{}/live", task.id)),
        done,
        ..Page::default()
    };
    frame(visitor, page, &body)
}

fn title(visitor: &Visitor, task: &CallTask, hand: &Value, actions: &Markup) -> Markup {
    let w = visitor.words;
    let customer = &hand["customer"];
    let name = html! { (w.ta("call-title", &[("name", text(customer, "name").to_owned().into())])) };
    let lead = html! {
        p {
            @if task.state.is_open() { (countdown(visitor, task.due_at)) " " }
            (tag(&w.code("call", task.kind.word()), if task.is_urgent { "bad" } else { "" }))
            " " span class="muted" { (w.ta("attempt-of", &[("n", (task.attempts + 1).min(task.max_attempts.max(1)).into()), ("of", task.max_attempts.into())])) }
            @if task.callback_at.is_some() { " " (tag(&w.t("call-asked-for"), "good")) }
        }
    };
    head(&name.into_string(), &lead, actions)
}

/// Whose the call is: replaced while one looks at it.
pub(super) fn standing(visitor: &Visitor, task: &CallTask) -> Markup {
    let w = visitor.words;
    let is_mine = super::super::claiming::is_held_by(task, visitor.staff().id, visitor.now);
    html! {
        div id="standing" {
            @if !is_mine {
                p class="notice" {
                    @match task.state {
                        TaskState::Leased => (w.t("call-is-taken")),
                        TaskState::Ready => (w.t("call-is-ready")),
                        TaskState::Scheduled => { (w.t("call-is-later")) " " (moment(visitor, task.not_before)) }
                        TaskState::Held => { (w.t("call-is-held")) " " (task.state_reason.as_deref().unwrap_or_default()) }
                        _ => { (w.t("call-is-over")) " " (w.code("outcome", task.outcome.as_deref().or(task.state_reason.as_deref()).unwrap_or("done"))) }
                    }
                }
            }
        }
    }
}

fn numbers(visitor: &Visitor, task: &CallTask, hand: &Value, whole: bool) -> Markup {
    let w = visitor.words;
    let list = hand["customer"]["numbers"].as_array().cloned().unwrap_or_default();
    let refused = hand["context"]["refused"].as_array().cloned().unwrap_or_default();
    html! {
        section class="card numbers" aria-label=(w.t("call-numbers")) {
            @for refusal in &refused { p class="bad" { (w.ta("call-refused", &[("what", w.code("scope", text(refusal, "scope")).into())])) } }
            @if list.is_empty() { p class="muted" { (w.t("call-no-number")) } }
            @for (n, number) in list.iter().enumerate() {
                @if whole {
                    a class={ "dial num" @if n > 0 { " other" } } href=(text(number, "tel")) data-key=[(n == 0).then_some("d")] data-stage={ "/console/calls/" (task.id) "/stage" } data-number=(text(number, "id")) {
                        (text(number, "value")) " " span class="muted small" { (number["label"].as_str().map(|label| w.code("label", label)).unwrap_or_default()) }
                    }
                } @else { p class="num" { (masked(text(number, "value"))) } }
            }
            @if let Some(until) = hand["call_until"].as_str().and_then(|at| at.parse::<Timestamp>().ok()) {
                p class="muted small" { (w.ta("call-until", &[("when", w.hour(until, visitor.zone()).into())])) }
            }
        }
    }
}

fn context(visitor: &Visitor, task: &CallTask, hand: &Value) -> Markup {
    let w = visitor.words;
    let (customer, vehicle, context) = (&hand["customer"], &hand["vehicle"], &hand["context"]);
    let visits = context["visits"].as_array().cloned().unwrap_or_default();
    let bundle = hand["bundle"].as_array().cloned().unwrap_or_default();
    let past = context["attempts"].as_array().cloned().unwrap_or_default();
    html! {
        section class="card context" aria-labelledby="context-title" {
            h2 id="context-title" { (w.t("call-context")) }
            dl class="facts" {
                dt { (w.t("col-customer")) } dd { a href={ "/console/customers/" (text(customer, "id")) } { (text(customer, "name")) } " " (text(customer, "salutation")) }
                dt { (w.t("col-language")) } dd { (w.code("language", &task.language)) }
                @if vehicle.is_object() {
                    dt { (w.t("col-vehicle")) } dd { (text(vehicle, "model_code")) " " (vehicle["model_year"].as_i64().map(|year| year.to_string()).unwrap_or_default()) br; span class="num" { (text(vehicle, "plate")) } }
                }
                @if visitor.may(Right::Book) { dt { (w.t("nav-book")) } dd { a href={ (crate::bookings::console::BOOK) "?customer=" (text(customer, "id")) } { (w.t("call-book")) } } }
                @if let Some(said) = context["appointment"]["customer_words"].as_str() { dt { (w.t("call-words")) } dd { (said) } }
                @if let Some(wishes) = context["appointment"]["wishes"].as_str() { dt { (w.t("call-wishes")) } @for wish in wishes.lines() { dd { (wish) } } }
            }
            @if !bundle.is_empty() {
                h3 { (w.t("call-bundle")) }
                ul class="plain" { @for other in &bundle { li { a href={ "/console/calls/" (text(other, "id")) } { (w.code("call", text(other, "type"))) } " " span class="muted" { (w.code("waiting", text(other, "state"))) } } } }
            }
            h3 { (w.t("call-visits")) }
            @if visits.is_empty() { p class="muted" { (w.t("call-no-visits")) } }
            ol class="plain visits" { @for visit in &visits { (visited(visitor, visit)) } }
            @if !past.is_empty() {
                h3 { (w.t("call-past")) }
                ol class="plain" { @for call in &past { (past_call(visitor, call)) } }
            }
        }
    }
}

fn visited(visitor: &Visitor, visit: &Value) -> Markup {
    let w = visitor.words;
    let at = |key: &str| visit[key].as_str().and_then(|at| at.parse::<Timestamp>().ok());
    let jobs = visit["jobs"].as_array().cloned().unwrap_or_default();
    let names: Vec<&str> = jobs.iter().filter_map(|job| job["name"].as_str()).collect();
    html! {
        li {
            @if let Some(at) = at("delivered_at").or(at("opened_at")) { time datetime=(at) { (w.day(at, visitor.zone())) } " " }
            @if visit["is_comeback"] == true { (tag(&w.t("comeback"), "bad")) " " }
            span { (names.join(w.0.choose("、", ", ", "、"))) }
            @if let Some(advisor) = visit["advisor"].as_str() { br; span class="muted" { (w.ta("by-advisor", &[("who", advisor.to_owned().into())])) } }
            @if visit["left_undone"].as_i64().unwrap_or(0) > 0 { br; span class="warn" { (w.ta("left-undone", &[("n", visit["left_undone"].as_i64().unwrap_or(0).into())])) } }
        }
    }
}

fn past_call(visitor: &Visitor, call: &Value) -> Markup {
    let w = visitor.words;
    let came_to = call["outcome"].as_str().or(call["telephony_result"].as_str());
    html! {
        li {
            @if let Some(at) = call["started_at"].as_str().and_then(|at| at.parse::<Timestamp>().ok()) { (moment(visitor, at)) " " }
            @match came_to { Some(word) => (w.code("outcome", word)), None => (w.t("call-under-way")) }
            @if let Some(note) = call["note"].as_str() { br; span class="muted" { (note) } }
        }
    }
}

/// What is said, in the customer's language; before somebody has said who they are, nothing of the visit.
fn script(visitor: &Visitor, hand: &Value) -> Markup {
    let w = visitor.words;
    let script = &hand["script"];
    let part = |key: &str| text(script, key).to_owned();
    let list = |key: &str| script[key].as_array().cloned().unwrap_or_default();
    html! {
        section class="card script" aria-labelledby="script-title" {
            h2 id="script-title" { (w.t("call-script")) }
            div lang=(text(script, "locale")) class="said" {
                p { (part("opening")) }
                p { (part("convenient")) }
                p { (part("after_identity")) }
                @if !list("questions").is_empty() { ol { @for question in list("questions") { li { (text(&question, "text")) } } } }
                @if !part("close").is_empty() { p { (part("close")) } }
            }
            details { summary { (w.t("call-third-party")) } p lang=(text(script, "locale")) { (part("third_party")) } }
            details { summary { (w.t("call-not-convenient")) } p lang=(text(script, "locale")) { (part("not_convenient")) } }
            @for branch in list("branches") {
                details { summary { (w.code("branch", text(&branch, "key"))) } p { (text(&branch, "text")) } }
            }
        }
    }
}

fn outcome(app: &App, visitor: &Visitor, task: &CallTask, hand: &Value) -> Markup {
    let w = visitor.words;
    let (every_day, others) = choices::of(task.kind, task.subject_type);
    let draft = hand["context"]["drafts"].as_array().and_then(|drafts| drafts.first().cloned()).unwrap_or_default();
    let draft = if draft["body"].is_object() { &draft["body"] } else { &draft };
    let note = text(draft, "note").to_owned();
    let chosen = choices::of_draft(draft);
    let number = text(&hand["customer"]["numbers"][0], "id").to_owned();
    html! {
        form class="card outcome" method="post" action={ "/console/calls/" (task.id) "/outcome" } data-guard data-draft={ "/console/calls/" (task.id) "/draft" } {
            input type="hidden" name="key" value={ (task.id) "-" (task.fence) "-" (task.attempts) };
            @if !number.is_empty() { input type="hidden" name="number" value=(number); }
            fieldset data-step {
                legend { (w.t("call-outcome")) }
                div class="choices" {
                    @for (n, choice) in every_day.iter().enumerate() {
                        label { input type="radio" name="outcome" value=(choice.value()) required checked[chosen == Some(*choice)] data-key=(n + 1); span { (w.code("outcome", choice.key())) " " kbd { (n + 1) } } }
                    }
                }
                details open[chosen.is_some_and(|chosen| others.contains(&chosen))] {
                    summary { (w.t("call-other-outcomes")) }
                    div class="choices" {
                        @for choice in &others { label { input type="radio" name="outcome" value=(choice.value()) required checked[chosen == Some(*choice)]; span { (w.code("outcome", choice.key())) } } }
                    }
                }
            }
            @if task.kind == CallType::FollowUp { (questions(app, visitor, task, &draft["answers"])) }
            div class="when-callback" {
                label { (w.t("call-back-at")) input type="datetime-local" name="callback_at" min=(visitor.now.in_zone(visitor.zone()).strftime("%Y-%m-%dT%H:%M")); }
                label class="tick" { input type="checkbox" name="by_me" value="yes"; (w.t("call-back-by-me")) }
            }
            label class="when-language" { (w.t("call-their-language"))
                select name="language" { option value="" { "—" } @for tag in ["zh", "en", "ja"] { option value=(tag) { (w.code("language", tag)) } } }
            }
            label { (w.t("call-note")) textarea name="note" rows="3" maxlength="4000" { (note) } }
            button class="primary" data-key="mod+Enter" { (w.t("call-save-next")) " " kbd { "Ctrl ↵" } }
            button class="secondary" name="then" value="queue" { (w.t("call-save")) }
        }
    }
}

/// The questions of the questionnaire in the customer's language: the two that decide first, the others behind them.
fn questions(app: &App, visitor: &Visitor, task: &CallTask, answers: &Value) -> Markup {
    let w = visitor.words;
    let locale = Locale::of(Some(&task.language), Some(&visitor.dealership.locale));
    let asked = app.questionnaires.current();
    let (first, more): (Vec<&Question>, Vec<&Question>) =
        asked.questions.iter().partition(|question| matches!(question.key.as_str(), "fixed" | "overall"));
    html! {
        div class="when-reached" {
            @for question in &first { (ask(visitor, question, locale, (true, &answers[&question.key]))) }
            details { summary { (w.t("call-more-questions")) } @for question in &more { (ask(visitor, question, locale, (false, &answers[&question.key]))) } }
        }
    }
}

fn ask(visitor: &Visitor, question: &Question, locale: Locale, (is_step, said): (bool, &Value)) -> Markup {
    let w = visitor.words;
    let name = format!("answer_{}", question.key);
    html! {
        @match question.kind {
            Kind::YesNo => fieldset data-step=[is_step.then_some("")] {
                legend lang=(locale.code()) { (question.text.in_locale(locale)) }
                div class="scale two" {
                    label { input type="radio" name=(name) value="yes" checked[*said == true] data-key=[is_step.then_some("y")]; span { (w.t("yes")) @if is_step { " " kbd { "Y" } } } }
                    label { input type="radio" name=(name) value="no" checked[*said == false] data-key=[is_step.then_some("n")]; span { (w.t("no")) @if is_step { " " kbd { "N" } } } }
                }
            },
            Kind::Scale => fieldset data-step=[is_step.then_some("")] {
                legend lang=(locale.code()) { (question.text.in_locale(locale)) }
                div class="scale" { @for step in question.steps() {
                    label { input type="radio" name=(name) value=(step) checked[*said == step] data-key=[is_step.then_some(step)]; span { (step) } }
                } }
            },
            Kind::Text => label lang=(locale.code()) { (question.text.in_locale(locale)) textarea name=(name) rows="2" { (said.as_str().unwrap_or_default()) } },
            Kind::Tick => label class="tick" lang=(locale.code()) { input type="checkbox" name=(name) value="yes" checked[*said == true]; (question.text.in_locale(locale)) },
        }
    }
}

/// What a supervisor does with a call that is nobody's just now.
fn supervise(visitor: &Visitor, task: &CallTask, staff: &[Staff]) -> Markup {
    let w = visitor.words;
    let agents: Vec<&Staff> = staff
        .iter()
        .filter(|person| {
            person.active && person.roles.iter().any(|role| matches!(role.as_str(), "agent" | "advisor" | "supervisor"))
        })
        .collect();
    html! {
        section class="card" aria-labelledby="supervise-title" {
            h2 id="supervise-title" { (w.t("call-supervise")) }
            @if agents.is_empty() { (empty(&w.t("call-nobody"))) }
            form method="post" action={ "/console/calls/" (task.id) "/hand" } {
                label { (w.t("call-hand-to"))
                    select name="to" { option value="" { (w.t("call-anybody")) } @for person in agents { option value=(person.reference) { (person.name.as_deref().unwrap_or(&person.reference)) } } }
                }
                button class="secondary" { (w.t("call-hand")) }
            }
            @if task.state == TaskState::Held {
                form method="post" action={ "/console/calls/" (task.id) "/release" } { button class="secondary" { (w.t("call-release")) } }
            } @else {
                form method="post" action={ "/console/calls/" (task.id) "/hold" } {
                    label { (w.t("call-hold-why")) input name="reason" maxlength="200" required; }
                    button class="secondary" { (w.t("call-hold")) }
                }
            }
            form method="post" action={ "/console/calls/" (task.id) "/withdraw" } {
                label { (w.t("call-withdraw-why")) input name="reason" maxlength="200" required; }
                button class="secondary" { (w.t("call-withdraw")) }
            }
        }
    }
}
