//! A call ends: its word is kept once, and everything that follows from it happens in the same transaction (BR-40, BR-44).
use std::sync::Arc;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::types::Json;

use super::{
    CallTask, CallType, State, hearing,
    keeping::{hours_of, keep, line, topic},
    outcomes::{Next, Outcome, Past, TelephonyResult, Told, ending, next},
    store::{
        self,
        attempts::{self, Attempt},
    },
};
use crate::{
    customers::{
        self,
        consent::actions::{NewSuppression, suppress},
        vehicles,
    },
    db,
    dealerships::Dealership,
    desk::Desk,
    notices::{
        ChannelName, SubjectKind,
        actions::{Heard, Subject, hear},
        grammar::{Facts, Moment},
    },
    staff::Staff,
};

/// Nobody asks for an opinion who said no, for so long (`domain/calls.md` B3).
const SURVEYS_REST: SignedDuration = SignedDuration::from_hours(24 * 180);

/// What an agent says of a call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Word {
    pub(super) told: Told,
    /// The contact point that was called, as it is named in the claim's answer.
    pub(super) number: Option<String>,
    pub(super) note: Option<String>,
    pub(super) answers: Value,
    /// The appointment that was made on the call, by the sender's name for it.
    pub(super) appointment: Option<String>,
    pub(super) idempotency_key: Option<String>,
    /// Of the whole request.
    pub(super) request_hash: String,
}

