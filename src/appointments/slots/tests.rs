//! Bookable times against an oracle that walks the minutes of a week and asks each for itself.
use std::{collections::BTreeMap, sync::LazyLock};

use jiff::{SignedDuration, civil::Date, tz::TimeZone};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Arrival, Book, HALF_AN_HOUR, Parts, Slot, Wish};
use crate::{calendar::Shop, capacity::Room, clock::Timestamp, id::Id, staff::Staff};

fn at(local: &str) -> Timestamp {
    format!("{local}:00+08:00").parse().expect("a time")
}
fn local(at: Timestamp) -> String {
    at.in_zone(&TimeZone::get("Asia/Shanghai").expect("a zone")).strftime("%m-%d %H:%M").to_string()
}
fn minutes(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}
fn advisor(n: u8) -> Id<Staff> {
    Id::new(at("2026-01-01T00:00"), [n; 10])
}
/// With hours of their own, where some are told.
fn person(n: u8, shifts: &Value) -> Staff {
    let body = json!({"name": "x", "roles": ["advisor"], "shifts": shifts});
    Staff::parse(advisor(n), Id::new(at("2026-01-01T00:00"), [9; 10]), "adv", "", body).expect("valid")
}
fn two() -> [Staff; 2] {
    [1, 2].map(|n| person(n, &json!({})))
}

/// Split on weekdays, a Saturday morning; a holiday on Tuesday the 3rd and a Sunday that is worked.
fn tianhe() -> Shop {
    let day = r#"[["09:00","12:00"],["13:30","18:00"]]"#;
    let week = format!(
        r#"{{"mon":{day},"tue":{day},"wed":{day},"thu":{day},"fri":{day},"sat":[["09:00","12:00"]],"sun":[]}}"#
    );
    Shop {
        zone: TimeZone::get("Asia/Shanghai").expect("a zone"),
        opening_hours: serde_json::from_str(&week).expect("hours"),
        holidays: serde_json::from_str(
            r#"[{"date":"2026-03-03","name":"holiday","open":[]},{"date":"2026-03-08","name":"make-up day","open":[["10:00","15:00"]]}]"#,
        )
        .expect("holidays"),
    }
}
fn wish(minutes: i64) -> Wish {
    Wish { minutes, advisor: None, parts: Parts::Here, moving: None }
}
fn arrival(n: u8, start: &str, who: Option<u8>) -> Arrival {
    let id = Id::new(at("2026-01-01T00:00"), [n; 10]);
    Arrival { id, start_at: at(start), advisor_id: who.map(advisor), minutes: 60 }
}

/// What is asked in most of these: a stretch of the book of two advisors.
fn slots(arrivals: &[Arrival], days: &BTreeMap<Date, Room>, wish: &Wish, from: &str, until: &str) -> Vec<Slot> {
    let (shop, advisors) = (tianhe(), two());
    let book = Book { shop: &shop, apart: HALF_AN_HOUR, advisors: &advisors, arrivals, days };
    book.slots(wish, (at(from), at(until)), at("2026-03-02T10:00"))
}
fn starts(slots: &[Slot]) -> Vec<String> {
    slots.iter().map(|slot| local(slot.start_at)).collect()
}
fn day(slots: &[Slot], date: &str) -> usize {
    slots.iter().filter(|slot| local(slot.start_at).starts_with(date)).count()
}

#[test]
fn times_follow_split_shifts_holidays_make_up_days_and_are_not_in_the_past() {
    let found = slots(&[], &BTreeMap::new(), &wish(60), "2026-03-01T00:00", "2026-03-10T00:00");
    assert_eq!(local(found[0].start_at), "03-02 10:30", "it is ten o'clock on Monday");
    assert_eq!(day(&found, "03-03"), 0, "a holiday");
    // A whole day: six in the morning, and eight after the break, the last an hour before the doors close.
    let wednesday: Vec<String> = starts(&found).into_iter().filter(|start| start.starts_with("03-04")).collect();
    assert_eq!(wednesday.len(), 14, "{wednesday:?}");
    assert_eq!((&*wednesday[5], &*wednesday[6], &*wednesday[13]), ("03-04 11:30", "03-04 13:30", "03-04 17:00"));
    assert_eq!(day(&found, "03-07"), 5, "Saturday morning");
    assert_eq!(day(&found, "03-08"), 9, "a Sunday that is worked");
}

