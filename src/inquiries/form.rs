//! The public form `/i/{dealership}`: works without script, in three languages, and keeps what was typed.
mod words;

use std::net::SocketAddr;

use axum::{
    Form, Router,
    extract::{ConnectInfo, Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use jiff::SignedDuration;
use maud::{DOCTYPE, Markup, html};
use serde::Deserialize;

use self::words::{EN, JA, Words, ZH, choose};
use super::{
    Arrival, Channel, Received,
    actions::{self, Deed, Undoable},
    proof::hex,
    reference_of,
};
use crate::{
    app::App,
    customers::{
        Address, Person,
        email::{self, Email},
        phone::{self, Phone},
        vehicles::Sighting,
    },
    db::Weight,
    dealerships::Dealership,
    desk::Desk,
    http::Error,
    notices::{Locale, wording},
};

/// The longest question, and the longest of the other fields, in characters.
const LONGEST: usize = 5_000;
const SHORT: usize = 200;
/// In which so many forms may come.
const WINDOW: SignedDuration = SignedDuration::from_mins(10);

pub fn routes() -> Router<App> {
    Router::new().route("/i/form.css", get(style)).route("/i/{dealership}", get(show).post(take))
}

async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("form.css")).into_response()
}

#[derive(Deserialize)]
struct Wanted {
    lang: Option<String>,
}

/// What was typed, shown again when something is wrong.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Typed {
    name: String,
    email: String,
    phone: String,
    plate: String,
    topic: String,
    message: String,
    times: String,
    /// Nobody sees this field: who fills it in is a program.
    website: String,
}

async fn show(
    State(app): State<App>,
    Path(code): Path<String>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let dealership = app.directory.by_code(&code).await?.ok_or(Error::NotFound)?;
    let words = language(&wanted, &headers, &dealership);
    Ok(page(&dealership, &words, &form(&dealership, &words, &Typed::default(), &[])).into_response())
}

fn language(wanted: &Wanted, headers: &HeaderMap, dealership: &Dealership) -> Words {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    choose(wanted.lang.as_deref(), accepted, &dealership.locale)
}

/// Stored first; then the page says that it is, with its reference.
async fn take(
    State(app): State<App>,
    Path(code): Path<String>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
    peer: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
    Form(typed): Form<Typed>,
) -> Result<Response, Error> {
    let dealership = app.directory.by_code(&code).await?.ok_or(Error::NotFound)?;
    let words = language(&wanted, &headers, &dealership);
    let shown = |status: StatusCode, problems: &[&str]| {
        (status, page(&dealership, &words, &form(&dealership, &words, &typed, problems))).into_response()
    };
    // The form needs no session, so there is none to be misused; what another site sends is shown before it counts.
    if headers.get("sec-fetch-site").is_some_and(|site| site.as_bytes() == b"cross-site") {
        return Ok(shown(StatusCode::FORBIDDEN, &[words.again]));
    }
    let read = match read(&typed, &dealership, &words) {
        Ok(read) => read,
        Err(problems) => return Ok(shown(StatusCode::UNPROCESSABLE_ENTITY, &problems)),
    };
    let now = app.ids.clock.now();
    let address = peer.map_or_else(String::new, |peer| peer.0.0.ip().to_string());
    let day = now.in_zone(&dealership.zone).date().to_string();
    let origin = hex(&[address.as_bytes(), day.as_bytes(), dealership.code.as_bytes()]);
    let limits =
        (i64::from(app.config.inquiries.form_per_address), i64::from(app.config.inquiries.form_per_dealership));
    let most = limits.0.max(limits.1);
    let mut tx = app.db.read().await?;
    let (by_address, by_dealership) =
        actions::forms_since(&mut tx, dealership.id, &origin, now.minus(WINDOW), most).await?;
    drop(tx);
    if by_address >= limits.0 && !address.is_empty() || by_dealership >= limits.1 {
        return Ok(shown(StatusCode::TOO_MANY_REQUESTS, &[words.too_many]));
    }
    let arrival = Arrival {
        language: Some(words.locale.to_owned()),
        origin: Some(origin),
        source: "form".to_owned(),
        may_acknowledge: typed.website.is_empty(),
        ..read.arrival(&dealership, now)
    };
    let received = store(&app, arrival, !typed.website.is_empty()).await?;
    let due = now.plus(app.config.inquiries.due.signed()).in_zone(&dealership.zone).datetime();
    let by = wording::date_and_time(due, Locale::of(Some(words.locale), None));
    let thanks = html! {
        h1 { (words.thanks) }
        p { (words.kept) " " (by) }
        p { (words.reference) ": " strong { (reference_of(received.inquiry())) } }
        p { (words.call) " " (dealership.phone) }
    };
    Ok(page(&dealership, &words, &thanks).into_response())
}

