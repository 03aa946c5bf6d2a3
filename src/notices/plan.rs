//! When a notice is due, and whether it is worth raising at all (BR-11, BR-12).
use jiff::{SignedDuration, tz::TimeZone};

use super::{
    grammar::{FactMissing, Facts},
    playbook::{Kind, OpenDay},
};
use crate::{
    calendar::{Shop, days_from, local_moment},
    clock::Timestamp,
};

/// BR-12: how long past its nominal time a notice may still be raised; the default of the configurable tolerance.
pub const TOLERANCE: SignedDuration = SignedDuration::from_hours(2);

/// What comes of an event for one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    Raise {
        /// The time the rules name, after it was moved into its hours and to an open day.
        nominal: Timestamp,
        /// The later of the nominal time and now; quiet hours are looked at again when it is due.
        not_before: Timestamp,
        /// `None` is useful for ever.
        useful_until: Option<Timestamp>,
    },
    Skip {
        /// `skip_if`, `too_late`, `no_longer_useful` or `fact_missing`.
        reason: &'static str,
    },
}

impl Kind {
    /// Plans one notice of this kind at `now`. `reader_zone` is where its `hours` are read, `shop` whose open days count;
    /// `tolerance` is BR-12's ([`TOLERANCE`]).
    pub fn plan(
        &self,
        facts: &Facts,
        now: Timestamp,
        reader_zone: &TimeZone,
        shop: &Shop,
        tolerance: SignedDuration,
    ) -> Plan {
        match self.weigh(facts, now, reader_zone, shop, tolerance) {
            Ok(plan) => plan,
            Err(FactMissing(_)) => Plan::Skip { reason: "fact_missing" },
        }
    }

    fn weigh(
        &self,
        facts: &Facts,
        now: Timestamp,
        reader_zone: &TimeZone,
        shop: &Shop,
        tolerance: SignedDuration,
    ) -> Result<Plan, FactMissing> {
        if let Some(condition) = &self.skip_if
            && condition.holds(facts, now)?
        {
            return Ok(Plan::Skip { reason: "skip_if" });
        }
        let nominal = self.send_at.as_ref().map_or(Ok(now), |time| time.value(facts, now))?;
        let nominal = self.hours.map_or(nominal, |hours| hours.nearest_inside(nominal, reader_zone));
        let nominal = self.on_an_open_day(nominal, reader_zone, shop);
        let useful_until = self.useful_until.as_ref().map(|time| time.value(facts, now)).transpose()?;
        let not_before = nominal.max(now);
        Ok(if useful_until.is_some_and(|until| until <= not_before) {
            Plan::Skip { reason: "no_longer_useful" }
        } else if now.since(nominal) > tolerance {
            Plan::Skip { reason: "too_late" }
        } else {
            Plan::Raise { nominal, not_before, useful_until }
        })
    }

