//! Click-to-call through Asterisk's REST interface: the agent's telephone first, our attempt's id as the channel's (B6, level 1).
use secrecy::ExposeSecret;
use url::Url;

use crate::{
    channels::http_client::{HttpLimits, http_client},
    config,
};

/// Why the exchange did not dial.
#[derive(Debug, thiserror::Error)]
pub enum NotDialled {
    #[error("telephony.url is no address of an exchange")]
    BadUrl,
    /// Line breaks and the like: nothing of it is sent.
    #[error("`{0}` cannot be dialled")]
    NotANumber(Box<str>),
    #[error("the exchange answered {0}")]
    Refused(u16),
    #[error("the exchange cannot be reached")]
    Unreachable(#[source] reqwest::Error),
}

/// An Asterisk that we may ask to call.
#[derive(Clone, Debug)]
pub struct Ari {
    client: reqwest::Client,
    base: Url,
    user: String,
    password: secrecy::SecretString,
    endpoint: String,
    context: String,
    caller_id: Option<String>,
    ring_seconds: u64,
}

impl Ari {
    /// None when no exchange is configured.
    pub fn of(settings: &config::Telephony) -> Result<Option<Self>, NotDialled> {
        let Some(url) = &settings.url else { return Ok(None) };
        let base: Url = url.parse().map_err(|_| NotDialled::BadUrl)?;
        if base.cannot_be_a_base() || !matches!(base.scheme(), "http" | "https") {
            return Err(NotDialled::BadUrl);
        }
        Ok(Some(Self {
            client: http_client(HttpLimits::default()),
            base,
            user: settings.user.clone(),
            password: settings.password.clone().unwrap_or_default(),
            endpoint: settings.endpoint.clone(),
            context: settings.context.clone(),
            caller_id: settings.caller_id.clone(),
            ring_seconds: settings.ring.get().as_secs(),
        }))
    }

    /// Rings the agent's telephone; when it is taken up, the exchange goes on in its dial plan with the customer's number.
    ///
    /// # Errors
    /// Never retried: a lost answer may have rung already.
    pub async fn originate(&self, channel: &str, extension: &str, number: &str) -> Result<(), NotDialled> {
        let is_plain =
            |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-_".contains(&b));
        for part in [channel, extension, number] {
            if !is_plain(part) {
                return Err(NotDialled::NotANumber(part.escape_debug().to_string().into()));
            }
        }
        let mut url = self.base.clone();
        url.path_segments_mut().map_err(|()| NotDialled::BadUrl)?.pop_if_empty().extend(["channels", channel]);
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("endpoint", &self.endpoint.replace("{extension}", extension));
            query.append_pair("extension", number).append_pair("context", &self.context).append_pair("priority", "1");
            query.append_pair("timeout", &self.ring_seconds.to_string());
            if let Some(caller_id) = &self.caller_id {
                query.append_pair("callerId", caller_id);
            }
        }
        let body = serde_json::json!({"variables": {"AFTERCARE_ATTEMPT": channel}}).to_string();
        let asked = self
            .client
            .post(url)
            .basic_auth(&self.user, Some(self.password.expose_secret()))
            .header("content-type", "application/json")
            .body(body)
            .send();
        let answer = asked.await.map_err(|error| NotDialled::Unreachable(error.without_url()))?;
        if answer.status().is_success() { Ok(()) } else { Err(NotDialled::Refused(answer.status().as_u16())) }
    }
}
