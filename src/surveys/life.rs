//! The life of a survey: whether a visit is asked about, when, and what still stands in the way. Pure.
use jiff::SignedDuration;

use super::{FollowUp, State, Survey};
use crate::{
    calls,
    clock::Timestamp,
    config::FollowUpMode,
    dealerships::{
        Dealership,
        rules::{self, Whole},
    },
};

/// What a dealership says about surveys: the defaults of BR-50 and BR-51, and what its `rules` say instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// `rules.follow_up.mode`, else the setting `follow_up.mode`.
    pub follow_up: FollowUp,
    /// From the delivery to the invitation, where no call is planned.
    pub after: SignedDuration,
    /// How long the link works.
    pub valid: SignedDuration,
    /// From one survey of a customer to the next, whatever the vehicle.
    pub apart: SignedDuration,
    /// What was not asked so long after the delivery is not asked any more.
    pub latest: SignedDuration,
}

/// How long what stands in the way of an invitation is waited for before it is looked at again.
pub(super) const LOOK_AGAIN: SignedDuration = SignedDuration::from_hours(24);
/// How long after an invitation a digit is taken for its answer (BR-64).
pub(super) const DIGIT_ANSWERS: SignedDuration = SignedDuration::from_hours(72);

impl Rules {
    pub fn of(dealership: &Dealership, usual: FollowUpMode) -> Self {
        let days = |rule: &Whole| SignedDuration::from_hours(24 * rule.of(dealership));
        Self {
            follow_up: match calls::mode_of(dealership, usual) {
                FollowUpMode::Call => FollowUp::Call,
                FollowUpMode::Survey => FollowUp::Survey,
                FollowUpMode::CallThenSurvey => FollowUp::CallThenSurvey,
            },
            after: SignedDuration::from_hours(rules::AFTER_HOURS.of(dealership)),
            valid: days(&rules::VALID_DAYS),
            apart: days(&rules::APART_DAYS),
            latest: days(&rules::LATEST_DAYS),
        }
    }
}

/// How a visit is followed up: who is not called (fleets, who wants no calls) gets the survey, unless the dealership only
/// calls (BR-50). After a comeback the call is all: such a customer is not sent away to a form (BR-33).
pub(super) fn follow_up(rules: &Rules, is_comeback: bool, is_called: bool) -> FollowUp {
    match (rules.follow_up, is_called) {
        (FollowUp::Call, _) => FollowUp::Call,
        (_, false) => FollowUp::Survey,
        (_, true) if is_comeback => FollowUp::Call,
        (_, true) => FollowUp::CallThenSurvey,
    }
}

/// What is to be done about a planned survey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Invite,
    /// Something stands in the way: the reason, and when to look again.
    Wait(&'static str, Timestamp),
    Skip(&'static str),
}

/// What stands between a customer and a question, as of now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) case_is_open: bool,
    pub(super) parts_are_open: bool,
    /// When they were last asked, or answered, about another visit.
    pub(super) last_asked_at: Option<Timestamp>,
    /// The car came back because of this very visit: that is asked about, on the phone.
    pub(super) came_back: bool,
}

impl Survey {
    /// Whether the invitation goes out now. Fatigue comes first: it does not pass within this survey's time.
    pub(super) fn step(&self, standing: Standing, rules: &Rules, now: Timestamp) -> Step {
        let last = self.delivered_at.plus(rules.latest);
        if standing.last_asked_at.is_some_and(|at| now.since(at) < rules.apart) {
            Step::Skip("asked_recently")
        } else if standing.came_back {
            Step::Skip("came_back")
        } else if now >= last {
            Step::Skip("too_late")
        } else if standing.case_is_open {
            Step::Wait("case_open", now.plus(LOOK_AGAIN))
        } else if standing.parts_are_open {
            Step::Wait("parts_open", now.plus(LOOK_AGAIN))
        } else {
            Step::Invite
        }
    }

    pub(super) fn invite(&mut self, rules: &Rules, now: Timestamp) {
        self.state = State::Sent;
        self.reason = None;
        self.revision += 1;
        self.invited_at = Some(now);
        self.expires_at = Some(now.plus(rules.valid));
    }

    pub(super) fn skip(&mut self, reason: &str) {
        self.end(State::Skipped, Some(reason));
    }

    /// Nobody answers any more: the time is over, or the customer said no.
    pub(super) fn end(&mut self, state: State, reason: Option<&str>) {
        self.state = state;
        self.reason = reason.map(str::to_owned);
        self.revision += 1;
    }

    /// Whether an answer is still taken. One that is given on the telephone is taken whatever was planned or refused before:
    /// it was given. Never a second one.
    pub(super) fn takes_answers(&self, on_the_phone: bool, now: Timestamp) -> bool {
        match self.state {
            State::Completed => false,
            State::Sent | State::Opened => on_the_phone || self.expires_at.is_none_or(|expires_at| now <= expires_at),
            State::Planned | State::Expired | State::Refused | State::Skipped => on_the_phone,
        }
    }

    pub(super) fn complete(&mut self, now: Timestamp) {
        self.end(State::Completed, None);
        self.completed_at = Some(now);
    }
}

#[cfg(test)]
mod tests;
