//! Every setting, its meaning and its default: `defaults.toml` is both the first layer and what `aftercare config` prints.
mod assist;
mod chat;
mod imports;
mod load;
mod retention;
mod secrets;
mod values;
mod webhooks;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use crate::calendar::DailyWindow;

pub(crate) use self::secrets::SECRETS;
pub use self::{
    assist::Assists,
    chat::{Wechat, Wecom},
    imports::Imports,
    load::{Error, FILE},
    retention::Retention,
    values::{FollowUpMode, LogFormat, NotASpan, Provider, Span, SuccessStatus, Unknown, Waits},
    webhooks::Webhooks,
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
    pub inbound: Inbound,
    /// Apart, because every command carries all settings while it opens the database.
    pub imports: Box<Imports>,
    pub sms: Sms,
    pub wecom: Wecom,
    // Boxed, because every command holds all of this while it opens.
    pub wechat: Box<Wechat>,
    pub worker: Worker,
    pub templates: Templates,
    pub time: Time,
    pub contact: Contact,
    pub follow_up: FollowUp,
    pub calls: Calls,
    pub inquiries: Inquiries,
    pub assists: Assists,
    pub telephony: Box<Telephony>,
    pub webhooks: Webhooks,
    pub retention: Retention,
    pub console: Console,
    pub log: Log,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub url: SecretString,
    /// Already read into `url`.
    pub url_file: Option<PathBuf>,
    /// Where erasures are written down; none = beside an `SQLite` file.
    pub erasure_journal: Option<PathBuf>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    pub listen: SocketAddr,
    /// Used in links and in the checks of signatures, never the Host header.
    #[serde(deserialize_with = "values::url")]
    pub public_url: Url,
    /// What links to public pages are signed with; none = one that is kept in the database.
    pub link_key: Option<SecretString>,
    /// Already read into `link_key`.
    pub link_key_file: Option<PathBuf>,
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
    /// Where reports about undelivered mail come back to us; none = to `from`.
    pub bounce_domain: Option<String>,
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

/// Mail that comes in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inbound {
    /// Where answers to our mails go; none = to the dealership's own mailbox.
    pub domain: Option<String>,
    /// Signs the addresses in our mails; none = one is made and kept in the database.
    pub key: Option<SecretString>,
    /// Already read into `key`.
    pub key_file: Option<PathBuf>,
    /// Bytes of one mail.
    pub size_limit: usize,
    /// Mails that may wait to be read; more are asked to come again.
    pub most_waiting: u32,
    pub keep_raw: Span,
    pub lmtp: Lmtp,
    pub email: InboundDoor,
    pub sms: InboundDoor,
}

/// The door for the mail server beside us (RFC 2033).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lmtp {
    /// None = there is no such door.
    pub listen: Option<SocketAddr>,
    /// Connections at once; more are asked to come again.
    pub connections: usize,
    /// Silence on a connection before it is closed.
    pub silence: Span,
}

/// `POST /in/email`, `POST /in/http/inbound`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InboundDoor {
    /// What the sender of such requests shows; none = there is no such door.
    pub secret: Option<SecretString>,
    /// Already read into `secret`.
    pub secret_file: Option<PathBuf>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sms {
    pub provider: Provider,
    /// The sender a gateway is asked to show.
    pub from: Option<String>,
    pub retry: SmsRetry,
    pub http: SmsHttp,
    pub receipts: Receipts,
}

/// What a gateway says of the texts that it took.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipts {
    /// What the gateway shows that hands them over; none = there are no receipts.
    pub secret: Option<SecretString>,
    /// Already read into `secret`.
    pub secret_file: Option<PathBuf>,
    /// Without word of its delivery for so long, the next channel has its turn.
    pub wait: Span,
    /// JSON pointers to the name of the message, the gateway's word, its time and its error; of a form, `/` and the field.
    pub id_pointer: String,
    pub status_pointer: String,
    pub at_pointer: String,
    pub error_pointer: String,
    /// The gateway's words that are not known by themselves.
    pub statuses: BTreeMap<String, crate::receipts::Status>,
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
    /// A handlebars text over `id`, `to`, `text`, `from`, `template_id`, `params`, `params_json`.
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

/// The call after a visit (BR-30, BR-33, BR-50).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FollowUp {
    pub mode: FollowUpMode,
    /// After the delivery, all of them.
    pub opens: Span,
    pub due: Span,
    pub expires: Span,
    /// Of a comeback, and of a visit with a case.
    pub comeback_due: Span,
    /// Nobody is asked again who was spoken to this long ago (BR-32).
    pub rest: Span,
    /// Whether companies are called too (BR-32, the fleet rule).
    pub fleets: bool,
}

/// The follow-up queue (`domain/calls.md` B4).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calls {
    /// On the customer's clock.
    pub hours: DailyWindow,
    /// Not planned for then where Chinese is spoken.
    pub midday: DailyWindow,
    pub lease: Span,
    pub preview: Span,
    pub wrap_up: Span,
    /// So long an outcome saved on the console can be taken back; nothing follows from it before. 0s: never.
    pub undo: Span,
    pub attempts: u32,
    pub busy: Span,
    pub no_answer: Span,
    pub voicemail: Span,
    pub network: Span,
    pub agent_lost: Span,
    pub not_convenient: Span,
    /// How early and how late an agreed call may be (BR-43).
    pub callback_tolerance: Span,
    /// Who speaks the language comes first for this long.
    pub language_wait: Span,
    pub per_day: u32,
    pub per_week: u32,
    pub recordings: Span,
    /// Whether who has not confirmed an appointment is called the day before; a dealership's `rules.calls.confirm` goes first.
    pub confirm: bool,
    /// When that is done, on the dealership's clock.
    pub confirm_hours: DailyWindow,
}

/// The 24-hour promise (BR-01 to BR-05).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inquiries {
    /// Elapsed time (BR-01).
    pub due: Span,
    /// Opening time: the internal target.
    pub owner_after: Span,
    /// Opening time.
    pub manager_after: Span,
    /// Before the day's last closing (BR-04).
    pub sweep_before: Span,
    /// Nobody has taken it by then: it is given to somebody (BR-05).
    pub assign_after: Span,
    /// Opening time in which an owner who says nothing keeps it.
    pub owner_silent: Span,
    /// Who claimed it is alone in writing for so long.
    pub claim: Span,
    /// Questions by the public form from one address in ten minutes.
    pub form_per_address: u32,
    /// Questions by the public form for one dealership in ten minutes.
    pub form_per_dealership: u32,
}

impl Default for Inquiries {
    fn default() -> Self {
        Config::default().inquiries
    }
}

/// The telephone exchange; without one, calls are dialled by hand.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telephony {
    /// Asterisk's REST interface.
    pub url: Option<String>,
    pub user: String,
    pub password: Option<SecretString>,
    /// Already read into `password`.
    pub password_file: Option<PathBuf>,
    /// How an agent's telephone is named at the exchange.
    pub endpoint: String,
    /// Where the dial plan goes on with the customer's number.
    pub context: String,
    pub caller_id: Option<String>,
    pub ring: Span,
    /// With which the exchange sends its events to `/in/ari`.
    pub secret: Option<SecretString>,
    /// Already read into `secret`.
    pub secret_file: Option<PathBuf>,
}

/// The screens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Console {
    /// Who does nothing for so long signs in again.
    pub session: Span,
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
