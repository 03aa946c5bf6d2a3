//! The life of an order of parts: what a fact changes in it, and what others are to hear of that. Pure.
//!
//! What the customer was *handed over* is what a new word is measured by, not what was planned: a word that never left is
//! taken back and weighed anew, so that it is told once and as it stands.
use serde_json::{Value, json};

use super::{Change, Eta, LineState, Order, PartLine, PartsOrder, Said, Spoken, What, pace};
use crate::{
    appointments::Appointment,
    calendar::Shop,
    clock::Timestamp,
    customers::{Customer, vehicles::Vehicle},
    dealerships::Dealership,
    id::{Id, Ids},
    intake::Event,
    staff::Staff,
};

/// A fact with the people and things it names already found.
#[derive(Clone, Copy, Debug)]
pub(super) struct News<'a> {
    pub(super) said: &'a Said,
    /// The event's `time`.
    pub(super) time: Timestamp,
    /// The sender's revision.
    pub(super) revision: Option<i64>,
    pub(super) event_id: Option<Id<Event>>,
    pub(super) parties: Parties,
}

/// Whom and what an order concerns; `None` leaves what is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Parties {
    pub(super) customer: Option<Id<Customer>>,
    pub(super) vehicle: Option<Id<Vehicle>>,
    pub(super) advisor: Option<Id<Staff>>,
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
    /// An event's type, or one of the facts that are our own: `parts.complete`.
    pub(super) event_type: &'static str,
    /// Nothing new is to be said.
    pub(super) quietly: bool,
    pub(super) detail: Value,
}

/// What was handed over to the customer of an order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Told {
    /// The newest word was that there is no day.
    pub(super) undated: bool,
    /// The last day they were told.
    pub(super) eta: Option<Timestamp>,
    /// The revision of the arrival they were told of.
    pub(super) arrival: Option<i64>,
}

/// An order with its lines, what is new in their dates, and what was told of it.
#[derive(Clone, Debug)]
pub(super) struct Drawer {
    pub(super) order: PartsOrder,
    pub(super) lines: Vec<PartLine>,
    /// The days named by the facts of this unit.
    pub(super) etas: Vec<Eta>,
    pub(super) told: Told,
}

/// How an order stands: what decides which word is said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Standing {
    /// Lines of which something is still to come.
    pub(super) open: usize,
    /// Lines that are in and wait for their fitting.
    pub(super) in_hand: usize,
    /// The day on which the last of it is expected; `None` while any line has none.
    pub(super) eta: Option<Timestamp>,
    pub(super) backordered: bool,
}

impl Drawer {
    /// An order that is heard of for the first time.
    pub(super) fn new(
        ids: &Ids,
        dealership_id: Id<Dealership>,
        reference: &str,
        heard_at: Timestamp,
        now: Timestamp,
    ) -> Self {
        let order = PartsOrder {
            id: ids.next(),
            dealership_id,
            reference: reference.to_owned(),
            revision: 0,
            sender_revision: None,
            heard_at,
            customer_id: None,
            vehicle_id: None,
            advisor_id: None,
            ro_ref: None,
            order_type: None,
            ordered_at: None,
            eta: None,
            complete_at: None,
            complete_revision: None,
            booked_at: None,
            appointment_id: None,
            declined_at: None,
            created_at: now,
        };
        Self { order, lines: Vec::new(), etas: Vec::new(), told: Told::default() }
    }

    pub(super) fn standing(&self) -> Standing {
        let open = || self.lines.iter().filter(|line| line.state.is_open());
        let etas: Option<Vec<Timestamp>> = open().map(|line| line.eta).collect();
        Standing {
            open: open().count(),
            in_hand: self.lines.iter().filter(|line| line.state == LineState::Received).count(),
            eta: etas.and_then(|etas| etas.into_iter().max()),
            backordered: open().any(|line| line.backordered),
        }
    }

    /// Applies a fact, unless it is older than the last one about the same line.
    pub(super) fn hear(&mut self, news: &News<'_>, shop: &Shop, ids: &Ids, now: Timestamp) -> Verdict {
        let before = self.standing();
        let (was_told_of, was_ordered) = (self.order.customer_id.is_some(), self.order.ordered_at.is_some());
        let (at, fills_in) = match news.said {
            Said::Ordered(ordered) => match self.order(ordered, news, ids, now) {
                Some(fills_in) => (news.time, fills_in),
                None => return Verdict::Stale("older_than_known"),
            },
            Said::Line(change) => {
                if !self.change(change, news, ids, now) {
                    return Verdict::Stale("older_than_known");
                }
                (change.at, false)
            }
        };
        let mut effects = vec![self.plain(news.said)];
        let has_new_reader = !was_told_of && self.order.customer_id.is_some();
        let is_new = (!was_ordered && self.order.ordered_at.is_some()) || has_new_reader;
        self.weigh(&mut effects, before, (is_new, fills_in), at, shop);
        if has_new_reader {
            self.tell_late(&mut effects);
        }
        if self.order.customer_id.is_none() {
            self.hush(&mut effects, is_new);
        }
        Verdict::Applied(effects)
    }

