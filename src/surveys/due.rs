//! What falls due for surveys: invitations, and links whose time is over.
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use jiff::{SignedDuration, tz::TimeZone};
use serde_json::json;

use super::{
    FollowUp, State, Survey,
    life::{Rules, Standing, Step},
    store::{self, Held},
};
use crate::{
    cases,
    clock::Timestamp,
    clocks::{
        Clock, ClockKind,
        actions::{NewClock, set},
    },
    db,
    dealerships::{self, Dealership},
    desk::Desk,
    id::Id,
    notices::{
        SubjectKind,
        actions::{Heard, Subject, hear},
        grammar::{Facts, Moment},
    },
    timeline::Entry,
};

/// From the last call to the survey: the written word that nobody was reached goes out first (BR-40).
const AFTER_THE_CALL: SignedDuration = SignedDuration::from_hours(20);

/// What became of the call that a follow-up was planned with, as the queue tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallEnded {
    /// Nobody was reached at the last attempt, or the task expired: the survey's turn (BR-50).
    Unreached,
    /// The customer was spoken to and gave no scores.
    WithoutAnswers,
    /// The customer does not want to be asked.
    Refused,
}

/// Invites the customers of these surveys, unless something stands in the way.
pub async fn invite_due(desk: &mut Desk<'_>, clocks: &[Clock]) -> db::Result<()> {
    let ids: Vec<&str> = clocks.iter().map(|clock| clock.subject_id.as_str()).collect();
    let held = store::find_and_lock(desk.tx, &ids).await?;
    let planned = held.into_iter().filter(|held| held.survey.state == State::Planned).collect();
    invite(desk, planned).await
}

/// The links of these surveys end.
pub async fn expire_due(desk: &mut Desk<'_>, clocks: &[Clock]) -> db::Result<()> {
    let ids: Vec<&str> = clocks.iter().map(|clock| clock.subject_id.as_str()).collect();
    let mut held = store::find_and_lock(desk.tx, &ids).await?;
    held.retain(|held| {
        let is_open = matches!(held.survey.state, State::Sent | State::Opened);
        is_open && held.survey.expires_at.is_none_or(|expires_at| expires_at <= desk.now)
    });
    for held in &mut held {
        held.survey.end(State::Expired, None);
    }
    finish(desk, &held, "survey.closed").await
}

/// What became of the calls about these repair orders (our ids).
pub async fn call_ended(desk: &mut Desk<'_>, repair_orders: &[String], how: CallEnded) -> db::Result<()> {
    let held = store::find_and_lock(desk.tx, repair_orders).await?;
    let open = |held: &Held| matches!(held.survey.state, State::Planned | State::Sent | State::Opened);
    let (mut asked_next, mut over) = (Vec::new(), Vec::new());
    for mut held in held.into_iter().filter(open) {
        match how {
            CallEnded::Unreached if held.survey.state != State::Planned => {}
            CallEnded::Unreached if held.survey.follow_up == FollowUp::Call => {
                held.survey.skip("not_reached");
                over.push(held);
            }
            CallEnded::Unreached => {
                asked_next.push(clock(&held.survey, ClockKind::SurveyInvitation, desk.now.plus(AFTER_THE_CALL)));
            }
            CallEnded::WithoutAnswers => {
                held.survey.skip("spoken_to");
                over.push(held);
            }
            CallEnded::Refused => {
                held.survey.end(State::Refused, Some("on_the_phone"));
                over.push(held);
            }
        }
    }
    set(desk, &asked_next).await?;
    finish(desk, &over, "survey.closed").await
}

/// Each is invited, put off, or skipped for ever.
async fn invite(desk: &mut Desk<'_>, mut planned: Vec<Held>) -> db::Result<()> {
    if planned.is_empty() {
        return Ok(());
    }
    let dealerships = dealerships_of(desk, &planned).await?;
    let standing = standing(desk, &planned).await?;
    let (mut clocks, mut waiting, mut skipped, mut invited) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut just_asked = HashSet::new();
    for mut held in planned.drain(..) {
        let survey = &mut held.survey;
        let Some(dealership) = dealerships.get(&survey.dealership_id) else { continue };
        let rules = Rules::of(dealership, desk.config.follow_up.mode);
        let mut stands = standing.get(&survey.id).copied().unwrap_or_default();
        // Two visits of one customer in one batch: the second was asked about just now.
        if survey.customer_id.is_some_and(|customer| just_asked.contains(&customer)) {
            stands.last_asked_at = Some(desk.now);
        }
        match survey.step(stands, &rules, desk.now) {
            Step::Invite => {
                survey.invite(&rules, desk.now);
                just_asked.extend(survey.customer_id);
                clocks.extend(survey.expires_at.map(|at| clock(survey, ClockKind::SurveyExpiry, at)));
                invited.push(held);
            }
            Step::Wait(reason, until) => {
                clocks.push(clock(survey, ClockKind::SurveyInvitation, until));
                survey.reason = Some(reason.to_owned());
                waiting.push(held);
            }
            Step::Skip(reason) => {
                survey.skip(reason);
                skipped.push(held);
            }
        }
    }
    set(desk, &clocks).await?;
    store::save(desk.tx, &waiting.iter().map(|held| &held.survey).collect::<Vec<_>>(), desk.now).await?;
    finish(desk, &skipped, "survey.closed").await?;
    finish(desk, &invited, "survey.invited").await
}

