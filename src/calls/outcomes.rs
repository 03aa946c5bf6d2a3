//! What a call came to, and what follows: the telephone's result and the agent's word, both checked (`domain/calls.md` B3, BR-40). Pure.
use serde::{Deserialize, Serialize};

use super::{
    CallTask, CallType,
    hours::{CallHours, DayPart},
};
use crate::{clock::Timestamp, config, notices::SubjectKind};

/// What the telephone did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TelephonyResult {
    Answered,
    NoAnswer,
    Busy,
    Voicemail,
    FailedNetwork,
    InvalidNumber,
    Disconnected,
    Rejected,
    AgentAbandoned,
}

impl TelephonyResult {
    pub const ALL: [Self; 9] = [
        Self::Answered,
        Self::NoAnswer,
        Self::Busy,
        Self::Voicemail,
        Self::FailedNetwork,
        Self::InvalidNumber,
        Self::Disconnected,
        Self::Rejected,
        Self::AgentAbandoned,
    ];
    pub fn word(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::NoAnswer => "no_answer",
            Self::Busy => "busy",
            Self::Voicemail => "voicemail",
            Self::FailedNetwork => "failed_network",
            Self::InvalidNumber => "invalid_number",
            Self::Disconnected => "disconnected",
            Self::Rejected => "rejected",
            Self::AgentAbandoned => "agent_abandoned",
        }
    }
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.word() == word)
    }
}

/// What the agent heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    CompletedSatisfied,
    CompletedIssue,
    AppointmentBooked,
    /// They will come at the time that is booked.
    AppointmentConfirmed,
    /// They want another time, and it is not booked yet.
    MoveRequested,
    /// They will not come.
    AppointmentCancelled,
    PartsAcceptedBooked,
    PartsDeclined,
    RescheduleAny,
    RescheduleMe,
    NotConvenient,
    LanguageMismatch,
    ThirdParty,
    WrongNumber,
    RefusedSurvey,
    DncTopic,
    DncAll,
    SoldVehicle,
    Complaint,
    DeceasedOrSensitive,
}

impl Outcome {
    pub const ALL: [Self; 20] = [
        Self::CompletedSatisfied,
        Self::CompletedIssue,
        Self::AppointmentBooked,
        Self::AppointmentConfirmed,
        Self::MoveRequested,
        Self::AppointmentCancelled,
        Self::PartsAcceptedBooked,
        Self::PartsDeclined,
        Self::RescheduleAny,
        Self::RescheduleMe,
        Self::NotConvenient,
        Self::LanguageMismatch,
        Self::ThirdParty,
        Self::WrongNumber,
        Self::RefusedSurvey,
        Self::DncTopic,
        Self::DncAll,
        Self::SoldVehicle,
        Self::Complaint,
        Self::DeceasedOrSensitive,
    ];
    pub fn word(self) -> &'static str {
        match self {
            Self::CompletedSatisfied => "completed_satisfied",
            Self::CompletedIssue => "completed_issue",
            Self::AppointmentBooked => "appointment_booked",
            Self::AppointmentConfirmed => "appointment_confirmed",
            Self::MoveRequested => "move_requested",
            Self::AppointmentCancelled => "appointment_cancelled",
            Self::PartsAcceptedBooked => "parts_accepted_booked",
            Self::PartsDeclined => "parts_declined",
            Self::RescheduleAny => "reschedule_any",
            Self::RescheduleMe => "reschedule_me",
            Self::NotConvenient => "not_convenient",
            Self::LanguageMismatch => "language_mismatch",
            Self::ThirdParty => "third_party",
            Self::WrongNumber => "wrong_number",
            Self::RefusedSurvey => "refused_survey",
            Self::DncTopic => "dnc_topic",
            Self::DncAll => "dnc_all",
            Self::SoldVehicle => "sold_vehicle",
            Self::Complaint => "complaint",
            Self::DeceasedOrSensitive => "deceased_or_sensitive",
        }
    }
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }
    /// What may be said at the end of a call of this type about such a subject. Who is called back about their visit may keep
    /// the time that they have, or not come at all.
    pub fn fits(self, kind: CallType, about: SubjectKind) -> bool {
        match self {
            Self::PartsAcceptedBooked | Self::PartsDeclined => kind == CallType::PartsArrived,
            Self::MoveRequested => kind == CallType::Confirm,
            Self::AppointmentConfirmed | Self::AppointmentCancelled => match kind {
                CallType::Confirm => true,
                CallType::Callback => about == SubjectKind::Appointment,
                _ => false,
            },
            _ => true,
        }
    }
    /// Who was on the line.
    pub fn reached(self) -> &'static str {
        match self {
            Self::ThirdParty | Self::WrongNumber => "third_party",
            _ => "customer",
        }
    }
}

/// What becomes of the task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Done,
    /// Again at this time, with the reason that it waits for.
    Retry(Timestamp, &'static str),
    /// As agreed with the customer, by the one who agreed it or by anybody.
    CallBack {
        at: Timestamp,
        by_me: bool,
    },
    /// This number is none: the next one at once, or nobody can be reached.
    OtherNumber,
    /// To somebody who speaks this language.
    Reroute(String),
    /// All tries used: a written word.
    Exhausted,
}

