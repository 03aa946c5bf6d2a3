//! What customers do themselves: they confirm, ask for another time, move or cancel, by a link, a digit or on the phone.
use std::sync::Arc;

use serde_json::json;

use super::{
    Appointment, Occasion, absence, confirming,
    life::{Effect, Verdict},
    store::{self, Held},
    telling,
};
use crate::{clock::Timestamp, db, dealerships, desk::Desk, id::Id, notices::actions::hear};

/// What a customer's act came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acted {
    Done,
    /// It was so already.
    Again,
    /// It cannot be any more: `already_cancelled`, `already_arrived`, `already_missed`, `already_over`.
    TooLate(&'static str),
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

/// They want another time: the advisor is told, and nobody is thought to be missing until somebody has answered.
pub async fn ask_to_move(desk: &mut Desk<'_>, id: Id<Appointment>, via: &str, at: Timestamp) -> db::Result<Acted> {
    act(desk, id, via, at, Appointment::ask_to_move).await
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
    let Some(dealership) = dealerships::actions::find(desk.tx, appointment.dealership_id).await?.map(Arc::new) else {
        return Ok(());
    };
    confirming::watch(desk, &watched, &[(dealership.id, &dealership)].into()).await?;
    let mut heard = telling::heard(effect.event_type, &dealership, held, at);
    heard.acted_at = Some(at);
    heard.facts = heard.facts.at(crate::notices::grammar::Moment::PreviousStartAt, effect.previous_start_at);
    if let Some(previous) = effect.previous_start_at {
        heard.detail = json!({"previous_start_at": previous});
    }
    hear(desk, &heard).await
}
