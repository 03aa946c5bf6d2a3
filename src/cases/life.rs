//! The life of a case: what may be done with it in which state, and what must be said when it is done. Pure.
use jiff::SignedDuration;

use super::{Case, Cause, Severity, State, triggers::Deadlines};
use crate::{clock::Timestamp, id::Id, staff::Staff};

/// Why a deed is refused; the caller can act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("a case in the state {} cannot be {}", .0.word(), .1)]
    State(State, &'static str),
    #[error("say what the cause was and what was done: a case cannot be closed empty")]
    Empty,
    #[error("say who verifies it: the staff ref of somebody who neither owns it nor resolved it")]
    OwnWork,
}

/// What the customer was told, and heard from.
#[derive(Clone, Debug)]
pub struct Contacted {
    pub at: Timestamp,
}

/// What was found and done.
#[derive(Clone, Debug)]
pub struct Resolved {
    pub cause: Option<Cause>,
    pub resolution: String,
    pub compensation: Option<String>,
    pub by: String,
}

/// A deadline of a case: the word of its clock, and what has to be done by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Acknowledge,
    Contact,
    Resolve,
    Verify,
}

impl Step {
    pub(super) const ALL: [Self; 4] = [Self::Acknowledge, Self::Contact, Self::Resolve, Self::Verify];
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Contact => "contact",
            Self::Resolve => "resolve",
            Self::Verify => "verify",
        }
    }
    pub(super) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.word() == word)
    }
}

impl Case {
    /// By when the step has to be done; none when it is done, or not to be done yet.
    pub(super) fn due(&self, step: Step) -> Option<Timestamp> {
        match step {
            Step::Acknowledge => self.acknowledged_at.is_none().then_some(self.acknowledge_by),
            Step::Contact => self.contacted_at.is_none().then_some(self.contact_by),
            Step::Resolve => self.resolved_at.is_none().then_some(self.resolve_by),
            Step::Verify => self.verify_by.filter(|_| self.verified_at.is_none()),
        }
    }

    /// A deadline passed. True when that is escalated: the step is still open and overdue, and the case is not a soft one.
    pub(super) fn miss(&mut self, step: Step, now: Timestamp) -> bool {
        let is_missed = self.due(step).is_some_and(|due| due <= now);
        if !is_missed || self.severity == Severity::Soft {
            return false;
        }
        self.escalation += 1;
        self.revision += 1;
        true
    }

    /// Somebody says that they have it; whoever does more has acknowledged it by that.
    pub(super) fn acknowledge(&mut self, now: Timestamp) -> Result<(), Refusal> {
        match self.state {
            State::Raised | State::Reopened => {
                self.acknowledged_at = self.acknowledged_at.or(Some(now));
                self.state = State::Acknowledged;
                self.revision += 1;
                Ok(())
            }
            // Said twice.
            State::Acknowledged => Ok(()),
            state => Err(Refusal::State(state, "acknowledged")),
        }
    }

    pub(super) fn contact(&mut self, contacted: &Contacted) -> Result<(), Refusal> {
        match self.state {
            State::Raised | State::Reopened | State::Acknowledged => {
                self.acknowledged_at = self.acknowledged_at.or(Some(contacted.at));
                self.contacted_at = Some(contacted.at);
                self.state = State::Contacted;
                self.revision += 1;
                Ok(())
            }
            State::Contacted => Ok(()),
            state => Err(Refusal::State(state, "contacted")),
        }
    }

    /// Only after the customer was spoken to, and only with a cause and a resolution.
    pub(super) fn resolve(
        &mut self,
        resolved: &Resolved,
        verify: SignedDuration,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if self.state != State::Contacted {
            return Err(Refusal::State(self.state, "resolved before the customer was contacted"));
        }
        let cause = resolved.cause.or(self.root_cause);
        if cause.is_none() || resolved.resolution.trim().is_empty() {
            return Err(Refusal::Empty);
        }
        self.root_cause = cause;
        self.resolution = Some(resolved.resolution.trim().to_owned());
        self.compensation.clone_from(&resolved.compensation);
        (self.resolved_at, self.resolved_by) = (Some(now), Some(resolved.by.clone()));
        self.verify_by = Some(now.plus(verify));
        self.state = State::Resolved;
        self.revision += 1;
        Ok(())
    }

    /// By somebody who neither owns the case nor resolved it.
    pub(super) fn verify(&mut self, by: Id<Staff>, by_ref: &str, now: Timestamp) -> Result<(), Refusal> {
        if self.state != State::Resolved {
            return Err(Refusal::State(self.state, "verified before it was resolved"));
        }
        if self.owner_id == Some(by) || self.resolved_by.as_deref() == Some(by_ref) {
            return Err(Refusal::OwnWork);
        }
        (self.verified_at, self.verified_by) = (Some(now), Some(by_ref.to_owned()));
        self.state = State::Verified;
        self.revision += 1;
        Ok(())
    }

    /// It was not settled after all: everything is to be done again, by new deadlines; the cause that was found stays.
    pub(super) fn reopen(&mut self, deadlines: Deadlines) -> Result<(), Refusal> {
        if !matches!(self.state, State::Resolved | State::Verified) {
            return Err(Refusal::State(self.state, "reopened: it is open"));
        }
        self.state = State::Reopened;
        self.reopened += 1;
        self.revision += 1;
        (self.acknowledged_at, self.contacted_at, self.resolved_at, self.verified_at) = (None, None, None, None);
        (self.resolved_by, self.verified_by, self.verify_by) = (None, None, None);
        (self.acknowledge_by, self.contact_by, self.resolve_by) =
            (deadlines.acknowledge_by, deadlines.contact_by, deadlines.resolve_by);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
