//! The verbs of cases: raised once however often it is heard, acknowledged, contacted, resolved, verified, opened again.
use std::sync::Arc;

pub use super::due::deadlines_missed;
use super::{
    Case, Cause, Contacted, Refusal, Resolved, Severity, Source, State,
    due::{self, tell},
    store,
    triggers::{Deadlines, Rules},
};
use crate::{
    calls::{self, CallType},
    clock::Timestamp,
    clocks::{self, ClockKind},
    customers::{Customer, vehicles::Vehicle},
    db::{self, Tx},
    dealerships::{self, Dealership},
    desk::Desk,
    http::{Access, Error},
    id::Id,
    intake::Event,
    notices::readings::Reading,
    reports,
    staff::{self, Staff},
};

/// Something that was heard and that somebody has to see to.
#[derive(Clone, Debug)]
pub struct NewCase<'a> {
    pub dealership: &'a Arc<Dealership>,
    pub event_id: Option<Id<Event>>,
    pub source: Source,
    /// Our id of the response, call attempt or inquiry: heard twice from there, it is one case.
    pub source_id: Option<String>,
    pub severity: Severity,
    /// A code: `overall_low`, `complaint`, `completed_issue`, `by_hand`.
    pub reason: &'a str,
    pub customer_id: Option<Id<Customer>>,
    pub vehicle_id: Option<Id<Vehicle>>,
    /// The sender's name for the visit it is about.
    pub repair_order: Option<String>,
    pub advisor_id: Option<Id<Staff>>,
    pub words: Option<String>,
    pub score: Option<i64>,
    /// What the answers point to; whoever resolves the case decides.
    pub cause: Option<Cause>,
    /// The call in which somebody makes it good: `Recovery`, or `Complaint` for who can decide. None: nobody is to call.
    pub call: Option<CallType>,
    /// Who heard it: `customer`, a staff id, `key:…`.
    pub actor: String,
}

/// Opens cases. What was heard before, from the same source or in an open case about the same visit, is added to that case:
/// a low score and the caller's complaint about one visit are one matter, and one person sees to it.
pub async fn raise(desk: &mut Desk<'_>, new: &[NewCase<'_>]) -> db::Result<Vec<Id<Case>>> {
    let mut ids = Vec::with_capacity(new.len());
    for one in new {
        let heard =
            store::find_heard(desk.tx, one.source, one.source_id.clone(), one.customer_id, one.repair_order.clone());
        if let Some(id) = heard.await?
            && let Some(case) = store::find_and_lock(desk.tx, &[id]).await?.pop()
        {
            ids.push(case.id);
            hear_again(desk, case, one).await?;
            continue;
        }
        ids.push(open(desk, one).await?);
    }
    Ok(ids)
}

