//! What has to be written down when an appointment is taken (seed step 1: 在维修预约表上记下顾客的姓名、车型代码、年分以及顾客
//! 联系电话和手机号码): what of it is missing, who asks for it, and that it has come.
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Appointment, State, absence,
    store::{self, Written},
    telling,
};
use crate::{
    bookings,
    calls::{self, CallType, NewTask},
    clock::Timestamp,
    customers::{Customer, vehicles::Vehicle},
    db,
    dealerships::Dealership,
    desk::Desk,
    id::Id,
    notices::SubjectKind,
};

/// Why somebody is to be asked.
const REASON: &str = "booking_incomplete";
/// The round of that call, beside those that count changes: however often the booking changes, there is one of it.
const ROUND: i64 = -1;
/// Within so many opening hours somebody asks.
const ASKED_WITHIN: SignedDuration = SignedDuration::from_hours(4);

/// Something that a booking should say and does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    Name,
    ModelCode,
    ModelYear,
    /// No number at which they can be reached.
    Phone,
}

impl Missing {
    pub fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::ModelCode => "model_code",
            Self::ModelYear => "model_year",
            Self::Phone => "phone",
        }
    }
}

/// What is missing of what is on record.
pub(super) fn missing(written: &Written) -> Vec<Missing> {
    let blank = |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
    [
        (Missing::Name, blank(&written.name)),
        (Missing::ModelCode, blank(&written.model_code)),
        (Missing::ModelYear, written.model_year.is_none()),
        (Missing::Phone, !written.has_phone),
    ]
    .into_iter()
    .filter(|(_, is_missing)| *is_missing)
    .map(|(what, _)| what)
    .collect()
}

/// A booking to be looked at.
pub(super) struct Taken<'a> {
    pub(super) dealership: &'a Arc<Dealership>,
    pub(super) appointment: &'a mut Appointment,
    /// Its state and start as they were, where they may be others now.
    pub(super) before: Option<(State, Option<Timestamp>)>,
}

/// Whether somebody is to come: also while another time is looked for.
pub(super) fn is_open(state: State) -> bool {
    use State::{Booked, Confirmed, MoveRequested, Proposed, Requested};
    matches!(state, Requested | Proposed | Booked | Confirmed | MoveRequested)
}

/// Whether the visit is still to come.
fn waits(appointment: &Appointment, now: Timestamp) -> bool {
    is_open(appointment.state) && appointment.start_at.is_some_and(|start| start > now)
}

/// Withdraws the calls about what is missing on visits that changed: who has come, will not come, or comes at another time is
/// not called before the old one. Nothing is read where nothing is missing.
pub(super) async fn watch(desk: &mut Desk<'_>, watched: &[absence::Watched<'_>]) -> db::Result<()> {
    for (appointment, before) in watched {
        let Some((state, start_at)) = *before else { continue };
        let is_other = state != appointment.state && !waits(appointment, desk.now) || start_at != appointment.start_at;
        if is_other && !appointment.missing.is_empty() {
            calls::actions::withdraw_for(desk, &appointment.id.to_string(), REASON, "subject_moved_on").await?;
        }
    }
    Ok(())
}

