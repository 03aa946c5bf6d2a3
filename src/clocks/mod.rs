//! Clocks: everything that must happen later is a row here, handed to its desk when it falls due.
//!
//! A desk sets a clock in the transaction that makes it necessary and stops it in the one that makes it needless. When it
//! is due, the lane deletes it and lets its desk act, both in one transaction: it rings once, or is still there. One that
//! rings late (nobody was up for days) still carries the time for which it was set, so that the desk can decide what is
//! left to do. What comes again every day is a clock whose desk sets the next one.
pub mod actions;
pub mod jobs;
#[cfg(feature = "test-doors")]
mod probe;
mod ringing;
mod store;

use serde::Serialize;
use serde_json::Value;

use crate::{
    clock::Timestamp,
    dealerships::Dealership,
    id::{Entity, Id},
};

/// What a clock is for; [`ringing`] says which desk it is handed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClockKind {
    /// An appointment whose customer has not come half an hour after its start (BR-14).
    AppointmentNoShow,
    /// An appointment that nobody has confirmed by the afternoon before (A2 row 4).
    AppointmentUnconfirmed,
    /// A customer is to be asked about a visit (BR-50).
    SurveyInvitation,
    /// The link of a survey ends (BR-51).
    SurveyExpiry,
    /// By then a case should have been acknowledged, contacted, resolved or verified (BR-52): the key says which.
    CaseDeadline,
    /// Monday morning, where there is something to say about the week (BR-73).
    WeeklyDigest,
    /// A step while an inquiry waits for its answer (BR-03); its key is the clock and the step.
    InquiryEscalation,
    /// Nobody has taken an inquiry, or its owner is silent (BR-05).
    InquiryAssign,
    /// A reply that was written for later.
    InquiryReply,
    /// The list before closing (BR-04), of a dealership.
    InquirySweep,
    /// A call task becomes ready, more urgent, anybody's, or is lost by who had it.
    CallTask,
    /// The end of a day on which somebody was suspected not to come.
    AppointmentDayOver,
    /// 08:30: who comes today, to each advisor.
    DayList,
    /// 16:00: the parts that the next day's bookings need.
    PickList,
    /// 17:00: what is missing about the next day's customers.
    PreArrival,
    /// An hour before the time a car is promised for (BR-15).
    RepairPromiseAtRisk,
    /// The time a car is promised for (BR-15).
    RepairPromisePassed,
    /// Half an hour after work was found that needs the customer's word.
    RepairWorkUndecided,
    /// The next reminder of work that was put off.
    RepairDeferred,
    /// One working day after an arrival that nobody answered (BR-22).
    PartsAdvisorCall,
    /// Two working days (BR-22).
    PartsUnanswered,
    /// Three working days (BR-22).
    PartsQueueCall,
    /// Thirty days, and every working day from then on (BR-23).
    PartsOld,
    /// Half an hour at the parts counter without an answer to a question.
    PartsQuestion,
    /// Nobody has answered who asked for help; the key says whether they are asked again or somebody above them is.
    Assist,
    /// A text that was taken and of whose delivery there is no word yet.
    DeliveryWait,
    /// The link to a recorded call is kept no longer.
    RecordingEnds,
    /// The night's round of what was kept long enough.
    Retention,
    /// For tests of the lane itself: acts as its detail orders.
    #[cfg(feature = "test-doors")]
    Probe,
}

impl ClockKind {
    pub const ALL: &'static [Self] = &[
        Self::AppointmentNoShow,
        Self::AppointmentUnconfirmed,
        Self::SurveyInvitation,
        Self::SurveyExpiry,
        Self::CaseDeadline,
        Self::WeeklyDigest,
        Self::InquiryEscalation,
        Self::InquiryAssign,
        Self::InquiryReply,
        Self::InquirySweep,
        Self::CallTask,
        Self::AppointmentDayOver,
        Self::DayList,
        Self::PickList,
        Self::PreArrival,
        Self::RepairPromiseAtRisk,
        Self::RepairPromisePassed,
        Self::RepairWorkUndecided,
        Self::RepairDeferred,
        Self::PartsAdvisorCall,
        Self::PartsUnanswered,
        Self::PartsQueueCall,
        Self::PartsOld,
        Self::PartsQuestion,
        Self::Assist,
        Self::DeliveryWait,
        Self::RecordingEnds,
        Self::Retention,
        #[cfg(feature = "test-doors")]
        Self::Probe,
    ];
    /// As it is stored and shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::AppointmentNoShow => "appointment.no_show",
            Self::AppointmentUnconfirmed => "appointment.unconfirmed",
            Self::SurveyInvitation => "survey.invitation",
            Self::SurveyExpiry => "survey.expiry",
            Self::CaseDeadline => "case.deadline",
            Self::WeeklyDigest => "reports.weekly",
            Self::InquiryEscalation => "inquiry.escalation",
            Self::InquiryAssign => "inquiry.assign",
            Self::InquiryReply => "inquiry.reply",
            Self::InquirySweep => "inquiry.sweep",
            Self::CallTask => "call_task",
            Self::AppointmentDayOver => "appointment.day_over",
            Self::DayList => "daily.day_list",
            Self::PickList => "daily.pick_list",
            Self::PreArrival => "daily.pre_arrival",
            Self::RepairPromiseAtRisk => "repair.promise_at_risk",
            Self::RepairPromisePassed => "repair.promise_passed",
            Self::RepairWorkUndecided => "repair.work_undecided",
            Self::RepairDeferred => "repair.deferred",
            Self::PartsAdvisorCall => "parts.advisor_call",
            Self::PartsUnanswered => "parts.unanswered",
            Self::PartsQueueCall => "parts.queue_call",
            Self::PartsOld => "parts.old",
            Self::PartsQuestion => "parts.question",
            Self::Assist => "assist",
            Self::DeliveryWait => "message.delivery_wait",
            Self::RecordingEnds => "call.recording_ends",
            Self::Retention => "daily.retention",
            #[cfg(feature = "test-doors")]
            Self::Probe => "probe",
        }
    }
    /// The hour on the dealership's wall clock, of what comes every day.
    pub fn daily_at(self) -> Option<(i8, i8)> {
        match self {
            Self::Retention => Some(crate::retention::NIGHTLY),
            list => crate::appointments::lists::at(list),
        }
    }
    fn read(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.word() == word)
    }
}

impl Serialize for ClockKind {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.word())
    }
}

/// A clock that rings (`clk_`), as its desk is handed it.
#[derive(Clone, Debug)]
pub struct Clock {
    pub id: Id<Clock>,
    pub dealership_id: Id<Dealership>,
    pub kind: ClockKind,
    /// The id of what it is about, as text: `apt_…`, or the dealership's for what comes every day.
    pub subject_id: String,
    /// Tells the clocks of one kind and subject apart; empty where there is only one.
    pub key: String,
    /// When it was to ring; it may be days ago.
    pub due_at: Timestamp,
    pub detail: Value,
}
impl Entity for Clock {
    const PREFIX: &'static str = "clk";
}
