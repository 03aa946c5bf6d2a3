//! What an agent is shown of a call: the task, whom, the script filled in, what was said before.
use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    CallTask,
    hours::{CallHours, Wishes},
    scripts::{Facts, Script},
    store::{
        attempts::{self, Attempt},
        look::{self, Appointment, Callee, Wanted},
    },
};
use crate::{
    app::App,
    clock::Timestamp,
    customers::Kind,
    db::Tx,
    dealerships::Dealership,
    http::{Access, Error},
    id::Id,
    notices::{
        Locale, SubjectKind,
        wording::{self, Person, hon},
    },
    repairs::{
        self,
        actions::{PastVisit, Whose},
    },
    staff::Staff,
};

/// Lines of the record, and visits, beside a call.
const HISTORY: i64 = 20;

/// The answer to a claim, and to looking at a task that one has.
pub(super) async fn at_hand(
    app: &App,
    task: &CallTask,
    agent: &Staff,
    dealership: &Arc<Dealership>,
) -> Result<Value, Error> {
    let mut tx = app.db.read().await?;
    let tx = &mut tx;
    let callee = look::callee(tx, task.id).await?.ok_or(Error::NotFound)?;
    let appointment = match task.subject_type {
        SubjectKind::Appointment => look::appointment(tx, &task.subject_id).await?,
        _ => None,
    };
    // Whatever the call is about, its own visit is among them.
    let visits = repairs::actions::last_visits(tx, Whose::Customer(task.customer_id)).await?;
    let visit = visits.iter().find(|visit| visit.id.to_string() == task.subject_id);
    let script = script(app, task, agent, dealership, &callee, (appointment.as_ref(), visit))?;
    let numbers: Vec<Value> = attempts::numbers(tx, task.customer_id)
        .await?
        .into_iter()
        .map(|number| json!({"id": number.id, "value": number.value, "label": number.label, "tel": format!("tel:{}", number.value)}))
        .collect();
    let open = Wanted { open_of: Some(task.customer_id), limit: 100, ..Wanted::default() };
    let (mut this, bundle): (Vec<_>, Vec<_>) =
        look::list(tx, &Access::All, open).await?.into_iter().partition(|one| one.id == task.id);
    let shown = match this.pop() {
        Some(this) => json!(this),
        // Done with in the meantime.
        None => shown(tx, task).await?,
    };
    let past = attempts::of_task(tx, task.id).await?;
    let refusals = attempts::refusals(tx, &[task.customer_id], app.ids.clock.now()).await?;
    let drafts = attempts::drafts(tx, task.id).await?;
    let history = look::history(tx, task.customer_id, HISTORY).await?;
    let open = past.iter().find(|attempt| attempt.ended_at.is_none()).map(|attempt| attempt.id);
    let wishes = Wishes {
        time_zone: callee.time_zone.as_deref(),
        call_hours: callee.call_hours.as_deref(),
        language: &task.language,
    };
    let rules = &app.config.calls;
    let hours = CallHours::of(dealership, wishes, rules.hours, Some(rules.midday));
    Ok(json!({
        "task": shown,
        "lease_until": task.lease_until,
        "heartbeat_seconds": 60,
        "wrap_up_seconds": rules.wrap_up.get().as_secs(),
        "attempt": open,
        "customer": {
            "id": callee.id, "ref": callee.reference, "kind": callee.kind, "name": callee.name, "salutation": callee.salutation,
            "language": callee.language, "call_hours": callee.call_hours, "numbers": numbers,
        },
        "vehicle": task.vehicle_id.map(|id| json!({"id": id, "vin": callee.vin, "plate": callee.plate, "model_code": callee.model_code,
            "model_year": callee.model_year})),
        "call_until": hours.closes_after(app.ids.clock.now()),
        "bundle": bundle,
        "script": script,
        "context": {
            "appointment": appointment, "visits": visits, "detail": task.detail.0, "attempts": past.iter().map(past_call).collect::<Vec<_>>(), "history": history,
            "drafts": drafts,
            "refused": refusals.into_iter().map(|refusal| json!({"scope": refusal.scope, "until": refusal.until_at})).collect::<Vec<_>>(),
        },
    }))
}

