//! What a desk wants called, and when: pure. The follow-up after a visit is planned here (BR-30 to BR-34).
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};
use sqlx::types::Json;

use super::{CallTask, CallType, State, hours::CallHours};
use crate::{
    clock::Timestamp,
    config::{self, FollowUpMode},
    customers::{Customer, Kind, vehicles::Vehicle},
    dealerships::Dealership,
    id::Id,
    notices::SubjectKind,
    staff::Staff,
};

/// When a customer wants to be called, and by whom; by anybody when nobody is named.
#[derive(Clone, Copy, Debug)]
pub struct Agreed {
    pub at: Timestamp,
    pub by: Option<Id<Staff>>,
}

/// A call that a desk wants to be made. There is one of a type, subject and round, however often it is planned.
#[derive(Clone, Debug)]
pub struct NewTask {
    pub dealership: Arc<Dealership>,
    pub kind: CallType,
    pub customer_id: Id<Customer>,
    pub vehicle_id: Option<Id<Vehicle>>,
    pub subject_type: SubjectKind,
    /// Our id of the subject, as text.
    pub subject_id: String,
    /// 0, or a number that grows where a subject may need such a call again (its revision).
    pub round: i64,
    /// What made it necessary: `delivered`, `no_show_suspected`, `track_ran_out`.
    pub reason: &'static str,
    /// Moved into the customer's call hours.
    pub not_before: Timestamp,
    pub due_at: Timestamp,
    /// None: never silently (parts).
    pub expires_at: Option<Timestamp>,
    /// It goes before what is not urgent: level 4.
    pub is_urgent: bool,
    /// The customer asked for it: `not_before` is kept as it is.
    pub agreed: Option<Agreed>,
    /// It is made because the customer wants it, so that who wants no calls is called all the same. So are call-backs, unless
    /// their desk says that it is the house that wants something.
    pub is_asked_for: bool,
    /// None = the customer's, else the dealership's.
    pub language: Option<String>,
    /// What who calls should know about, such as `complaints`.
    pub skill: Option<String>,
    /// Who may not make it (BR-31).
    pub excluded_staff: Vec<Id<Staff>>,
    /// Known to the script by these names; no personal data.
    pub detail: Value,
}

impl NewTask {
    /// A call that may be made from now on and is due at `due_at`; fill in what else is known.
    pub fn new(
        kind: CallType,
        dealership: &Arc<Dealership>,
        customer_id: Id<Customer>,
        (subject_type, subject_id): (SubjectKind, String),
        reason: &'static str,
        (not_before, due_at): (Timestamp, Timestamp),
    ) -> Self {
        Self {
            dealership: Arc::clone(dealership),
            kind,
            customer_id,
            vehicle_id: None,
            subject_type,
            subject_id,
            round: 0,
            reason,
            not_before,
            due_at,
            expires_at: kind.expires_after().map(|after| not_before.plus(after)),
            is_urgent: false,
            agreed: None,
            is_asked_for: kind == CallType::Callback,
            language: None,
            skill: None,
            excluded_staff: Vec::new(),
            detail: json!({}),
        }
    }

    /// The row, waiting for its time; `life` makes it ready where that has come.
    pub(super) fn row(
        &self,
        id: Id<CallTask>,
        now: Timestamp,
        language: String,
        hours: &CallHours,
        max: i64,
    ) -> CallTask {
        let wanted = self.not_before.max(now);
        let not_before = if self.agreed.is_some() { wanted } else { hours.next_good(wanted) };
        // A due time that lies before the first moment at which anybody may call moves behind it.
        let due_at = if self.due_at <= not_before { hours.closes_after(not_before) } else { self.due_at };
        CallTask {
            id,
            dealership_id: self.dealership.id,
            kind: self.kind,
            customer_id: self.customer_id,
            vehicle_id: self.vehicle_id,
            subject_type: self.subject_type,
            subject_id: self.subject_id.clone(),
            round: self.round,
            reason: self.reason.to_owned(),
            state: State::Scheduled,
            state_reason: Some(
                match self.agreed {
                    Some(_) => "callback",
                    None if not_before > wanted => "call_hours",
                    None => "not_yet",
                }
                .to_owned(),
            ),
            stage: None,
            level: self.kind.level(),
            is_urgent: self.is_urgent,
            language,
            any_language: false,
            skill: self.skill.clone(),
            not_before,
            ready_at: None,
            due_at,
            at_risk_at: at_risk_from(not_before, due_at),
            expires_at: self.expires_at.map(|at| at.max(due_at)),
            window_until: None,
            callback_at: self.agreed.map(|agreed| agreed.at),
            callback_by: self.agreed.and_then(|agreed| agreed.by),
            owner_id: None,
            lease_until: None,
            stage_at: None,
            fence: 0,
            previous_agent: None,
            attempts: 0,
            max_attempts: max,
            outcome: None,
            ended_at: None,
            detail: Json(self.detail.clone()),
            created_at: now,
            updated_at: now,
        }
    }
}

/// From here on a quarter of its time is left (SLA-at-risk, `domain/calls.md` B4).
fn at_risk_from(not_before: Timestamp, due_at: Timestamp) -> Timestamp {
    due_at.minus(due_at.since(not_before) / 4)
}

