//! Answers that say what went wrong: RFC 9457 problems with a stable code, made and logged in one place.
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::db;

/// One thing wrong with the input: where, which rule, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// JSON pointer (RFC 6901) into the request's body.
    pub pointer: String,
    pub code: &'static str,
    pub message: String,
}

/// Every way in which a request can fail; the code in the body is the variant in `snake_case` unless it says its own.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the body is not JSON that can be read: {0}")]
    Unreadable(String),
    #[error("the input has {} fault(s)", .0.len())]
    Invalid(Vec<Fault>),
    #[error("send the key as Authorization: Bearer ac_…")]
    Unauthorized,
    /// The key or person may not do this.
    #[error("{0}")]
    Forbidden(&'static str),
    #[error("nothing here under that name")]
    NotFound,
    /// A conflict with what is stored: its code and what to do.
    #[error("{1}")]
    Conflict(&'static str, String),
    #[error("the body is over {0} bytes")]
    TooLarge(usize),
    #[error("{0}")]
    UnsupportedMediaType(&'static str),
    /// Refused by the router or an extractor of the framework, in its words.
    #[error("{1}")]
    Refused(StatusCode, String),
    /// Not now: the process is stopping, or not ready yet.
    #[error("{1}")]
    NotReady(&'static str, &'static str),
    #[error("the database cannot take this now")]
    Database(#[from] db::Error),
    #[error("something here is broken")]
    Internal(#[source] anyhow::Error),
}

impl Error {
    pub fn invalid(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Fault { pointer: pointer.into(), code, message: message.into() }])
    }

    /// The one that a ref means.
    ///
    /// # Errors
    /// 404 when there is none, 409 `ambiguous_ref` when it means more than one.
    pub fn unless_one<T>(mut found: Vec<T>) -> Result<T, Self> {
        match (found.pop(), found.is_empty()) {
            (Some(one), true) => Ok(one),
            (None, _) => Err(Self::NotFound),
            _ => Err(Self::Conflict(
                "ambiguous_ref",
                "this ref is known at more than one dealership: add ?dealership=CODE".to_owned(),
            )),
        }
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Self::Unreadable(_) => StatusCode::BAD_REQUEST,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Conflict(..) => StatusCode::CONFLICT,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Refused(status, _) => *status,
            Self::NotReady(..) | Self::Database(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::Invalid(faults) => match faults.as_slice() {
                [one] => one.code,
                _ => "invalid",
            },
            Self::Unauthorized => "unauthorized",
            Self::Forbidden(_) => "forbidden",
            Self::NotFound => "not_found",
            Self::Conflict(code, _) | Self::NotReady(code, _) => code,
            Self::TooLarge(_) => "too_large",
            Self::UnsupportedMediaType(_) => "unsupported_media_type",
            Self::Refused(status, _) => match *status {
                StatusCode::BAD_REQUEST => "bad_request",
                StatusCode::NOT_FOUND => "not_found",
                StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
                StatusCode::REQUEST_TIMEOUT => "timeout",
                StatusCode::PAYLOAD_TOO_LARGE => "too_large",
                StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported_media_type",
                StatusCode::UNPROCESSABLE_ENTITY => "invalid",
                StatusCode::SERVICE_UNAVAILABLE => "unavailable",
                status if status.is_server_error() => "internal",
                _ => "refused",
            },
            Self::Database(db::Error::Overloaded(_)) => "overloaded",
            Self::Database(_) => "database_unavailable",
            Self::Internal(_) => "internal",
        }
    }
}

#[derive(Serialize)]
struct Problem<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'a str,
    status: u16,
    code: &'static str,
    detail: String,
    #[serde(skip_serializing_if = "<[Fault]>::is_empty")]
    errors: &'a [Fault],
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = self.status();
        if status.is_server_error() && !matches!(self, Self::NotReady(..)) {
            tracing::error!(error = &self as &dyn std::error::Error, "a request failed");
        }
        let problem = Problem {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            code: self.code(),
            detail: self.to_string(),
            errors: match &self {
                Self::Invalid(faults) => faults,
                _ => &[],
            },
        };
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        let headers = response.headers_mut();
        match &self {
            Self::Unauthorized => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::Database(error) => {
                let wait = match error {
                    db::Error::Overloaded(wait) => wait.as_secs().max(1),
                    _ => 2,
                };
                headers.insert(header::RETRY_AFTER, HeaderValue::from(wait));
            }
            Self::NotReady(..) | Self::Refused(StatusCode::SERVICE_UNAVAILABLE, _) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(2));
            }
            _ => {}
        }
        response
    }
}
