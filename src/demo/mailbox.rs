//! `/demo/mailbox`: what the built-in mailbox received, as a customer would see it.
use axum::{
    Router,
    extract::{Path, Query, Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use jiff::{SignedDuration, tz::TimeZone};
use mail_parser::{Message, MessageParser, MimeHeaders};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Deserialize;

use super::wall_clock;
use crate::{
    app::App,
    channels::mailbox::{Item, Mailbox},
    http::{Error, is_local},
    id::Id,
};

/// The newest items that the list shows.
const SHOWN: i64 = 200;
/// What arrives here, and what people call it.
const CHANNELS: [(&str, &str); 4] = [("email", "E-mail"), ("sms", "SMS"), ("wechat", "WeChat"), ("wecom", "WeCom")];
const STYLE: &str = include_str!("mailbox.css");

pub fn routes() -> Router<App> {
    Router::new()
        .route("/demo/mailbox", get(list))
        .route("/demo/mailbox.css", get(style))
        .route("/demo/mailbox/{id}", get(one))
        .route("/demo/mailbox/{id}/letter", get(letter))
        .route("/demo/mailbox/{id}/invite.ics", get(invite))
        .layer(middleware::from_fn(only_from_here))
}

/// People's letters lie here: the pages open on this machine only.
pub(super) async fn only_from_here(request: Request, next: Next) -> Response {
    if is_local(&request) {
        next.run(request).await
    } else {
        Error::Forbidden("the mailbox opens on the machine it runs on").into_response()
    }
}

#[derive(Deserialize)]
struct Shown {
    /// One of [`CHANNELS`]; all without it.
    channel: Option<String>,
}

async fn list(State(app): State<App>, Query(shown): Query<Shown>) -> Result<Markup, Error> {
    let items = mailbox(&app).newest(SHOWN, SignedDuration::from_hours(24 * 365)).await?;
    let chosen = |item: &&Item| shown.channel.as_deref().is_none_or(|channel| channel == item.channel);
    Ok(page(
        &app,
        true,
        &html! {
            nav {
                a href="/demo/mailbox" aria-current=[shown.channel.is_none().then_some("page")] { "All" }
                @for (channel, name) in CHANNELS {
                    a href={ "/demo/mailbox?channel=" (channel) } aria-current=[(shown.channel.as_deref() == Some(channel)).then_some("page")] { (name) }
                }
            }
            @if items.is_empty() { p.empty { "Nothing has arrived yet." } }
            ol.items { @for item in items.iter().filter(chosen) { (row(item)) } }
        },
    ))
}

pub(super) fn name_of(channel: &str) -> &str {
    CHANNELS.iter().find(|(known, _)| *known == channel).map_or(channel, |(_, name)| name)
}

fn row(item: &Item) -> Markup {
    let mail = parsed(item);
    let title = mail.as_ref().and_then(|mail| mail.subject()).unwrap_or(&item.raw);
    html! {
        li {
            a href={ "/demo/mailbox/" (item.id) } {
                span class={ "channel " (item.channel) } { (name_of(&item.channel)) }
                span.to { (item.recipient) }
                span.title { (title) }
                time { (wall_clock(item.received_at, &shop_zone())) }
            }
        }
    }
}

async fn one(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Error> {
    let item = find(&app, &id).await?;
    let mail = parsed(&item);
    let body = html! {
        p.back { a href="/demo/mailbox" { "← Mailbox" } }
        article {
            header {
                @if let Some(mail) = &mail {
                    h2 { (mail.subject().unwrap_or_default()) }
                    p { "From " (sender(mail)) }
                }
                p { "To " (item.recipient) " · " (wall_clock(item.received_at, &shop_zone())) }
                @if mail.as_ref().and_then(calendar).is_some() {
                    p { a.button href={ "/demo/mailbox/" (id) "/invite.ics" } { "Calendar file" } }
                }
            }
            @if mail.is_some() {
                iframe title="The letter" sandbox="" src={ "/demo/mailbox/" (id) "/letter" } {}
                details { summary { "As it went over the wire" } pre { (item.raw) } }
            } @else {
                p.bubble { (item.raw) }
            }
        }
    };
    let mut response = page(&app, false, &body).into_response();
    // The one page that shows another inside itself.
    let csp = "default-src 'none'; style-src 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(csp));
    Ok(response)
}

/// The HTML of a letter, alone, with nothing allowed but its own styles.
async fn letter(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Error> {
    let item = find(&app, &id).await?;
    let mail = parsed(&item).ok_or(Error::NotFound)?;
    let body = mail.body_html(0).ok_or(Error::NotFound)?.into_owned();
    let mut response = html! { (PreEscaped(body)) }.into_response();
    let csp = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'";
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(csp));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    Ok(response)
}

async fn invite(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Error> {
    let item = find(&app, &id).await?;
    let file = parsed(&item).as_ref().and_then(calendar).ok_or(Error::NotFound)?;
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, "text/calendar; charset=utf-8")], file).into_response())
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)
}

