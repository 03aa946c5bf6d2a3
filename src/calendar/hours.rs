//! Opening hours and holidays of a dealership, as `PUT /v1/dealerships` writes them.
use jiff::{
    civil::{Date, Weekday},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};

use super::{MinuteOfDay, NoTimeOfDay, days_from, local_moment};
use crate::clock::Timestamp;

/// How far ahead and back an open day is looked for.
const A_YEAR_AND_A_WEEK: i64 = 372;

/// Why opening hours cannot be taken; every variant names the bad value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    #[error(transparent)]
    NoTimeOfDay(#[from] NoTimeOfDay),
    #[error("`{0}`–`{1}` closes before it opens: end the day at 24:00 and open the next at 00:00")]
    ClosesBeforeItOpens(MinuteOfDay, MinuteOfDay),
    #[error("`{0}` opens before the hours up to `{1}` have ended")]
    Overlap(MinuteOfDay, MinuteOfDay),
}

/// One stretch of opening: from `open`, until and without `close`. Written `["09:00","12:00"]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "(String, String)", into = "(String, String)")]
pub struct Span {
    pub open: MinuteOfDay,
    pub close: MinuteOfDay,
}

impl TryFrom<(String, String)> for Span {
    type Error = HoursError;
    fn try_from((open, close): (String, String)) -> Result<Self, HoursError> {
        let (open, close) = (open.parse()?, close.parse()?);
        if open >= close {
            return Err(HoursError::ClosesBeforeItOpens(open, close));
        }
        Ok(Self { open, close })
    }
}
impl From<Span> for (String, String) {
    fn from(span: Span) -> Self {
        (span.open.to_string(), span.close.to_string())
    }
}

/// The stretches of one day, in order and apart; empty is closed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Span>")]
pub struct DayHours(Vec<Span>);

impl TryFrom<Vec<Span>> for DayHours {
    type Error = HoursError;
    fn try_from(spans: Vec<Span>) -> Result<Self, HoursError> {
        for pair in spans.windows(2) {
            if pair[1].open < pair[0].close {
                return Err(HoursError::Overlap(pair[1].open, pair[0].close));
            }
        }
        Ok(Self(spans))
    }
}

/// The week: for every day its stretches; a day that is not named is closed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OpeningHours {
    pub mon: DayHours,
    pub tue: DayHours,
    pub wed: DayHours,
    pub thu: DayHours,
    pub fri: DayHours,
    pub sat: DayHours,
    pub sun: DayHours,
}

impl OpeningHours {
    fn on(&self, day: Weekday) -> &DayHours {
        match day {
            Weekday::Monday => &self.mon,
            Weekday::Tuesday => &self.tue,
            Weekday::Wednesday => &self.wed,
            Weekday::Thursday => &self.thu,
            Weekday::Friday => &self.fri,
            Weekday::Saturday => &self.sat,
            Weekday::Sunday => &self.sun,
        }
    }
}

/// A date with hours of its own, in place of its weekday's; `open` empty is closed all day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    pub date: Date,
    pub name: String,
    #[serde(default)]
    pub open: DayHours,
}

/// A dealership's calendar. Of two holidays on one date the first counts.
#[derive(Clone, Debug)]
pub struct Shop {
    pub zone: TimeZone,
    pub opening_hours: OpeningHours,
    pub holidays: Vec<Holiday>,
}

impl Shop {
    /// Whether the doors are open: from the minute of opening, until and without the minute of closing.
    pub fn is_open_at(&self, at: Timestamp) -> bool {
        let today = at.in_zone(&self.zone).date();
        // The neighbours too: where clocks change at midnight a day's last stretch may end under another date.
        (-1..=1).any(|near| self.spans(days_from(today, near)).any(|(open, close)| open <= at && at < close))
    }

    /// Whether the doors open at all on this date.
    pub fn is_open_on(&self, date: Date) -> bool {
        self.spans(date).next().is_some()
    }

    /// The first opening of the doors later than `after`, whether or not they are open then; a stretch that begins where
    /// the one before ends opens nothing. `None` when the dealership stays closed for a year.
    pub fn next_opening(&self, after: Timestamp) -> Option<Timestamp> {
        let today = after.in_zone(&self.zone).date();
        let just_before = |open: Timestamp| open.minus(jiff::SignedDuration::from_micros(1));
        (-1..=A_YEAR_AND_A_WEEK)
            .flat_map(|day| self.spans(days_from(today, day)))
            .map(|(open, _)| open)
            .find(|open| *open > after && !self.is_open_at(just_before(*open)))
    }

