//! The verbs of appointments: facts are heard, applied in their order, and told on to what has to be said about them.
use std::collections::{BTreeMap, BTreeSet, HashMap, btree_map};

use serde_json::json;

use super::{
    Appointment, Fact, Said, absence, checks, comeback, confirming,
    life::{Effect, News, Verdict},
    passing_on,
    store::{self, Held, Key},
    taking, telling,
};
pub use super::{
    absence::{day_over, suspect_no_show},
    acts::{Acted, ask_to_move, cancel_by_customer, confirm_by_customer, move_by_customer, take_time},
    confirming::unconfirmed,
    lists::gather,
    taking::look_again,
};
use crate::{
    bookings,
    clock::Timestamp,
    customers::{self, Customer, vehicles},
    db::{self, Tx},
    dealerships::{self, Dealership},
    desk::{self, Desk},
    http::Access,
    id::Id,
    intake::Outcome,
    notices::{
        SubjectKind,
        actions::{Heard, Subject, hear},
        grammar::Moment,
        readings::{Named, Reading},
    },
    staff::{self, Staff},
    timeline::Entry,
};

/// A fact about an appointment, and the event that told it.
pub type Told<'a> = desk::Told<'a, Fact>;

/// Applies facts in their order, and tells what became of each. However many there are, each table is read once and
/// written once (customers, vehicles and appointments: at most seven statements), what was booked is looked at once (five),
/// the clocks are set (one), then every applied fact is heard.
pub async fn apply(desk: &mut Desk<'_>, told: &[Told<'_>]) -> Result<Vec<Outcome>, db::Error> {
    // As where a customer takes a time by their link: of two who are given the last one at once, the second is seen to be.
    let given_here = told.iter().filter(|told| told.source == bookings::SOURCE && told.fact.said.booking().is_some());
    for dealership in given_here.map(|told| told.dealership.id).collect::<BTreeSet<_>>() {
        dealerships::actions::hold(desk.tx, dealership).await?;
    }
    let parties = find_parties(desk, told).await?;
    let mut book = Book::open(desk, told).await?;
    let mut outcomes = Vec::with_capacity(told.len());
    let (mut heard, mut back) = (Vec::new(), Vec::new());
    let mut passed_on = passing_on::News::default();
    for (told, parties) in told.iter().zip(parties) {
        let news = News {
            said: &told.fact.said,
            time: told.time,
            revision: told.fact.revision,
            customer: parties.customer.as_ref().map(|c| c.id),
            vehicle: parties.vehicle,
            advisor: parties.advisor,
            source: told.source,
        };
        let (page, is_new, verdict) = book.hear(desk, told, &news);
        if let Some(customer) = parties.customer {
            page.customer_zone = customer.time_zone;
        }
        desk.record(line(desk.id(), told, page, verdict));
        match verdict {
            Verdict::Applied(effect) => {
                page.is_booked |= told.fact.said.booking().is_some();
                if let (Some(id), true) = (page.appointment.customer_id, effect.event_type == "appointment.booked") {
                    back.push((id, told.time));
                }
                heard.push(heard_as(told, page, is_new, effect));
                let is_booking = told.fact.said.booking().is_some();
                passed_on.note(told.dealership, &page.appointment, is_booking, told.time);
                outcomes.push(Outcome::Applied);
            }
            Verdict::Stale(_) => outcomes.push(Outcome::Stale),
        }
    }
    book.save(desk, told).await?;
    heard.extend(book.look(desk, told).await?);
    let recovered = store::recover(desk.tx, &back, absence::RECOVERED_WITHIN).await?;
    absence::called_no_more(desk, &recovered.iter().map(ToString::to_string).collect::<Vec<_>>()).await?;
    for id in recovered {
        if let Some(held) = book.0.values().find(|held| held.appointment.id == id) {
            let line = telling::line(desk.id(), &held.appointment, "appointment.recovered", desk.now);
            desk.record(line);
        }
    }
    for heard in &heard {
        hear(desk, heard).await?;
    }
    passed_on.tell(desk).await?;
    Ok(outcomes)
}

/// Appointments as their letters need them (BR-13).
pub async fn for_letters(tx: &mut Tx, ids: &[String]) -> Result<Vec<Reading>, db::Error> {
    Ok(store::for_letters(tx, ids).await?.into_iter().map(store::Read::reading).collect())
}

/// Who last had this vehicle as its advisor.
pub async fn last_advisor(tx: &mut Tx, vehicle: Id<vehicles::Vehicle>) -> Result<Option<Id<Staff>>, db::Error> {
    store::last_advisor(tx, vehicle).await
}

/// When each visit of this time starts or was to, and its minutes of work; not of what was cancelled.
///
/// # Errors
/// Those of the database.
pub async fn booked(
    tx: &mut Tx,
    dealership: Id<Dealership>,
    stretch: (Timestamp, Timestamp),
) -> db::Result<Vec<(Timestamp, i64)>> {
    let works = store::works_between(tx, dealership, stretch).await?;
    Ok(works.iter().map(|work| (work.start_at, work.minutes())).collect())
}

/// What a ref, or our id, means at a dealership, as something may be said about it by hand.
pub async fn named(tx: &mut Tx, dealership_id: Id<Dealership>, reference: &str) -> Result<Vec<Named>, db::Error> {
    let access = Access::Only(vec![dealership_id]);
    let found = store::list_by_reference(tx, &access, reference, None).await?.into_iter();
    let named = |found: store::Found| Named {
        customer_id: found.customer,
        subject: Subject {
            kind: SubjectKind::Appointment,
            id: found.appointment.id.to_string(),
            reference: found.appointment.reference,
            revision: found.appointment.revision,
        },
    };
    Ok(found.map(named).collect())
}

