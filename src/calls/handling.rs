//! What an agent does with a task they have, and what a supervisor does with any: each act checked against the state.
use serde_json::Value;

use super::{
    BY_HAND, CallTask, Stage, State,
    claiming::is_held_by,
    keeping::{hours_of, keep, line},
    saying::open_attempt,
    store::{
        self,
        attempts::{self, Attempt},
    },
};
use crate::{desk::Desk, http::Error, id::Id, rights, staff::Staff};

/// 409: the task is somebody else's now, or nobody's.
pub(super) fn lease_lost() -> Error {
    let message = "you no longer have this call; what you wrote is kept as a draft: claim the next one";
    Error::Conflict("lease_lost", message.to_owned())
}

/// The task, locked, as long as `agent` has it.
async fn held(desk: &mut Desk<'_>, id: Id<CallTask>, agent: &Staff) -> Result<CallTask, Error> {
    rights::actions::hold_off(desk.tx).await?;
    let task = store::find_and_lock(desk.tx, &[id]).await?.pop().ok_or(Error::NotFound)?;
    if is_held_by(&task, agent.id, desk.now) { Ok(task) } else { Err(lease_lost()) }
}

/// A sign of life: the lease goes on.
pub(super) async fn heartbeat(desk: &mut Desk<'_>, id: Id<CallTask>, agent: &Staff) -> Result<CallTask, Error> {
    let mut task = held(desk, id, agent).await?;
    task.lease_until = Some(desk.now.plus(desk.config.calls.lease.signed()));
    // Its clock finds the longer lease when it rings.
    store::save(desk.tx, &[&task]).await?;
    Ok(task)
}

/// Back into the queue, for anybody.
pub(super) async fn give_back(desk: &mut Desk<'_>, id: Id<CallTask>, agent: &Staff) -> Result<CallTask, Error> {
    let mut task = held(desk, id, agent).await?;
    if task.stage != Some(Stage::Preview) {
        let message = "this call has been dialled: say what it came to (outcome), agent_abandoned if nothing";
        return Err(Error::Conflict("already_dialled", message.to_owned()));
    }
    let (_, hours) = hours_of(desk, &task).await?.ok_or(Error::NotFound)?;
    task.give_back("gave_back", desk.now);
    let rules = desk.config.calls.clone();
    task.become_ready(desk.now, &hours, &rules);
    note(desk, &task, "call.given_back", agent, "gave_back");
    keep(desk, std::slice::from_ref(&task)).await?;
    Ok(task)
}

/// Dials, is connected, hangs up. A stage that was reached already stays; there is no way back.
pub(super) async fn reach_stage(
    desk: &mut Desk<'_>,
    id: Id<CallTask>,
    agent: &Staff,
    stage: Stage,
    number: Option<&str>,
) -> Result<(CallTask, Option<Attempt>), Error> {
    let mut task = held(desk, id, agent).await?;
    let past = attempts::of_task(desk.tx, id).await?;
    let mut attempt = past.iter().rev().find(|attempt| attempt.ended_at.is_none()).cloned();
    if task.stage >= Some(stage) {
        return Ok((task, attempt));
    }
    if attempt.is_none() {
        let rules = desk.config.calls.clone();
        let (_, hours) = hours_of(desk, &task).await?.ok_or(Error::NotFound)?;
        if !task.may_ring(desk.now, &hours, &rules) {
            let message = "the customer's call hours are over: give the task back".to_owned();
            return Err(Error::Conflict("outside_call_hours", message));
        }
        let opened = open_attempt(desk, &mut task, agent, number, &past).await?;
        let opened =
            opened.ok_or_else(|| Error::invalid("/number", "unknown_number", "is no number of this customer"))?;
        note(desk, &task, "call.dialled", agent, "");
        attempt = Some(opened);
    }
    if let Some(attempt) = &mut attempt {
        if stage >= Stage::Connected {
            attempt.answered_at = attempt.answered_at.or(Some(desk.now));
        }
        if stage == Stage::WrapUp {
            attempt.hung_up_at = attempt.hung_up_at.or(Some(desk.now));
            // Nobody was connected who went from dialling to writing.
            if task.stage != Some(Stage::Connected) {
                attempt.answered_at = None;
            }
        }
        attempts::save(desk.tx, &[attempt]).await?;
    }
    (task.stage, task.stage_at) = (Some(stage), Some(desk.now));
    task.lease_until = Some(desk.now.plus(desk.config.calls.lease.signed()));
    task.updated_at = desk.now;
    keep(desk, std::slice::from_ref(&task)).await?;
    Ok((task, attempt))
}

