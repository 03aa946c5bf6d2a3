//! What follows from a case: its clocks, its calls, what is told to whom, and the next level up when a deadline is missed.
use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::json;

use super::{Case, Severity, State, actions::Deed, life::Step, store};
use crate::{
    calls::{self, CallType, NewTask},
    clocks::{
        Clock, ClockKind,
        actions::{NewClock, set},
    },
    db,
    dealerships::{self, Dealership},
    desk::Desk,
    notices::{
        SubjectKind,
        actions::{Heard, Subject, hear},
        grammar::{Facts, Moment},
    },
    timeline::Entry,
};

/// One clock for each step that is still to be done; setting it again moves it.
pub(super) async fn set_clocks(desk: &mut Desk<'_>, case: &Case) -> db::Result<()> {
    let clocks: Vec<NewClock> = Step::ALL
        .into_iter()
        .filter_map(|step| {
            Some(NewClock {
                dealership_id: case.dealership_id,
                kind: ClockKind::CaseDeadline,
                subject_id: case.id.to_string(),
                key: step.word().to_owned(),
                // What was missed once is not missed again.
                due_at: case.due(step).filter(|due| *due > desk.now)?,
                detail: json!({}),
            })
        })
        .collect();
    set(desk, &clocks).await
}

/// Deadlines of cases have passed: each is escalated once, one level up at each miss.
pub async fn deadlines_missed(desk: &mut Desk<'_>, clocks: &[Clock]) -> db::Result<()> {
    for clock in clocks {
        let Some(step) = Step::of(&clock.key) else { continue };
        let Some(mut case) = store::find_and_lock(desk.tx, std::slice::from_ref(&clock.subject_id)).await?.pop() else {
            continue;
        };
        if !case.miss(step, desk.now) {
            continue;
        }
        store::save(desk.tx, &[&case]).await?;
        store::note(desk.tx, desk.ids.next(), case.id, "clock", "escalated", Some(step.word()), desk.now).await?;
        let Some(dealership) = dealerships::actions::find(desk.tx, case.dealership_id).await?.map(Arc::new) else {
            continue;
        };
        // The first miss goes to the manager, every further one to the director.
        let event = if case.escalation == 1 { "case.escalated" } else { "case.escalated_to_director" };
        tell(desk, &case, &dealership, event, Some(step), None).await?;
    }
    Ok(())
}

/// What somebody did has consequences: who waits is told, calls are planned or not needed any more.
pub(super) async fn follow(
    desk: &mut Desk<'_>,
    case: &Case,
    dealership: &Arc<Dealership>,
    deed: &Deed,
) -> db::Result<()> {
    let event = match deed {
        Deed::Acknowledge => "case.acknowledged",
        Deed::Contact { .. } => "case.contacted",
        Deed::Resolve { .. } => "case.resolved",
        Deed::Verify { .. } => "case.verified",
        Deed::Reopen { .. } => "case.reopened",
        Deed::Assign { .. } => "case.assigned",
        Deed::Note { .. } => return Ok(()),
    };
    match case.state {
        State::Reopened if matches!(deed, Deed::Reopen { .. }) => {
            plan_call(desk, case, dealership, CallType::Recovery, case.reopened).await?;
        }
        State::Resolved if matches!(deed, Deed::Resolve { .. }) => plan_verification(desk, case, dealership).await?,
        State::Contacted | State::Verified => withdraw_calls(desk, case).await?,
        _ => {}
    }
    tell(desk, case, dealership, event, None, None).await
}

