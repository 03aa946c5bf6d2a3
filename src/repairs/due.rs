//! What must happen later about repair orders: promises that draw near, work that waits for a word, reminders of what was
//! put off; and what happens when it falls due.
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::SignedDuration;
use serde_json::json;

use super::{
    PROMISE_AT_RISK, RepairOrder, State, UNDECIDED,
    cabinet::{Cabinet, Kept},
    life::Effect,
    store::desk as store,
    telling::{self, Source},
    work,
};
use crate::{
    calls::{self, CallType, NewTask},
    clock::Timestamp,
    clocks::{
        Clock, ClockKind,
        actions::{NewClock, set, stop},
    },
    customers::{
        Customer,
        vehicles::people::{self, Role},
    },
    db,
    dealerships::{self, Dealership},
    desk::Desk,
    id::Id,
    notices::{SubjectKind, actions::hear},
    surveys::{self, actions::Visit},
};

const PROMISES: &[ClockKind] = &[ClockKind::RepairPromiseAtRisk, ClockKind::RepairPromisePassed];
/// The calls that become needless when the customer has decided.
const APPROVAL: &[CallType] = &[CallType::WorkApproval];
/// Those that do when the car is ready, or another time is promised.
const AT_RISK: &[CallType] = &[CallType::PromiseAtRisk];
/// By then a customer is called whose promised time has passed.
const PASSED: SignedDuration = SignedDuration::from_mins(30);

/// Adds what only the dealership's calendar knows: from when a car can be fetched that became ready after closing.
pub(super) fn prepare(effect: &mut Effect, dealership: &Dealership, kept: &Kept) {
    let ready = kept.folder.order.ready_at.filter(|_| effect.event_type == "repair_order.ready");
    let Some(ready_at) = ready else { return };
    let shop = dealership.shop();
    if let Some(opening) = shop.next_opening(ready_at).filter(|_| !shop.is_open_at(ready_at)) {
        effect.detail["pickup_from"] = json!(opening);
    }
}

/// The repair orders to which something happened, and what.
#[derive(Debug, Default)]
pub(super) struct Stirred {
    touched: BTreeSet<store::Key>,
    /// Work was found; when.
    found: BTreeMap<String, (Id<Dealership>, Timestamp)>,
    decided: BTreeSet<String>,
    /// Ready, gone, or promised for another time.
    eased: BTreeSet<String>,
    visits: Vec<Visit>,
}

impl Stirred {
    pub(super) fn note(&mut self, effect: &Effect, dealership: &Arc<Dealership>, kept: &Kept, time: Timestamp) {
        let order = &kept.folder.order;
        let id = order.id.to_string();
        // BR-66: nothing follows from what happened before the dealership went live.
        if dealership.live_from.is_some_and(|live| time < live) {
            return;
        }
        self.touched.insert(store::Key::of(order));
        if matches!(
            effect.event_type,
            "repair_order.promised_changed" | "repair_order.ready" | "repair_order.delivered" | "repair_order.closed"
        ) {
            self.eased.insert(id.clone());
        }
        match effect.event_type {
            "repair_order.work_found" if !effect.quietly => {
                self.decided.remove(&id);
                self.found.entry(id).or_insert((order.dealership_id, time));
            }
            "repair_order.work_decided" => {
                self.found.remove(&id);
                self.decided.insert(id);
            }
            "repair_order.delivered" | "repair_order.closed" if !effect.quietly => {
                self.found.remove(&id);
                self.decided.insert(id);
                // Some systems know no delivery: who closes an order without one has handed the car over.
                let is_first = effect.event_type == "repair_order.delivered" || order.delivered_at.is_none();
                self.visits.extend(visit(dealership, kept, time).filter(|_| is_first));
            }
            _ => {}
        }
    }

    /// What is to be set and stopped, by how the orders stand at the end.
    pub(super) fn plans(self, cabinet: &Cabinet, now: Timestamp) -> Plans {
        let mut plans = Plans {
            decided: self.decided.into_iter().collect(),
            eased: self.eased.into_iter().collect(),
            visits: self.visits,
            ..Plans::default()
        };
        let clock = |dealership_id, kind, subject_id: &str, due_at| NewClock {
            dealership_id,
            kind,
            subject_id: subject_id.to_owned(),
            key: String::new(),
            due_at,
            detail: json!({}),
        };
        for kept in self.touched.iter().filter_map(|key| cabinet.0.get(key)) {
            let order = &kept.folder.order;
            let id = order.id.to_string();
            match order.promised_at.filter(|promised| order.state == State::Open && *promised > now) {
                Some(promised) => {
                    let at_risk = promised.minus(PROMISE_AT_RISK);
                    if at_risk > now {
                        plans.set.push(clock(order.dealership_id, ClockKind::RepairPromiseAtRisk, &id, at_risk));
                    }
                    plans.set.push(clock(order.dealership_id, ClockKind::RepairPromisePassed, &id, promised));
                }
                None => plans.no_promise.push(id.clone()),
            }
            match work::next_reminder(&kept.folder.items) {
                Some(at) => plans.set.push(clock(order.dealership_id, ClockKind::RepairDeferred, &id, at)),
                None => plans.no_reminder.push(id),
            }
        }
        for (id, (dealership_id, found_at)) in self.found {
            plans.set.push(clock(dealership_id, ClockKind::RepairWorkUndecided, &id, found_at.plus(UNDECIDED)));
        }
        plans
    }
}