#[test]
fn work_goes_on_after_the_break_and_ends_before_the_doors_close() {
    let found = slots(&[], &BTreeMap::new(), &wish(90), "2026-03-04T00:00", "2026-03-05T00:00");
    let ends = |start: &str| local(found.iter().find(|slot| local(slot.start_at) == start).expect(start).end_at);
    assert_eq!(ends("03-04 11:30"), "03-04 14:30");
    assert_eq!(starts(&found).last().expect("one"), "03-04 16:30");
    // More than a day of work is begun in the morning.
    let long = slots(&[], &BTreeMap::new(), &wish(600), "2026-03-04T00:00", "2026-03-05T00:00");
    assert_eq!(starts(&long), ["03-04 09:00"]);
}

#[test]
fn arrivals_of_one_advisor_are_half_an_hour_apart_and_another_may_be_free() {
    let both = [arrival(1, "2026-03-04T09:45", Some(1)), arrival(2, "2026-03-04T10:00", Some(2))];
    let of = |arrivals: &[Arrival], wish: &Wish| {
        starts(&slots(arrivals, &BTreeMap::new(), wish, "2026-03-04T09:00", "2026-03-04T11:30"))
    };
    assert_eq!(of(&both[..1], &wish(60)).len(), 5, "the other one is free");
    assert_eq!(of(&both, &wish(60)), ["03-04 09:00", "03-04 09:30", "03-04 10:30", "03-04 11:00"]);
    let only = Wish { advisor: Some(advisor(1)), ..wish(60) };
    assert_eq!(of(&both, &only), ["03-04 09:00", "03-04 10:30", "03-04 11:00"]);
    // Whom nobody is named for takes one of them.
    let unnamed = [both[0], arrival(3, "2026-03-04T10:00", None)];
    assert_eq!(of(&unnamed, &wish(60)), ["03-04 09:00", "03-04 09:30", "03-04 10:30", "03-04 11:00"]);
    // A visit that is moved is in nobody's way.
    let moving = Wish { moving: Some(both[0].id), ..only };
    assert_eq!(of(&both, &moving).len(), 5);
}

#[test]
fn nobody_is_offered_who_is_away_or_works_at_other_hours() {
    let on_wednesday_afternoon = json!({"week": {"wed": [["13:30", "18:00"]]}});
    let away = json!({"away": [{"from": "2026-03-04", "to": "2026-03-04"}]});
    let (shop, advisors) = (tianhe(), [person(1, &away), person(2, &on_wednesday_afternoon)]);
    let book = Book { shop: &shop, apart: HALF_AN_HOUR, advisors: &advisors, arrivals: &[], days: &BTreeMap::new() };
    let of = |wish: &Wish, day: &str| {
        book.slots(
            wish,
            (at(&format!("2026-03-{day}T00:00")), at(&format!("2026-03-{day}T23:00"))),
            at("2026-03-02T10:00"),
        )
    };
    let wednesday = of(&wish(60), "04");
    assert_eq!(starts(&wednesday)[0], "03-04 13:30", "in the morning nobody is here");
    assert!(wednesday.iter().all(|slot| slot.advisors == [advisor(2)]));
    assert!(of(&wish(60), "05").iter().all(|slot| slot.advisors == [advisor(1)]));
    let named = |n| Wish { advisor: Some(advisor(n)), ..wish(60) };
    assert!(of(&named(1), "04").is_empty() && !of(&named(1), "05").is_empty());
    assert!(!of(&named(2), "04").is_empty() && of(&named(2), "05").is_empty());
}

#[test]
fn a_day_takes_four_fifths_of_its_hours_and_says_what_is_left() {
    let room = |booked| {
        BTreeMap::from([(date("2026-03-04"), Room { available_minutes: 600, booked_minutes: booked, full: 80 })])
    };
    let count =
        |booked, minutes| slots(&[], &room(booked), &wish(minutes), "2026-03-04T00:00", "2026-03-06T00:00").len();
    assert_eq!((count(420, 60), count(421, 60)), (28, 14), "480 of 600 minutes, and not one more");
    // What we know of counts where it is more than what was stated, and less the visit that is moved.
    let ours: Vec<Arrival> = (1..=8).map(|n| arrival(n, &format!("2026-03-04T{:02}:00", 8 + n), Some(2))).collect();
    let of = |wish: &Wish| slots(&ours, &room(0), wish, "2026-03-04T00:00", "2026-03-05T00:00").len();
    assert_eq!(of(&wish(60)), 0);
    assert!(of(&Wish { moving: Some(ours[0].id), ..wish(60) }) > 0);
    let (shop, days) = (tianhe(), room(100));
    let book = Book { shop: &shop, apart: HALF_AN_HOUR, advisors: &[], arrivals: &ours, days: &days };
    let rooms = book.rooms(None);
    assert_eq!(rooms[&date("2026-03-04")].left(), 120);
    assert!(!rooms.contains_key(&date("2026-03-05")), "nobody has stated it");
}

