//! Settings of the two ways to write to a telephone that are no SMS: `WeCom` for colleagues, `WeChat` for customers.
use std::{collections::BTreeMap, path::PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::{Provider, Span, load::Error, values};

/// Who tells those who work here by `WeCom`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wecom {
    pub provider: Provider,
    #[serde(deserialize_with = "values::url")]
    pub base_url: Url,
    /// Of the group robot for every dealership that has none of its own.
    pub key: Option<SecretString>,
    /// Already read into `key`.
    pub key_file: Option<PathBuf>,
    /// Of a dealership's own group robot, by its code.
    #[serde(default)]
    pub keys: BTreeMap<String, SecretString>,
    /// Already read into `keys`.
    pub keys_file: Option<PathBuf>,
    /// A robot says at most so much in a minute.
    pub per_minute: usize,
    /// With `agent_id` and `secret`: an application that writes to one person.
    pub corp_id: Option<String>,
    pub agent_id: Option<i64>,
    pub secret: Option<SecretString>,
    /// Already read into `secret`.
    pub secret_file: Option<PathBuf>,
}

/// The official account that customers follow.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wechat {
    pub provider: Provider,
    #[serde(deserialize_with = "values::url")]
    pub base_url: Url,
    pub app_id: Option<String>,
    pub secret: Option<SecretString>,
    /// Already read into `secret`.
    pub secret_file: Option<PathBuf>,
    /// With which the account signs what it tells us at `/in/wechat`; none = there is no such door.
    pub token: Option<SecretString>,
    /// Already read into `token`.
    pub token_file: Option<PathBuf>,
    /// Without word of its delivery for so long, the next channel has its turn.
    pub wait: Span,
}

/// What the token may be, as the account's own page has it.
const TOKEN: std::ops::RangeInclusive<usize> = 3..=32;

impl Wecom {
    pub(super) fn check(&self) -> Result<(), Error> {
        is_web(&self.base_url).then_some(()).ok_or(Error::Rule("wecom.base_url", NO_URL))?;
        if self.per_minute == 0 {
            return Err(Error::Rule("wecom.per_minute", "must be 1 or more"));
        }
        let app = [self.corp_id.is_some(), self.agent_id.is_some(), self.secret.is_some()];
        if app.contains(&true) && app.contains(&false) {
            return Err(Error::Rule(
                "wecom.corp_id, .agent_id and .secret",
                "belong together: set all of them or none",
            ));
        }
        let has_robot = self.key.is_some() || !self.keys.is_empty();
        if self.provider == Provider::Http && !has_robot && self.secret.is_none() {
            return Err(Error::Missing("wecom.provider = http", "wecom.key, or wecom.keys, or wecom.secret"));
        }
        Ok(())
    }
}

impl Wechat {
    pub(super) fn check(&self) -> Result<(), Error> {
        is_web(&self.base_url).then_some(()).ok_or(Error::Rule("wechat.base_url", NO_URL))?;
        if self.provider == Provider::Http && (self.app_id.is_none() || self.secret.is_none()) {
            return Err(Error::Missing("wechat.provider = http", "wechat.app_id and wechat.secret"));
        }
        let is_token = |token: &SecretString| {
            let token = token.expose_secret();
            TOKEN.contains(&token.len()) && token.bytes().all(|b| b.is_ascii_alphanumeric())
        };
        if self.token.as_ref().is_some_and(|token| !is_token(token)) {
            return Err(Error::Rule(
                "wechat.token",
                "must be 3 to 32 letters and digits, as the account's page has it",
            ));
        }
        Ok(())
    }
}

const NO_URL: &str = "must begin with http:// or https:// and name a host";

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.has_host()
}