    /// The moment at which the doors have been open for so long since `from`, closed times not counted. `None` when that is
    /// more than a year away.
    pub fn open_for(&self, from: Timestamp, so_long: jiff::SignedDuration) -> Option<Timestamp> {
        let today = from.in_zone(&self.zone).date();
        let mut left = so_long;
        for (open, close) in (-1..=A_YEAR_AND_A_WEEK).flat_map(|day| self.spans(days_from(today, day))) {
            let open = open.max(from);
            if close <= open {
                continue;
            }
            let here = close.since(open);
            if left <= here {
                return Some(open.plus(left));
            }
            left -= here;
        }
        None
    }

    /// How long the doors were open between two moments; nothing when the second is not the later one. At most a year's.
    pub fn open_between(&self, from: Timestamp, to: Timestamp) -> jiff::SignedDuration {
        let today = from.in_zone(&self.zone).date();
        let spans = (-1..=A_YEAR_AND_A_WEEK).flat_map(|day| self.spans(days_from(today, day)));
        let inside = spans.take_while(|(open, _)| *open < to).map(|(open, close)| (open.max(from), close.min(to)));
        let open = inside.filter(|(open, close)| open < close).map(|(open, close)| close.since(open));
        open.fold(jiff::SignedDuration::ZERO, |sum, here| sum + here)
    }

    /// The last moment not later than `at` at which the doors were open: `at` itself, or the closing before it.
    pub fn last_open_moment(&self, at: Timestamp) -> Option<Timestamp> {
        if self.is_open_at(at) {
            return Some(at);
        }
        let today = at.in_zone(&self.zone).date();
        let mut days = (-1..=A_YEAR_AND_A_WEEK).map(|back| days_from(today, -back));
        days.find_map(|day| self.spans(day).map(|(_, close)| close).filter(|close| *close <= at).max())
    }

    /// When the doors close for the day, the first such time later than `after`; a break at noon closes nothing.
    pub fn next_day_end(&self, after: Timestamp) -> Option<Timestamp> {
        let today = after.in_zone(&self.zone).date();
        let days = (-1..=A_YEAR_AND_A_WEEK).map(|day| days_from(today, day));
        days.filter_map(|day| self.spans(day).last()).map(|(_, close)| close).find(|close| *close > after)
    }

    /// When the doors closed last for a day, not later than `at`. `None` when they did not for a year.
    pub fn last_day_end(&self, at: Timestamp) -> Option<Timestamp> {
        let today = at.in_zone(&self.zone).date();
        let days = (-1..=A_YEAR_AND_A_WEEK).map(|back| days_from(today, -back));
        days.filter_map(|day| self.spans(day).last()).map(|(_, close)| close).find(|close| *close <= at)
    }

    /// The last open date earlier than `date` (BR-11). `None` when the dealership was closed for a year.
    pub fn last_open_day_before(&self, date: Date) -> Option<Date> {
        (1..=A_YEAR_AND_A_WEEK).map(|back| days_from(date, -back)).find(|day| self.is_open_on(*day))
    }

    /// The first open date later than `date`. `None` when the dealership stays closed for a year.
    pub fn next_open_day_after(&self, date: Date) -> Option<Date> {
        (1..=A_YEAR_AND_A_WEEK).map(|ahead| days_from(date, ahead)).find(|day| self.is_open_on(*day))
    }

    /// How many open days lie between two dates: the first not counted, the last counted (BR-06). At most a year's.
    pub fn working_days_between(&self, from: Date, to: Date) -> i64 {
        let days = (1..=A_YEAR_AND_A_WEEK).map(|ahead| days_from(from, ahead)).take_while(|day| *day <= to);
        i64::try_from(days.filter(|day| self.is_open_on(*day)).count()).unwrap_or(i64::MAX)
    }

    /// When the doors are open on a date, in order; empty on a day on which they stay closed.
    pub fn stretches(&self, date: Date) -> Vec<(Timestamp, Timestamp)> {
        self.spans(date).collect()
    }

    /// The stretches of a date as moments, without those that daylight saving leaves no time for.
    fn spans(&self, date: Date) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let holiday = self.holidays.iter().find(|holiday| holiday.date == date);
        let hours = holiday.map_or(self.opening_hours.on(date.weekday()), |holiday| &holiday.open);
        let moment = move |at: MinuteOfDay| local_moment(at.on(date), &self.zone);
        hours.0.iter().map(move |span| (moment(span.open), moment(span.close))).filter(|(open, close)| open < close)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tianhe() -> Shop {
        let day = r#"[["09:00","12:00"],["13:30","18:00"]]"#;
        let week = format!(
            r#"{{"mon":{day},"tue":{day},"wed":{day},"thu":{day},"fri":{day},"sat":[["09:00","24:00"]],"sun":[]}}"#
        );
        Shop {
            zone: TimeZone::get("Asia/Shanghai").expect("a zone"),
            opening_hours: serde_json::from_str(&week).expect("hours"),
            holidays: serde_json::from_str(
                r#"[{"date":"2026-02-17","name":"春节","open":[]},{"date":"2026-02-22","name":"补班","open":[["10:00","15:00"]]}]"#,
            )
            .expect("holidays"),
        }
    }
    fn at(local: &str) -> Timestamp {
        format!("{local}:00+08:00").parse().expect("a time")
    }