/// In one unit; what a program sent is kept as spam, where a person can still find it.
async fn store(app: &App, arrival: Arrival, by_program: bool) -> Result<Received, Error> {
    let desk_app = app.clone();
    let stored = app.db.write(Weight::ONE, move |tx| {
        let (app, arrival) = (desk_app.clone(), arrival.clone());
        Box::pin(async move {
            let mut desk = Desk::open(tx, &app);
            let received = actions::receive(&mut desk, &arrival).await?;
            if by_program && matches!(received, Received::Opened(_)) {
                actions::decide(&mut desk, received.inquiry(), &Deed::Spam("honeypot".to_owned()), "form").await?;
            }
            desk.close().await?;
            Ok::<_, Undoable>(received)
        })
    });
    Ok(stored.await?)
}

/// What was typed, in its normal form.
struct Read {
    typed: Typed,
    email: Option<String>,
    phone: Option<String>,
}

fn read<'w>(typed: &Typed, dealership: &Dealership, words: &'w Words) -> Result<Read, Vec<&'w str>> {
    let mut problems = Vec::new();
    let short = [&typed.name, &typed.email, &typed.phone, &typed.plate, &typed.topic, &typed.times];
    if typed.message.trim().is_empty() {
        problems.push(words.no_message);
    }
    if typed.message.chars().count() > LONGEST || short.iter().any(|text| text.chars().count() > SHORT) {
        problems.push(words.too_long);
    }
    let email = (!typed.email.trim().is_empty()).then(|| email::read(&typed.email));
    let phone = (!typed.phone.trim().is_empty()).then(|| phone::read(&typed.phone, Some(&dealership.region)));
    let good_email = match email {
        Some(Email::Good(address)) => Some(address),
        Some(Email::Bad { .. }) => {
            problems.push(words.bad_email);
            None
        }
        None => None,
    };
    let good_phone = match phone {
        Some(Ok(Phone::Good(number))) => Some(number),
        Some(_) => {
            problems.push(words.bad_phone);
            None
        }
        None => None,
    };
    if typed.email.trim().is_empty() && typed.phone.trim().is_empty() {
        problems.push(words.no_address);
    }
    if problems.is_empty() {
        Ok(Read { typed: typed.clone(), email: good_email, phone: good_phone })
    } else {
        Err(problems)
    }
}

impl Read {
    fn arrival(self, dealership: &std::sync::Arc<Dealership>, now: crate::clock::Timestamp) -> Arrival {
        let line =
            |text: &str| Some(text.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|text| !text.is_empty());
        let sender = self.email.clone().or_else(|| self.phone.clone());
        let kind = if self.email.is_some() { "email" } else { "phone" };
        let person = sender.as_ref().map(|sender| Person {
            reference: format!("{kind}:{sender}"),
            name: line(&self.typed.name),
            phones: self.phone.map(|number| vec![Address::good(number)]),
            email: self.email.map(Address::good),
            ..Person::named("")
        });
        Arrival {
            sender,
            person,
            topic: line(&self.typed.topic),
            vehicle: line(&self.typed.plate).and_then(|plate| Sighting::of(None, Some(&plate))),
            preferred_times: line(&self.typed.times).into_iter().collect(),
            ..Arrival::new(dealership, Channel::Web, now, self.typed.message.trim())
        }
    }
}

fn form(dealership: &Dealership, words: &Words, typed: &Typed, problems: &[&str]) -> Markup {
    let field = |name: &str, label: &str, value: &str, kind: &str, complete: &str| {
        html! {
            label for=(name) { (label) }
            input id=(name) name=(name) type=(kind) value=(value) maxlength=(SHORT) autocomplete=(complete);
        }
    };
    html! {
        h1 { (words.title) }
        p { (words.promise) " " (words.call) " " (dealership.phone) }
        @if !problems.is_empty() {
            div role="alert" class="wrong" { p { (words.wrong) } ul { @for problem in problems { li { (problem) } } } }
        }
        form method="post" action=(format!("/i/{}?lang={}", dealership.code, words.locale)) {
            (field("name", words.name, &typed.name, "text", "name"))
            (field("email", words.email, &typed.email, "email", "email"))
            (field("phone", words.phone, &typed.phone, "tel", "tel"))
            p class="hint" { (words.either) }
            (field("plate", words.plate, &typed.plate, "text", "off"))
            (field("topic", words.topic, &typed.topic, "text", "off"))
            label for="message" { (words.message) }
            textarea id="message" name="message" rows="8" maxlength=(LONGEST) required { (typed.message) }
            (field("times", words.times, &typed.times, "text", "off"))
            div class="aside" aria-hidden="true" {
                label for="website" { (words.leave_empty) }
                input id="website" name="website" type="text" value="" tabindex="-1" autocomplete="off";
            }
            button type="submit" { (words.send) }
        }
    }
}

fn page(dealership: &Dealership, words: &Words, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(words.locale) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (words.title) " · " (dealership.name) }
                link rel="stylesheet" href="/assets/public.css";
                link rel="stylesheet" href="/i/form.css";
            }
            body {
                main {
                    header { p { (dealership.name) " · " (dealership.department) } }
                    (body)
                    nav aria-label="Language" {
                        @for (other, name) in [(ZH, "中文"), (EN, "English"), (JA, "日本語")] {
                            a href=(format!("/i/{}?lang={}", dealership.code, other.locale)) lang=(other.locale) { (name) }
                        }
                    }
                }
            }
        }
    }
}
