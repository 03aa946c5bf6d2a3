//! One line of an order: the totals that are heard of it, and the state they amount to. Pure.
use super::{Change, LineState, OrderedLine, PartLine, PartsOrder, What};
use crate::{clock::Timestamp, id::Id};

/// Smaller differences of quantities are the arithmetic's.
const NOTHING: f64 = 1e-6;

impl PartLine {
    pub(super) fn new(id: Id<Self>, order: &PartsOrder, reference: &str, heard_at: Timestamp, now: Timestamp) -> Self {
        Self {
            id,
            parts_order_id: order.id,
            dealership_id: order.dealership_id,
            reference: reference.to_owned(),
            part_no: None,
            name: None,
            state: LineState::Ordered,
            heard_at,
            qty_ordered: None,
            qty_received: 0.0,
            qty_issued: 0.0,
            backordered: false,
            eta: None,
            first_eta: None,
            location: None,
            unit_value: None,
            reason: None,
            ordered_at: None,
            received_at: None,
            ended_at: None,
            created_at: now,
        }
    }

    /// The order names it: what it is and how much of it. Younger facts about it keep their say.
    pub(super) fn order(&mut self, ordered: &OrderedLine, time: Timestamp, order_eta: Option<Timestamp>) {
        let is_older = time < self.heard_at;
        if !is_older || self.qty_ordered.is_none() {
            self.part_no = Some(ordered.part_no.clone());
            self.name = Some(ordered.name.clone());
            self.qty_ordered = Some(ordered.qty);
            self.unit_value = ordered.unit_value.or(self.unit_value);
        }
        self.ordered_at = self.ordered_at.or(Some(time));
        let eta = ordered.eta.or(order_eta);
        if is_older {
            // No day was named for it since.
            self.eta = if self.first_eta.is_none() { eta } else { self.eta };
            self.first_eta = self.first_eta.or(eta);
            if matches!(self.state, LineState::Received | LineState::Partial) {
                self.recount(self.received_at.unwrap_or(self.heard_at));
            }
            return;
        }
        self.heard_at = time;
        self.eta = eta.or(self.eta);
        self.first_eta = self.first_eta.or(eta);
        // Ordered anew after it had ended.
        let had_ended = matches!(self.state, LineState::Cancelled | LineState::Unobtainable | LineState::Returned);
        if had_ended {
            (self.state, self.ended_at, self.reason) = (LineState::Ordered, None, None);
        }
        if self.state != LineState::Issued {
            self.recount(time);
        }
    }

    /// Applies a change, unless it is older than the last one; whether it did.
    pub(super) fn change(&mut self, change: &Change, time: Timestamp) -> bool {
        if time < self.heard_at {
            return false;
        }
        self.heard_at = time;
        if let Some(eta) = change.eta {
            self.eta = eta;
            self.first_eta = self.first_eta.or(eta);
        }
        if change.location.is_some() {
            self.location.clone_from(&change.location);
        }
        match change.what {
            What::Backordered => {
                self.backordered = true;
                self.reopen();
                self.recount(change.at);
            }
            What::EtaChanged => {}
            What::Received => {
                self.reopen();
                self.qty_received = change.qty.or(self.qty_ordered).unwrap_or(self.qty_received.max(1.0));
                self.recount(change.at);
            }
            What::Issued => {
                self.qty_issued = change.qty.unwrap_or_else(|| self.wanted().max(self.qty_received));
                if self.qty_issued + NOTHING >= self.wanted() {
                    self.end(LineState::Issued, change);
                } else {
                    self.reopen();
                    self.recount(change.at);
                }
            }
            What::Returned => {
                let returned = change.qty.unwrap_or(self.qty_received);
                if returned + NOTHING >= self.qty_received {
                    self.end(LineState::Returned, change);
                }
            }
            What::Cancelled => self.end(LineState::Cancelled, change),
            What::Unobtainable => self.end(LineState::Unobtainable, change),
        }
        true
    }

