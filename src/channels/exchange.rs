//! One HTTP exchange with a provider: the request goes out once, and what comes back, or does not, has a name.
use std::time::Duration;

use reqwest::{
    Client, Request, Response, StatusCode,
    header::{DATE, HeaderMap, RETRY_AFTER},
};

use super::{Delivery, Outcome, Phase};
use crate::failpoints;

/// An answer is read up to here.
const LONGEST_ANSWER: usize = 64 * 1024;
/// Nobody is waited for longer.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) retry_after: Option<Duration>,
    /// `None`: cut short or too long.
    pub(super) body: Option<Vec<u8>>,
}

impl Answer {
    async fn read(mut response: Response) -> Self {
        let (status, retry_after) = (response.status(), retry_after(response.headers()));
        let mut body = Vec::new();
        let body = loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() <= LONGEST_ANSWER => {
                    body.extend_from_slice(&chunk);
                }
                Ok(None) => break Some(body),
                Ok(Some(_)) | Err(_) => break None,
            }
        };
        Self { status, retry_after, body }
    }
}

/// Hands a request over, whose mark was made: whatever is lost from here on is `unknown`, and only a connection that never
/// was is `not_sent`.
pub(super) async fn hand_over(client: &Client, request: Request) -> Result<Answer, Delivery> {
    failpoints::point("body");
    let answered = client.execute(request).await;
    failpoints::point("answer");
    let not_sent = |reason| Err(Delivery::unanswered(Phase::Connect, Outcome::NotSent, reason));
    match answered {
        Ok(response) => Ok(Answer::read(response).await),
        // The error itself holds the URL: only its kind is kept.
        Err(error) if error.is_connect() && error.is_timeout() => not_sent("timeout"),
        Err(error) if error.is_connect() => not_sent("connection_failed"),
        Err(error) if error.is_builder() => not_sent("request_invalid"),
        Err(error) if error.is_timeout() => Err(Delivery::unanswered(Phase::HandingOver, Outcome::Unknown, "timeout")),
        Err(_) => Err(Delivery::unanswered(Phase::HandingOver, Outcome::Unknown, "connection_lost")),
    }
}

/// A status that is not a yes. After 500, 502 and 504 the gateway may have the text all the same.
pub(super) fn meaning(status: u16) -> (Outcome, &'static str) {
    match status {
        // Wrong keys or a wrong address concern every message and must not burn them one by one.
        401 | 403 | 407 => (Outcome::Later, "auth_failed"),
        300..=399 => (Outcome::Later, "redirected"),
        408 | 425 => (Outcome::Later, "deferred"),
        429 => (Outcome::Later, "rate_limited"),
        503 => (Outcome::Later, "server_busy"),
        400..=499 => (Outcome::Refused, "refused"),
        500..=599 => (Outcome::Unknown, "gateway_error"),
        _ => (Outcome::Unknown, "answer_unexpected"),
    }
}

/// `Retry-After` in seconds, or as a date measured against the answer's own `Date`: our clock plays no part.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let date = |text: &str| jiff::fmt::rfc2822::parse(text).ok().map(|at| at.timestamp());
    let wait = text(RETRY_AFTER)?;
    let wait = match wait.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => date(wait)?.duration_since(date(text(DATE)?)?).try_into().ok()?,
    };
    Some(wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_seconds_or_a_date_against_the_answers_own() {
        let of = |wait: &str, date: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, wait.parse().unwrap());
            headers.insert(DATE, date.parse().unwrap());
            retry_after(&headers)
        };
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(of("17", date), Some(Duration::from_secs(17)));
        assert_eq!(of("Sun, 06 Nov 1994 08:51:37 GMT", date), Some(Duration::from_mins(2)));
        assert_eq!(of("Sun, 06 Nov 1994 08:49:00 GMT", date), None);
        assert_eq!(of("999999999999", date), Some(LONGEST_WAIT));
        assert_eq!(of("soon", date), None);
    }
}
