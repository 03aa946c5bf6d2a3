//! What should be said: the kinds of notices, their timing, and the letters they become.
pub mod actions;
pub mod addressing;
pub mod api;
pub mod approving;
mod asking;
pub mod compose;
mod composing;
pub mod console;
mod facts;
pub mod grammar;
pub mod held;
pub mod letters;
pub mod now;
pub mod plan;
pub mod playbook;
mod readers;
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
    /// Who has the visit, the order, the question.
    Customer,
    /// Who drives the car; where nobody is on record as that, the customer, as with the next two.
    Driver,
    Owner,
    Payer,
    Advisor,
    Parts,
    Manager,
    Director,
    Agent,
}

impl Audience {
    /// The role of the people here who are told, where it is not one person whom the subject names.
    pub fn role(self) -> Option<&'static str> {
        match self {
            Self::Parts => Some("parts"),
            Self::Manager => Some("service_manager"),
            Self::Director => Some("director"),
            Self::Agent => Some("agent"),
            Self::Customer | Self::Driver | Self::Owner | Self::Payer | Self::Advisor => None,
        }
    }
    /// Whether the reader works here.
    pub fn works_here(self) -> bool {
        matches!(self, Self::Advisor | Self::Parts | Self::Manager | Self::Director | Self::Agent)
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
    /// What an advisor asks the parts counter.
    PartsQuestion,
    /// Help that somebody asks a colleague for.
    Assist,
    Survey,
    Case,
    Vehicle,
    Customer,
    CallTask,
    /// A digest or a list of one shop.
    Dealership,
}

/// The word is no channel.
#[derive(Debug, thiserror::Error)]
#[error("no such channel: known are email, sms, wechat, wecom, call")]
pub struct NotAChannel;

impl std::str::FromStr for ChannelName {
    type Err = NotAChannel;
    fn from_str(word: &str) -> Result<Self, NotAChannel> {
        Self::ALL.into_iter().find(|channel| channel.word() == word).ok_or(NotAChannel)
    }
}

impl SubjectKind {
    /// As in the API and the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Appointment => "appointment",
            Self::Inquiry => "inquiry",
            Self::RepairOrder => "repair_order",
            Self::PartsOrder => "parts_order",
            Self::PartsQuestion => "parts_question",
            Self::Assist => "assist",
            Self::Survey => "survey",
            Self::Case => "case",
            Self::Vehicle => "vehicle",
            Self::Customer => "customer",
            Self::CallTask => "call_task",
            Self::Dealership => "dealership",
        }
    }
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
    pub const ALL: [Self; 5] = [Self::Email, Self::Sms, Self::Wechat, Self::Wecom, Self::Call];

    /// Whether it rings in somebody's pocket and is therefore bound by quiet hours (D6.3).
    pub fn rings(self) -> bool {
        matches!(self, Self::Sms | Self::Wechat | Self::Call)
    }
}
