//! The life of a repair order: what a fact changes in it, and what others are to hear of that. Pure.
//!
//! Senders are never told that a fact came too late: it is put on record as stale, with the reason. A signature, quality
//! control and work that was found or decided add to the order instead of replacing what is known: they come from other
//! hands than its state, so neither makes the other stale.
use serde_json::{Value, json};
use sqlx::types::Json;

use super::{Decision, Finding, Item, Opening, PROMISE_CHANGE, Promise, RepairOrder, Said, State, Step, Word};
use crate::{
    clock::Timestamp,
    customers::{Customer, vehicles::Vehicle},
    dealerships::Dealership,
    id::{Id, Ids},
    staff::Staff,
};

/// A fact with the people and things it names already found.
#[derive(Clone, Debug)]
pub(super) struct News<'a> {
    pub(super) said: &'a Said,
    /// The event's `time`.
    pub(super) time: Timestamp,
    /// The sender's revision.
    pub(super) revision: Option<i64>,
    pub(super) customer: Option<Id<Customer>>,
    pub(super) vehicle: Option<Id<Vehicle>>,
    pub(super) advisor: Option<Id<Staff>>,
    pub(super) technicians: Vec<Id<Staff>>,
}

/// What a fact came to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    Applied(Vec<Effect>),
    /// Without effect; the reason for the record.
    Stale(&'static str),
}

/// What others are to hear.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Effect {
    /// An event's type, or one of the facts that are our own: `repair_order.promise_moved`.
    pub(super) event_type: &'static str,
    /// Nothing new is to be said.
    pub(super) quietly: bool,
    /// What the texts need beside the order as it stands.
    pub(super) detail: Value,
}

impl Effect {
    fn of(event_type: &'static str, quietly: bool) -> Self {
        Self { event_type, quietly, detail: json!({}) }
    }
}

/// A repair order with the work found on it, and the promise its customer was told last.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    pub(super) order: RepairOrder,
    pub(super) items: Vec<Item>,
    /// The last promise that a notice handed over.
    pub(super) told_promise: Option<Timestamp>,
}

impl Folder {
    /// A repair order that is heard of for the first time; without its opening it has no data and nobody to tell.
    pub(super) fn new(
        ids: &Ids,
        dealership_id: Id<Dealership>,
        reference: &str,
        heard_at: Timestamp,
        now: Timestamp,
    ) -> Self {
        let order = RepairOrder {
            id: ids.next(),
            dealership_id,
            reference: reference.to_owned(),
            state: State::Open,
            revision: 0,
            sender_revision: None,
            heard_at,
            customer_id: None,
            vehicle_id: None,
            advisor_id: None,
            technicians: Json(Vec::new()),
            appointment_ref: None,
            opened_at: None,
            first_promise: None,
            promised_at: None,
            promise_reason: None,
            ready_at: None,
            qc_at: None,
            qc_by: None,
            delivered_at: None,
            closed_at: None,
            signed: None,
            signed_at: None,
            signed_by: None,
            condition_recorded: None,
            pay_type: None,
            is_comeback: false,
            jobs: Json(Vec::new()),
            odometer: None,
            total: None,
            hours_sold: None,
            hours_clocked: None,
            created_at: now,
        };
        Self { order, items: Vec::new(), told_promise: None }
    }

    /// Applies a fact, unless it is older than what it would replace.
    pub(super) fn hear(&mut self, news: &News<'_>, ids: &Ids) -> Verdict {
        let is_older = self.is_older(news);
        let verdict = match news.said {
            Said::Opened(opening) => self.open(opening, news, is_older),
            Said::PromisedChanged(_) if is_older => Verdict::Stale("older_than_known"),
            Said::PromisedChanged(promise) => self.promise(promise, "repair_order.promised_changed"),
            Said::WorkFound(found) => self.find(found, news, ids),
            Said::WorkApproved(word) => self.decide(Decision::Approved, word, news, ids),
            Said::WorkDeclined(word) => self.decide(Decision::Declined, word, news, ids),
            Said::Signed(occasion) => {
                let again = self.order.signed == Some(true);
                self.order.signed = Some(true);
                self.order.signed_at = self.order.signed_at.or(Some(occasion.at));
                self.order.signed_by = self.order.signed_by.take().or_else(|| occasion.by.clone());
                applied("repair_order.signed", again)
            }
            Said::QcPassed(occasion) => {
                let again = self.order.qc_at.is_some();
                self.check(occasion.at, occasion.by.as_deref());
                applied("repair_order.qc_passed", again)
            }
            Said::Ready(step) => self.step(State::Ready, step, news, is_older),
            Said::Delivered(step) => self.step(State::Delivered, step, news, is_older),
            Said::Closed(step) => self.step(State::Closed, step, news, is_older),
        };
        let replaces = !matches!(
            news.said,
            Said::WorkFound(_) | Said::WorkApproved(_) | Said::WorkDeclined(_) | Said::Signed(_) | Said::QcPassed(_)
        );
        if replaces && !is_older && matches!(verdict, Verdict::Applied(_)) {
            self.order.heard_at = news.time;
            self.order.sender_revision = news.revision.or(self.order.sender_revision);
        }
        verdict
    }

