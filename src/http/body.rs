//! Bodies of requests, read within the limit of `http.body_limit`, mails within `inbound.size_limit`, answers with their files.
use std::time::Duration;

use axum::{
    body::{BodyDataStream, Bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use futures_util::StreamExt;
use serde_json::Value;

use super::{Error, storable};
use crate::{app::App, files, imports};

const MAIL_DOOR: &str = "/in/email";
/// What is read on and thrown away of a body that is too large, at most.
const MOST_DISCARDED: usize = 64 << 20;
const DISCARD_WITHIN: Duration = Duration::from_secs(2);

/// The body as it came.
#[derive(Debug)]
pub struct RawBody(pub Bytes);

impl FromRequest<App> for RawBody {
    type Rejection = Error;
    async fn from_request(request: Request, app: &App) -> Result<Self, Error> {
        let limit = limit(app, request.uri().path());
        let mut body = request.into_body().into_data_stream();
        let mut read = Vec::new();
        while let Some(part) = body.next().await {
            let part = part.map_err(|_| Error::Unreadable("the connection ended before the body did".to_owned()))?;
            if read.len() + part.len() > limit {
                discard(body).await;
                return Err(Error::TooLarge(limit));
            }
            read.extend_from_slice(&part);
        }
        Ok(Self(read.into()))
    }
}

/// How many bytes the body of a request to this path may have: mails are larger than facts, and so are answers with files.
pub(super) fn limit(app: &App, path: &str) -> usize {
    let limit = app.config.http.body_limit;
    let is_reply = path.starts_with("/v1/inquiries/") && path.ends_with("/replies")
        || path.starts_with("/console/inquiries/") && path.ends_with("/reply");
    match path {
        MAIL_DOOR => app.config.inbound.size_limit,
        // Its page says itself what is too large, and writes to disk what it reads.
        imports::console::PAGE => usize::MAX,
        // Base64 makes four bytes of three.
        _ if is_reply => limit + files::LARGEST / 3 * 4,
        _ => limit,
    }
}

/// Reads on for a moment what will not be used: a sender who is still sending when the connection closes never sees the
/// answer that says why.
pub async fn discard(mut body: BodyDataStream) {
    let mut left = MOST_DISCARDED;
    let read_on = async {
        while let Some(Ok(part)) = body.next().await {
            left = left.saturating_sub(part.len());
            if left == 0 {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(DISCARD_WITHIN, read_on).await;
}

/// A body of `application/json`, or a type that ends in `+json`.
#[derive(Debug)]
pub struct JsonBody(pub Value);

impl FromRequest<App> for JsonBody {
    type Rejection = Error;
    async fn from_request(request: Request, app: &App) -> Result<Self, Error> {
        let is_json =
            media_type(request.headers()).is_some_and(|kind| kind == "application/json" || kind.ends_with("+json"));
        if !is_json {
            return Err(Error::UnsupportedMediaType("send JSON with Content-Type: application/json"));
        }
        let RawBody(bytes) = RawBody::from_request(request, app).await?;
        storable::json(&bytes).map(Self)
    }
}

/// The body's type in small letters, without its parameters.
pub fn media_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}