/// What the agent is answered.
#[derive(Clone, Debug)]
pub(super) enum Concluded {
    Kept(Value),
    /// The same word was kept before: its answer again.
    Again(Value),
    /// The same key with another word.
    KeyReused,
    /// Somebody else has the task now, or nobody; the note is kept as a draft.
    LeaseLost,
    Unknown(&'static str),
}

/// Closes the call with its word, now unless it is over already, and does what follows from it; `past` are the calls for this
/// task so far.
pub(super) async fn settle(
    desk: &mut Desk<'_>,
    mut task: CallTask,
    agent: &Staff,
    word: &Word,
    (mut attempt, past): (Attempt, &[Attempt]),
) -> db::Result<Concluded> {
    let id = task.id;
    let Some((dealership, hours)) = hours_of(desk, &task).await? else {
        return Ok(Concluded::Unknown("customer"));
    };
    // What stands only now was over when it was said.
    attempt.ended_at = attempt.ended_at.or(Some(desk.now));
    attempt.telephony_result = Some(word.told.result.word().to_owned());
    attempt.outcome = word.told.outcome.map(|outcome| outcome.word().to_owned());
    attempt.reached = Some(word.told.outcome.map_or("nobody", Outcome::reached).to_owned());
    attempt.note.clone_from(&word.note);
    attempt.answers = Json(word.answers.clone());
    if matches!(
        word.told.result,
        TelephonyResult::FailedNetwork | TelephonyResult::InvalidNumber | TelephonyResult::Disconnected
    ) {
        // The customer's telephone did not ring.
        task.attempts = (task.attempts - 1).max(0);
    }
    let rules = desk.config.calls.clone();
    let mut calls: Vec<Past> = past
        .iter()
        .filter(|earlier| earlier.id != attempt.id)
        .map(|earlier| Past { at: earlier.started_at, result: earlier.telephony_result.clone() })
        .collect();
    calls.push(Past { at: attempt.started_at, result: attempt.telephony_result.clone() });
    let mut what_next = next(&word.told, &calls, (task.attempts, task.max_attempts), desk.now, &hours, &rules);
    if what_next == Next::OtherNumber {
        let why = word.told.outcome.map_or(word.told.result.word(), Outcome::word);
        if let Some(point) = attempt.contact_point_id {
            customers::actions::mark_invalid(desk, task.customer_id, point, why).await?;
        }
        let left = !attempts::numbers(desk.tx, task.customer_id).await?.is_empty();
        what_next = if left && task.attempts < task.max_attempts {
            Next::Retry(hours.next_allowed(desk.now), "next_number")
        } else {
            Next::Exhausted
        };
    }
    apply(desk, &mut task, agent, &dealership, word, &what_next).await?;
    if task.state == State::Scheduled && task.not_before <= desk.now {
        task.become_ready(desk.now, &hours, &rules);
    }
    // Kept first: what follows withdraws calls that are of no more use, and this one is over.
    keep(desk, std::slice::from_ref(&task)).await?;
    follow(desk, &task, &attempt, word).await?;
    hearing::tell(desk, &task, &attempt, agent, &dealership, word).await?;
    let answer = json!({
        "task": task.id, "attempt": attempt.id, "state": task.state, "reason": task.state_reason,
        "next_at": Some(task.not_before).filter(|_| task.state.is_open()), "attempts_left": (task.max_attempts - task.attempts).max(0),
    });
    attempt.idempotency_key.clone_from(&word.idempotency_key);
    attempt.request_hash = Some(word.request_hash.clone());
    attempt.answer = Some(Json(answer.clone()));
    attempts::save(desk.tx, &[&attempt]).await?;
    attempts::drop_draft(desk.tx, id, agent.id).await?;
    let mut line = line(desk, &task, "call.completed");
    line.actor = Some(agent.id.to_string());
    line.reason = attempt.outcome.clone().or_else(|| attempt.telephony_result.clone());
    line.detail["attempt"] = json!(attempt.id);
    line.detail["telephony_result"] = json!(attempt.telephony_result);
    if let Some(appointment) = &word.appointment {
        line.detail["appointment"] = json!(appointment);
    }
    desk.record(line);
    Ok(Concluded::Kept(answer))
}

/// What becomes of the task itself.
async fn apply(
    desk: &mut Desk<'_>,
    task: &mut CallTask,
    agent: &Staff,
    dealership: &Arc<Dealership>,
    word: &Word,
    what_next: &Next,
) -> db::Result<()> {
    let now = desk.now;
    if word.told.outcome.is_some_and(|outcome| outcome.reached() == "customer") {
        task.previous_agent = Some(agent.id);
    }
    // Its subject vanished while somebody was on the line: no further call.
    let vanished = task.detail.get("withdrawn").and_then(Value::as_str).map(str::to_owned);
    (task.callback_at, task.callback_by) = (None, None);
    task.outcome = word.told.outcome.map(|outcome| outcome.word().to_owned());
    match (what_next, vanished) {
        (Next::Done, _) => task.end(State::Done, ending(task, word.told.outcome), now),
        (_, Some(why)) => task.end(State::Withdrawn, &why, now),
        (Next::Retry(at, why), None) => task.put_off(*at, why, now),
        (Next::CallBack { at, by_me }, None) => {
            // They asked for it: one more than the rules allow by themselves.
            task.max_attempts = task.max_attempts.max(task.attempts + 1);
            task.put_off(at.minus(desk.config.calls.callback_tolerance.signed()).max(now), "callback", now);
            task.callback_at = Some(*at);
            task.callback_by = by_me.then_some(agent.id);
            task.due_at = task.due_at.max(at.plus(desk.config.calls.callback_tolerance.signed()));
            task.expires_at = task.expires_at.map(|expires| expires.max(at.plus(SignedDuration::from_hours(24))));
        }
        (Next::Reroute(language), None) => {
            task.put_off(now, "language_mismatch", now);
            task.language.clone_from(language);
            task.previous_agent = None;
        }
        (Next::OtherNumber, None) => task.put_off(now, "next_number", now),
        (Next::Exhausted, None) => {
            let why = ending(task, None);
            exhaust(desk, task, dealership, why).await?;
        }
    }
    Ok(())
}

/// Nobody was reached: the task ends, and a written word goes out instead (BR-40, `calls.md` B3).
pub(super) async fn exhaust(
    desk: &mut Desk<'_>,
    task: &mut CallTask,
    dealership: &Arc<Dealership>,
    why: &str,
) -> db::Result<()> {
    task.end(State::Exhausted, why, desk.now);
    let mut line = line(desk, task, "call.exhausted");
    line.reason = Some(why.to_owned());
    desk.record(line);
    let said = match task.kind {
        CallType::FollowUp => "call.exhausted",
        // They were reminded in writing, with the same question.
        CallType::Confirm => return Ok(()),
        _ => "call.unreached",
    };
    hearing::tell_unreached(desk, task).await?;
    let subject = Subject {
        kind: SubjectKind::CallTask,
        id: task.id.to_string(),
        reference: task.subject_id.clone(),
        revision: task.attempts,
    };
    let mut heard = Heard::new(said, dealership, subject);
    heard.is_new = true;
    heard.customer_id = Some(task.customer_id);
    heard.facts = Facts::default().at(Moment::OccurredAt, desk.now);
    hear(desk, &heard).await
}

/// What a word means for other tasks, the customer's addresses and rights, and other desks.
async fn follow(desk: &mut Desk<'_>, task: &CallTask, attempt: &Attempt, word: &Word) -> db::Result<()> {
    let Some(outcome) = word.told.outcome else { return Ok(()) };
    let refused = |scope: String, channel, until| NewSuppression {
        dealership_id: task.dealership_id,
        customer_id: Some(task.customer_id),
        address: None,
        channel,
        scope,
        reason: outcome.word().to_owned(),
        until,
        by: attempt.staff_id.to_string(),
    };
    let by_call = Some(ChannelName::Call);
    let everything = || "all".to_owned();
    match outcome {
        Outcome::DncAll => {
            suppress(desk, &[refused(everything(), by_call, None)]).await?;
            withdraw_others(desk, task, "do_not_call", |_| true).await?;
        }
        Outcome::DeceasedOrSensitive => {
            // A manager hears of it as a case; nobody calls.
            suppress(desk, &[refused(everything(), None, None)]).await?;
            withdraw_others(desk, task, "do_not_call", |_| true).await?;
        }
        Outcome::DncTopic => {
            suppress(desk, &[refused(topic(task.kind), by_call, None)]).await?;
            withdraw_others(desk, task, "do_not_call", |other| other.kind == task.kind).await?;
        }
        Outcome::RefusedSurvey => {
            let until = Some(desk.now.plus(SURVEYS_REST));
            suppress(desk, &[refused("survey".to_owned(), None, until)]).await?;
        }
        Outcome::SoldVehicle => {
            if let Some(vehicle) = task.vehicle_id {
                vehicles::actions::end_ownership(desk, vehicle, task.customer_id).await?;
                withdraw_others(desk, task, "sold_vehicle", |other| other.vehicle_id == Some(vehicle)).await?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// The customer's other open tasks that are of no more use; one that somebody else is calling about cannot be: the customer
/// is ours alone.
async fn withdraw_others(
    desk: &mut Desk<'_>,
    task: &CallTask,
    why: &str,
    concerned: impl Fn(&CallTask) -> bool,
) -> db::Result<()> {
    let mut others = store::find_open_of(desk.tx, task.customer_id).await?;
    others.retain(|other| other.id != task.id && concerned(other));
    for other in &mut others {
        if other.has_word_waiting() {
            other.detail["withdrawn"] = why.into();
            continue;
        }
        other.end(State::Withdrawn, why, desk.now);
        let mut line = line(desk, other, "call.withdrawn");
        line.reason = Some(why.to_owned());
        desk.record(line);
    }
    keep(desk, &others).await
}
