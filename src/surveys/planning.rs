//! A visit ended: whether and how its customer will be asked about it, and which earlier visit a comeback is counted against.
use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde_json::json;

use super::{
    FollowUp, State, Survey,
    life::{self, Rules},
    store,
};
use crate::{
    calls::{self, NoCall},
    cases,
    clock::Timestamp,
    clocks::{
        ClockKind,
        actions::{NewClock, set},
    },
    customers::{
        Kind,
        vehicles::{
            Vehicle,
            people::{self, Role},
        },
    },
    db,
    desk::Desk,
    id::Id,
    intake::Event,
    staff::Staff,
    timeline::Entry,
};

/// A car that comes back later than this was not brought back by the visit before (BR-09: 100 days, the longest warranty).
const COMES_BACK_WITHIN: SignedDuration = SignedDuration::from_hours(24 * 100);

/// After a case was settled the next visit is always followed up by a call for this long (BR-33).
const AFTER_CASE: SignedDuration = SignedDuration::from_hours(24 * 180);

/// A visit whose car was delivered, as the desk of repair orders tells of it.
#[derive(Clone, Debug)]
pub struct Visit {
    /// What the queue needs to plan the call; what it says of cases is filled in here.
    pub call: calls::Visit,
    pub event_id: Option<Id<Event>>,
    /// The sender's name of the repair order.
    pub reference: String,
    pub advisor_id: Option<Id<Staff>>,
    /// The kind of work, for the report's rows: the first job's name.
    pub service_type: Option<String>,
    /// `customer`, `warranty`, `internal`, `sublet`, …
    pub pay_type: Option<String>,
    pub opened_at: Option<Timestamp>,
    /// The sender's name of the repair order that it comes back from, where they know it.
    pub original: Option<String>,
}

/// Plans for visits in one go, once for each repair order however often it is told: the call where there is one, the survey
/// that comes after it or in its place.
pub async fn plan(desk: &mut Desk<'_>, visits: &[Visit]) -> db::Result<()> {
    let orders: BTreeSet<&str> = visits.iter().map(|visit| visit.call.repair_order_id.as_str()).collect();
    let orders: Vec<&str> = orders.into_iter().collect();
    let known = store::find_and_lock(desk.tx, &orders).await?;
    let mut seen: BTreeSet<String> = known.into_iter().map(|held| held.survey.repair_order_id).collect();
    let mut new: Vec<Visit> =
        visits.iter().filter(|visit| seen.insert(visit.call.repair_order_id.clone())).cloned().collect();
    if new.is_empty() {
        return Ok(());
    }
    tell_of_cases(desk, &mut new).await?;
    if ask_the_drivers(desk, &mut new).await? {
        tell_of_cases(desk, &mut new).await?;
    }
    let to_call: Vec<calls::Visit> = new.iter().map(|visit| visit.call.clone()).collect();
    let calls = calls::actions::plan_follow_up(desk, &to_call).await?;
    let mut book = Book::open(desk, &new).await?;
    let mut clocks = Vec::new();
    for (visit, no_call) in new.iter().zip(calls) {
        let rules = Rules::of(&visit.call.dealership, desk.config.follow_up.mode);
        let mut survey = planned(desk, visit, &rules, no_call);
        survey.original_id = book.original(visit, &survey);
        if survey.state == State::Planned {
            let due_at = match survey.follow_up {
                FollowUp::Survey => survey.delivered_at.plus(rules.after),
                // The queue says what became of the call; this only ends what nobody spoke of again.
                FollowUp::Call | FollowUp::CallThenSurvey => survey.delivered_at.plus(rules.latest),
            };
            clocks.push(NewClock {
                dealership_id: survey.dealership_id,
                kind: ClockKind::SurveyInvitation,
                subject_id: survey.id.to_string(),
                key: String::new(),
                due_at,
                detail: json!({}),
            });
        }
        let line = line(desk, visit, &survey);
        desk.record(line);
        book.surveys.insert(survey.id, (survey, true));
    }
    let changed: Vec<&Survey> =
        book.surveys.values().filter(|(_, is_changed)| *is_changed).map(|(survey, _)| survey).collect();
    store::save(desk.tx, &changed, desk.now).await?;
    set(desk, &clocks).await
}

/// Who has an open case is called about that and not about this visit; who had one is always called (BR-32, BR-33).
async fn tell_of_cases(desk: &mut Desk<'_>, visits: &mut [Visit]) -> db::Result<()> {
    let customers: BTreeSet<String> = visits.iter().map(|visit| visit.call.customer_id.to_string()).collect();
    let customers: Vec<String> = customers.into_iter().collect();
    let open = cases::actions::open_for(desk.tx, &customers).await?;
    let settled = cases::actions::settled_since(desk.tx, &customers, desk.now.minus(AFTER_CASE)).await?;
    for visit in visits {
        visit.call.has_open_case |= open.contains(&visit.call.customer_id);
        visit.call.after_case |= settled.contains(&visit.call.customer_id);
        visit.call.is_internal |= visit.is_internal();
    }
    Ok(())
}

