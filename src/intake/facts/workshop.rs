//! Facts about the workshop and its systems themselves: what a day has room for, and that a source is there.
use crate::{
    capacity::{self, minutes},
    feeds,
    intake::fields::Fields,
};

/// `capacity.set`; available hours are of the whole day and team.
pub(super) fn capacity(data: &Fields<'_>) -> Option<capacity::Fact> {
    let date = data.require("date", data.line("date")).and_then(|text| {
        let date = text.parse().ok().filter(|_| text.len() == 10);
        if date.is_none() {
            data.fault("date", "not_a_date", "must be a date like 2026-03-05");
        }
        date
    });
    let available = data.require("available_hours", data.quantity("available_hours"));
    let (team, booked) = (data.line("team").unwrap_or_default(), data.quantity("booked_hours"));
    Some(capacity::Fact {
        date: date?,
        team,
        available_minutes: minutes(available?),
        booked_minutes: booked.map(minutes),
    })
}

/// `feed.alive`.
pub(super) fn alive(data: &Fields<'_>) -> Option<feeds::Alive> {
    let at = data.require("at", data.time("at"));
    Some(feeds::Alive { at: at? })
}
