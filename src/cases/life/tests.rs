//! What may be done with a case, when, and by whom; and that whatever people try, it is never closed empty.
use jiff::SignedDuration;
use proptest::prelude::*;

use super::{super::Source, *};

const OWNER: [u8; 10] = [1; 10];
const OTHER: [u8; 10] = [2; 10];

fn at(hours: i64) -> Timestamp {
    "2026-03-02T01:00:00Z".parse::<Timestamp>().expect("a time").plus(SignedDuration::from_hours(hours))
}
fn staff(who: [u8; 10]) -> Id<Staff> {
    Id::new(at(0), who)
}
fn deadlines(from: i64) -> Deadlines {
    Deadlines { acknowledge_by: at(from + 2), contact_by: at(from + 24), resolve_by: at(from + 72) }
}
fn case(severity: Severity) -> Case {
    Case {
        id: Id::new(at(0), [9; 10]),
        dealership_id: Id::new(at(0), [8; 10]),
        reference: "H-1".to_owned(),
        source: Source::Response,
        source_id: None,
        severity,
        reason: "overall_low".to_owned(),
        state: State::Raised,
        revision: 0,
        customer_id: None,
        vehicle_id: None,
        repair_order: None,
        advisor_id: None,
        owner_id: Some(staff(OWNER)),
        words: None,
        score: Some(2),
        raised_at: at(0),
        acknowledge_by: at(2),
        acknowledged_at: None,
        contact_by: at(24),
        contacted_at: None,
        resolve_by: at(72),
        resolved_at: None,
        resolved_by: None,
        verify_by: None,
        verified_at: None,
        verified_by: None,
        root_cause: None,
        resolution: None,
        compensation: None,
        escalation: 0,
        reopened: 0,
        created_at: at(0),
    }
}
fn resolved(cause: Option<Cause>, text: &str) -> Resolved {
    Resolved { cause, resolution: text.to_owned(), compensation: None, by: "mgr-01".to_owned() }
}
const TEN_DAYS: SignedDuration = SignedDuration::from_hours(240);

#[test]
fn from_raised_to_verified() {
    let mut case = case(Severity::Hot);
    case.acknowledge(at(1)).expect("acknowledged");
    case.contact(&Contacted { at: at(3) }).expect("contacted");
    case.resolve(&resolved(Some(Cause::Explanation), "explained, apologised"), TEN_DAYS, at(30)).expect("resolved");
    assert_eq!((case.state, case.verify_by), (State::Resolved, Some(at(270))));
    assert_eq!(case.verify(staff(OWNER), "mgr-02", at(270)), Err(Refusal::OwnWork), "the owner");
    assert_eq!(case.verify(staff(OTHER), "mgr-01", at(270)), Err(Refusal::OwnWork), "who resolved it");
    case.verify(staff(OTHER), "agt-01", at(270)).expect("verified");
    assert_eq!((case.state, case.revision), (State::Verified, 4));
}

#[test]
fn whoever_contacts_has_acknowledged_and_nothing_is_resolved_before_that() {
    let mut case = case(Severity::Hot);
    let early = case.resolve(&resolved(Some(Cause::Price), "refund"), TEN_DAYS, at(1));
    assert!(matches!(early, Err(Refusal::State(State::Raised, _))), "{early:?}");
    case.contact(&Contacted { at: at(5) }).expect("contacted");
    assert_eq!((case.acknowledged_at, case.contacted_at), (Some(at(5)), Some(at(5))));
    assert!(case.acknowledge(at(6)).is_err());
}

#[test]
fn it_cannot_be_closed_empty() {
    let mut case = case(Severity::Hot);
    case.contact(&Contacted { at: at(5) }).expect("contacted");
    for empty in [resolved(None, "done"), resolved(Some(Cause::Other), "  ")] {
        assert_eq!(case.resolve(&empty, TEN_DAYS, at(6)), Err(Refusal::Empty));
    }
    case.root_cause = Some(Cause::Explanation);
    case.resolve(&resolved(None, "explained"), TEN_DAYS, at(6))
        .expect("the cause that the answers pointed to is enough");
}

#[test]
fn a_deadline_is_missed_once_and_only_while_it_is_open() {
    let mut case = case(Severity::Hot);
    assert!(!case.miss(Step::Acknowledge, at(1)), "not yet");
    assert!(case.miss(Step::Acknowledge, at(2)));
    case.acknowledge(at(3)).expect("acknowledged");
    assert!(!case.miss(Step::Acknowledge, at(4)), "done, though late");
    assert!(case.miss(Step::Contact, at(24)));
    assert_eq!(case.escalation, 2);
    assert!(!super::tests::case(Severity::Soft).miss(Step::Acknowledge, at(5)), "a soft case is not escalated");
}

#[test]
fn opened_again_everything_is_to_be_done_again() {
    let mut case = case(Severity::Hot);
    assert!(case.reopen(deadlines(9)).is_err(), "it is open");
    case.contact(&Contacted { at: at(5) }).expect("contacted");
    case.resolve(&resolved(Some(Cause::Quality), "repaired"), TEN_DAYS, at(6)).expect("resolved");
    case.reopen(deadlines(300)).expect("reopened");
    assert_eq!((case.state, case.reopened, case.due(Step::Contact)), (State::Reopened, 1, Some(at(324))));
    assert_eq!((case.due(Step::Verify), case.root_cause), (None, Some(Cause::Quality)));
    case.acknowledge(at(301)).expect("acknowledged again");
}

#[derive(Clone, Copy, Debug)]
enum Deed {
    Acknowledge,
    Contact,
    Resolve(bool),
    Verify(bool),
    Reopen,
    Miss(Step),
}

proptest! {
    #[test]
    fn whatever_people_try_it_is_never_closed_empty_or_verified_by_its_owner(
        deeds in proptest::collection::vec(prop_oneof![
            Just(Deed::Acknowledge), Just(Deed::Contact), any::<bool>().prop_map(Deed::Resolve), any::<bool>().prop_map(Deed::Verify),
            Just(Deed::Reopen), (0usize..4).prop_map(|n| Deed::Miss(Step::ALL[n])),
        ], 0..40)
    ) {
        let mut case = case(Severity::Hot);
        for (hour, deed) in deeds.into_iter().enumerate() {
            let (now, before) = (at(i64::try_from(hour * 7).expect("few")), case.clone());
            let done = match deed {
                Deed::Acknowledge => case.acknowledge(now),
                Deed::Contact => case.contact(&Contacted { at: now }),
                Deed::Resolve(full) => case.resolve(&resolved(full.then_some(Cause::Time), if full { "done" } else { "" }), TEN_DAYS, now),
                Deed::Verify(other) => case.verify(staff(if other { OTHER } else { OWNER }), "agt-01", now),
                Deed::Reopen => case.reopen(deadlines(i64::try_from(hour).expect("few"))),
                Deed::Miss(step) => {
                    let escalated = case.miss(step, now);
                    prop_assert_eq!(case.escalation, before.escalation + i64::from(escalated));
                    continue;
                }
            };
            if done.is_err() {
                prop_assert_eq!(&case, &before, "a refused deed changes nothing");
            }
            prop_assert!(case.revision >= before.revision);
            if matches!(case.state, State::Resolved | State::Verified) {
                prop_assert!(case.root_cause.is_some() && case.resolution.as_deref().is_some_and(|text| !text.is_empty()));
                prop_assert!(case.acknowledged_at.is_some() && case.contacted_at.is_some() && case.verify_by.is_some());
            }
            prop_assert_eq!(case.state == State::Verified, case.verified_at.is_some());
        }
    }
}
