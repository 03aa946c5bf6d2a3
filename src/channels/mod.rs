//! The only code that talks to the outside: one attempt to deliver one message, and what became of it.
pub mod email;
mod exchange;
pub mod http_client;
pub mod mailbox;
mod pace;
mod reply;
mod routes;
pub mod sms;
mod tencent;
pub mod tls;
pub mod webhook;
pub mod wechat;
pub mod wecom;

use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::SignedDuration;

pub use self::routes::{EmailRoute, Routes, SmsRoute, WechatRoute, WecomRoute};

/// How far an attempt got; the words of `architecture.md` 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Phase {
    /// Finding the provider and opening a connection, its TLS included where that comes first.
    Connect,
    /// Its greeting, ours, STARTTLS and signing in.
    Greeting,
    /// Sender and recipient named.
    Envelope,
    /// Asked to take the text.
    Data,
    /// The text is on its way: from here on the provider may have it.
    HandingOver,
    /// The provider answered for the whole message.
    Answered,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Outcome {
    /// The provider took the message.
    Accepted,
    /// This message will never be taken as it is.
    Refused,
    /// The provider answered "not now", or its settings or ours are at fault: try again.
    Later,
    /// Nothing was handed over and nobody said no: safe to try again.
    NotSent,
    /// Handed over, answer lost: never repeat it blindly.
    Unknown,
}

/// The end of one attempt. Holds no recipient and no secret, so it may be stored and logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub phase: Phase,
    pub outcome: Outcome,
    /// The provider's own id of the message, when it gave one.
    pub provider_ref: Option<String>,
    /// `550 5.1.1`, `http 502`.
    pub code: Option<String>,
    /// The provider's words: no control characters, at most 500 characters, our recipient masked.
    pub reply: Option<String>,
    /// The provider asked us to wait at least this long.
    pub retry_after: Option<Duration>,
    /// A stable code for people and rules: `mailbox_unknown`, `timeout`, `tls_required`, …; `accepted` when it was.
    pub reason: &'static str,
}

impl Delivery {
    /// An end without an answer from the provider.
    pub fn unanswered(phase: Phase, outcome: Outcome, reason: &'static str) -> Self {
        Self { phase, outcome, provider_ref: None, code: None, reply: None, retry_after: None, reason }
    }
}

/// What `deliver` of every channel returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivered {
    Answered(Delivery),
    /// Our own pace allows nothing there for so long: nothing was tried, and no try is used up.
    TooEarly(SignedDuration),
    /// The mark was refused: the lease was lost or the message was cancelled. Nothing of it went over the wire.
    Stopped,
}

/// Commits "handing over" before the first byte that cannot be taken back.
pub trait HandOver: Send + Sync {
    /// True: committed, go on. False: stop, nothing may leave.
    fn mark(&self) -> BoxFuture<'_, bool>;
}
