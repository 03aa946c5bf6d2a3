//! The verbs of appointments: facts are heard, applied in their order, and told on to what has to be said about them.
use std::collections::{BTreeMap, BTreeSet, HashMap, btree_map};

use jiff::tz::TimeZone;
use serde_json::json;

use super::{
    Appointment, Fact, Said,
    life::{Effect, News, Verdict},
    store::{self, Held, Key},
};
use crate::{
    clock::Timestamp,
    customers::{self, vehicles},
    db::{self, Tx},
    desk::{self, Desk},
    id::Id,
    intake::Outcome,
    notices::{
        SubjectKind,
        actions::{Heard, Subject, hear},
        grammar::{Facts, Flag, Moment},
        readings::Reading,
    },
    staff::{self, Staff},
    timeline::Entry,
};

/// A fact about an appointment, and the event that told it.
pub type Told<'a> = desk::Told<'a, Fact>;

/// Applies facts in their order, and tells what became of each. However many there are, each table is read once and
/// written once (customers, vehicles and appointments: at most seven statements), then every applied fact is heard.
pub async fn apply(desk: &mut Desk<'_>, told: &[Told<'_>]) -> Result<Vec<Outcome>, db::Error> {
    let parties = find_parties(desk, told).await?;
    let mut book = Book::open(desk, told).await?;
    let mut outcomes = Vec::with_capacity(told.len());
    let mut heard = Vec::new();
    for (told, parties) in told.iter().zip(parties) {
        let news = News {
            said: &told.fact.said,
            time: told.time,
            revision: told.fact.revision,
            customer: parties.customer.as_ref().map(|c| c.id),
            vehicle: parties.vehicle,
            advisor: parties.advisor,
        };
        let (page, is_new, verdict) = book.hear(desk, told, &news);
        if let Some(customer) = parties.customer {
            page.customer_zone = customer.time_zone;
        }
        desk.record(line(desk.id(), told, page, verdict));
        match verdict {
            Verdict::Applied(effect) => {
                heard.push(heard_as(told, page, is_new, effect));
                outcomes.push(Outcome::Applied);
            }
            Verdict::Stale(_) => outcomes.push(Outcome::Stale),
        }
    }
    book.close(desk).await?;
    for heard in &heard {
        hear(desk, heard).await?;
    }
    Ok(outcomes)
}

/// Appointments as their letters need them (BR-13).
pub async fn for_letters(tx: &mut Tx, ids: &[String]) -> Result<Vec<Reading>, db::Error> {
    Ok(store::for_letters(tx, ids).await?.into_iter().map(store::Read::reading).collect())
}

/// The people and things that a booking names.
#[derive(Default)]
struct Parties {
    customer: Option<customers::actions::Known>,
    vehicle: Option<Id<vehicles::Vehicle>>,
    advisor: Option<Id<Staff>>,
}

async fn find_parties(desk: &mut Desk<'_>, told: &[Told<'_>]) -> Result<Vec<Parties>, db::Error> {
    let mut parties: Vec<Parties> = told.iter().map(|_| Parties::default()).collect();
    let bookings: Vec<(usize, &Told<'_>, &super::Booking)> =
        told.iter().enumerate().filter_map(|(i, told)| Some((i, told, told.fact.said.booking()?))).collect();
    let persons: Vec<_> = bookings
        .iter()
        .map(|(_, told, booking)| customers::actions::Mention {
            dealership_id: told.dealership.id,
            person: &booking.customer,
            source: told.source,
            heard_at: told.time,
            event_id: Some(told.event_id),
        })
        .collect();
    let known = customers::actions::refresh_all(desk, &persons).await?;
    for ((index, ..), known) in bookings.iter().zip(known) {
        parties[*index].customer = Some(known);
    }
    let mut seen = Vec::new();
    let mut sightings = Vec::new();
    for (index, told, booking) in &bookings {
        if let Some(sighting) = &booking.vehicle {
            let owner = parties[*index].customer.as_ref().map(|c| c.id);
            seen.push(*index);
            sightings.push(vehicles::actions::Mention {
                dealership_id: told.dealership.id,
                sighting,
                owner,
                heard_at: told.time,
            });
        }
    }
    for (index, vehicle) in seen.into_iter().zip(vehicles::actions::refresh_all(desk, &sightings).await?) {
        parties[index].vehicle = Some(vehicle);
    }
    let mut advisors = HashMap::new();
    for (index, told, booking) in &bookings {
        let Some(reference) = &booking.advisor_ref else { continue };
        let key = (told.dealership.id, reference);
        let found = match told.advisor.or_else(|| advisors.get(&key).copied()) {
            Some(advisor) => advisor,
            None => staff::actions::advisor(desk, told.dealership.id, reference).await?,
        };
        advisors.insert(key, found);
        parties[*index].advisor = Some(found);
    }
    Ok(parties)
}

/// The appointments of one unit of work.
struct Book(BTreeMap<Key, Held>);

impl Book {
    async fn open(desk: &mut Desk<'_>, told: &[Told<'_>]) -> Result<Self, db::Error> {
        let keys: BTreeSet<Key> = told.iter().map(key).collect();
        Ok(Self(store::find_and_lock(desk.tx, &keys).await?))
    }

    /// The appointment that was told of, whether it is a new one, and what the news came to.
    fn hear(&mut self, desk: &Desk<'_>, told: &Told<'_>, news: &News<'_>) -> (&mut Held, bool, Verdict) {
        match self.0.entry(key(told)) {
            btree_map::Entry::Occupied(known) => {
                let held = known.into_mut();
                let verdict = held.appointment.hear(news);
                held.is_changed |= matches!(verdict, Verdict::Applied(_));
                (held, false, verdict)
            }
            btree_map::Entry::Vacant(unknown) => {
                let (appointment, verdict) =
                    Appointment::first_heard(desk.id(), told.dealership.id, &told.fact.reference, news, desk.now);
                (unknown.insert(Held { appointment, customer_zone: None, is_changed: true }), true, verdict)
            }
        }
    }

    async fn close(self, desk: &mut Desk<'_>) -> Result<(), db::Error> {
        let changed: Vec<&Appointment> = self.0.values().filter(|h| h.is_changed).map(|h| &h.appointment).collect();
        store::save(desk.tx, &changed).await
    }
}

