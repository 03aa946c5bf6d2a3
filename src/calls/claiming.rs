//! An agent takes the next call: the order of `domain/calls.md` B4, one customer at a time (BR-31, BR-41, BR-42).
use jiff::SignedDuration;

use super::{
    CallTask, State,
    keeping::{hours_of, keep, line},
    spoken,
    store::{
        self,
        claim::{self, Asking, Candidate, Load, Place},
    },
    waking::wake_tasks,
};
use crate::{clock::Timestamp, config, db, dealerships::Dealership, desk::Desk, id::Id, staff::Staff};

/// Looks at a level again when others took what was found; after that the level is left.
const LOOKS: usize = 3;
/// Candidates that are tried at once: the first is nearly always free, and each that is offered is read.
const AT_ONCE: usize = 6;
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Takes the best call for `agent`, or the one that they have already; none when there is nothing they may call.
pub(super) async fn claim(desk: &mut Desk<'_>, agent: &Staff, dealership: &Dealership) -> db::Result<Option<CallTask>> {
    if let Some(held) = claim::held_by(desk.tx, agent.id).await? {
        // An answer that was lost is asked for again; what ran out is nobody's any more.
        wake_tasks(desk, &[held]).await?;
        let held = store::find_and_lock(desk.tx, &[held]).await?.pop();
        if let Some(task) = held.filter(|task| is_held_by(task, agent.id, desk.now)) {
            return Ok(Some(task));
        }
    }
    let asking = Asking {
        dealership_id: dealership.id,
        agent: agent.id,
        languages: languages(agent, dealership),
        now: desk.now,
    };
    let mut passed: Vec<Id<CallTask>> = Vec::new();
    // An agent's own call-backs, then what there is.
    for level in std::iter::once(1).chain(claim::levels(desk.tx, &asking).await?) {
        for _ in 0..LOOKS {
            let mut candidates = match level {
                1 => claim::own(desk.tx, &asking).await?,
                level => claim::of_level(desk.tx, &asking, level).await?,
            };
            candidates.retain(|candidate| !passed.contains(&candidate.id));
            if candidates.is_empty() {
                break;
            }
            in_order(&mut candidates, agent, &asking.languages);
            if let Some(task) = take_one(desk, agent, candidates, &mut passed).await? {
                return Ok(Some(task));
            }
        }
    }
    Ok(None)
}

/// Takes the first of these that may be called now; those that may not wait for their time.
async fn take_one(
    desk: &mut Desk<'_>,
    agent: &Staff,
    mut candidates: Vec<Candidate>,
    passed: &mut Vec<Id<CallTask>>,
) -> db::Result<Option<CallTask>> {
    let rules = desk.config.calls.clone();
    while !candidates.is_empty() {
        let places: Vec<Place> =
            candidates.iter().take(AT_ONCE).enumerate().map(|(place, one)| Place { id: one.id, place }).collect();
        let Some(mut task) = claim::take(desk.tx, &places).await? else {
            // Others have them all in hand.
            candidates.drain(..places.len());
            continue;
        };
        candidates.retain(|candidate| candidate.id != task.id);
        passed.push(task.id);
        let Some((_, hours)) = hours_of(desk, &task).await? else { continue };
        let since = (hours.midnight_before(desk.now), desk.now.minus(WEEK));
        let load = claim::load(desk.tx, task.customer_id, since).await?;
        if load.leased > 0 {
            continue;
        }
        let wait = match free_at(&task, load, desk.now, hours.next_midnight(desk.now), &rules) {
            Some(at) => Some((hours.next_good(at), "calls_used_up")),
            None if !task.may_ring(desk.now, &hours, &rules) => Some((hours.next_allowed(desk.now), "call_hours")),
            None => None,
        };
        if let Some((until, why)) = wait {
            task.put_off(until, why, desk.now);
            keep(desk, &[task]).await?;
            continue;
        }
        task.lease(agent.id, desk.now, &rules);
        let mut line = line(desk, &task, "call.claimed");
        line.actor = Some(agent.id.to_string());
        desk.record(line);
        keep(desk, std::slice::from_ref(&task)).await?;
        return Ok(Some(task));
    }
    Ok(None)
}

/// Until when the customer has been called often enough (BR-41); none while they may be called.
pub(super) fn free_at(
    task: &CallTask,
    load: Load,
    now: Timestamp,
    midnight: Timestamp,
    rules: &config::Calls,
) -> Option<Timestamp> {
    // A call that they asked for is exempt.
    if task.callback_at.is_some() {
        return None;
    }
    if load.this_week >= i64::from(rules.per_week) {
        return Some(load.oldest.map_or(now, |oldest| oldest.plus(WEEK)).max(now.plus(SignedDuration::from_mins(1))));
    }
    (load.today >= i64::from(rules.per_day)).then_some(midnight)
}

/// Language match, skill match, who was spoken to before, earliest due.
fn in_order(candidates: &mut [Candidate], agent: &Staff, languages: &[String; 3]) {
    candidates.sort_by_key(|candidate| {
        let speaks = languages.contains(&candidate.language);
        let skilled = candidate.skill.as_ref().is_none_or(|skill| agent.skills.contains(skill));
        let known = candidate.previous_agent == Some(agent.id);
        (!speaks, !skilled, !known, candidate.due_at, candidate.id)
    });
}

/// What an agent speaks; who says nothing speaks the language of the house.
fn languages(agent: &Staff, dealership: &Dealership) -> [String; 3] {
    let mut said: Vec<String> = agent.languages.iter().map(|tag| spoken(tag)).filter(|tag| !tag.is_empty()).collect();
    if said.is_empty() {
        said.push(spoken(&dealership.locale));
    }
    said.sort();
    said.dedup();
    let mut said = said.into_iter();
    [said.next(), said.next(), said.next()].map(Option::unwrap_or_default)
}

/// Whether `agent` has this task before them.
pub(super) fn is_held_by(task: &CallTask, agent: Id<Staff>, now: Timestamp) -> bool {
    task.state == State::Leased && task.owner_id == Some(agent) && task.lease_until.is_some_and(|until| until > now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{calls::hours::tests::at, config::Config};

    #[test]
    fn caps_count_over_all_types_and_a_call_that_was_asked_for_is_exempt() {
        let rules = Config::default().calls;
        let now = at("2026-03-04T10:00");
        let midnight = at("2026-03-05T00:00");
        let mut task = crate::calls::life::tests::task(now);
        let load = |today, this_week| Load { leased: 0, today, this_week, oldest: Some(at("2026-03-01T10:00")) };
        for (load, free) in [
            (load(0, 0), None),
            (load(1, 2), None),
            (load(2, 2), Some(midnight)),
            (load(1, 3), Some(at("2026-03-08T10:00"))),
            (load(2, 3), Some(at("2026-03-08T10:00"))),
        ] {
            assert_eq!(free_at(&task, load, now, midnight, &rules), free, "{load:?}");
        }
        task.callback_at = Some(now);
        assert_eq!(free_at(&task, load(2, 3), now, midnight, &rules), None);
    }
}
