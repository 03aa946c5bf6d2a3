//! Mail that comes in: stored raw before anything is thought about it, then read, sorted and handed to the desk it concerns.
//!
//! ```text
//!  LMTP, POST /in/email ──▶ stored raw, once ──▶ lane `inbound`: read ──▶ sorted ──▶ whose is it? ──▶ applied
//! ```
//!
//! A door answers 250 (or 202) only after the commit. What is not a person's words never starts a clock, never stops one and
//! is never answered (RFC 3834); a report counts only for a message that we sent.
pub mod actions;
pub mod addresses;
pub mod api;
mod applying;
mod bounces;
pub mod console;
pub mod flatten;
pub mod invite;
pub mod keyed;
pub mod lane;
pub mod letter;
pub mod lmtp;
mod questions;
mod refusals;
mod replies;
pub mod reports;
pub mod sorting;
pub mod store;
mod threads;
pub mod unread;

use serde::{Deserialize, Serialize};

use crate::id::Entity;

/// One mail for one recipient (`inb_`).
#[derive(Debug)]
pub struct Inbound {}
impl Entity for Inbound {
    const PREFIX: &'static str = "inb";
}

/// What the other side said before the text: who gets the report when it cannot be delivered, and for whom it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// `MAIL FROM`; empty for `<>`, none when the door could not know.
    pub from: Option<String>,
    /// `RCPT TO`.
    pub to: String,
}

/// What a mail is. Only a [`Class::Person`] may open an inquiry, be acknowledged, or start a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Class {
    Person,
    /// Written by a program: out of office, newsletters, read receipts (RFC 3834).
    AutoReply,
    /// A report about a mail that could not be delivered, or was (RFC 3464).
    Bounce,
    /// Somebody pressed "this is spam" (RFC 5965).
    Complaint,
    OptOut,
    /// The calendar's own answer to an invitation (RFC 5546).
    InviteReply,
}

impl Class {
    pub fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::AutoReply => "auto_reply",
            Self::Bounce => "bounce",
            Self::Complaint => "complaint",
            Self::OptOut => "opt_out",
            Self::InviteReply => "invite_reply",
        }
    }
}
