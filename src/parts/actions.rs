//! The verbs of parts: facts are heard, applied in their order, and told on to what has to be said and done.
use std::{
    collections::{BTreeMap, BTreeSet, btree_map},
    sync::Arc,
};

use super::{
    Fact, Said, Spoken,
    board::Ageing,
    chest::{Chest, Kept},
    due::Stirred,
    figures::{Accuracy, eta_accuracy},
    life::{Drawer, Effect, News, Parties, Verdict},
    store::{
        desk::{self as store, Key},
        reading,
    },
    telling::{self, Source},
};
pub use super::{
    due::{advisor_calls, grown_old, queue_calls, unanswered},
    store::reading::Awaited,
};
use crate::{
    appointments::{self, Appointment},
    clock::Timestamp,
    customers::{Customer, vehicles::Vehicle},
    db::{self, Tx},
    dealerships::{self, Dealership},
    desk::{
        self, Desk,
        parties::{self, Names},
    },
    http::Access,
    id::Id,
    intake::Outcome,
    notices::{
        actions::{Heard, hear},
        readings::Reading,
    },
    repairs,
};

/// A fact about parts, and the event that told it.
pub type Told<'a> = desk::Told<'a, Fact>;

/// Applies facts in their order, and tells what became of each. However many there are, each table is read once and
/// written once; then every applied fact is heard, and what must happen later is set or stopped.
pub async fn apply(desk: &mut Desk<'_>, told: &[Told<'_>]) -> db::Result<Vec<Outcome>> {
    let names: Vec<Names<'_>> = told.iter().map(names).collect();
    let mentioned = parties::find(desk, &names).await?;
    let wanted = told.iter().filter_map(|told| Some((told.dealership.id, ro_ref(told)?.to_owned()))).collect();
    let jobs = repairs::actions::parties(desk.tx, &wanted).await?;
    let keys: BTreeSet<Key> = told.iter().map(key).collect();
    let held = store::find_and_lock(desk.tx, &keys).await?;
    let mut work = Work { chest: Chest::fill(desk.tx, held).await?, heard: Vec::new(), stirred: Stirred::default() };
    let mut outcomes = Vec::with_capacity(told.len());
    for (told, who) in told.iter().zip(mentioned) {
        let job = ro_ref(told).and_then(|ro_ref| jobs.get(&(told.dealership.id, ro_ref.to_owned())));
        let customer = who.customer.as_ref().or_else(|| job?.customer.as_ref());
        let parties = Parties {
            customer: customer.map(|customer| customer.id),
            vehicle: who.vehicle.or_else(|| job?.vehicle),
            advisor: who.advisor.or_else(|| job?.advisor),
        };
        let news = News {
            said: &told.fact.said,
            time: told.time,
            revision: told.fact.revision,
            event_id: Some(told.event_id),
            parties,
        };
        let kept = entry(&mut work.chest, desk, told);
        let verdict = kept.drawer.hear(&news, &told.dealership.shop(), &desk.ids, desk.now);
        if let Some(customer) = customer {
            kept.customer_zone.clone_from(&customer.time_zone);
        }
        desk.record(telling::line(desk, told, kept, &verdict));
        let Verdict::Applied(effects) = verdict else {
            outcomes.push(Outcome::Stale);
            continue;
        };
        let source = Source { event_id: Some(told.event_id), time: told.time };
        work.follow(desk, told.dealership, source, &key(told), &effects);
        outcomes.push(Outcome::Applied);
    }
    work.end(desk).await?;
    Ok(outcomes)
}

/// The orders of one unit, what was heard of them, and what that begins and ends.
struct Work {
    chest: Chest,
    heard: Vec<Heard>,
    stirred: Stirred,
}

impl Work {
    fn follow(&mut self, desk: &Desk<'_>, dealership: &Arc<Dealership>, source: Source, key: &Key, effects: &[Effect]) {
        let Some(kept) = self.chest.0.get_mut(key) else { return };
        kept.is_changed = true;
        for effect in effects {
            self.stirred.note(effect, dealership, kept, source.time);
            self.heard.push(telling::heard(&desk.ids, dealership, source, kept, effect));
        }
        kept.is_new = false;
    }

