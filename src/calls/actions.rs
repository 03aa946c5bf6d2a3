//! The verbs of the follow-up queue that other desks use: a call is planned, or is of no more use.
use std::collections::{BTreeMap, HashMap};

pub use super::waking::wake;
use super::{
    BY_HAND, CallTask, CallType, State,
    keeping::{Callees, hours, keep, language, line},
    planning::{NewTask, NoCall, Standing, Visit, follow_up},
    store::{self, Excluded, Key},
};
use crate::{
    clocks::Clock,
    customers::{Customer, vehicles::Vehicle},
    db,
    desk::Desk,
    id::Id,
    notices::readings::Reading,
    timeline::Entry,
};

/// Plans calls, whatever is planned already: there is one of a type, subject and round. One that was withdrawn is taken up
/// again. Answers the ids of those that are new or were taken up; four statements, however many they are.
pub async fn plan(desk: &mut Desk<'_>, wanted: &[NewTask]) -> db::Result<Vec<Id<CallTask>>> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    // Of two of one key the later word counts.
    let mut by_key: BTreeMap<Key, &NewTask> = BTreeMap::new();
    for task in wanted {
        by_key.insert(Key { kind: task.kind, subject_id: task.subject_id.clone(), round: task.round }, task);
    }
    let keys: Vec<Key> = by_key.keys().cloned().collect();
    let known: HashMap<Id<CallTask>, (State, bool, i64)>;
    let mut before: BTreeMap<Key, Id<CallTask>> = BTreeMap::new();
    {
        let found = store::find_by_key(desk.tx, &keys).await?;
        let by_hand = |task: &CallTask| task.state_reason.as_deref() == Some(BY_HAND);
        known = found.iter().map(|task| (task.id, (task.state, by_hand(task), task.fence))).collect();
        before.extend(
            found
                .into_iter()
                .map(|task| (Key { kind: task.kind, subject_id: task.subject_id, round: task.round }, task.id)),
        );
    }
    // What somebody here has withdrawn stays so: they know why.
    let may_be_taken_up = |id| matches!(known.get(id), Some((State::Withdrawn, false, _)));
    by_key.retain(|key, _| before.get(key).is_none_or(may_be_taken_up));
    let customers: Vec<Id<Customer>> = by_key.values().map(|task| task.customer_id).collect();
    let callees = Callees::read(desk, &customers).await?;
    let rules = desk.config.calls.clone();
    let most = i64::from(rules.attempts);
    let (mut tasks, mut excluded) = (Vec::new(), Vec::new());
    for (key, wanted) in by_key {
        let Some(callee) = callees.get(wanted.customer_id) else { continue };
        if !wanted.is_asked_for && callees.refuses(wanted.customer_id, wanted.kind) {
            let mut line = Entry::new(desk.id(), wanted.dealership.id, desk.now, "call.not_planned");
            line.customer_id = Some(wanted.customer_id);
            line.subject_type = Some(wanted.subject_type.word());
            line.subject_id = Some(wanted.subject_id.clone());
            line.reason = Some("do_not_call".to_owned());
            line.detail = serde_json::json!({"type": wanted.kind});
            desk.record(line);
            continue;
        }
        let language = language(wanted.language.as_deref(), callee, &wanted.dealership);
        let hours = hours(desk, callee, &wanted.dealership, &language);
        let id = before.get(&key).copied().unwrap_or_else(|| desk.id());
        let mut task = wanted.row(id, desk.now, language, &hours, most);
        // Taken up again it is another lease than any before: what was said in those is not said again.
        task.fence = known.get(&id).map_or(0, |(_, _, fence)| *fence);
        task.wake(desk.now, &hours, &rules);
        excluded.extend(wanted.excluded_staff.iter().map(|staff_id| Excluded { task_id: id, staff_id: *staff_id }));
        let line = line(desk, &task, "call.planned");
        desk.record(line);
        tasks.push(task);
    }
    keep(desk, &tasks).await?;
    store::exclude(desk.tx, &excluded).await?;
    Ok(tasks.into_iter().map(|task| task.id).collect())
}

/// Plans the calls after visits (BR-30 to BR-34); answers for each visit, in their order, why there is none, so that those
/// can be asked by survey (BR-50).
pub async fn plan_follow_up(desk: &mut Desk<'_>, visits: &[Visit]) -> db::Result<Vec<Option<NoCall>>> {
    let customers: Vec<Id<Customer>> = visits.iter().map(|visit| visit.customer_id).collect();
    let callees = Callees::read(desk, &customers).await?;
    let settings = desk.config.follow_up.clone();
    let (mut answers, mut wanted) = (Vec::new(), Vec::new());
    for visit in visits {
        let Some(callee) = callees.get(visit.customer_id) else {
            answers.push(Some(NoCall::Suppressed));
            continue;
        };
        let standing = Standing {
            kind: callee.kind,
            spoken_to_at: callee.spoken_to_at,
            is_suppressed: callees.refuses(visit.customer_id, CallType::FollowUp),
        };
        let language = language(None, callee, &visit.dealership);
        let hours = hours(desk, callee, &visit.dealership, &language);
        match follow_up(visit, standing, &hours, &settings) {
            Ok(task) => {
                wanted.push(task);
                answers.push(None);
            }
            Err(why) => answers.push(Some(why)),
        }
    }
    plan(desk, &wanted).await?;
    Ok(answers)
}

