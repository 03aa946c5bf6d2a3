//! What becomes of a message after an attempt: pure rules (BR-70, and `unknown` in `reliability.md`).
use std::time::Duration;

use jiff::SignedDuration;

use super::State;
use crate::{
    channels::{Delivery, Outcome},
    clock::Timestamp,
    failpoints,
    notices::ChannelName,
};

/// How patient we are; from the configuration.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Waits between tries of an e-mail; the last one repeats until the message is of no more use.
    pub email_retry: Vec<SignedDuration>,
    /// The first wait between tries of an SMS; each is twice the one before.
    pub sms_retry: SignedDuration,
    pub sms_tries: i64,
    pub sms_longest: SignedDuration,
    /// Whether an e-mail whose answer was lost is sent once more, with the same Message-ID and bytes.
    pub resend_unknown: bool,
    /// How long a lost answer is waited for.
    pub unknown_wait: SignedDuration,
}

/// Tries of an e-mail that has no end of use.
const EMAIL_TRIES: i64 = 40;

/// The state after an attempt. `not_before` is set where the message waits for something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fate {
    pub state: State,
    pub reason: Option<&'static str>,
    pub not_before: Option<Timestamp>,
    pub tries: i64,
}

/// What the rules need to know of the message.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    pub channel: ChannelName,
    /// Attempts that ended in "not now" so far.
    pub tries: i64,
    pub resent: bool,
}

impl Policy {
    /// `jitter` is from 0 to 1 and spreads retries over a fifth of their wait.
    pub fn fate(&self, standing: Standing, delivery: &Delivery, now: Timestamp, jitter: f64) -> Fate {
        let end = |state, reason| Fate { state, reason, not_before: None, tries: standing.tries };
        let blind = delivery.outcome == Outcome::Unknown
            && standing.channel == ChannelName::Sms
            && failpoints::is_on("blind-sms-retry");
        match if blind { Outcome::Later } else { delivery.outcome } {
            Outcome::Accepted => end(State::Accepted, None),
            Outcome::Refused => end(State::Failed, Some(delivery.reason)),
            Outcome::Unknown if standing.resent => end(State::Held, Some("unknown_twice")),
            Outcome::Unknown => {
                Fate { not_before: Some(now.plus(self.unknown_wait)), ..end(State::Unknown, Some(delivery.reason)) }
            }
            Outcome::Later | Outcome::NotSent => {
                let tries = standing.tries + 1;
                match self.wait(standing.channel, tries) {
                    None => Fate { tries, ..end(State::Failed, Some("tries_used_up")) },
                    Some(wait) => {
                        let wait = spread(wait, jitter).max(asked(delivery.retry_after));
                        Fate {
                            state: State::Ready,
                            reason: Some(delivery.reason),
                            not_before: Some(now.plus(wait)),
                            tries,
                        }
                    }
                }
            }
        }
    }

    /// How long to wait after the try of this number; `None` when it was the last.
    fn wait(&self, channel: ChannelName, tries: i64) -> Option<SignedDuration> {
        let before = usize::try_from(tries - 1).unwrap_or(0);
        if channel == ChannelName::Email {
            let wait = self.email_retry.get(before).or(self.email_retry.last()).copied();
            return wait.filter(|_| tries < EMAIL_TRIES);
        }
        if tries > self.sms_tries {
            return None;
        }
        let doubled = (0..before).fold(self.sms_retry, |wait, _| (wait + wait).min(self.sms_longest));
        Some(doubled.min(self.sms_longest))
    }
}

fn spread(wait: SignedDuration, jitter: f64) -> SignedDuration {
    SignedDuration::from_secs_f64(wait.as_secs_f64() * (1.0 + 0.2 * jitter))
}

fn asked(retry_after: Option<Duration>) -> SignedDuration {
    retry_after
        .and_then(|wait| SignedDuration::try_from(wait).ok())
        .unwrap_or_default()
        .min(SignedDuration::from_hours(24))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::Phase;

    fn policy() -> Policy {
        Policy {
            email_retry: [1, 5, 15, 60, 240].map(SignedDuration::from_mins).to_vec(),
            sms_retry: SignedDuration::from_secs(30),
            sms_tries: 5,
            sms_longest: SignedDuration::from_mins(30),
            resend_unknown: true,
            unknown_wait: SignedDuration::from_mins(15),
        }
    }
    fn after(channel: ChannelName, outcome: Outcome, tries: i64, resent: bool) -> Fate {
        let now = "2026-03-02T02:00:00Z".parse().expect("a time");
        let delivery = Delivery::unanswered(Phase::Envelope, outcome, "because");
        policy().fate(Standing { channel, tries, resent }, &delivery, now, 0.0)
    }
    fn waits(channel: ChannelName, tries: i64) -> Option<i64> {
        let now: Timestamp = "2026-03-02T02:00:00Z".parse().expect("a time");
        after(channel, Outcome::Later, tries, false).not_before.map(|at| at.since(now).as_secs())
    }

    #[test]
    fn an_email_is_tried_until_it_is_of_no_use_and_an_sms_five_times_more() {
        let email: Vec<_> = (0..7).map(|tries| waits(ChannelName::Email, tries)).collect();
        assert_eq!(email, [60, 300, 900, 3600, 14400, 14400, 14400].map(Some));
        let sms: Vec<_> = (0..6).map(|tries| waits(ChannelName::Sms, tries)).collect();
        assert_eq!(sms, [Some(30), Some(60), Some(120), Some(240), Some(480), None]);
        assert_eq!(after(ChannelName::Sms, Outcome::Later, 5, false).reason, Some("tries_used_up"));
    }

    #[test]
    fn a_lost_answer_is_waited_for_once_and_then_a_person_decides() {
        let first = after(ChannelName::Email, Outcome::Unknown, 0, false);
        assert_eq!((first.state, first.not_before.is_some()), (State::Unknown, true));
        let second = after(ChannelName::Email, Outcome::Unknown, 0, true);
        assert_eq!((second.state, second.reason), (State::Held, Some("unknown_twice")));
    }

    #[test]
    fn a_refusal_is_the_end() {
        assert_eq!(after(ChannelName::Email, Outcome::Refused, 0, false).state, State::Failed);
    }
}