    /// The customer, the vehicle and the advisor become known by the repair order: what was not said for want of a reader is
    /// said now.
    pub(super) fn adopt(&mut self, parties: Parties, at: Timestamp, shop: &Shop) -> Vec<Effect> {
        let had_reader = self.order.customer_id.is_some();
        self.join(parties);
        if had_reader || self.order.customer_id.is_none() {
            return Vec::new();
        }
        let mut effects = Vec::new();
        let before = self.standing();
        self.weigh(&mut effects, before, (true, false), at, shop);
        self.tell_late(&mut effects);
        effects
    }

    /// An arrival that there was nobody to tell of.
    fn tell_late(&mut self, effects: &mut Vec<Effect>) {
        let is_told = self.told.arrival.is_some() || effects.iter().any(|effect| effect.event_type == "parts.complete");
        if let Some(complete_at) = self.order.complete_at.filter(|_| !is_told && self.standing().in_hand > 0) {
            let effect = self.loud("parts.complete", json!({"complete_at": complete_at}));
            self.order.complete_revision = Some(self.order.revision);
            // What was said was said of what lay here before.
            self.order.declined_at = None;
            effects.push(effect);
        }
    }

    fn join(&mut self, parties: Parties) {
        self.order.customer_id = self.order.customer_id.or(parties.customer);
        self.order.vehicle_id = self.order.vehicle_id.or(parties.vehicle);
        self.order.advisor_id = self.order.advisor_id.or(parties.advisor);
    }

    /// A day for the fitting was chosen: nobody has to call any more, and who takes it after all has not declined it.
    pub(super) fn book(&mut self, appointment: Id<Appointment>, at: Timestamp) -> Option<Effect> {
        let (standing, order) = (self.standing(), &mut self.order);
        if standing.open + standing.in_hand == 0 || order.appointment_id == Some(appointment) {
            return None;
        }
        (order.booked_at, order.appointment_id, order.declined_at) = (Some(at), Some(appointment), None);
        Some(quiet("parts.booked"))
    }

    /// They were spoken to: they come for the fitting, or do not want it. Either way nobody has to call any more.
    pub(super) fn speak_of(&mut self, spoken: Spoken, at: Timestamp) -> Option<Effect> {
        let (order, is_here) = (&mut self.order, self.lines.iter().any(|line| line.state == LineState::Received));
        match spoken {
            Spoken::Agreed if is_here && (order.booked_at.is_none() || order.declined_at.is_some()) => {
                (order.booked_at, order.declined_at) = (order.booked_at.or(Some(at)), None);
                Some(quiet("parts.booked"))
            }
            Spoken::Declined if is_here && order.declined_at.is_none() => {
                order.declined_at = Some(at);
                Some(quiet("parts.declined"))
            }
            _ => None,
        }
    }

    /// That day fell through: whose turn it is begins anew. Whether it did.
    pub(super) fn unbook(&mut self, appointment: Id<Appointment>) -> bool {
        let was = self.order.appointment_id == Some(appointment);
        if was {
            (self.order.booked_at, self.order.appointment_id) = (None, None);
        }
        was
    }

    /// Takes over an order; whether it only fills in. `None` when it is older and nothing is missing.
    fn order(&mut self, ordered: &Order, news: &News<'_>, ids: &Ids, now: Timestamp) -> Option<bool> {
        let first = self.order.ordered_at.is_none();
        let is_older = match (news.revision, self.order.sender_revision) {
            (Some(theirs), Some(known)) => theirs < known,
            _ => news.time < self.order.heard_at,
        };
        if is_older && !first {
            return None;
        }
        let fills_in = first && self.lines.iter().any(|line| line.heard_at > news.time);
        let order = &mut self.order;
        order.ordered_at = order.ordered_at.or(Some(news.time));
        order.customer_id = news.parties.customer.or(order.customer_id);
        order.vehicle_id = news.parties.vehicle.or(order.vehicle_id);
        order.advisor_id = news.parties.advisor.or(order.advisor_id);
        for (held, told) in [(&mut order.ro_ref, &ordered.ro_ref), (&mut order.order_type, &ordered.order_type)] {
            if told.is_some() {
                held.clone_from(told);
            }
        }
        order.eta = ordered.eta.or(order.eta);
        order.heard_at = order.heard_at.max(news.time);
        order.sender_revision = news.revision.or(order.sender_revision);
        for line in &ordered.lines {
            let index = self.index(&line.reference, news.time, ids, now);
            let before = self.lines[index].eta;
            self.lines[index].order(line, news.time, ordered.eta);
            self.note_eta(index, before, news, ids);
        }
        Some(fills_in)
    }

    /// Applies a change of a line, which is made when nobody knows it; whether it was not too old.
    fn change(&mut self, change: &Change, news: &News<'_>, ids: &Ids, now: Timestamp) -> bool {
        let index = self.index(&change.line_ref, news.time, ids, now);
        let before = self.lines[index].eta;
        let applies = self.lines[index].change(change, news.time);
        self.note_eta(index, before, news, ids);
        applies
    }

