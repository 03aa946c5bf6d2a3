//! The verbs of questions to the parts counter: ask, remind, answer; and an answer of "not here" begins the order.
use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{
    Answer, Asked, Question, State,
    store::{self, Read},
};
use crate::{
    app::App,
    appointments::{self, Appointment},
    clocks::{Clock, ClockKind, actions as clocks},
    db::{self, Tx, Weight},
    dealerships::{self, Dealership},
    desk::{
        self, Desk,
        asked::{self, answered_already},
    },
    http::{Access, Error},
    id::Id,
    intake::{
        self,
        envelope::{Format, Sheet},
    },
    notices::{
        SubjectKind,
        actions::{Heard, Subject, hear},
        readings::Reading,
    },
    timeline::Entry,
};

/// The counter is reminded when it has been open for so long without an answer.
const REMIND_AFTER: SignedDuration = SignedDuration::from_mins(30);
/// Parts are found out when the visit is booked: step 1 of the service journey (seed §3).
const STEP: i64 = 1;

/// Asks the parts counter.
///
/// # Errors
/// 422 where the visit or the advisor is not known there; the database's.
pub async fn ask(app: &App, dealership: &Arc<Dealership>, told: Asked, actor: String) -> Result<Read, Error> {
    let mut tx = app.db.read().await?;
    let visits = appointments::actions::named(&mut tx, dealership.id, &told.appointment).await?;
    let by = asked::who(&mut tx, dealership.id, &told.by).await?;
    drop(tx);
    let visit = visits.first().and_then(|visit| visit.subject.id.parse::<Id<Appointment>>().ok());
    let visit = visit.ok_or_else(|| Error::invalid("/appointment", "unknown_appointment", "is no visit here"))?;
    let now = app.ids.clock.now();
    let question = Question {
        id: app.ids.next(),
        dealership_id: dealership.id,
        appointment_id: visit,
        asked_by: by,
        part_no: told.part_no,
        name: told.name,
        qty: told.qty,
        question: told.question,
        needed_at: told.needed_at,
        state: State::Open,
        asked_at: now,
        reminded_at: None,
        answered_at: None,
        answered_by: None,
        available: None,
        eta: None,
        order_ref: None,
        note: None,
    };
    let (id, dealership) = (question.id, Arc::clone(dealership));
    desk::at::<_, db::Error>(app, Weight::ONE, move |desk| {
        let (question, dealership, actor) = (question.clone(), Arc::clone(&dealership), actor.clone());
        Box::pin(async move {
            store::insert(desk.tx, &question).await?;
            desk.record(line(desk, &question, "parts.asked", Some(actor)));
            hear(desk, &heard("parts.asked", &dealership, &question)).await?;
            let id = question.id.to_string();
            asked::wait(desk, &dealership, (ClockKind::PartsQuestion, &id), &[("", REMIND_AFTER)]).await
        })
    })
    .await?;
    one(app, &Access::All, &id.to_string()).await
}

/// Half an hour at the counter without an answer: it is asked again.
pub async fn remind(desk: &mut Desk<'_>, rung: &[Clock]) -> db::Result<()> {
    let ids: Vec<String> = rung.iter().map(|clock| clock.subject_id.clone()).collect();
    for read in store::list_by_id(desk.tx, &ids).await? {
        let question = &read.question;
        if question.state != State::Open || question.reminded_at.is_some() || read.is_called_off() {
            continue;
        }
        let Some(dealership) = dealerships::actions::find(desk.tx, question.dealership_id).await? else { continue };
        let again =
            Heard { occasion: Some("again".to_owned()), ..heard("parts.still_asked", &Arc::new(dealership), question) };
        store::mark_reminded(desk.tx, question.id, desk.now).await?;
        desk.record(line(desk, question, "parts.still_asked", None));
        hear(desk, &again).await?;
    }
    Ok(())
}

/// Notes the answer. What is not there is ordered: the same facts go through the same door as those of another system, so
/// that the customer hears of the day, and of its slips and the arrival (seed step 11).
///
/// # Errors
/// 404 where there is no such question; 409 when it is answered already; 422 where nobody of that ref works there.
pub async fn answer(app: &App, access: &Access, id: &str, said: Answer, actor: String) -> Result<Read, Error> {
    let read = one(app, access, id).await?;
    if read.question.state != State::Open {
        return Err(answered_already());
    }
    let mut question = read.question.clone();
    question.answered_by = Some(asked::who(&mut app.db.read().await?, question.dealership_id, &said.by).await?);
    question.answered_at = Some(app.ids.clock.now());
    question.available = Some(said.available);
    question.note = said.note;
    if !said.available {
        let order_ref = said.order_ref.unwrap_or_else(|| question.id.to_string());
        (question.eta, question.order_ref) = (said.eta, Some(order_ref));
        // Before the answer: whoever dies in between is asked again, and the same events are no news then.
        let envelopes = intake::actions::admit(app, &Access::All, &order(&read, &question)?).await?;
        intake::actions::take(app, envelopes).await?;
    }
    let dealership = app.directory.by_id(question.dealership_id).await?.ok_or(Error::NotFound)?;
    let written = desk::at::<_, db::Error>(app, Weight::ONE, move |desk| {
        let (question, dealership, actor) = (question.clone(), Arc::clone(&dealership), actor.clone());
        Box::pin(async move {
            if !store::answer(desk.tx, &question).await? {
                return Ok(false);
            }
            desk.record(line(desk, &question, "parts.answered", Some(actor)));
            clocks::stop(desk, &[question.id.to_string()], &[ClockKind::PartsQuestion]).await?;
            hear(desk, &heard("parts.answered", &dealership, &question)).await?;
            Ok(true)
        })
    })
    .await?;
    if written { one(app, access, id).await } else { Err(answered_already()) }
}

