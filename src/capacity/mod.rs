//! Capacity: the hours of work that each day has room for (BR-08), as another system or a person states them.
pub mod actions;
pub mod api;
mod store;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// `capacity.set`: what a day has room for.
#[derive(Clone, Debug)]
pub struct Fact {
    pub date: Date,
    /// Empty where the workshop is one.
    pub team: String,
    pub available_minutes: i64,
    /// What the sender counts as booked; ours counts where there is none.
    pub booked_minutes: Option<i64>,
}

/// A day as it stands, all teams together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
pub struct Day {
    pub date: String,
    pub available_minutes: i64,
    pub booked_minutes: Option<i64>,
}

/// The share of a day's hours that may be booked, in percent, where a dealership has no rule of its own
/// (`appointments.full_percent`); the rest is for those who come without (seed step 1).
pub const FULL: i64 = 80;

/// Whether so much work is more than `full` percent of a day's hours (BR-08).
pub fn is_overbooked(booked_minutes: i64, available_minutes: i64, full: i64) -> bool {
    booked_minutes.saturating_mul(100) > available_minutes.saturating_mul(full)
}

/// What a day has room for and what is booked on it, in minutes of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    pub available_minutes: i64,
    pub booked_minutes: i64,
    /// The percent of it that may be booked.
    pub full: i64,
}

impl Room {
    /// Beside the work that we know of: it counts where it is more than what the sender counts.
    #[must_use]
    pub fn counting(self, ours: i64) -> Self {
        Self { booked_minutes: self.booked_minutes.max(ours), ..self }
    }
    /// Whether more is booked than should be (BR-08).
    pub fn is_overbooked(self) -> bool {
        is_overbooked(self.booked_minutes, self.available_minutes, self.full)
    }
    /// Whether so much more leaves room for those who come without (BR-08).
    pub fn takes(self, minutes: i64) -> bool {
        !is_overbooked(self.booked_minutes.saturating_add(minutes), self.available_minutes, self.full)
    }
    /// How much more may be booked by then.
    pub fn bookable(self) -> i64 {
        (self.available_minutes.saturating_mul(self.full) / 100 - self.booked_minutes).max(0)
    }
    /// How much is left of the whole day, for those who come without an appointment, too (acceptance 20).
    pub fn left(self) -> i64 {
        (self.available_minutes - self.booked_minutes).max(0)
    }
}

impl Day {
    /// What it has room for beside so much work that we know of, when `full` percent may be booked: what the sender counts as
    /// booked counts where it is more.
    pub fn room(&self, ours: i64, full: i64) -> Room {
        let told = self.booked_minutes.unwrap_or(0);
        Room { available_minutes: self.available_minutes, booked_minutes: told, full }.counting(ours)
    }
}

/// Minutes of work in hours, as people and interfaces count them.
pub fn hours(minutes: i64) -> f64 {
    f64::from(i32::try_from(minutes).unwrap_or(i32::MAX)) / 60.0
}

/// Hours as they are told, in whole minutes.
pub fn minutes(hours: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "a day has few minutes, and more than it has is as full")]
    let minutes = (hours * 60.0).round().clamp(0.0, 1e9) as i64;
    minutes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_fifths_are_not_too_much_and_more_is() {
        assert!(!is_overbooked(minutes(32.0), minutes(40.0), FULL));
        assert!(is_overbooked(minutes(32.1), minutes(40.0), FULL));
        assert!(is_overbooked(minutes(0.5), 0, FULL), "a closed day has no room");
        assert!(!is_overbooked(0, 0, FULL));
    }

    #[test]
    fn what_may_be_booked_and_what_is_left_of_a_day() {
        let room = |available, booked| Room {
            available_minutes: minutes(available),
            booked_minutes: minutes(booked),
            full: FULL,
        };
        assert_eq!((room(40.0, 30.0).bookable(), room(40.0, 30.0).left()), (120, 600));
        assert!(room(40.0, 30.0).takes(120) && !room(40.0, 30.0).takes(121));
        assert_eq!((room(40.0, 39.0).bookable(), room(40.0, 39.0).left()), (0, 60));
        let day = |told| Day { date: "2026-03-04".to_owned(), available_minutes: 600, booked_minutes: told };
        assert_eq!([None, Some(60), Some(240)].map(|told| day(told).room(120, FULL).booked_minutes), [120, 120, 240]);
        assert_eq!(Room { full: 90, ..room(40.0, 30.0) }.bookable(), 360);
        assert_eq!((room(1.0, 2.0).bookable(), room(1.0, 2.0).left()), (0, 0));
    }
}