    fn index(&mut self, reference: &str, time: Timestamp, ids: &Ids, now: Timestamp) -> usize {
        if let Some(index) = self.lines.iter().position(|line| line.reference == reference) {
            return index;
        }
        self.lines.push(PartLine::new(ids.next(), &self.order, reference, time, now));
        self.lines.len() - 1
    }

    fn note_eta(&mut self, index: usize, before: Option<Timestamp>, news: &News<'_>, ids: &Ids) {
        let line = &self.lines[index];
        if line.eta != before {
            self.etas.push(Eta {
                id: ids.next(),
                part_line_id: line.id,
                eta: line.eta,
                heard_at: news.time,
                event_id: news.event_id,
            });
        }
    }

    /// The event itself: only that something will never come is news of its own.
    fn plain(&mut self, said: &Said) -> Effect {
        let Said::Line(change) = said else { return quiet(said.event_type()) };
        let detail = json!({"line": change.line_ref, "reason": change.reason});
        match change.what {
            What::Cancelled => self.loud("parts.cancelled", detail),
            What::Unobtainable => self.loud("parts.not_to_be_had", detail),
            _ => Effect { detail, ..quiet(said.event_type()) },
        }
    }

    /// The dates first, then the gate.
    fn weigh(
        &mut self,
        effects: &mut Vec<Effect>,
        before: Standing,
        (is_new, fills_in): (bool, bool),
        at: Timestamp,
        shop: &Shop,
    ) {
        let standing = self.standing();
        let has_moved = standing.eta != before.eta || standing.backordered != before.backordered;
        let is_expected = standing.open > 0 && self.order.ordered_at.is_some();
        if is_expected && (has_moved || is_new || before.open == 0) {
            if !is_new {
                effects.push(quiet("parts.date_moved"));
            }
            if let Some(word) = word(&self.told, &standing, shop).filter(|_| !fills_in) {
                let effect = self.loud(word, json!({"eta": standing.eta, "previous": self.told.eta}));
                effects.push(effect);
            }
        }
        self.gate(effects, standing, at);
    }

    /// BR-21: exactly one arrival when the last open line is in; what is added or counted back opens the gate again.
    fn gate(&mut self, effects: &mut Vec<Effect>, standing: Standing, at: Timestamp) {
        let is_complete = standing.open == 0 && standing.in_hand > 0;
        match (self.order.complete_at, is_complete) {
            (None, true) => {
                self.order.complete_at = Some(at);
                let effect = self.loud("parts.complete", json!({"complete_at": at}));
                self.order.complete_revision = Some(self.order.revision);
                effects.push(effect);
            }
            (Some(_), false) if standing.open > 0 => {
                let was_told =
                    self.told.arrival.zip(self.order.complete_revision).is_some_and(|(told, this)| told >= this);
                (self.order.complete_at, self.order.complete_revision) = (None, None);
                effects.push(quiet("parts.reopened"));
                if was_told {
                    // They may be on their way: somebody tells them.
                    let effect = self.loud("parts.arrival_retracted", json!({}));
                    effects.push(effect);
                }
            }
            (_, false) if standing.open == 0 && !self.lines.is_empty() => {
                let is_fitted = self.lines.iter().any(|line| line.state == LineState::Issued);
                if !is_fitted {
                    (self.order.complete_at, self.order.complete_revision) = (None, None);
                }
                effects.push(quiet(if is_fitted { "parts.fitted" } else { "parts.ended" }));
            }
            _ => {}
        }
    }

    /// Without anybody to tell nothing is said; without a repair order that may name them, the parts desk is asked.
    fn hush(&mut self, effects: &mut Vec<Effect>, is_new: bool) {
        let arrives = effects.iter().any(|effect| effect.event_type == "parts.complete");
        for effect in effects.iter_mut() {
            effect.quietly = true;
        }
        if self.order.ro_ref.is_none() && (is_new || arrives) {
            let effect = self.loud("parts.nobody_to_tell", json!({}));
            effects.push(effect);
        }
    }

    /// Something a customer can see: it counts as a revision.
    fn loud(&mut self, event_type: &'static str, detail: Value) -> Effect {
        self.order.revision += 1;
        Effect { event_type, quietly: false, detail }
    }
}

fn quiet(event_type: &'static str) -> Effect {
    Effect { event_type, quietly: true, detail: json!({}) }
}

/// What is to be said of an order that is still to come (BR-20): that it is ordered, once, with a day or without; a slip
/// only from two working days after the last day they were told.
fn word(told: &Told, standing: &Standing, shop: &Shop) -> Option<&'static str> {
    let Some(eta) = standing.eta else {
        return (!told.undated).then_some("parts.undated");
    };
    match told.eta {
        None if standing.backordered || told.undated => Some("parts.delayed"),
        None => Some("parts.placed"),
        // After "no day yet" any day is news.
        Some(_) if told.undated => Some("parts.slipped"),
        Some(last) => (pace::working_days_between(shop, last, eta) >= pace::SLIP).then_some("parts.slipped"),
    }
}

#[cfg(test)]
mod tests;