/// Keeps what is written so far; also of somebody who lost the task meanwhile, unless its customer was erased.
pub(super) async fn draft(desk: &mut Desk<'_>, id: Id<CallTask>, agent: &Staff, body: Value) -> Result<(), Error> {
    rights::actions::hold_off(desk.tx).await?;
    let kept = attempts::keep_draft(desk.tx, id, agent.id, body, desk.now).await?;
    if kept { Ok(()) } else { Err(Error::NotFound) }
}

/// What a supervisor does.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    Hold(String),
    Release,
    /// To one person, who finds it first in their queue; to anybody when nobody is named.
    Reassign(Option<Id<Staff>>),
    /// Nobody is to call: why.
    Withdraw(String),
}

pub(super) async fn perform(
    desk: &mut Desk<'_>,
    id: Id<CallTask>,
    deed: &Deed,
    actor: &str,
) -> Result<CallTask, Error> {
    let mut task = store::find_and_lock(desk.tx, &[id]).await?.pop().ok_or(Error::NotFound)?;
    let wrong = |message: &str| Err(Error::Conflict("wrong_state", message.to_owned()));
    if !task.state.is_open() {
        return wrong("this task has ended");
    }
    if task.state == State::Leased && task.stage != Some(Stage::Preview) || task.has_word_waiting() {
        return wrong("somebody is on the telephone about it");
    }
    let (_, hours) = hours_of(desk, &task).await?.ok_or(Error::NotFound)?;
    let rules = desk.config.calls.clone();
    let (what, why) = match deed {
        Deed::Hold(why) => {
            task.give_back(why, desk.now);
            task.state = State::Held;
            ("call.held", why.clone())
        }
        Deed::Release => {
            if task.state != State::Held {
                return wrong("this task is not held");
            }
            task.give_back("released", desk.now);
            task.wake(desk.now, &hours, &rules);
            ("call.released", String::new())
        }
        Deed::Withdraw(why) => {
            task.end(State::Withdrawn, BY_HAND, desk.now);
            ("call.withdrawn", why.clone())
        }
        Deed::Reassign(to) => {
            if let Some(to) = to
                && store::look::is_excluded(desk.tx, task.id, *to).await?
            {
                return Err(Error::Conflict(
                    "served_by",
                    "they served this visit and may not make the call (BR-31)".to_owned(),
                ));
            }
            if task.state == State::Leased {
                task.give_back("reassigned", desk.now);
            }
            task.previous_agent = *to;
            // The first in their queue; anybody's when they do not come for it.
            task.callback_by = *to;
            if task.state != State::Held {
                (task.state, task.ready_at) = (State::Scheduled, None);
                task.not_before = desk.now;
                task.wake(desk.now, &hours, &rules);
            }
            ("call.reassigned", String::new())
        }
    };
    let mut line = line(desk, &task, what);
    line.actor = Some(actor.to_owned());
    line.reason = Some(why).filter(|why| !why.is_empty());
    desk.record(line);
    keep(desk, std::slice::from_ref(&task)).await?;
    Ok(task)
}

fn note(desk: &mut Desk<'_>, task: &CallTask, what: &str, agent: &Staff, why: &str) {
    let mut line = line(desk, task, what);
    line.actor = Some(agent.id.to_string());
    line.reason = Some(why.to_owned()).filter(|why| !why.is_empty());
    desk.record(line);
}