fn key(told: &Told<'_>) -> Key {
    Key { dealership_id: told.dealership.id, reference: told.fact.reference.clone() }
}

/// The line of the record: what was heard, at which step of the service journey; of a stale fact, why nothing came of it.
fn line(id: Id<Entry>, told: &Told<'_>, held: &Held, verdict: Verdict) -> Entry {
    let appointment = &held.appointment;
    let event_type = told.fact.said.event_type();
    let what = match verdict {
        Verdict::Applied(effect) if effect.event_type == "appointment.rescheduled" => effect.event_type,
        Verdict::Applied(_) => event_type,
        Verdict::Stale(_) => "event.stale",
    };
    let mut line = Entry::new(id, told.dealership.id, told.time, what);
    line.step = Some(match &told.fact.said {
        Said::Arrived(_) => 2,
        Said::Completed(_) => 7,
        _ => 1,
    });
    line.customer_id = appointment.customer_id;
    line.vehicle_id = appointment.vehicle_id;
    line.appointment_id = Some(appointment.id);
    line.event_id = Some(told.event_id);
    line.actor = Some(told.source.to_owned());
    let (previous_start_at, is_quiet) = match verdict {
        Verdict::Applied(effect) => (effect.previous_start_at, effect.quietly),
        Verdict::Stale(reason) => {
            line.reason = Some(reason.to_owned());
            (None, true)
        }
    };
    line.detail =
        json!({"state": appointment.state, "revision": appointment.revision, "start_at": appointment.start_at});
    if let Some(previous) = previous_start_at {
        line.detail["previous_start_at"] = json!(previous);
    }
    if what == "event.stale" {
        line.detail["type"] = json!(event_type);
    } else if is_quiet {
        line.detail["quietly"] = json!(true);
    }
    line
}

fn heard_as(told: &Told<'_>, held: &Held, is_new: bool, effect: Effect) -> Heard {
    let appointment = &held.appointment;
    // A move is a booking anew: who moves it to tomorrow needs no reminder of it today.
    let booked_at =
        appointment.booked_at.filter(|_| effect.event_type != "appointment.rescheduled").unwrap_or(told.time);
    let facts = Facts::default()
        .at(Moment::StartAt, appointment.start_at)
        .at(Moment::EndAt, appointment.end_at)
        .at(Moment::BookedAt, booked_at)
        .at(Moment::OccurredAt, told.time)
        .at(Moment::PreviousStartAt, effect.previous_start_at)
        .flag(Flag::IsComeback, appointment.is_comeback)
        .flag(Flag::BookedByCustomer, appointment.booked_by.as_deref().map(|by| by == "customer"));
    let customer_zone = held.customer_zone.as_deref().and_then(|zone| TimeZone::get(zone).ok());
    let subject = Subject {
        kind: SubjectKind::Appointment,
        id: appointment.id.to_string(),
        reference: appointment.reference.clone(),
        revision: appointment.revision,
    };
    Heard {
        event_id: Some(told.event_id),
        is_new,
        customer_id: appointment.customer_id,
        advisor_id: appointment.advisor_id,
        acted_at: acted_at(told, effect),
        facts,
        reader_zone: customer_zone.unwrap_or_else(|| told.dealership.zone.clone()),
        detail: effect.previous_start_at.map_or_else(|| json!({}), |previous| json!({"previous_start_at": previous})),
        // BR-66: what happened before the dealership went live is on record, and raises nothing.
        quietly: effect.quietly || told.dealership.live_from.is_some_and(|live| told.time < live),
        ..Heard::new(effect.event_type, told.dealership, subject)
    }
}

/// When the customer did what this answers (BR-67): they book, move and cancel, unless the sender says that we did.
fn acted_at(told: &Told<'_>, effect: Effect) -> Option<Timestamp> {
    let by_customer = |by: &Option<String>| {
        !matches!(by.as_deref(), Some("staff" | "dealership" | "workshop" | "advisor" | "system"))
    };
    match &told.fact.said {
        Said::Booked(booking) | Said::Rescheduled(booking) if by_customer(&booking.booked_by) => {
            match effect.event_type {
                "appointment.rescheduled" => Some(told.time),
                _ => Some(booking.booked_at.unwrap_or(told.time)),
            }
        }
        Said::Cancelled(occasion) if by_customer(&occasion.by) => Some(occasion.at),
        _ => None,
    }
}
