//! What `WeCom` and the `WeChat` official account have in common: an access token, and answers that say by a number how it went.
use std::time::Duration;

use jiff::SignedDuration;
use reqwest::{
    Client, Method, Request,
    header::{CONTENT_TYPE, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

use super::{
    Delivery, Outcome, Phase,
    exchange::{self, Answer},
    reply,
};
use crate::clock::{Clock, Timestamp};

/// Accepted, or, where it is about a token, given.
const OK: i64 = 0;
/// Too often: their counts are by the minute.
const TOO_OFTEN: [i64; 2] = [45_009, 45_033];
/// How long too often is waited for at least.
const A_MINUTE: Duration = Duration::from_mins(1);
/// After one failure nobody asks again within this time: whoever stood behind it would only wait as long for the same.
const NO_TOKEN_FOR: SignedDuration = SignedDuration::from_secs(10);
/// A token is not used up to its last minutes: their clock is not ours.
const MARGIN: SignedDuration = SignedDuration::from_mins(5);

/// One of their paths below the base address, which may be a proxy's with a path of its own.
pub(super) fn address(base: &Url, path: &str) -> Option<Url> {
    Url::parse(&format!("{}/{path}", base.as_str().trim_end_matches('/'))).ok()
}

/// A POST of JSON.
pub(super) fn posted(url: Url, body: &Value) -> Request {
    let mut request = Request::new(Method::POST, url);
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *request.body_mut() = Some(body.to_string().into());
    request
}

/// What a number of theirs means for a message.
pub(super) type Meaning = fn(i64) -> (Outcome, &'static str);

/// What every service of theirs answers by the same numbers.
pub(super) fn common(errcode: i64) -> (Outcome, &'static str) {
    match errcode {
        OK => (Outcome::Accepted, "accepted"),
        -1 => (Outcome::Later, "server_busy"),
        code if TOO_OFTEN.contains(&code) => (Outcome::Later, "rate_limited"),
        // Wrong secrets, rights or networks concern every message and must not burn them one by one.
        40_001 | 40_013 | 40_014 | 40_125 | 40_164 | 41_001 | 42_001 | 48_001 | 48_002 | 60_011 | 60_020 | 301_002 => {
            (Outcome::Later, "auth_failed")
        }
        _ => (Outcome::Refused, "refused"),
    }
}

/// Their answer, where it is one.
pub(super) fn read(answer: &Answer) -> Option<(i64, Value)> {
    let json: Value = serde_json::from_slice(answer.body.as_deref()?).ok()?;
    Some((json.get("errcode")?.as_i64()?, json))
}

/// Whether they did not take the token, and therefore nothing of the message.
fn is_about_the_token(answer: &Answer) -> bool {
    answer.status.is_success() && matches!(read(answer), Some((40_001 | 40_014 | 42_001, _)))
}

/// The end of an attempt that was answered. `private` is masked in what is kept of their words.
pub(super) fn judged(answer: &Answer, meaning: Meaning, private: &[&str]) -> Delivery {
    let status = answer.status.as_u16();
    let said = read(answer);
    let (outcome, reason) = match &said {
        _ if !answer.status.is_success() => exchange::meaning(status),
        Some((errcode, _)) => meaning(*errcode),
        // From something else than them (a proxy, a login page), or cut short: nobody knows whether it was taken.
        None => (Outcome::Unknown, "answer_unreadable"),
    };
    let named =
        said.as_ref().filter(|_| outcome == Outcome::Accepted).and_then(|(_, json)| match json.get("msgid")? {
            Value::String(id) => Some(reply::one_line(id)),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        });
    let asked = answer.retry_after.or((reason == "rate_limited").then_some(A_MINUTE));
    Delivery {
        provider_ref: named.filter(|id| !id.is_empty() && id.len() <= 200),
        code: Some(match &said {
            Some((errcode, _)) => format!("errcode {errcode}"),
            None => format!("http {status}"),
        }),
        reply: said.as_ref().and_then(|(_, json)| reply::kept(json.get("errmsg")?.as_str()?, private)),
        retry_after: asked.filter(|_| outcome == Outcome::Later),
        ..Delivery::unanswered(
            if outcome == Outcome::Unknown { Phase::HandingOver } else { Phase::Answered },
            outcome,
            reason,
        )
    }
}

struct Token {
    text: SecretString,
    until: Timestamp,
}

/// What came of asking for a token last.
enum Last {
    Given(Token),
    /// None was given at this time.
    Failed(Timestamp, Delivery),
}

/// The access token of one account, kept until shortly before its end.
pub(super) struct Tokens {
    clock: Clock,
    /// What it is asked for with: nothing of it is kept of their words.
    secret: SecretString,
    /// Held while a new one is fetched: whoever needs it meanwhile waits for what comes of that instead of asking too.
    last: Mutex<Option<Last>>,
}

impl Tokens {
    pub(super) fn new(secret: SecretString, clock: Clock) -> Self {
        Self { clock, secret, last: Mutex::new(None) }
    }

    /// The token in force, or a new one by the request that `ask` makes. Nothing of a message has left when there is none.
    pub(super) async fn get(
        &self,
        client: &Client,
        ask: impl FnOnce() -> Option<Request>,
    ) -> Result<SecretString, Delivery> {
        let mut last = self.last.lock().await;
        let now = self.clock.now();
        match &*last {
            Some(Last::Given(token)) if token.until > now => return Ok(token.text.clone()),
            Some(Last::Failed(at, delivery)) if *at <= now && now.since(*at) < NO_TOKEN_FOR => {
                return Err(delivery.clone());
            }
            _ => {}
        }
        let fetched = self.fetch(client, ask).await;
        *last = Some(match &fetched {
            Ok((text, lasts)) => {
                let lasts = if *lasts > MARGIN + MARGIN { *lasts - MARGIN } else { *lasts / 2 };
                Last::Given(Token { text: text.clone(), until: now.plus(lasts) })
            }
            Err(delivery) => Last::Failed(self.clock.now(), delivery.clone()),
        });
        fetched.map(|(text, _)| text)
    }

    async fn fetch(
        &self,
        client: &Client,
        ask: impl FnOnce() -> Option<Request>,
    ) -> Result<(SecretString, SignedDuration), Delivery> {
        let none = |reason| Delivery::unanswered(Phase::Greeting, Outcome::NotSent, reason);
        let request = ask().ok_or_else(|| none("request_invalid"))?;
        let answer = exchange::hand_over(client, request).await.map_err(|lost| none(lost.reason))?;
        read_token(&answer).ok_or_else(|| {
            let judged = judged(&answer, without_a_token, &[self.secret.expose_secret()]);
            let outcome = if judged.outcome == Outcome::Later { Outcome::Later } else { Outcome::NotSent };
            Delivery { phase: Phase::Greeting, outcome, ..judged }
        })
    }

    /// What they answer to the request that `say` makes with a token, and that token. One that they do not take is renewed
    /// once, by what `ask` makes: until then they have taken nothing, and with another token it is the same hand-over.
    pub(super) async fn said(
        &self,
        client: &Client,
        token: SecretString,
        ask: impl FnOnce() -> Option<Request>,
        say: impl Fn(&str) -> Option<Request>,
    ) -> Result<(Answer, SecretString), Delivery> {
        let answer = sent(client, say(token.expose_secret())).await?;
        if !is_about_the_token(&answer) {
            return Ok((answer, token));
        }
        self.refused(&token).await;
        let token = self.get(client, ask).await?;
        let answer = sent(client, say(token.expose_secret())).await?;
        Ok((answer, token))
    }

    /// They did not take this token: the next who needs one fetches it, unless somebody has.
    async fn refused(&self, token: &SecretString) {
        let mut last = self.last.lock().await;
        if matches!(&*last, Some(Last::Given(given)) if given.text.expose_secret() == token.expose_secret()) {
            *last = None;
        }
    }
}

async fn sent(client: &Client, request: Option<Request>) -> Result<Answer, Delivery> {
    match request {
        Some(request) => exchange::hand_over(client, request).await,
        None => Err(Delivery::unanswered(Phase::Connect, Outcome::NotSent, "request_invalid")),
    }
}

/// A token and how long it lasts. An answer with one may leave the number out that says all is well.
fn read_token(answer: &Answer) -> Option<(SecretString, SignedDuration)> {
    let json: Value = serde_json::from_slice(answer.body.as_deref()?).ok()?;
    let is_good = answer.status.is_success() && json.get("errcode").is_none_or(|code| code.as_i64() == Some(OK));
    let text = json.get("access_token")?.as_str().filter(|text| is_good && !text.is_empty())?;
    Some((text.into(), SignedDuration::from_secs(json.get("expires_in")?.as_i64()?)))
}

/// Whatever they say in place of a token, the settings have to be looked at.
fn without_a_token(errcode: i64) -> (Outcome, &'static str) {
    match common(errcode) {
        (Outcome::Later, reason) => (Outcome::Later, reason),
        _ => (Outcome::Later, "auth_failed"),
    }
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        let status = StatusCode::from_u16(status).unwrap();
        Answer { status, retry_after: None, body: Some(body.as_bytes().to_vec()) }
    }

    #[test]
    fn answers_are_judged_by_their_number_and_keep_nothing_private() {
        let of = |status, body| {
            let judged = judged(&answer(status, body), common, &["oAbc123456"]);
            (judged.outcome, judged.reason, judged.provider_ref, judged.reply)
        };
        let taken = of(200, r#"{"errcode":0,"errmsg":"ok","msgid":200163840}"#);
        assert_eq!(taken, (Outcome::Accepted, "accepted", Some("200163840".to_owned()), Some("ok".to_owned())));
        let refused = of(200, r#"{"errcode":40037,"errmsg":"invalid template for oAbc123456"}"#);
        assert_eq!(refused, (Outcome::Refused, "refused", None, Some("invalid template for […]".to_owned())));
        assert_eq!(of(200, "<html>").0, Outcome::Unknown);
        assert_eq!(of(502, r#"{"errcode":0}"#).0, Outcome::Unknown, "whatever stands in it, it is a gateway's error");
        let often = judged(&answer(200, r#"{"errcode":45009}"#), common, &[]);
        assert_eq!((often.outcome, often.retry_after), (Outcome::Later, Some(A_MINUTE)));
    }

    #[test]
    fn a_token_needs_no_number_and_no_number_but_zero_gives_one() {
        let of = |body| read_token(&answer(200, body)).map(|(_, lasts)| lasts.as_secs());
        assert_eq!(of(r#"{"access_token":"T","expires_in":7200}"#), Some(7200));
        assert_eq!(of(r#"{"errcode":0,"access_token":"T","expires_in":7200}"#), Some(7200));
        assert_eq!(of(r#"{"errcode":40013,"access_token":"T","expires_in":7200}"#), None);
        assert_eq!(of(r#"{"access_token":"","expires_in":7200}"#), None);
        assert!(is_about_the_token(&answer(200, r#"{"errcode":42001}"#)));
        assert!(!is_about_the_token(&answer(200, r#"{"errcode":43004}"#)));
    }
}
