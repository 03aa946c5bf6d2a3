//! Repair orders: opened, promised, work found and decided, checked, ready, delivered, closed.
pub mod actions;
pub mod api;
mod cabinet;
pub mod console;
mod due;
pub mod figures;
mod life;
mod store;
pub mod tags;
mod telling;
mod work;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::types::Json;

use crate::{
    clock::Timestamp,
    customers::{
        Customer, Person,
        vehicles::{Sighting, Vehicle},
    },
    dealerships::Dealership,
    id::{Entity, Id},
    staff::Staff,
};

pub use self::work::{Decision, Finding, Item, Severity};

/// A promise is changed for the customer when it moves by at least this much (BR-15).
pub const PROMISE_CHANGE: SignedDuration = SignedDuration::from_mins(15);
/// How long before the promised time the advisor is told that the car is not ready (BR-15).
pub const PROMISE_AT_RISK: SignedDuration = SignedDuration::from_mins(60);
/// How long work that was found may wait for the customer's word before somebody calls (`rules.md` A2, 7).
pub const UNDECIDED: SignedDuration = SignedDuration::from_mins(30);

/// A repair order (`ro_`): known by its dealership and the sender's `ref`, whatever the source.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
pub struct RepairOrder {
    pub id: Id<RepairOrder>,
    pub dealership_id: Id<Dealership>,
    #[serde(rename = "ref")]
    #[sqlx(rename = "ref")]
    pub reference: String,
    pub state: State,
    /// Ours: starts at 0 and counts the changes that a customer can see.
    pub revision: i64,
    /// The sender's own, of the last applied event that carried one.
    pub sender_revision: Option<i64>,
    /// The `time` of the last applied event.
    pub heard_at: Timestamp,
    pub customer_id: Option<Id<Customer>>,
    pub vehicle_id: Option<Id<Vehicle>>,
    pub advisor_id: Option<Id<Staff>>,
    /// Who worked on it; none of them may make the follow-up call (BR-31).
    pub technicians: Json<Vec<Id<Staff>>>,
    /// The sender's name for the appointment it came from.
    pub appointment_ref: Option<String>,
    /// `None`: a fact about it came before it was opened.
    pub opened_at: Option<Timestamp>,
    /// What was promised first: at the counter, so the customer knows it.
    pub first_promise: Option<Timestamp>,
    pub promised_at: Option<Timestamp>,
    /// Why it was changed last, the sender's code.
    pub promise_reason: Option<String>,
    pub ready_at: Option<Timestamp>,
    /// Quality control, as far as the source records it (BR-16).
    pub qc_at: Option<Timestamp>,
    pub qc_by: Option<String>,
    pub delivered_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    /// Signed by the customer; `None` where the sender does not say.
    pub signed: Option<bool>,
    pub signed_at: Option<Timestamp>,
    pub signed_by: Option<String>,
    /// The car's condition was recorded before the work began (seed §1); `None` where the sender does not say.
    pub condition_recorded: Option<bool>,
    /// `customer`, `warranty`, `internal`, `service_contract`, or the sender's own word.
    pub pay_type: Option<String>,
    pub is_comeback: bool,
    /// As the sender lists them.
    pub jobs: Json<Vec<Value>>,
    pub odometer: Option<i64>,
    pub total: Option<f64>,
    /// Labour hours.
    pub hours_sold: Option<f64>,
    pub hours_clocked: Option<f64>,
    pub created_at: Timestamp,
}
impl Entity for RepairOrder {
    const PREFIX: &'static str = "ro";
}

/// The states of `architecture.md` 3, in the words of the SQL and the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum State {
    Open,
    Ready,
    Delivered,
    Closed,
}

impl State {
    /// The word of the SQL and of the playbook's `holds_while`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Ready => "ready",
            Self::Delivered => "delivered",
            Self::Closed => "closed",
        }
    }
}

/// A fact about a repair order, as an event tells it.
#[derive(Clone, Debug)]
pub struct Fact {
    /// The sender's key of the repair order.
    pub reference: String,
    /// The sender's own revision of it.
    pub revision: Option<i64>,
    pub said: Said,
}