impl CallType {
    /// Its place in the queue, 1 to 9, while nothing else lifts it (`domain/calls.md` B4); 1 and 2 are agreed call-backs,
    /// 4 is what is at risk.
    pub(super) fn level(self) -> i64 {
        match self {
            Self::Callback => 2,
            Self::Recovery | Self::Complaint => 3,
            Self::InquiryRescue | Self::WorkApproval | Self::PromiseAtRisk => 4,
            Self::PartsArrived => 5,
            Self::NoShow | Self::Confirm | Self::Unwritten => 6,
            Self::FollowUp => 7,
            Self::DeferredWork => 8,
            Self::Maintenance => 9,
        }
    }
    /// When it is of no more use, where its desk does not say (`domain/calls.md` B4); parts never silently.
    fn expires_after(self) -> Option<SignedDuration> {
        let days = match self {
            Self::PartsArrived | Self::Recovery | Self::Complaint => return None,
            Self::WorkApproval | Self::PromiseAtRisk | Self::Confirm => 1,
            Self::NoShow | Self::InquiryRescue | Self::Unwritten => 3,
            Self::Callback => 7,
            Self::DeferredWork | Self::Maintenance => 14,
            Self::FollowUp => 15,
        };
        Some(SignedDuration::from_hours(24 * days))
    }
}

/// A visit that has ended.
#[expect(clippy::struct_excessive_bools, reason = "five facts about it, each by itself")]
#[derive(Clone, Debug)]
pub struct Visit {
    pub dealership: Arc<Dealership>,
    /// Our id of the repair order, as text.
    pub repair_order_id: String,
    pub customer_id: Id<Customer>,
    pub vehicle_id: Option<Id<Vehicle>>,
    pub delivered_at: Timestamp,
    /// The advisor and the technicians who served it: none of them makes the call (BR-31).
    pub served_by: Vec<Id<Staff>>,
    /// Work for the house itself: not followed up (BR-32).
    pub is_internal: bool,
    pub is_comeback: bool,
    /// A company's car, whoever is asked (BR-32, the fleet rule).
    pub of_fleet: bool,
    /// A case or complaint is open: its own calls are made, not this one (BR-32).
    pub has_open_case: bool,
    /// A case about an earlier visit was closed: always called, within 24 to 48 hours (BR-33).
    pub after_case: bool,
    /// Known to the script by these names: `service`, `advisor`; no personal data.
    pub detail: Value,
}

/// Why a visit is not followed up by a call (BR-32, BR-50).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoCall {
    Internal,
    OpenCase,
    /// The customer wants no such calls.
    Suppressed,
    /// Somebody spoke to them a few days ago.
    SpokenToLately,
    Fleet,
    /// The house asks by survey.
    SurveyOnly,
}

impl NoCall {
    pub fn word(self) -> &'static str {
        match self {
            Self::Internal => "internal_work",
            Self::OpenCase => "open_case",
            Self::Suppressed => "suppressed",
            Self::SpokenToLately => "spoken_to_lately",
            Self::Fleet => "fleet",
            Self::SurveyOnly => "survey_only",
        }
    }
}

/// How a dealership follows visits up (BR-50): its `rules.follow_up.mode`, else the setting.
pub fn mode_of(dealership: &Dealership, usual: FollowUpMode) -> FollowUpMode {
    serde_json::from_value(dealership.rules["follow_up"]["mode"].clone()).unwrap_or(usual)
}

/// What is known of the customer of a visit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    pub(super) kind: Kind,
    pub(super) spoken_to_at: Option<Timestamp>,
    pub(super) is_suppressed: bool,
}

/// The call after a visit, or why there is none.
pub(super) fn follow_up(
    visit: &Visit,
    standing: Standing,
    hours: &CallHours,
    settings: &config::FollowUp,
) -> Result<NewTask, NoCall> {
    let must = visit.is_comeback || visit.after_case;
    if visit.is_internal {
        return Err(NoCall::Internal);
    }
    if visit.has_open_case {
        return Err(NoCall::OpenCase);
    }
    if standing.is_suppressed {
        return Err(NoCall::Suppressed);
    }
    if !must {
        if standing.spoken_to_at.is_some_and(|at| visit.delivered_at.since(at) < settings.rest.signed()) {
            return Err(NoCall::SpokenToLately);
        }
        if (visit.of_fleet || standing.kind == Kind::Company) && !settings.fleets {
            return Err(NoCall::Fleet);
        }
        if mode_of(&visit.dealership, settings.mode) == FollowUpMode::Survey {
            return Err(NoCall::SurveyOnly);
        }
    }
    let delivered = visit.delivered_at;
    let due = delivered.plus(if must { settings.comeback_due.signed() } else { settings.due.signed() });
    let opens = delivered.plus(settings.opens.signed());
    // BR-34: the opening moves over holidays, the due time only when no day between is open.
    let all_closed = !hours.has_open_day(opens, due);
    let opens = hours.next_good(opens);
    let (opens, due_at) = if all_closed {
        (opens, hours.closes_after(opens))
    } else if opens > due {
        (hours.next_allowed(delivered.plus(settings.opens.signed())), due)
    } else {
        (opens, due)
    };
    let subject = (SubjectKind::RepairOrder, visit.repair_order_id.clone());
    let mut task =
        NewTask::new(CallType::FollowUp, &visit.dealership, visit.customer_id, subject, "delivered", (opens, due_at));
    task.vehicle_id = visit.vehicle_id;
    task.expires_at = Some(delivered.plus(settings.expires.signed()));
    task.is_urgent = must;
    task.excluded_staff.clone_from(&visit.served_by);
    task.detail = visit.detail.clone();
    task.detail["delivered_at"] = json!(delivered);
    task.detail["is_comeback"] = json!(visit.is_comeback);
    if all_closed {
        task.detail["moved_over_holidays"] = json!(true);
    }
    Ok(task)
}
