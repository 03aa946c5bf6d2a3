//! What other desks are to hear of a call: the scores that were given, the complaint, that nobody was reached.
use std::sync::Arc;

use serde_json::json;

use super::{CallTask, CallType, State, concluding::Word, keeping::line, outcomes::Outcome, store::attempts::Attempt};
use crate::{
    appointments::{self, actions::Acted},
    cases::{
        self, Severity, Source,
        actions::{Deed, NewCase},
    },
    db,
    dealerships::Dealership,
    desk::Desk,
    http::{Access, Error},
    inquiries::{
        self,
        actions::{NewReply, NoReply},
    },
    notices::SubjectKind,
    parts::{self, Spoken},
    staff::Staff,
    surveys::{
        self,
        actions::{CallEnded, OnThePhone},
    },
    timeline::Entry,
};

/// Stands for an answer that was given on the telephone and of which nobody wrote more.
const SPOKEN: &str = "☎";

/// Tells the desks of surveys, cases, appointments, parts and inquiries what was said.
pub(super) async fn tell(
    desk: &mut Desk<'_>,
    task: &CallTask,
    attempt: &Attempt,
    agent: &Staff,
    dealership: &Arc<Dealership>,
    word: &Word,
) -> db::Result<()> {
    let Some(outcome) = word.told.outcome else { return Ok(()) };
    if task.kind == CallType::FollowUp && task.subject_type == SubjectKind::RepairOrder {
        tell_scores(desk, task, agent, word, outcome).await?;
    }
    let is_grave = matches!(outcome, Outcome::CompletedIssue | Outcome::Complaint | Outcome::DeceasedOrSensitive);
    if is_grave && task.subject_type != SubjectKind::Case {
        let reference = task.detail.get("ref").and_then(|text| text.as_str());
        let case = NewCase {
            dealership,
            event_id: None,
            source: Source::Call,
            source_id: Some(attempt.id.to_string()),
            severity: Severity::Hot,
            reason: outcome.word(),
            customer_id: Some(task.customer_id),
            vehicle_id: task.vehicle_id,
            repair_order: reference.map(str::to_owned),
            advisor_id: None,
            words: word.note.clone(),
            score: None,
            cause: None,
            // Somebody who can decide calls back (G6); in grief nobody does.
            call: (outcome != Outcome::DeceasedOrSensitive).then_some(CallType::Complaint),
            actor: agent.id.to_string(),
        };
        cases::actions::raise(desk, &[case]).await?;
    }
    match task.subject_type {
        SubjectKind::Case => tell_case(desk, task, agent, word, outcome).await,
        SubjectKind::Appointment if matches!(task.kind, CallType::Confirm | CallType::Callback) => {
            // What was missing may have come while they spoke; the time is the one that they spoke of.
            match task.detail.get("withdrawn").filter(|why| *why != "complete_now") {
                None => tell_appointment(desk, task, outcome).await,
                Some(_) => tell_of_another_time(desk, task, outcome).await,
            }
        }
        SubjectKind::PartsOrder if task.kind == CallType::PartsArrived => tell_parts(desk, task, outcome).await,
        SubjectKind::Inquiry => tell_inquiry(desk, task, attempt, agent, outcome).await,
        _ => Ok(()),
    }
}

/// What the customer said of coming is what they would have said by a link (`domain/model.md` G2).
async fn tell_appointment(desk: &mut Desk<'_>, task: &CallTask, outcome: Outcome) -> db::Result<()> {
    let (Ok(id), at) = (task.subject_id.parse(), desk.now) else { return Ok(()) };
    let acted = match outcome {
        // Who was called back and is content has got what they asked for, whatever that was.
        Outcome::CompletedSatisfied if task.kind == CallType::Callback => return Ok(()),
        Outcome::AppointmentConfirmed | Outcome::CompletedSatisfied => {
            appointments::actions::confirm_by_customer(desk, id, "call", at).await?
        }
        Outcome::MoveRequested => appointments::actions::ask_to_move(desk, id, "call", at).await?,
        Outcome::AppointmentCancelled => appointments::actions::cancel_by_customer(desk, id, "call", at).await?,
        _ => return Ok(()),
    };
    if !matches!(acted, Acted::Done | Acted::Again) {
        tracing::info!(appointment = task.subject_id, ?acted, "a call about an appointment changed nothing in it");
    }
    Ok(())
}

/// The visit was moved or called off while they spoke: what the customer said was of a time that is no more. Who said that it
/// does not suit them is called by the advisor; a yes to that time is none to another.
async fn tell_of_another_time(desk: &mut Desk<'_>, task: &CallTask, outcome: Outcome) -> db::Result<()> {
    let (Ok(id), at) = (task.subject_id.parse(), desk.now) else { return Ok(()) };
    if matches!(outcome, Outcome::MoveRequested | Outcome::AppointmentCancelled) {
        appointments::actions::ask_to_move(desk, id, "call", at).await?;
    }
    let mut line = line(desk, task, "call.about_old_time");
    line.reason = Some(outcome.word().to_owned());
    desk.record(line);
    Ok(())
}

