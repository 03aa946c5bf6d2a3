//! When a customer may be called: the window of their own clock, their wish inside it, open days, and midday left in peace.
use jiff::tz::TimeZone;

use crate::{
    calendar::{DailyWindow, Shop},
    clock::Timestamp,
    dealerships::Dealership,
};

/// How far ahead an open day is looked for; a shop that is closed for longer calls on closed days.
const DAYS_AHEAD: usize = 14;

/// The hours in which one customer is called.
#[derive(Clone, Debug)]
pub struct CallHours {
    zone: TimeZone,
    /// The house's window, narrowed to the customer's wish where the two have time in common.
    window: DailyWindow,
    /// Left in peace where there is a choice; a call is still allowed then.
    midday: Option<DailyWindow>,
    shop: Shop,
}

/// What is known of a customer's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wishes<'a> {
    /// An IANA name; the dealership's zone where it is absent or unknown.
    pub time_zone: Option<&'a str>,
    /// `18:00-20:00`.
    pub call_hours: Option<&'a str>,
    /// The language that the customer is spoken to in.
    pub language: &'a str,
}

impl CallHours {
    /// `window` and `midday` are the settings of the house (`domain/calls.md` B4).
    pub fn of(dealership: &Dealership, wishes: Wishes<'_>, window: DailyWindow, midday: Option<DailyWindow>) -> Self {
        let own = wishes.time_zone.and_then(|name| TimeZone::get(name).ok());
        let wish = wishes.call_hours.and_then(|text| text.parse::<DailyWindow>().ok());
        Self {
            zone: own.unwrap_or_else(|| dealership.zone.clone()),
            window: wish.and_then(|wish| wish.shared_with(&window)).unwrap_or(window),
            midday: midday.filter(|_| wishes.language == "zh"),
            shop: dealership.shop(),
        }
    }

    /// Whether a call may be made now.
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.next_allowed(at) == at
    }
    /// `at` itself inside the window, else the window's next beginning.
    pub fn next_allowed(&self, at: Timestamp) -> Timestamp {
        self.window.next_inside(at, &self.zone)
    }
    /// The end of the window that is open at `at`.
    pub fn closes_after(&self, at: Timestamp) -> Timestamp {
        self.window.end_after(at, &self.zone)
    }
    /// The best time to plan a call for, not before `at`: inside the window, not at midday, on an open day (BR-34).
    pub fn next_good(&self, at: Timestamp) -> Timestamp {
        let mut best = self.next_allowed(at);
        for _ in 0..DAYS_AHEAD {
            if let Some(midday) = &self.midday
                && midday.next_inside(best, &self.zone) == best
            {
                best = self.next_allowed(midday.end_after(best, &self.zone));
            }
            if self.shop.is_open_on(best.in_zone(&self.shop.zone).date()) {
                return best;
            }
            best = self.next_allowed(self.closes_after(best));
        }
        self.next_allowed(at)
    }
    /// Whether the shop is open at some time of the days from `from` to `until`.
    pub fn has_open_day(&self, from: Timestamp, until: Timestamp) -> bool {
        let (mut day, last) = (from.in_zone(&self.shop.zone).date(), until.in_zone(&self.shop.zone).date());
        for _ in 0..DAYS_AHEAD {
            if self.shop.is_open_on(day) {
                return true;
            }
            day = crate::calendar::days_from(day, 1);
            if day > last {
                return false;
            }
        }
        false
    }
    /// The part of the day on the customer's clock: calls that were not answered are tried in another one (BR-40).
    pub fn day_part(&self, at: Timestamp) -> DayPart {
        match at.in_zone(&self.zone).hour() {
            ..12 => DayPart::Morning,
            12..17 => DayPart::Afternoon,
            _ => DayPart::Evening,
        }
    }
    /// The same calendar day on the customer's clock.
    pub fn is_same_day(&self, one: Timestamp, other: Timestamp) -> bool {
        one.in_zone(&self.zone).date() == other.in_zone(&self.zone).date()
    }
    /// The beginning of the next day on the customer's clock.
    pub fn next_midnight(&self, at: Timestamp) -> Timestamp {
        let tomorrow = crate::calendar::days_from(at.in_zone(&self.zone).date(), 1);
        crate::calendar::local_moment(tomorrow.at(0, 0, 0, 0), &self.zone)
    }
    /// The beginning of the day on the customer's clock.
    pub fn midnight_before(&self, at: Timestamp) -> Timestamp {
        crate::calendar::local_moment(at.in_zone(&self.zone).date().at(0, 0, 0, 0), &self.zone)
    }
}