    #[test]
    fn open_and_closed() {
        for (local, open) in [
            ("2026-03-02T08:59", false),
            ("2026-03-02T09:00", true),
            ("2026-03-02T12:00", false), // lunch
            ("2026-03-02T13:30", true),
            ("2026-03-02T18:00", false),
            ("2026-03-07T23:59", true), // Saturday until 24:00
            ("2026-03-08T00:00", false),
            ("2026-02-17T10:00", false), // a holiday
            ("2026-02-22T10:00", true),  // a Sunday worked
        ] {
            assert_eq!(tianhe().is_open_at(at(local)), open, "{local}");
        }
    }

    #[test]
    fn the_next_opening_and_the_open_day_before() {
        for (after, next) in [
            ("2026-03-02T08:00", "2026-03-02T09:00"),
            ("2026-03-02T09:00", "2026-03-02T13:30"), // later, not at
            ("2026-03-07T20:00", "2026-03-09T09:00"), // over a Sunday
            ("2026-02-16T19:00", "2026-02-18T09:00"), // over a holiday
        ] {
            assert_eq!(tianhe().next_opening(at(after)), Some(at(next)), "{after}");
        }
        let date = |text: &str| text.parse::<Date>().expect("a date");
        assert_eq!(tianhe().last_open_day_before(date("2026-03-09")), Some(date("2026-03-07")));
        assert_eq!(tianhe().last_open_day_before(date("2026-02-18")), Some(date("2026-02-16")));
        let never = Shop { opening_hours: OpeningHours::default(), ..tianhe() };
        let never = Shop { holidays: Vec::new(), ..never };
        assert_eq!(never.next_opening(at("2026-03-02T08:00")), None);
        assert_eq!(never.last_open_day_before(date("2026-03-02")), None);
    }

    #[test]
    fn acceptance_27_working_days_do_not_count_the_day_of_the_request_nor_closed_days() {
        let date = |text: &str| text.parse::<Date>().expect("a date");
        // Asked on Friday; Sunday is closed.
        for (slot, days) in
            [("2026-03-10", 3), ("2026-03-11", 4), ("2026-03-12", 5), ("2026-03-06", 0), ("2026-03-02", 0)]
        {
            assert_eq!(tianhe().working_days_between(date("2026-03-06"), date(slot)), days, "{slot}");
        }
        // Over a holiday, with a Sunday that is worked.
        assert_eq!(tianhe().working_days_between(date("2026-02-16"), date("2026-02-23")), 6);
        assert_eq!(tianhe().next_open_day_after(date("2026-03-07")), Some(date("2026-03-09")));
    }

    #[test]
    fn the_doors_closed_last_for_a_day_in_the_evening_and_not_at_noon() {
        for (now, closed) in [
            ("2026-03-03T12:30", "2026-03-02T18:00"),
            ("2026-03-03T18:00", "2026-03-03T18:00"),
            ("2026-03-08T00:00", "2026-03-08T00:00"), // Saturday until 24:00
            ("2026-03-09T10:00", "2026-03-08T00:00"), // over the Sunday
        ] {
            assert_eq!(tianhe().last_day_end(at(now)), Some(at(closed)), "{now}");
        }
    }

    #[test]
    fn touching_stretches_open_the_doors_once() {
        let all_week = r#"{"mon":[["00:00","12:00"],["12:00","24:00"]],"tue":[["00:00","24:00"]]}"#;
        let shop =
            Shop { opening_hours: serde_json::from_str(all_week).expect("hours"), holidays: Vec::new(), ..tianhe() };
        assert_eq!(shop.next_opening(at("2026-03-02T00:00")), Some(at("2026-03-09T00:00")));
    }

    #[test]
    fn what_is_refused_is_named() {
        for (text, named) in [
            (r#"{"mon":[["9:00","12:00"]]}"#, "`9:00`"),
            (r#"{"mon":[["18:00","02:00"]]}"#, "`18:00`–`02:00`"),
            (r#"{"mon":[["09:00","12:00"],["11:30","18:00"]]}"#, "`11:30` opens before"),
            (r#"{"monday":[]}"#, "unknown field `monday`"),
            (r#"{"mon":[["09:00"]]}"#, "tuple"),
        ] {
            let error = serde_json::from_str::<OpeningHours>(text).expect_err("refused").to_string();
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
