//! What must happen after parts arrived and nobody answers (BR-22, BR-23): the advisor calls, a second message, the queue
//! calls, and from day 30 somebody is reminded every day.
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::SignedDuration;
use serde_json::json;

use super::{
    chest::{Chest, Kept},
    life::Effect,
    pace,
    store::desk as store,
    telling::{self, Source},
};
use crate::{
    calls::{self, CallType, NewTask},
    clock::Timestamp,
    clocks::{
        Clock, ClockKind,
        actions::{NewClock, set, stop},
    },
    db,
    dealerships::{self, Dealership},
    desk::Desk,
    id::Id,
    notices::{SubjectKind, actions::hear},
};

/// The steps that end when a day for the fitting is agreed.
const CHASE: &[ClockKind] = &[ClockKind::PartsAdvisorCall, ClockKind::PartsUnanswered, ClockKind::PartsQueueCall];
const CALL: &[CallType] = &[CallType::PartsArrived];
/// Rounds of the calls about one order: its arrivals, the queue's turn at each, and the days of what grows old.
const QUEUE_ROUND: i64 = 1_000_000;
const OLD_ROUND: i64 = 2_000_000;

/// The orders to which something happened that begins or ends the chase.
#[derive(Debug, Default)]
pub(super) struct Stirred {
    begun: BTreeMap<store::Key, Arc<Dealership>>,
    /// Booked, or not wanted: nobody chases, but a part that is never fitted grows old all the same.
    booked: BTreeSet<String>,
    ended: BTreeSet<String>,
    retracted: BTreeMap<store::Key, Arc<Dealership>>,
}

impl Stirred {
    pub(super) fn note(&mut self, effect: &Effect, dealership: &Arc<Dealership>, kept: &Kept, time: Timestamp) {
        let order = &kept.drawer.order;
        let (key, id) = (store::Key::of(order), order.id.to_string());
        // BR-66: nothing follows from what happened before the dealership went live.
        if dealership.live_from.is_some_and(|live| time < live) {
            return;
        }
        match effect.event_type {
            "parts.complete" | "parts.unbooked" => {
                self.ended.remove(&id);
                self.booked.remove(&id);
                self.begun.insert(key, Arc::clone(dealership));
            }
            "parts.booked" | "parts.declined" => {
                self.begun.remove(&key);
                self.booked.insert(id);
            }
            "parts.reopened" | "parts.fitted" | "parts.ended" => {
                self.begun.remove(&key);
                self.ended.insert(id);
            }
            "parts.arrival_retracted" => {
                self.retracted.insert(key, Arc::clone(dealership));
            }
            _ => {}
        }
    }

    /// What is to be set and stopped, by how the orders stand at the end.
    pub(super) fn plans(self, chest: &Chest, now: Timestamp) -> Plans {
        let mut plans = Plans {
            booked: self.booked.into_iter().collect(),
            ended: self.ended.into_iter().collect(),
            ..Plans::default()
        };
        for (key, dealership) in &self.begun {
            let Some(kept) = chest.0.get(key) else { continue };
            let order = &kept.drawer.order;
            let Some(complete_at) = order.complete_at.filter(|_| order.customer_id.is_some()) else { continue };
            let clock = |kind, due_at| NewClock {
                dealership_id: order.dealership_id,
                kind,
                subject_id: order.id.to_string(),
                key: String::new(),
                due_at,
                detail: json!({}),
            };
            let shop = dealership.shop();
            // From when the customer can have been told.
            let told_at = pace::tell_at(&shop, now, SignedDuration::ZERO);
            if order.booked_at.is_none() {
                let due = |days| pace::working_days_after(&shop, told_at, days);
                plans.set.extend(CHASE.iter().zip(pace::STEPS).map(|(kind, days)| clock(*kind, due(days))));
            }
            plans.set.push(clock(ClockKind::PartsOld, complete_at.plus(pace::OLD)));
        }
        let retracted = self.retracted.iter().filter_map(|(key, dealership)| Some((dealership, chest.0.get(key)?)));
        plans.wishes.extend(retracted.filter_map(|(dealership, kept)| {
            let task = call(dealership, kept, "arrival_retracted", now)?;
            Some(NewTask { round: kept.drawer.order.revision, is_urgent: true, ..task })
        }));
        plans
    }
}

/// What follows at the end of a unit.
#[derive(Debug, Default)]
pub(super) struct Plans {
    set: Vec<NewClock>,
    booked: Vec<String>,
    ended: Vec<String>,
    wishes: Vec<NewTask>,
}

impl Plans {
    pub(super) async fn carry_out(self, desk: &mut Desk<'_>) -> db::Result<()> {
        stop(desk, &self.booked, CHASE).await?;
        stop(desk, &self.ended, CHASE).await?;
        stop(desk, &self.ended, &[ClockKind::PartsOld]).await?;
        set(desk, &self.set).await?;
        for subject in &self.booked {
            calls::actions::withdraw(desk, subject, CALL, "booked").await?;
        }
        for subject in &self.ended {
            calls::actions::withdraw(desk, subject, CALL, "parts_gone").await?;
        }
        calls::actions::plan(desk, &self.wishes).await?;
        Ok(())
    }
}