/// What is said of a call that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Told {
    pub(super) result: TelephonyResult,
    pub(super) outcome: Option<Outcome>,
    /// When the customer wants to be called.
    pub(super) callback_at: Option<Timestamp>,
    /// The language that they speak.
    pub(super) language: Option<String>,
}

/// An earlier call for the same task.
#[derive(Clone, Debug)]
pub(super) struct Past {
    pub(super) at: Timestamp,
    pub(super) result: Option<String>,
}

/// How long to wait for a network that fails before it counts as not answered (`domain/calls.md` B4).
const NETWORK_TRIES: usize = 2;
const BUSY_A_DAY: usize = 2;

/// What follows. `past` are the calls for this task, this one the last; `used` counts those that count.
pub(super) fn next(
    told: &Told,
    past: &[Past],
    (used, most): (i64, i64),
    now: Timestamp,
    hours: &CallHours,
    rules: &config::Calls,
) -> Next {
    let of = |word: &'static str| past.iter().filter(|call| call.result.as_deref() == Some(word));
    let later = |wait: crate::config::Span, why: &'static str, another_part: bool| {
        if used >= most {
            return Next::Exhausted;
        }
        Next::Retry(next_try(now.plus(wait.signed()), past, most - used, another_part, hours), why)
    };
    match (told.result, told.outcome) {
        (TelephonyResult::Answered, Some(outcome)) => match outcome {
            Outcome::RescheduleMe | Outcome::RescheduleAny | Outcome::NotConvenient | Outcome::ThirdParty => {
                match told.callback_at {
                    Some(at) => Next::CallBack { at, by_me: outcome == Outcome::RescheduleMe },
                    None if outcome == Outcome::ThirdParty => later(rules.no_answer, "third_party", true),
                    None => later(rules.not_convenient, "not_convenient", false),
                }
            }
            Outcome::LanguageMismatch => {
                told.language.clone().map_or(Next::Retry(now, "language_mismatch"), Next::Reroute)
            }
            Outcome::WrongNumber => Next::OtherNumber,
            _ => Next::Done,
        },
        (TelephonyResult::InvalidNumber | TelephonyResult::Disconnected, _) => Next::OtherNumber,
        (TelephonyResult::FailedNetwork, _) if of("failed_network").count() <= NETWORK_TRIES => {
            Next::Retry(hours.next_allowed(now.plus(rules.network.signed())), "failed_network")
        }
        (TelephonyResult::Busy, _)
            if of("busy").filter(|call| hours.is_same_day(call.at, now)).count() < BUSY_A_DAY && used < most =>
        {
            // The last try keeps to another day and part of the day here too.
            later(rules.busy, "busy", false)
        }
        (TelephonyResult::Voicemail, _) => later(rules.voicemail, "voicemail", false),
        (TelephonyResult::AgentAbandoned, _) => later(rules.agent_lost, "agent_abandoned", false),
        (TelephonyResult::Busy, _) => later(rules.no_answer, "busy", true),
        (TelephonyResult::FailedNetwork, _) => later(rules.no_answer, "failed_network", true),
        (TelephonyResult::NoAnswer | TelephonyResult::Rejected | TelephonyResult::Answered, _) => {
            later(rules.no_answer, "no_answer", true)
        }
    }
}

/// The next good time from `at` on: in another part of the day than the last call where that is asked for, and on another day
/// when the tries would otherwise all fall on one (BR-40: at least two days and two parts of the day).
fn next_try(at: Timestamp, past: &[Past], left: i64, another_part: bool, hours: &CallHours) -> Timestamp {
    let last = past.last();
    let last_part: Option<DayPart> = last.map(|call| hours.day_part(call.at));
    let one_part_so_far = past.iter().all(|call| Some(hours.day_part(call.at)) == last_part);
    let one_day_so_far = last.is_some_and(|last| past.iter().all(|call| hours.is_same_day(call.at, last.at)));
    let must_change_part = another_part || (left <= 1 && one_part_so_far);
    let must_change_day = left <= 1 && one_day_so_far;
    let fits = |time: Timestamp| {
        let other_part = Some(hours.day_part(time)) != last_part;
        let other_day = !last.is_some_and(|last| hours.is_same_day(last.at, time));
        (!must_change_part || other_part) && (!must_change_day || other_day)
    };
    let mut time = hours.next_good(at);
    // Two weeks of half hours: whose wish leaves only one part of the day is called in that one, on another day.
    for _ in 0..2 * 24 * 14 {
        if fits(time) {
            return time;
        }
        time = hours.next_good(time.plus(jiff::SignedDuration::from_mins(30)));
    }
    let day = if must_change_day { hours.next_midnight(at) } else { at };
    hours.next_good(day)
}

/// Whether a task whose call ended so is over for good, and in which words it ends.
pub(super) fn ending(task: &CallTask, outcome: Option<Outcome>) -> &'static str {
    match outcome {
        Some(outcome) => outcome.word(),
        None if task.attempts >= task.max_attempts => "attempts_used_up",
        None => "no_number_left",
    }
}

#[cfg(test)]
mod tests;
