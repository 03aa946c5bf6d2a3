//! What customers do themselves: they confirm, ask for another time, move or cancel, by a link, a digit or on the phone.
use std::{collections::HashMap, sync::Arc};

use jiff::SignedDuration;
use serde_json::json;

use super::{
    Appointment, Occasion, absence, checks, confirming,
    life::{Effect, Verdict},
    passing_on,
    slots::offering,
    store::{self, Held},
    taking, telling,
};
use crate::{
    bookings,
    calls::{self, CallType, NewTask},
    clock::Timestamp,
    db, dealerships,
    dealerships::Dealership,
    desk::Desk,
    id::Id,
    notices::{SubjectKind, actions::hear},
};

/// Within so many opening hours somebody finds another time for who asks for one.
const ANSWERED_WITHIN: SignedDuration = SignedDuration::from_hours(2);
/// Why that is a call.
const MOVE_REQUESTED: &str = "move_requested";

/// What a customer's act came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acted {
    Done,
    /// It was so already.
    Again,
    /// It cannot be any more: `already_cancelled`, `already_arrived`, `already_missed`, `already_over`, `book_elsewhere`.
    TooLate(&'static str),
    /// The time that they chose is somebody else's by now.
    Taken,
    /// There is no such appointment.
    Unknown,
}

/// They will come. `via`: `link`, `digit`, `call`.
pub async fn confirm_by_customer(
    desk: &mut Desk<'_>,
    id: Id<Appointment>,
    via: &str,
    at: Timestamp,
) -> db::Result<Acted> {
    act(desk, id, via, at, |appointment| appointment.confirm(&by_customer(at), via)).await
}

/// They want another time: the advisor is told, and nobody is thought to be missing until somebody has answered. Who asks again
/// is called again, unless that call is still to be made.
pub async fn ask_to_move(desk: &mut Desk<'_>, id: Id<Appointment>, via: &str, at: Timestamp) -> db::Result<Acted> {
    let acted = act(desk, id, via, at, Appointment::ask_to_move).await?;
    if acted == Acted::Again && !calls::actions::is_open_for(desk, &id.to_string(), MOVE_REQUESTED).await? {
        let held = store::find_and_lock_by_id(desk.tx, &[id.to_string()]).await?;
        for (held, dealership) in absence::with_dealerships(desk, held).await? {
            find_another_time(desk, &held.appointment, &dealership, at).await?;
        }
    }
    Ok(acted)
}

/// They will not come.
pub async fn cancel_by_customer(
    desk: &mut Desk<'_>,
    id: Id<Appointment>,
    via: &str,
    at: Timestamp,
) -> db::Result<Acted> {
    act(desk, id, via, at, |appointment| appointment.cancel(&by_customer(at))).await
}

/// They chose another time themselves; it keeps its length.
pub async fn move_by_customer(
    desk: &mut Desk<'_>,
    id: Id<Appointment>,
    start_at: Timestamp,
    via: &str,
    at: Timestamp,
) -> db::Result<Acted> {
    act(desk, id, via, at, |appointment| appointment.move_to(start_at)).await
}

/// They take one of the times that were offered, where the book is kept here. Whoever comes second to the last one is told so
/// and keeps the time that they had: the book is theirs alone while it is looked at.
pub async fn take_time(
    desk: &mut Desk<'_>,
    id: Id<Appointment>,
    start_at: Timestamp,
    via: &str,
    at: Timestamp,
) -> db::Result<Acted> {
    let Some(row) = store::on_page(desk.tx, &id.to_string()).await? else { return Ok(Acted::Unknown) };
    dealerships::actions::hold(desk.tx, row.dealership_id).await?;
    let Some(dealership) = dealerships::actions::find(desk.tx, row.dealership_id).await? else {
        return Ok(Acted::Unknown);
    };
    let Some(held) = store::find_and_lock_by_id(desk.tx, &[id.to_string()]).await?.pop() else {
        return Ok(Acted::Unknown);
    };
    if held.appointment.start_at != Some(start_at) {
        let is_ours = bookings::actions::is_ours(desk.tx, &dealership, desk.now).await?;
        let wish = offering::for_a_move(desk.tx, &dealership, &held.appointment).await?;
        let stretch = (start_at, start_at.plus(SignedDuration::from_mins(1)));
        let offer = offering::offer(desk.tx, &dealership, &wish, stretch, desk.now).await?;
        if !is_ours {
            return Ok(Acted::TooLate("book_elsewhere"));
        }
        if offer.slots.is_empty() {
            return Ok(Acted::Taken);
        }
    }
    move_by_customer(desk, id, start_at, via, at).await
}

