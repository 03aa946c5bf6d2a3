//! Template messages of a `WeChat` official account, for customers who follow it (E5).
use reqwest::{Client, Request};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use url::Url;

use super::{
    Delivered, Delivery, HandOver, Outcome, Phase,
    http_client::{HttpLimits, http_client},
    sms::Approved,
    tencent::{self, Tokens},
};
use crate::{clock::Clock, failpoints};

/// The official account.
#[derive(Clone, Debug)]
pub struct Settings {
    pub base_url: Url,
    pub app_id: String,
    pub secret: SecretString,
}

/// One template message as it is handed over.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Our message id, by which they know a repetition for some minutes.
    pub id: &'a str,
    /// The customer's openid at this account.
    pub to: &'a str,
    /// Its fields as lines, for whoever reads them here.
    pub text: &'a str,
    /// The template of the account, and its fields by name: nothing goes without one.
    pub approved: Option<&'a Approved>,
    /// What opens when it is tapped.
    pub link: Option<&'a str>,
}

/// The account, ready for use.
pub struct Wechat {
    client: Client,
    settings: Settings,
    tokens: Tokens,
}

impl Wechat {
    pub fn new(settings: Settings, limits: HttpLimits, clock: Clock) -> Self {
        let tokens = Tokens::new(settings.secret.clone(), clock);
        Self { client: http_client(limits), settings, tokens }
    }

    /// Sends one.
    pub async fn deliver(&self, message: Message<'_>, hand_over: &dyn HandOver) -> Delivered {
        let Some(approved) = message.approved else {
            return Delivered::Answered(Delivery::unanswered(Phase::Connect, Outcome::Refused, "template_not_bound"));
        };
        let token = match self.tokens.get(&self.client, || self.ask_for_token()).await {
            Ok(token) => token,
            Err(delivery) => return Delivered::Answered(delivery),
        };
        failpoints::point("mark");
        if !hand_over.mark().await {
            return Delivered::Stopped;
        }
        Delivered::Answered(self.with_token((message, approved), token).await.unwrap_or_else(|lost| lost))
    }

    async fn with_token(
        &self,
        (message, approved): (Message<'_>, &Approved),
        token: SecretString,
    ) -> Result<Delivery, Delivery> {
        let say = |token: &str| self.say(message, approved, token);
        let (answer, token) = self.tokens.said(&self.client, token, || self.ask_for_token(), say).await?;
        let mut private: Vec<&str> = approved.params.iter().map(|(_, value)| value.as_str()).collect();
        private.extend([message.to, self.settings.secret.expose_secret(), token.expose_secret()]);
        private.extend(message.link);
        Ok(tencent::judged(&answer, meaning, &private))
    }

    fn say(&self, message: Message<'_>, approved: &Approved, token: &str) -> Option<Request> {
        let data: Map<String, Value> =
            approved.params.iter().map(|(name, value)| (name.clone(), json!({ "value": value }))).collect();
        let mut body = json!({
            "touser": message.to, "template_id": approved.template, "client_msg_id": message.id, "data": data,
        });
        if let Some(link) = message.link {
            body["url"] = link.into();
        }
        let mut url = tencent::address(&self.settings.base_url, "cgi-bin/message/template/send")?;
        url.query_pairs_mut().append_pair("access_token", token);
        Some(tencent::posted(url, &body))
    }

    /// The token that every process of an installation is given alike: the older way of asking would end the one that
    /// another process uses.
    fn ask_for_token(&self) -> Option<Request> {
        let body = json!({
            "grant_type": "client_credential", "appid": self.settings.app_id,
            "secret": self.settings.secret.expose_secret(), "force_refresh": false,
        });
        tencent::address(&self.settings.base_url, "cgi-bin/stable_token").map(|url| tencent::posted(url, &body))
    }
}

fn meaning(errcode: i64) -> (Outcome, &'static str) {
    match errcode {
        // Who does not follow the account, or blocked it, gets nothing of it.
        43_004 | 43_019 | 43_101 => (Outcome::Refused, "not_following"),
        40_003 => (Outcome::Refused, "address_invalid"),
        40_037 => (Outcome::Refused, "template_unknown"),
        47_003 => (Outcome::Refused, "template_data_invalid"),
        other => tencent::common(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn their_numbers_have_one_meaning_each() {
        for (errcode, outcome, reason) in [
            (0, Outcome::Accepted, "accepted"),
            (43_004, Outcome::Refused, "not_following"),
            (43_101, Outcome::Refused, "not_following"),
            (40_003, Outcome::Refused, "address_invalid"),
            (47_003, Outcome::Refused, "template_data_invalid"),
            (45_009, Outcome::Later, "rate_limited"),
            (42_001, Outcome::Later, "auth_failed"),
            (99_999, Outcome::Refused, "refused"),
        ] {
            assert_eq!(meaning(errcode), (outcome, reason), "{errcode}");
        }
    }
}
