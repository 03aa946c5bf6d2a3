//! Capacity: the hours of work that each day has room for (BR-08), as another system or a person states them.
pub mod actions;
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

/// The share of a day's hours that may be booked, in percent; the rest is for those who come without (seed step 1).
pub const FULL: i64 = 80;

/// Whether so much work is more than a day should have booked (BR-08).
pub fn is_overbooked(booked_minutes: i64, available_minutes: i64) -> bool {
    booked_minutes.saturating_mul(100) > available_minutes.saturating_mul(FULL)
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
        assert!(!is_overbooked(minutes(32.0), minutes(40.0)));
        assert!(is_overbooked(minutes(32.1), minutes(40.0)));
        assert!(is_overbooked(minutes(0.5), 0), "a closed day has no room");
        assert!(!is_overbooked(0, 0));
    }
}