fn clock(survey: &Survey, kind: ClockKind, due_at: Timestamp) -> NewClock {
    NewClock {
        dealership_id: survey.dealership_id,
        kind,
        subject_id: survey.id.to_string(),
        key: String::new(),
        due_at,
        detail: json!({}),
    }
}

/// Whom and what each waits for.
async fn standing(desk: &mut Desk<'_>, planned: &[Held]) -> db::Result<HashMap<Id<Survey>, Standing>> {
    let customers: Vec<String> = planned.iter().filter_map(|held| Some(held.survey.customer_id?.to_string())).collect();
    let longest = jiff::SignedDuration::from_hours(24 * 365);
    let asked = store::asked_since(desk.tx, &customers, desk.now.minus(longest)).await?;
    let with_case: HashSet<_> = cases::actions::open_for(desk.tx, &customers).await?.into_iter().collect();
    let with_parts: HashSet<_> = store::waiting_for_parts(desk.tx, &customers).await?.into_iter().collect();
    let of = |held: &Held| {
        let customer = held.survey.customer_id;
        let others =
            asked.iter().filter(|asked| Some(asked.customer_id) == customer && asked.survey_id != held.survey.id);
        Standing {
            case_is_open: customer.is_some_and(|customer| with_case.contains(&customer)),
            parts_are_open: customer.is_some_and(|customer| with_parts.contains(&customer)),
            last_asked_at: others.map(|asked| asked.at).max(),
            came_back: held.survey.came_back_at.is_some(),
        }
    };
    Ok(planned.iter().map(|held| (held.survey.id, of(held))).collect())
}

/// Writes surveys, puts them on record, and tells on what happened to them.
pub(super) async fn finish(desk: &mut Desk<'_>, held: &[Held], event_type: &'static str) -> db::Result<()> {
    if held.is_empty() {
        return Ok(());
    }
    let surveys: Vec<&Survey> = held.iter().map(|held| &held.survey).collect();
    store::save(desk.tx, &surveys, desk.now).await?;
    let dealerships = dealerships_of(desk, held).await?;
    for held in held {
        let survey = &held.survey;
        let Some(dealership) = dealerships.get(&survey.dealership_id) else { continue };
        let mut line = Entry::new(desk.id(), survey.dealership_id, desk.now, format!("survey.{}", survey.state.word()));
        line.step = Some(8);
        line.customer_id = survey.customer_id;
        line.vehicle_id = survey.vehicle_id;
        line.subject_type = Some("repair_order");
        line.subject_id = Some(survey.repair_order_id.clone());
        line.reason.clone_from(&survey.reason);
        line.detail = json!({"survey": survey.id, "expires_at": survey.expires_at});
        desk.record(line);
        hear(desk, &heard(event_type, dealership, held, desk.now)).await?;
    }
    Ok(())
}

fn heard(event_type: &'static str, dealership: &Arc<Dealership>, held: &Held, now: Timestamp) -> Heard {
    let survey = &held.survey;
    let subject = Subject {
        kind: SubjectKind::Survey,
        id: survey.id.to_string(),
        reference: survey.reference.clone(),
        revision: survey.revision,
    };
    let zone = held.customer_zone.as_deref().and_then(|name| TimeZone::get(name).ok());
    Heard {
        customer_id: survey.customer_id,
        // Who drove it then was chosen when the survey was planned.
        vehicle_id: survey.vehicle_id,
        people_of: Some(survey.delivered_at),
        advisor_id: survey.advisor_id,
        reader_zone: zone.unwrap_or_else(|| dealership.zone.clone()),
        facts: Facts::default()
            .at(Moment::DeliveredAt, survey.delivered_at)
            .at(Moment::InvitedAt, survey.invited_at)
            .at(Moment::ExpiresAt, survey.expires_at)
            .at(Moment::OccurredAt, now),
        ..Heard::new(event_type, dealership, subject)
    }
}

pub(super) async fn dealerships_of(
    desk: &mut Desk<'_>,
    held: &[Held],
) -> db::Result<BTreeMap<Id<Dealership>, Arc<Dealership>>> {
    let mut found = BTreeMap::new();
    for held in held {
        let id = held.survey.dealership_id;
        if !found.contains_key(&id)
            && let Some(dealership) = dealerships::actions::find(desk.tx, id).await?
        {
            found.insert(id, Arc::new(dealership));
        }
    }
    Ok(found)
}