    /// Visits that are agreed already count as the day of the fitting; then everything is written, heard and planned.
    async fn end(mut self, desk: &mut Desk<'_>) -> db::Result<()> {
        let is_complete = |heard: &&Heard| heard.event_type == "parts.complete";
        let ids: BTreeSet<&str> =
            self.heard.iter().filter(is_complete).map(|heard| heard.subject.id.as_str()).collect();
        let waits = |kept: &&mut Kept| ids.contains(kept.drawer.order.id.to_string().as_str());
        let mut booked = Vec::new();
        let vehicles: Vec<Id<Vehicle>> = self
            .chest
            .0
            .values()
            .filter(|kept| ids.contains(kept.drawer.order.id.to_string().as_str()))
            .filter_map(|kept| kept.drawer.order.vehicle_id)
            .collect();
        let visits = appointments::actions::next_visits(desk.tx, &vehicles, desk.now).await?;
        for kept in self.chest.0.values_mut().filter(waits) {
            let visit = kept.drawer.order.vehicle_id.and_then(|vehicle| visits.get(&vehicle));
            if let Some(effect) = visit.and_then(|visit| kept.drawer.book(*visit, desk.now)) {
                booked.push((Key::of(&kept.drawer.order), effect));
            }
        }
        let shops: BTreeMap<String, Arc<Dealership>> =
            self.heard.iter().map(|heard| (heard.subject.id.clone(), Arc::clone(&heard.dealership))).collect();
        for (key, effect) in booked {
            let Some(kept) = self.chest.0.get(&key) else { continue };
            let Some(dealership) = shops.get(&kept.drawer.order.id.to_string()).cloned() else { continue };
            let source = Source { event_id: None, time: desk.now };
            desk.record(telling::about(desk, kept, desk.now, effect.event_type));
            self.follow(desk, &dealership, source, &key, &[effect]);
        }
        let plans = self.stirred.plans(&self.chest, desk.now);
        self.chest.close(desk).await?;
        for heard in &self.heard {
            hear(desk, heard).await?;
        }
        plans.carry_out(desk).await
    }
}

fn ro_ref<'a>(told: &Told<'a>) -> Option<&'a str> {
    match &told.fact.said {
        Said::Ordered(order) => order.ro_ref.as_deref(),
        Said::Line(_) => None,
    }
}

fn names<'a>(told: &Told<'a>) -> Names<'a> {
    let order = match &told.fact.said {
        Said::Ordered(order) => Some(order),
        Said::Line(_) => None,
    };
    Names {
        dealership_id: told.dealership.id,
        source: told.source,
        heard_at: told.time,
        event_id: told.event_id,
        person: order.and_then(|order| order.customer.as_ref()),
        vehicle: order.and_then(|order| order.vehicle.as_ref()),
        advisor: told.fact.advisor_ref(),
        known_advisor: told.advisor,
        technicians: &[],
    }
}

fn key(told: &Told<'_>) -> Key {
    Key { dealership_id: told.dealership.id, reference: told.fact.reference.clone() }
}

/// The order that was told of, made when nobody knows it.
fn entry<'a>(chest: &'a mut Chest, desk: &Desk<'_>, told: &Told<'_>) -> &'a mut Kept {
    match chest.0.entry(key(told)) {
        btree_map::Entry::Occupied(known) => known.into_mut(),
        btree_map::Entry::Vacant(unknown) => {
            let drawer = Drawer::new(&desk.ids, told.dealership.id, &told.fact.reference, told.time, desk.now);
            unknown.insert(Kept { drawer, customer_zone: None, is_new: true, is_changed: true })
        }
    }
}

/// Repair orders became known: the parts that wait for them learn whose they are.
pub async fn adopt(desk: &mut Desk<'_>, jobs: &[repairs::actions::Job]) -> db::Result<()> {
    let key = |job: &repairs::actions::Job| Key { dealership_id: job.dealership.id, reference: job.reference.clone() };
    let keys: BTreeSet<Key> = jobs.iter().map(key).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let held = store::lock_by_repair_order(desk.tx, &keys).await?;
    if held.is_empty() {
        return Ok(());
    }
    let mut work = Work { chest: Chest::fill(desk.tx, held).await?, heard: Vec::new(), stirred: Stirred::default() };
    let orders: Vec<Key> = work.chest.0.keys().cloned().collect();
    for order in orders {
        let Some(kept) = work.chest.0.get_mut(&order) else { continue };
        let ro_ref = kept.drawer.order.ro_ref.clone();
        let mine = |job: &&repairs::actions::Job| {
            job.dealership.id == order.dealership_id && Some(&job.reference) == ro_ref.as_ref()
        };
        let Some(job) = jobs.iter().find(mine) else { continue };
        let parties = Parties {
            customer: job.parties.customer.as_ref().map(|customer| customer.id),
            vehicle: job.parties.vehicle,
            advisor: job.parties.advisor,
        };
        if kept.drawer.order.customer_id.is_none() {
            kept.customer_zone = job.parties.customer.as_ref().and_then(|customer| customer.time_zone.clone());
        }
        let effects = kept.drawer.adopt(parties, job.time, &job.dealership.shop());
        work.follow(desk, &job.dealership, Source { event_id: None, time: job.time }, &order, &effects);
    }
    work.end(desk).await
}

/// Keeps what was said of an order (our id): nobody has to call about it any more.
pub async fn spoken_of(desk: &mut Desk<'_>, order: &str, spoken: Spoken) -> db::Result<()> {
    let held = store::lock_by_id(desk.tx, &[order.to_owned()]).await?;
    let mut work = Work { chest: Chest::fill(desk.tx, held).await?, heard: Vec::new(), stirred: Stirred::default() };
    let (now, keys) = (desk.now, work.chest.0.keys().cloned().collect::<Vec<Key>>());
    for key in keys {
        let Some(kept) = work.chest.0.get_mut(&key) else { continue };
        let Some(effect) = kept.drawer.speak_of(spoken, now) else { continue };
        desk.record(telling::about(desk, kept, now, effect.event_type));
        let dealership = dealerships::actions::find(desk.tx, key.dealership_id).await?.map(Arc::new);
        let Some(dealership) = dealership else { continue };
        work.follow(desk, &dealership, Source { event_id: None, time: now }, &key, &[effect]);
    }
    work.end(desk).await
}

