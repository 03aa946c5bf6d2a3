//! Cases: a customer who is not happy, and who does what about it by when; never closed empty, never verified by its owner.
pub mod actions;
pub mod api;
pub mod console;
mod due;
mod life;
mod store;
pub mod triggers;

use serde::{Deserialize, Serialize};

pub use self::life::{Contacted, Refusal, Resolved};
use crate::{
    clock::Timestamp,
    customers::{Customer, vehicles::Vehicle},
    dealerships::Dealership,
    id::{Entity, Id},
    staff::Staff,
};

/// A case (`cas_`): one complaint, from the moment it was heard until somebody else has made sure that it is settled.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
pub struct Case {
    pub id: Id<Case>,
    pub dealership_id: Id<Dealership>,
    /// What people call it: short, unique at a dealership.
    #[serde(rename = "ref")]
    #[sqlx(rename = "ref")]
    pub reference: String,
    pub source: Source,
    /// Our id of the response, call or inquiry it came from.
    pub source_id: Option<String>,
    pub severity: Severity,
    /// Why it was raised: the words of [`triggers::Trigger`], or `by_hand`.
    pub reason: String,
    pub state: State,
    /// Counts every change.
    pub revision: i64,
    pub customer_id: Option<Id<Customer>>,
    pub vehicle_id: Option<Id<Vehicle>>,
    /// The sender's name for the visit it is about.
    pub repair_order: Option<String>,
    /// Who served the customer: their share in a cause is looked at with them, they do not own the case.
    pub advisor_id: Option<Id<Staff>>,
    pub owner_id: Option<Id<Staff>>,
    /// What the customer said, in their words.
    pub words: Option<String>,
    /// The overall score, 1 to 5, of the answers it came from.
    pub score: Option<i64>,
    pub raised_at: Timestamp,
    pub acknowledge_by: Timestamp,
    pub acknowledged_at: Option<Timestamp>,
    pub contact_by: Timestamp,
    pub contacted_at: Option<Timestamp>,
    pub resolve_by: Timestamp,
    pub resolved_at: Option<Timestamp>,
    pub resolved_by: Option<String>,
    /// Ten days after it was resolved.
    pub verify_by: Option<Timestamp>,
    pub verified_at: Option<Timestamp>,
    pub verified_by: Option<String>,
    pub root_cause: Option<Cause>,
    pub resolution: Option<String>,
    pub compensation: Option<String>,
    /// How often a deadline was missed: 0 owner, 1 manager, 2 and more director.
    pub escalation: i64,
    pub reopened: i64,
    pub created_at: Timestamp,
}
impl Entity for Case {
    const PREFIX: &'static str = "cas";
}

/// The states of `architecture.md` 3, in the words of the SQL and the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum State {
    Raised,
    Acknowledged,
    Contacted,
    Resolved,
    Verified,
    Reopened,
}

impl State {
    /// The word of the SQL and of the playbook's `holds_while`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Acknowledged => "acknowledged",
            Self::Contacted => "contacted",
            Self::Resolved => "resolved",
            Self::Verified => "verified",
            Self::Reopened => "reopened",
        }
    }
    /// Still waits for a solution: meanwhile the customer is asked for no score, and hears from one voice.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Raised | Self::Acknowledged | Self::Contacted | Self::Reopened)
    }
}

/// Where it was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Source {
    Response,
    Call,
    Inquiry,
    Inbound,
    Manual,
}

/// A soft case has the same deadlines and reminds its owner, but is never escalated (BR-52).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Severity {
    Hot,
    Soft,
}

/// Root causes (`satisfaction.md` C5), with the one the standard names beside them: an inconvenient time (seed, row 15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Cause {
    Quality,
    Time,
    InconvenientTime,
    Price,
    Explanation,
    Attitude,
    Parts,
    Facility,
    Other,
}

impl Cause {
    pub const ALL: [Self; 9] = [
        Self::Quality,
        Self::Time,
        Self::InconvenientTime,
        Self::Price,
        Self::Explanation,
        Self::Attitude,
        Self::Parts,
        Self::Facility,
        Self::Other,
    ];
    pub fn word(self) -> &'static str {
        match self {
            Self::Quality => "quality",
            Self::Time => "time",
            Self::InconvenientTime => "inconvenient_time",
            Self::Price => "price",
            Self::Explanation => "explanation",
            Self::Attitude => "attitude",
            Self::Parts => "parts",
            Self::Facility => "facility",
            Self::Other => "other",
        }
    }
}

impl std::str::FromStr for Cause {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|cause| cause.word() == text).ok_or(())
    }
}
