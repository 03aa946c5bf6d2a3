//! The fold against another way of saying what the promise is.
use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;

fn at(minute: i64) -> Timestamp {
    "2026-03-02T00:00:00Z".parse::<Timestamp>().expect("a time").plus(SignedDuration::from_mins(minute))
}
fn entry(n: u8) -> Id<Said> {
    Id::new(at(0), [n; 10])
}
fn stops(facts: &[Fact]) -> Vec<(Timestamp, Option<Timestamp>)> {
    fold(facts).into_iter().map(|row| (row.opened_at, row.stop.map(|stop| stop.at))).collect()
}
fn asks(n: u8, minute: i64) -> Fact {
    Fact::Question { entry: entry(n), at: at(minute) }
}
fn answers(n: u8, minute: i64) -> Fact {
    arrives(n, minute, minute)
}
/// A reply that was on its way for a while.
fn arrives(n: u8, written: i64, minute: i64) -> Fact {
    Fact::Accepted { entry: entry(n), written_at: at(written), at: at(minute), by: By::Person }
}
fn bounces(n: u8, minute: i64) -> Fact {
    Fact::Failed { entry: entry(n), at: at(minute) }
}

#[test]
fn a_reply_stops_the_clock_and_a_bounce_starts_it_where_it_began() {
    assert_eq!(stops(&[asks(1, 0)]), [(at(0), None)]);
    assert_eq!(stops(&[asks(1, 0), answers(2, 60)]), [(at(0), Some(at(60)))]);
    assert_eq!(stops(&[asks(1, 0), answers(2, 60), bounces(2, 180)]), [(at(0), None)]);
    assert_eq!(stops(&[asks(1, 0), answers(2, 60), bounces(2, 180), answers(3, 200)]), [(at(0), Some(at(200)))]);
    // A second answer stands in for the first one.
    assert_eq!(stops(&[asks(1, 0), answers(2, 60), answers(3, 90), bounces(2, 180)]), [(at(0), Some(at(90)))]);
}

#[test]
fn a_new_question_in_an_answered_thread_opens_another_clock() {
    assert_eq!(stops(&[asks(1, 0), asks(2, 30), answers(3, 60)]), [(at(0), Some(at(60)))]);
    let two = [asks(1, 0), answers(2, 60), asks(3, 90)];
    assert_eq!(stops(&two), [(at(0), Some(at(60))), (at(90), None)]);
    // Both run when the first answer comes back.
    let back = [asks(1, 0), answers(2, 60), asks(3, 90), bounces(2, 100)];
    assert_eq!(stops(&back), [(at(0), None), (at(90), None)]);
    let both = [asks(1, 0), answers(2, 60), asks(3, 90), bounces(2, 100), answers(4, 120)];
    assert_eq!(stops(&both), [(at(0), Some(at(120))), (at(90), Some(at(120)))]);
}

#[test]
fn what_was_asked_while_the_answer_was_on_its_way_is_not_answered_by_it() {
    let late = [asks(1, 0), asks(2, 30), arrives(3, 20, 40)];
    assert_eq!(stops(&late), [(at(0), Some(at(40))), (at(30), None)]);
    assert_eq!(stops(&[late.as_slice(), &[answers(4, 60)]].concat()), [(at(0), Some(at(40))), (at(30), Some(at(60)))]);
    // It comes back: both run, each from its own start.
    assert_eq!(stops(&[late.as_slice(), &[bounces(3, 50)]].concat()), [(at(0), None), (at(30), None)]);
}

/// The same promise, said about each moment instead of as a walk: a question opens a clock when, looking only at what had
/// happened by then, every earlier question that opened one had an answer that stood.
fn model(facts: &[Fact]) -> Vec<(Timestamp, Option<Timestamp>)> {
    let mut order: Vec<Fact> = facts.to_vec();
    order.sort_by_key(Fact::place);
    let answered = |opened: Timestamp, seen: &[Fact]| {
        let came_back = |id: Id<Said>| seen.iter().any(|f| matches!(f, Fact::Failed { entry, .. } if *entry == id));
        seen.iter()
            .filter_map(|f| match f {
                Fact::Accepted { entry, at, .. } if *at >= opened && !came_back(*entry) => Some(*at),
                _ => None,
            })
            .min()
    };
    let mut openings: Vec<Timestamp> = Vec::new();
    for (index, fact) in order.iter().enumerate() {
        if let Fact::Question { at, .. } = fact {
            let seen = &order[..index];
            if openings.iter().all(|opened| answered(*opened, seen).is_some()) {
                openings.push(*at);
            }
        }
    }
    openings.into_iter().map(|opened| (opened, answered(opened, &order))).collect()
}

/// Questions, replies and what became of them, in any order.
fn threads() -> impl Strategy<Value = Vec<Fact>> {
    let question = (0..2_000_i64).prop_map(|minute| (minute, None));
    let reply = (0..2_000_i64, proptest::option::of(0..900_i64)).prop_map(|(minute, back)| (minute, Some(back)));
    proptest::collection::vec(prop_oneof![question, reply], 1..24).prop_map(|said| {
        let mut facts = Vec::new();
        for (n, (minute, reply)) in said.into_iter().enumerate() {
            let n = u8::try_from(n).unwrap_or(u8::MAX);
            match reply {
                None => facts.push(asks(n, minute)),
                Some(back) => {
                    facts.push(answers(n, minute));
                    facts.extend(back.map(|after| bounces(n, minute + after)));
                }
            }
        }
        facts
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_fold_is_the_promise(facts in threads().prop_shuffle()) {
        prop_assert_eq!(stops(&facts), model(&facts));
    }

    /// However the facts arrive, the ledger is the same.
    #[test]
    fn the_order_of_arrival_does_not_matter(facts in threads(), turn in 0_usize..24) {
        let mut turned = facts.clone();
        turned.rotate_left(turn % facts.len());
        prop_assert_eq!(stops(&turned), stops(&facts));
    }
}
