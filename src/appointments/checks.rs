//! What is looked at when something is booked (BR-06 to BR-10): found, written down and shown, never a reason to refuse.
use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::SignedDuration;
use serde_json::json;

use super::{
    Appointment, State, Warning,
    comeback::{self, EarlierJob},
    store::{self, Neighbour, Work},
    telling,
};
use crate::{
    calendar::{Shop, days_from, local_moment},
    capacity::{self, Room},
    clock::Timestamp,
    customers::vehicles::Vehicle,
    db,
    dealerships::{Dealership, rules},
    desk::Desk,
    id::Id,
};

/// How far apart the planned arrivals of one advisor are at this dealership (BR-07).
pub(super) fn apart(dealership: &Dealership) -> SignedDuration {
    SignedDuration::from_mins(rules::APART_MINUTES.of(dealership))
}

/// A booking to be looked at, with its dealership.
pub(super) type Booked<'a> = (&'a Dealership, &'a mut Appointment);

/// Looks at bookings that were just saved; answers the ids of those that are found to be comebacks by this very booking.
/// Two statements however many they are (BR-07, BR-09), and two for each dealership that states its capacity.
pub(super) async fn look_at(
    desk: &mut Desk<'_>,
    mut booked: Vec<Booked<'_>>,
    earlier: &HashMap<Id<Vehicle>, Vec<EarlierJob>>,
) -> db::Result<BTreeSet<Id<Appointment>>> {
    booked.retain(|(_, appointment)| is_ahead(appointment, desk.now));
    if booked.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut neighbours: HashMap<Id<Appointment>, Vec<Neighbour>> = HashMap::new();
    let places: Vec<_> = booked.iter().map(|(dealership, one)| (&**one, apart(dealership))).collect();
    for near in store::neighbours(desk.tx, &places).await? {
        neighbours.entry(near.id).or_default().push(near);
    }
    let days = fullness(desk, &booked).await?;
    let mut comebacks = BTreeSet::new();
    let mut changed = Vec::new();
    for (dealership, appointment) in booked {
        let was_comeback = appointment.warnings.iter().any(|warning| matches!(warning, Warning::Comeback { .. }));
        let original = original(appointment, earlier).map(|job| job.order.clone());
        if original.is_some() {
            appointment.original_ref.clone_from(&original);
            appointment.is_comeback = true;
        }
        let found =
            warnings(appointment, dealership, neighbours.get(&appointment.id).map_or(&[], Vec::as_slice), &days);
        if appointment.is_comeback && !was_comeback {
            comebacks.insert(appointment.id);
        }
        if found != appointment.warnings.0 {
            for warning in found.iter().filter(|warning| !appointment.warnings.contains(warning)) {
                let mut line = telling::line(desk.id(), appointment, "appointment.warning", desk.now);
                line.reason = Some(warning.code().to_owned());
                line.detail = json!(warning);
                desk.record(line);
            }
            appointment.warnings.0 = found;
            changed.push(&*appointment);
        }
    }
    store::save(desk.tx, &changed).await?;
    Ok(comebacks)
}

fn is_ahead(appointment: &Appointment, now: Timestamp) -> bool {
    let is_open = matches!(appointment.state, State::Requested | State::Proposed | State::Booked | State::Confirmed);
    is_open && appointment.start_at.is_some_and(|start| start > now)
}

fn original<'a>(
    appointment: &Appointment,
    earlier: &'a HashMap<Id<Vehicle>, Vec<EarlierJob>>,
) -> Option<&'a EarlierJob> {
    let jobs = earlier.get(&appointment.vehicle_id?)?;
    comeback::original(&appointment.services, appointment.start_at?, None, jobs)
}

/// How full the days of these bookings are, by dealership and date.
type Fullness = BTreeMap<(Id<Dealership>, String), Room>;

async fn fullness(desk: &mut Desk<'_>, booked: &[Booked<'_>]) -> db::Result<Fullness> {
    let mut wanted: BTreeMap<Id<Dealership>, (&Dealership, BTreeSet<String>)> = BTreeMap::new();
    for (dealership, appointment) in booked {
        if let Some(date) = date(appointment, dealership) {
            wanted.entry(dealership.id).or_insert_with(|| (dealership, BTreeSet::new())).1.insert(date);
        }
    }
    let mut full = Fullness::new();
    for (id, (dealership, dates)) in wanted {
        let dates: Vec<String> = dates.into_iter().collect();
        for day in capacity::actions::days(desk.tx, id, &dates).await? {
            let Ok(date) = day.date.parse() else { continue };
            let midnight = |days| local_moment(days_from(date, days).at(0, 0, 0, 0), &dealership.zone);
            let ours: i64 = store::works_between(desk.tx, id, (midnight(0), midnight(1)))
                .await?
                .iter()
                .filter(|work| work.is_to_come())
                .map(Work::minutes)
                .sum();
            full.insert((id, day.date.clone()), day.room(ours, rules::FULL_PERCENT.of(dealership)));
        }
    }
    Ok(full)
}

fn date(appointment: &Appointment, dealership: &Dealership) -> Option<String> {
    Some(appointment.start_at?.in_zone(&dealership.zone).date().to_string())
}

/// Everything found wrong with one booking.
fn warnings(
    appointment: &Appointment,
    dealership: &Dealership,
    neighbours: &[Neighbour],
    days: &Fullness,
) -> Vec<Warning> {
    let mut found = Vec::new();
    let nearest = neighbours.iter().min_by_key(|other| {
        appointment.start_at.map(|start| (start.since(other.other_start_at).abs(), other.other_ref.clone()))
    });
    if let (Some(other), Some(start)) = (nearest, appointment.start_at) {
        let minutes = start.since(other.other_start_at).abs().as_mins();
        let apart = rules::APART_MINUTES.of(dealership);
        found.push(Warning::Spacing { with: other.other_ref.clone(), minutes, apart });
    }
    if let Some(date) = date(appointment, dealership)
        && let Some(room) = days.get(&(dealership.id, date.clone()))
        && room.is_overbooked()
    {
        let (booked_hours, available_hours) =
            (capacity::hours(room.booked_minutes), capacity::hours(room.available_minutes));
        found.push(Warning::Load { date, booked_hours, available_hours, full: room.full });
    }
    let most = rules::WAIT_DAYS.of(dealership);
    if let Some(working_days) = waits(appointment, &dealership.shop()).filter(|days| *days > most) {
        found.push(Warning::LateSlot { working_days, most });
    }
    if appointment.is_conditional() {
        found.push(Warning::PartsNotReady);
    }
    if appointment.is_comeback {
        found.push(Warning::Comeback { original: appointment.original_ref.clone() });
    }
    found
}

/// Working days from the request to the slot; none where nobody had to ask (who books in March for June wants June).
fn waits(appointment: &Appointment, shop: &Shop) -> Option<i64> {
    let asked = appointment.requested_at?.in_zone(&shop.zone).date();
    let slot = appointment.start_at?.in_zone(&shop.zone).date();
    Some(shop.working_days_between(asked, slot))
}
