//! The verbs of repair orders: facts are heard, applied in their order, and told on to what has to be said and done.
use std::collections::{BTreeMap, BTreeSet, btree_map};

use super::{
    Fact, RepairOrder, Said,
    cabinet::{Cabinet, Kept},
    due,
    figures::Paper,
    life::{Folder, News, Verdict},
    store::{
        desk::{self as store, Key},
        earlier, history, reading,
    },
    telling::{self, Source},
};
pub use super::{
    due::{promise_at_risk, promise_passed, remind_of_deferred_work, work_undecided},
    store::{
        earlier::EarlierVisit,
        history::{LeftUndone, PastVisit, Whose},
        reading::InTheWorkshop,
    },
};
use crate::{
    clock::Timestamp,
    customers::{Customer, vehicles::Vehicle},
    db::{self, Tx},
    dealerships::Dealership,
    desk::{
        self, Desk,
        parties::{self, Names, Parties},
    },
    http::Access,
    id::Id,
    intake::Outcome,
    notices::{actions::hear, held, readings::Reading},
    parts,
};

/// Why "ready" is not told yet (BR-16).
pub const AWAITS_QC: &str = "awaits_quality_control";

/// A fact about a repair order, and the event that told it.
pub type Told<'a> = desk::Told<'a, Fact>;

/// Applies facts in their order, and tells what became of each. However many there are, each table is read once and
/// written once; then every applied fact is heard, and what must happen later is set or stopped.
pub async fn apply(desk: &mut Desk<'_>, told: &[Told<'_>]) -> db::Result<Vec<Outcome>> {
    let names: Vec<Names<'_>> = told.iter().map(names).collect();
    let parties = parties::find(desk, &names).await?;
    let keys: BTreeSet<Key> = told.iter().map(key).collect();
    let mut cabinet = Cabinet::open(desk.tx, &keys).await?;
    let mut outcomes = Vec::with_capacity(told.len());
    let mut heard = Vec::new();
    let mut stirred = due::Stirred::default();
    for (told, parties) in told.iter().zip(parties) {
        let kept = entry(&mut cabinet, desk, told);
        let verdict = kept.folder.hear(&news(told, &parties), &desk.ids);
        if let Some(customer) = parties.customer {
            kept.customer_zone = customer.time_zone;
        }
        desk.record(telling::line(desk, told, kept, &verdict));
        let Verdict::Applied(effects) = verdict else {
            outcomes.push(Outcome::Stale);
            continue;
        };
        kept.is_changed = true;
        let source = Source { event_id: Some(told.event_id), time: told.time };
        for mut effect in effects {
            due::prepare(&mut effect, told.dealership, kept);
            stirred.note(&effect, told.dealership, kept, told.time);
            let waits = effect.event_type == "repair_order.ready" && !telling::is_checked(told.dealership, kept);
            heard.push((telling::heard(told.dealership, source, kept, &effect), waits));
        }
        kept.is_new = false;
        outcomes.push(Outcome::Applied);
    }
    let opened = opened(&cabinet, told);
    let plans = stirred.plans(&cabinet, desk.now);
    cabinet.close(desk).await?;
    for (heard, waits) in &heard {
        hear(desk, heard).await?;
        if *waits && !heard.quietly {
            held::hold(desk, &heard.subject.id, "repair.ready", AWAITS_QC);
            let unchecked = crate::notices::actions::Heard { event_type: "repair_order.unchecked", ..heard.clone() };
            hear(desk, &unchecked).await?;
        }
        let checks = matches!(heard.event_type, "repair_order.qc_passed" | "repair_order.ready") && !waits;
        if checks {
            held::release(desk, ("repair_order", &heard.subject.id), AWAITS_QC).await?;
        }
    }
    plans.carry_out(desk).await?;
    parts::actions::adopt(desk, &opened).await?;
    Ok(outcomes)
}