async fn open(desk: &mut Desk<'_>, new: &NewCase<'_>) -> db::Result<Id<Case>> {
    let dealership = new.dealership;
    let deadlines = Deadlines::from(desk.now, &Rules::of(dealership), dealership);
    let number = store::next_number(desk.tx, dealership.id).await?;
    // The service manager owns it, not who served the customer.
    let managers = staff::actions::with_role(desk.tx, dealership.id, "service_manager").await?;
    let case = Case {
        id: desk.id(),
        dealership_id: dealership.id,
        reference: format!("H-{number}"),
        source: new.source,
        source_id: new.source_id.clone(),
        severity: new.severity,
        reason: new.reason.to_owned(),
        state: State::Raised,
        revision: 0,
        customer_id: new.customer_id,
        vehicle_id: new.vehicle_id,
        repair_order: new.repair_order.clone(),
        advisor_id: new.advisor_id,
        owner_id: managers.first().copied(),
        words: new.words.clone(),
        score: new.score,
        raised_at: desk.now,
        acknowledge_by: deadlines.acknowledge_by,
        acknowledged_at: None,
        contact_by: deadlines.contact_by,
        contacted_at: None,
        resolve_by: deadlines.resolve_by,
        resolved_at: None,
        resolved_by: None,
        verify_by: None,
        verified_at: None,
        verified_by: None,
        root_cause: new.cause,
        resolution: None,
        compensation: None,
        escalation: 0,
        reopened: 0,
        created_at: desk.now,
    };
    store::save(desk.tx, &[&case]).await?;
    store::note(desk.tx, desk.ids.next(), case.id, &new.actor, "raised", new.words.as_deref(), desk.now).await?;
    due::set_clocks(desk, &case).await?;
    if let Some(kind) = new.call {
        due::plan_call(desk, &case, dealership, kind, case.reopened).await?;
    }
    if let (Severity::Hot, Some(customer)) = (case.severity, case.customer_id) {
        // What is wrong is spoken about, and not how everything was (BR-32).
        calls::actions::withdraw_follow_ups(desk, customer, "open_case").await?;
    }
    reports::satisfaction::weekly::schedule(desk, dealership).await?;
    let event = if case.severity == Severity::Hot { "case.raised" } else { "case.raised_softly" };
    tell(desk, &case, dealership, event, None, Some(&new.actor)).await?;
    Ok(case.id)
}

/// The same matter from another mouth. A soft case that turns out grave is told as a new one.
async fn hear_again(desk: &mut Desk<'_>, mut case: Case, new: &NewCase<'_>) -> db::Result<()> {
    store::note(desk.tx, desk.ids.next(), case.id, &new.actor, "heard_again", new.words.as_deref(), desk.now).await?;
    let grows = case.severity == Severity::Soft && new.severity == Severity::Hot && case.state.is_open();
    case.words = case.words.or_else(|| new.words.clone());
    case.score = new.score.or(case.score);
    case.root_cause = case.root_cause.or(new.cause);
    // They were called about it, and say more: once more for each time that they were.
    let again = new.call.filter(|_| !grows && matches!(case.state, State::Contacted | State::Resolved));
    if again.is_some() && !calls::actions::is_planned(desk, &case.id.to_string()).await? {
        case.revision += 1;
    }
    if grows {
        case.severity = Severity::Hot;
        new.reason.clone_into(&mut case.reason);
        case.revision += 1;
    }
    store::save(desk.tx, &[&case]).await?;
    if grows {
        due::set_clocks(desk, &case).await?;
        due::plan_call(desk, &case, new.dealership, new.call.unwrap_or(CallType::Recovery), case.reopened).await?;
        tell(desk, &case, new.dealership, "case.raised", None, Some(&new.actor)).await?;
    } else if let Some(kind) = again {
        due::plan_call(desk, &case, new.dealership, kind, due::HEARD_AGAIN + case.revision).await?;
    }
    Ok(())
}

/// What somebody does with a case.
#[derive(Clone, Debug)]
pub enum Deed {
    Acknowledge,
    Contact { note: Option<String> },
    Resolve { cause: Option<Cause>, resolution: String, compensation: Option<String>, by: Option<String> },
    Verify { by: String, note: Option<String> },
    Reopen { note: Option<String> },
    Assign { to: String },
    Note { text: String },
}

impl Deed {
    fn word(&self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledged",
            Self::Contact { .. } => "contacted",
            Self::Resolve { .. } => "resolved",
            Self::Verify { .. } => "verified",
            Self::Reopen { .. } => "reopened",
            Self::Assign { .. } => "assigned",
            Self::Note { .. } => "noted",
        }
    }
    fn text(&self) -> Option<&str> {
        match self {
            Self::Contact { note } | Self::Verify { note, .. } | Self::Reopen { note } => note.as_deref(),
            Self::Resolve { resolution, .. } => Some(resolution),
            Self::Assign { to } => Some(to),
            Self::Note { text } => Some(text),
            Self::Acknowledge => None,
        }
    }
}

