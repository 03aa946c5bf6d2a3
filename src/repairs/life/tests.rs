//! The life of a repair order, told fact by fact.
use super::*;
use crate::{
    clock::Clock,
    id::Random,
    repairs::{Occasion, Severity},
};

struct Story {
    ids: Ids,
    folder: Folder,
}

fn at(time: &str) -> Timestamp {
    format!("2026-03-02T{time}:00+08:00").parse().expect("a time")
}

impl Story {
    fn opened(promised: Option<&str>) -> Self {
        let ids = Ids { clock: Clock::fixed(at("09:00")), random: Random::seeded(5) };
        let mut story = Self { folder: Folder::new(&ids, ids.next(), "R-1", at("09:00"), at("09:00")), ids };
        let opening = Opening {
            opened_at: at("09:00"),
            customer: person(),
            vehicle: None,
            advisor_ref: None,
            appointment_ref: None,
            promised_at: promised.map(at),
            signed: Some(false),
            condition_recorded: None,
            pay_type: None,
            is_comeback: None,
            jobs: None,
            odometer: None,
        };
        story.hears("09:00", &Said::Opened(Box::new(opening)));
        story
    }
    /// In words: each effect, those without a word in brackets; or why it was stale.
    fn hears(&mut self, time: &str, said: &Said) -> String {
        let news = News {
            said,
            time: at(time),
            revision: None,
            customer: Some(self.ids.next()),
            vehicle: None,
            advisor: None,
            technicians: Vec::new(),
        };
        match self.folder.hear(&news, &self.ids.clone()) {
            Verdict::Stale(reason) => reason.to_owned(),
            Verdict::Applied(effects) => {
                let word = |e: &Effect| e.event_type.trim_start_matches("repair_order.").to_owned();
                let said = |e: &Effect| if e.quietly { format!("({})", word(e)) } else { word(e) };
                effects.iter().map(said).collect::<Vec<_>>().join(" ")
            }
        }
    }
    fn promises(&mut self, time: &str, promised: &str) -> String {
        self.hears(time, &Said::PromisedChanged(Promise { promised_at: at(promised), reason_code: None }))
    }
}

fn person() -> crate::customers::Person {
    crate::customers::Person::named("C-1")
}
fn step(time: &str) -> Step {
    Step {
        at: at(time),
        technician_refs: Vec::new(),
        qc_by: None,
        odometer: None,
        total: None,
        hours_sold: None,
        hours_clocked: None,
        condition_recorded: None,
    }
}
fn found(code: &str) -> Finding {
    Finding {
        code: code.to_owned(),
        name: Some("Brake pads".to_owned()),
        severity: Some(Severity::Safety),
        amount: None,
    }
}
fn word(items: &[&str]) -> Word {
    Word {
        items: items.iter().map(|code| found(code)).collect(),
        by: None,
        via: Some("phone".to_owned()),
        reason_code: None,
    }
}

#[test]
fn a_promise_is_told_when_it_moves_by_a_quarter_of_an_hour_from_what_was_told() {
    let mut story = Story::opened(Some("16:00"));
    assert_eq!(story.promises("10:00", "16:14"), "(promised_changed)");
    assert_eq!(story.promises("10:05", "16:15"), "(promised_changed) promise_moved");
    assert_eq!(story.promises("10:10", "16:10"), "(promised_changed)", "nothing of 16:15 was handed over");
    story.folder.told_promise = Some(at("16:30"));
    assert_eq!(story.promises("10:20", "16:20"), "(promised_changed)");
    assert_eq!(story.promises("10:30", "16:10"), "(promised_changed) promise_moved", "earlier is news too");
    assert_eq!(story.promises("10:00", "18:00"), "older_than_known");
    let mut never = Story::opened(None);
    assert_eq!(never.promises("10:00", "16:00"), "(promised_changed) promise_moved");
}

#[test]
fn it_goes_forward_only_and_older_facts_fill_in() {
    let mut story = Story::opened(Some("16:00"));
    assert_eq!(story.hears("15:00", &Said::Ready(step("15:00"))), "ready");
    assert_eq!(story.promises("15:10", "17:00"), "(promised_changed)");
    assert_eq!(story.hears("16:30", &Said::Closed(step("16:30"))), "closed");
    assert_eq!(story.hears("16:00", &Said::Delivered(step("16:00"))), "(delivered)");
    assert_eq!(story.folder.order.state, State::Closed);
    assert_eq!(story.folder.order.delivered_at, Some(at("16:00")));
    assert_eq!(story.hears("15:30", &Said::Delivered(step("15:30"))), "older_than_known");
    assert_eq!(story.hears("16:40", &Said::Ready(step("16:40"))), "(ready)");
}

#[test]
fn a_signature_and_quality_control_make_nothing_else_stale() {
    let mut story = Story::opened(Some("16:00"));
    let by = |time: &str| Occasion { at: at(time), by: Some("tec-01".to_owned()) };
    assert_eq!(story.hears("15:30", &Said::Signed(by("15:30"))), "signed");
    assert_eq!(story.hears("15:00", &Said::Ready(step("15:00"))), "ready", "told after the signature");
    assert_eq!(story.hears("14:50", &Said::QcPassed(by("14:50"))), "qc_passed", "told after it was ready");
    assert_eq!(story.hears("14:55", &Said::QcPassed(by("14:55"))), "(qc_passed)");
    assert_eq!(story.folder.order.qc_at, Some(at("14:50")));
}

#[test]
fn work_is_found_decided_item_by_item_and_never_forgotten() {
    let mut story = Story::opened(Some("16:00"));
    assert_eq!(story.hears("11:00", &Said::WorkFound(vec![found("BP"), found("WB")])), "work_found");
    assert_eq!(story.hears("11:01", &Said::WorkFound(vec![found("BP")])), "(work_found)");
    assert_eq!(story.hears("11:10", &Said::WorkApproved(word(&["BP"]))), "work_approved");
    assert_eq!(story.hears("11:12", &Said::WorkDeclined(word(&[]))), "work_declined work_decided");
    assert_eq!(story.hears("11:13", &Said::WorkDeclined(word(&[]))), "nothing_to_decide");
    assert_eq!(story.hears("11:05", &Said::WorkDeclined(word(&["BP"]))), "older_than_known");
    let decisions: Vec<_> = story.folder.items.iter().map(|item| (item.code.as_str(), item.decision)).collect();
    assert_eq!(decisions, [("BP", Decision::Approved), ("WB", Decision::Declined)]);
    // A word about work that nobody told us of is on record all the same.
    assert_eq!(story.hears("11:20", &Said::WorkDeclined(word(&["TY"]))), "work_declined work_decided");
    story.hears("15:00", &Said::Delivered(step("15:00")));
    assert_eq!(story.hears("15:30", &Said::WorkFound(vec![found("XX")])), "(work_found)", "the car is gone");
}
