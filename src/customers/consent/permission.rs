//! May this be said to this person, on this channel, now? The order is BR-61's, and fixed.
use jiff::{SignedDuration, tz::TimeZone};

use super::{Action, Consent, Purpose, Suppression};
use crate::{
    calendar::{Region, local_moment, quiet_until},
    clock::Timestamp,
    notices::{ChannelName, Class},
};

/// At most one offer in so many hours (D6.4).
const BETWEEN_OFFERS: SignedDuration = SignedDuration::from_hours(7 * 24);
/// At most so many messages a day that are not about something that has just happened (D6.4).
const A_DAY: i64 = 3;

/// What is to be said, to whom, when. That its template is approved and its subject still valid was looked at before.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// `parts.arrived`: a topic is its first word.
    pub kind: &'a str,
    pub class: Class,
    pub channel: ChannelName,
    /// Said at once because something happened, not because a time came.
    pub immediate: bool,
    /// The answer to a word that ends or asks for messages: it must reach whoever has just said stop, once (BR-62).
    pub despite_stop: bool,
    /// The answer to the reader's own act of the last minutes (BR-67).
    pub answers_an_act: bool,
    pub region: Region,
    pub zone: &'a TimeZone,
    pub now: Timestamp,
}

/// What the record knows of the reader.
#[derive(Clone, Debug, Default)]
pub struct Standing<'a> {
    pub suppressions: Vec<&'a Suppression>,
    pub consents: &'a [Consent],
    /// When the last offer went out in the last seven days.
    pub last_offer_at: Option<Timestamp>,
    /// Messages that were not immediate, since midnight on the reader's clock.
    pub today: i64,
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Go,
    /// Later, and why not now.
    Wait(Timestamp, &'static str),
    /// Not on this channel.
    Pass(&'static str),
    /// Not to this person at all.
    Never(&'static str),
}

impl Question<'_> {
    /// BR-61: class, suppression, consent, quiet hours, cap. A channel's health is the post room's matter: its messages wait
    /// there; there is no budget.
    pub fn verdict(&self, standing: &Standing<'_>) -> Verdict {
        self.suppression(standing)
            .or_else(|| self.consent(standing.consents))
            .or_else(|| self.quiet_hours())
            .or_else(|| self.cap(standing))
            .unwrap_or(Verdict::Go)
    }

    /// What holds again when a composed message is about to leave: no word of the reader may be overtaken.
    pub fn verdict_at_the_door(&self, standing: &Standing<'_>) -> Verdict {
        self.suppression(standing)
            .or_else(|| self.consent(standing.consents))
            .or_else(|| self.quiet_hours())
            .unwrap_or(Verdict::Go)
    }

    /// What holds for a call in place of a text: what they said no to is not said on the telephone either. Its hours, and how
    /// often somebody is called, are the queue's matter.
    pub fn verdict_on_a_call(&self, standing: &Standing<'_>) -> Verdict {
        self.suppression(standing).or_else(|| self.consent(standing.consents)).unwrap_or(Verdict::Go)
    }

    fn suppression(&self, standing: &Standing<'_>) -> Option<Verdict> {
        if self.despite_stop {
            return None;
        }
        let holding = standing.suppressions.iter().filter(|suppression| {
            suppression.lifted_at.is_none()
                && suppression.until_at.is_none_or(|until| until > self.now)
                && suppression.channel.is_none_or(|channel| channel == self.channel)
        });
        // The widest word first: it decides the reason that a person reads.
        let mut found = None;
        for suppression in holding {
            match suppression.scope.as_str() {
                "all" if suppression.channel.is_none() && suppression.address.is_none() => {
                    return Some(Verdict::Never("suppressed"));
                }
                "all" => found = Some(Verdict::Pass("stopped_on_channel")),
                scope if found.is_none() && self.is_of(scope) => found = Some(Verdict::Never("opted_out")),
                _ => {}
            }
        }
        found
    }

    /// Marketing opt-outs do not end what somebody asked for or what is about their safety (BR-24, D1).
    fn is_of(&self, scope: &str) -> bool {
        let topic = self.kind.split('.').next().unwrap_or_default();
        match (scope, self.class) {
            (_, Class::Safety | Class::Internal) => false,
            ("marketing", class) => class == Class::Marketing,
            ("survey", class) => class == Class::ServiceFollowup,
            (scope, _) => scope.strip_prefix("topic:").is_some_and(|wanted| wanted == topic || wanted == self.kind),
        }
    }

    fn consent(&self, consents: &[Consent]) -> Option<Verdict> {
        let last = |purposes: &[Purpose]| {
            consents
                .iter()
                .filter(|consent| purposes.contains(&consent.purpose))
                .filter(|consent| consent.channel.is_none_or(|channel| channel == self.channel))
                .max_by_key(|consent| (consent.at, consent.recorded_at))
                .map(|consent| consent.action)
        };
        match self.class {
            Class::Marketing if last(&[Purpose::Marketing]) != Some(Action::Grant) => Some(Verdict::Pass("no_consent")),
            Class::ServiceFollowup if last(&[Purpose::Followup, Purpose::Survey]) == Some(Action::Revoke) => {
                Some(Verdict::Pass("consent_revoked"))
            }
            _ => None,
        }
    }

    fn quiet_hours(&self) -> Option<Verdict> {
        if self.answers_an_act || self.despite_stop {
            return None;
        }
        quiet_until(self.now, self.class, self.region, self.channel.rings(), self.zone)
            .map(|until| Verdict::Wait(until, "quiet_hours"))
    }

    fn cap(&self, standing: &Standing<'_>) -> Option<Verdict> {
        if self.class == Class::Marketing
            && let Some(last) = standing.last_offer_at
            && self.now.since(last) < BETWEEN_OFFERS
        {
            return Some(Verdict::Wait(last.plus(BETWEEN_OFFERS), "one_offer_a_week"));
        }
        let counts = !self.immediate && !matches!(self.class, Class::Safety | Class::Internal);
        (counts && standing.today >= A_DAY).then(|| Verdict::Wait(self.tomorrow(), "enough_for_today"))
    }

    fn tomorrow(&self) -> Timestamp {
        let today = self.now.in_zone(self.zone).date();
        let tomorrow = today.tomorrow().unwrap_or(today);
        local_moment(tomorrow.at(0, 0, 0, 0), self.zone)
    }
}

#[cfg(test)]
mod tests;
