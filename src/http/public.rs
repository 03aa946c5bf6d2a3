//! What the pages for customers share: one frame, one stylesheet, no script.
use axum::{
    Router,
    extract::FromRequest,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
    routing::get,
};
use maud::{DOCTYPE, Markup, html};

use super::{Error, body::RawBody, storable};
use crate::{app::App, notices::Locale};

const STYLE: &str = include_str!("assets/public.css");

pub fn routes() -> Router<App> {
    Router::new().route("/assets/public.css", get(style))
}

async fn style() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=3600")];
    (headers, STYLE).into_response()
}

/// A whole page in the reader's language. Search engines and previews keep out: its address is for one reader.
pub fn page(locale: Locale, title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(locale.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex, nofollow";
                title { (title) }
                link rel="stylesheet" href="/assets/public.css";
            }
            body { main { (body) } }
        }
    }
}

/// The reader's language where nobody knows who reads: what the browser asks for first, of those we speak.
pub fn asked_for(headers: &HeaderMap) -> Locale {
    let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    wanted.split(',').find_map(|tag| Locale::parse(tag.split(';').next()?.trim())).unwrap_or(Locale::ZhCn)
}

/// The fields of a form as a browser posts them, in their order.
#[derive(Debug)]
pub struct Form(pub Vec<(String, String)>);

impl Form {
    /// The first value of that name; blank counts as absent.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// The first value of that name, blank too; none where the form has no such field.
    pub fn typed(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim())
    }
}

impl FromRequest<App> for Form {
    type Rejection = Error;
    async fn from_request(request: axum::extract::Request, app: &App) -> Result<Self, Error> {
        let is_form =
            super::body::media_type(request.headers()).is_some_and(|kind| kind == "application/x-www-form-urlencoded");
        if !is_form {
            return Err(Error::UnsupportedMediaType("send the form as application/x-www-form-urlencoded"));
        }
        let RawBody(bytes) = RawBody::from_request(request, app).await?;
        storable::form(&bytes).map(Self)
    }
}