/// The call about an order; none while nobody is known to call.
fn call(dealership: &Arc<Dealership>, kept: &Kept, reason: &'static str, now: Timestamp) -> Option<NewTask> {
    let order = &kept.drawer.order;
    let subject = (SubjectKind::PartsOrder, order.id.to_string());
    let due_at = pace::working_days_after(&dealership.shop(), now, 1);
    let task = NewTask::new(CallType::PartsArrived, dealership, order.customer_id?, subject, reason, (now, due_at));
    Some(NewTask {
        vehicle_id: order.vehicle_id,
        round: order.complete_revision.unwrap_or(order.revision),
        detail: json!({
            "ref": order.reference,
            "owner": order.advisor_id,
            "return_by": order.complete_at.map(pace::return_by),
        }),
        ..task
    })
}

/// One working day without an answer: the advisor calls (BR-22).
pub async fn advisor_calls(desk: &mut Desk<'_>, clocks: &[Clock]) -> db::Result<()> {
    let now = desk.now;
    let by_advisor = |dealership: &Arc<Dealership>, kept: &Kept| {
        let task = call(dealership, kept, "no_answer", now)?;
        Some(NewTask { skill: Some("advisor".to_owned()), ..task })
    };
    chase(desk, clocks, by_advisor).await
}

/// Three working days: whoever calls next (BR-22).
pub async fn queue_calls(desk: &mut Desk<'_>, clocks: &[Clock]) -> db::Result<()> {
    let now = desk.now;
    for clock in clocks {
        calls::actions::withdraw(desk, &clock.subject_id, CALL, "handed_to_the_queue").await?;
    }
    let by_anybody = |dealership: &Arc<Dealership>, kept: &Kept| {
        let task = call(dealership, kept, "still_no_answer", now)?;
        Some(NewTask { round: QUEUE_ROUND + task.round, is_urgent: true, ..task })
    };
    chase(desk, clocks, by_anybody).await
}

async fn chase(
    desk: &mut Desk<'_>,
    clocks: &[Clock],
    call: impl Fn(&Arc<Dealership>, &Kept) -> Option<NewTask>,
) -> db::Result<()> {
    let (chest, shops) = open(desk, clocks).await?;
    let waits = |kept: &&Kept| lies_there(kept) && kept.drawer.order.booked_at.is_none();
    let of = |kept: &Kept| call(shops.get(&kept_dealership(kept))?, kept);
    let tasks: Vec<NewTask> = chest.0.values().filter(waits).filter_map(of).collect();
    calls::actions::plan(desk, &tasks).await?;
    Ok(())
}

/// Two working days: a second message (BR-22), from a live feed only (BR-19).
pub async fn unanswered(desk: &mut Desk<'_>, clocks: &[Clock]) -> db::Result<()> {
    let (chest, shops) = open(desk, clocks).await?;
    let waits = |kept: &&Kept| lies_there(kept) && kept.drawer.order.booked_at.is_none();
    let mut heard = Vec::new();
    for kept in chest.0.values().filter(waits) {
        let Some(dealership) = shops.get(&kept_dealership(kept)) else { continue };
        let effect = Effect { event_type: "parts.unanswered", quietly: false, detail: json!({}) };
        desk.record(telling::about(desk, kept, desk.now, effect.event_type));
        let source = Source { event_id: None, time: desk.now };
        heard.push(telling::heard(&desk.ids, dealership, source, kept, &effect));
    }
    for heard in &heard {
        hear(desk, heard).await?;
    }
    Ok(())
}

/// From day 30: a task every working day until it is fitted or sent back (BR-23).
pub async fn grown_old(desk: &mut Desk<'_>, clocks: &[Clock]) -> db::Result<()> {
    let (chest, shops) = open(desk, clocks).await?;
    let (mut wishes, mut next) = (Vec::new(), Vec::new());
    for kept in chest.0.values().filter(|kept| lies_there(kept)) {
        let order = &kept.drawer.order;
        let Some(dealership) = shops.get(&order.dealership_id) else { continue };
        let days = order.complete_at.map_or(0, |at| desk.now.since(at).as_hours() / 24);
        desk.record(telling::about(desk, kept, desk.now, "parts.old"));
        // Who does not want it is not asked every day: it is on the list of what goes back.
        let task = call(dealership, kept, "over_30_days", desk.now).filter(|_| order.declined_at.is_none());
        wishes.extend(task.map(|task| NewTask { round: OLD_ROUND + days, ..task }));
        next.push(NewClock {
            dealership_id: order.dealership_id,
            kind: ClockKind::PartsOld,
            subject_id: order.id.to_string(),
            key: String::new(),
            due_at: pace::next_morning(&dealership.shop(), desk.now),
            detail: json!({}),
        });
    }
    calls::actions::plan(desk, &wishes).await?;
    set(desk, &next).await
}

/// It is in, and waits for its fitting.
fn lies_there(kept: &Kept) -> bool {
    kept.drawer.order.complete_at.is_some() && kept.drawer.standing().in_hand > 0
}

fn kept_dealership(kept: &Kept) -> Id<Dealership> {
    kept.drawer.order.dealership_id
}

type Shops = BTreeMap<Id<Dealership>, Arc<Dealership>>;

/// The orders that clocks are about, and their dealerships.
async fn open(desk: &mut Desk<'_>, clocks: &[Clock]) -> db::Result<(Chest, Shops)> {
    let ids: Vec<String> = clocks.iter().map(|clock| clock.subject_id.clone()).collect();
    let held = store::lock_by_id(desk.tx, &ids).await?;
    let chest = Chest::fill(desk.tx, held).await?;
    let mut shops = Shops::new();
    for dealership_id in clocks.iter().map(|clock| clock.dealership_id).collect::<BTreeSet<_>>() {
        if let Some(found) = dealerships::actions::find(desk.tx, dealership_id).await? {
            shops.insert(dealership_id, Arc::new(found));
        }
    }
    Ok((chest, shops))
}