    /// By the sender's revision where both carry one, else by time; equal is in order of arrival (`interface.md` 3.1).
    fn is_older(&self, news: &News<'_>) -> bool {
        match (news.revision, self.order.sender_revision) {
            (Some(theirs), Some(known)) => theirs < known,
            _ => news.time < self.order.heard_at,
        }
    }

    fn open(&mut self, opening: &Opening, news: &News<'_>, is_older: bool) -> Verdict {
        if is_older && self.order.opened_at.is_some() {
            return Verdict::Stale("older_than_known");
        }
        let first = self.order.opened_at.is_none();
        let order = &mut self.order;
        order.opened_at = Some(opening.opened_at);
        order.customer_id = news.customer.or(order.customer_id);
        order.vehicle_id = news.vehicle.or(order.vehicle_id);
        order.advisor_id = news.advisor.or(order.advisor_id);
        // A signature that was given is not taken back by a form sent again.
        order.signed = if order.signed == Some(true) { order.signed } else { opening.signed.or(order.signed) };
        order.condition_recorded = opening.condition_recorded.or(order.condition_recorded);
        order.is_comeback = opening.is_comeback.unwrap_or(order.is_comeback);
        order.odometer = order.odometer.or(opening.odometer);
        for (held, told) in
            [(&mut order.appointment_ref, &opening.appointment_ref), (&mut order.pay_type, &opening.pay_type)]
        {
            if told.is_some() {
                held.clone_from(told);
            }
        }
        if let Some(jobs) = &opening.jobs {
            order.jobs.0.clone_from(jobs);
        }
        if first {
            order.first_promise = opening.promised_at;
            order.promised_at = order.promised_at.or(opening.promised_at);
            return applied("repair_order.opened", is_older);
        }
        match opening.promised_at {
            Some(promised_at) if order.promised_at != Some(promised_at) => {
                self.promise(&Promise { promised_at, reason_code: None }, "repair_order.opened")
            }
            _ => applied("repair_order.opened", true),
        }
    }

    /// BR-15: what the customer was told last is what a change is measured by.
    fn promise(&mut self, promise: &Promise, event_type: &'static str) -> Verdict {
        let order = &mut self.order;
        order.promised_at = Some(promise.promised_at);
        order.promise_reason.clone_from(&promise.reason_code);
        if order.state != State::Open {
            return applied(event_type, true);
        }
        order.revision += 1;
        let told = self.told_promise.or(order.first_promise);
        let mut effects = vec![Effect::of("repair_order.promised_changed", true)];
        if is_another_promise(told, promise.promised_at) {
            let detail =
                json!({"promised_at": promise.promised_at, "previous": told, "reason_code": promise.reason_code});
            effects.push(Effect { event_type: "repair_order.promise_moved", quietly: false, detail });
        }
        Verdict::Applied(effects)
    }

    fn find(&mut self, found: &[Finding], news: &News<'_>, ids: &Ids) -> Verdict {
        let (mut new, mut applies) = (Vec::new(), false);
        for finding in found {
            if let Some(known) = self.items.iter_mut().find(|item| item.code == finding.code) {
                if known.heard_at <= news.time {
                    applies = true;
                    known.heard_at = news.time;
                    known.name = finding.name.clone().unwrap_or_else(|| known.name.clone());
                    known.severity = finding.severity.unwrap_or(known.severity);
                    known.amount = finding.amount.or(known.amount);
                }
            } else {
                self.items.push(self.item(finding, news.time, ids));
                new.push(finding.code.clone());
                applies = true;
            }
        }
        if !applies {
            return Verdict::Stale("older_than_known");
        }
        self.order.revision += i64::from(!new.is_empty());
        // The car is gone: there is nothing to approve on it any more.
        let is_over = matches!(self.order.state, State::Delivered | State::Closed);
        // All that waits for a word: one text says all of it.
        let waits: Vec<&str> = self.undecided().map(|item| item.code.as_str()).collect();
        let detail = json!({"items": waits});
        let quietly = new.is_empty() || is_over;
        Verdict::Applied(vec![Effect { event_type: "repair_order.work_found", quietly, detail }])
    }