/// Who has said whether they come for their part is not told of it again (BR-22).
async fn tell_parts(desk: &mut Desk<'_>, task: &CallTask, outcome: Outcome) -> db::Result<()> {
    let spoken = match outcome {
        Outcome::PartsAcceptedBooked | Outcome::AppointmentBooked => Spoken::Agreed,
        Outcome::PartsDeclined => Spoken::Declined,
        _ => return Ok(()),
    };
    parts::actions::spoken_of(desk, &task.subject_id, spoken).await
}

/// Who was spoken to about their question has their answer: it was said on the telephone (BR-02).
async fn tell_inquiry(
    desk: &mut Desk<'_>,
    task: &CallTask,
    attempt: &Attempt,
    agent: &Staff,
    outcome: Outcome,
) -> db::Result<()> {
    // Who wants no calls, or has something worse to say, was reached and has no answer.
    let is_answer =
        matches!(outcome, Outcome::CompletedSatisfied | Outcome::CompletedIssue | Outcome::AppointmentBooked);
    let (Ok(id), true) = (task.subject_id.parse(), is_answer && task.state == State::Done) else { return Ok(()) };
    let ended = attempt.ended_at.unwrap_or(desk.now);
    let reply = NewReply {
        text: attempt.note.clone().unwrap_or_else(|| SPOKEN.to_owned()),
        channel: inquiries::Channel::Phone,
        staff: agent.clone(),
        actor: agent.id.to_string(),
        seen: None,
        not_before: None,
        idempotency_key: Some(attempt.id.to_string()),
        files: Arc::default(),
        spoken: Some((attempt.answered_at.unwrap_or(attempt.started_at), ended)),
    };
    match inquiries::actions::answer(desk, id, &reply).await {
        Ok(_) => Ok(()),
        Err(NoReply::Database(error)) => Err(error),
        Err(refused) => {
            tracing::info!(inquiry = task.subject_id, %refused, "a call about an inquiry is no answer to it");
            Ok(())
        }
    }
}

/// Scores are kept as they were given; a customer who was spoken to and gave none is not asked again in writing.
async fn tell_scores(
    desk: &mut Desk<'_>,
    task: &CallTask,
    agent: &Staff,
    word: &Word,
    outcome: Outcome,
) -> db::Result<()> {
    let questionnaires = Arc::clone(&desk.questionnaires);
    // A script asks more than the questionnaire does; the rest stays with the call.
    let asked = questionnaires.current();
    let known = word.answers.as_object().into_iter().flatten().filter(|(key, _)| asked.question(key).is_some());
    let given: serde_json::Map<_, _> = known.map(|(key, value)| (key.clone(), value.clone())).collect();
    if !given.is_empty() {
        match surveys::actions::read(asked, "/answers", &given) {
            Ok(answers) => {
                let said = OnThePhone {
                    repair_order_id: &task.subject_id,
                    answers: &answers,
                    interviewer_id: Some(agent.id),
                    at: desk.now,
                };
                surveys::actions::record_answers(desk, &said).await?;
                return Ok(());
            }
            // The call keeps them as they were typed; they count in no score.
            Err(faults) => {
                let mut line = Entry::new(desk.id(), task.dealership_id, desk.now, "survey.answers_incomplete");
                line.step = Some(8);
                line.customer_id = Some(task.customer_id);
                line.subject_type = Some("repair_order");
                line.subject_id = Some(task.subject_id.clone());
                line.actor = Some(agent.id.to_string());
                line.detail = json!({"faults": faults});
                desk.record(line);
            }
        }
    }
    let subject = std::slice::from_ref(&task.subject_id);
    if outcome == Outcome::RefusedSurvey {
        surveys::actions::call_ended(desk, subject, CallEnded::Refused).await
    } else if outcome.reached() == "customer" && task.state == State::Done {
        surveys::actions::call_ended(desk, subject, CallEnded::WithoutAnswers).await
    } else {
        Ok(())
    }
}

/// A call about a case: the customer was contacted; or it is verified, or was not settled after all.
async fn tell_case(
    desk: &mut Desk<'_>,
    task: &CallTask,
    agent: &Staff,
    word: &Word,
    outcome: Outcome,
) -> db::Result<()> {
    if outcome.reached() != "customer" {
        return Ok(());
    }
    let note = word.note.clone();
    let verifies = task.detail.get("purpose").is_some_and(|purpose| purpose == "verify");
    let deed = match outcome {
        Outcome::CompletedIssue | Outcome::Complaint if verifies => Deed::Reopen { note },
        _ if verifies => Deed::Verify { by: agent.reference.clone(), note },
        _ => Deed::Contact { note },
    };
    let actor = agent.id.to_string();
    match cases::actions::perform(desk, &Access::All, &task.subject_id, &deed, &actor).await {
        Ok(_) => Ok(()),
        Err(Error::Database(error)) => Err(error),
        // Somebody did it by hand meanwhile, or its owner called: the call is on record all the same.
        Err(refused) => {
            tracing::info!(case = task.subject_id, %refused, "a call about a case changed nothing in it");
            Ok(())
        }
    }
}

/// Nobody was reached, and nobody will be called any more: the survey's turn (BR-50).
pub(super) async fn tell_unreached(desk: &mut Desk<'_>, task: &CallTask) -> db::Result<()> {
    if task.kind != CallType::FollowUp || task.subject_type != SubjectKind::RepairOrder {
        return Ok(());
    }
    surveys::actions::call_ended(desk, std::slice::from_ref(&task.subject_id), CallEnded::Unreached).await
}
