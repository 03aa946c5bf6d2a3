//! The order of BR-61, word by word.
use super::*;
use crate::{customers::Customer, customers::consent::Source, dealerships::Dealership, id::Id};

const DAY: &str = "2026-03-04T11:00:00+08:00";

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}
fn shanghai() -> TimeZone {
    TimeZone::get("Asia/Shanghai").expect("a zone")
}
fn question<'a>(zone: &'a TimeZone, kind: &'a str, class: Class, channel: ChannelName) -> Question<'a> {
    Question {
        kind,
        class,
        channel,
        immediate: true,
        despite_stop: false,
        answers_an_act: false,
        region: Region::China,
        zone,
        now: at(DAY),
    }
}
fn suppression(scope: &str, channel: Option<ChannelName>, address: Option<&str>) -> Suppression {
    let now = at("2026-03-01T00:00:00Z");
    Suppression {
        id: Id::new(now, [1; 10]),
        dealership_id: Id::<Dealership>::new(now, [2; 10]),
        customer_id: Some(Id::<Customer>::new(now, [3; 10])),
        address: address.map(str::to_owned),
        channel,
        scope: scope.to_owned(),
        reason: "stop".to_owned(),
        until_at: None,
        created_by: "customer".to_owned(),
        created_at: now,
        lifted_by: None,
        lifted_at: None,
        lift_reason: None,
    }
}
fn consent(purpose: Purpose, action: Action, said_at: &str) -> Consent {
    let said_at = at(said_at);
    Consent {
        id: Id::new(said_at, [1; 10]),
        customer_id: Id::new(said_at, [2; 10]),
        contact_point_id: None,
        channel: None,
        purpose,
        action,
        source: Source::Form,
        evidence: None,
        text_version: None,
        actor: "x".to_owned(),
        at: said_at,
        recorded_at: said_at,
    }
}

#[test]
fn suppressions_by_scope_and_class() {
    use ChannelName::{Email, Sms};
    use Class::{Marketing, Safety, ServiceFollowup, Transactional};
    let zone = shanghai();
    let agreed = [consent(Purpose::Marketing, Action::Grant, "2026-01-01T00:00:00Z")];
    let person = suppression("all", None, None);
    let number = suppression("all", Some(Sms), Some("+8613900001234"));
    let offers = suppression("marketing", None, None);
    let surveys = suppression("survey", None, None);
    let parts = suppression("topic:parts", None, None);
    for (kind, class, channel, held, verdict) in [
        ("parts.arrived", Transactional, Sms, &person, Verdict::Never("suppressed")),
        ("recall.notice", Safety, Sms, &person, Verdict::Never("suppressed")),
        ("parts.arrived", Transactional, Sms, &number, Verdict::Pass("stopped_on_channel")),
        ("parts.arrived", Transactional, Email, &number, Verdict::Go),
        ("parts.arrived", Transactional, Sms, &offers, Verdict::Go),
        ("recall.notice", Safety, Sms, &offers, Verdict::Go),
        ("maintenance.due", Marketing, Email, &offers, Verdict::Never("opted_out")),
        ("survey.invite", ServiceFollowup, Email, &surveys, Verdict::Never("opted_out")),
        ("appointment.reminder", Transactional, Email, &surveys, Verdict::Go),
        ("parts.arrived", Transactional, Email, &parts, Verdict::Never("opted_out")),
        ("repair.ready", Transactional, Email, &parts, Verdict::Go),
    ] {
        let standing = Standing { suppressions: vec![held], consents: &agreed, ..Standing::default() };
        let said = question(&zone, kind, class, channel).verdict(&standing);
        assert_eq!(said, verdict, "{kind} {channel:?} {}", held.scope);
    }
}

#[test]
fn a_lifted_or_ended_suppression_holds_nobody() {
    let zone = shanghai();
    let mut lifted = suppression("all", None, None);
    lifted.lifted_at = Some(at("2026-03-02T00:00:00Z"));
    let mut ended = suppression("all", None, None);
    ended.until_at = Some(at(DAY));
    let standing = Standing { suppressions: vec![&lifted, &ended], ..Standing::default() };
    let asked = question(&zone, "repair.ready", Class::Transactional, ChannelName::Sms);
    assert_eq!(asked.verdict(&standing), Verdict::Go);
}

#[test]
fn an_offer_needs_a_word_and_the_last_word_counts() {
    let zone = shanghai();
    let asked = question(&zone, "maintenance.due", Class::Marketing, ChannelName::Email);
    let said = |consents: &[Consent]| asked.verdict(&Standing { consents, ..Standing::default() });
    let yes = consent(Purpose::Marketing, Action::Grant, "2026-02-01T00:00:00Z");
    let no = consent(Purpose::Marketing, Action::Revoke, "2026-02-02T00:00:00Z");
    let service = consent(Purpose::Service, Action::Grant, "2026-02-03T00:00:00Z");
    assert_eq!(said(&[]), Verdict::Pass("no_consent"));
    assert_eq!(said(&[service]), Verdict::Pass("no_consent"));
    assert_eq!(said(&[no.clone(), yes.clone()]), Verdict::Pass("no_consent"));
    assert_eq!(said(std::slice::from_ref(&yes)), Verdict::Go);
    let on_paper = Consent { channel: Some(ChannelName::Sms), ..yes };
    assert_eq!(said(&[on_paper]), Verdict::Pass("no_consent"));
}

#[test]
fn the_answer_to_stop_gets_through_once_and_nothing_else_does() {
    let zone = shanghai();
    let number = suppression("all", Some(ChannelName::Sms), Some("+8613900001234"));
    let standing = Standing { suppressions: vec![&number], ..Standing::default() };
    let mut asked = question(&zone, "optout.done", Class::Transactional, ChannelName::Sms);
    asked.now = at("2026-03-04T23:30:00+08:00");
    asked.despite_stop = true;
    assert_eq!(asked.verdict(&standing), Verdict::Go);
    asked.despite_stop = false;
    assert_eq!(asked.verdict(&standing), Verdict::Pass("stopped_on_channel"));
}

#[test]
fn quiet_hours_come_before_the_cap_and_after_consent() {
    let zone = shanghai();
    let mut asked = question(&zone, "parts.arrived_remind", Class::Transactional, ChannelName::Sms);
    asked.immediate = false;
    let full = Standing { today: 3, ..Standing::default() };
    assert_eq!(asked.verdict(&full), Verdict::Wait(at("2026-03-05T00:00:00+08:00"), "enough_for_today"));
    asked.now = at("2026-03-04T22:00:00+08:00");
    assert_eq!(asked.verdict(&full), Verdict::Wait(at("2026-03-05T08:00:00+08:00"), "quiet_hours"));
    asked.answers_an_act = true;
    asked.immediate = true;
    assert_eq!(asked.verdict(&full), Verdict::Go);
}

#[test]
fn one_offer_a_week() {
    let zone = shanghai();
    let asked = question(&zone, "maintenance.due", Class::Marketing, ChannelName::Email);
    let agreed = [consent(Purpose::Marketing, Action::Grant, "2026-01-01T00:00:00Z")];
    let standing = |last: &str| Standing { consents: &agreed, last_offer_at: Some(at(last)), ..Standing::default() };
    let waits = Verdict::Wait(at("2026-03-08T11:00:00+08:00"), "one_offer_a_week");
    assert_eq!(asked.verdict(&standing("2026-03-01T11:00:00+08:00")), waits);
    assert_eq!(asked.verdict(&standing("2026-02-25T11:00:00+08:00")), Verdict::Go);
}
