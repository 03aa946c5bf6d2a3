//! What the record says of a reader before something is said to them: may it be written, may they be called.
use jiff::{SignedDuration, tz::TimeZone};

use super::{
    ChannelName,
    compose::{Claimed, Compose},
    composing::{NotNow, is_past_use},
    playbook::Kind,
    readers::reader_zone_name,
};
use crate::{
    calendar::{Region, local_moment},
    clock::Timestamp,
    customers::consent::permission::{Question, Verdict},
    dealerships::Dealership,
};

impl Compose {
    /// BR-61, for a reader who is a customer.
    pub(super) fn permission(
        &self,
        claimed: &Claimed,
        dealership: &Dealership,
        kind: &Kind,
        (channel, address): (ChannelName, &str),
        now: Timestamp,
    ) -> Result<(), NotNow> {
        let due = &claimed.due;
        match self.ask(claimed, dealership, kind, (channel, address), now) {
            Verdict::Go => Ok(()),
            Verdict::Pass(reason) | Verdict::Never(reason) => Err(NotNow::Pass(reason)),
            Verdict::Wait(until, reason) => {
                let jitter = i64::try_from(self.ids.random.below(180)).unwrap_or(0);
                let until = until.plus(SignedDuration::from_secs(jitter));
                Err(match due.useful_until.is_some_and(|end| end <= until) {
                    true if reason == "quiet_hours" => NotNow::Pass("quiet_past_use"),
                    true => NotNow::Pass("cap_past_use"),
                    false => NotNow::Wait(until, reason),
                })
            }
        }
    }

    /// Why nobody is called in place of a text: it was meant to be seen only, it is of no use any more, or they said no to it.
    pub(super) fn why_no_call(
        &self,
        claimed: &Claimed,
        dealership: &Dealership,
        kind: &Kind,
        now: Timestamp,
    ) -> Option<&'static str> {
        if dealership.shadow {
            return Some("shadow");
        }
        if is_past_use(&claimed.due, now) {
            return Some("past_use");
        }
        // Whichever number is rung: a word about one number is asked for when it is chosen.
        let place = (ChannelName::Call, "");
        match self.ask(claimed, dealership, kind, place, now) {
            Verdict::Pass(reason) | Verdict::Never(reason) => Some(reason),
            Verdict::Go | Verdict::Wait(..) => None,
        }
    }

    /// What the record says of a reader who is a customer; others are not asked about.
    fn ask(
        &self,
        claimed: &Claimed,
        dealership: &Dealership,
        kind: &Kind,
        (channel, address): (ChannelName, &str),
        now: Timestamp,
    ) -> Verdict {
        let due = &claimed.due;
        let Some(customer) = due.customer_id.filter(|_| !due.audience.works_here()) else {
            return Verdict::Go;
        };
        let zone = TimeZone::get(&reader_zone_name(due, dealership)).unwrap_or(TimeZone::UTC);
        let question = Question {
            kind: &kind.name,
            class: due.class,
            channel,
            immediate: kind.is_immediate(),
            despite_stop: kind.despite_stop,
            answers_an_act: due.acted_at.is_some_and(|at| now.since(at) <= self.own_act),
            region: Region::of(&dealership.region),
            zone: &zone,
            now,
        };
        let midnight = local_moment(now.in_zone(&zone).date().at(0, 0, 0, 0), &zone);
        let record = claimed.standings.of(customer, address, midnight);
        if channel == ChannelName::Call { question.verdict_on_a_call(&record) } else { question.verdict(&record) }
    }
}