#[test]
fn parts_that_are_to_come_make_an_earlier_time_conditional() {
    let of = |parts| {
        let wish = Wish { parts, ..wish(60) };
        let found = slots(&[], &BTreeMap::new(), &wish, "2026-03-04T09:00", "2026-03-04T11:00");
        found.iter().map(|slot| slot.conditional).collect::<Vec<_>>()
    };
    assert_eq!(of(Parts::Here), [false; 4]);
    assert_eq!(of(Parts::By(at("2026-03-04T10:00"))), [true, true, false, false]);
    assert_eq!(of(Parts::Unknown), [true; 4]);
    let days = [Some(at("2026-03-05T10:00")), Some(at("2026-03-04T10:00"))];
    assert_eq!((Parts::of(days), Parts::of([])), (Parts::By(at("2026-03-05T10:00")), Parts::Here));
    assert_eq!(Parts::of([days[0], None]), Parts::Unknown);
}

fn date(text: &str) -> Date {
    text.parse().expect("a date")
}

/// Whether the doors are open, for each minute of the week from Monday the 2nd; asked of the calendar, which has an oracle
/// of its own.
static OPEN: LazyLock<Vec<bool>> = LazyLock::new(|| {
    let (shop, monday) = (tianhe(), at("2026-03-02T00:00"));
    (0..7 * 1440).map(|minute| shop.is_open_at(monday.plus(minutes(minute)))).collect()
});

/// Whether this minute of the week can be given, asked minute by minute: starts of others, who they go to, their length.
fn can_be_given(taken: &[(usize, Option<u8>, i64)], available: i64, stated: i64, length: i64, minute: usize) -> bool {
    // Most minutes are none, and need no more.
    let opened = (0..=minute).rev().take_while(|m| OPEN[*m]).last();
    if !opened.is_some_and(|opened| (minute - opened).is_multiple_of(30)) {
        return false;
    }
    let the_day = minute / 1440 * 1440..(minute / 1440 + 1) * 1440;
    let on_the_day = |of: std::ops::Range<usize>| i64::try_from(of.filter(|m| OPEN[*m]).count()).expect("small");
    let fits = on_the_day(minute..the_day.end) >= length.min(on_the_day(the_day.clone()));
    let near = |who: Option<u8>| taken.iter().filter(|(at, of, _)| *of == who && at.abs_diff(minute) < 30).count();
    let free = [1, 2].into_iter().filter(|who| near(Some(*who)) == 0).count();
    let booked: i64 = taken.iter().filter(|(at, ..)| the_day.contains(at)).map(|(.., minutes)| minutes).sum();
    fits && free > near(None) && (booked.max(stated) + length) * 5 <= available * 4
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Exactly the minutes of a week that can be given are offered, whoever has booked what.
    #[test]
    fn what_is_offered_is_what_can_be_given(
        taken in prop::collection::vec((0_usize..7 * 288, prop::option::of(1_u8..4), 0_i64..240), 0..40),
        length in 0_i64..700,
        hours in 5_i64..60,
        now in 0_usize..7 * 1440,
    ) {
        let (shop, monday, advisors) = (tianhe(), at("2026-03-02T00:00"), two());
        let moment = |minute: usize| monday.plus(minutes(i64::try_from(minute).expect("small")));
        let taken: Vec<(usize, Option<u8>, i64)> = taken.into_iter().map(|(five, who, m)| (five * 5, who, m)).collect();
        let arrival = |((at, who, minutes), n): (&(usize, Option<u8>, i64), u8)| Arrival {
            id: Id::new(monday, [n; 10]),
            start_at: moment(*at),
            advisor_id: who.map(advisor),
            minutes: *minutes,
        };
        let mut arrivals: Vec<Arrival> = taken.iter().zip(1..).map(arrival).collect();
        arrivals.sort_by_key(|arrival| arrival.start_at);
        let room = Room { available_minutes: hours * 60, booked_minutes: 60, full: 80 };
        let days: BTreeMap<Date, Room> = (2..10).map(|day| (date(&format!("2026-03-{day:02}")), room)).collect();
        let book = Book { shop: &shop, apart: HALF_AN_HOUR, advisors: &advisors, arrivals: &arrivals, days: &days };
        let offered = book.slots(&wish(length), (monday, moment(7 * 1440)), moment(now));
        let offered: Vec<Timestamp> = offered.iter().map(|slot| slot.start_at).collect();
        let given: Vec<Timestamp> = (now + 1..7 * 1440)
            .filter(|minute| can_be_given(&taken, hours * 60, 60, length, *minute))
            .map(moment)
            .collect();
        prop_assert_eq!(offered, given);
    }
}