fn by_customer(at: Timestamp) -> Occasion {
    Occasion { at, by: Some("customer".to_owned()), reason: None }
}

async fn act(
    desk: &mut Desk<'_>,
    id: Id<Appointment>,
    via: &str,
    at: Timestamp,
    act: impl FnOnce(&mut Appointment) -> Verdict,
) -> db::Result<Acted> {
    let Some(mut held) = store::find_and_lock_by_id(desk.tx, &[id.to_string()]).await?.pop() else {
        return Ok(Acted::Unknown);
    };
    let before = held.appointment.clone();
    if before.start_at.is_some_and(|start| start.plus(absence::GRACE) < at) {
        return Ok(Acted::TooLate("already_over"));
    }
    match act(&mut held.appointment) {
        Verdict::Stale(reason) => Ok(Acted::TooLate(reason)),
        Verdict::Applied(_) if held.appointment == before => Ok(Acted::Again),
        Verdict::Applied(effect) => {
            tell(desk, &mut held, &before, effect, via, at).await?;
            Ok(Acted::Done)
        }
    }
}

/// Saves it, and tells everybody whom it concerns.
async fn tell(
    desk: &mut Desk<'_>,
    held: &mut Held,
    before: &Appointment,
    effect: Effect,
    via: &str,
    at: Timestamp,
) -> db::Result<()> {
    // What their system tells later of before this is not news: a booking repeated tonight does not undo a cancellation.
    if matches!(effect.event_type, "appointment.cancelled" | "appointment.rescheduled") {
        held.appointment.heard_at = held.appointment.heard_at.max(at);
    }
    let appointment = &held.appointment;
    store::save(desk.tx, &[appointment]).await?;
    let mut line = telling::line(desk.id(), appointment, effect.event_type, at);
    line.actor = Some("customer".to_owned());
    line.detail = json!({"via": via, "state": appointment.state, "revision": appointment.revision, "start_at": appointment.start_at});
    desk.record(line);
    let watched = [(appointment, Some((before.state, before.start_at)))];
    absence::watch(desk, &watched).await?;
    taking::watch(desk, &watched).await?;
    let Some(dealership) = dealerships::actions::find(desk.tx, appointment.dealership_id).await?.map(Arc::new) else {
        return Ok(());
    };
    confirming::watch(desk, &watched, &[(dealership.id, &dealership)].into()).await?;
    match effect.event_type {
        "appointment.move_requested" => find_another_time(desk, &held.appointment, &dealership, at).await?,
        // What was found wrong with the old time says nothing of the new one.
        "appointment.rescheduled" => {
            checks::look_at(desk, vec![(&*dealership, &mut held.appointment)], &HashMap::new()).await?;
            if !held.appointment.missing.is_empty() {
                let before = Some((before.state, before.start_at));
                let taken = taking::Taken { dealership: &dealership, appointment: &mut held.appointment, before };
                taking::look_at(desk, vec![taken]).await?;
            }
        }
        _ => {}
    }
    let mut passed_on = passing_on::News::default();
    passed_on.note(&dealership, &held.appointment, effect.event_type == "appointment.rescheduled", at);
    passed_on.tell(desk).await?;
    let mut heard = telling::heard(effect.event_type, &dealership, held, at);
    heard.acted_at = Some(at);
    heard.facts = heard.facts.at(crate::notices::grammar::Moment::PreviousStartAt, effect.previous_start_at);
    if let Some(previous) = effect.previous_start_at {
        heard.detail = json!({"previous_start_at": previous});
    }
    hear(desk, &heard).await
}

/// Somebody calls them and finds a time, as long as the one that they have is still to come (acceptance 28). Each wish has its
/// own call: neither asking nor confirming counts as a change of the visit.
async fn find_another_time(
    desk: &mut Desk<'_>,
    appointment: &Appointment,
    dealership: &Arc<Dealership>,
    at: Timestamp,
) -> db::Result<()> {
    let is_quiet = dealership.live_from.is_some_and(|live| at < live);
    let Some(customer_id) = appointment.customer_id.filter(|_| !is_quiet) else { return Ok(()) };
    let due_at = dealership.shop().open_for(at, ANSWERED_WITHIN).unwrap_or(at.plus(ANSWERED_WITHIN));
    let subject = (SubjectKind::Appointment, appointment.id.to_string());
    let task = NewTask {
        vehicle_id: appointment.vehicle_id,
        round: at.get().as_second(),
        is_urgent: true,
        detail: json!({"wants_another_time": true}),
        ..NewTask::new(CallType::Callback, dealership, customer_id, subject, MOVE_REQUESTED, (at, due_at))
    };
    calls::actions::plan(desk, &[task]).await.map(|_| ())
}