fn page(app: &App, fresh: bool, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                @if fresh { meta http-equiv="refresh" content="2"; }
                title { "Mailbox · Aftercare" }
                link rel="stylesheet" href="/demo/mailbox.css";
            }
            body {
                header.bar {
                    h1 { "Aftercare" small { "mailbox" } }
                    p.clock { (wall_clock(app.ids.clock.now(), &shop_zone())) " in Shanghai" }
                }
                main { (body) }
            }
        }
    }
}

fn mailbox(app: &App) -> Mailbox {
    Mailbox::new(app.db.clone(), app.ids.clone(), app.outages.clone())
}

async fn find(app: &App, id: &str) -> Result<Item, Error> {
    let id: Id<Item> = id.parse().map_err(|_| Error::NotFound)?;
    mailbox(app).find(id).await?.ok_or(Error::NotFound)
}

pub(super) fn parsed(item: &Item) -> Option<Message<'_>> {
    (item.channel == "email").then(|| MessageParser::default().parse(item.raw.as_bytes())).flatten()
}

fn sender(mail: &Message<'_>) -> String {
    let from = mail.from().and_then(|from| from.first());
    let part = |part: Option<&str>| part.unwrap_or_default().to_owned();
    from.map(|from| format!("{} <{}>", part(from.name()), part(from.address()))).unwrap_or_default()
}

/// The page of ours that a letter, or a text, leads to: its path, where it begins with `kind`.
pub(super) fn link(item: &Item, kind: &str) -> Option<String> {
    let mail = parsed(item);
    let text =
        mail.as_ref().and_then(|mail| mail.body_text(0)).map_or_else(|| item.raw.clone(), std::borrow::Cow::into_owned);
    let (_, rest) = text.split_once(kind)?;
    let token: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "._-".contains(*c)).collect();
    Some(format!("{kind}{token}"))
}

/// UID and SEQUENCE of the calendar entry of a letter (RFC 5545).
pub(super) fn entry(item: &Item) -> Option<(String, String)> {
    let file = parsed(item).as_ref().and_then(calendar)?;
    // Long lines are folded.
    let file = file.replace("\r\n ", "");
    let value = |name: &str| file.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned());
    Some((value("UID:")?, value("SEQUENCE:")?))
}

fn calendar(mail: &Message<'_>) -> Option<String> {
    let is_calendar = |part: &&mail_parser::MessagePart<'_>| {
        part.content_type().is_some_and(|kind| kind.subtype() == Some("calendar"))
    };
    mail.parts.iter().find(is_calendar).and_then(|part| part.text_contents()).map(str::to_owned)
}

fn shop_zone() -> TimeZone {
    TimeZone::get("Asia/Shanghai").unwrap_or(TimeZone::UTC)
}