    /// BR-11: to the last open day before, at the same time on the reader's wall clock (BR-80 where that does not exist).
    fn on_an_open_day(&self, nominal: Timestamp, reader_zone: &TimeZone, shop: &Shop) -> Timestamp {
        let Some(OpenDay::Before) = self.open_day else {
            return nominal;
        };
        let day = nominal.in_zone(&shop.zone).date();
        if shop.is_open_on(day) {
            return nominal;
        }
        let Some(open) = shop.last_open_day_before(day) else {
            return nominal;
        };
        let back = open.duration_since(day).as_hours() / 24;
        let local = nominal.in_zone(reader_zone).datetime();
        local_moment(days_from(local.date(), back).to_datetime(local.time()), reader_zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notices::{grammar::Moment, playbook::Playbook};

    fn at(local: &str) -> Timestamp {
        format!("{local}:00+08:00").parse().expect("a time")
    }
    fn shop() -> Shop {
        let day = r#"[["09:00","18:00"]]"#;
        let week = format!(r#"{{"mon":{day},"tue":{day},"wed":{day},"thu":{day},"fri":{day},"sat":{day}}}"#);
        Shop {
            zone: TimeZone::get("Asia/Shanghai").expect("a zone"),
            opening_hours: serde_json::from_str(&week).expect("hours"),
            holidays: serde_json::from_str(r#"[{"date":"2026-03-19","name":"x","open":[]}]"#).expect("days"),
        }
    }
    /// In words: the nominal time and the usefulness in Shanghai, or why not.
    fn said(kind: &str, facts: &Facts, now: &str) -> String {
        let playbook = Playbook::load(None).expect("the embedded kinds");
        let zone = TimeZone::get("Asia/Shanghai").expect("a zone");
        let local = |at: Timestamp| at.in_zone(&zone).strftime("%a %d %H:%M").to_string();
        match playbook.kind(kind).expect("a kind").plan(facts, at(now), &zone, &shop(), TOLERANCE) {
            Plan::Raise { nominal, not_before, useful_until } => {
                assert_eq!(not_before, nominal.max(at(now)));
                format!("{} until {}", local(nominal), local(useful_until.expect("an end")))
            }
            Plan::Skip { reason } => reason.to_owned(),
        }
    }

    #[test]
    fn a_reminder_a_day_ahead_inside_its_hours_on_an_open_day() {
        // start, booked, now → when
        for (start, booked, when) in [
            ("2026-03-13T14:00", "2026-03-09T10:00", "Thu 12 14:00 until Fri 13 12:00"),
            ("2026-03-13T09:30", "2026-03-09T10:00", "Thu 12 10:00 until Fri 13 07:30"),
            ("2026-03-13T20:30", "2026-03-09T10:00", "Thu 12 19:00 until Fri 13 18:30"),
            // Monday: the Sunday before is closed, so Saturday at the same hour.
            ("2026-03-16T09:30", "2026-03-09T10:00", "Sat 14 10:00 until Mon 16 07:30"),
            // Friday the 20th: the 19th is a holiday.
            ("2026-03-20T11:00", "2026-03-09T10:00", "Wed 18 11:00 until Fri 20 09:00"),
            // Booked 35 h 59 min ahead: the confirmation is reminder enough; at 36 h it is not.
            ("2026-03-13T14:00", "2026-03-12T02:01", "skip_if"),
            ("2026-03-13T14:00", "2026-03-12T02:00", "Thu 12 14:00 until Fri 13 12:00"),
            // Booked on Saturday evening for Monday: Saturday 11:00 is more than 2 h past.
            ("2026-03-16T11:00", "2026-03-14T18:00", "too_late"),
            // 1 h 30 min past is within the tolerance.
            ("2026-03-16T11:00", "2026-03-14T12:30", "Sat 14 11:00 until Mon 16 09:00"),
        ] {
            let facts = Facts::default().at(Moment::StartAt, at(start)).at(Moment::BookedAt, at(booked));
            assert_eq!(said("appointment.reminder", &facts, booked), when, "{start} booked {booked}");
        }
    }

    #[test]
    fn what_comes_too_late_is_dropped() {
        let facts =
            Facts::default().at(Moment::StartAt, at("2026-03-13T14:00")).at(Moment::BookedAt, at("2026-03-09T10:00"));
        for (now, when) in [
            ("2026-03-12T16:00", "Thu 12 14:00 until Fri 13 12:00"),
            ("2026-03-12T16:01", "too_late"),
            ("2026-03-13T12:00", "no_longer_useful"),
        ] {
            assert_eq!(said("appointment.reminder", &facts, now), when, "{now}");
        }
    }

    #[test]
    fn a_confirmation_is_useful_for_a_day_and_not_after_the_start() {
        for (start, booked, now, when) in [
            ("2026-03-13T14:00", "2026-03-09T10:00", "2026-03-09T10:01", "Mon 09 10:01 until Tue 10 10:00"),
            ("2026-03-09T14:00", "2026-03-09T10:00", "2026-03-09T10:01", "Mon 09 10:01 until Mon 09 14:00"),
            ("2026-03-13T14:00", "2026-03-09T10:00", "2026-03-10T10:00", "no_longer_useful"),
            ("2026-03-09T14:00", "2026-03-09T10:00", "2026-03-09T15:00", "no_longer_useful"),
        ] {
            let facts = Facts::default().at(Moment::StartAt, at(start)).at(Moment::BookedAt, at(booked));
            assert_eq!(said("appointment.confirmation", &facts, now), when, "{start} {now}");
        }
        let facts = Facts::default().at(Moment::StartAt, at("2026-03-13T14:00"));
        assert_eq!(said("appointment.confirmation", &facts, "2026-03-09T10:00"), "fact_missing");
    }

    #[test]
    fn a_change_and_a_cancellation_count_from_the_event() {
        let facts =
            Facts::default().at(Moment::StartAt, at("2026-03-13T14:00")).at(Moment::OccurredAt, at("2026-03-12T20:00"));
        for kind in ["appointment.change", "appointment.cancellation"] {
            assert_eq!(said(kind, &facts, "2026-03-12T20:01"), "Thu 12 20:01 until Fri 13 14:00");
        }
    }

    #[test]
    fn hours_are_the_readers_and_open_days_the_dealerships() {
        let playbook = Playbook::load(None).expect("the embedded kinds");
        let tokyo = TimeZone::get("Asia/Tokyo").expect("a zone");
        let facts =
            Facts::default().at(Moment::StartAt, at("2026-03-16T09:30")).at(Moment::BookedAt, at("2026-03-09T10:00"));
        let kind = playbook.kind("appointment.reminder").expect("a kind");
        let plan = kind.plan(&facts, at("2026-03-09T10:00"), &tokyo, &shop(), TOLERANCE);
        // 09:30 in Shanghai is 10:30 in Tokyo, inside; Sunday is closed in Shanghai.
        assert!(matches!(plan, Plan::Raise { nominal, .. } if nominal == at("2026-03-14T09:30")), "{plan:?}");
    }
}
