//! Bookable times (BR-07, BR-08, BR-10; seed step 1): which of the times at which the doors are open can still be given. Pure.
pub mod api;
pub mod offering;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::{SignedDuration, civil::Date};

use super::Appointment;
use crate::{
    calendar::{Shop, days_from},
    capacity::Room,
    clock::Timestamp,
    id::Id,
    staff::Staff,
};

/// The longest time that is looked at in one question, in days.
pub const MOST_DAYS: i64 = 31;

/// Times are offered at every half hour, and closer where arrivals may be closer.
const HALF_AN_HOUR: SignedDuration = SignedDuration::from_mins(30);

/// What is wanted of a time.
#[derive(Clone, Debug)]
pub struct Wish {
    /// How long the work takes, in minutes while the doors are open.
    pub minutes: i64,
    /// Only when this one can receive them, at their own hours where they are among the advisors; anybody where nobody is named.
    pub advisor: Option<Id<Staff>>,
    pub parts: Parts,
    /// A visit that is to be moved: where it stands now is in nobody's way.
    pub moving: Option<Id<Appointment>>,
}

/// Whether the parts of a visit are there (BR-10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Parts {
    Here,
    /// The last of them is expected then.
    By(Timestamp),
    /// One is not there, and nobody has named a day for it.
    Unknown,
}

impl Parts {
    /// Of the days that are named for what is still to come; none where nothing is.
    pub fn of(days: impl IntoIterator<Item = Option<Timestamp>>) -> Self {
        days.into_iter().map(|day| day.map_or(Self::Unknown, Self::By)).max().unwrap_or(Self::Here)
    }
    /// Whether a visit at that time could only be confirmed on condition that they come.
    fn leave_open(self, at: Timestamp) -> bool {
        match self {
            Self::Here => false,
            Self::By(day) => at < day,
            Self::Unknown => true,
        }
    }
}

/// A visit that is planned, as it takes an advisor's time and the workshop's.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    pub id: Id<Appointment>,
    pub start_at: Timestamp,
    pub advisor_id: Option<Id<Staff>>,
    pub minutes: i64,
}

/// What is known of a dealership's book.
#[derive(Clone, Copy, Debug)]
pub struct Book<'a> {
    pub shop: &'a Shop,
    /// How far apart the arrivals of one advisor are (BR-07).
    pub apart: SignedDuration,
    /// Those who receive customers, in the order in which they are offered, with the hours at which they are here.
    pub advisors: &'a [Staff],
    /// In the order of their starts.
    pub arrivals: &'a [Arrival],
    /// The days of which the hours are stated.
    pub days: &'a BTreeMap<Date, Room>,
}

/// A time that can be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    pub start_at: Timestamp,
    /// When the work is done, closed times not counted.
    pub end_at: Timestamp,
    /// Who can receive them then; empty where nobody is on the list of advisors.
    pub advisors: Vec<Id<Staff>>,
    /// A part may not be there by then: the confirmation would be conditional (BR-10).
    pub conditional: bool,
}

