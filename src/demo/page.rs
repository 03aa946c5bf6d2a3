//! `/demo`: the console on the left, the customer's phone and letters on the right, and between them what just happened and why.
use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    extract::{Path, Request, State},
    http::{HeaderValue, header},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maud::{DOCTYPE, Markup, html};

use super::{
    mailbox::{name_of, only_from_here, parsed},
    scene::Scene,
    stage::{Caption, Pace, Reader, Stage},
    store,
};
use crate::{
    app::App,
    channels::mailbox::Item,
    console::{assets, live},
    http::Error,
};

const STYLE: &str = include_str!("page.css");
/// So much of a phone is shown.
const SHOWN: i64 = 6;
/// The clock on the page is this old at most.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// Without script the page is asked for again after so many seconds.
const REFRESH: &str = "4";

/// What the page shows.
#[derive(Clone)]
pub struct Theatre {
    pub scene: Arc<Scene>,
    pub stage: Stage,
}

/// For a demo's router: they open on this machine only.
pub fn routes(theatre: Theatre) -> Router<App> {
    Router::new()
        .route("/demo", get(show))
        .route("/demo/story.css", get(style))
        .route("/demo/live", get(follow))
        .route("/demo/pause", post(stand))
        .route("/demo/play", post(play))
        .route("/demo/step", post(step))
        .route("/demo/console/{n}", get(console))
        .layer(Extension(theatre))
        .layer(middleware::from_fn(only_from_here))
}

/// A demo's pages may stand inside the one page that shows them beside the phone, and nowhere else.
pub async fn framed(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let policy = headers.get(header::CONTENT_SECURITY_POLICY).and_then(|policy| policy.to_str().ok());
    let policy = policy.map(|policy| policy.replace("frame-ancestors 'none'", "frame-ancestors 'self'"));
    if let Some(policy) = policy.and_then(|policy| HeaderValue::from_str(&policy).ok()) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    }
    response
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)
}

async fn stand(Extension(theatre): Extension<Theatre>) -> Redirect {
    theatre.stage.pause(true);
    Redirect::to("/demo")
}

async fn play(Extension(theatre): Extension<Theatre>) -> Redirect {
    theatre.stage.pause(false);
    Redirect::to("/demo")
}

/// Answers when the next caption is there.
async fn step(Extension(theatre): Extension<Theatre>) -> Redirect {
    theatre.stage.step().await;
    Redirect::to("/demo")
}

/// The page of the console that a caption speaks of, with whoever looks at it signed in.
async fn console(Extension(theatre): Extension<Theatre>, Path(n): Path<usize>) -> Result<Response, Error> {
    let captions = theatre.stage.captions();
    let Caption { console: (login, page), .. } = captions.get(n).ok_or(Error::NotFound)?;
    let cookie = theatre.scene.hands.seat(login).await.map_err(Error::Internal)?;
    let mut response = Redirect::to(page).into_response();
    let cookie = HeaderValue::from_str(&cookie).map_err(|error| Error::Internal(error.into()))?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

async fn follow(State(app): State<App>, Extension(theatre): Extension<Theatre>) -> Response {
    live::stream_of(app, LOOK_AGAIN, move || {
        let theatre = theatre.clone();
        async move { Some(regions(&theatre).await) }
    })
}

async fn show(Extension(theatre): Extension<Theatre>) -> Result<Response, Error> {
    let regions = regions(&theatre).await?;
    let runs = theatre.stage.pace() != Pace::Paused;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                @if runs { noscript { meta http-equiv="refresh" content=(REFRESH); } }
                title { "The story · Aftercare" }
                link rel="stylesheet" href=(assets::STYLE.url());
                link rel="stylesheet" href="/demo/story.css";
                link rel="icon" href="data:,";
                script defer src=(assets::SCRIPT.url()) {}
            }
            body class="story" data-live="/demo/live" { (regions) }
        }
    };
    let mut response = page.into_response();
    // The one page that shows the console inside itself.
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self'; \
        form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    Ok(response)
}

