//! Who does not come: suspected half an hour after the start, missed when the day is over (BR-14, BR-19).
use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use jiff::SignedDuration;
use serde_json::json;

use super::{
    Appointment, State,
    store::{self, Held},
    telling,
};
use crate::{
    calendar::{days_from, local_moment},
    calls::{self, CallType, NewTask},
    clock::Timestamp,
    clocks::{
        Clock, ClockKind,
        actions::{NewClock, set, stop},
    },
    db, dealerships,
    dealerships::Dealership,
    desk::Desk,
    id::Id,
    notices::{SubjectKind, actions::hear},
};

/// So long after the start nobody worries yet (BR-14).
pub(super) const GRACE: SignedDuration = SignedDuration::from_mins(30);
/// Who books again within so many days of a missed appointment has been won back.
pub(super) const RECOVERED_WITHIN: SignedDuration = SignedDuration::from_hours(14 * 24);

/// An appointment as it is now, and its state and start as they were; `None` of a new one.
pub(super) type Watched<'a> = (&'a Appointment, Option<(State, Option<Timestamp>)>);

/// Sets, moves and stops the clocks of appointments that changed. One that was told of only after its time is not
/// waited for: whoever tells so late tells of arrivals late too.
pub(super) async fn watch(desk: &mut Desk<'_>, watched: &[Watched<'_>]) -> db::Result<()> {
    let (mut due, mut over, mut decided, mut back) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut answered = Vec::new();
    for (appointment, before) in watched {
        let is_expected = |state| matches!(state, State::Booked | State::Confirmed);
        let was_watched = before.is_some_and(|(state, _)| is_expected(state) || state == State::NoShowSuspected);
        if before.is_some_and(|(state, _)| state == State::NoShowSuspected)
            && appointment.state != State::NoShowSuspected
        {
            decided.push(appointment.id.to_string());
        }
        // Whoever is said to have missed it is called all the same.
        let is_missing = |state| matches!(state, State::NoShowSuspected | State::NoShow);
        if before.is_some_and(|(state, _)| is_missing(state)) && !is_missing(appointment.state) {
            back.push(appointment.id.to_string());
        }
        if before.is_some_and(|(state, _)| state == State::MoveRequested) && appointment.state != State::MoveRequested {
            answered.push(appointment.id.to_string());
        }
        let rings = appointment.start_at.map(|start| start.plus(GRACE)).filter(|at| *at > desk.now);
        match rings.filter(|_| is_expected(appointment.state)) {
            Some(_) if before.is_some_and(|(state, start)| is_expected(state) && start == appointment.start_at) => {}
            Some(due_at) => due.push(NewClock {
                dealership_id: appointment.dealership_id,
                kind: ClockKind::AppointmentNoShow,
                subject_id: appointment.id.to_string(),
                key: String::new(),
                due_at,
                detail: json!({}),
            }),
            None if was_watched && appointment.state != State::NoShowSuspected => over.push(appointment.id.to_string()),
            None => {}
        }
    }
    // The end of the day was waited for, too.
    stop(desk, &decided, &[ClockKind::AppointmentDayOver]).await?;
    set(desk, &due).await?;
    stop(desk, &over, &[ClockKind::AppointmentNoShow]).await?;
    // Who asked for another time has one, or needs none any more.
    for subject in &answered {
        calls::actions::withdraw_for(desk, subject, "move_requested", "subject_moved_on").await?;
    }
    called_no_more(desk, &back).await
}

/// They came, moved it, called it off or booked again: nobody asks where they were.
pub(super) async fn called_no_more(desk: &mut Desk<'_>, appointments: &[String]) -> db::Result<()> {
    calls::actions::withdraw_all(desk, appointments, &[CallType::NoShow], "subject_moved_on").await?;
    Ok(())
}