    fn decide(&mut self, decision: Decision, word: &Word, news: &News<'_>, ids: &Ids) -> Verdict {
        let mut decided = Vec::new();
        if word.items.is_empty() {
            for item in self.items.iter_mut().filter(|item| item.decision == Decision::Pending) {
                item.decide(decision, word, news.time);
                decided.push(item.code.clone());
            }
        }
        for finding in &word.items {
            if !self.items.iter().any(|item| item.code == finding.code) {
                self.items.push(self.item(finding, news.time, ids));
            }
            let known = self.items.iter_mut().find(|item| item.code == finding.code && item.heard_at <= news.time);
            if let Some(item) = known {
                if item.decision != decision {
                    item.decide(decision, word, news.time);
                }
                decided.push(item.code.clone());
            }
        }
        if decided.is_empty() {
            return Verdict::Stale(if word.items.is_empty() { "nothing_to_decide" } else { "older_than_known" });
        }
        self.order.revision += 1;
        let mut effects = vec![Effect {
            event_type: news.said.event_type(),
            quietly: false,
            detail: json!({"items": decided, "by": word.by, "via": word.via, "reason_code": word.reason_code}),
        }];
        if self.undecided().next().is_none() {
            effects.push(Effect::of("repair_order.work_decided", false));
        }
        Verdict::Applied(effects)
    }

    fn item(&self, finding: &Finding, at: Timestamp, ids: &Ids) -> Item {
        Item {
            id: ids.next(),
            repair_order_id: self.order.id,
            code: finding.code.clone(),
            name: finding.name.clone().unwrap_or_else(|| finding.code.clone()),
            severity: finding.severity.unwrap_or(super::Severity::Soon),
            amount: finding.amount,
            decision: Decision::Pending,
            found_at: at,
            heard_at: at,
            decided_at: None,
            decided_by: None,
            decided_via: None,
            reason: None,
            reminded: 0,
            booked_at: None,
        }
    }

    /// The work that waits for the customer's word.
    pub(super) fn undecided(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.decision == Decision::Pending)
    }

    /// Work that was put off is among what is booked now.
    pub(super) fn book(&mut self, services: &[String], at: Timestamp) -> Option<Effect> {
        let is_booked = |item: &Item| {
            let named = |service: &String| *service == item.code || service.eq_ignore_ascii_case(&item.name);
            let is_open = matches!(item.decision, Decision::Declined | Decision::Deferred) && item.booked_at.is_none();
            is_open && services.iter().any(named)
        };
        let mut codes = Vec::new();
        for item in self.items.iter_mut().filter(|item| is_booked(item)) {
            (item.booked_at, item.decision) = (Some(at), Decision::Deferred);
            codes.push(item.code.clone());
        }
        let detail = json!({"items": codes});
        (!codes.is_empty()).then_some(Effect { event_type: "repair_order.work_booked", quietly: true, detail })
    }

    fn check(&mut self, at: Timestamp, by: Option<&str>) {
        self.order.qc_at = self.order.qc_at.or(Some(at));
        self.order.qc_by = self.order.qc_by.take().or_else(|| by.map(str::to_owned));
    }

    /// Ready, delivered, closed: forward only. An older one fills in what is missing and says nothing.
    fn step(&mut self, to: State, step: &Step, news: &News<'_>, is_older: bool) -> Verdict {
        let before = self.order.state;
        let moment = match to {
            State::Ready | State::Open => &mut self.order.ready_at,
            State::Delivered => &mut self.order.delivered_at,
            State::Closed => &mut self.order.closed_at,
        };
        if is_older && (to > before || moment.is_some()) {
            return Verdict::Stale("older_than_known");
        }
        *moment = (*moment).or(Some(step.at));
        self.fill_in(step, news);
        if to <= before {
            return applied(news.said.event_type(), true);
        }
        self.order.state = to;
        self.order.revision += 1;
        applied(news.said.event_type(), self.order.customer_id.is_none())
    }

    fn fill_in(&mut self, step: &Step, news: &News<'_>) {
        if step.qc_by.is_some() {
            self.check(step.at, step.qc_by.as_deref());
        }
        let order = &mut self.order;
        for technician in &news.technicians {
            if !order.technicians.contains(technician) {
                order.technicians.0.push(*technician);
            }
        }
        order.odometer = step.odometer.or(order.odometer);
        order.total = step.total.or(order.total);
        order.hours_sold = step.hours_sold.or(order.hours_sold);
        order.hours_clocked = step.hours_clocked.or(order.hours_clocked);
        order.condition_recorded = step.condition_recorded.or(order.condition_recorded);
    }
}

fn applied(event_type: &'static str, quietly: bool) -> Verdict {
    Verdict::Applied(vec![Effect::of(event_type, quietly)])
}

/// BR-15: whether a promise differs from what was told by at least a quarter of an hour, either way.
fn is_another_promise(told: Option<Timestamp>, promised: Timestamp) -> bool {
    told.is_none_or(|told| promised.since(told).abs() >= PROMISE_CHANGE)
}

#[cfg(test)]
mod tests;