/// Everything that changes, each by its id.
async fn regions(theatre: &Theatre) -> Result<Markup, Error> {
    let captions = theatre.stage.captions();
    let pace = theatre.stage.pace();
    let scene = &theatre.scene;
    let reader = captions.iter().rev().find_map(|caption| caption.reader);
    let items = match reader {
        Some(reader) => store::arrived(&mut scene.read().await?, reader.addresses, SHOWN).await?,
        None => Vec::new(),
    };
    Ok(html! {
        header id="bar" class="topbar" {
            h1 { "Aftercare" small { " the story of an afternoon" } }
            p class="clock" { span class="vh" { "The clock in Guangzhou: " } time { (scene.weekday(scene.now())) } }
            (controls(pace))
        }
        main id="main" class="stage" {
            section id="told" class="told" aria-label="What just happened" aria-live="polite" { (told(scene, &captions)) }
            section id="console" class="console" aria-label="The console" {
                @match captions.len().checked_sub(1) {
                    Some(last) => {
                        iframe id="frame" name="console" title="The console" src={ "/demo/console/" (last) } {}
                        p class="small" { a href={ "/demo/console/" (last) } target="_blank" rel="noopener" { "Open this page of the console by itself" } " · signed in as " (captions[last].console.0) }
                    }
                    None => p class="muted wait" { "The month before is being told …" }
                }
            }
            aside id="phone" class="phone" aria-label="The customer's phone and letters" { (phone(scene, reader, &items)) }
        }
    })
}

fn controls(pace: Pace) -> Markup {
    let button = |action: &str, key: &str, words: &str, kind: &str| {
        html! { form method="post" action=(action) { button class=(kind) data-key=(key) { (words) " " kbd { (key.to_uppercase()) } } } }
    };
    html! {
        div class="controls" role="group" aria-label="The story" {
            @match pace {
                Pace::Told => p { "The story is told. From here on the clock goes as yours does." },
                Pace::Paused => { (button("/demo/play", "p", "Play", "secondary")) (button("/demo/step", "s", "Step", "primary")) }
                Pace::Playing | Pace::Stepping => { (button("/demo/pause", "p", "Pause", "secondary")) (button("/demo/step", "s", "Step", "primary")) }
            }
        }
    }
}

fn told(scene: &Scene, captions: &[Caption]) -> Markup {
    let Some((last, before)) = captions.split_last() else {
        return html! { h2 { "Thirty days of history come first" } p { "A few seconds, then it is Saturday, 16:40 in Guangzhou." } };
    };
    html! {
        p class="when" { (scene.clock(last.at)) " · " (captions.len()) " of " (super::story::captions()) }
        h2 { (last.title) }
        @for line in &last.lines { p { (line) } }
        @if !before.is_empty() {
            details class="before" {
                summary { "So far" }
                ol { @for (n, caption) in before.iter().enumerate().rev() {
                    li { span class="when" { (scene.clock(caption.at)) } " " a href={ "/demo/console/" (n) } target="console" { (caption.title) } }
                } }
            }
        }
    }
}

fn phone(scene: &Scene, reader: Option<Reader>, items: &[Item]) -> Markup {
    html! {
        h2 { @match reader { Some(reader) => { span lang="zh-CN" { (reader.name) } "’s phone and letters" }, None => "A customer’s phone and letters" } }
        @if items.is_empty() { p class="muted" { "Nothing has arrived." } }
        ol { @for item in items { (arrived(scene, item)) } }
        p class="small" { a href="/demo/mailbox" target="_blank" rel="noopener" { "Everybody’s mailbox" } }
    }
}

fn arrived(scene: &Scene, item: &Item) -> Markup {
    let mail = parsed(item);
    let when = html! { span class="when" { (name_of(&item.channel)) " · " (scene.clock(item.received_at)) } };
    html! {
        @match &mail {
            Some(mail) => li class="letter" id=(item.id) {
                (when)
                a href={ "/demo/mailbox/" (item.id) } target="_blank" rel="noopener" lang="zh-CN" { (mail.subject().unwrap_or_default()) }
                @if super::mailbox::entry(item).is_some() { span class="tag" { "calendar invite" } }
            },
            None => li class={ "bubble " (item.channel) } id=(item.id) { (when) p class="prose" lang="zh-CN" { (item.raw) } },
        }
    }
}
