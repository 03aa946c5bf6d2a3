//! The life of a call task: what becomes of it by itself as time passes, and what a person's acts change in it. Pure.
use super::{CallTask, Stage, State, WORD_KEPT, hours::CallHours};
use crate::{clock::Timestamp, config, id::Id, staff::Staff};

/// Why a task is in the queue again, worth knowing while it is.
const CAME_BACK: [&str; 5] = ["preview_timeout", "lease_lost", "gave_back", "next_number", "language_mismatch"];

/// What happened to a task while nobody did anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Woke {
    Nothing,
    /// It became ready, more urgent or open to more people, or its hours ended.
    Moved,
    /// Who had it did not dial in time.
    PreviewTimeOut,
    /// The heartbeats ended before the call began.
    LeaseLost,
    /// They ended with a call open: it counts (`architecture.md` 3).
    AgentLost,
    Expired,
}

impl CallTask {
    /// Does what is due at `now`.
    pub(super) fn wake(&mut self, now: Timestamp, hours: &CallHours, rules: &config::Calls) -> Woke {
        let is_over = self.expires_at.is_some_and(|at| at <= now);
        match self.state {
            State::Scheduled | State::Ready if is_over => {
                self.end(State::Expired, "expired", now);
                Woke::Expired
            }
            State::Scheduled if self.not_before <= now => {
                self.become_ready(now, hours, rules);
                Woke::Moved
            }
            State::Ready => self.wait_on(now, hours, rules),
            State::Leased => {
                let is_preview = self.stage == Some(Stage::Preview);
                let lost = self.lease_until.is_some_and(|until| until <= now);
                let dawdled = is_preview && self.stage_at.is_some_and(|at| at.plus(rules.preview.signed()) <= now);
                match (lost, is_preview) {
                    (true, false) => {
                        self.put_off(now.plus(rules.agent_lost.signed()), "agent_lost", now);
                        Woke::AgentLost
                    }
                    (_, true) if lost || dawdled => {
                        self.give_back(if lost { "lease_lost" } else { "preview_timeout" }, now);
                        self.become_ready(now, hours, rules);
                        if lost { Woke::LeaseLost } else { Woke::PreviewTimeOut }
                    }
                    _ => Woke::Nothing,
                }
            }
            _ => Woke::Nothing,
        }
    }

    /// When [`Self::wake`] has something to do next.
    pub(super) fn next_wake(&self, rules: &config::Calls) -> Option<Timestamp> {
        let times = match self.state {
            // What was said of it stands then, however late it has become meanwhile.
            State::Scheduled if self.has_word_waiting() => [Some(self.not_before), None, None, None, None],
            State::Scheduled => [Some(self.not_before), self.expires_at, None, None, None],
            State::Ready => [
                self.expires_at,
                self.window_until,
                self.released_at(rules),
                Some(self.at_risk_at).filter(|_| self.level > 4),
                self.ready_at.map(|at| at.plus(rules.language_wait.signed())).filter(|_| !self.any_language),
            ],
            State::Leased => {
                let preview = self.stage_at.filter(|_| self.stage == Some(Stage::Preview));
                [self.lease_until, preview.map(|at| at.plus(rules.preview.signed())), None, None, None]
            }
            _ => [None; 5],
        };
        times.into_iter().flatten().min()
    }

    /// Whether the telephone may ring at `now`: inside the customer's hours, or about the time that they asked for.
    pub(super) fn may_ring(&self, now: Timestamp, hours: &CallHours, rules: &config::Calls) -> bool {
        let tolerance = rules.callback_tolerance.signed();
        let is_agreed = self.callback_at.is_some_and(|at| now.since(at).abs() <= tolerance);
        is_agreed || hours.is_open(now)
    }

    /// Waits in the queue from now on, or until the customer's hours begin.
    pub(super) fn become_ready(&mut self, now: Timestamp, hours: &CallHours, rules: &config::Calls) {
        if !self.may_ring(now, hours, rules) {
            let next = hours.next_allowed(now);
            self.put_off(next, "call_hours", now);
            return;
        }
        self.state = State::Ready;
        self.state_reason = self.state_reason.take().filter(|why| CAME_BACK.contains(&why.as_str()));
        self.ready_at = self.ready_at.or(Some(now));
        self.window_until = Some(match self.callback_at {
            Some(agreed) if !hours.is_open(now) => agreed.plus(rules.callback_tolerance.signed()),
            _ => hours.closes_after(now),
        });
        self.updated_at = now;
        self.wait_on(now, hours, rules);
    }

