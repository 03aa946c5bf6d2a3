//! A window of every day on somebody's wall clock, such as 10:00-19:00.
use std::{fmt, str::FromStr};

use jiff::{civil::Date, tz::TimeZone};
use serde::Deserialize;

use super::{MinuteOfDay, NoTimeOfDay, days_from, local_moment};
use crate::clock::Timestamp;

/// The same hours every day. Written `10:00-19:00`; it cannot reach over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct DailyWindow {
    from: MinuteOfDay,
    to: MinuteOfDay,
}

/// Why a text is no window.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    #[error("`{0}` is no window: write HH:MM-HH:MM")]
    Shape(Box<str>),
    #[error(transparent)]
    NoTimeOfDay(#[from] NoTimeOfDay),
    #[error("the window `{0}-{1}` ends before it begins")]
    Backwards(MinuteOfDay, MinuteOfDay),
}

impl DailyWindow {
    /// Whole hours, for the windows that are constants; both ends are put right when they are not hours of a day.
    pub(super) fn hours(from: u16, to: u16) -> Self {
        Self { from: MinuteOfDay(from.min(23) * 60), to: MinuteOfDay(to.clamp(from + 1, 24) * 60) }
    }

    /// The moment of the window nearest to `at`, the earlier one when two are equally near; `at` itself when it lies
    /// inside. Both ends belong to the window.
    pub fn nearest_inside(&self, at: Timestamp, zone: &TimeZone) -> Timestamp {
        let mut nearest: Option<Timestamp> = None;
        for (open, close) in self.around(at, zone) {
            let here = at.clamp(open, close);
            let distance = |moment: Timestamp| moment.since(at).abs();
            if nearest.is_none_or(|best| distance(here) < distance(best)) {
                nearest = Some(here);
            }
        }
        nearest.unwrap_or(at)
    }

    /// `at` itself while the window is open (its end does not count), else its next beginning.
    pub fn next_inside(&self, at: Timestamp, zone: &TimeZone) -> Timestamp {
        self.around(at, zone)
            .filter(|(open, close)| open < close && at < *close)
            .map(|(open, _)| at.max(open))
            .next()
            .unwrap_or(at)
    }

    /// The end of the window that is open at `at`, or of the next one.
    pub fn end_after(&self, at: Timestamp, zone: &TimeZone) -> Timestamp {
        self.around(at, zone)
            .filter(|(open, close)| open < close && at < *close)
            .map(|(_, close)| close)
            .next()
            .unwrap_or(at)
    }

    /// The hours that both windows have; `None` when they have none in common.
    pub fn shared_with(&self, other: &Self) -> Option<Self> {
        let (from, to) = (self.from.max(other.from), self.to.min(other.to));
        (from < to).then_some(Self { from, to })
    }

    /// The windows of the days about `at`, in order.
    fn around(&self, at: Timestamp, zone: &TimeZone) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let today = at.in_zone(zone).date();
        let of = |date: Date| (local_moment(self.from.on(date), zone), local_moment(self.to.on(date), zone));
        (-2..=3).map(move |near| of(days_from(today, near)))
    }
}

impl TryFrom<String> for DailyWindow {
    type Error = WindowError;
    fn try_from(text: String) -> Result<Self, WindowError> {
        text.parse()
    }
}
impl FromStr for DailyWindow {
    type Err = WindowError;
    fn from_str(text: &str) -> Result<Self, WindowError> {
        let (from, to) = text.split_once('-').ok_or_else(|| WindowError::Shape(text.into()))?;
        let (from, to) = (from.trim().parse()?, to.trim().parse()?);
        if from >= to {
            return Err(WindowError::Backwards(from, to));
        }
        Ok(Self { from, to })
    }
}
impl fmt::Display for DailyWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_moment_inside_and_the_earlier_when_equal() {
        let window: DailyWindow = "10:00-19:00".parse().expect("a window");
        let zone = TimeZone::get("Asia/Shanghai").expect("a zone");
        let at = |local: &str| format!("{local}:00+08:00").parse::<Timestamp>().expect("a time");
        for (from, to) in [
            ("2026-03-07T08:00", "2026-03-07T10:00"),
            ("2026-03-07T05:00", "2026-03-07T10:00"), // 5 h ahead, not 10 h back
            ("2026-03-07T02:30", "2026-03-06T19:00"), // 7½ h either way: the earlier
            ("2026-03-07T02:31", "2026-03-07T10:00"),
            ("2026-03-07T10:00", "2026-03-07T10:00"),
            ("2026-03-07T19:00", "2026-03-07T19:00"),
            ("2026-03-07T21:00", "2026-03-07T19:00"),
        ] {
            assert_eq!(window.nearest_inside(at(from), &zone), at(to), "{from}");
        }
    }

    #[test]
    fn windows_are_strict() {
        for bad in ["10:00", "19:00-10:00", "10:00-10:00", "10-19", "10:00-25:00"] {
            assert!(bad.parse::<DailyWindow>().is_err(), "{bad}");
        }
        assert_eq!("00:00-24:00".parse::<DailyWindow>().expect("a window").to_string(), "00:00-24:00");
    }
}
