//! What happens to tasks while nobody does anything: their clocks ring here.
use super::{
    CallTask,
    concluding::exhaust,
    hearing,
    keeping::{Callees, dealerships_of, hours, keep, line},
    life::Woke,
    saying,
    store::{self, attempts},
};
use crate::{clocks::Clock, db, desk::Desk, id::Id};

/// Does what is due to the tasks of these clocks, and sets each one's next.
pub async fn wake(desk: &mut Desk<'_>, clocks: &[Clock]) -> db::Result<()> {
    let ids: Vec<Id<CallTask>> = clocks.iter().filter_map(|clock| clock.subject_id.parse().ok()).collect();
    wake_tasks(desk, &ids).await
}

/// The same for tasks that somebody looks at before their clocks rang.
pub(super) async fn wake_tasks(desk: &mut Desk<'_>, ids: &[Id<CallTask>]) -> db::Result<()> {
    let tasks = store::find_and_lock(desk.tx, ids).await?;
    let (said, mut tasks): (Vec<CallTask>, Vec<CallTask>) = tasks.into_iter().partition(CallTask::has_word_waiting);
    for task in said {
        if task.not_before <= desk.now {
            Box::pin(saying::stands(desk, task)).await?;
        } else {
            keep(desk, &[task]).await?;
        }
    }
    let customers: Vec<_> = tasks.iter().map(|task| task.customer_id).collect();
    let callees = Callees::read(desk, &customers).await?;
    let dealerships = dealerships_of(desk, tasks.iter().map(|task| task.dealership_id)).await?;
    let rules = desk.config.calls.clone();
    for task in &mut tasks {
        let found = callees.get(task.customer_id).zip(dealerships.get(&task.dealership_id));
        let Some((callee, dealership)) = found else { continue };
        let hours = hours(desk, callee, dealership, &task.language);
        let woke = task.wake(desk.now, &hours, &rules);
        let (what, why) = match woke {
            Woke::Nothing | Woke::Moved => continue,
            Woke::PreviewTimeOut => ("call.given_back", "preview_timeout"),
            Woke::LeaseLost => ("call.given_back", "lease_lost"),
            Woke::AgentLost => {
                lose_attempt(desk, task).await?;
                ("call.ended", "agent_lost")
            }
            Woke::Expired => ("call.expired", "expired"),
        };
        let mut line = line(desk, task, what);
        line.reason = Some(why.to_owned());
        line.actor = task.owner_id.filter(|_| woke != Woke::Expired).map(|owner| owner.to_string());
        desk.record(line);
        if woke == Woke::Expired {
            hearing::tell_unreached(desk, task).await?;
        }
        if woke == Woke::AgentLost && task.attempts >= task.max_attempts {
            exhaust(desk, task, dealership, "attempts_used_up").await?;
        }
    }
    keep(desk, &tasks).await
}

/// The call that was open when its agent vanished: it counts, because the customer's telephone may have rung.
async fn lose_attempt(desk: &mut Desk<'_>, task: &CallTask) -> db::Result<()> {
    let mut open = attempts::of_task(desk.tx, task.id).await?;
    open.retain(|attempt| attempt.ended_at.is_none());
    for attempt in &mut open {
        attempt.ended_at = Some(desk.now);
        attempt.telephony_result = Some("agent_lost".to_owned());
        attempt.reached = Some("nobody".to_owned());
    }
    attempts::save(desk.tx, &open.iter().collect::<Vec<_>>()).await
}
