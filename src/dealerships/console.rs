//! The dealership's own page: its name and addresses, its hours and days off, its rules, and whether it is live.
mod rules;
mod sheet;
mod testing;

use std::sync::Arc;

use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use self::sheet::Sheet;
use super::{
    Dealership, LOCALES, actions,
    hours::{WEEKDAYS, written},
};
use crate::{
    app::App,
    console::{
        Page, Right, Visitor, Words, frame,
        pages::Pages,
        pieces::{head, refusal, tag},
    },
    http::{Error, public::Form},
    notices::ChannelName,
};

const SETTINGS: &str = "/console/settings";

pub fn pages() -> Pages {
    Pages::new().get(SETTINGS, Right::Settings, show).post(SETTINGS, Right::Settings, save).post(
        "/console/settings/test",
        Right::Settings,
        testing::test,
    )
}

#[derive(Default, Deserialize)]
struct Shown {
    done: Option<String>,
}

/// What the page says besides: why it was refused, what came of a test, that it was saved.
#[derive(Default)]
struct Note<'a> {
    wrong: Option<&'a str>,
    tested: Option<&'a Markup>,
    is_done: bool,
}

async fn show(State(app): State<App>, visitor: Visitor, Query(shown): Query<Shown>) -> Markup {
    let note = Note { is_done: shown.done.is_some(), ..Note::default() };
    page(&app, &visitor, &Sheet::of(&visitor.dealership), &note)
}

fn page(app: &App, visitor: &Visitor, sheet: &Sheet<'_>, note: &Note<'_>) -> Markup {
    let (w, it) = (visitor.words, sheet.it);
    let body = html! {
        (head(&w.t("settings-title"), &html! { p { (it.code) " · " (it.zone_name()) " · " (it.region) } }, &html! {
            a class="button secondary" href="/console/answers" { (w.t("answers-link")) } " "
            @if it.shadow { (tag(&w.t("settings-shadow"), "warn")) } @else { (tag(&w.t("settings-live"), "good")) }
        }))
        (refusal(note.wrong))
        form method="post" action=(SETTINGS) data-guard {
            input type="hidden" name="seen" value=(sheet.seen());
            div class="two-columns" { (who(w, sheet)) (hours(w, sheet)) }
            div class="two-columns" { (rules::card(app, w, sheet)) (rules::house(app, w, it)) }
            div class="actions" { button class="primary" data-key="mod+Enter" { (w.t("save")) " " kbd { "Ctrl ↵" } } }
        }
        div class="two-columns" { (channels(app, visitor)) (testing::card(app, visitor, note.tested)) }
    };
    let done = note.is_done.then(|| html! { (w.t("done-changed")) });
    frame(visitor, Page { here: SETTINGS, title: w.t("settings-title"), done, ..Page::default() }, &body)
}

/// Its name, its addresses, where it stands, and since when it is live.
fn who(w: Words, sheet: &Sheet<'_>) -> Markup {
    let it = sheet.it;
    let field = |name: &'static str, stored: &str, required: bool| {
        html! { label { (w.code("settings", name)) input name=(name) value=(sheet.shown(name, stored)) required[required] maxlength="254"; } }
    };
    let locale = sheet.shown("locale", &it.locale);
    html! {
        section class="card" aria-labelledby="who-title" {
            h2 id="who-title" { (w.t("settings-who")) }
            (field("name", &it.name, true))
            (field("department", &it.department, true))
            (field("phone", &it.phone, true))
            (field("address", &it.address, true))
            (field("email", it.email.as_deref().unwrap_or_default(), false))
            (field("sms_signature", it.sms_signature.as_deref().unwrap_or_default(), false))
            (field("advisor_fallback", &it.advisor_fallback, true))
            (field("region", &it.region, true))
            (field("time_zone", it.zone_name(), true))
            label { (w.t("settings-locale")) select name="locale" { @for known in LOCALES { option value=(known) selected[locale == known] { (w.code("language", known)) } } } }
            label { (w.t("settings-live-from")) input type="datetime-local" name="live_from" value=(sheet.shown("live_from", &sheet::live_from(it))); }
            p class="muted small" { (w.t("settings-live-from-lead")) }
            label class="tick" { input type="checkbox" name="shadow" value="yes" checked[sheet.is_ticked("shadow", it.shadow)]; (w.t("settings-shadow-lead")) }
        }
    }
}

fn hours(w: Words, sheet: &Sheet<'_>) -> Markup {
    let it = sheet.it;
    html! {
        section class="card" aria-labelledby="hours-title" {
            h2 id="hours-title" { (w.t("settings-hours")) }
            p class="muted small" { (w.t("settings-hours-lead")) }
            @for day in WEEKDAYS { label class="row" { span { (w.code("day", day)) } input name={ "hours_" (day) } value=(sheet.shown(&format!("hours_{day}"), &written(&it.opening_hours[day]))) placeholder=(w.t("settings-closed")); } }
            label { (w.t("settings-holidays")) textarea name="holidays" rows="4" class="code" { (sheet.shown("holidays", &sheet::holidays(&it.holidays))) } }
            p class="muted small" { (w.t("settings-holidays-lead")) }
        }
    }
}

/// What is set in the configuration, which this page does not change.
fn channels(app: &App, visitor: &Visitor) -> Markup {
    let w = visitor.words;
    let config = &app.config;
    let state =
        |is_set: bool| if is_set { tag(&w.t("settings-set"), "good") } else { tag(&w.t("settings-not-set"), "warn") };
    html! {
        section class="card" aria-labelledby="channels-title" {
            h2 id="channels-title" { (w.t("settings-channels")) }
            dl class="facts" {
                dt { (w.code("channel", "email")) } dd { (state(config.email.url.is_some())) @if let Some(from) = &config.email.from { " " span class="num" { (from) } } }
                @for channel in [ChannelName::Sms, ChannelName::Wechat, ChannelName::Wecom] {
                    dt { (w.code("channel", channel.word())) } dd { (state(testing::is_set(app, channel))) }
                }
                dt { (w.t("settings-inbound")) } dd { (state(config.inbound.lmtp.listen.is_some() || config.inbound.email.secret.is_some())) }
                dt { (w.t("settings-public-url")) } dd class="num" { (config.http.public_url) }
            }
            p class="muted small" { (w.t("settings-channels-lead")) }
        }
    }
}

async fn save(State(app): State<App>, visitor: Visitor, form: Form) -> Result<Response, Error> {
    let form = Arc::new(form);
    let typed = Arc::clone(&form);
    let changed = move |before: &Dealership| sheet::changed(before, &typed);
    let w = visitor.words;
    let (status, wrong) = match actions::change_now(&app, visitor.dealership.id, visitor.actor(), changed).await {
        Ok(_) => return Ok(Redirect::to(&format!("{SETTINGS}?done=1")).into_response()),
        Err(Error::Invalid(faults)) => {
            let said: Vec<String> = faults.iter().map(|fault| sheet::said(w, fault)).collect();
            (StatusCode::UNPROCESSABLE_ENTITY, said.join("; "))
        }
        Err(Error::Conflict(sheet::CHANGED_MEANWHILE, _)) => {
            app.directory.forget();
            (StatusCode::CONFLICT, w.t("settings-changed-meanwhile"))
        }
        Err(error) => return Err(error),
    };
    // What was typed stays on the page, over what is stored now.
    let now = app.directory.by_id(visitor.dealership.id).await?.ok_or(Error::NotFound)?;
    let sheet = Sheet { it: &now, typed: Some(&form) };
    Ok((status, page(&app, &visitor, &sheet, &Note { wrong: Some(&wrong), ..Note::default() })).into_response())
}