impl Book<'_> {
    /// The times from `from` and before `until` that can be given, none that is not later than `now`: half hours from each
    /// opening of the doors, as far apart from every other arrival of the same advisor as the dealership wants (BR-07), on days
    /// that keep room for those who come without (BR-08), with the doors open long enough for the work. Work that no day is long enough
    /// for begins when the doors open.
    pub fn slots(&self, wish: &Wish, (from, until): (Timestamp, Timestamp), now: Timestamp) -> Vec<Slot> {
        let (mut slots, rooms) = (Vec::new(), self.rooms(wish.moving));
        for date in self.dates((from, until)) {
            let stretches = self.shop.stretches(date);
            let whole_day: i64 = stretches.iter().map(|(open, close)| close.since(*open).as_mins()).sum();
            let minutes = wish.minutes.clamp(0, whole_day);
            if rooms.get(&date).is_some_and(|room| !room.takes(wish.minutes)) {
                continue;
            }
            for start_at in stretches.iter().flat_map(|stretch| times(*stretch, self.apart.min(HALF_AN_HOUR))) {
                let is_asked_for = start_at >= from && start_at < until && start_at > now;
                let Some(end_at) = ends(&stretches, start_at, minutes).filter(|_| is_asked_for) else { continue };
                let Some(advisors) = self.free(wish, start_at) else { continue };
                slots.push(Slot { start_at, end_at, advisors, conditional: wish.parts.leave_open(start_at) });
            }
        }
        slots
    }

    /// The days of that time on the dealership's calendar.
    pub fn dates(&self, (from, until): (Timestamp, Timestamp)) -> impl Iterator<Item = Date> + use<> {
        let of = |at: Timestamp| at.in_zone(&self.shop.zone).date();
        let (first, last) = (of(from), of(until));
        (0..=MOST_DAYS + 1).map(move |days| days_from(first, days)).take_while(move |date| *date <= last)
    }

    /// The room of each day of which the hours are stated, beside what is booked on it. What the sender counts as booked
    /// counts where it is more than what we know of.
    pub fn rooms(&self, without: Option<Id<Appointment>>) -> BTreeMap<Date, Room> {
        let mut booked: BTreeMap<Date, (i64, i64)> = BTreeMap::new();
        for arrival in self.arrivals {
            let (ours, own) = booked.entry(arrival.start_at.in_zone(&self.shop.zone).date()).or_default();
            *ours += arrival.minutes;
            *own += if Some(arrival.id) == without { arrival.minutes } else { 0 };
        }
        let beside = |(date, room): (&Date, &Room)| {
            let (ours, own) = booked.get(date).copied().unwrap_or_default();
            let room = room.counting(ours);
            (*date, Room { booked_minutes: room.booked_minutes - own, ..room })
        };
        self.days.iter().map(beside).collect()
    }

    /// Who can receive somebody at this time: they are here and have nobody else; `None` when nobody can. A visit that names no
    /// advisor takes one of them.
    fn free(&self, wish: &Wish, at: Timestamp) -> Option<Vec<Id<Staff>>> {
        let first = self.arrivals.partition_point(|arrival| arrival.start_at <= at.minus(self.apart));
        let near = self.arrivals[first..].iter().take_while(|arrival| arrival.start_at < at.plus(self.apart));
        let near: Vec<&Arrival> = near.filter(|arrival| Some(arrival.id) != wish.moving).collect();
        let is_taken = |who: Id<Staff>| near.iter().any(|arrival| arrival.advisor_id == Some(who));
        if let Some(who) = wish.advisor {
            let is_here =
                self.advisors.iter().find(|one| one.id == who).is_none_or(|one| one.is_on_shift(self.shop, at));
            return (is_here && !is_taken(who)).then(|| vec![who]);
        }
        if self.advisors.is_empty() {
            return near.is_empty().then(Vec::new);
        }
        let here = self.advisors.iter().filter(|one| one.is_on_shift(self.shop, at)).map(|one| one.id);
        let free: Vec<Id<Staff>> = here.filter(|who| !is_taken(*who)).collect();
        let unnamed = near.iter().filter(|arrival| arrival.advisor_id.is_none()).count();
        (free.len() > unnamed).then_some(free)
    }
}

/// The times of a stretch, from its opening, `step` after `step`.
fn times((open, close): (Timestamp, Timestamp), step: SignedDuration) -> impl Iterator<Item = Timestamp> {
    std::iter::successors(Some(open), move |at| Some(at.plus(step))).take_while(move |at| *at < close)
}

/// When so much work that begins then is done; `None` when the doors close for the day before.
fn ends(stretches: &[(Timestamp, Timestamp)], start: Timestamp, minutes: i64) -> Option<Timestamp> {
    let mut left = SignedDuration::from_mins(minutes);
    for (open, close) in stretches.iter().filter(|(_, close)| *close > start) {
        let begins = start.max(*open);
        let here = close.since(begins);
        if left <= here {
            return Some(begins.plus(left));
        }
        left -= here;
    }
    None
}
