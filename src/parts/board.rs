//! Whose turn it is with every part, and how long what arrived lies there (BR-22, BR-23). Pure.
use jiff::SignedDuration;
use serde::Serialize;

use super::{LineState, pace};
use crate::{calendar::Shop, clock::Timestamp};

/// Exactly one at every moment: the failure the trade knows is that everybody thinks somebody else has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// It is still to come, or nobody knows for whom.
    Parts,
    /// It is here, or a day for the fitting is agreed.
    Advisor,
    /// Nobody reached the customer for three working days: whoever calls next.
    Queue,
    /// It has been here for thirty days.
    Manager,
}

/// What the owner follows from.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub state: LineState,
    pub has_customer: bool,
    /// When the whole order was in; `None` while anything is still to come.
    pub complete_at: Option<Timestamp>,
    /// When this line was in.
    pub received_at: Option<Timestamp>,
    pub is_booked: bool,
    /// Its customer does not want it any more.
    pub is_declined: bool,
}

impl Place {
    /// Whose turn it is.
    pub fn owner(&self, shop: &Shop, now: Timestamp) -> Owner {
        let (LineState::Received, Some(complete_at), true) = (self.state, self.complete_at, self.has_customer) else {
            return Owner::Parts;
        };
        if self.is_declined {
            return Owner::Parts;
        }
        if self.received_at.is_some_and(|at| now.since(at) >= pace::OLD) {
            return Owner::Manager;
        }
        if self.is_booked || now < pace::working_days_after(shop, complete_at, pace::STEPS[2]) {
            return Owner::Advisor;
        }
        Owner::Queue
    }

    /// The last day on which it can be sent back.
    pub fn return_by(&self) -> Option<Timestamp> {
        self.received_at.filter(|_| self.state == LineState::Received).map(pace::return_by)
    }
}

/// What lies there for so many days: how many lines, worth what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Bucket {
    pub count: usize,
    /// In the dealership's currency.
    pub value: f64,
}

/// Arrived and not fitted, by the days since it arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Ageing {
    #[serde(rename = "0-7")]
    pub week: Bucket,
    #[serde(rename = "8-14")]
    pub fortnight: Bucket,
    #[serde(rename = "15-30")]
    pub month: Bucket,
    #[serde(rename = "over_30")]
    pub older: Bucket,
}

impl Ageing {
    /// Of pairs (arrived, value) at `now`; a day is 24 hours.
    pub fn of(lying: impl IntoIterator<Item = (Timestamp, f64)>, now: Timestamp) -> Self {
        let mut ageing = Self::default();
        for (arrived, value) in lying {
            let age = now.since(arrived);
            let days = |days: i64| SignedDuration::from_hours(24 * days);
            let bucket = if age < days(8) {
                &mut ageing.week
            } else if age < days(15) {
                &mut ageing.fortnight
            } else if age < days(31) {
                &mut ageing.month
            } else {
                &mut ageing.older
            };
            bucket.count += 1;
            bucket.value += value;
        }
        ageing
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn at(local: &str) -> Timestamp {
        format!("{local}:00+08:00").parse().expect("a time")
    }

    #[test]
    fn the_buckets_of_what_lies_there() {
        let now = at("2026-04-12T09:10");
        let ageing = Ageing::of(
            [
                (at("2026-04-12T09:00"), 1.0),
                (at("2026-04-04T09:11"), 2.0),  // 7 days
                (at("2026-04-04T09:10"), 4.0),  // 8
                (at("2026-03-28T09:10"), 8.0),  // 15
                (at("2026-03-12T09:11"), 16.0), // 30
                (at("2026-03-12T09:10"), 32.0), // 31
            ],
            now,
        );
        let counts = [ageing.week, ageing.fortnight, ageing.month, ageing.older].map(|b| (b.count, b.value));
        assert_eq!(counts, [(2, 3.0), (1, 4.0), (2, 24.0), (1, 32.0)]);
    }

    #[test]
    fn somebody_has_it_at_every_moment() {
        let day = r#"[["09:00","18:00"]]"#;
        let week = format!(r#"{{"mon":{day},"tue":{day},"wed":{day},"thu":{day},"fri":{day},"sat":{day}}}"#);
        let shop = Shop {
            zone: TimeZone::get("Asia/Shanghai").expect("a zone"),
            opening_hours: serde_json::from_str(&week).expect("hours"),
            holidays: Vec::new(),
        };
        let came = at("2026-03-05T14:00");
        let here = Place {
            state: LineState::Received,
            has_customer: true,
            complete_at: Some(came),
            received_at: Some(came),
            is_booked: false,
            is_declined: false,
        };
        for (place, now, owner) in [
            (
                Place { state: LineState::Ordered, received_at: None, complete_at: None, ..here },
                "2026-03-05T15:00",
                Owner::Parts,
            ),
            (Place { complete_at: None, ..here }, "2026-03-05T15:00", Owner::Parts),
            (Place { has_customer: false, ..here }, "2026-03-05T15:00", Owner::Parts),
            (here, "2026-03-05T15:00", Owner::Advisor),
            (here, "2026-03-09T13:59", Owner::Advisor), // three working days: Friday, Saturday, Monday
            (here, "2026-03-09T14:00", Owner::Queue),
            (Place { is_booked: true, ..here }, "2026-03-12T14:00", Owner::Advisor),
            (Place { is_declined: true, ..here }, "2026-03-12T14:00", Owner::Parts),
            (here, "2026-04-04T14:00", Owner::Manager),
        ] {
            assert_eq!(place.owner(&shop, at(now)), owner, "{now}");
        }
        assert_eq!(here.return_by(), Some(at("2026-04-14T14:00")));
    }
}
