//! The life of an order of parts, told fact by fact; and its one arrival, whatever order the facts come in.
use jiff::{SignedDuration, tz::TimeZone};
use proptest::prelude::*;

use super::*;
use crate::{clock::Clock, id::Random, parts::OrderedLine};

fn shop() -> Shop {
    let day = r#"[["09:00","18:00"]]"#;
    let week = format!(r#"{{"mon":{day},"tue":{day},"wed":{day},"thu":{day},"fri":{day},"sat":{day}}}"#);
    Shop {
        zone: TimeZone::get("Asia/Shanghai").expect("a zone"),
        opening_hours: serde_json::from_str(&week).expect("hours"),
        holidays: Vec::new(),
    }
}
fn at(minute: i64) -> Timestamp {
    day("2026-03-02").plus(SignedDuration::from_mins(minute))
}
fn day(date: &str) -> Timestamp {
    format!("{date}T10:00:00+08:00").parse().expect("a time")
}

/// An order and the customer's mailbox: what is raised waits until it is handed over.
struct Story {
    ids: Ids,
    drawer: Drawer,
    customer: Option<Id<Customer>>,
    waiting: Vec<(&'static str, i64, Option<Timestamp>)>,
    handed_over: Vec<&'static str>,
}

const DATES: [&str; 4] = ["parts.placed", "parts.delayed", "parts.undated", "parts.slipped"];

impl Story {
    fn new() -> Self {
        let ids = Ids { clock: Clock::fixed(at(0)), random: Random::seeded(11) };
        let drawer = Drawer::new(&ids, ids.next(), "P-1", at(0), at(0));
        Self { customer: Some(ids.next()), drawer, ids, waiting: Vec::new(), handed_over: Vec::new() }
    }
    fn ordered(lines: &[(&str, f64)], eta: Option<&str>) -> Self {
        let mut story = Self::new();
        story.orders(0, lines, eta);
        story
    }
    fn orders(&mut self, minute: i64, lines: &[(&str, f64)], eta: Option<&str>) -> String {
        let line = |(reference, qty): &(&str, f64)| OrderedLine {
            reference: (*reference).to_owned(),
            part_no: "04465".to_owned(),
            name: "Brake pads".to_owned(),
            qty: *qty,
            eta: None,
            unit_value: None,
        };
        let order = Order {
            lines: lines.iter().map(line).collect(),
            ro_ref: None,
            customer: None,
            vehicle: None,
            advisor_ref: None,
            eta: eta.map(day),
            order_type: None,
        };
        self.hears(minute, &Said::Ordered(Box::new(order)))
    }
    fn changes(&mut self, minute: i64, line: &str, what: What, qty: Option<f64>, eta: Option<&str>) -> String {
        let eta = match what {
            What::Backordered | What::EtaChanged => Some(eta.map(day)),
            _ => None,
        };
        let (line_ref, at) = (line.to_owned(), at(minute));
        self.hears(minute, &Said::Line(Change { line_ref, at, what, qty, eta, location: None, reason: None }))
    }
    /// In words: each effect, those without a word in brackets; or why it was stale.
    fn hears(&mut self, minute: i64, said: &Said) -> String {
        let news = News {
            said,
            time: at(minute),
            revision: None,
            event_id: None,
            parties: Parties { customer: self.customer, ..Parties::default() },
        };
        match self.drawer.hear(&news, &shop(), &self.ids.clone(), at(minute)) {
            Verdict::Stale(reason) => reason.to_owned(),
            Verdict::Applied(effects) => {
                let word = |e: &Effect| e.event_type.trim_start_matches("parts.").to_owned();
                let said = |e: &Effect| if e.quietly { format!("({})", word(e)) } else { word(e) };
                let words = effects.iter().map(said).collect::<Vec<_>>().join(" ");
                for effect in effects {
                    self.waiting.retain(|(kind, ..)| match effect.event_type {
                        "parts.date_moved" => !DATES.contains(kind),
                        "parts.complete" | "parts.ended" => false,
                        "parts.reopened" | "parts.fitted" => *kind != "parts.complete",
                        _ => true,
                    });
                    if !effect.quietly {
                        self.waiting.push((effect.event_type, self.drawer.order.revision, self.drawer.standing().eta));
                    }
                }
                words
            }
        }
    }
    /// What waits leaves, and is what the customer knows.
    fn hands_over(&mut self) {
        for (kind, revision, eta) in self.waiting.drain(..) {
            self.handed_over.push(kind);
            let told = &mut self.drawer.told;
            match kind {
                "parts.complete" => told.arrival = Some(revision),
                "parts.undated" => told.undated = true,
                "parts.placed" | "parts.delayed" | "parts.slipped" => (told.undated, told.eta) = (false, eta),
                _ => {}
            }
        }
    }
}

#[test]
fn two_lines_one_arrival_when_the_second_is_in() {
    let mut story = Story::ordered(&[("1", 1.0), ("2", 2.0)], Some("2026-03-10"));
    story.hands_over();
    assert_eq!(story.changes(10, "1", What::Received, None, None), "(received)");
    assert_eq!(story.changes(20, "2", What::Received, Some(1.0), None), "(received)");
    assert_eq!(story.changes(30, "2", What::Received, Some(2.0), None), "(received) complete");
    assert_eq!(story.changes(31, "2", What::Received, Some(2.0), None), "(received)", "again is nothing new");
    story.hands_over();
    assert_eq!(story.handed_over, ["parts.placed", "parts.complete"]);
}

#[test]
fn what_is_added_or_counted_back_opens_the_gate_again() {
    let mut story = Story::ordered(&[("1", 1.0)], Some("2026-03-10"));
    story.hands_over();
    story.changes(10, "1", What::Received, None, None);
    assert_eq!(story.orders(20, &[("1", 1.0), ("2", 1.0)], None), "(ordered) (date_moved) undated (reopened)");
    assert_eq!(story.changes(30, "2", What::Received, None, None), "(received) complete");
    story.hands_over();
    assert_eq!(
        story.changes(40, "1", What::Received, Some(0.0), None),
        "(received) (date_moved) (reopened) arrival_retracted"
    );
    assert_eq!(story.changes(50, "1", What::Received, Some(1.0), None), "(received) complete");
}

#[test]
fn the_last_open_line_may_be_cancelled_and_what_is_fitted_is_no_arrival() {
    let mut story = Story::ordered(&[("1", 1.0), ("2", 1.0)], None);
    story.changes(10, "1", What::Received, None, None);
    assert_eq!(story.changes(20, "2", What::Cancelled, None, None), "cancelled complete");
    assert_eq!(story.changes(30, "1", What::Issued, None, None), "(issued) (fitted)");
    let mut counter = Story::ordered(&[("1", 1.0)], None);
    assert_eq!(counter.changes(10, "1", What::Issued, None, None), "(issued) (fitted)");
    let mut gone = Story::ordered(&[("1", 1.0)], None);
    assert_eq!(gone.changes(10, "1", What::Unobtainable, None, None), "not_to_be_had (ended)");
}

#[test]
fn who_declined_it_and_takes_it_after_all_has_not_declined_it() {
    let mut story = Story::ordered(&[("1", 1.0)], None);
    let _ = story.changes(10, "1", What::Received, None, None);
    let (first, second) = (story.ids.next(), story.ids.next());
    let drawer = &mut story.drawer;
    assert!(drawer.speak_of(Spoken::Declined, at(20)).is_some());
    assert!(drawer.speak_of(Spoken::Declined, at(21)).is_none(), "it is known");
    assert!(drawer.speak_of(Spoken::Agreed, at(30)).is_some());
    assert_eq!((drawer.order.booked_at, drawer.order.declined_at), (Some(at(30)), None));
    assert!(drawer.speak_of(Spoken::Agreed, at(31)).is_none(), "it is known");
    assert!(drawer.speak_of(Spoken::Declined, at(40)).is_some());
    assert!(drawer.book(first, at(50)).is_some());
    assert_eq!(drawer.order.declined_at, None, "they chose a day for it");
    assert!(drawer.speak_of(Spoken::Declined, at(60)).is_some());
    assert!(drawer.speak_of(Spoken::Agreed, at(70)).is_some(), "also with a day that stands");
    assert_eq!((drawer.order.booked_at, drawer.order.declined_at), (Some(at(50)), None));
    assert!(drawer.book(second, at(80)).is_some());
}

#[test]
fn a_day_is_told_once_and_again_from_two_working_days_later() {
    let mut story = Story::new();
    assert_eq!(story.orders(0, &[("1", 1.0)], Some("2026-03-10")), "(ordered) placed");
    assert_eq!(story.changes(5, "1", What::EtaChanged, None, Some("2026-03-11")), "(eta_changed) (date_moved) placed");
    story.hands_over();
    assert_eq!(story.changes(10, "1", What::EtaChanged, None, Some("2026-03-12")), "(eta_changed) (date_moved)");
    // One working day after the last word, and one more: measured from the word, not from the last change.
    assert_eq!(
        story.changes(20, "1", What::EtaChanged, None, Some("2026-03-13")),
        "(eta_changed) (date_moved) slipped"
    );
    assert_eq!(story.changes(25, "1", What::EtaChanged, None, Some("2026-03-09")), "(eta_changed) (date_moved)");
    assert_eq!(
        story.changes(30, "1", What::EtaChanged, None, Some("2026-03-16")),
        "(eta_changed) (date_moved) slipped"
    );
    story.hands_over();
    // The Saturday after is one working day, the Monday after two: Sunday is none.
    assert_eq!(story.changes(40, "1", What::EtaChanged, None, None), "(eta_changed) (date_moved) undated");
    story.hands_over();
    assert_eq!(story.changes(50, "1", What::EtaChanged, None, None), "(eta_changed)");
    assert_eq!(
        story.changes(60, "1", What::EtaChanged, None, Some("2026-03-16")),
        "(eta_changed) (date_moved) slipped"
    );
    assert_eq!(story.handed_over, ["parts.placed", "parts.slipped", "parts.undated"]);
}

#[test]
fn without_a_day_it_says_so_and_the_first_day_is_told() {
    let mut story = Story::new();
    assert_eq!(story.orders(0, &[("1", 1.0)], None), "(ordered) undated");
    story.hands_over();
    assert_eq!(story.changes(10, "1", What::Backordered, None, None), "(backordered) (date_moved)");
    assert_eq!(
        story.changes(20, "1", What::Backordered, None, Some("2026-03-20")),
        "(backordered) (date_moved) delayed"
    );
}

#[test]
fn without_anybody_to_tell_the_parts_desk_is_asked() {
    let mut story = Story::new();
    story.customer = None;
    assert_eq!(story.orders(0, &[("1", 1.0)], Some("2026-03-10")), "(ordered) (placed) nobody_to_tell");
    assert_eq!(story.changes(10, "1", What::Received, None, None), "(received) (complete) nobody_to_tell");
    let parties = Parties { customer: Some(story.ids.next()), ..Parties::default() };
    let effects = story.drawer.adopt(parties, at(20), &shop());
    assert_eq!(effects.iter().map(|e| e.event_type).collect::<Vec<_>>(), ["parts.complete"]);
    assert!(story.drawer.adopt(parties, at(30), &shop()).is_empty());
}

/// What happens to a line: totals received, in whatever order they are told.
#[derive(Clone, Debug)]
struct Receipt {
    line: usize,
    qty: f64,
    minute: i64,
    hands_over: bool,
}

fn receipts() -> impl Strategy<Value = Vec<Receipt>> {
    let receipt = (0_usize..3, 0_u8..=2, 1_i64..400, any::<bool>())
        .prop_map(|(line, qty, minute, hands_over)| Receipt { line, qty: f64::from(qty), minute, hands_over });
    proptest::collection::vec(receipt, 0..25)
}

proptest! {
    /// Any order, repetition and reversal of what is received: after the last, one arrival was told since the gate was open
    /// last, and none while anything is still to come.
    #[test]
    fn exactly_one_arrival_after_the_last(receipts in receipts(), complete_at_the_end in any::<bool>()) {
        let lines = [("1", 2.0), ("2", 1.0), ("3", 2.0)];
        let mut story = Story::ordered(&lines, Some("2026-03-10"));
        story.hands_over();
        let mut told_since_open = 0;
        let mut step = |story: &mut Story, receipt: &Receipt| {
            story.changes(receipt.minute, lines[receipt.line].0, What::Received, Some(receipt.qty), None);
            if receipt.hands_over {
                let before = story.handed_over.len();
                story.hands_over();
                let arrivals = story.handed_over[before..].iter().filter(|kind| **kind == "parts.complete").count();
                told_since_open += arrivals;
            }
            if story.drawer.order.complete_at.is_none() {
                told_since_open = 0;
            }
            told_since_open
        };
        for receipt in &receipts {
            let told = step(&mut story, receipt);
            prop_assert!(told <= 1);
            let waiting = story.waiting.iter().filter(|(kind, ..)| *kind == "parts.complete").count();
            prop_assert!(told + waiting <= 1, "two arrivals");
            prop_assert_eq!(story.drawer.order.complete_at.is_some(), told + waiting == 1);
        }
        if complete_at_the_end {
            for (line, (_, qty)) in lines.iter().enumerate() {
                step(&mut story, &Receipt { line, qty: *qty, minute: 500, hands_over: false });
            }
        }
        let told = step(&mut story, &Receipt { line: 0, qty: 0.0, minute: 0, hands_over: true });
        let standing = story.drawer.standing();
        prop_assert_eq!(told, usize::from(standing.open == 0));
        if complete_at_the_end {
            prop_assert_eq!(told, 1);
        }
    }

    /// The state the lines end in does not depend on the order in which receipts are told, only on their times.
    #[test]
    fn the_last_word_about_a_line_is_the_one_that_counts(receipts in receipts()) {
        let mut times: Vec<i64> = receipts.iter().map(|receipt| receipt.minute).collect();
        times.sort_unstable();
        times.dedup();
        prop_assume!(times.len() == receipts.len());
        let lines = [("1", 2.0), ("2", 1.0), ("3", 2.0)];
        let tell = |receipts: &[Receipt]| {
            let mut story = Story::ordered(&lines, None);
            for receipt in receipts {
                story.changes(receipt.minute, lines[receipt.line].0, What::Received, Some(receipt.qty), None);
            }
            story.drawer.lines.iter().map(|line| (line.state, line.qty_received.to_bits())).collect::<Vec<_>>()
        };
        let mut sorted = receipts.clone();
        sorted.sort_by_key(|receipt| receipt.minute);
        prop_assert_eq!(tell(&receipts), tell(&sorted));
    }
}