/// Suspects the appointments whose customers have not come by the time of these clocks: the advisor is told at once, a
/// call is planned for today; the customer hears of it only where silence means absence (BR-19).
pub async fn suspect_no_show(desk: &mut Desk<'_>, clocks: &[Clock]) -> db::Result<()> {
    let suspected = change(desk, clocks, Appointment::suspect).await?;
    let mut tasks = Vec::new();
    let mut ends = Vec::new();
    for (held, dealership) in &suspected {
        let appointment = &held.appointment;
        let line = telling::line(desk.id(), appointment, "appointment.no_show_suspected", desk.now);
        desk.record(line);
        let heard = telling::heard("appointment.no_show_suspected", dealership, held, desk.now);
        let is_quiet = heard.quietly;
        hear(desk, &heard).await?;
        let day_ends = end_of_day(appointment.start_at.unwrap_or(desk.now), dealership);
        ends.push(NewClock {
            dealership_id: appointment.dealership_id,
            kind: ClockKind::AppointmentDayOver,
            subject_id: appointment.id.to_string(),
            key: String::new(),
            due_at: day_ends,
            detail: json!({}),
        });
        // Rung days late, a call about that day helps nobody.
        if let (false, Some(customer_id), true) = (is_quiet, appointment.customer_id, desk.now < day_ends) {
            tasks.push(call(desk.now, day_ends, appointment, customer_id, dealership));
        }
    }
    set(desk, &ends).await?;
    calls::actions::plan(desk, &tasks).await?;
    Ok(())
}

/// The day is over: who was suspected has missed their appointment.
pub async fn day_over(desk: &mut Desk<'_>, clocks: &[Clock]) -> db::Result<()> {
    let now = desk.now;
    for (held, dealership) in change(desk, clocks, |appointment| appointment.give_up(now)).await? {
        let line = telling::line(desk.id(), &held.appointment, "appointment.no_show", desk.now);
        desk.record(line);
        // What was to be said of it was said when it was suspected; what waits for the visit is withdrawn.
        let mut heard = telling::heard("appointment.no_show", &dealership, &held, desk.now);
        heard.quietly = true;
        hear(desk, &heard).await?;
    }
    Ok(())
}

/// Loads the appointments of clocks and saves those that `change` changes; answers them with their dealerships.
async fn change(
    desk: &mut Desk<'_>,
    clocks: &[Clock],
    mut change: impl FnMut(&mut Appointment) -> bool,
) -> db::Result<Vec<(Held, Arc<Dealership>)>> {
    let ids: Vec<String> = clocks.iter().map(|clock| clock.subject_id.clone()).collect();
    let mut held = store::find_and_lock_by_id(desk.tx, &ids).await?;
    held.retain_mut(|held| change(&mut held.appointment));
    store::save(desk.tx, &held.iter().map(|held| &held.appointment).collect::<Vec<_>>()).await?;
    with_dealerships(desk, held).await
}

/// These appointments with their dealerships.
pub(super) async fn with_dealerships(desk: &mut Desk<'_>, held: Vec<Held>) -> db::Result<Vec<(Held, Arc<Dealership>)>> {
    let mut known: BTreeMap<Id<Dealership>, Arc<Dealership>> = BTreeMap::new();
    let mut found_with = Vec::with_capacity(held.len());
    for held in held {
        let id = held.appointment.dealership_id;
        let dealership = match known.entry(id) {
            Entry::Occupied(known) => Arc::clone(known.get()),
            Entry::Vacant(place) => {
                let Some(found) = dealerships::actions::find(desk.tx, id).await? else { continue };
                Arc::clone(place.insert(Arc::new(found)))
            }
        };
        found_with.push((held, dealership));
    }
    Ok(found_with)
}

/// Midnight after it, on the dealership's clock.
fn end_of_day(start: Timestamp, dealership: &Dealership) -> Timestamp {
    let day = start.in_zone(&dealership.zone).date();
    local_moment(days_from(day, 1).at(0, 0, 0, 0), &dealership.zone)
}

fn call(
    now: Timestamp,
    until: Timestamp,
    appointment: &Appointment,
    customer_id: Id<crate::customers::Customer>,
    dealership: &Arc<Dealership>,
) -> NewTask {
    let subject = (SubjectKind::Appointment, appointment.id.to_string());
    NewTask {
        vehicle_id: appointment.vehicle_id,
        round: appointment.revision,
        is_urgent: true,
        ..NewTask::new(CallType::NoShow, dealership, customer_id, subject, "no_show_suspected", (now, until))
    }
}