    /// How much of it makes it whole.
    fn wanted(&self) -> f64 {
        self.qty_ordered.unwrap_or_else(|| self.qty_received.max(NOTHING))
    }

    fn end(&mut self, state: LineState, change: &Change) {
        self.state = state;
        self.ended_at = Some(change.at);
        self.reason.clone_from(&change.reason);
    }

    fn reopen(&mut self) {
        (self.ended_at, self.reason) = (None, None);
        self.state = LineState::Ordered;
    }

    /// The state its totals amount to.
    fn recount(&mut self, at: Timestamp) {
        let came = self.qty_received > NOTHING;
        self.state = if came && self.qty_received + NOTHING >= self.wanted() {
            LineState::Received
        } else if came {
            LineState::Partial
        } else if self.backordered {
            LineState::Backordered
        } else {
            LineState::Ordered
        };
        self.received_at = if self.state == LineState::Received { self.received_at.or(Some(at)) } else { None };
    }

    /// What lies there: what came in and was not issued, in the dealership's currency.
    pub(super) fn value(&self) -> f64 {
        (self.qty_received - self.qty_issued).max(0.0) * self.unit_value.unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Clock,
        id::{Ids, Random},
    };

    fn at(minute: i64) -> Timestamp {
        "2026-03-02T10:00:00+08:00".parse::<Timestamp>().expect("a time").plus(jiff::SignedDuration::from_mins(minute))
    }
    fn change(what: What, qty: Option<f64>, minute: i64) -> Change {
        Change { line_ref: "1".to_owned(), at: at(minute), what, qty, eta: None, location: None, reason: None }
    }
    fn line() -> PartLine {
        let ids = Ids { clock: Clock::fixed(at(0)), random: Random::seeded(2) };
        let order = super::super::life::Drawer::new(&ids, ids.next(), "P-1", at(0), at(0)).order;
        PartLine::new(ids.next(), &order, "1", at(0), at(0))
    }
    fn ordered(qty: f64) -> OrderedLine {
        OrderedLine {
            reference: "1".to_owned(),
            part_no: "04465".to_owned(),
            name: "Brake pads".to_owned(),
            qty,
            eta: None,
            unit_value: Some(100.0),
        }
    }

    #[test]
    fn totals_make_the_state_and_can_be_counted_back() {
        let mut line = line();
        line.order(&ordered(4.0), at(0), None);
        for (what, qty, state) in [
            (What::Received, Some(2.0), LineState::Partial),
            (What::Received, Some(4.0), LineState::Received),
            (What::Received, Some(3.0), LineState::Partial),
            (What::Received, Some(0.0), LineState::Ordered),
            (What::Backordered, None, LineState::Backordered),
            (What::Received, Some(0.0), LineState::Backordered),
            (What::Received, None, LineState::Received),
            (What::Issued, Some(1.0), LineState::Received),
            (What::Issued, None, LineState::Issued),
            (What::Received, Some(4.0), LineState::Received),
            (What::Returned, None, LineState::Returned),
            (What::Cancelled, None, LineState::Cancelled),
            (What::Unobtainable, None, LineState::Unobtainable),
        ] {
            assert!(line.change(&change(what, qty, 1), at(1)));
            assert_eq!(line.state, state, "{what:?} {qty:?}");
        }
    }

    #[test]
    fn what_is_older_changes_nothing_and_an_order_that_comes_late_fills_in() {
        let mut line = line();
        assert!(line.change(&change(What::Received, Some(2.0), 10), at(10)));
        assert_eq!(line.state, LineState::Received, "of nobody knows how many");
        assert!(!line.change(&change(What::Received, Some(1.0), 5), at(5)));
        line.order(&ordered(4.0), at(1), None);
        assert_eq!((line.state, line.qty_received), (LineState::Partial, 2.0));
        assert_eq!(line.name.as_deref(), Some("Brake pads"));
        assert!((line.value() - 200.0).abs() < 1e-9);
    }
}