/// A visit of a car.
#[derive(Clone, Debug)]
pub struct Booked {
    pub dealership: Arc<Dealership>,
    pub vehicle: Id<Vehicle>,
    pub appointment: Id<Appointment>,
    pub start_at: Timestamp,
    pub time: Timestamp,
}

/// Cars are booked: for the parts of theirs that have arrived, nobody has to call any more.
pub async fn fitting_is_booked(desk: &mut Desk<'_>, booked: &[Booked]) -> db::Result<()> {
    let vehicles: BTreeSet<Id<Vehicle>> = booked.iter().map(|booked| booked.vehicle).collect();
    if vehicles.is_empty() {
        return Ok(());
    }
    let held = store::lock_arrived_for(desk.tx, &vehicles).await?;
    if held.is_empty() {
        return Ok(());
    }
    let mut work = Work { chest: Chest::fill(desk.tx, held).await?, heard: Vec::new(), stirred: Stirred::default() };
    let orders: Vec<Key> = work.chest.0.keys().cloned().collect();
    for key in orders {
        let Some(kept) = work.chest.0.get_mut(&key) else { continue };
        let mine =
            |booked: &&Booked| Some(booked.vehicle) == kept.drawer.order.vehicle_id && booked.start_at >= booked.time;
        let Some(visit) = booked.iter().rev().find(mine) else { continue };
        let Some(effect) = kept.drawer.book(visit.appointment, visit.time) else { continue };
        desk.record(telling::about(desk, kept, visit.time, effect.event_type));
        work.follow(desk, &visit.dealership, Source { event_id: None, time: visit.time }, &key, &[effect]);
    }
    work.end(desk).await
}

/// A visit that will not take place.
#[derive(Clone, Debug)]
pub struct CalledOff {
    pub dealership: Arc<Dealership>,
    pub appointment: Id<Appointment>,
    pub time: Timestamp,
}

/// Visits fell through: whose turn it is begins anew.
pub async fn fitting_is_off(desk: &mut Desk<'_>, called_off: &[CalledOff]) -> db::Result<()> {
    if called_off.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = called_off.iter().map(|off| off.appointment.to_string()).collect();
    let held = store::lock_booked_by(desk.tx, &ids).await?;
    if held.is_empty() {
        return Ok(());
    }
    let mut work = Work { chest: Chest::fill(desk.tx, held).await?, heard: Vec::new(), stirred: Stirred::default() };
    let orders: Vec<Key> = work.chest.0.keys().cloned().collect();
    for key in orders {
        let Some(kept) = work.chest.0.get_mut(&key) else { continue };
        let Some(off) = called_off.iter().find(|off| kept.drawer.unbook(off.appointment)) else { continue };
        let effect = Effect { event_type: "parts.unbooked", quietly: true, detail: serde_json::json!({}) };
        desk.record(telling::about(desk, kept, off.time, effect.event_type));
        work.follow(desk, &off.dealership, Source { event_id: None, time: off.time }, &key, &[effect]);
    }
    work.end(desk).await
}

/// Orders as their letters need them (BR-13).
pub async fn for_letters(tx: &mut Tx, ids: &[String]) -> db::Result<Vec<Reading>> {
    let lines = store::lines_of(tx, ids).await?;
    Ok(reading::list_by_id(tx, ids).await?.into_iter().map(|found| found.reading(&lines)).collect())
}

/// What a customer waits for: at most so many lines.
pub async fn awaited(tx: &mut Tx, customer: Id<Customer>, most: usize) -> db::Result<Vec<Awaited>> {
    reading::awaited(tx, customer, i64::try_from(most).unwrap_or(i64::MAX)).await
}

/// The days that are named for the parts which are still to come for a car; `None` for one without a day.
pub async fn days_to_come(tx: &mut Tx, vehicle: Id<Vehicle>) -> db::Result<Vec<Option<Timestamp>>> {
    reading::days_to_come(tx, vehicle).await
}

/// What lies there and is not fitted, by age (BR-23): for the board and the daily list.
pub async fn ageing(tx: &mut Tx, access: &Access, dealership: Option<&str>, now: Timestamp) -> db::Result<Ageing> {
    let lying = reading::list_lying(tx, access, dealership).await?;
    Ok(Ageing::of(lying.into_iter().map(|one| (one.received_at, one.value)), now))
}

/// How well days were named for what came in during a span of time.
pub async fn accuracy(
    tx: &mut Tx,
    dealership: &Dealership,
    from: Timestamp,
    until: Timestamp,
) -> db::Result<Option<Accuracy>> {
    let promised = reading::list_promised(tx, dealership.id, from, until).await?;
    Ok(eta_accuracy(promised.into_iter().map(|one| (one.first_eta, one.received_at)), &dealership.zone))
}