fn names<'a>(told: &Told<'a>) -> Names<'a> {
    let (opening, technicians): (_, &[String]) = match &told.fact.said {
        Said::Opened(opening) => (Some(opening), &[]),
        Said::Ready(step) | Said::Delivered(step) | Said::Closed(step) => (None, &step.technician_refs),
        _ => (None, &[]),
    };
    Names {
        dealership_id: told.dealership.id,
        source: told.source,
        heard_at: told.time,
        event_id: told.event_id,
        person: opening.map(|opening| &opening.customer),
        vehicle: opening.and_then(|opening| opening.vehicle.as_ref()),
        advisor: told.fact.advisor_ref(),
        known_advisor: told.advisor,
        technicians,
    }
}

fn news<'a>(told: &Told<'a>, parties: &Parties) -> News<'a> {
    News {
        said: &told.fact.said,
        time: told.time,
        revision: told.fact.revision,
        customer: parties.customer.as_ref().map(|customer| customer.id),
        vehicle: parties.vehicle,
        advisor: parties.advisor,
        technicians: parties.technicians.clone(),
    }
}

fn key(told: &Told<'_>) -> Key {
    Key { dealership_id: told.dealership.id, reference: told.fact.reference.clone() }
}

/// The repair order that was told of, made when nobody knows it.
fn entry<'a>(cabinet: &'a mut Cabinet, desk: &Desk<'_>, told: &Told<'_>) -> &'a mut Kept {
    match cabinet.0.entry(key(told)) {
        btree_map::Entry::Occupied(known) => known.into_mut(),
        btree_map::Entry::Vacant(unknown) => {
            let folder = Folder::new(&desk.ids, told.dealership.id, &told.fact.reference, told.time, desk.now);
            unknown.insert(Kept { folder, customer_zone: None, is_new: true, is_changed: true })
        }
    }
}

/// What a repair order says of whom and what its parts are for.
#[derive(Clone, Debug)]
pub struct Job {
    pub dealership: std::sync::Arc<Dealership>,
    /// The sender's ref of the repair order.
    pub reference: String,
    pub parties: Parties,
    pub time: Timestamp,
}

