//! Before every page: was it declared, who is asking, may they, and did their own browser send it.
use std::{collections::HashMap, sync::LazyLock};

use axum::{
    body::to_bytes,
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use serde_json::Value;

use super::{frame, pages::Declared, policy::Right, visitor::Visitor, words::Words};
use crate::{
    app::App,
    http::{Error, public},
};

/// Where people sign in.
pub const SIGN_IN: &str = "/console/sign-in";
/// Where they must choose another password before anything else.
pub const PASSWORD: &str = "/console/password";
const SIGN_OUT: &str = "/console/sign-out";
/// What is read of a problem that becomes a page.
const MOST_WORDS: usize = 20_000;

/// What every page needs, by method and path.
static RIGHTS: LazyLock<HashMap<(Method, &'static str), Right>> = LazyLock::new(|| {
    let declared = super::declared();
    declared.into_iter().map(|Declared { method, path, right }| ((method, path), right)).collect()
});

/// Lets through what may pass; a page that nobody declared is not there.
pub async fn guard(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let Some(path) = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()) else {
        return next.run(request).await;
    };
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let is_page = path == "/console" || path.starts_with("/console/");
    // A cookie is sent along whoever wrote the form; a key is not.
    let by_cookie =
        super::visitor::token(request.headers()).is_some() && !request.headers().contains_key(header::AUTHORIZATION);
    if !is_safe && (is_page || by_cookie) && !is_same_origin(&app, request.headers()) {
        tracing::warn!(path, "a form came from another site");
        // Programs read problems, people pages.
        if path.starts_with("/v1/") {
            return Error::Forbidden("this came from another site: ask from a page of ours, or with a key")
                .into_response();
        }
        return refused(&app, request.headers(), StatusCode::FORBIDDEN, "error-other-site").await;
    }
    if !is_page {
        return next.run(request).await;
    }
    let method = if *request.method() == Method::HEAD { Method::GET } else { request.method().clone() };
    let Some(right) = RIGHTS.get(&(method, path.as_str())).copied() else { return next.run(request).await };
    let visitor = match Visitor::of(&app, request.headers()).await {
        Ok(visitor) => visitor,
        Err(error) => return error.into_response(),
    };
    let (visitor, headers) = match (visitor, right) {
        (None, Right::Anyone) => return next.run(request).await,
        (None, _) => return to_sign_in(&request),
        (Some(visitor), _) => (visitor, request.headers().clone()),
    };
    if right != Right::Anyone {
        if visitor.session.account.must_change && path != PASSWORD && path != SIGN_OUT {
            return Redirect::to(PASSWORD).into_response();
        }
        if !visitor.may(right) {
            return refused(&app, &headers, StatusCode::FORBIDDEN, "error-no-right").await;
        }
    }
    request.extensions_mut().insert(visitor.clone());
    let response = next.run(request).await;
    if is_problem(&response) { as_page(&visitor, response).await } else { response }
}

/// Back to the page that was asked for, once they have signed in.
fn to_sign_in(request: &Request) -> Response {
    let asked = request.uri().path_and_query().map(axum::http::uri::PathAndQuery::as_str);
    let back = asked.filter(|path| *request.method() == Method::GET && *path != "/console" && !path.contains("/live/"));
    let encoded = |path: &str| url::form_urlencoded::byte_serialize(path.as_bytes()).collect::<String>();
    let to = back.map_or_else(|| SIGN_IN.to_owned(), |path| format!("{SIGN_IN}?next={}", encoded(path)));
    Redirect::to(&to).into_response()
}

/// Sent by a page of ours, as the browser itself says (Fetch Metadata); where it does not, by the origin it names.
fn is_same_origin(app: &App, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let ours = app.config.http.public_url.origin().ascii_serialization();
            let host = text("host").unwrap_or_default();
            origin == ours || origin.split_once("://").is_some_and(|(_, named)| named == host)
        }
        (None, None) => false,
    }
}

fn is_problem(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.starts_with("application/problem+json")
}

/// A problem as people read it.
async fn as_page(visitor: &Visitor, response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, MOST_WORDS).await.unwrap_or_default();
    let problem: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let w = visitor.words;
    let code = problem["code"].as_str().unwrap_or("internal");
    let mut said: Vec<String> =
        problem["errors"].as_array().into_iter().flatten().map(|fault| said(w, fault)).collect();
    if said.is_empty() {
        said.push(if w.knows(&format!("problem-{}", code.replace('_', "-"))) {
            w.code("problem", code)
        } else {
            problem["detail"].as_str().or(problem["title"].as_str()).unwrap_or(code).to_owned()
        });
    }
    for name in [header::CONTENT_LENGTH, header::CONTENT_TYPE] {
        parts.headers.remove(name);
    }
    let mut page = frame::error(visitor, parts.status, &said).into_response();
    *page.status_mut() = parts.status;
    for (name, value) in &parts.headers {
        page.headers_mut().insert(name, value.clone());
    }
    page
}

/// One fault of what was typed, in the reader's language where we have it.
fn said(w: Words, fault: &Value) -> String {
    let code = fault["code"].as_str().unwrap_or_default();
    if w.knows(&format!("problem-{}", code.replace('_', "-"))) {
        return w.code("problem", code);
    }
    let field = fault["pointer"].as_str().unwrap_or_default().trim_start_matches('/');
    format!("{field}: {}", fault["message"].as_str().unwrap_or(code))
}

async fn refused(app: &App, headers: &HeaderMap, status: StatusCode, key: &str) -> Response {
    let visitor = Visitor::of(app, headers).await.ok().flatten();
    let page = if let Some(visitor) = &visitor {
        frame::error(visitor, status, &[visitor.words.t(key)])
    } else {
        let w = Words(public::asked_for(headers));
        frame::bare(w, &w.t("error-title"), &maud::html! { h1 { (w.t("error-title")) } p { (w.t(key)) } })
    };
    let mut response = (status, page).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