/// The order that an answer begins, as the events of another system would tell it.
fn order(read: &Read, question: &Question) -> Result<Sheet, Error> {
    let event = |kind: &str, data: Value| {
        json!({
            "specversion": "1.0",
            // Another day is another fact: whoever was not finished noting one may name a better one.
            "id": format!("{}:{}:{kind}", question.id, question.eta.map(|eta| eta.to_string()).unwrap_or_default()),
            "source": format!("/parts-desk/{}", read.dealership),
            "type": kind,
            "time": question.asked_at,
            "dealership": read.dealership,
            "data": data,
        })
    };
    let line = json!({
        "line_ref": "1", "part_no": question.part_no.as_deref().unwrap_or(&question.name), "name": question.name, "qty": question.qty,
    });
    let mut ordered = json!({
        "order_ref": question.order_ref, "lines": [line], "eta": question.eta, "order_type": "question", "advisor_ref": read.asker_ref,
    });
    if let Some(customer) = &read.customer_ref {
        ordered["customer"] = json!({ "ref": customer });
    }
    if read.vin.is_some() || read.plate.is_some() {
        ordered["vehicle"] = json!({ "vin": read.vin, "plate": read.plate });
    }
    let backordered =
        json!({ "order_ref": question.order_ref, "line_ref": "1", "at": question.asked_at, "eta": question.eta });
    let events = json!([event("parts.ordered", ordered), event("parts.backordered", backordered)]);
    Sheet::read(Format::Either, events.to_string().as_bytes())
}

/// One question that `access` may see.
///
/// # Errors
/// 404 where there is none; the database's.
pub async fn one(app: &App, access: &Access, id: &str) -> Result<Read, Error> {
    let id: Id<Question> = id.parse().map_err(|_| Error::NotFound)?;
    let found = store::list_by_id(&mut app.db.read().await?, &[id.to_string()]).await?.pop();
    found.filter(|read| access.allows(read.question.dealership_id)).ok_or(Error::NotFound)
}

/// Those that wait for an answer, the oldest first.
pub(super) async fn open(tx: &mut Tx, access: &Access, after: Option<String>, most: i64) -> db::Result<Vec<Read>> {
    store::list_open(tx, access, after, most).await
}

/// The questions about a visit, the oldest first.
pub(super) async fn of_visit(
    tx: &mut Tx,
    dealership: Id<Dealership>,
    reference: &str,
    (after, most): (Option<String>, i64),
) -> Result<Vec<Read>, Error> {
    let visits = appointments::actions::named(tx, dealership, reference).await?;
    let visit = visits.first().and_then(|visit| visit.subject.id.parse().ok()).ok_or(Error::NotFound)?;
    Ok(store::list_of_visit(tx, visit, after, most).await?)
}

/// Questions as their letters need them (BR-13).
pub async fn for_letters(tx: &mut Tx, ids: &[String]) -> db::Result<Vec<Reading>> {
    Ok(store::list_by_id(tx, ids).await?.into_iter().map(Read::reading).collect())
}

fn line(desk: &Desk<'_>, question: &Question, what: &str, actor: Option<String>) -> Entry {
    let mut line = Entry::new(desk.id(), question.dealership_id, desk.now, what);
    line.step = Some(STEP);
    line.appointment_id = Some(question.appointment_id);
    line.actor = actor;
    line.detail = json!({"question": question.id, "part_no": question.part_no, "qty": question.qty,
        "available": question.available, "eta": question.eta, "order": question.order_ref});
    line
}

fn heard(event_type: &'static str, dealership: &Arc<Dealership>, question: &Question) -> Heard {
    let subject = Subject {
        kind: SubjectKind::PartsQuestion,
        id: question.id.to_string(),
        reference: question.name.clone(),
        revision: 0,
    };
    Heard {
        is_new: event_type == "parts.asked",
        detail: json!({"question": question.question, "needed_at": question.needed_at}),
        ..Heard::new(event_type, dealership, subject)
    }
}
