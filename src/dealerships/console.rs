//! The dealership's own page: its name and addresses, its hours and days off, and whether it is live.
mod testing;

use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    Dealership, actions,
    hours::{WEEKDAYS, read_written, written},
};
use crate::{
    app::App,
    bookings::Book,
    console::{
        Page, Right, Visitor, frame,
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

async fn show(State(app): State<App>, visitor: Visitor, Query(shown): Query<Shown>) -> Markup {
    page(&app, &visitor, &visitor.dealership, (None, None), shown.done.is_some())
}

fn page(
    app: &App,
    visitor: &Visitor,
    it: &Dealership,
    (wrong, said): (Option<&str>, Option<&Markup>),
    done: bool,
) -> Markup {
    let w = visitor.words;
    let field = |name: &'static str, value: &str, key: &str, required: bool| {
        html! { label { (w.t(key)) input name=(name) value=(value) required[required] maxlength="254"; } }
    };
    let body = html! {
        (head(&w.t("settings-title"), &html! { p { (it.code) " · " (it.zone_name()) " · " (it.region) } }, &html! {
            a class="button secondary" href="/console/answers" { (w.t("answers-link")) } " "
            @if it.shadow { (tag(&w.t("settings-shadow"), "warn")) } @else { (tag(&w.t("settings-live"), "good")) }
        }))
        form method="post" action=(SETTINGS) class="two-columns" data-guard {
            section class="card" aria-labelledby="who-title" {
                h2 id="who-title" { (w.t("settings-who")) }
                (refusal(wrong))
                (field("name", &it.name, "settings-name", true))
                (field("department", &it.department, "settings-department", true))
                (field("phone", &it.phone, "settings-phone", true))
                (field("address", &it.address, "settings-address", true))
                (field("email", it.email.as_deref().unwrap_or_default(), "settings-email", false))
                (field("sms_signature", it.sms_signature.as_deref().unwrap_or_default(), "settings-signature", false))
                (field("advisor_fallback", &it.advisor_fallback, "settings-fallback", true))
                label { (w.t("settings-book")) select name="book" { @for book in Book::ALL { option value=(book.word()) selected[Book::of(it) == book] { (w.code("book-kept", book.word())) } } } }
                label class="tick" { input type="checkbox" name="shadow" value="yes" checked[it.shadow]; (w.t("settings-shadow-lead")) }
                button class="primary" { (w.t("save")) }
            }
            div {
                section class="card" aria-labelledby="hours-title" {
                    h2 id="hours-title" { (w.t("settings-hours")) }
                    p class="muted small" { (w.t("settings-hours-lead")) }
                    @for day in WEEKDAYS { label class="row" { span { (w.code("day", day)) } input name={ "hours_" (day) } value=(written(&it.opening_hours[day])) placeholder=(w.t("settings-closed")); } }
                    label { (w.t("settings-holidays")) textarea name="holidays" rows="4" class="code" { (holidays(&it.holidays)) } }
                    p class="muted small" { (w.t("settings-holidays-lead")) }
                }
            }
        }
        div class="two-columns" { (channels(app, visitor)) (testing::card(app, visitor, said)) }
    };
    let done = done.then(|| html! { (w.t("done-changed")) });
    frame(visitor, Page { here: SETTINGS, title: w.t("settings-title"), done, ..Page::default() }, &body)
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

/// One day a line: `2026-02-17 春节`, or with its hours at the end, `2026-02-14 09:00-12:00 补班`.
fn holidays(list: &Value) -> String {
    let days = list.as_array().into_iter().flatten();
    let line = |day: &Value| {
        let open = written(&day["open"]);
        let parts = [day["date"].as_str().unwrap_or_default(), open.as_str(), day["name"].as_str().unwrap_or_default()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    };
    days.map(line).collect::<Vec<_>>().join("\n")
}

fn read_holidays(text: &str) -> Value {
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let date = words.next()?.to_owned();
        let (open, name): (Vec<&str>, Vec<&str>) =
            words.partition(|word| word.len() == 11 && word.contains(':') && word.contains('-'));
        Some(json!({ "date": date, "name": name.join(" "), "open": read_written(&open.join(" ")) }))
    };
    text.lines().filter_map(line).collect()
}

async fn save(State(app): State<App>, visitor: Visitor, form: Form) -> Result<Response, Error> {
    let before = &visitor.dealership;
    let mut body = serde_json::to_value(&**before).unwrap_or_default();
    for name in ["name", "department", "phone", "address", "advisor_fallback"] {
        body[name] = json!(form.get(name).unwrap_or_default());
    }
    for name in ["email", "sms_signature"] {
        body[name] = json!(form.get(name));
    }
    let days: Map<String, Value> = WEEKDAYS
        .into_iter()
        .map(|day| (day.to_owned(), read_written(form.get(&format!("hours_{day}")).unwrap_or_default())))
        .collect();
    body["opening_hours"] = Value::Object(days);
    body["holidays"] = read_holidays(form.get("holidays").unwrap_or_default());
    let book = form.get("book").filter(|book| Book::ALL.iter().any(|known| known.word() == *book));
    body["rules"]["appointments"]["book"] = json!(book.unwrap_or(Book::of(before).word()));
    body["shadow"] = json!(form.get("shadow").is_some());
    let wanted = match Dealership::parse(before.id, &before.code, "", body) {
        Ok(wanted) => wanted,
        Err(faults) => {
            let said: Vec<String> = faults
                .iter()
                .map(|fault| format!("{}: {}", fault.pointer.trim_start_matches('/'), fault.message))
                .collect();
            let page = page(&app, &visitor, before, (Some(&said.join("; ")), None), false);
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    actions::put_now(&app, wanted, visitor.actor()).await?;
    Ok(Redirect::to(&format!("{SETTINGS}?done=1")).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_written_as_people_write_them() {
        let split = json!([["09:00", "12:00"], ["13:30", "18:00"]]);
        assert_eq!(written(&split), "09:00-12:00 13:30-18:00");
        assert_eq!(read_written("09:00-12:00, 13:30–18:00"), split);
        assert_eq!(read_written(""), json!([]));
        let days = json!([{"date": "2026-02-14", "name": "补班", "open": [["09:00", "12:00"]]}, {"date": "2026-02-17", "name": "春节", "open": []}]);
        assert_eq!(holidays(&days), "2026-02-14 09:00-12:00 补班\n2026-02-17 春节");
        assert_eq!(read_holidays(&holidays(&days)), days);
    }
}
