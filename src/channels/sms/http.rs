//! Any SMS gateway that takes one HTTP request per message, by configuration alone.
use std::collections::BTreeMap;

use reqwest::{
    Client, Method,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{
    Needs, Text,
    answers::Answers,
    body::{BadBody, Body, DEFAULT_BODY, Values},
};
use crate::{
    channels::{
        Delivered, Delivery, HandOver, Outcome, Phase, exchange,
        http_client::{HttpLimits, http_client},
    },
    failpoints,
};

/// `sms.http.*`. URL and headers are secrets: many gateways put their keys there.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub url: SecretString,
    /// POST or PUT.
    #[serde(default = "post")]
    pub method: String,
    #[serde(default)]
    pub headers: BTreeMap<String, SecretString>,
    /// Handlebars over `id`, `to`, `text`, `from`, `template_id`, `params`, `params_json`; values are escaped for the Content-Type of `headers` (JSON without).
    #[serde(default = "default_body")]
    pub body: String,
    /// The statuses that mean accepted; any 2xx when there are none.
    #[serde(default)]
    pub success_status: Vec<u16>,
    /// JSON pointer to the gateway's id in its answer; empty when its answer says nothing.
    #[serde(default = "default_pointer")]
    pub id_pointer: String,
}

fn post() -> String {
    "POST".to_owned()
}
fn default_body() -> String {
    DEFAULT_BODY.to_owned()
}
fn default_pointer() -> String {
    "/id".to_owned()
}

impl Settings {
    /// The defaults of `interface.md` 2 for a gateway at `url`.
    pub fn new(url: &str) -> Self {
        Self {
            url: url.into(),
            method: post(),
            headers: BTreeMap::new(),
            body: default_body(),
            success_status: Vec::new(),
            id_pointer: default_pointer(),
        }
    }
}

/// The gateway's settings are wrong. Shows neither URL nor header values.
#[derive(Debug, thiserror::Error)]
pub enum BadGateway {
    #[error("sms.http.url is no http or https URL with a host")]
    Url,
    #[error("sms.http.method must be POST or PUT")]
    Method,
    #[error("sms.http.headers: {0} is no header, or its value holds characters a header cannot")]
    Header(String),
    #[error("sms.http.success_status holds a number that is no status from 200 to 599")]
    Status,
    #[error("sms.http.id_pointer must be empty or begin with /")]
    Pointer,
    #[error(transparent)]
    Body(#[from] BadBody),
}

/// A gateway ready for use.
pub struct HttpGateway {
    client: Client,
    url: Url,
    method: Method,
    headers: HeaderMap,
    body: Body,
    answers: Answers,
}

impl HttpGateway {
    pub fn new(settings: &Settings, limits: HttpLimits) -> Result<Self, BadGateway> {
        let url = Url::parse(settings.url.expose_secret()).map_err(|_| BadGateway::Url)?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(BadGateway::Url);
        }
        let method = match settings.method.to_ascii_uppercase().as_str() {
            "POST" => Method::POST,
            "PUT" => Method::PUT,
            _ => return Err(BadGateway::Method),
        };
        if settings.success_status.iter().any(|status| !(200..600).contains(status)) {
            return Err(BadGateway::Status);
        }
        if !settings.id_pointer.is_empty() && !settings.id_pointer.starts_with('/') {
            return Err(BadGateway::Pointer);
        }
        let headers = headers(&settings.headers)?;
        let content_type = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        Ok(Self {
            client: http_client(limits),
            url,
            method,
            body: Body::new(&settings.body, content_type)?,
            headers,
            answers: Answers {
                success_status: settings.success_status.clone(),
                id_pointer: settings.id_pointer.clone(),
            },
        })
    }

    /// What the body is made of.
    pub fn needs(&self) -> Needs {
        self.body.needs()
    }

    /// Sends one text; `from` is the sender or empty. The mark comes before the connection: whatever is lost after it is
    /// `unknown`, and only a connection that never was is `not_sent`.
    pub async fn deliver(&self, text: Text<'_>, from: &str, hand_over: &dyn HandOver) -> Delivered {
        let request = self.body.render(&Values::new(text, from)).ok().and_then(|body| {
            let request = self.client.request(self.method.clone(), self.url.clone());
            request.headers(self.headers.clone()).body(body).build().ok()
        });
        let Some(request) = request else {
            return Delivered::Answered(Delivery::unanswered(Phase::Connect, Outcome::NotSent, "request_invalid"));
        };
        failpoints::point("mark");
        if !hand_over.mark().await {
            return Delivered::Stopped;
        }
        Delivered::Answered(match exchange::hand_over(&self.client, request).await {
            Ok(answer) => self.answers.judged(&answer, &[text.text, text.to]),
            Err(delivery) => delivery,
        })
    }
}

fn headers(from: &BTreeMap<String, SecretString>) -> Result<HeaderMap, BadGateway> {
    let mut headers = HeaderMap::new();
    for (name, value) in from {
        let bad = || BadGateway::Header(name.chars().filter(|c| !c.is_control()).take(40).collect());
        let key = HeaderName::try_from(name).map_err(|_| bad())?;
        let mut value = HeaderValue::try_from(value.expose_secret()).map_err(|_| bad())?;
        value.set_sensitive(key != CONTENT_TYPE);
        headers.insert(key, value);
    }
    headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_settings_stop_the_start_and_show_no_secret() {
        let with = |change: fn(&mut Settings)| {
            let mut settings = Settings::new("https://gateway.example/send?key=s3cret");
            change(&mut settings);
            HttpGateway::new(&settings, HttpLimits::default()).err().map(|e| e.to_string()).unwrap_or_default()
        };
        assert_eq!(with(|_| ()), "");
        assert!(with(|s| s.url = "ftp://u:s3cret@h".into()).contains("sms.http.url"));
        assert!(with(|s| s.method = "GET".to_owned()).contains("POST"));
        let header = with(|s| drop(s.headers.insert("X-Key".to_owned(), "s3cret\n".into())));
        assert!(header.contains("X-Key") && !header.contains("s3cret"));
        assert!(with(|s| s.id_pointer = "id".to_owned()).contains("id_pointer"));
        assert!(with(|s| s.success_status = vec![20]).contains("success_status"));
    }
}
