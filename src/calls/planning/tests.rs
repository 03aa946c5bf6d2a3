//! Which visits are followed up by a call, when, and by whom.
use super::*;
use crate::{
    calls::hours::tests::{at, hours, tianhe},
    config::Config,
};

fn visit(delivered: &str) -> Visit {
    let id = |n| Id::new(at("2026-01-01T00:00"), [n; 10]);
    Visit {
        dealership: Arc::new(tianhe()),
        repair_order_id: "ro_1".to_owned(),
        customer_id: Id::new(at("2026-01-01T00:00"), [2; 10]),
        vehicle_id: None,
        delivered_at: at(delivered),
        served_by: vec![id(3), id(4)],
        is_internal: false,
        is_comeback: false,
        of_fleet: false,
        has_open_case: false,
        after_case: false,
        detail: json!({}),
    }
}
const PERSON: Standing = Standing { kind: Kind::Person, spoken_to_at: None, is_suppressed: false };

fn planned(visit: &Visit) -> NewTask {
    follow_up(visit, PERSON, &hours(None, "zh"), &Config::default().follow_up).expect("a call")
}

#[test]
fn a_follow_up_opens_after_a_day_and_is_due_after_three() {
    for (delivered, opens, due) in [
        ("2026-03-02T10:30", "2026-03-03T10:30", "2026-03-05T10:30"),
        ("2026-03-02T12:30", "2026-03-03T14:00", "2026-03-05T12:30"), // not at midday
        ("2026-03-02T21:00", "2026-03-04T09:00", "2026-03-05T21:00"), // not in the evening
        ("2026-03-06T17:00", "2026-03-07T17:00", "2026-03-09T17:00"),
        ("2026-03-07T10:30", "2026-03-09T09:00", "2026-03-10T10:30"), // over the Sunday
        ("2026-02-14T11:00", "2026-02-16T09:00", "2026-02-17T11:00"), // still due in 72 hours, though a holiday
    ] {
        let task = planned(&visit(delivered));
        assert_eq!((task.not_before, task.due_at), (at(opens), at(due)), "{delivered}");
        assert_eq!(task.expires_at, Some(at(delivered).plus(SignedDuration::from_hours(15 * 24))));
        assert_eq!(task.excluded_staff.len(), 2);
        assert!(task.detail["moved_over_holidays"].is_null());
    }
    // A week of holidays: the next open day, and it says so.
    let task = planned(&visit("2026-02-16T17:00"));
    assert_eq!((task.not_before, task.due_at), (at("2026-02-23T09:00"), at("2026-02-23T20:00")));
    assert_eq!(task.detail["moved_over_holidays"], true);
}

#[test]
fn a_comeback_is_always_called_within_two_days() {
    let comeback = Visit { is_comeback: true, ..visit("2026-03-02T10:30") };
    let task = planned(&comeback);
    assert_eq!((task.not_before, task.due_at), (at("2026-03-03T10:30"), at("2026-03-04T10:30")));
    assert!(task.is_urgent);
    let mut settings = Config::default().follow_up;
    settings.mode = FollowUpMode::Survey;
    let lately = Standing { spoken_to_at: Some(at("2026-03-01T10:00")), kind: Kind::Company, ..PERSON };
    assert!(follow_up(&comeback, lately, &hours(None, "zh"), &settings).is_ok());
}

#[test]
fn who_is_not_called_after_a_visit() {
    let usual = || visit("2026-03-02T10:30");
    let lately = |days: i64| Standing {
        spoken_to_at: Some(at("2026-03-02T10:30").minus(SignedDuration::from_hours(24 * days))),
        ..PERSON
    };
    let mut survey = Config::default().follow_up;
    survey.mode = FollowUpMode::Survey;
    let settings = Config::default().follow_up;
    let ask = |visit: &Visit, standing, settings| follow_up(visit, standing, &hours(None, "zh"), settings).err();
    for (visit, standing, settings, why) in [
        (Visit { is_internal: true, ..usual() }, PERSON, &settings, Some(NoCall::Internal)),
        (Visit { of_fleet: true, ..usual() }, PERSON, &settings, Some(NoCall::Fleet)),
        (Visit { has_open_case: true, ..usual() }, PERSON, &settings, Some(NoCall::OpenCase)),
        (usual(), Standing { is_suppressed: true, ..PERSON }, &settings, Some(NoCall::Suppressed)),
        (usual(), lately(6), &settings, Some(NoCall::SpokenToLately)),
        (usual(), lately(7), &settings, None),
        (usual(), Standing { kind: Kind::Company, ..PERSON }, &settings, Some(NoCall::Fleet)),
        (usual(), PERSON, &survey, Some(NoCall::SurveyOnly)),
    ] {
        assert_eq!(ask(&visit, standing, settings), why);
    }
}
