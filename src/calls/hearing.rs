//! What other desks are to hear of a call: the scores that were given, the complaint, that nobody was reached.
use std::sync::Arc;

use serde_json::json;

use super::{CallTask, CallType, State, concluding::Word, outcomes::Outcome, store::attempts::Attempt};
use crate::{
    cases::{
        self, Severity, Source,
        actions::{Deed, NewCase},
    },
    db,
    dealerships::Dealership,
    desk::Desk,
    http::{Access, Error},
    notices::SubjectKind,
    staff::Staff,
    surveys::{
        self,
        actions::{CallEnded, OnThePhone},
    },
    timeline::Entry,
};

/// Tells the desks of surveys and cases what was said.
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
            // The queue has planned the manager's call already, or nobody is to call.
            is_called: true,
            actor: agent.id.to_string(),
        };
        cases::actions::raise(desk, &[case]).await?;
    }
    if task.subject_type == SubjectKind::Case {
        tell_case(desk, task, agent, word, outcome).await?;
    }
    Ok(())
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