/// A task as lists show it.
pub(super) async fn shown(tx: &mut Tx, task: &CallTask) -> Result<Value, Error> {
    one(tx, &Access::All, task.id).await
}

/// One task, among what may be seen.
pub(super) async fn one(tx: &mut Tx, access: &Access, id: Id<CallTask>) -> Result<Value, Error> {
    let wanted = Wanted { id: Some(id.to_string()), limit: 1, ..Wanted::default() };
    let listed = look::list(tx, access, wanted).await?.pop().ok_or(Error::NotFound)?;
    Ok(json!(listed))
}

/// An earlier call, without what only a permission shows.
pub(super) fn past_call(attempt: &Attempt) -> Value {
    json!({
        "id": attempt.id, "n": attempt.n, "agent": attempt.staff_id, "started_at": attempt.started_at, "answered_at": attempt.answered_at,
        "ended_at": attempt.ended_at, "telephony_result": attempt.telephony_result, "outcome": attempt.outcome, "reached": attempt.reached,
        "note": attempt.note, "answers": attempt.answers.0, "has_recording": attempt.recording_url.is_some(),
        "talked_seconds": talked(attempt), "exchange_said": attempt.pbx_result,
    })
}

fn talked(attempt: &Attempt) -> Option<i64> {
    let end = attempt.hung_up_at.or(attempt.ended_at)?;
    Some(end.since(attempt.answered_at?).as_secs().max(0))
}

fn script(
    app: &App,
    task: &CallTask,
    agent: &Staff,
    dealership: &Dealership,
    callee: &Callee,
    (appointment, visit): (Option<&Appointment>, Option<&PastVisit>),
) -> Result<Script, Error> {
    // Who calls in another language still has the script of the one that is spoken.
    let locale = Locale::of(Some(&task.language), Some(&dealership.locale));
    let detail = &task.detail.0;
    let text = |key: &str| detail[key].as_str().map(wording::clean).unwrap_or_default();
    let time = |key: &str| detail[key].as_str().and_then(|at| at.parse::<Timestamp>().ok());
    let when = |at: Timestamp| wording::date_and_time(at.in_zone(&dealership.zone).datetime(), locale);
    let done = appointment.map(|appointment| &appointment.services.0).or(visit.map(|visit| &visit.jobs.0));
    let services = done.and_then(|done| {
        let services = done.as_array()?;
        let names: Vec<&str> = services.iter().filter_map(|service| service["name"].as_str()).collect();
        wording::join(&names, locale)
    });
    let person = Person {
        name: callee.name.clone().unwrap_or_default(),
        salutation: callee.salutation.clone(),
        company: callee.kind == Kind::Company,
    };
    let starts = appointment
        .and_then(|appointment| appointment.start_at)
        .or_else(|| time("start_at").or_else(|| time("promised_at")));
    let facts = Facts {
        dealer: dealership.name.clone(),
        department: dealership.department.clone(),
        phone: dealership.phone.clone(),
        agent: agent.name.clone().unwrap_or_else(|| dealership.advisor_fallback.clone()),
        agent_no: agent.reference.clone(),
        name: hon(&person, locale),
        visited: time("delivered_at")
            .map(|at| wording::date(at.in_zone(&dealership.zone).date(), locale))
            .unwrap_or_default(),
        service: services.unwrap_or_else(|| text("service")),
        vehicle: callee.plate.clone().or_else(|| callee.model_code.clone()).unwrap_or_default(),
        when: starts.map(when).unwrap_or_default(),
        part: text("part"),
        duration: text("duration"),
        slot1: time("slot1").map(when).unwrap_or_default(),
        slot2: time("slot2").map(when).unwrap_or_default(),
        item: text("item"),
        advisor: appointment.and_then(|appointment| appointment.advisor.clone()).unwrap_or_else(|| text("advisor")),
        is_comeback: detail["is_comeback"] == true || appointment.is_some_and(|appointment| appointment.is_comeback),
        wants_another_time: detail["wants_another_time"] == true,
        is_incomplete: detail["is_incomplete"] == true,
    };
    app.scripts.render(task.kind, locale, &facts).map_err(|error| Error::Internal(error.into()))
}
