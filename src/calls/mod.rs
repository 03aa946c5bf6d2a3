//! Calls: the follow-up queue, from the task that a desk plans to the word of the person who made the call.
pub mod actions;
pub mod api;
mod claiming;
mod concluding;
pub mod console;
mod handling;
mod hearing;
pub mod hours;
mod keeping;
mod life;
mod outcomes;
mod planning;
mod promised;
mod saying;
pub mod scripts;
mod showing;
mod store;
pub mod telephony;
mod waking;

pub use self::{
    outcomes::{Outcome, TelephonyResult},
    planning::{NewTask, NoCall, Visit, mode_of},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::types::Json;

use crate::{
    clock::Timestamp,
    customers::{Customer, vehicles::Vehicle},
    dealerships::Dealership,
    id::{Entity, Id},
    notices::SubjectKind,
    staff::Staff,
};

/// Why a call is withdrawn that somebody here withdrew: no event plans it again.
const BY_HAND: &str = "by_hand";
/// Why a task is not in the queue of which somebody has just said what it came to (`calls.undo`).
const WORD_KEPT: &str = "word_kept";

/// What a call is about (`domain/calls.md` B4, G6); each has its script and its place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum CallType {
    /// After a visit: is the car as it should be, was the customer content (BR-30).
    FollowUp,
    /// The customer did not come (BR-14).
    NoShow,
    /// The part is here and nobody has an appointment for it (BR-22).
    PartsArrived,
    /// Work that was found and declined.
    DeferredWork,
    /// Work that was found waits for the customer's word while the car is on the lift.
    WorkApproval,
    /// An appointment that nobody has confirmed.
    Confirm,
    /// An inquiry whose 24 hours run out (BR-03).
    InquiryRescue,
    /// After a low score: make it good.
    Recovery,
    /// A complaint.
    Complaint,
    /// The car will not be ready when it was promised.
    PromiseAtRisk,
    /// The customer asked to be called.
    Callback,
    /// A notice that no written channel could deliver: its last step is a call.
    Unwritten,
    /// Maintenance is due: marketing.
    Maintenance,
}

impl CallType {
    pub const ALL: [Self; 13] = [
        Self::FollowUp,
        Self::NoShow,
        Self::PartsArrived,
        Self::DeferredWork,
        Self::WorkApproval,
        Self::Confirm,
        Self::InquiryRescue,
        Self::Recovery,
        Self::Complaint,
        Self::PromiseAtRisk,
        Self::Callback,
        Self::Unwritten,
        Self::Maintenance,
    ];

    /// As in the API and the database, and the name of its scripts' folder.
    pub fn word(self) -> &'static str {
        match self {
            Self::FollowUp => "follow_up",
            Self::NoShow => "no_show",
            Self::PartsArrived => "parts_arrived",
            Self::DeferredWork => "deferred_work",
            Self::WorkApproval => "work_approval",
            Self::Confirm => "confirm",
            Self::InquiryRescue => "inquiry_rescue",
            Self::Recovery => "recovery",
            Self::Complaint => "complaint",
            Self::PromiseAtRisk => "promise_at_risk",
            Self::Callback => "callback",
            Self::Unwritten => "unwritten",
            Self::Maintenance => "maintenance",
        }
    }
    /// The step of the service journey that it belongs to (seed §3).
    pub fn step(self) -> Option<i64> {
        match self {
            Self::NoShow | Self::Confirm | Self::InquiryRescue => Some(1),
            Self::WorkApproval | Self::PromiseAtRisk => Some(5),
            Self::FollowUp | Self::Recovery | Self::Complaint => Some(8),
            Self::PartsArrived | Self::DeferredWork | Self::Callback | Self::Unwritten | Self::Maintenance => None,
        }
    }
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// Where a task stands (`architecture.md` 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum State {
    /// Waits for `not_before`.
    Scheduled,
    /// May be claimed.
    Ready,
    /// Somebody has it before them.
    Leased,
    /// Paused by a person.
    Held,
    Done,
    /// What it was about is gone.
    Withdrawn,
    /// Nobody was reached; a written notice was raised.
    Exhausted,
    Expired,
}

impl State {
    pub const OPEN: [Self; 4] = [Self::Scheduled, Self::Ready, Self::Leased, Self::Held];

    pub fn is_open(self) -> bool {
        Self::OPEN.contains(&self)
    }
}

/// How far the one who has it got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Stage {
    /// Reading script and history.
    Preview,
    Dialing,
    Connected,
    /// Hung up, writing.
    WrapUp,
}

/// A call that somebody should make (`tsk_`).
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
pub struct CallTask {
    pub id: Id<CallTask>,
    pub dealership_id: Id<Dealership>,
    #[serde(rename = "type")]
    #[sqlx(rename = "type")]
    pub kind: CallType,
    pub customer_id: Id<Customer>,
    pub vehicle_id: Option<Id<Vehicle>>,
    pub subject_type: SubjectKind,
    /// Our id of it.
    pub subject_id: String,
    /// Tells two tasks of one type about one subject apart.
    pub round: i64,
    /// What made it necessary, such as `delivered`.
    pub reason: String,
    pub state: State,
    /// What it waits for, or why it ended.
    pub state_reason: Option<String>,
    pub stage: Option<Stage>,
    /// Its place in the queue, 1 to 9 (`domain/calls.md` B4).
    pub level: i64,
    /// The caller of [`actions::plan`] says that it goes before others of its type.
    pub is_urgent: bool,
    /// The first part of the customer's language tag: `zh`, `en`, `ja`.
    pub language: String,
    /// Nobody who speaks it came in time: whoever is free may call.
    pub any_language: bool,
    /// What who calls should know about; a match goes first, nobody is kept away.
    pub skill: Option<String>,
    pub not_before: Timestamp,
    /// Since when it may be claimed this time.
    pub ready_at: Option<Timestamp>,
    pub due_at: Timestamp,
    /// From here on little of its time is left: level 4.
    pub at_risk_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    /// While it is ready: the end of the customer's call hours.
    pub window_until: Option<Timestamp>,
    /// When the customer asked to be called, and by whom; by anybody when nobody is named.
    pub callback_at: Option<Timestamp>,
    pub callback_by: Option<Id<Staff>>,
    /// Who has it, or had it last.
    pub owner_id: Option<Id<Staff>>,
    pub lease_until: Option<Timestamp>,
    pub stage_at: Option<Timestamp>,
    /// Counts the claims.
    pub fence: i64,
    /// Who spoke to the customer last about this.
    pub previous_agent: Option<Id<Staff>>,
    pub attempts: i64,
    pub max_attempts: i64,
    pub outcome: Option<String>,
    pub ended_at: Option<Timestamp>,
    /// What the one who planned it wants to know again; no personal data.
    pub detail: Json<Value>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}
impl Entity for CallTask {
    const PREFIX: &'static str = "tsk";
}

/// One call (`cla_`), from dialing on.
#[derive(Clone, Debug)]
pub struct CallAttempt {}
impl Entity for CallAttempt {
    const PREFIX: &'static str = "cla";
}

/// The part of a language tag that decides who can speak with somebody: `zh-Hans-CN` is `zh`.
pub fn spoken(tag: &str) -> String {
    tag.split(['-', '_']).next().unwrap_or_default().trim().to_ascii_lowercase()
}
