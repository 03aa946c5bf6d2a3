//! What is read before times are offered: the hours of the days, who receives customers, what is booked, which parts are to come.
use std::collections::BTreeMap;

use jiff::{SignedDuration, civil::Date};
use serde_json::Value;

use super::{Arrival, Book, MOST_DAYS, Parts, Slot, Wish};
use crate::{
    appointments::{Appointment, checks::apart, store},
    calendar::{days_from, local_moment},
    capacity::{self, Room},
    clock::Timestamp,
    customers::vehicles::Vehicle,
    db::{self, Tx},
    dealerships::{Dealership, rules},
    id::Id,
    parts,
    staff::{self, Staff},
};

/// How long work takes of which nobody has said it, in minutes.
const USUAL_MINUTES: i64 = 60;

/// Times that can be given, and what the days that were looked at have room for.
#[derive(Clone, Debug)]
pub struct Offer {
    pub slots: Vec<Slot>,
    /// Each open day; without its room where nobody has stated its hours.
    pub days: Vec<(Date, Option<Room>)>,
    /// Those who receive customers here.
    pub advisors: Vec<Staff>,
}

/// The times of a stretch that can be given at a dealership now. Four statements however long the stretch is; at most
/// [`MOST_DAYS`] of it are looked at.
///
/// # Errors
/// Those of the database.
pub async fn offer(
    tx: &mut Tx,
    dealership: &Dealership,
    wish: &Wish,
    (from, until): (Timestamp, Timestamp),
    now: Timestamp,
) -> db::Result<Offer> {
    let until = until.min(from.plus(SignedDuration::from_hours(24 * MOST_DAYS)));
    let mut advisors = staff::actions::all_of(tx, dealership.id).await?;
    let receives = |person: &Staff| person.roles.iter().any(|role| role == "advisor");
    // Whoever is asked for by name has hours, too.
    advisors.retain(|person| person.active && (receives(person) || wish.advisor == Some(person.id)));
    let shop = dealership.shop();
    let on =
        |at: Timestamp, days| local_moment(days_from(at.in_zone(&shop.zone).date(), days).at(0, 0, 0, 0), &shop.zone);
    let apart = apart(dealership);
    let works = store::works_between(tx, dealership.id, (on(from, 0).minus(apart), on(until, 1).plus(apart))).await?;
    let arrivals: Vec<Arrival> = works
        .iter()
        .filter(|work| work.is_to_come())
        .map(|work| Arrival {
            id: work.id,
            start_at: work.start_at,
            advisor_id: work.advisor_id,
            minutes: work.minutes(),
        })
        .collect();
    let unknown = BTreeMap::new();
    let book = Book { shop: &shop, apart, advisors: &advisors, arrivals: &arrivals, days: &unknown };
    let dates: Vec<Date> = book.dates((from, until)).collect();
    let asked: Vec<String> = dates.iter().map(Date::to_string).collect();
    let full = rules::FULL_PERCENT.of(dealership);
    let stated = capacity::actions::days(tx, dealership.id, &asked).await?;
    let stated: BTreeMap<Date, Room> =
        stated.iter().filter_map(|day| Some((day.date.parse().ok()?, day.room(0, full)))).collect();
    let book = Book { days: &stated, ..book };
    let rooms = book.rooms(wish.moving);
    let days = dates.into_iter().filter(|date| shop.is_open_on(*date));
    let days = days.map(|date| (date, rooms.get(&date).copied())).collect();
    let slots = book.slots(wish, (from, until), now);
    advisors.retain(receives);
    Ok(Offer { slots, days, advisors })
}

/// What is wanted of another time for a visit: as long, by the same advisor, with the parts that it needs.
///
/// # Errors
/// Those of the database.
pub async fn for_a_move(tx: &mut Tx, dealership: &Dealership, visit: &Appointment) -> db::Result<Wish> {
    let of_car = parts_of(tx, visit.vehicle_id).await?;
    let named = visit.services.iter().any(|service| service.hours.is_some());
    let code = visit.services.iter().find_map(|service| service.code.as_deref());
    let minutes = if named { super::super::minutes_of(&visit.services) } else { minutes_of(dealership, code) };
    let advisor = match visit.advisor_id {
        // Who is not here any more receives nobody.
        Some(id) => staff::actions::find(tx, id).await?.filter(|person| person.active).map(|person| person.id),
        None => None,
    };
    Ok(Wish { minutes, advisor, parts: of_car.max(parts_that_it_lacks(visit)), moving: Some(visit.id) })
}

/// Which parts of a car are on their way (BR-10).
///
/// # Errors
/// Those of the database.
pub async fn parts_of(tx: &mut Tx, vehicle: Option<Id<Vehicle>>) -> db::Result<Parts> {
    let Some(vehicle) = vehicle else { return Ok(Parts::Here) };
    Ok(Parts::of(parts::actions::days_to_come(tx, vehicle).await?))
}

/// What a visit says of its own parts, each perhaps with a day: `{"part_no":"…","available":false,"eta":"…"}`.
fn parts_that_it_lacks(visit: &Appointment) -> Parts {
    if visit.parts_ready != Some(false) {
        return Parts::Here;
    }
    let is_lacking = |part: &&Value| part.get("available").and_then(Value::as_bool) != Some(true);
    let day = |part: &Value| part.get("eta").and_then(Value::as_str).and_then(|day| day.parse().ok());
    let days: Vec<Option<Timestamp>> = visit.parts_required.iter().filter(is_lacking).map(day).collect();
    if days.is_empty() { Parts::Unknown } else { Parts::of(days) }
}

/// How long a service takes, in minutes: the dealership's rule `appointments.hours`, `{"40K":1.5}` by operation code, and an
/// hour for what it does not name.
pub fn minutes_of(dealership: &Dealership, service: Option<&str>) -> i64 {
    let hours = || {
        let named = dealership.rules.pointer("/appointments/hours")?.as_object()?;
        let of = |code: &str| named.iter().find(|(key, _)| key.eq_ignore_ascii_case(code));
        of(service?)?.1.as_f64().filter(|hours| *hours >= 0.0)
    };
    hours().map_or(USUAL_MINUTES, capacity::minutes)
}
