//! Inquiries: what customers ask, and the promise that it is answered within 24 hours (BR-01 to BR-05).
//!
//! What was said is kept as entries of a thread; the clocks of the promise are a fold over them ([`ledger`]), never a
//! counter. Only a substantive reply that a provider took stops a clock; when it comes back, the clock runs from where it
//! began. What must happen while a clock runs is planned with it ([`escalation`]).
pub mod actions;
pub mod api;
pub mod approved;
pub mod arrival;
pub mod canned;
pub mod console;
mod deciding;
mod due;
mod enclosed;
pub mod escalation;
pub mod form;
mod keeping;
pub mod ledger;
pub mod proof;
mod replies;
pub mod report;
mod store;
mod telling;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::types::Json;

pub use self::arrival::{Arrival, Fact, Received};
use crate::{
    clock::Timestamp,
    customers::{Customer, vehicles::Vehicle},
    dealerships::Dealership,
    id::{Entity, Id},
    notices::Notice,
    staff::Staff,
};

/// Where a question came in, and where its answer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Channel {
    Web,
    Email,
    Wechat,
    Phone,
    App,
    Sms,
}

impl Channel {
    /// As in events; anything else is none of ours.
    pub fn read(word: &str) -> Option<Self> {
        serde_json::from_value(Value::String(word.to_owned())).ok()
    }
}

/// The states of an inquiry (`architecture.md` 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum State {
    New,
    Assigned,
    Answered,
    Closed,
    Spam,
    Merged,
}

impl State {
    /// Something in it waits for an answer.
    pub fn is_open(self) -> bool {
        matches!(self, Self::New | Self::Assigned)
    }
    /// Over, and not taken up again by what the customer writes.
    pub fn is_set_aside(self) -> bool {
        matches!(self, Self::Spam | Self::Merged)
    }
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Assigned => "assigned",
            Self::Answered => "answered",
            Self::Closed => "closed",
            Self::Spam => "spam",
            Self::Merged => "merged",
        }
    }
}

/// What it is about, as far as its words tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Kind {
    Question,
    Booking,
    Price,
    Complaint,
    Parts,
}

/// One thread with a customer (`inq_`).
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
pub struct Inquiry {
    pub id: Id<Inquiry>,
    pub dealership_id: Id<Dealership>,
    /// The sender's name for it, or the one we gave.
    #[serde(rename = "ref")]
    #[sqlx(rename = "ref")]
    pub reference: String,
    pub channel: Channel,
    pub state: State,
    pub kind: Kind,
    pub topic: Option<String>,
    pub language: Option<String>,
    /// The address that wrote, in its normal form.
    pub sender: Option<String>,
    /// A hash of where a form came from, for the limit on it.
    pub origin: Option<String>,
    pub customer_id: Option<Id<Customer>>,
    pub vehicle_id: Option<Id<Vehicle>>,
    pub owner_id: Option<Id<Staff>>,
    pub owner_since: Option<Timestamp>,
    /// Who had it and was silent: not given it again at once.
    pub previous_owner_id: Option<Id<Staff>>,
    /// Who is writing an answer just now.
    pub claimed_by: Option<String>,
    pub claimed_until: Option<Timestamp>,
    pub preferred_times: Json<Vec<String>>,
    pub received_at: Timestamp,
    /// Of the earliest clock that runs.
    pub due_at: Option<Timestamp>,
    pub acknowledged_at: Option<Timestamp>,
    /// The first reply that counts.
    pub answered_at: Option<Timestamp>,
    /// When the promise was first broken.
    pub breached_at: Option<Timestamp>,
    pub merged_into: Option<Id<Inquiry>>,
    pub end_reason: Option<String>,
    /// An answer that was prepared for the manager when nobody had taken it.
    pub draft: Option<String>,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}
impl Entity for Inquiry {
    const PREFIX: &'static str = "inq";
}

/// Who wrote an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Author {
    Customer,
    Person,
    /// An approved answer of BR-02.
    Approved,
    /// An acknowledgement: never an answer.
    System,
}

/// How far an entry got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum EntryState {
    Received,
    /// Goes at its time, unless the customer writes first.
    Scheduled,
    /// On its way to the provider.
    Pending,
    Accepted,
    Failed,
    Withdrawn,
}

/// One thing that was said (`ine_`).
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
pub struct Said {
    pub id: Id<Said>,
    pub inquiry_id: Id<Inquiry>,
    pub dealership_id: Id<Dealership>,
    pub author: Author,
    pub state: EntryState,
    pub channel: Channel,
    /// When it was said: for a question the time at which we received it.
    pub at: Timestamp,
    pub accepted_at: Option<Timestamp>,
    pub failed_at: Option<Timestamp>,
    pub not_before: Option<Timestamp>,
    pub message_key: Option<String>,
    /// The Message-IDs that it answers, the oldest first.
    pub thread: Json<Vec<String>>,
    pub sender: Option<String>,
    pub text_hash: Option<String>,
    pub topic: Option<String>,
    pub body: String,
    pub actor: Option<String>,
    pub staff_id: Option<Id<Staff>>,
    pub notice_id: Option<Id<Notice>>,
    pub idempotency_key: Option<String>,
    pub body_hash: Option<String>,
    pub created_at: Timestamp,
}
impl Entity for Said {
    const PREFIX: &'static str = "ine";
}

/// A clock of the promise (`icl_`): opened by a question, stopped by the reply that counts.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
pub struct PromiseClock {
    pub id: Id<PromiseClock>,
    pub inquiry_id: Id<Inquiry>,
    pub dealership_id: Id<Dealership>,
    pub opened_by: Id<Said>,
    pub opened_at: Timestamp,
    pub due_at: Timestamp,
    /// Thirty opening minutes after the question; None where the doors stay closed for a year.
    pub target_at: Option<Timestamp>,
    pub stopped_at: Option<Timestamp>,
    pub stopped_by: Option<Id<Said>>,
    pub stopped_kind: Option<ledger::By>,
    pub breached_at: Option<Timestamp>,
}
impl Entity for PromiseClock {
    const PREFIX: &'static str = "icl";
}

impl PromiseClock {
    pub fn runs(&self) -> bool {
        self.stopped_at.is_none()
    }
}

/// The reference that a customer can say on the telephone, made of our id.
pub fn reference_of(id: Id<Inquiry>) -> String {
    let text = id.to_string();
    format!("Q-{}", text[text.len() - 8..].to_uppercase())
}
