//! What facts come to, as tables.
use super::*;
use crate::{
    customers::Person,
    id::{Ids, Random},
};

fn at(text: &str) -> Timestamp {
    format!("2026-03-{text}:00Z").parse().expect("a time")
}

fn booking(start: &str) -> Booking {
    let customer = Person::named("C-1");
    Booking {
        customer,
        vehicle: None,
        advisor_ref: None,
        start_at: at(start),
        end_at: None,
        booked_at: None,
        booked_by: None,
        channel: None,
        services: None,
        customer_words: None,
        is_comeback: None,
        parts_required: None,
        parts_ready: None,
    }
}

fn said(word: &str) -> Said {
    let occasion = || Occasion { at: at("05T10:00"), by: None, reason: None };
    match word.split_once(' ') {
        Some(("booked", start)) => Said::Booked(booking(start)),
        Some(("rescheduled", start)) => Said::Rescheduled(booking(start)),
        _ => match word {
            "confirmed" => Said::Confirmed(occasion()),
            "cancelled" => Said::Cancelled(occasion()),
            "arrived" => Said::Arrived(occasion()),
            "no_show" => Said::NoShow(occasion()),
            "completed" => Said::Completed(occasion()),
            other => panic!("{other}"),
        },
    }
}

/// Facts a minute apart, in the order of their times; what becomes of the last, the state and the revision.
#[test]
fn what_a_fact_comes_to_depends_on_what_was_heard_before() {
    const SEVENTH: &str = "booked 07T09:30";
    const EIGHTH: &str = "booked 08T09:30";
    let cases: &[(&[&str], &str)] = &[
        (&[SEVENTH], "aloud booked, booked 0"),
        (&["rescheduled 07T09:30"], "aloud booked, booked 0"),
        (&[SEVENTH, SEVENTH], "quiet booked, booked 0"),
        (&[SEVENTH, EIGHTH], "aloud rescheduled, booked 1"),
        (&[SEVENTH, "confirmed"], "aloud confirmed, confirmed 0"),
        (&[SEVENTH, "confirmed", SEVENTH], "quiet booked, confirmed 0"),
        (&[SEVENTH, "confirmed", EIGHTH], "aloud rescheduled, booked 1"),
        (&[SEVENTH, "confirmed", "confirmed"], "quiet confirmed, confirmed 0"),
        (&[SEVENTH, "cancelled"], "aloud cancelled, cancelled 1"),
        (&[SEVENTH, "cancelled", "cancelled"], "quiet cancelled, cancelled 1"),
        (&[SEVENTH, "cancelled", "confirmed"], "already_cancelled, cancelled 1"),
        (&[SEVENTH, "cancelled", "no_show"], "already_cancelled, cancelled 1"),
        (&[SEVENTH, "cancelled", "arrived"], "aloud arrived, arrived 1"),
        (&[SEVENTH, "cancelled", SEVENTH], "aloud booked, booked 2"),
        (&[SEVENTH, "cancelled", "rescheduled 08T09:30"], "aloud booked, booked 2"),
        (&[SEVENTH, "arrived"], "aloud arrived, arrived 0"),
        (&[SEVENTH, "arrived", "arrived"], "quiet arrived, arrived 0"),
        (&[SEVENTH, "arrived", "cancelled"], "already_arrived, arrived 0"),
        (&[SEVENTH, "arrived", "no_show"], "already_arrived, arrived 0"),
        (&[SEVENTH, "arrived", EIGHTH], "quiet booked, arrived 1"),
        (&[SEVENTH, "no_show"], "aloud no_show, no_show 0"),
        (&[SEVENTH, "no_show", SEVENTH], "quiet booked, no_show 0"),
        (&[SEVENTH, "no_show", EIGHTH], "aloud booked, booked 1"),
        (&[SEVENTH, "no_show", "arrived"], "aloud arrived, arrived 0"),
        (&[SEVENTH, "no_show", "cancelled"], "already_missed, no_show 0"),
        (&[SEVENTH, "no_show", "confirmed"], "already_missed, no_show 0"),
        (&[SEVENTH, "completed"], "aloud completed, completed 0"),
        (&[SEVENTH, "completed", "arrived"], "quiet arrived, completed 0"),
        (&["arrived"], "quiet arrived, arrived 0"),
        (&["cancelled"], "quiet cancelled, cancelled 1"),
        (&["confirmed", SEVENTH], "aloud booked, confirmed 0"),
        (&["cancelled", SEVENTH], "aloud booked, booked 1"),
    ];
    for (facts, wanted) in cases {
        let mut appointment: Option<Appointment> = None;
        let mut last = None;
        for (minute, fact) in (0i64..).zip(*facts) {
            let said = said(fact);
            last =
                Some(tell(&mut appointment, &said, at("05T10:00").plus(jiff::SignedDuration::from_mins(minute)), None));
        }
        let appointment = appointment.expect("heard of");
        assert_eq!(format!("{}, {}", last.expect("one fact"), state(&appointment)), **wanted, "{facts:?}");
    }
}