/// Puts it on record and tells it on.
pub(super) async fn tell(
    desk: &mut Desk<'_>,
    case: &Case,
    dealership: &Arc<Dealership>,
    event: &'static str,
    step: Option<Step>,
    actor: Option<&str>,
) -> db::Result<()> {
    let mut line = Entry::new(desk.id(), case.dealership_id, desk.now, event);
    line.step = Some(8);
    line.customer_id = case.customer_id;
    line.vehicle_id = case.vehicle_id;
    line.subject_type = Some("case");
    line.subject_id = Some(case.id.to_string());
    line.actor = actor.map(str::to_owned);
    line.reason = Some(step.map_or_else(|| case.reason.clone(), |step| step.word().to_owned()));
    line.detail =
        json!({"case": case.reference, "state": case.state, "severity": case.severity, "escalation": case.escalation});
    desk.record(line);
    let subject = Subject {
        kind: SubjectKind::Case,
        id: case.id.to_string(),
        reference: case.reference.clone(),
        revision: case.revision,
    };
    let detail = step.map_or_else(|| json!({}), |step| json!({"step": step.word(), "contact_by": case.contact_by}));
    let heard = Heard {
        customer_id: case.customer_id,
        advisor_id: case.owner_id,
        occasion: step.map(|step| format!("{}:{}", step.word(), case.reopened)),
        facts: Facts::default()
            .at(Moment::RaisedAt, case.raised_at)
            .at(Moment::DueAt, case.contact_by)
            .at(Moment::OccurredAt, desk.now),
        detail,
        is_new: case.revision == 0,
        ..Heard::new(event, dealership, subject)
    };
    hear(desk, &heard).await
}

/// Rounds of the calls about what a customer said again after they had been contacted.
pub(super) const HEARD_AGAIN: i64 = 1_000_000;
/// Rounds of the calls of who can decide, apart from those that verify.
const DECIDES: i64 = 2_000_000;

/// Somebody is to speak to the customer within the time that was promised: not who served them. A soft case is left to its
/// owner.
pub(super) async fn plan_call(
    desk: &mut Desk<'_>,
    case: &Case,
    dealership: &Arc<Dealership>,
    kind: CallType,
    round: i64,
) -> db::Result<()> {
    let Some(customer) = case.customer_id.filter(|_| case.severity == Severity::Hot) else { return Ok(()) };
    let (subject, decides) = ((SubjectKind::Case, case.id.to_string()), kind == CallType::Complaint);
    let task = NewTask {
        vehicle_id: case.vehicle_id,
        round: if decides { DECIDES + round } else { round },
        is_urgent: true,
        skill: decides.then(|| "complaints".to_owned()),
        excluded_staff: case.advisor_id.into_iter().collect(),
        detail: json!({"case": case.reference, "reason": case.reason}),
        ..NewTask::new(kind, dealership, customer, subject, "case_raised", (desk.now, case.contact_by))
    };
    calls::actions::plan(desk, &[task]).await?;
    Ok(())
}

/// Ten days after a case was resolved somebody else makes sure that it is (BR-52); opens a day before that is due.
async fn plan_verification(desk: &mut Desk<'_>, case: &Case, dealership: &Arc<Dealership>) -> db::Result<()> {
    withdraw_calls(desk, case).await?;
    let (Some(customer), Some(verify_by)) = (case.customer_id, case.verify_by) else { return Ok(()) };
    let resolver = match &case.resolved_by {
        Some(by) => store::staff(desk.tx, case.dealership_id, by).await?.map(|(id, _)| id),
        None => None,
    };
    let subject = (SubjectKind::Case, case.id.to_string());
    let opens = verify_by.minus(SignedDuration::from_hours(24));
    let task = NewTask {
        vehicle_id: case.vehicle_id,
        round: case.reopened,
        excluded_staff: [case.owner_id, resolver, case.advisor_id].into_iter().flatten().collect(),
        detail: json!({"case": case.reference, "purpose": "verify"}),
        ..NewTask::new(CallType::Complaint, dealership, customer, subject, "case_resolved", (opens, verify_by))
    };
    calls::actions::plan(desk, &[task]).await?;
    Ok(())
}

/// The customer was spoken to, or all is verified: nobody needs to call about it any more.
async fn withdraw_calls(desk: &mut Desk<'_>, case: &Case) -> db::Result<()> {
    let types = [CallType::Recovery, CallType::Complaint];
    calls::actions::withdraw(desk, &case.id.to_string(), &types, case.state.word()).await?;
    Ok(())
}