/// Whoever drove the car is asked how it was, also where its owner or a company has the visit; whether there was somebody.
async fn ask_the_drivers(desk: &mut Desk<'_>, visits: &mut [Visit]) -> db::Result<bool> {
    let cars: Vec<Id<Vehicle>> = visits.iter().filter_map(|visit| visit.call.vehicle_id).collect();
    let everybody = people::of(desk.tx, &cars).await?;
    for call in visits.iter_mut().map(|visit| &mut visit.call) {
        let of_this_car = everybody.iter().filter(|holder| Some(holder.vehicle_id) == call.vehicle_id);
        let of_this_car: Vec<people::Holder> = of_this_car.cloned().collect();
        let visitor = call.customer_id;
        let driver = people::addressee(&of_this_car, Role::Driver, Some(visitor), call.delivered_at);
        if let Some(driver) = driver {
            let has_it = |holder: &people::Holder| holder.role == Role::Owner || holder.customer_id == visitor;
            call.of_fleet = of_this_car.iter().any(|one| one.kind == Kind::Company && has_it(one));
            call.customer_id = driver.customer_id;
        }
    }
    Ok(!everybody.is_empty())
}

impl Visit {
    /// Work for ourselves or for another workshop: nobody is asked about it.
    fn is_internal(&self) -> bool {
        let pay_type = self.pay_type.as_deref().unwrap_or_default();
        self.call.is_internal || ["internal", "sublet"].iter().any(|own| pay_type.eq_ignore_ascii_case(own))
    }
}

fn planned(desk: &Desk<'_>, visit: &Visit, rules: &Rules, no_call: Option<NoCall>) -> Survey {
    let call = &visit.call;
    let is_called = no_call.is_none();
    let follow_up = life::follow_up(rules, call.is_comeback, is_called);
    let (state, reason) = if visit.is_internal() {
        (State::Skipped, Some("internal"))
    } else if follow_up == FollowUp::Call && !is_called {
        (State::Skipped, Some("calls_only"))
    } else if follow_up == FollowUp::Survey {
        (State::Planned, no_call.map(NoCall::word))
    } else {
        (State::Planned, Some("call_first"))
    };
    Survey {
        id: desk.id(),
        dealership_id: call.dealership.id,
        repair_order_id: call.repair_order_id.clone(),
        reference: visit.reference.clone(),
        state,
        reason: reason.map(str::to_owned),
        revision: 0,
        version: desk.questionnaires.current().version,
        follow_up,
        customer_id: Some(call.customer_id),
        vehicle_id: call.vehicle_id,
        advisor_id: visit.advisor_id,
        service_type: visit.service_type.clone(),
        pay_type: visit.pay_type.clone(),
        is_internal: visit.is_internal(),
        opened_at: visit.opened_at,
        delivered_at: call.delivered_at,
        is_comeback: call.is_comeback,
        original_id: None,
        came_back_at: None,
        invited_at: None,
        read_at: None,
        expires_at: None,
        completed_at: None,
        created_at: desk.now,
    }
}

/// The visits of the vehicles that came back, and those that are planned for now.
struct Book {
    surveys: BTreeMap<Id<Survey>, (Survey, bool)>,
}

impl Book {
    async fn open(desk: &mut Desk<'_>, visits: &[Visit]) -> db::Result<Self> {
        let back = || visits.iter().map(|visit| &visit.call).filter(|call| call.is_comeback);
        let vehicles: BTreeSet<Id<Vehicle>> = back().filter_map(|call| call.vehicle_id).collect();
        let since = back().map(|call| call.delivered_at).min().unwrap_or(desk.now).minus(COMES_BACK_WITHIN * 2);
        let vehicles: Vec<Id<Vehicle>> = vehicles.into_iter().collect();
        let held = store::visits_of(desk.tx, &vehicles, since).await?;
        Ok(Self { surveys: held.into_iter().map(|held| (held.survey.id, (held.survey, false))).collect() })
    }

    /// The visit that a comeback is counted against: the one that the sender names, else the latest one of the vehicle that
    /// had ended when the car came back. It is marked with the day; a comeback of a comeback counts against the first visit.
    fn original(&mut self, visit: &Visit, survey: &Survey) -> Option<Id<Survey>> {
        if !survey.is_comeback {
            return None;
        }
        let came_back_at = survey.opened_at.unwrap_or(survey.delivered_at);
        let fits = |earlier: &Survey| {
            earlier.vehicle_id == survey.vehicle_id
                && earlier.dealership_id == survey.dealership_id
                && earlier.delivered_at <= came_back_at
                && match &visit.original {
                    Some(named) => earlier.reference == *named,
                    None => came_back_at.since(earlier.delivered_at) <= COMES_BACK_WITHIN,
                }
        };
        let earlier = self.surveys.values().map(|(survey, _)| survey).filter(|earlier| fits(earlier));
        let latest = earlier.max_by_key(|earlier| (earlier.delivered_at, earlier.id))?;
        let first = latest.original_id.unwrap_or(latest.id);
        if let Some((original, is_changed)) = self.surveys.get_mut(&first)
            && original.came_back_at.is_none()
        {
            original.came_back_at = Some(came_back_at);
            *is_changed = true;
        }
        Some(first)
    }
}

fn line(desk: &Desk<'_>, visit: &Visit, survey: &Survey) -> Entry {
    let mut line = Entry::new(desk.id(), survey.dealership_id, survey.delivered_at, "survey.planned");
    line.step = Some(8);
    line.customer_id = survey.customer_id;
    line.vehicle_id = survey.vehicle_id;
    line.event_id = visit.event_id;
    line.reason.clone_from(&survey.reason);
    line.subject_type = Some("repair_order");
    line.subject_id = Some(survey.repair_order_id.clone());
    line.detail = json!({"survey": survey.id, "state": survey.state, "follow_up": survey.follow_up});
    line
}