/// Looks at bookings that were just saved: says what each lacks, and has somebody ask for it where it was taken here; what
/// another system took it has to complete, and the advisor reads of it the day before. One statement however many there are,
/// while nothing is missing. Answers whose other bookings lack something that this may have completed.
pub(super) async fn look_at(
    desk: &mut Desk<'_>,
    booked: Vec<Taken<'_>>,
) -> db::Result<(BTreeSet<Id<Customer>>, BTreeSet<Id<Vehicle>>)> {
    let ids: Vec<Id<Appointment>> = booked.iter().map(|taken| taken.appointment.id).collect();
    let written: HashMap<Id<Appointment>, Written> =
        store::written(desk.tx, &ids).await?.into_iter().map(|written| (written.id, written)).collect();
    let (mut changed, mut tasks, mut over) = (Vec::new(), Vec::new(), Vec::new());
    for Taken { dealership, appointment, before } in booked {
        let Some(written) = written.get(&appointment.id) else { continue };
        if !waits(appointment, desk.now) {
            // Who is here can be asked at the counter; nothing has come that was missing.
            if !appointment.missing.is_empty() {
                over.push((appointment.id.to_string(), "subject_moved_on"));
                appointment.missing.0.clear();
                changed.push(&*appointment);
            }
            continue;
        }
        let found = missing(written);
        if found == appointment.missing.0 {
            // The call before the time that it had was withdrawn, as [`watch`] does.
            let is_as_before =
                before.is_none_or(|(state, start_at)| is_open(state) && start_at == appointment.start_at);
            if !found.is_empty() && !is_as_before {
                tasks.extend(ask(desk, dealership, appointment));
            }
            continue;
        }
        let what = if found.is_empty() { "appointment.completed_data" } else { "appointment.incomplete" };
        let mut line = telling::line(desk.id(), appointment, what, desk.now);
        line.detail = json!({ "missing": found });
        desk.record(line);
        if found.is_empty() {
            over.push((appointment.id.to_string(), "complete_now"));
        } else {
            tasks.extend(ask(desk, dealership, appointment));
        }
        appointment.missing.0 = found;
        changed.push(&*appointment);
    }
    store::save(desk.tx, &changed).await?;
    calls::actions::plan(desk, &tasks).await?;
    for (subject, why) in &over {
        calls::actions::withdraw_for(desk, subject, REASON, why).await?;
    }
    let lacking = || written.values().filter(|written| written.others_lack);
    Ok((
        lacking().filter_map(|written| written.customer_id).collect(),
        lacking().filter_map(|written| written.vehicle_id).collect(),
    ))
}

/// Somebody asks for what is missing, in good time before the visit.
fn ask(desk: &Desk<'_>, dealership: &Arc<Dealership>, appointment: &Appointment) -> Option<NewTask> {
    let is_live = dealership.live_from.is_none_or(|live| desk.now >= live);
    let taken_here = appointment.source.as_deref() == Some(bookings::SOURCE);
    let (customer_id, start) = (appointment.customer_id.filter(|_| is_live && taken_here)?, appointment.start_at?);
    let due_at = dealership.shop().open_for(desk.now, ASKED_WITHIN).unwrap_or(start).min(start);
    let subject = (SubjectKind::Appointment, appointment.id.to_string());
    Some(NewTask {
        vehicle_id: appointment.vehicle_id,
        round: ROUND,
        expires_at: Some(start),
        // It is we who want something.
        is_asked_for: false,
        detail: json!({"is_incomplete": true}),
        ..NewTask::new(CallType::Callback, dealership, customer_id, subject, REASON, (desk.now, due_at))
    })
}

/// Something was told of these people and cars: the bookings of theirs that lack something are looked at again.
///
/// # Errors
/// Those of the database.
pub async fn look_again(
    desk: &mut Desk<'_>,
    customers: &BTreeSet<Id<Customer>>,
    vehicles: &BTreeSet<Id<Vehicle>>,
) -> db::Result<()> {
    let ids = store::incomplete_of(desk.tx, customers, vehicles).await?;
    if ids.is_empty() {
        return Ok(());
    }
    let held = store::find_and_lock_by_id(desk.tx, &ids).await?;
    let mut held = absence::with_dealerships(desk, held).await?;
    let taken = held.iter_mut().map(|(held, dealership)| Taken {
        dealership: &*dealership,
        appointment: &mut held.appointment,
        before: None,
    });
    let taken = taken.collect();
    look_at(desk, taken).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_booking_says_who_which_car_of_which_year_and_a_number() {
        let whole = || Written {
            id: Id::new("2026-03-02T10:00:00Z".parse().expect("a time"), [1; 10]),
            name: Some("王芳".to_owned()),
            model_code: Some("ES300h".to_owned()),
            model_year: Some(2024),
            has_phone: true,
            customer_id: None,
            vehicle_id: None,
            others_lack: false,
        };
        assert!(missing(&whole()).is_empty());
        for (written, what) in [
            (Written { name: Some("  ".to_owned()), ..whole() }, Missing::Name),
            (Written { model_code: None, ..whole() }, Missing::ModelCode),
            (Written { model_year: None, ..whole() }, Missing::ModelYear),
            (Written { has_phone: false, ..whole() }, Missing::Phone),
        ] {
            assert_eq!(missing(&written), [what]);
            assert_eq!(serde_json::to_value(what).expect("a word"), what.word());
        }
    }
}