/// Does it, with its consequences for clocks, calls and notices.
///
/// # Errors
/// 404 when there is no such case for this caller; 409 when its state does not allow it, 422 when something is missing.
pub async fn perform(desk: &mut Desk<'_>, access: &Access, id: &str, deed: &Deed, actor: &str) -> Result<Case, Error> {
    let wanted = store::Wanted { id: Some(id.to_owned()), limit: 2, ..store::Wanted::default() };
    let found = Error::unless_one(store::list(desk.tx, access, wanted).await?)?;
    let locked = store::find_and_lock(desk.tx, &[found.case.id.to_string()]).await?.pop();
    let mut case = locked.ok_or(Error::NotFound)?;
    let dealership = dealerships::actions::find(desk.tx, case.dealership_id).await?.ok_or(Error::NotFound)?;
    let dealership = Arc::new(dealership);
    let before = case.revision;
    let (now, rules) = (desk.now, Rules::of(&dealership));
    match deed {
        Deed::Acknowledge => case.acknowledge(now)?,
        Deed::Contact { .. } => case.contact(&Contacted { at: now })?,
        Deed::Resolve { cause, resolution, compensation, by } => {
            let by = match by {
                Some(name) => person(desk, &case, name, "/by").await?.1,
                None => actor.to_owned(),
            };
            let resolved =
                Resolved { cause: *cause, resolution: resolution.clone(), compensation: compensation.clone(), by };
            case.resolve(&resolved, rules.verify, now)?;
        }
        Deed::Verify { by, .. } => {
            let (by, by_ref) = person(desk, &case, by, "/by").await?;
            case.verify(by, &by_ref, now)?;
        }
        Deed::Reopen { .. } => case.reopen(Deadlines::from(now, &rules, &dealership))?,
        Deed::Assign { to } => {
            case.owner_id = Some(person(desk, &case, to, "/to").await?.0);
            case.revision += 1;
        }
        Deed::Note { .. } => {}
    }
    let is_changed = case.revision != before;
    // A note is something even where nothing changes; saying the same twice is not.
    if is_changed || matches!(deed, Deed::Note { .. }) {
        store::note(desk.tx, desk.ids.next(), case.id, actor, deed.word(), deed.text(), now).await?;
    }
    if is_changed {
        store::save(desk.tx, &[&case]).await?;
        clocks::actions::stop(desk, &[case.id.to_string()], &[ClockKind::CaseDeadline]).await?;
        due::set_clocks(desk, &case).await?;
        due::follow(desk, &case, &dealership, deed).await?;
    }
    Ok(case)
}

/// Somebody who works at the dealership of the case.
async fn person(desk: &mut Desk<'_>, case: &Case, name: &str, pointer: &str) -> Result<(Id<Staff>, String), Error> {
    store::staff(desk.tx, case.dealership_id, name).await?.ok_or_else(|| {
        Error::invalid(pointer, "unknown_staff", "must be the ref of somebody active at the dealership of this case")
    })
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::State(..) => Self::Conflict("wrong_state", refusal.to_string()),
            Refusal::Empty => Self::invalid("/resolution", "empty_case", refusal.to_string()),
            Refusal::OwnWork => Self::invalid("/by", "own_work", refusal.to_string()),
        }
    }
}

/// Of these customers (our ids), those with an open case: meanwhile nobody asks them for a score, and one voice speaks to them.
pub async fn open_for(tx: &mut Tx, customers: &[String]) -> db::Result<Vec<Id<Customer>>> {
    store::open_for(tx, customers).await
}

/// Of these customers (our ids), those with a case that was settled after `since`.
pub async fn settled_since(tx: &mut Tx, customers: &[String], since: Timestamp) -> db::Result<Vec<Id<Customer>>> {
    store::settled_since(tx, customers, since).await
}

/// Cases as letters about them need them.
pub async fn for_letters(tx: &mut Tx, ids: &[String]) -> db::Result<Vec<Reading>> {
    store::for_letters(tx, ids).await
}
