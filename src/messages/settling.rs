//! How the end of working on a message becomes rows: its next state, its attempt, and what is told on.
use super::{
    State,
    fate::{Fate, Standing},
    marks::Marked,
    post::Post,
    store::{self, Claimed, Closed, Outcome},
};
use crate::{
    channels::{Delivery, Outcome as Answer},
    clock::Timestamp,
};

/// What came of working on a claimed message.
#[derive(Clone, Debug)]
pub struct Worked {
    pub(super) message: Claimed,
    pub(super) started_at: Timestamp,
    pub(super) marked: Option<Marked>,
    pub(super) end: End,
}

#[derive(Clone, Debug)]
pub(super) enum End {
    Answered(Delivery),
    /// The claim no longer held: nothing was handed over, nothing is written.
    Stopped,
    /// It would ring at a time when nobody wants to be rung, or there is no turn for it yet: until when, and why.
    Postponed(Timestamp, &'static str),
    /// The reader said no after it was composed; true when that ends it for good, false when another channel may be tried.
    Forbidden(&'static str, bool),
}

impl Post {
    /// The row's next state and, when something was tried, the attempt's end.
    pub(super) fn settle(&self, worked: &Worked, now: Timestamp) -> Option<(Outcome, Option<Closed>)> {
        let message = &worked.message;
        let outcome = |fate: Fate, provider_ref: Option<String>, uncounted| Outcome {
            id: message.id,
            fence: message.fence,
            state: fate.state,
            reason: fate.reason,
            not_before: fate.not_before,
            tries: fate.tries,
            provider_ref,
            accepted_at: (fate.state == State::Accepted).then_some(now),
            uncounted,
            tried: !matches!(worked.end, End::Postponed(..)),
        };
        match &worked.end {
            End::Stopped => None,
            End::Postponed(until, reason) => {
                let fate =
                    Fate { state: State::Ready, reason: Some(reason), not_before: Some(*until), tries: message.tries };
                Some((outcome(fate, None, 0), None))
            }
            End::Forbidden(reason, for_good) => {
                let state = if *for_good { State::Cancelled } else { State::Failed };
                let fate = Fate { state, reason: Some(reason), not_before: None, tries: message.tries };
                Some((outcome(fate, None, 0), None))
            }
            End::Answered(delivery) => {
                let standing = Standing { channel: self.channel, tries: message.tries, resent: message.resent };
                #[expect(clippy::cast_precision_loss, reason = "a thousandth is precise enough for jitter")]
                let jitter = self.ids.random.below(1000) as f64 / 1000.0;
                let fate = self.policy.fate(standing, delivery, now, jitter);
                let closed = Closed {
                    id: worked.marked.map_or_else(|| self.ids.next(), |marked| marked.attempt),
                    message_id: message.id,
                    n: worked.marked.map_or(0, |marked| marked.n),
                    phase: delivery.phase,
                    outcome: outcome_word(delivery.outcome),
                    reason: delivery.reason,
                    code: delivery.code.clone(),
                    reply: delivery.reply.clone(),
                    provider_ref: delivery.provider_ref.clone(),
                    started_at: worked.started_at,
                    ended_at: now,
                };
                let uncounted = i64::from(worked.marked.is_none());
                Some((outcome(fate, delivery.provider_ref.clone(), uncounted), Some(closed)))
            }
        }
    }
}

/// What the look and the record tell on of a message.
pub(super) fn moved_by(worked: &Worked, outcome: &Outcome) -> store::Moved {
    store::Moved {
        id: worked.message.id,
        notice_id: worked.message.notice_id,
        dealership_id: worked.message.dealership_id,
        customer_id: worked.message.customer_id,
        state: outcome.state,
        reason: outcome.reason.map(str::to_owned),
    }
}

fn outcome_word(outcome: Answer) -> &'static str {
    match outcome {
        Answer::Accepted => "accepted",
        Answer::Refused => "refused",
        Answer::Later => "later",
        Answer::NotSent => "not_sent",
        Answer::Unknown => "unknown",
    }
}
