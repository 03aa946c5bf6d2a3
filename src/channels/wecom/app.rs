//! A message of an application to one person.
use jiff::SignedDuration;
use reqwest::{Method, Request};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::{Note, Wecom, fitting, marked, meaning, not_sent};
use crate::channels::{Delivered, Delivery, HandOver, Outcome, exchange, tencent};

/// The application's account at `WeCom`.
#[derive(Clone, Debug)]
pub struct App {
    pub corp_id: String,
    pub agent_id: i64,
    pub secret: SecretString,
}

/// The same again within so many seconds is not delivered twice, should anybody repeat it.
const ONCE_WITHIN: i64 = 1_800;
/// Everybody's programs send at the full and at the half hour: `WeCom` asks to keep clear of it.
const RUSH: i64 = 20;
const HALF_AN_HOUR: i64 = 1_800;

impl Wecom {
    pub(super) async fn by_app(&self, note: Note<'_>, hand_over: &dyn HandOver) -> Delivered {
        let Some((app, tokens)) = &self.app else { return not_sent("not_configured") };
        if let Some(wait) = rush(self.clock.now().get().as_second()) {
            return Delivered::TooEarly(wait);
        }
        let ask = || self.ask_for_token(app);
        let token = match tokens.get(&self.client, ask).await {
            Ok(token) => token,
            Err(delivery) => return Delivered::Answered(delivery),
        };
        if !marked(hand_over).await {
            return Delivered::Stopped;
        }
        let said = tokens.said(&self.client, token, ask, |token| self.say(app, token, note)).await;
        let (answer, token) = match said {
            Ok(said) => said,
            Err(delivery) => return Delivered::Answered(delivery),
        };
        let private = [note.text, note.to, app.secret.expose_secret(), token.expose_secret()];
        let judged = tencent::judged(&answer, meaning, &private);
        Delivered::Answered(if reached_nobody(&answer) { unknown_to_them(judged) } else { judged })
    }

    fn say(&self, app: &App, token: &str, note: Note<'_>) -> Option<Request> {
        let body = json!({
            "touser": note.to, "msgtype": "text", "agentid": app.agent_id, "text": { "content": fitting(note.text) },
            "enable_duplicate_check": 1, "duplicate_check_interval": ONCE_WITHIN,
        });
        self.post("cgi-bin/message/send", &[("access_token", token)], &body)
    }

    fn ask_for_token(&self, app: &App) -> Option<Request> {
        let mut url = tencent::address(&self.base_url, "cgi-bin/gettoken")?;
        url.query_pairs_mut().append_pair("corpid", &app.corp_id).append_pair("corpsecret", app.secret.expose_secret());
        Some(Request::new(Method::GET, url))
    }
}

/// One reader of one is none: they say yes and name whom they do not know.
fn reached_nobody(answer: &exchange::Answer) -> bool {
    let names = |json: &serde_json::Value, key: &str| json[key].as_str().is_some_and(|users| !users.is_empty());
    let said = tencent::read(answer).filter(|_| answer.status.is_success());
    said.is_some_and(|(errcode, json)| errcode == 0 && (names(&json, "invaliduser") || names(&json, "unlicenseduser")))
}

fn unknown_to_them(judged: Delivery) -> Delivery {
    Delivery { outcome: Outcome::Refused, reason: "address_invalid", provider_ref: None, ..judged }
}

/// How long the rush lasts still.
fn rush(now: i64) -> Option<SignedDuration> {
    let into = now.rem_euclid(HALF_AN_HOUR);
    (into < RUSH).then(|| SignedDuration::from_secs(RUSH - into))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_and_the_half_hour_are_left_to_others() {
        assert_eq!(rush(0).map(|wait| wait.as_secs()), Some(20));
        assert_eq!(rush(1_805).map(|wait| wait.as_secs()), Some(15));
        assert_eq!(rush(20), None);
        assert_eq!(rush(1_799), None);
    }
}