/// The orders that were opened: parts that were waiting for them learn whose they are.
fn opened(cabinet: &Cabinet, told: &[Told<'_>]) -> Vec<Job> {
    let mut jobs: BTreeMap<Key, Job> = BTreeMap::new();
    for told in told.iter().filter(|told| matches!(told.fact.said, Said::Opened(_))) {
        let Some(kept) = cabinet.0.get(&key(told)) else { continue };
        jobs.insert(
            key(told),
            Job {
                dealership: std::sync::Arc::clone(told.dealership),
                reference: told.fact.reference.clone(),
                parties: parties_of(kept),
                time: told.time,
            },
        );
    }
    jobs.into_values().collect()
}

fn parties_of(kept: &Kept) -> Parties {
    let order = &kept.folder.order;
    Parties {
        customer: order.customer_id.map(|id| crate::customers::actions::Known {
            id,
            time_zone: kept.customer_zone.clone(),
            is_stale: false,
        }),
        vehicle: order.vehicle_id,
        advisor: order.advisor_id,
        technicians: Vec::new(),
    }
}

/// Whom and what repair orders concern, by the dealership and the sender's ref; what is not known is not among them.
pub async fn parties(
    tx: &mut Tx,
    wanted: &BTreeSet<(Id<Dealership>, String)>,
) -> db::Result<BTreeMap<(Id<Dealership>, String), Parties>> {
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let keys = wanted
        .iter()
        .map(|(dealership_id, reference)| Key { dealership_id: *dealership_id, reference: reference.clone() });
    let found = store::find_and_lock(tx, &keys.collect()).await?;
    let named = |(key, held): (Key, store::Held)| {
        let kept = Kept {
            folder: Folder { order: held.order, items: Vec::new(), told_promise: None },
            customer_zone: held.customer_zone,
            is_new: false,
            is_changed: false,
        };
        ((key.dealership_id, key.reference), parties_of(&kept))
    };
    Ok(found.into_iter().map(named).collect())
}

/// An appointment in which work is to be done.
#[derive(Clone, Debug)]
pub struct Booked {
    pub dealership: std::sync::Arc<Dealership>,
    pub vehicle: Id<Vehicle>,
    /// The codes and names of the work.
    pub services: Vec<String>,
    pub time: Timestamp,
}

/// Work that was put off is booked: nobody reminds of it any more.
pub async fn work_is_booked(desk: &mut Desk<'_>, booked: &[Booked]) -> db::Result<()> {
    let vehicles: BTreeSet<Id<Vehicle>> = booked.iter().map(|booked| booked.vehicle).collect();
    if vehicles.is_empty() {
        return Ok(());
    }
    let held = store::lock_with_deferred_work(desk.tx, &vehicles).await?;
    if held.is_empty() {
        return Ok(());
    }
    let mut cabinet = Cabinet::fill(desk.tx, held).await?;
    let mut heard = Vec::new();
    let mut stirred = due::Stirred::default();
    for kept in cabinet.0.values_mut() {
        let vehicle = kept.folder.order.vehicle_id;
        let visits = booked.iter().filter(|booked| Some(booked.vehicle) == vehicle);
        for visit in visits {
            let Some(effect) = kept.folder.book(&visit.services, visit.time) else { continue };
            kept.is_changed = true;
            stirred.note(&effect, &visit.dealership, kept, visit.time);
            desk.record(telling::about(desk, kept, visit.time, effect.event_type));
            let source = Source { event_id: None, time: visit.time };
            heard.push(telling::heard(&visit.dealership, source, kept, &effect));
        }
    }
    let plans = stirred.plans(&cabinet, desk.now);
    cabinet.close(desk).await?;
    for heard in &heard {
        hear(desk, heard).await?;
    }
    plans.carry_out(desk).await
}

/// Repair orders as their letters need them (BR-13).
pub async fn for_letters(tx: &mut Tx, ids: &[String]) -> db::Result<Vec<Reading>> {
    let items = store::items_of(tx, ids).await?;
    Ok(reading::list_by_id(tx, ids).await?.into_iter().map(|found| found.reading(&items)).collect())
}

/// The orders that were opened in a span of time and lack a signature or the record of the car's condition, for the daily
/// digest (seed §1).
pub async fn incomplete_papers(
    tx: &mut Tx,
    dealership: Id<Dealership>,
    from: Timestamp,
    until: Timestamp,
) -> db::Result<Vec<Paper>> {
    store::list_incomplete(tx, dealership, from, until).await
}

/// What was done on these cars since `since`, the younger first (BR-09).
pub async fn earlier_visits(
    tx: &mut Tx,
    cars: &BTreeSet<Id<Vehicle>>,
    since: Timestamp,
) -> db::Result<Vec<EarlierVisit>> {
    if cars.is_empty() {
        return Ok(Vec::new());
    }
    earlier::earlier_visits(tx, cars, since).await
}

/// A customer's cars that have not been handed back.
pub async fn in_the_workshop(tx: &mut Tx, customer: Id<Customer>) -> db::Result<Vec<InTheWorkshop>> {
    reading::in_the_workshop(tx, customer).await
}

/// Our id of the repair order that a dealership calls so.
pub async fn find_id(tx: &mut Tx, access: &Access, reference: &str) -> db::Result<Option<Id<RepairOrder>>> {
    let found = reading::list_by_reference(tx, access, reference, None).await?;
    Ok(found.into_iter().map(|found| found.order.id).next())
}

/// The last five visits with what was said of them, and the work that was left undone (seed step 1: 查询顾客所属车辆的维修履历).
pub async fn history(tx: &mut Tx, whose: Whose) -> db::Result<(Vec<PastVisit>, Vec<LeftUndone>)> {
    const UNDONE: i64 = 50;
    Ok((last_visits(tx, whose).await?, history::left_undone(tx, whose, UNDONE).await?))
}

/// The last five visits.
pub async fn last_visits(tx: &mut Tx, whose: Whose) -> db::Result<Vec<PastVisit>> {
    const VISITS: i64 = 5;
    history::visits(tx, whose, VISITS).await
}
