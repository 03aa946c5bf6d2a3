//! What should be said: the kinds of notices, their timing, and the letters they become.
pub mod actions;
pub mod api;
pub mod compose;
mod composing;
mod facts;
pub mod grammar;
pub mod letters;
pub mod plan;
pub mod playbook;
pub mod readings;
pub mod segments;
pub mod sources;
pub mod store;
pub mod tracks;
pub mod wording;
pub mod words;

use serde::{Deserialize, Serialize};

pub use self::wording::Locale;
use crate::id::Entity;

/// The intent to tell one person one thing about one subject at one revision (`ntc_`).
#[derive(Debug)]
pub struct Notice {}
impl Entity for Notice {
    const PREFIX: &'static str = "ntc";
}

/// What a notice is in the eyes of consent and quiet hours (D1); fixed per kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Class {
    Transactional,
    ServiceFollowup,
    Marketing,
    Safety,
    Internal,
}

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Audience {
    Customer,
    Driver,
    Owner,
    Payer,
    Advisor,
    Parts,
    Manager,
    Agent,
}

impl Audience {
    /// The role of the people here who are told, where it is not one person whom the subject names.
    pub fn role(self) -> Option<&'static str> {
        match self {
            Self::Parts => Some("parts"),
            Self::Manager => Some("service_manager"),
            Self::Agent => Some("agent"),
            Self::Customer | Self::Driver | Self::Owner | Self::Payer | Self::Advisor => None,
        }
    }
    /// Whether the reader works here.
    pub fn works_here(self) -> bool {
        matches!(self, Self::Advisor | Self::Parts | Self::Manager | Self::Agent)
    }
}

/// The thing a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum SubjectKind {
    Appointment,
    Inquiry,
    RepairOrder,
    PartsOrder,
    Survey,
    Case,
    Vehicle,
    Customer,
    CallTask,
    /// A digest or a list of one shop.
    Dealership,
}

/// A way to reach somebody; `call` is a task for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum ChannelName {
    Email,
    Sms,
    Wechat,
    Wecom,
    Call,
}

impl ChannelName {
    /// As in the API and in metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Wechat => "wechat",
            Self::Wecom => "wecom",
            Self::Call => "call",
        }
    }
    /// Whether it rings in somebody's pocket and is therefore bound by quiet hours (D6.3).
    pub fn rings(self) -> bool {
        matches!(self, Self::Sms | Self::Wechat | Self::Call)
    }
}