/// Who told of the next appointments of a dealership; of the first fifty, which is enough to know whose book it is.
pub async fn tellers_of_what_is_ahead(
    tx: &mut Tx,
    dealership: Id<Dealership>,
    now: Timestamp,
) -> Result<Vec<String>, db::Error> {
    store::tellers_of_what_is_ahead(tx, dealership, now, 50).await
}

/// One of a customer's visits.
#[derive(Clone, Debug)]
pub struct Visit {
    pub reference: String,
    pub state: String,
    pub start_at: Option<Timestamp>,
}

/// The latest visits of a customer, the newest first.
pub async fn of_customer(tx: &mut Tx, customer: Id<Customer>) -> Result<Vec<Visit>, db::Error> {
    let found = store::of_customer(tx, customer, 20).await?;
    Ok(found
        .into_iter()
        .map(|one| Visit { reference: one.reference, state: one.state, start_at: one.start_at })
        .collect())
}

/// The first visit of each of these vehicles that starts after `after` and is not called off.
pub async fn next_visits(
    tx: &mut Tx,
    vehicles: &[Id<vehicles::Vehicle>],
    after: Timestamp,
) -> Result<HashMap<Id<vehicles::Vehicle>, Id<Appointment>>, db::Error> {
    if vehicles.is_empty() {
        return Ok(HashMap::new());
    }
    // The earliest comes last and stays.
    Ok(store::visits_after(tx, vehicles, after).await?.into_iter().rev().collect())
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
                owner: vehicles::Whose::BroughtBy(owner),
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
                held.before = held.before.or(Some((held.appointment.state, held.appointment.start_at)));
                let verdict = held.appointment.hear(news);
                held.is_changed |= matches!(verdict, Verdict::Applied(_));
                (held, false, verdict)
            }
            btree_map::Entry::Vacant(unknown) => {
                let (appointment, verdict) =
                    Appointment::first_heard(desk.id(), told.dealership.id, &told.fact.reference, news, desk.now);
                (
                    unknown.insert(Held {
                        appointment,
                        customer_zone: None,
                        is_changed: true,
                        is_booked: false,
                        before: None,
                    }),
                    true,
                    verdict,
                )
            }
        }
    }

    async fn save(&self, desk: &mut Desk<'_>, told: &[Told<'_>]) -> Result<(), db::Error> {
        let changed: Vec<&Held> = self.0.values().filter(|held| held.is_changed).collect();
        store::save(desk.tx, &changed.iter().map(|held| &held.appointment).collect::<Vec<_>>()).await?;
        let watched: Vec<absence::Watched<'_>> = changed.iter().map(|held| (&held.appointment, held.before)).collect();
        absence::watch(desk, &watched).await?;
        taking::watch(desk, &watched).await?;
        let dealerships = told.iter().map(|told| (told.dealership.id, told.dealership)).collect();
        confirming::watch(desk, &watched, &dealerships).await
    }

    /// Looks at what was booked (BR-06 to BR-10); answers what is to be heard of what was found.
    async fn look(&mut self, desk: &mut Desk<'_>, told: &[Told<'_>]) -> Result<Vec<Heard>, db::Error> {
        let shops: HashMap<_, _> = told.iter().map(|told| (told.dealership.id, told.dealership)).collect();
        let booked: Vec<&mut Held> = self.0.values_mut().filter(|held| held.is_booked).collect();
        if booked.is_empty() {
            return Ok(Vec::new());
        }
        let cars: BTreeSet<_> = booked.iter().filter_map(|held| held.appointment.vehicle_id).collect();
        let earlier = comeback::earlier_jobs(desk.tx, &cars, desk.now).await?;
        let booked = booked
            .into_iter()
            .filter_map(|held| Some((shops.get(&held.appointment.dealership_id)?.as_ref(), &mut held.appointment)))
            .collect();
        let comebacks = checks::look_at(desk, booked, &earlier).await?;
        let booked = self.0.values_mut().filter(|held| held.is_booked);
        let taken = booked.filter_map(|held| {
            let dealership = *shops.get(&held.appointment.dealership_id)?;
            Some(taking::Taken { dealership, appointment: &mut held.appointment, before: held.before })
        });
        let (customers, cars) = taking::look_at(desk, taken.collect()).await?;
        taking::look_again(desk, &customers, &cars).await?;
        let found = self.0.values().filter(|held| comebacks.contains(&held.appointment.id));
        let heard = found.filter_map(|held| {
            let shop = shops.get(&held.appointment.dealership_id)?;
            let mut heard = telling::heard("appointment.comeback_found", shop, held, desk.now);
            if let Some(original) = &held.appointment.original_ref {
                heard.detail = json!({"original_ref": original});
            }
            Some(heard)
        });
        Ok(heard.collect())
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
    let mut line = telling::line(id, appointment, what, told.time);
    line.step = Some(match &told.fact.said {
        Said::Arrived(_) => 2,
        Said::Completed(_) => 7,
        _ => 1,
    });
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
    let heard = telling::heard(effect.event_type, told.dealership, held, told.time);
    Heard {
        event_id: Some(told.event_id),
        is_new,
        acted_at: acted_at(told, effect),
        facts: heard.facts.clone().at(Moment::PreviousStartAt, effect.previous_start_at),
        detail: effect.previous_start_at.map_or_else(|| json!({}), |previous| json!({"previous_start_at": previous})),
        quietly: heard.quietly || effect.quietly,
        ..heard
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