/// What follows at the end of a unit.
#[derive(Debug, Default)]
pub(super) struct Plans {
    set: Vec<NewClock>,
    no_promise: Vec<String>,
    no_reminder: Vec<String>,
    decided: Vec<String>,
    eased: Vec<String>,
    visits: Vec<Visit>,
}

impl Plans {
    pub(super) async fn carry_out(self, desk: &mut Desk<'_>) -> db::Result<()> {
        stop(desk, &self.no_promise, PROMISES).await?;
        stop(desk, &self.no_reminder, &[ClockKind::RepairDeferred]).await?;
        stop(desk, &self.decided, &[ClockKind::RepairWorkUndecided]).await?;
        set(desk, &self.set).await?;
        calls::actions::withdraw_all(desk, &self.decided, APPROVAL, "decided").await?;
        calls::actions::withdraw_all(desk, &self.eased, AT_RISK, "subject_moved_on").await?;
        surveys::actions::plan(desk, &self.visits).await
    }
}

/// The visit that has just ended, where there is somebody to ask.
fn visit(dealership: &Arc<Dealership>, kept: &Kept, time: Timestamp) -> Option<Visit> {
    let order = &kept.folder.order;
    let name = |job: &serde_json::Value| ["name", "code"].iter().find_map(|key| job[*key].as_str().map(str::to_owned));
    Some(Visit {
        call: calls::Visit {
            dealership: Arc::clone(dealership),
            repair_order_id: order.id.to_string(),
            customer_id: order.customer_id?,
            vehicle_id: order.vehicle_id,
            delivered_at: order.delivered_at.or(order.closed_at).unwrap_or(time),
            served_by: order.advisor_id.into_iter().chain(order.technicians.iter().copied()).collect(),
            is_internal: order.pay_type.as_deref().is_some_and(|pay| pay.eq_ignore_ascii_case("internal")),
            is_comeback: order.is_comeback,
            // What the survey room and the case room know, and fill in.
            of_fleet: false,
            has_open_case: false,
            after_case: false,
            detail: json!({"ref": order.reference}),
        },
        event_id: None,
        reference: order.reference.clone(),
        advisor_id: order.advisor_id,
        service_type: order.jobs.first().and_then(name),
        pay_type: order.pay_type.clone(),
        opened_at: order.opened_at,
        original: None,
    })
}

/// An hour before the promise, and not ready: the advisor hears of it (BR-15), and the customer is called before they come
/// in vain.
pub async fn promise_at_risk(desk: &mut Desk<'_>, clocks: &[Clock]) -> db::Result<()> {
    promise(desk, clocks, "repair_order.promise_at_risk", PROMISE_AT_RISK).await
}

/// The promise has passed, and not ready: the manager hears of it (BR-15), and the customer is called who was not called
/// about it before.
pub async fn promise_passed(desk: &mut Desk<'_>, clocks: &[Clock]) -> db::Result<()> {
    promise(desk, clocks, "repair_order.promise_passed", SignedDuration::ZERO).await
}

async fn promise(desk: &mut Desk<'_>, clocks: &[Clock], what: &'static str, before: SignedDuration) -> db::Result<()> {
    let (cabinet, shops) = open(desk, clocks).await?;
    let (mut heard, mut wishes) = (Vec::new(), Vec::new());
    for kept in cabinet.0.values() {
        let order = &kept.folder.order;
        let mine = clocks.iter().find(|clock| clock.subject_id == order.id.to_string());
        let (Some(clock), Some(promised), Some(shop)) = (mine, order.promised_at, shops.get(&order.dealership_id))
        else {
            continue;
        };
        if order.state == State::Open && promised.minus(before) <= clock.due_at {
            let effect = Effect { event_type: what, quietly: false, detail: json!({"promised_at": promised}) };
            desk.record(telling::about(desk, kept, desk.now, what));
            heard.push(telling::heard(shop, Source { event_id: None, time: desk.now }, kept, &effect));
            let whom = to_call(desk, &kept.folder.order, Role::Driver).await?;
            wishes.extend(call_about(shop, kept, (whom, promised), desk.now));
        }
    }
    for heard in &heard {
        hear(desk, heard).await?;
    }
    calls::actions::plan(desk, &wishes).await?;
    Ok(())
}

