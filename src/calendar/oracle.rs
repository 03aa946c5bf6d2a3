//! The calendar against an oracle that walks the minutes of a wall clock and shares no function with it.
use jiff::{
    SignedDuration,
    civil::{DateTime, Weekday},
    tz::TimeZone,
};
use proptest::prelude::*;

use super::{DailyWindow, OpeningHours, Region, Shop, quiet_until};
use crate::{clock::Timestamp, notices::Class};

/// Every zone of the IANA database, by name.
fn zones() -> Vec<String> {
    let names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
    assert!(names.len() > 400, "only {} zones are here", names.len());
    names
}

/// What the wall clock reads, minute by minute, over some days about a moment.
struct Walk {
    start: i64,
    reads: Vec<DateTime>,
}

impl Walk {
    fn about(minute: i64, zone: &TimeZone, days: i64) -> Self {
        let start = minute - 4 * 1440;
        let reads = (start..minute + days * 1440)
            .map(|m| zone.to_datetime(jiff::Timestamp::from_second(m * 60).expect("in range")))
            .collect();
        Self { start, reads }
    }
    /// The first minute at which the clock reads this time of a day, or later. A day counts from the walk's first midnight.
    fn first(&self, day: i64, minutes: i64) -> i64 {
        let midnight = self.reads[0].date().to_datetime(jiff::civil::Time::midnight());
        let wanted = midnight + SignedDuration::from_mins(day * 1440 + minutes);
        let index = self.reads.iter().position(|read| *read >= wanted).expect("within the walk");
        self.start + i64::try_from(index).expect("small")
    }
    fn weekday(&self, day: i64) -> Weekday {
        (self.reads[0].date().to_datetime(jiff::civil::Time::midnight()) + SignedDuration::from_hours(24 * day))
            .weekday()
    }
    /// The stretches that `minutes_of` gives each whole day of the walk.
    fn stretches(&self, days: i64, minutes_of: impl Fn(Weekday) -> Vec<(i64, i64)>) -> Vec<(i64, i64)> {
        (1..3 + days)
            .flat_map(|day| minutes_of(self.weekday(day)).into_iter().map(move |span| (day, span)))
            .map(|(day, (from, to))| (self.first(day, from), self.first(day, to)))
            .collect()
    }
}

fn at(minute: i64) -> Timestamp {
    Timestamp::new(jiff::Timestamp::from_second(minute * 60).expect("in range"))
}

/// A minute between 2000 and 2036, mostly near a change of the clocks.
fn minute_in(zone: &TimeZone, seed: i64, off: i64) -> i64 {
    let any = 15_778_800 + seed;
    let next = zone.following(jiff::Timestamp::from_second(any * 60).expect("in range")).next();
    let near = next.map(|change| change.timestamp().as_second() / 60).filter(|m| *m < 34_712_640);
    near.unwrap_or(any) + off
}

/// Windows, quiet hours and opening hours at one minute are those of the wall clock. `cuts` are four times of the day in
/// their order, `closed` the day of the week without hours.
fn agrees(zone: &TimeZone, minute: i64, cuts: &[i64], closed: i8) -> Result<(), TestCaseError> {
    let text = |m: i64| format!("{:02}:{:02}", m / 60, m % 60);
    let walk = Walk::about(minute, zone, 5);

    // The nearest moment of a window, the earlier of two.
    let window: DailyWindow = format!("{}-{}", text(cuts[0]), text(cuts[2])).parse().expect("a window");
    let nearest = walk
        .stretches(3, |_| vec![(cuts[0], cuts[2])])
        .into_iter()
        .flat_map(|(from, to)| from..=to)
        .min_by_key(|m| ((m - minute).abs(), *m));
    prop_assert_eq!(Some(window.nearest_inside(at(minute), zone)), nearest.map(at));

    // Quiet hours: eight to nine in the evening.
    let loud = walk.stretches(3, |_| vec![(8 * 60, 21 * 60)]);
    let next = loud.iter().flat_map(|(from, to)| *from..*to).find(|m| *m >= minute).map(at);
    let said = quiet_until(at(minute), Class::Transactional, Region::China, true, zone);
    prop_assert_eq!(Some(said.unwrap_or(at(minute))), next);

    // Opening hours with a closed day in the week.
    let day = format!(r#"[["{}","{}"],["{}","{}"]]"#, text(cuts[0]), text(cuts[1]), text(cuts[2]), text(cuts[3]));
    let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let of = |n: usize| usize::try_from(closed).is_ok_and(|closed| closed == n);
    let days: Vec<_> =
        names.iter().enumerate().filter(|(n, _)| !of(*n)).map(|(_, name)| format!(r#""{name}":{day}"#)).collect();
    let opening_hours: OpeningHours = serde_json::from_str(&format!("{{{}}}", days.join(","))).expect("hours");
    let shop = Shop { zone: zone.clone(), opening_hours, holidays: Vec::new() };
    let open = walk.stretches(4, |weekday| {
        if weekday.to_monday_zero_offset() == closed {
            Vec::new()
        } else {
            vec![(cuts[0], cuts[1]), (cuts[2], cuts[3])]
        }
    });
    let is_open = |m: i64| open.iter().any(|(from, to)| *from <= m && m < *to);
    prop_assert_eq!(shop.is_open_at(at(minute)), is_open(minute));
    let next = (minute + 1..minute + 3 * 1440).find(|m| is_open(*m) && !is_open(m - 1)).map(at);
    let said = shop.next_opening(at(minute)).filter(|open| *open < at(minute + 3 * 1440));
    prop_assert_eq!(said, next);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn windows_hours_and_quiet_are_those_of_the_wall_clock(
        zone in any::<prop::sample::Index>(), seed in 0_i64..18_000_000, off in -3000_i64..3000,
        cuts in proptest::collection::btree_set(0_i64..=1440, 4), closed in 0_i8..7,
    ) {
        let names = zones();
        let zone = TimeZone::get(&names[zone.index(names.len())]).expect("a zone");
        let cuts: Vec<i64> = cuts.into_iter().collect();
        agrees(&zone, minute_in(&zone, seed, off), &cuts, closed)?;
    }
}

/// Not one zone is left to chance: each is looked at around two changes of its clocks, or at two minutes where it has none.
#[test]
fn no_zone_of_the_database_has_another_wall_clock() {
    for (n, name) in zones().iter().enumerate() {
        let zone = TimeZone::get(name).expect("a zone");
        for round in 0..2 {
            let spread = i64::try_from(n).expect("few") * 7919 + round * 104_729;
            let cuts = [spread % 300, 300 + spread % 211, 700 + spread % 307, 1100 + spread % 341];
            let minute = minute_in(&zone, spread * 1_009 % 18_000_000, spread % 6000 - 3000);
            let closed = i8::try_from(spread % 7).expect("a day");
            agrees(&zone, minute, &cuts, closed).unwrap_or_else(|found| panic!("{name} at {}: {found}", at(minute)));
        }
    }
}
