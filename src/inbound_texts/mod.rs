//! Texts that customers send to the number or the account that wrote to them: STOP and HELP, a digit that answers, or a question.
//!
//! ```text
//!  POST /in/http/inbound ──▶ stored as it came, once ──▶ read ──▶ no more texts │ confirmed, asked to move, scored │ an inquiry
//! ```
//!
//! All of it in one transaction: a STOP holds from the moment at which the gateway has its 200 (BR-62).
pub mod actions;
pub mod api;
pub mod reading;
mod store;

use serde::Serialize;

use crate::{clock::Timestamp, id::Entity, inquiries::Channel, notices::ChannelName};

/// Who hands texts over, and on which channel their senders are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Via {
    /// As the stored text names it.
    pub provider: &'static str,
    /// SMS or `WeChat`.
    pub channel: ChannelName,
}

impl Via {
    /// The kind of address that its senders have.
    fn address(self) -> &'static str {
        if self.channel == ChannelName::Wechat { "wechat" } else { "phone" }
    }
    /// How an inquiry names it.
    fn inquired(self) -> Channel {
        if self.channel == ChannelName::Wechat { Channel::Wechat } else { Channel::Sms }
    }
}

/// A text as a gateway hands it over.
#[derive(Clone, Debug)]
pub struct Received {
    /// The gateway's id of it: the same again is a duplicate.
    pub provider_id: String,
    /// E.164 where it is a number, otherwise as it came (short codes, openids).
    pub from: String,
    pub to: Option<String>,
    pub body: String,
    pub at: Timestamp,
}

/// A stored text (`txt_`).
#[derive(Clone, Copy, Debug)]
pub struct InboundText;
impl Entity for InboundText {
    const PREFIX: &'static str = "txt";
}

/// What a text was taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum TakenFor {
    Stop,
    Start,
    Help,
    Confirm,
    Move,
    /// Asks that an appointment be cancelled: a person does it and says so (BR-64).
    Cancel,
    Score,
    /// Words, or a digit that answers nothing: an inquiry.
    Free,
    /// Not a word of the lists, but it may be meant as one: a person reads it within the hour (D2).
    LooksLikeStop,
}

impl TakenFor {
    /// Whether somebody has to read it.
    pub fn needs_a_person(self) -> bool {
        matches!(self, Self::Cancel | Self::Free | Self::LooksLikeStop)
    }
}
