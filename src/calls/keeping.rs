//! What every act on tasks shares: the customer's hours and refusals read, the rows and their clocks kept, the record's line.
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    CallTask, CallType,
    hours::{CallHours, Wishes},
    spoken,
    store::{self, Callee, attempts},
};
use crate::{
    clocks::{self, ClockKind, actions::NewClock},
    customers::Customer,
    db,
    dealerships::{self, Dealership},
    desk::Desk,
    id::Id,
    notices::SubjectKind,
    timeline::Entry,
};

/// The customers of some tasks, as far as calling them goes.
pub(super) struct Callees {
    known: HashMap<Id<Customer>, Callee>,
    refused: HashSet<(Id<Customer>, String)>,
}

impl Callees {
    pub(super) async fn read(desk: &mut Desk<'_>, ids: &[Id<Customer>]) -> db::Result<Self> {
        let ids: Vec<Id<Customer>> = ids.iter().copied().collect::<HashSet<_>>().into_iter().collect();
        if ids.is_empty() {
            return Ok(Self { known: HashMap::new(), refused: HashSet::new() });
        }
        let found = store::callees(desk.tx, &ids).await?;
        let refused = attempts::refusals(desk.tx, &ids, desk.now).await?;
        Ok(Self {
            known: found.into_iter().map(|callee| (callee.id, callee)).collect(),
            refused: refused.into_iter().map(|refusal| (refusal.customer_id, refusal.scope)).collect(),
        })
    }
    pub(super) fn get(&self, id: Id<Customer>) -> Option<&Callee> {
        self.known.get(&id)
    }
    /// Whether they said that they do not want such a call. One that they asked for is none of those.
    pub(super) fn refuses(&self, id: Id<Customer>, kind: CallType) -> bool {
        let said = |scope: String| self.refused.contains(&(id, scope));
        let is_marketing = matches!(kind, CallType::Maintenance | CallType::DeferredWork);
        said("all".to_owned()) || said(topic(kind)) || is_marketing && said("marketing".to_owned())
    }
}

/// The scope of a suppression that ends calls of one type.
pub(super) fn topic(kind: CallType) -> String {
    format!("topic:{}", kind.word())
}

pub(super) fn hours(desk: &Desk<'_>, callee: &Callee, dealership: &Dealership, language: &str) -> CallHours {
    let wishes = Wishes { time_zone: callee.time_zone.as_deref(), call_hours: callee.call_hours.as_deref(), language };
    let rules = &desk.config.calls;
    CallHours::of(dealership, wishes, rules.hours, Some(rules.midday))
}

pub(super) fn language(wanted: Option<&str>, callee: &Callee, dealership: &Dealership) -> String {
    let tag = wanted.or(callee.language.as_deref()).unwrap_or(&dealership.locale);
    let said = spoken(tag);
    if said.is_empty() { spoken(&dealership.locale) } else { said }
}

/// The dealerships of some tasks.
pub(super) async fn dealerships_of(
    desk: &mut Desk<'_>,
    ids: impl Iterator<Item = Id<Dealership>>,
) -> db::Result<HashMap<Id<Dealership>, Arc<Dealership>>> {
    let mut found = HashMap::new();
    for id in ids.collect::<HashSet<_>>() {
        if let Some(dealership) = dealerships::actions::find(desk.tx, id).await? {
            found.insert(id, Arc::new(dealership));
        }
    }
    Ok(found)
}

/// One task's hours.
pub(super) async fn hours_of(desk: &mut Desk<'_>, task: &CallTask) -> db::Result<Option<(Arc<Dealership>, CallHours)>> {
    let callees = Callees::read(desk, &[task.customer_id]).await?;
    let dealerships = dealerships_of(desk, std::iter::once(task.dealership_id)).await?;
    let found = callees.get(task.customer_id).zip(dealerships.get(&task.dealership_id));
    Ok(found.map(|(callee, dealership)| (Arc::clone(dealership), hours(desk, callee, dealership, &task.language))))
}

/// Writes tasks, and sets each one's clock to what happens to it next by itself.
pub(super) async fn keep(desk: &mut Desk<'_>, tasks: &[CallTask]) -> db::Result<()> {
    if tasks.is_empty() {
        return Ok(());
    }
    store::save(desk.tx, &tasks.iter().collect::<Vec<_>>()).await?;
    let rules = &desk.config.calls;
    let (mut set, mut over) = (Vec::new(), Vec::new());
    for task in tasks {
        match task.next_wake(rules) {
            Some(due_at) => set.push(NewClock {
                dealership_id: task.dealership_id,
                kind: ClockKind::CallTask,
                subject_id: task.id.to_string(),
                key: String::new(),
                due_at,
                detail: serde_json::json!({}),
            }),
            None => over.push(task.id.to_string()),
        }
    }
    clocks::actions::set(desk, &set).await?;
    clocks::actions::stop(desk, &over, &[ClockKind::CallTask]).await
}

/// A line of the record about a task; calls belong to the step of the service journey that they are part of.
pub(super) fn line(desk: &Desk<'_>, task: &CallTask, what: &str) -> Entry {
    let mut line = Entry::new(desk.id(), task.dealership_id, desk.now, what);
    line.step = task.kind.step();
    line.customer_id = Some(task.customer_id);
    line.vehicle_id = task.vehicle_id;
    line.subject_type = Some(task.subject_type.word());
    line.subject_id = Some(task.subject_id.clone());
    if task.subject_type == SubjectKind::Appointment {
        line.appointment_id = task.subject_id.parse().ok();
    }
    line.detail = serde_json::json!({"task": task.id, "type": task.kind, "state": task.state, "due_at": task.due_at});
    line
}