    /// What waiting changes: the hours end, the personal call-back is anybody's, the time runs out, the language is let go.
    fn wait_on(&mut self, now: Timestamp, hours: &CallHours, rules: &config::Calls) -> Woke {
        let before = (self.level, self.callback_by, self.any_language);
        if self.window_until.is_some_and(|until| until <= now) {
            let agreed = self.callback_at.map(|at| at.plus(rules.callback_tolerance.signed()));
            let agreed = agreed.filter(|until| *until > now && self.may_ring(now, hours, rules));
            let open = hours.is_open(now).then(|| hours.closes_after(now));
            let Some(until) = open.or(agreed) else {
                self.put_off(hours.next_allowed(now), "call_hours", now);
                return Woke::Moved;
            };
            self.window_until = Some(until);
        }
        if self.released_at(rules).is_some_and(|at| at <= now) {
            self.callback_by = None;
        }
        if self.ready_at.is_some_and(|at| at.plus(rules.language_wait.signed()) <= now) {
            self.any_language = true;
        }
        self.level = self.level_at(now);
        if before == (self.level, self.callback_by, self.any_language) {
            return Woke::Nothing;
        }
        self.updated_at = now;
        Woke::Moved
    }

    /// When what one person promised, or was given, is anybody's (BR-43).
    fn released_at(&self, rules: &config::Calls) -> Option<Timestamp> {
        let from = self.callback_at.or(self.ready_at).filter(|_| self.callback_by.is_some());
        from.map(|at| at.plus(rules.callback_tolerance.signed()))
    }

    /// Its place in the queue (`domain/calls.md` B4).
    fn level_at(&self, now: Timestamp) -> i64 {
        let usual = self.kind.level();
        match (self.callback_at, self.callback_by) {
            (_, Some(_)) => 1,
            (Some(_), None) => 2,
            (None, _) if self.is_urgent || self.at_risk_at <= now => usual.min(4),
            (None, _) => usual,
        }
    }

    /// Somebody takes it.
    pub(super) fn lease(&mut self, to: Id<Staff>, now: Timestamp, rules: &config::Calls) {
        self.state = State::Leased;
        self.state_reason = None;
        self.stage = Some(Stage::Preview);
        self.stage_at = Some(now);
        self.owner_id = Some(to);
        self.lease_until = Some(now.plus(rules.lease.signed()));
        self.fence += 1;
        self.updated_at = now;
    }

    /// Somebody has said what the call came to and can still take it back.
    pub(super) fn has_word_waiting(&self) -> bool {
        self.state == State::Scheduled && self.state_reason.as_deref() == Some(WORD_KEPT)
    }

    /// Back from the one who had it; the caller says what comes then.
    pub(super) fn give_back(&mut self, why: &str, now: Timestamp) {
        self.let_go();
        self.state = State::Scheduled;
        self.state_reason = Some(why.to_owned());
        self.not_before = self.not_before.min(now);
        self.updated_at = now;
    }

    /// Waits for another time.
    pub(super) fn put_off(&mut self, until: Timestamp, why: &str, now: Timestamp) {
        self.let_go();
        self.state = State::Scheduled;
        self.state_reason = Some(why.to_owned());
        self.not_before = until;
        self.ready_at = None;
        self.window_until = None;
        self.any_language = false;
        self.updated_at = now;
    }

    pub(super) fn end(&mut self, state: State, why: &str, now: Timestamp) {
        self.let_go();
        self.state = state;
        self.state_reason = Some(why.to_owned());
        self.ended_at = Some(now);
        self.window_until = None;
        self.updated_at = now;
    }

    fn let_go(&mut self) {
        self.stage = None;
        self.stage_at = None;
        self.lease_until = None;
    }
}

#[cfg(test)]
pub(super) mod tests;
