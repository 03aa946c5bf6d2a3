//! Surveys: what customers are asked after a visit, when, and what they answer; on a page, on the phone, by a digit.
pub mod actions;
mod answering;
mod answers;
pub mod api;
mod due;
mod life;
pub mod page;
mod planning;
pub mod questionnaire;
pub mod statistics;
mod store;
mod words;

use serde::{Deserialize, Serialize};
use sqlx::types::Json;

pub use self::{
    answers::{Answer, Answers, Gist},
    life::Rules,
    questionnaire::Questionnaires,
};
use crate::{
    clock::Timestamp,
    customers::{Customer, vehicles::Vehicle},
    dealerships::Dealership,
    id::{Entity, Id},
    staff::Staff,
};

/// What is asked about one visit (`svy_`): there is one for every repair order that was delivered, also where nobody is asked,
/// with the reason. The scores of a month are counted over them.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
pub struct Survey {
    pub id: Id<Survey>,
    pub dealership_id: Id<Dealership>,
    /// Our id of the repair order, as text.
    pub repair_order_id: String,
    /// The sender's name of the repair order.
    #[serde(rename = "ref")]
    #[sqlx(rename = "ref")]
    pub reference: String,
    pub state: State,
    pub reason: Option<String>,
    pub revision: i64,
    /// Of the questionnaire.
    pub version: i64,
    pub follow_up: FollowUp,
    pub customer_id: Option<Id<Customer>>,
    pub vehicle_id: Option<Id<Vehicle>>,
    pub advisor_id: Option<Id<Staff>>,
    pub service_type: Option<String>,
    pub pay_type: Option<String>,
    /// Work for ourselves: nobody is asked, and it counts in no score.
    pub is_internal: bool,
    pub opened_at: Option<Timestamp>,
    pub delivered_at: Timestamp,
    pub is_comeback: bool,
    /// The visit that this comeback is counted against.
    pub original_id: Option<Id<Survey>>,
    /// When the car came back because of this visit.
    pub came_back_at: Option<Timestamp>,
    pub invited_at: Option<Timestamp>,
    /// When the link was first opened.
    pub read_at: Option<Timestamp>,
    pub expires_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
    pub created_at: Timestamp,
}
impl Entity for Survey {
    const PREFIX: &'static str = "svy";
}

/// The states of `architecture.md` 3, in the words of the SQL and the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum State {
    Planned,
    Sent,
    Opened,
    Completed,
    Expired,
    Refused,
    Skipped,
}

impl State {
    /// The word of the SQL and of the playbook's `holds_while`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Sent => "sent",
            Self::Opened => "opened",
            Self::Completed => "completed",
            Self::Expired => "expired",
            Self::Refused => "refused",
            Self::Skipped => "skipped",
        }
    }
}

/// How a visit is followed up (BR-50).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum FollowUp {
    /// By telephone only.
    Call,
    /// By a survey only.
    Survey,
    /// By telephone, and by a survey where nobody was reached.
    CallThenSurvey,
}

/// How it was answered; what people tell a caller is kinder than what they tick, so the modes are never mixed unsaid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Mode {
    Call,
    Web,
    Reply,
}

impl Mode {
    pub const ALL: [Self; 3] = [Self::Call, Self::Web, Self::Reply];
    pub fn word(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Web => "web",
            Self::Reply => "reply",
        }
    }
}

/// What one customer answered (`rsp_`); never edited: a correction is another row.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
pub struct Response {
    pub id: Id<Response>,
    pub survey_id: Id<Survey>,
    pub dealership_id: Id<Dealership>,
    pub customer_id: Option<Id<Customer>>,
    pub advisor_id: Option<Id<Staff>>,
    pub mode: Mode,
    /// Of the questionnaire.
    pub version: i64,
    pub answers: Json<Answers>,
    pub answered_at: Timestamp,
    /// Who asked, on the telephone.
    pub interviewer_id: Option<Id<Staff>>,
    /// The response whose place this one takes.
    pub corrects_id: Option<Id<Response>>,
    pub corrected_by: Option<String>,
}
impl Entity for Response {
    const PREFIX: &'static str = "rsp";
}