/// Whether a call about a subject is still to be made, or is being made.
pub async fn is_planned(desk: &mut Desk<'_>, subject_id: &str) -> db::Result<bool> {
    Ok(!store::find_open_about(desk.tx, &[subject_id.to_owned()]).await?.is_empty())
}

/// Withdraws the open calls of these types about a subject (of all types when none is named): what they were about is gone.
/// Somebody who is on the telephone about it finishes that call. Answers how many.
pub async fn withdraw(desk: &mut Desk<'_>, subject_id: &str, types: &[CallType], reason: &str) -> db::Result<usize> {
    withdraw_all(desk, &[subject_id.to_owned()], types, reason).await
}

/// The same about several subjects in one go.
pub async fn withdraw_all(
    desk: &mut Desk<'_>,
    subject_ids: &[String],
    types: &[CallType],
    reason: &str,
) -> db::Result<usize> {
    if subject_ids.is_empty() {
        return Ok(0);
    }
    let mut open = store::find_open_about(desk.tx, subject_ids).await?;
    open.retain(|task| types.is_empty() || types.contains(&task.kind));
    end(desk, open, reason).await
}

/// Withdraws a customer's open calls about one car: it is no longer theirs.
pub async fn withdraw_about_vehicle(
    desk: &mut Desk<'_>,
    customer: Id<Customer>,
    vehicle: Id<Vehicle>,
    reason: &str,
) -> db::Result<usize> {
    let mut open = store::find_open_of(desk.tx, customer).await?;
    open.retain(|task| task.vehicle_id == Some(vehicle));
    end(desk, open, reason).await
}

/// Withdraws a customer's open calls after visits: something else is to be spoken about first (BR-32).
pub async fn withdraw_follow_ups(desk: &mut Desk<'_>, customer: Id<Customer>, reason: &str) -> db::Result<usize> {
    let mut open = store::find_open_of(desk.tx, customer).await?;
    open.retain(|task| task.kind == CallType::FollowUp);
    end(desk, open, reason).await
}

async fn end(desk: &mut Desk<'_>, tasks: Vec<CallTask>, reason: &str) -> db::Result<usize> {
    let mut withdrawn = Vec::new();
    for mut task in tasks {
        let on_the_line =
            task.has_word_waiting() || task.state == State::Leased && task.stage != Some(super::Stage::Preview);
        if on_the_line {
            task.detail["withdrawn"] = reason.into();
            task.updated_at = desk.now;
        } else {
            task.end(State::Withdrawn, reason, desk.now);
            let mut line = line(desk, &task, "call.withdrawn");
            line.reason = Some(reason.to_owned());
            desk.record(line);
        }
        withdrawn.push(task);
    }
    keep(desk, &withdrawn).await?;
    Ok(withdrawn.len())
}

/// Withdraws the open calls about a subject that were planned for this: it is settled.
pub async fn withdraw_for(desk: &mut Desk<'_>, subject_id: &str, planned_for: &str, reason: &str) -> db::Result<()> {
    let mut open = store::find_open_about(desk.tx, &[subject_id.to_owned()]).await?;
    open.retain(|task| task.reason == planned_for);
    end(desk, open, reason).await.map(|_| ())
}

/// Whether a call about a subject that was planned for this is still to be made.
pub async fn is_open_for(desk: &mut Desk<'_>, subject_id: &str, planned_for: &str) -> db::Result<bool> {
    let open = store::find_open_about(desk.tx, &[subject_id.to_owned()]).await?;
    Ok(open.iter().any(|task| task.reason == planned_for))
}

/// Withdraws the open calls that are made in place of these kinds of notices about a subject: it has moved on.
pub async fn withdraw_in_place_of(desk: &mut Desk<'_>, subject_id: &str, kinds: &[&str]) -> db::Result<()> {
    if kinds.is_empty() {
        return Ok(());
    }
    let open = store::find_open_about(desk.tx, &[subject_id.to_owned()]).await?;
    let in_place = |task: &CallTask| task.detail["kind"].as_str().is_some_and(|kind| kinds.contains(&kind));
    let types: Vec<CallType> = open.iter().filter(|task| in_place(task)).map(|task| task.kind).collect();
    if !types.is_empty() {
        withdraw(desk, subject_id, &types, "superseded").await?;
    }
    Ok(())
}

/// Takes away the links to recordings whose time is over (`domain/compliance.md` D6); that there was one stays on record.
pub async fn forget_recordings(desk: &mut Desk<'_>, clocks: &[Clock]) -> db::Result<()> {
    let ids: Vec<&str> = clocks.iter().map(|clock| clock.subject_id.as_str()).collect();
    store::attempts::forget_recordings(desk.tx, &ids, desk.now).await
}

/// What a written word after a call that reached nobody may say (`followup.unreached`, `call.unreached`).
pub async fn for_letters(tx: &mut db::Tx, ids: &[String]) -> db::Result<Vec<Reading>> {
    store::look::for_letters(tx, ids).await
}