impl Fact {
    /// Who looks after the customer, in the sender's words.
    pub fn advisor_ref(&self) -> Option<&str> {
        match &self.said {
            Said::Opened(opening) => opening.advisor_ref.as_deref(),
            _ => None,
        }
    }
    /// The customer, where it tells of them.
    pub fn person(&self) -> Option<&Person> {
        match &self.said {
            Said::Opened(opening) => Some(&opening.customer),
            _ => None,
        }
    }
    /// The same without who decided or signed, and why.
    #[must_use]
    pub fn without_words(mut self) -> Self {
        match &mut self.said {
            Said::PromisedChanged(promise) => promise.reason_code = None,
            Said::WorkApproved(word) | Said::WorkDeclined(word) => (word.by, word.reason_code) = (None, None),
            Said::Signed(occasion) => occasion.by = None,
            _ => {}
        }
        self
    }
}

#[derive(Clone, Debug)]
pub enum Said {
    Opened(Box<Opening>),
    PromisedChanged(Promise),
    WorkFound(Vec<Finding>),
    WorkApproved(Word),
    WorkDeclined(Word),
    Signed(Occasion),
    QcPassed(Occasion),
    Ready(Step),
    Delivered(Step),
    Closed(Step),
}

impl Said {
    /// The type of the event that says so.
    pub fn event_type(&self) -> &'static str {
        match self {
            Self::Opened(_) => "repair_order.opened",
            Self::PromisedChanged(_) => "repair_order.promised_changed",
            Self::WorkFound(_) => "repair_order.work_found",
            Self::WorkApproved(_) => "repair_order.work_approved",
            Self::WorkDeclined(_) => "repair_order.work_declined",
            Self::Signed(_) => "repair_order.signed",
            Self::QcPassed(_) => "repair_order.qc_passed",
            Self::Ready(_) => "repair_order.ready",
            Self::Delivered(_) => "repair_order.delivered",
            Self::Closed(_) => "repair_order.closed",
        }
    }
    /// Its step of the service journey (seed §3): received, written, signed, worked on, checked, delivered.
    pub(crate) fn step(&self) -> i64 {
        match self {
            Self::Opened(_) => 3,
            Self::Signed(_) | Self::WorkApproved(_) | Self::WorkDeclined(_) => 4,
            Self::WorkFound(_) | Self::PromisedChanged(_) => 5,
            Self::QcPassed(_) => 6,
            Self::Ready(_) | Self::Delivered(_) | Self::Closed(_) => 7,
        }
    }
}

/// The data of an opened repair order; `None` leaves what is known.
#[derive(Clone, Debug)]
pub struct Opening {
    pub opened_at: Timestamp,
    pub customer: Person,
    pub vehicle: Option<Sighting>,
    pub advisor_ref: Option<String>,
    pub appointment_ref: Option<String>,
    pub promised_at: Option<Timestamp>,
    pub signed: Option<bool>,
    pub condition_recorded: Option<bool>,
    pub pay_type: Option<String>,
    pub is_comeback: Option<bool>,
    pub jobs: Option<Vec<Value>>,
    pub odometer: Option<i64>,
}

/// Another promised time.
#[derive(Clone, Debug)]
pub struct Promise {
    pub promised_at: Timestamp,
    /// The sender's code of the reason.
    pub reason_code: Option<String>,
}

/// The customer's word about work that was found. Without items it is about all that waits for a word.
#[derive(Clone, Debug)]
pub struct Word {
    pub items: Vec<Finding>,
    pub by: Option<String>,
    pub via: Option<String>,
    pub reason_code: Option<String>,
}

/// When something happened, and by whom.
#[derive(Clone, Debug)]
pub struct Occasion {
    pub at: Timestamp,
    pub by: Option<String>,
}

/// Ready, delivered or closed, with what is known by then; `None` leaves what is known.
#[derive(Clone, Debug)]
pub struct Step {
    pub at: Timestamp,
    pub technician_refs: Vec<String>,
    pub qc_by: Option<String>,
    pub odometer: Option<i64>,
    pub total: Option<f64>,
    pub hours_sold: Option<f64>,
    pub hours_clocked: Option<f64>,
    pub condition_recorded: Option<bool>,
}

/// Whether a dealership's source records quality control, so that "ready" waits for it (BR-16): its rule `repairs.qc`.
pub fn waits_for_qc(dealership: &Dealership) -> bool {
    dealership.rules.pointer("/repairs/qc").and_then(Value::as_bool).unwrap_or(false)
}