/// Morning until noon, afternoon until 17:00, evening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DayPart {
    Morning,
    Afternoon,
    Evening,
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;
    use crate::id::Id;

    pub(in crate::calls) fn at(local: &str) -> Timestamp {
        format!("{local}:00+08:00").parse().expect("a time")
    }
    pub(in crate::calls) fn tianhe() -> Dealership {
        let day = json!([["09:00", "18:00"]]);
        Dealership {
            id: Id::new(at("2026-01-01T00:00"), [1; 10]),
            code: "gz".to_owned(),
            name: "天河".to_owned(),
            department: "售后".to_owned(),
            region: "CN".to_owned(),
            zone: TimeZone::get("Asia/Shanghai").expect("a zone"),
            locale: "zh-CN".to_owned(),
            phone: "1".to_owned(),
            address: "1".to_owned(),
            email: None,
            advisor_fallback: "x".to_owned(),
            sms_signature: None,
            opening_hours: json!({"mon": day, "tue": day, "wed": day, "thu": day, "fri": day, "sat": day}),
            holidays: json!([{"date": "2026-02-17", "name": "春节", "open": []}, {"date": "2026-02-18", "name": "春节", "open": []},
                {"date": "2026-02-19", "name": "春节", "open": []}, {"date": "2026-02-20", "name": "春节", "open": []},
                {"date": "2026-02-21", "name": "春节", "open": []}]),
            rules: json!({}),
            live_from: None,
            shadow: false,
        }
    }
    pub(in crate::calls) fn hours(wish: Option<&str>, language: &str) -> CallHours {
        let wishes = Wishes { time_zone: None, call_hours: wish, language };
        let window = |text: &str| text.parse::<DailyWindow>().expect("a window");
        CallHours::of(&tianhe(), wishes, window("09:00-20:00"), Some(window("12:00-14:00")))
    }

    #[test]
    fn a_call_is_planned_inside_the_window_on_an_open_day_and_not_at_midday() {
        let (zh, en, late) = (hours(None, "zh"), hours(None, "en"), hours(Some("18:00-20:00"), "ja"));
        for (who, from, to) in [
            (&zh, "2026-03-02T10:30", "2026-03-02T10:30"),
            (&zh, "2026-03-02T12:30", "2026-03-02T14:00"),
            (&en, "2026-03-02T12:30", "2026-03-02T12:30"),
            (&en, "2026-03-02T20:00", "2026-03-03T09:00"),
            (&en, "2026-03-07T20:01", "2026-03-09T09:00"), // Saturday evening, over the Sunday
            (&late, "2026-03-02T10:00", "2026-03-02T18:00"), // calls 18–20 only
            (&late, "2026-03-07T20:30", "2026-03-09T18:00"),
            (&zh, "2026-02-16T20:00", "2026-02-23T09:00"), // a week of holidays and its Sunday
        ] {
            assert_eq!(who.next_good(at(from)), at(to), "{from}");
        }
        assert!(zh.is_open(at("2026-03-02T12:30")), "midday is avoided, not forbidden");
        assert!(!late.is_open(at("2026-03-02T17:59")) && late.is_open(at("2026-03-02T18:00")));
        assert_eq!(late.closes_after(at("2026-03-02T18:30")), at("2026-03-02T20:00"));
    }

    #[test]
    fn a_wish_outside_of_the_house_s_window_cannot_be_kept() {
        let night = hours(Some("21:00-23:00"), "en");
        assert_eq!(night.next_allowed(at("2026-03-02T08:00")), at("2026-03-02T09:00"));
        assert!(!hours(None, "en").has_open_day(at("2026-02-17T09:00"), at("2026-02-20T09:00")));
        assert!(hours(None, "en").has_open_day(at("2026-02-20T09:00"), at("2026-02-23T09:00")));
    }
}
