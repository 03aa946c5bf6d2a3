//! Who is asked, when, and what stands in the way.
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::id::Id;

fn at(hours: i64) -> Timestamp {
    "2026-03-02T01:00:00Z".parse::<Timestamp>().expect("a time").plus(SignedDuration::from_hours(hours))
}
#[expect(clippy::needless_pass_by_value, reason = "given as it is written")]
fn rules(of: Value) -> Rules {
    let body = json!({"name": "N", "department": "D", "region": "CN", "time_zone": "Asia/Shanghai", "locale": "en",
        "phone": "1", "address": "A", "rules": of, "opening_hours": {}});
    Rules::of(
        &Dealership::parse(Id::new(at(0), [0; 10]), "code", "", body).expect("a dealership"),
        FollowUpMode::CallThenSurvey,
    )
}
fn survey() -> Survey {
    Survey {
        id: Id::new(at(0), [1; 10]),
        dealership_id: Id::new(at(0), [2; 10]),
        repair_order_id: "ro_1".to_owned(),
        reference: "R-1".to_owned(),
        state: State::Planned,
        reason: None,
        revision: 0,
        version: 1,
        follow_up: FollowUp::Survey,
        customer_id: None,
        vehicle_id: None,
        advisor_id: None,
        service_type: None,
        pay_type: None,
        is_internal: false,
        opened_at: None,
        delivered_at: at(0),
        is_comeback: false,
        original_id: None,
        came_back_at: None,
        invited_at: None,
        read_at: None,
        expires_at: None,
        completed_at: None,
        created_at: at(0),
    }
}

#[test]
fn who_is_called_and_who_is_asked_in_writing() {
    for (mode, is_called, is_comeback, expected) in [
        ("call_then_survey", true, false, FollowUp::CallThenSurvey),
        ("call_then_survey", false, false, FollowUp::Survey), // a fleet, or who wants no calls
        ("call_then_survey", true, true, FollowUp::Call),
        ("survey", false, false, FollowUp::Survey),
        ("survey", true, true, FollowUp::Call),
        ("call", true, false, FollowUp::Call),
        ("call", false, false, FollowUp::Call),
        ("by pigeon", true, false, FollowUp::CallThenSurvey),
    ] {
        let rules = rules(json!({"follow_up": {"mode": mode}}));
        assert_eq!(follow_up(&rules, is_comeback, is_called), expected, "{mode} {is_called} {is_comeback}");
    }
}

#[test]
fn what_stands_in_the_way_of_an_invitation() {
    let clear = Standing::default();
    for (standing, now, expected) in [
        (clear, 4, Step::Invite),
        (Standing { case_is_open: true, ..clear }, 4, Step::Wait("case_open", at(28))),
        (Standing { parts_are_open: true, ..clear }, 4, Step::Wait("parts_open", at(28))),
        (Standing { last_asked_at: Some(at(4 - 30 * 24 + 1)), ..clear }, 4, Step::Skip("asked_recently")),
        (Standing { last_asked_at: Some(at(4 - 30 * 24)), ..clear }, 4, Step::Invite),
        (Standing { came_back: true, ..clear }, 4, Step::Skip("came_back")),
        (Standing { case_is_open: true, ..clear }, 15 * 24 + 1, Step::Skip("too_late")),
    ] {
        assert_eq!(survey().step(standing, &rules(json!({})), at(now)), expected, "{standing:?} {now}");
    }
}

#[test]
fn a_link_takes_one_answer_in_its_time_and_the_telephone_what_was_said() {
    let mut survey = survey();
    assert!(!survey.takes_answers(false, at(1)) && survey.takes_answers(true, at(1)), "not asked yet");
    survey.invite(&rules(json!({})), at(4));
    assert!(survey.takes_answers(false, at(4 + 14 * 24)));
    assert!(!survey.takes_answers(false, at(5 + 14 * 24)) && survey.takes_answers(true, at(5 + 14 * 24)));
    survey.complete(at(6));
    assert!(!survey.takes_answers(false, at(7)) && !survey.takes_answers(true, at(7)), "answered once");
}

proptest! {
    #[test]
    fn nobody_is_asked_within_thirty_days_or_with_something_open(
        case_is_open: bool, parts_are_open: bool, came_back: bool, asked in proptest::option::of(0i64..3_000), now in 0i64..1_000
    ) {
        let last_asked_at = asked.map(|hours| at(now - hours));
        let standing = Standing { case_is_open, parts_are_open, last_asked_at, came_back };
        if survey().step(standing, &rules(json!({})), at(now)) == Step::Invite {
            prop_assert!(!case_is_open && !parts_are_open && !came_back && now < 360);
            prop_assert!(asked.is_none_or(|hours| hours >= 720));
        }
    }
}
