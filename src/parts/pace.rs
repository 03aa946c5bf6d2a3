//! Opening hours and working days of parts: when an arrival is told, when the next step falls due, how much later a day is.
//! Pure.
use jiff::{SignedDuration, civil::Date};

use crate::{
    calendar::{Shop, days_from, local_moment},
    clock::Timestamp,
};

/// A slip is told from so many working days on (BR-20).
pub(super) const SLIP: usize = 2;
/// Working days after which an arrival nobody answered becomes the advisor's call, the second message, the queue's call
/// (BR-22).
pub(super) const STEPS: [usize; 3] = [1, 2, 3];
/// When a part that is here and not fitted becomes a daily task (BR-23).
pub(super) const OLD: SignedDuration = SignedDuration::from_hours(30 * 24);
/// BR-23: five days before the maker takes nothing back any more.
const RETURN_BY: SignedDuration = SignedDuration::from_hours((45 - 5) * 24);
/// No further ahead is an open day looked for.
const A_YEAR: i64 = 366;

/// BR-20: inside opening hours at once, else after the next opening, some seconds apart from the others.
pub(super) fn tell_at(shop: &Shop, at: Timestamp, jitter: SignedDuration) -> Timestamp {
    if shop.is_open_at(at) { at } else { shop.next_opening(at).map_or(at, |open| open.plus(jitter)) }
}

/// So many working days later, at the same time of the day; what came outside of opening hours counts from the next
/// opening. Where the dealership never opens, a day is a day.
pub(super) fn working_days_after(shop: &Shop, at: Timestamp, days: usize) -> Timestamp {
    let from = if shop.is_open_at(at) { at } else { shop.next_opening(at).unwrap_or(at) };
    let local = from.in_zone(&shop.zone).datetime();
    let mut open = (1..=A_YEAR).map(|ahead| days_from(local.date(), ahead)).filter(|day| shop.is_open_on(*day));
    let calendar = days_from(local.date(), i64::try_from(days).unwrap_or(A_YEAR));
    let day = open.nth(days.saturating_sub(1)).unwrap_or(calendar);
    local_moment(day.to_datetime(local.time()), &shop.zone)
}

/// The first opening on a later day: what comes every working day comes then.
pub(super) fn next_morning(shop: &Shop, at: Timestamp) -> Timestamp {
    let tomorrow = days_from(at.in_zone(&shop.zone).date(), 1);
    let midnight = local_moment(tomorrow.at(0, 0, 0, 0), &shop.zone);
    shop.next_opening(midnight.minus(SignedDuration::from_micros(1))).unwrap_or(midnight)
}

/// How many working days `to` is after `from`; 0 when it is not after it.
pub(super) fn working_days_between(shop: &Shop, from: Timestamp, to: Timestamp) -> usize {
    let date = |at: Timestamp| at.in_zone(&shop.zone).date();
    let (from, to): (Date, Date) = (date(from), date(to));
    (1..=A_YEAR)
        .map(|ahead| days_from(from, ahead))
        .take_while(|day| *day <= to)
        .filter(|day| shop.is_open_on(*day))
        .count()
}

/// The last day on which what arrived then can be sent back without loss.
pub(super) fn return_by(arrived_at: Timestamp) -> Timestamp {
    arrived_at.plus(RETURN_BY)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;

    fn shop() -> Shop {
        let day = r#"[["09:00","18:00"]]"#;
        let week = format!(r#"{{"mon":{day},"tue":{day},"wed":{day},"thu":{day},"fri":{day},"sat":{day}}}"#);
        Shop {
            zone: TimeZone::get("Asia/Shanghai").expect("a zone"),
            opening_hours: serde_json::from_str(&week).expect("hours"),
            holidays: serde_json::from_str(r#"[{"date":"2026-03-10","name":"x","open":[]}]"#).expect("days"),
        }
    }
    fn at(local: &str) -> Timestamp {
        format!("{local}:00+08:00").parse().expect("a time")
    }

    #[test]
    fn inside_the_hours_at_once_else_after_the_next_opening() {
        let jitter = SignedDuration::from_secs(90);
        assert_eq!(tell_at(&shop(), at("2026-03-12T14:00"), jitter), at("2026-03-12T14:00"));
        assert_eq!(tell_at(&shop(), at("2026-03-12T21:30"), jitter), at("2026-03-13T09:00").plus(jitter));
        assert_eq!(tell_at(&shop(), at("2026-03-07T18:00"), jitter), at("2026-03-09T09:00").plus(jitter));
        let never = Shop { opening_hours: calendar_closed(), holidays: Vec::new(), ..shop() };
        assert_eq!(tell_at(&never, at("2026-03-07T18:00"), jitter), at("2026-03-07T18:00"));
        assert_eq!(working_days_after(&never, at("2026-03-07T18:00"), 2), at("2026-03-09T18:00"));
    }
    fn calendar_closed() -> crate::calendar::OpeningHours {
        crate::calendar::OpeningHours::default()
    }

    #[test]
    fn working_days_pass_over_sundays_and_holidays() {
        for (from, days, then) in [
            ("2026-03-05T14:00", 1, "2026-03-06T14:00"),
            ("2026-03-07T14:00", 1, "2026-03-09T14:00"), // Saturday to Monday
            ("2026-03-07T14:00", 2, "2026-03-11T14:00"), // Tuesday is a holiday
            ("2026-03-05T21:30", 1, "2026-03-07T09:00"), // counts from Friday morning
            ("2026-03-08T12:00", 3, "2026-03-13T09:00"),
        ] {
            assert_eq!(working_days_after(&shop(), at(from), days), at(then), "{from} + {days}");
        }
        for (from, to, days) in [
            ("2026-03-06T10:00", "2026-03-07T10:00", 1),
            ("2026-03-06T10:00", "2026-03-08T10:00", 1),
            ("2026-03-06T10:00", "2026-03-09T00:00", 2),
            ("2026-03-06T10:00", "2026-03-11T23:00", 3),
            ("2026-03-06T10:00", "2026-03-06T18:00", 0),
            ("2026-03-06T10:00", "2026-03-01T18:00", 0),
        ] {
            assert_eq!(working_days_between(&shop(), at(from), at(to)), days, "{from} to {to}");
        }
    }

    proptest! {
        #[test]
        fn so_many_working_days_later_is_that_many_working_days_away(minutes in 0_i64..60 * 24 * 60, days in 1_usize..20) {
            let from = at("2026-02-20T00:00").plus(SignedDuration::from_mins(minutes));
            let counted = tell_at(&shop(), from, SignedDuration::ZERO);
            let then = working_days_after(&shop(), from, days);
            prop_assert!(then > from);
            prop_assert!(next_morning(&shop(), from) > from && shop().is_open_at(next_morning(&shop(), from)));
            prop_assert_eq!(working_days_between(&shop(), counted, then), days);
            prop_assert!(shop().is_open_at(then));
        }
    }
}
