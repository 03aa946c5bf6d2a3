//! Tests of a task's life.
use sqlx::types::Json;

use super::*;
use crate::{
    calls::{
        CallType,
        hours::tests::{at, hours},
    },
    config::Config,
    id::Id,
    notices::SubjectKind,
};

pub(in crate::calls) fn task(now: Timestamp) -> CallTask {
    CallTask {
        id: Id::new(now, [9; 10]),
        dealership_id: Id::new(now, [1; 10]),
        kind: CallType::FollowUp,
        customer_id: Id::new(now, [2; 10]),
        vehicle_id: None,
        subject_type: SubjectKind::RepairOrder,
        subject_id: "ro_1".to_owned(),
        round: 0,
        reason: "delivered".to_owned(),
        state: State::Scheduled,
        state_reason: None,
        stage: None,
        level: 7,
        is_urgent: false,
        language: "zh".to_owned(),
        any_language: false,
        skill: None,
        not_before: now,
        ready_at: None,
        due_at: now.plus(jiff::SignedDuration::from_hours(48)),
        at_risk_at: now.plus(jiff::SignedDuration::from_hours(36)),
        expires_at: Some(now.plus(jiff::SignedDuration::from_hours(24 * 14))),
        window_until: None,
        callback_at: None,
        callback_by: None,
        owner_id: None,
        lease_until: None,
        stage_at: None,
        fence: 0,
        previous_agent: None,
        attempts: 0,
        max_attempts: 3,
        outcome: None,
        ended_at: None,
        detail: Json(serde_json::json!({})),
        created_at: now,
        updated_at: now,
    }
}

/// Wakes the task at each of its own times and tells what it became.
fn story(mut task: CallTask, steps: usize) -> Vec<String> {
    let (hours, rules) = (hours(None, "zh"), Config::default().calls);
    let mut told = Vec::new();
    for _ in 0..steps {
        let Some(next) = task.next_wake(&rules) else { break };
        let woke = task.wake(next, &hours, &rules);
        let local = next.plus(jiff::SignedDuration::from_hours(8)).to_string();
        told.push(format!(
            "{} {woke:?} {:?} level {} {}{}",
            &local[5..16],
            task.state,
            task.level,
            task.state_reason.as_deref().unwrap_or("-"),
            if task.any_language { " any language" } else { "" }
        ));
    }
    told
}

#[test]
fn a_task_waits_for_its_hours_its_language_and_its_turn_until_it_expires() {
    let monday = task(at("2026-03-02T10:00"));
    assert_eq!(
        story(monday, 8),
        [
            "03-02T10:00 Moved Ready level 7 -",
            "03-02T12:00 Moved Ready level 7 - any language",
            "03-02T20:00 Moved Scheduled level 7 call_hours",
            "03-03T09:00 Moved Ready level 7 -",
            "03-03T11:00 Moved Ready level 7 - any language",
            "03-03T20:00 Moved Scheduled level 7 call_hours",
            "03-04T09:00 Moved Ready level 4 -",
            "03-04T11:00 Moved Ready level 4 - any language",
        ]
    );
}

#[test]
fn a_promised_call_is_its_agent_s_until_a_quarter_of_an_hour_after_and_then_anybody_s() {
    let mut promised = task(at("2026-03-02T15:45"));
    promised.callback_at = Some(at("2026-03-02T16:00"));
    promised.callback_by = Some(Id::new(at("2026-03-02T10:00"), [7; 10]));
    assert_eq!(story(promised, 2), ["03-02T15:45 Moved Ready level 1 -", "03-02T16:15 Moved Ready level 2 -"]);
    let mut late = task(at("2026-03-02T20:45"));
    late.callback_at = Some(at("2026-03-02T21:00"));
    assert_eq!(
        story(late, 3),
        [
            "03-02T20:45 Moved Ready level 2 -",
            "03-02T21:15 Moved Scheduled level 2 call_hours",
            "03-03T09:00 Moved Ready level 2 -"
        ],
        "who asks to be called in the evening is; who was not reached then is not called at night"
    );
}

#[test]
fn who_dawdles_or_vanishes_loses_the_task() {
    let (hours, rules) = (hours(None, "zh"), Config::default().calls);
    let agent = Id::new(at("2026-03-02T10:00"), [7; 10]);
    let mut dawdles = task(at("2026-03-02T10:00"));
    dawdles.lease(agent, at("2026-03-02T10:00"), &rules);
    assert_eq!(dawdles.wake(at("2026-03-02T10:04"), &hours, &rules), Woke::Nothing);
    assert_eq!(dawdles.wake(at("2026-03-02T10:05"), &hours, &rules), Woke::PreviewTimeOut);
    assert_eq!((dawdles.state, dawdles.state_reason.as_deref()), (State::Ready, Some("preview_timeout")));
    let mut vanishes = task(at("2026-03-02T10:00"));
    vanishes.lease(agent, at("2026-03-02T10:00"), &rules);
    vanishes.stage = Some(Stage::Connected);
    assert_eq!(vanishes.wake(at("2026-03-02T10:14"), &hours, &rules), Woke::Nothing);
    assert_eq!(vanishes.wake(at("2026-03-02T10:15"), &hours, &rules), Woke::AgentLost);
    assert_eq!((vanishes.state, vanishes.not_before), (State::Scheduled, at("2026-03-02T10:45")));
    let mut old = task(at("2026-03-02T10:00"));
    assert_eq!(old.wake(at("2026-03-17T10:00"), &hours, &rules), Woke::Expired);
}
