//! The call that asks whether somebody will come: in the afternoon of the open day before, where a dealership wants it
//! (`domain/rules.md` A2 row 4; off by default).
use std::{collections::HashMap, sync::Arc};

use jiff::SignedDuration;
use serde_json::json;

use super::{
    Appointment, State,
    absence::{Watched, with_dealerships},
    store,
};
use crate::{
    calendar::{DailyWindow, local_moment},
    calls::{self, CallType, NewTask},
    clock::Timestamp,
    clocks::{
        Clock, ClockKind,
        actions::{NewClock, set, stop},
    },
    config, db,
    dealerships::Dealership,
    desk::Desk,
    id::Id,
    notices::SubjectKind,
};

/// Who booked as shortly before has just said that they will come (as BR-11 of the reminder).
const BOOKED_AHEAD: SignedDuration = SignedDuration::from_hours(36);
/// So long before the start nobody asks any more.
const TOO_LATE: SignedDuration = SignedDuration::from_hours(2);
const CONFIRM: &[CallType] = &[CallType::Confirm];

/// The dealerships of some appointments.
pub(super) type Dealerships<'a> = HashMap<Id<Dealership>, &'a Arc<Dealership>>;

/// Sets and stops the clocks of appointments that changed. A call that is planned already, by this rule or in place of a
/// reminder, is of no more use once the appointment is confirmed, moved, called off or under way.
pub(super) async fn watch(
    desk: &mut Desk<'_>,
    watched: &[Watched<'_>],
    dealerships: &Dealerships<'_>,
) -> db::Result<()> {
    let (mut due, mut over) = (Vec::new(), Vec::new());
    for (appointment, before) in watched {
        let waits = appointment.state == State::Booked;
        let waited = before.is_some_and(|(state, _)| state == State::Booked);
        let has_moved = before.is_some_and(|(_, start)| start != appointment.start_at);
        if waits && waited && !has_moved {
            continue;
        }
        if waited {
            over.push(appointment.id.to_string());
        }
        if waits && let Some(dealership) = dealerships.get(&appointment.dealership_id) {
            due.extend(clock(desk, appointment, dealership));
        }
    }
    stop(desk, &over, &[ClockKind::AppointmentUnconfirmed]).await?;
    set(desk, &due).await?;
    calls::actions::withdraw_all(desk, &over, CONFIRM, "subject_moved_on").await?;
    Ok(())
}

fn clock(desk: &Desk<'_>, appointment: &Appointment, dealership: &Dealership) -> Option<NewClock> {
    let rules = &desk.config.calls;
    let hours = is_wanted(dealership, rules).then(|| hours(appointment, dealership, rules.confirm_hours))?;
    hours.filter(|(opens, _)| *opens > desk.now).map(|(due_at, _)| NewClock {
        dealership_id: appointment.dealership_id,
        kind: ClockKind::AppointmentUnconfirmed,
        subject_id: appointment.id.to_string(),
        key: String::new(),
        due_at,
        detail: json!({}),
    })
}

/// `rules.calls.confirm` of the dealership, else the setting.
fn is_wanted(dealership: &Dealership, usual: &config::Calls) -> bool {
    dealership.rules["calls"]["confirm"].as_bool().unwrap_or(usual.confirm)
}

/// From when and until when the call is to be made: on the last open day before the appointment's; none for who booked
/// shortly before.
fn hours(appointment: &Appointment, dealership: &Dealership, window: DailyWindow) -> Option<(Timestamp, Timestamp)> {
    let start = appointment.start_at?;
    if appointment.booked_at.is_some_and(|booked| start.since(booked) < BOOKED_AHEAD) {
        return None;
    }
    let shop = dealership.shop();
    let day = shop.last_open_day_before(start.in_zone(&shop.zone).date())?;
    let opens = window.next_inside(local_moment(day.at(0, 0, 0, 0), &shop.zone), &shop.zone);
    Some((opens, window.end_after(opens, &shop.zone)))
}

/// The afternoon has come, and nobody has said that they will come: somebody calls.
pub async fn unconfirmed(desk: &mut Desk<'_>, clocks: &[Clock]) -> db::Result<()> {
    let ids: Vec<String> = clocks.iter().map(|clock| clock.subject_id.clone()).collect();
    let mut held = store::find_and_lock_by_id(desk.tx, &ids).await?;
    held.retain(|held| held.appointment.state == State::Booked);
    let mut tasks = Vec::new();
    for (held, dealership) in with_dealerships(desk, held).await? {
        let is_live = dealership.live_from.is_none_or(|live| live <= desk.now);
        if is_live && is_wanted(&dealership, &desk.config.calls) {
            tasks.extend(call(&held.appointment, &dealership, &desk.config.calls, desk.now));
        }
    }
    calls::actions::plan(desk, &tasks).await?;
    Ok(())
}

/// One of an appointment at each revision: the call in place of a reminder that reached nobody is the same call.
fn call(
    appointment: &Appointment,
    dealership: &Arc<Dealership>,
    rules: &config::Calls,
    now: Timestamp,
) -> Option<NewTask> {
    let (start, customer_id) = appointment.start_at.zip(appointment.customer_id)?;
    let (_, due_at) = hours(appointment, dealership, rules.confirm_hours)?;
    let expires_at = start.minus(TOO_LATE);
    let subject = (SubjectKind::Appointment, appointment.id.to_string());
    let times = (now, due_at.min(expires_at));
    (now < expires_at).then(|| NewTask {
        vehicle_id: appointment.vehicle_id,
        round: appointment.revision,
        expires_at: Some(expires_at),
        ..NewTask::new(CallType::Confirm, dealership, customer_id, subject, "unconfirmed", times)
    })
}
