//! Every setting, its meaning and its default: `defaults.toml` is both the first layer and what `aftercare config` prints.
mod load;
mod values;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

pub use self::{
    load::Error,
    values::{LogFormat, NotASpan, SmsProvider, Span, SuccessStatus, Unknown, Waits},
};

/// The defaults with their meanings, as a valid configuration file.
pub const DEFAULTS: &str = include_str!("defaults.toml");

/// All settings. `Debug` shows no secret.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub database: Database,
    pub http: Http,
    pub email: Email,
    pub sms: Sms,
    pub worker: Worker,
    pub templates: Templates,
    pub time: Time,
    pub contact: Contact,
    pub log: Log,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub url: SecretString,
    /// Already read into `url`.
    pub url_file: Option<PathBuf>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    pub listen: SocketAddr,
    /// Used in links and in the checks of signatures, never the Host header.
    #[serde(deserialize_with = "values::url")]
    pub public_url: Url,
    /// Bytes.
    pub body_limit: usize,
    /// How long `/readyz` says 503 before new connections are refused.
    pub drain: Span,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Email {
    /// `channels::email` reads it; none = mail is not configured.
    pub url: Option<SecretString>,
    /// Already read into `url`.
    pub url_file: Option<PathBuf>,
    /// The sender's address; there whenever `url` is.
    pub from: Option<String>,
    /// The sender's name; none = the dealership's.
    pub from_name: Option<String>,
    message_id_domain: Option<String>,
    /// Open SMTP connections at most.
    pub connections: usize,
    /// What becomes of a mail that was handed over and never answered.
    pub unknown: Unknown,
    pub unknown_wait: Span,
    pub retry: Waits,
}

impl Email {
    /// What stands after the `@` in our Message-IDs: the setting, else the domain of `from`.
    pub fn message_id_domain(&self) -> Option<&str> {
        let of_sender = || self.from.as_deref()?.rsplit_once('@').map(|(_, domain)| domain);
        self.message_id_domain.as_deref().or_else(of_sender)
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sms {
    pub provider: SmsProvider,
    /// The sender a gateway is asked to show.
    pub from: Option<String>,
    pub retry: SmsRetry,
    pub http: SmsHttp,
}

/// Waits of `first`, doubled each time, none over `cap`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsRetry {
    pub first: Span,
    /// Tries after the first one.
    pub times: u32,
    pub cap: Span,
}

impl SmsRetry {
    /// The wait after `tries` tries, counted from 1; none when they are used up.
    pub fn after(&self, tries: u32) -> Option<std::time::Duration> {
        let doublings = tries.saturating_sub(1);
        (tries <= self.times).then(|| {
            let factor = 2u32.saturating_pow(doublings);
            self.first.get().saturating_mul(factor).min(self.cap.get())
        })
    }
}

/// Any gateway that takes a message by one HTTP request.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsHttp {
    /// There whenever `sms.provider` is `http`. A secret: some gateways want their token in it.
    pub url: Option<SecretString>,
    /// Already read into `url`.
    pub url_file: Option<PathBuf>,
    pub method: String,
    /// Values are secrets.
    #[serde(default)]
    pub headers: BTreeMap<String, SecretString>,
    /// Already read into `headers`.
    pub headers_file: Option<PathBuf>,
    /// A handlebars text over `id`, `to`, `text`, `from`.
    pub body: String,
    pub success_status: SuccessStatus,
    /// Where the gateway's id stands in its JSON answer (RFC 6901).
    pub id_pointer: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Worker {
    pub lease: Span,
    pub poll: Span,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Templates {
    /// Its texts replace the built-in ones of the same name.
    pub folder: Option<PathBuf>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Time {
    /// A reminder still goes out this long after its time.
    pub reminder_tolerance: Span,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Quiet hours do not bind an answer to what the customer did at most this long ago (BR-67).
    pub own_act: Span,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub format: LogFormat,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_is_tried_again_with_doubled_waits_up_to_the_cap() {
        let retry = SmsRetry { first: "30s".parse().unwrap(), times: 8, cap: "30m".parse().unwrap() };
        let seconds: Vec<_> = (1..=9).map(|tries| retry.after(tries).map(|wait| wait.as_secs())).collect();
        let expected = [30, 60, 120, 240, 480, 960, 1800, 1800].map(Some);
        assert_eq!(seconds, [&expected[..], &[None]].concat());
    }
}
