//! Signing in and out, another password, another language, another dealership.
use std::net::SocketAddr;

use axum::{
    extract::{ConnectInfo, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{
    frame::{self, Page, frame, home},
    guard::{PASSWORD, SIGN_IN},
    pages::Pages,
    pieces::{head, refusal},
    policy::Right,
    visitor::{COOKIE, Visitor},
    words::Words,
};
use crate::{
    app::App,
    http::{
        Error,
        public::{Form, asked_for},
    },
    notices::Locale,
    staff::accounts::{
        self, SHORTEST_PASSWORD,
        sessions::{self, NotIn},
    },
};

pub(super) fn pages() -> Pages {
    Pages::new()
        .get("/console", Right::Staff, start)
        .get(SIGN_IN, Right::Anyone, ask)
        .post(SIGN_IN, Right::Anyone, sign_in)
        .post("/console/sign-out", Right::Staff, sign_out)
        .get(PASSWORD, Right::Staff, ask_password)
        .post(PASSWORD, Right::Staff, change_password)
        .post("/console/language", Right::Staff, language)
        .post("/console/go", Right::Staff, go)
}

async fn start(visitor: Visitor) -> Redirect {
    Redirect::to(home(&visitor))
}

#[derive(Default, Deserialize)]
struct Asked {
    next: Option<String>,
    lang: Option<String>,
}

/// Only a page of ours: whoever makes a link must not send people elsewhere after they have signed in.
fn safe(next: Option<&str>) -> Option<&str> {
    next.filter(|next| next.starts_with("/console/") && !next.contains("//") && !next.contains('\\'))
}

fn words(headers: &HeaderMap, chosen: Option<&str>) -> Words {
    Words(chosen.and_then(Locale::parse).unwrap_or_else(|| asked_for(headers)))
}

async fn ask(headers: HeaderMap, Query(asked): Query<Asked>) -> Markup {
    sign_in_page(words(&headers, asked.lang.as_deref()), &asked, "", None)
}

fn sign_in_page(w: Words, asked: &Asked, login: &str, wrong: Option<&str>) -> Markup {
    let name = |locale: Locale| locale.choose("中文", "English", "日本語");
    frame::bare(
        w,
        &w.t("sign-in"),
        &html! {
            form method="post" action=(SIGN_IN) class="card login" {
                p class="eyebrow" { (w.t("sign-in-lead")) }
                h1 { "Aftercare" }
                (refusal(wrong))
                input type="hidden" name="lang" value=(w.0.code());
                @if let Some(next) = safe(asked.next.as_deref()) { input type="hidden" name="next" value=(next); }
                label { (w.t("login")) input name="login" value=(login) autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus; }
                label { (w.t("password")) input name="password" type="password" autocomplete="current-password" required; }
                button class="primary" { (w.t("sign-in")) }
                p class="muted small" { (w.t("forgotten")) }
            }
            nav class="langs" aria-label=(w.t("language")) {
                @for locale in Locale::ALL {
                    a href={ (SIGN_IN) "?lang=" (locale.code()) } lang=(locale.code()) aria-current=[(locale == w.0).then_some("true")] { (name(locale)) }
                }
            }
        },
    )
}

async fn sign_in(
    State(app): State<App>,
    peer: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Error> {
    let asked = Asked { next: form.get("next").map(str::to_owned), lang: form.get("lang").map(str::to_owned) };
    let w = words(&headers, asked.lang.as_deref());
    let login = form.get("login").unwrap_or_default();
    let password = SecretString::from(form.get("password").unwrap_or_default().to_owned());
    if password.expose_secret().chars().count() > accounts::LONGEST_PASSWORD {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, sign_in_page(w, &asked, login, Some(&w.t("sign-in-wrong"))))
            .into_response());
    }
    let from = peer.map(|peer| peer.0.0.ip().to_canonical().to_string()).unwrap_or_default();
    match sessions::sign_in(&app, login, password, &from).await {
        Ok(token) => {
            let to = safe(asked.next.as_deref()).unwrap_or("/console");
            let mut response = Redirect::to(to).into_response();
            response.headers_mut().insert(header::SET_COOKIE, cookie(&app, token.expose_secret(), false)?);
            Ok(response)
        }
        Err(NotIn::Broken(error)) => Err(error),
        Err(NotIn::Wrong) => {
            Ok((StatusCode::UNPROCESSABLE_ENTITY, sign_in_page(w, &asked, login, Some(&w.t("sign-in-wrong"))))
                .into_response())
        }
        Err(NotIn::Blocked(until)) => {
            let wait = w.span(until.since(app.ids.clock.now()).max(jiff::SignedDuration::from_mins(1)));
            let said = w.ta("sign-in-blocked", &[("n", wait.into())]);
            Ok((StatusCode::TOO_MANY_REQUESTS, sign_in_page(w, &asked, login, Some(&said))).into_response())
        }
    }
}

/// `Lax`: a link in a mail to somebody who works here opens the page.
fn cookie(app: &App, token: &str, over: bool) -> Result<HeaderValue, Error> {
    let secure = if app.config.http.public_url.scheme() == "https" { "; Secure" } else { "" };
    let age = if over { "; Max-Age=0" } else { "" };
    let text = format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax{secure}{age}");
    HeaderValue::from_str(&text).map_err(|error| Error::Internal(error.into()))
}

async fn sign_out(State(app): State<App>, visitor: Visitor, form: Form) -> Result<Response, Error> {
    sessions::sign_out(&app, &visitor.session, form.get("everywhere").is_some()).await?;
    let mut response = Redirect::to(SIGN_IN).into_response();
    response.headers_mut().insert(header::SET_COOKIE, cookie(&app, "", true)?);
    // Nothing of what was on the screen comes back with the browser's back button.
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\""));
    Ok(response)
}

