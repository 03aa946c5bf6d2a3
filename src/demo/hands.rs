//! The hands of everybody in the story: a web site, a customer's browser and phone, colleagues at the console. Each uses the door
//! that they use in life.
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use anyhow::{Context, ensure};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header, request::Builder},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::people;
use crate::{
    app::App,
    staff::keys::{Key, Scope},
};

/// The most that is read of an answer.
const LONGEST: usize = 4 * 1024 * 1024;
const BOUNDARY: &str = "the-storys-own-boundary";

/// What a door answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    /// Where it sent on to.
    pub location: Option<String>,
    pub body: String,
    headers: HeaderMap,
}

impl Answer {
    /// The value of a field of a form on the page.
    pub fn field(&self, name: &str) -> Option<String> {
        self.fields(name).into_iter().next()
    }
    /// The values of all fields of this name, as the page has them.
    pub fn fields(&self, name: &str) -> Vec<String> {
        let tags = self.body.split('<').filter(|tag| tag.contains(&format!("name=\"{name}\"")));
        let value = |tag: &str| Some(tag.split_once("value=\"")?.1.split_once('"')?.0.to_owned());
        tags.filter_map(value).collect()
    }
}

/// Made once for a story.
pub struct Hands {
    router: Router,
    key: SecretString,
    texts: SecretString,
    seats: Mutex<HashMap<String, String>>,
}

impl Hands {
    /// `texts` is what the gateway of incoming texts shows.
    ///
    /// # Errors
    /// The database's.
    pub async fn new(app: &App, router: Router, texts: SecretString) -> anyhow::Result<Self> {
        let scopes = vec![Scope::EventsWrite, Scope::Write, Scope::MessagesSend];
        let (key, text) = Key::new("the story", scopes, None, &app.ids);
        app.keys.insert(key).await.context("the story has no key")?;
        Ok(Self { router, key: text, texts, seats: Mutex::default() })
    }

    /// What the systems of a dealership tell: `POST /v1/events`.
    pub async fn tell(&self, events: Value) -> anyhow::Result<()> {
        let request = self.by_key("/v1/events");
        self.done(request, "application/cloudevents-batch+json", events.to_string()).await.map(drop)
    }

    /// A booking of a web site: `POST /v1/appointments`.
    pub async fn book(&self, key: &str, booking: &Value) -> anyhow::Result<()> {
        let request = self.by_key("/v1/appointments").header("idempotency-key", key);
        self.done(request, "application/json", booking.to_string()).await.map(drop)
    }

    /// A message that a system asks for: `POST /v1/messages`.
    pub async fn ask_to_say(&self, key: &str, asked: &Value) -> anyhow::Result<Value> {
        let request = self.by_key("/v1/messages").header("idempotency-key", key);
        let answer = self.done(request, "application/json", asked.to_string()).await?;
        Ok(serde_json::from_str(&answer.body)?)
    }

    /// A text from a phone, as the gateway hands it over.
    pub async fn text(&self, id: &str, from: &str, text: &str) -> anyhow::Result<()> {
        let bearer = format!("Bearer {}", self.texts.expose_secret());
        let request = posted("/in/http/inbound").header(header::AUTHORIZATION, bearer);
        let body = json!({"id": id, "from": from, "text": text}).to_string();
        self.done(request, "application/json", body).await.map(drop)
    }

    /// A page, as a customer opens it, or somebody who signed in.
    pub async fn look(&self, path: &str, login: Option<&str>) -> anyhow::Result<Answer> {
        let request = self.seated(Request::builder().method(Method::GET).uri(path), login).await?;
        self.send(request.body(Body::empty())?).await
    }

    /// A form that is sent, by a customer or by somebody who signed in.
    pub async fn press(&self, path: &str, fields: &[(&str, &str)], login: Option<&str>) -> anyhow::Result<Answer> {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.seated(posted(path), login).await?;
        self.done(request, "application/x-www-form-urlencoded", form).await
    }

    /// An answer that a colleague writes: its form can carry files.
    pub async fn write(&self, path: &str, text: &str, login: &str) -> anyhow::Result<Answer> {
        let body = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n{text}\r\n--{BOUNDARY}--\r\n"
        );
        let request = self.seated(posted(path), Some(login)).await?;
        self.done(request, &format!("multipart/form-data; boundary={BOUNDARY}"), body).await
    }

    /// The cookie line of somebody who has signed in.
    ///
    /// # Errors
    /// Nobody of this login can.
    pub async fn seat(&self, login: &str) -> anyhow::Result<String> {
        let known = self.seats.lock().unwrap_or_else(PoisonError::into_inner).get(login).cloned();
        if let Some(cookie) = known {
            return Ok(cookie);
        }
        let fields = [("login", login), ("password", people::PASSWORD)];
        let answer = Box::pin(self.press("/console/sign-in", &fields, None)).await?;
        let cookie = answer.headers.get(header::SET_COOKIE).and_then(|line| line.to_str().ok());
        let cookie = cookie.with_context(|| format!("{login} cannot sign in"))?.to_owned();
        self.seats.lock().unwrap_or_else(PoisonError::into_inner).insert(login.to_owned(), cookie.clone());
        Ok(cookie)
    }

    fn by_key(&self, path: &str) -> Builder {
        posted(path).header(header::AUTHORIZATION, format!("Bearer {}", self.key.expose_secret()))
    }

    async fn seated(&self, request: Builder, login: Option<&str>) -> anyhow::Result<Builder> {
        let Some(login) = login else { return Ok(request) };
        let cookie = self.seat(login).await?;
        Ok(request.header(header::COOKIE, cookie.split(';').next().unwrap_or_default()))
    }

    async fn done(&self, request: Builder, kind: &str, body: String) -> anyhow::Result<Answer> {
        let request = request.header(header::CONTENT_TYPE, kind).body(Body::from(body))?;
        let path = request.uri().path().to_owned();
        let answer = self.send(request).await?;
        let is_well = answer.status.is_success() || answer.status.is_redirection();
        ensure!(is_well, "{path} answered {}: {:.500}", answer.status, answer.body);
        Ok(answer)
    }

    async fn send(&self, request: Request<Body>) -> anyhow::Result<Answer> {
        let Ok(response) = self.router.clone().oneshot(request).await;
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, LONGEST).await.context("an answer is longer than any page")?;
        let location = parts.headers.get(header::LOCATION).and_then(|to| to.to_str().ok()).map(str::to_owned);
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Answer { status: parts.status, location, body, headers: parts.headers })
    }
}

/// Their own browser sends it, from a page of ours.
fn posted(path: &str) -> Builder {
    Request::builder().method(Method::POST).uri(path).header("sec-fetch-site", "same-origin")
}
