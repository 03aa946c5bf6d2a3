//! Messages: what was said, on one channel to one address, and what became of it.
//!
//! A message is written once by composing a notice and never changes its text. The post lanes claim it, hand it over and
//! record the answer; its state is a fold over its attempts and receipts.
pub mod actions;
pub mod api;
pub mod console;
mod delivering;
mod enclosing;
pub mod fate;
pub mod marks;
pub mod post;
pub mod reasons;
pub mod returning;
mod settling;
pub mod store;
pub mod trial;

use serde::{Deserialize, Serialize};

use crate::{
    channels::{email::Address, sms::Approved},
    clock::Timestamp,
    files::File,
    id::{Entity, Id},
    notices::{ChannelName, Class},
};

/// One message (`msg_`).
#[derive(Debug)]
pub struct Message {}
impl Entity for Message {
    const PREFIX: &'static str = "msg";
}
/// One hand-over of a message (`att_`).
#[derive(Debug)]
pub struct Attempt {}
impl Entity for Attempt {
    const PREFIX: &'static str = "att";
}

/// The states of a message; what may follow what is in `architecture.md` 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum State {
    /// May be claimed when its time has come; a retry is ready with a later time.
    Ready,
    /// Claimed: it has a fence and a lease.
    Sending,
    /// Handed over, the answer lost.
    Unknown,
    /// Stopped by a person, a restore, or because nobody can know whether it arrived.
    Held,
    /// The provider took it.
    Accepted,
    Delivered,
    Undelivered,
    /// Refused for good, or its tries are used up.
    Failed,
    Cancelled,
    /// Its use passed before it was handed over.
    Expired,
    /// It ended its process three times.
    Dead,
}

impl State {
    /// As in the API and in metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Sending => "sending",
            Self::Unknown => "unknown",
            Self::Held => "held",
            Self::Accepted => "accepted",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Dead => "dead",
        }
    }
    /// How a track takes this state.
    pub fn ending(self) -> Ending {
        match self {
            Self::Ready | Self::Sending | Self::Unknown | Self::Held => Ending::Open,
            Self::Accepted | Self::Delivered => Ending::Well,
            Self::Undelivered | Self::Failed | Self::Expired | Self::Dead => Ending::Badly,
            Self::Cancelled => Ending::Called,
        }
    }
}

/// Whether a track goes on after a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Open,
    Well,
    /// The next channel's turn.
    Badly,
    /// Called off: nothing follows.
    Called,
}

/// Urgent before bulk: each channel has a lane for either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Priority {
    Urgent,
    Bulk,
}

impl Priority {
    /// Surveys, offers and digests never hold up a confirmation (G4).
    pub fn of(class: Class) -> Self {
        match class {
            Class::Transactional | Class::Safety | Class::Internal => Self::Urgent,
            Class::ServiceFollowup | Class::Marketing => Self::Bulk,
        }
    }
}

/// Everything beside the text that a message's bytes and its hour depend on; kept with it, so that a resend is the same.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Envelope {
    pub from: Address,
    pub reply_to: Option<Address>,
    /// Where reports about it come back to; none = to `from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_path: Option<String>,
    /// The Message-IDs of the thread that it answers, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    pub to_name: String,
    pub message_id_domain: String,
    pub class: Class,
    /// Files that go with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<Id<File>>,
    /// The kind of its notice: a topic that somebody may have opted out of.
    #[serde(default)]
    pub kind: String,
    /// See [`crate::notices::playbook::Kind::despite_stop`].
    #[serde(default)]
    pub despite_stop: bool,
    pub region: String,
    /// The reader's zone, for the hours in which a phone may ring.
    pub zone: String,
    /// The customer's own act that this answers (BR-67).
    pub acted_at: Option<Timestamp>,
    /// The provider's template that an SMS or a `WeChat` message is sent as, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<Approved>,
    /// The page that opens when a `WeChat` message is tapped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// What the dealership is called, for a `WeCom` group that several share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub house: Option<String>,
    /// The `WeCom` user who is named where a whole group reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mention: Option<String>,
    /// Where one click ends mail of this kind (RFC 8058); none for what nobody can end.
    #[serde(default)]
    pub unsubscribe: Option<String>,
    /// The address at which a mail ends it; only beside the click.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opt_out: Option<String>,
}

/// The post lane of a channel and priority, as in logs and metrics.
pub fn lane_name(channel: ChannelName, priority: Priority) -> &'static str {
    match (channel, priority) {
        (ChannelName::Email, Priority::Urgent) => "post.email.urgent",
        (ChannelName::Email, Priority::Bulk) => "post.email.bulk",
        (ChannelName::Wechat, Priority::Urgent) => "post.wechat.urgent",
        (ChannelName::Wechat, Priority::Bulk) => "post.wechat.bulk",
        (ChannelName::Wecom, Priority::Urgent) => "post.wecom.urgent",
        (ChannelName::Wecom, Priority::Bulk) => "post.wecom.bulk",
        (ChannelName::Sms | ChannelName::Call, Priority::Urgent) => "post.sms.urgent",
        (ChannelName::Sms | ChannelName::Call, Priority::Bulk) => "post.sms.bulk",
    }
}
