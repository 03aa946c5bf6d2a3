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
    Appointment, absence,
    checks::is_ahead,
    store::{self, Written},
    telling,
};
use crate::{
    bookings,
    calls::{self, CallType, NewTask},
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

/// Looks at bookings that were just saved: says what each lacks, and has somebody ask for it where it was taken here; what
/// another system took it has to complete, and the advisor reads of it the day before. One statement however many there are,
/// while nothing is missing.
pub(super) async fn look_at(desk: &mut Desk<'_>, booked: Vec<(&Arc<Dealership>, &mut Appointment)>) -> db::Result<()> {
    let ids: Vec<Id<Appointment>> = booked.iter().map(|(_, appointment)| appointment.id).collect();
    let written: HashMap<Id<Appointment>, Written> =
        store::written(desk.tx, &ids).await?.into_iter().map(|written| (written.id, written)).collect();
    let (mut changed, mut tasks, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    for (dealership, appointment) in booked {
        let Some(written) = written.get(&appointment.id) else { continue };
        // Who is here can be asked at the counter.
        let found = if is_ahead(appointment, desk.now) { missing(written) } else { Vec::new() };
        if found == appointment.missing.0 {
            continue;
        }
        let what = if found.is_empty() { "appointment.completed_data" } else { "appointment.incomplete" };
        let mut line = telling::line(desk.id(), appointment, what, desk.now);
        line.detail = json!({ "missing": found });
        desk.record(line);
        if found.is_empty() {
            whole.push(appointment.id.to_string());
        } else {
            tasks.extend(ask(desk, dealership, appointment));
        }
        appointment.missing.0 = found;
        changed.push(&*appointment);
    }
    store::save(desk.tx, &changed).await?;
    calls::actions::plan(desk, &tasks).await?;
    for subject in &whole {
        calls::actions::withdraw_for(desk, subject, REASON, "complete_now").await?;
    }
    Ok(())
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
    let booked = held.iter_mut().map(|(held, dealership)| (&*dealership, &mut held.appointment)).collect();
    look_at(desk, booked).await
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
