//! Tests of what follows a call.
use super::*;
use crate::{
    calls::hours::tests::{at, hours},
    config::Config,
};

fn past(calls: &[(&str, &str)]) -> Vec<Past> {
    calls.iter().map(|(time, result)| Past { at: at(time), result: Some((*result).to_owned()) }).collect()
}
/// What follows the last of these calls, said right after it.
fn after(calls: &[(&str, &str)], used: i64) -> Next {
    let past = past(calls);
    let last = past.last().expect("a call");
    let result = TelephonyResult::read(last.result.as_deref().expect("a result")).expect("a result");
    let told = Told { result, outcome: None, callback_at: None, language: None };
    next(&told, &past, (used, 3), last.at, &hours(None, "zh"), &Config::default().calls)
}

#[test]
fn the_retry_matrix() {
    let monday = "2026-03-02T10:00";
    for (calls, used, when, why) in [
        (vec![(monday, "busy")], 1, "2026-03-02T10:15", "busy"),
        (vec![(monday, "no_answer")], 1, "2026-03-02T14:00", "no_answer"), // another part of the day, and not at midday
        (vec![("2026-03-02T14:00", "no_answer")], 1, "2026-03-02T18:00", "no_answer"),
        (vec![("2026-03-02T18:30", "no_answer")], 1, "2026-03-03T09:00", "no_answer"),
        (vec![(monday, "rejected")], 1, "2026-03-02T14:00", "no_answer"),
        (vec![(monday, "voicemail")], 1, "2026-03-03T10:00", "voicemail"),
        (vec![(monday, "failed_network")], 0, "2026-03-02T10:05", "failed_network"),
        (vec![(monday, "agent_abandoned")], 1, "2026-03-02T10:30", "agent_abandoned"),
        // The second busy line of a day waits as if nobody had answered.
        (vec![(monday, "busy"), ("2026-03-02T10:15", "busy")], 2, "2026-03-03T14:00", "busy"),
        // The third try falls on another day, whatever the parts of the first two.
        (vec![(monday, "no_answer"), ("2026-03-02T14:00", "no_answer")], 2, "2026-03-03T09:00", "no_answer"),
        (
            vec![
                (monday, "failed_network"),
                ("2026-03-02T10:05", "failed_network"),
                ("2026-03-02T10:10", "failed_network"),
            ],
            0,
            "2026-03-02T14:10",
            "failed_network",
        ),
        // A Saturday: not on the Sunday that is closed.
        (vec![("2026-03-07T18:30", "no_answer")], 1, "2026-03-09T09:00", "no_answer"),
    ] {
        assert_eq!(after(&calls, used), Next::Retry(at(when), why), "{calls:?}");
    }
    assert_eq!(after(&[(monday, "no_answer")], 3), Next::Exhausted);
    assert_eq!(after(&[(monday, "invalid_number")], 0), Next::OtherNumber);
    assert_eq!(after(&[(monday, "disconnected")], 0), Next::OtherNumber);
}

#[test]
fn what_the_customer_says_decides() {
    let now = at("2026-03-02T10:00");
    let call_at = Some(at("2026-03-03T18:30"));
    for (outcome, callback_at, language, follows) in [
        (Outcome::CompletedSatisfied, None, None, Next::Done),
        (Outcome::DncAll, None, None, Next::Done),
        (Outcome::RescheduleMe, call_at, None, Next::CallBack { at: at("2026-03-03T18:30"), by_me: true }),
        (Outcome::RescheduleAny, call_at, None, Next::CallBack { at: at("2026-03-03T18:30"), by_me: false }),
        (Outcome::NotConvenient, None, None, Next::Retry(at("2026-03-02T14:00"), "not_convenient")),
        (Outcome::ThirdParty, None, None, Next::Retry(at("2026-03-02T14:00"), "third_party")),
        (Outcome::LanguageMismatch, None, Some("ja"), Next::Reroute("ja".to_owned())),
        (Outcome::WrongNumber, None, None, Next::OtherNumber),
    ] {
        let told = Told {
            result: TelephonyResult::Answered,
            outcome: Some(outcome),
            callback_at,
            language: language.map(str::to_owned),
        };
        let past = past(&[("2026-03-02T10:00", "answered")]);
        let says = next(&told, &past, (1, 3), now, &hours(None, "zh"), &Config::default().calls);
        assert_eq!(says, follows, "{outcome:?}");
    }
}

proptest::proptest! {
    /// However the calls end: three at most, on two days and in two parts of the day at least, inside the hours.
    #[test]
    fn tries_that_nobody_answers_keep_the_rules(ends in proptest::collection::vec(0..4_usize, 12), start in 0..(7 * 24 * 60_i64)) {
        let (hours, rules) = (hours(None, "zh"), Config::default().calls);
        let words = ["no_answer", "busy", "voicemail", "rejected"];
        let mut now = hours.next_good(at("2026-03-02T00:00").plus(jiff::SignedDuration::from_mins(start)));
        let mut past: Vec<Past> = Vec::new();
        for end in ends {
            assert!(hours.is_open(now));
            past.push(Past { at: now, result: Some(words[end].to_owned()) });
            let told = Told { result: TelephonyResult::read(words[end]).expect("a result"), outcome: None, callback_at: None, language: None };
            let used = i64::try_from(past.len()).expect("few");
            match next(&told, &past, (used, 3), now, &hours, &rules) {
                Next::Retry(at, _) => {
                    assert!(at > now);
                    now = at;
                }
                Next::Exhausted => break,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(past.len(), 3);
        assert!(past.iter().any(|call| !hours.is_same_day(call.at, past[0].at)), "two days: {past:?}");
        assert!(past.iter().any(|call| hours.day_part(call.at) != hours.day_part(past[0].at)), "two parts of the day: {past:?}");
    }
}
