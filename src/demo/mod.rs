//! The demo: the four dealerships and their days, told on a clock of its own, with a mailbox to look into.
pub mod history;
pub mod mailbox;
pub mod people;
pub mod story;

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::clock::Timestamp;

/// Claims of the demo never run out: its clock leaps while they are worked on.
pub const LEASE: Duration = Duration::from_hours(24 * 365);

/// The dealerships whose people are told in a group at `WeCom`.
pub const GROUPS: [&str; 2] = ["gz-tianhe", "sh-pudong"];

/// A time as the demo shows it: the wall clock of a dealership, with the day of the week.
fn wall_clock(at: Timestamp, zone: &TimeZone) -> String {
    at.in_zone(zone).strftime("%a %Y-%m-%d %H:%M").to_string()
}