#[test]
fn older_news_is_stale_by_the_senders_revision_or_else_by_time() {
    // The minute and revision of what was applied last, those of a move that comes after it, and whether it is stale.
    let cases = [
        ((10, None), (9, None), true),
        ((10, None), (10, None), false),
        ((10, Some(3)), (9, None), true),
        ((10, None), (9, Some(3)), true),
        ((10, Some(3)), (9, Some(3)), false),
        ((10, Some(3)), (9, Some(4)), false),
        ((10, Some(3)), (11, Some(2)), true),
    ];
    for ((known_at, known), (told_at, told), is_stale) in cases {
        let minute = |m: i64| at("05T10:00").plus(jiff::SignedDuration::from_mins(m));
        let mut appointment = None;
        tell(&mut appointment, &said("booked 07T09:30"), minute(known_at), known);
        let came_to = tell(&mut appointment, &said("rescheduled 08T09:30"), minute(told_at), told);
        assert_eq!(came_to == "older_than_known", is_stale, "{known:?} then {told:?}: {came_to}");
    }
}

#[test]
fn a_late_booking_fills_in_and_says_nothing() {
    let mut appointment = None;
    tell(&mut appointment, &said("arrived"), at("05T10:00"), None);
    assert_eq!(tell(&mut appointment, &said("booked 05T10:00"), at("05T09:00"), None), "quiet booked");
    assert_eq!(tell(&mut appointment, &said("booked 06T10:00"), at("05T09:30"), None), "older_than_known");
    let appointment = appointment.expect("heard of");
    assert_eq!((appointment.start_at, state(&appointment)), (Some(at("05T10:00")), "arrived 0".to_owned()));
    assert_eq!(appointment.heard_at, at("05T10:00"));
}

fn tell(appointment: &mut Option<Appointment>, said: &Said, time: Timestamp, revision: Option<i64>) -> String {
    let ids = Ids { clock: crate::clock::Clock::fixed(time), random: Random::seeded(3) };
    let customer = said.booking().map(|_| ids.next());
    let news = News { said, time, revision, customer, vehicle: None, advisor: None, source: "/dms" };
    let verdict = if let Some(known) = appointment {
        known.hear(&news)
    } else {
        let (first, verdict) = Appointment::first_heard(ids.next(), ids.next(), "A-1", &news, time);
        *appointment = Some(first);
        verdict
    };
    match verdict {
        Verdict::Applied(effect) => {
            let word = effect.event_type.strip_prefix("appointment.").expect("ours");
            format!("{} {word}", if effect.quietly { "quiet" } else { "aloud" })
        }
        Verdict::Stale(reason) => reason.to_owned(),
    }
}

fn state(appointment: &Appointment) -> String {
    let state = serde_json::to_value(appointment.state).expect("a word");
    format!("{} {}", state.as_str().expect("a word"), appointment.revision)
}
