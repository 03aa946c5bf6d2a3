//! Civil time: when a dealership is open, when a window of the day is open, and when a telephone may ring.
mod hours;
#[cfg(test)]
mod oracle;
mod quiet;
mod window;

use std::{fmt, str::FromStr};

use jiff::{
    ToSpan,
    civil::{Date, DateTime},
    tz::{AmbiguousOffset, TimeZone},
};

use crate::clock::Timestamp;

pub use hours::{DayHours, Holiday, HoursError, OpeningHours, Shop, Span};
pub use quiet::{Region, quiet_until, quiet_window};
pub use window::{DailyWindow, WindowError};

/// A time of the day in whole minutes after midnight, 00:00 to 24:00; 24:00 is the end of its day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MinuteOfDay(u16);

/// A text that is no time of the day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no time of the day: write HH:MM, 00:00 to 24:00")]
pub struct NoTimeOfDay(pub Box<str>);

impl MinuteOfDay {
    /// `None` beyond 24:00 or with 60 minutes and more.
    pub fn new(hour: u16, minute: u16) -> Option<Self> {
        (minute < 60 && hour <= 24 && hour * 60 + minute <= 24 * 60).then_some(Self(hour * 60 + minute))
    }
    /// This time of `date`; 24:00 is midnight of the day after.
    fn on(self, date: Date) -> DateTime {
        if self.0 >= 24 * 60 {
            return days_from(date, 1).at(0, 0, 0, 0);
        }
        let part = |n: u16| i8::try_from(n).unwrap_or_default();
        date.at(part(self.0 / 60), part(self.0 % 60), 0, 0)
    }
}

impl FromStr for MinuteOfDay {
    type Err = NoTimeOfDay;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |part: &str| {
            let fits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
            fits.then(|| part.parse::<u16>().ok()).flatten()
        };
        text.split_once(':')
            .and_then(|(hour, minute)| Self::new(number(hour)?, number(minute)?))
            .ok_or_else(|| NoTimeOfDay(text.into()))
    }
}
impl fmt::Display for MinuteOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}
impl fmt::Debug for MinuteOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The moment at which the wall clock of `zone` first reads `at` or later (BR-80): a time that daylight saving skips is
/// the first valid moment after the gap, a time that comes twice is its first occurrence.
///
/// jiff's own `compatible` rule moves a skipped 02:30 to 03:30; ours is 03:00, so that what is due "at the opening of the
/// window" is not half an hour late on one day of the year.
pub fn local_moment(at: DateTime, zone: &TimeZone) -> Timestamp {
    let ambiguous = zone.to_ambiguous_timestamp(at);
    let gap_end = match ambiguous.offset() {
        AmbiguousOffset::Gap { after, .. } => after
            .to_timestamp(at)
            .ok()
            .and_then(|before_the_gap| zone.following(before_the_gap).next())
            .map(|transition| transition.timestamp()),
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => None,
    };
    let moment = gap_end.or_else(|| ambiguous.compatible().ok());
    Timestamp::new(moment.unwrap_or(if at.year() < 1970 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX }))
}

/// `date` moved by whole days; the calendar's own ends when that lies beyond them.
pub fn days_from(date: Date, days: i64) -> Date {
    date.saturating_add(days.clamp(-100_000, 100_000).days())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skipped_time_is_the_first_valid_moment_and_a_doubled_one_the_first_occurrence() {
        let moment = |local: &str, zone: &str| {
            let zone = TimeZone::get(zone).expect("a zone");
            local_moment(local.parse().expect("a time"), &zone).to_string()
        };
        for (local, zone, expected) in [
            ("2026-03-07T09:30", "Asia/Shanghai", "2026-03-07T01:30"),
            ("2026-03-08T02:30", "America/Los_Angeles", "2026-03-08T10:00"), // gap 02:00–03:00
            ("2026-11-01T01:30", "America/Los_Angeles", "2026-11-01T08:30"), // first of two
            ("2011-12-30T12:00", "Pacific/Apia", "2011-12-30T10:00"),        // a day that never was
            ("2026-10-04T02:10", "Australia/Lord_Howe", "2026-10-03T15:30"), // gap of half an hour
        ] {
            assert_eq!(moment(local, zone), format!("{expected}:00.000000Z"), "{local} {zone}");
        }
    }

    #[test]
    fn times_of_the_day_are_strict() {
        for good in ["00:00", "09:30", "23:59", "24:00"] {
            assert_eq!(good.parse::<MinuteOfDay>().expect("a time").to_string(), good);
        }
        for bad in ["9:30", "24:01", "12:60", "0930", "", "ab:cd", "+1:00", "09:30:00"] {
            assert!(bad.parse::<MinuteOfDay>().expect_err("no time").to_string().contains(bad));
        }
    }
}