/// The call about a promise that is not kept: one for each promise, whichever of the two clocks rings first. That nobody told
/// of the car being ready may be silence: who calls looks first (BR-19). None when it rings a day late.
fn call_about(
    shop: &Arc<Dealership>,
    kept: &Kept,
    (whom, promised): (Option<Id<Customer>>, Timestamp),
    now: Timestamp,
) -> Option<NewTask> {
    let order = &kept.folder.order;
    let reason = if now < promised { "promise_at_risk" } else { "promise_passed" };
    let subject = (SubjectKind::RepairOrder, order.id.to_string());
    let times = (now, promised.max(now.plus(PASSED)));
    let task = NewTask::new(CallType::PromiseAtRisk, shop, whom?, subject, reason, times);
    (now.since(promised) < SignedDuration::from_hours(24)).then(|| NewTask {
        vehicle_id: order.vehicle_id,
        // Work that is decided meanwhile is another revision, and the same promise. Those in place of a text have revisions.
        round: promised.get().as_second(),
        is_urgent: true,
        skill: Some("advisor".to_owned()),
        detail: json!({"promised_at": promised, "ref": order.reference}),
        ..task
    })
}

/// Whom a call about an order is made to: who has the role at its car, else its customer.
async fn to_call(desk: &mut Desk<'_>, order: &RepairOrder, role: Role) -> db::Result<Option<Id<Customer>>> {
    let found = people::who(desk.tx, order.vehicle_id, role, order.customer_id, desk.now).await?;
    Ok(found.map(|holder| holder.customer_id).or(order.customer_id))
}

/// Half an hour without a word about the work that was found: somebody calls (seed §1, 非常重要).
pub async fn work_undecided(desk: &mut Desk<'_>, clocks: &[Clock]) -> db::Result<()> {
    let (cabinet, shops) = open(desk, clocks).await?;
    let mut wishes = Vec::new();
    for kept in cabinet.0.values() {
        let order = &kept.folder.order;
        let waits = matches!(order.state, State::Open | State::Ready) && kept.folder.undecided().next().is_some();
        let Some(shop) = shops.get(&order.dealership_id).filter(|_| waits) else { continue };
        desk.record(telling::about(desk, kept, desk.now, "repair_order.work_undecided"));
        let items: Vec<&str> = kept.folder.undecided().map(|item| item.code.as_str()).collect();
        let Some(customer_id) = to_call(desk, order, Role::Payer).await? else { continue };
        let subject = (SubjectKind::RepairOrder, order.id.to_string());
        // The car stands on the lift: it is due at once.
        let times = (desk.now, desk.now.plus(UNDECIDED));
        wishes.push(NewTask {
            vehicle_id: order.vehicle_id,
            round: order.revision,
            is_urgent: kept.folder.undecided().any(|item| item.severity == super::Severity::Safety),
            detail: json!({"items": items, "ref": order.reference}),
            ..NewTask::new(CallType::WorkApproval, shop, customer_id, subject, "undecided", times)
        });
    }
    calls::actions::plan(desk, &wishes).await?;
    Ok(())
}

/// The time has come to remind of work that was put off; whether the customer wants that is asked when it is composed.
pub async fn remind_of_deferred_work(desk: &mut Desk<'_>, clocks: &[Clock]) -> db::Result<()> {
    let (mut cabinet, shops) = open(desk, clocks).await?;
    let mut heard = Vec::new();
    let mut next = Vec::new();
    let now = desk.now;
    for kept in cabinet.0.values_mut() {
        let due = |item: &&mut super::Item| item.remind_at().is_some_and(|at| at <= now);
        let mut codes = Vec::new();
        for item in kept.folder.items.iter_mut().filter(due) {
            item.count_reminder();
            codes.push(item.code.clone());
        }
        let Some(shop) = shops.get(&kept.folder.order.dealership_id).filter(|_| !codes.is_empty()) else { continue };
        kept.is_changed = true;
        kept.folder.order.revision += 1;
        let what = "repair_order.deferred_due";
        let effect = Effect { event_type: what, quietly: false, detail: json!({"items": codes}) };
        let mut line = telling::about(desk, kept, now, what);
        line.detail["items"] = effect.detail["items"].clone();
        desk.record(line);
        heard.push(telling::heard(shop, Source { event_id: None, time: now }, kept, &effect));
        if let Some(due_at) = work::next_reminder(&kept.folder.items) {
            next.push(NewClock {
                dealership_id: shop.id,
                kind: ClockKind::RepairDeferred,
                subject_id: kept.folder.order.id.to_string(),
                key: String::new(),
                due_at,
                detail: json!({}),
            });
        }
    }
    cabinet.close(desk).await?;
    for heard in &heard {
        hear(desk, heard).await?;
    }
    set(desk, &next).await
}

type Shops = BTreeMap<Id<Dealership>, Arc<Dealership>>;

/// The orders that clocks are about, and their dealerships.
async fn open(desk: &mut Desk<'_>, clocks: &[Clock]) -> db::Result<(Cabinet, Shops)> {
    let ids: Vec<String> = clocks.iter().map(|clock| clock.subject_id.clone()).collect();
    let held = store::lock_by_id(desk.tx, &ids).await?;
    let cabinet = Cabinet::fill(desk.tx, held).await?;
    let mut shops = Shops::new();
    for dealership_id in clocks.iter().map(|clock| clock.dealership_id).collect::<BTreeSet<_>>() {
        if let Some(found) = dealerships::actions::find(desk.tx, dealership_id).await? {
            shops.insert(dealership_id, Arc::new(found));
        }
    }
    Ok((cabinet, shops))
}