#[derive(Deserialize)]
struct Done {
    done: Option<String>,
}

async fn ask_password(visitor: Visitor, Query(Done { done }): Query<Done>) -> Markup {
    password_page(&visitor, None, done.is_some())
}

fn password_page(visitor: &Visitor, wrong: Option<&str>, done: bool) -> Markup {
    let w = visitor.words;
    let must = visitor.session.account.must_change;
    let body = html! {
        (head(&w.t("change-password"), &html! { @if must { p { (w.t("password-must")) } } @else { p { (w.t("password-lead")) } } }, &html! {}))
        form method="post" action=(PASSWORD) class="card narrow" {
            (refusal(wrong))
            input type="text" name="login" value=(visitor.session.account.login) autocomplete="username" hidden;
            label { (w.t("password-old")) input name="old" type="password" autocomplete="current-password" required; }
            label { (w.t("password-new")) input name="new" type="password" autocomplete="new-password" minlength=(SHORTEST_PASSWORD) required aria-describedby="password-rule"; }
            p id="password-rule" class="muted small" { (w.ta("password-rule", &[("n", SHORTEST_PASSWORD.into())])) }
            button class="primary" { (w.t("save")) }
        }
        @if !must {
            form method="post" action="/console/sign-out" class="card narrow" {
                p { (w.t("everywhere-lead")) }
                button class="secondary" name="everywhere" value="yes" { (w.t("sign-out-everywhere")) }
            }
        }
    };
    let done = done.then(|| html! { (w.t("done-password")) });
    frame(visitor, Page { title: w.t("change-password"), done, ..Page::default() }, &body)
}

async fn change_password(State(app): State<App>, visitor: Visitor, form: Form) -> Result<Response, Error> {
    let typed = |name| SecretString::from(form.get(name).unwrap_or_default().to_owned());
    match accounts::actions::change_password(&app, &visitor.session, typed("old"), typed("new")).await {
        Ok(()) if visitor.session.account.must_change => Ok(Redirect::to("/console").into_response()),
        Ok(()) => Ok(Redirect::to(&format!("{PASSWORD}?done=1")).into_response()),
        Err(Error::Invalid(faults)) => {
            let said = faults.first().map_or_else(String::new, |fault| visitor.words.code("problem", fault.code));
            Ok((StatusCode::UNPROCESSABLE_ENTITY, password_page(&visitor, Some(&said), false)).into_response())
        }
        Err(error) => Err(error),
    }
}

async fn language(State(app): State<App>, visitor: Visitor, headers: HeaderMap, form: Form) -> Result<Redirect, Error> {
    if let Some(locale) = form.get("language").and_then(Locale::parse) {
        sessions::speak(&app, &visitor.session.account, locale.code()).await?;
    }
    Ok(Redirect::to(&back(&headers)))
}

async fn go(State(app): State<App>, visitor: Visitor, form: Form) -> Result<Redirect, Error> {
    let dealership = form.get("dealership").and_then(|id| id.parse().ok()).ok_or(Error::NotFound)?;
    if !sessions::go_to(&app, &visitor.session, dealership).await? {
        return Err(Error::NotFound);
    }
    Ok(Redirect::to("/console"))
}

/// The page that somebody came from, when it is one of ours.
fn back(headers: &HeaderMap) -> String {
    let from =
        headers.get(header::REFERER).and_then(|value| value.to_str().ok()).and_then(|url| url::Url::parse(url).ok());
    let path = from.map(|url| url.path().to_owned());
    safe(path.as_deref()).unwrap_or("/console").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_signing_in_nobody_is_sent_elsewhere() {
        assert_eq!(safe(Some("/console/calls?tab=mine")), Some("/console/calls?tab=mine"));
        for elsewhere in
            ["https://evil.example/", "//evil.example", "/console//evil.example", "/console/\\evil", "/v1/x", ""]
        {
            assert_eq!(safe(Some(elsewhere)), None, "{elsewhere}");
        }
    }
}
