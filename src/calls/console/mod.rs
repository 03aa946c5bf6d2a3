//! The agents' screens: the queue, and the call with everything about it on one page.
mod call;
mod choices;
mod promising;
mod queue;

use std::sync::Arc;

use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    CallTask, Stage, State as TaskState,
    api::{Ask, at_desk, claim_next, with_agent},
    concluding::Concluded,
    handling::{self, Deed},
    saying, showing, store,
};
use crate::{
    app::App,
    console::{Right, Visitor, live, pages::Pages, pieces::moment},
    customers::Customer,
    db::Tx,
    http::{Error, public::Form},
    id::Id,
    staff,
};

const QUEUE: &str = "/console/calls";

pub fn pages() -> Pages {
    Pages::new()
        .get(QUEUE, Right::Calls, queue::show)
        .get("/console/calls/live/queue", Right::Calls, queue::live)
        .post("/console/calls/next", Right::Calls, next)
        .get("/console/calls/{id}", Right::Calls, look)
        .get("/console/calls/{id}/live", Right::Calls, live_call)
        .post("/console/calls/{id}/outcome", Right::Calls, outcome)
        .post("/console/calls/{id}/undo", Right::Calls, undo)
        .post("/console/calls/{id}/give-back", Right::Calls, give_back)
        .post("/console/calls/{id}/stage", Right::Calls, stage)
        .post("/console/calls/{id}/heartbeat", Right::Calls, heartbeat)
        .post("/console/calls/{id}/draft", Right::Calls, draft)
        .post("/console/calls/{id}/hand", Right::Supervise, hand)
        .post("/console/calls/{id}/hold", Right::Supervise, hold)
        .post("/console/calls/{id}/release", Right::Supervise, release)
        .post("/console/calls/{id}/withdraw", Right::Supervise, withdraw)
        .post(promising::PROMISE, Right::Calls, promising::promise)
}

/// The best call for this agent: the queue decides which (BR-31, BR-41, BR-42).
async fn next(State(app): State<App>, visitor: Visitor) -> Result<Redirect, Error> {
    let claimed = claim_next(&app, visitor.staff(), &visitor.dealership).await?;
    Ok(match claimed {
        Some(task) => Redirect::to(&format!("{QUEUE}/{}", task.id)),
        None => Redirect::to(&format!("{QUEUE}?done=nothing")),
    })
}

#[derive(Default, Deserialize)]
struct Shown {
    done: Option<String>,
    who: Option<String>,
    undo: Option<String>,
}

/// The call in hand; what somebody else has, or nobody yet, is shown to read.
async fn look(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<Id<CallTask>>,
    Query(shown): Query<Shown>,
) -> Result<Response, Error> {
    let mut tx = app.db.read().await?;
    showing::one(&mut tx, &visitor.access(), id).await?;
    let task = store::look::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    drop(tx);
    let at_hand = showing::at_hand(&app, &task, visitor.staff(), &visitor.dealership).await?;
    let undo = undo_of(&app, &visitor, shown.undo.as_deref()).await?;
    let done = shown.done.as_deref().map(|done| queue::said(&visitor, done, shown.who.as_deref(), undo));
    let page = if super::claiming::is_held_by(&task, visitor.staff().id, visitor.now) {
        call::in_hand(&app, &visitor, &task, &at_hand, done)
    } else {
        let staff = staff::actions::all_of(&mut app.db.read().await?, visitor.dealership.id).await?;
        call::to_read(&visitor, &task, &at_hand, &staff, done)
    };
    Ok(page.into_response())
}

/// Whether the call is still theirs: a lease that ran out is said on the page, before somebody writes on in vain.
async fn live_call(State(app): State<App>, visitor: Visitor, Path(id): Path<Id<CallTask>>) -> Response {
    live::region(app, visitor, move |app, visitor| async move {
        let mut tx = app.db.read().await?;
        showing::one(&mut tx, &visitor.access(), id).await?;
        let task = store::look::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
        Ok(call::standing(&visitor, &task))
    })
}

/// What the call came to, and the next one.
async fn outcome(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<Id<CallTask>>,
    form: Form,
) -> Result<Response, Error> {
    let task = mine_to_see(&app, &visitor, id).await?;
    let rest = choices::body(&app, &visitor, &form)?;
    let mut headers = HeaderMap::new();
    if let Some(key) = form.get("key").and_then(|key| HeaderValue::from_str(key).ok()) {
        headers.insert("idempotency-key", key);
    }
    let mut ask = Ask { agent: visitor.staff().clone(), dealership: Arc::clone(&visitor.dealership), rest };
    let word = Arc::new(ask.word(&headers, app.ids.clock.now())?);
    let concluded = with_agent(&app, ask.agent, move |desk, agent| {
        let word = Arc::clone(&word);
        Box::pin(async move { Ok(saying::say(desk, id, agent, &word).await?) })
    });
    match concluded.await? {
        Concluded::Kept(_) | Concluded::Again(_) => {}
        Concluded::KeyReused => {
            return Err(Error::Conflict("said_already", "this call's outcome is on record".to_owned()));
        }
        Concluded::LeaseLost => return Ok(lost(&visitor, &app, id).await?.into_response()),
        Concluded::Unknown("number") => {
            return Err(Error::invalid("/number", "unknown_number", "is no number of this customer"));
        }
        Concluded::Unknown("outcome") => {
            return Err(Error::invalid("/outcome", "wrong_outcome", "does not belong to this type of call"));
        }
        Concluded::Unknown(_) => return Err(Error::NotFound),
    }
    if form.get("then") == Some("queue") {
        return Ok(Redirect::to(&format!("{QUEUE}?done=saved&undo={id}")).into_response());
    }
    let next = claim_next(&app, visitor.staff(), &visitor.dealership).await?;
    let to = match next {
        Some(next) if next.id != task.id => format!("{QUEUE}/{}?done=saved&undo={id}", next.id),
        _ => format!("{QUEUE}?done=last&undo={id}"),
    };
    Ok(Redirect::to(&to).into_response())
}

/// A word that can still be taken back, and for how many seconds.
#[derive(Clone, Copy, Debug)]
struct Undo {
    id: Id<CallTask>,
    seconds: i64,
}

async fn undo_of(app: &App, visitor: &Visitor, named: Option<&str>) -> Result<Option<Undo>, Error> {
    let Some(id) = named.and_then(|named| named.parse().ok()) else { return Ok(None) };
    let left = saying::undo_left(&mut app.db.read().await?, id, visitor.staff().id, visitor.now).await?;
    Ok(left.map(|left| Undo { id, seconds: left.as_secs().max(1) }))
}

/// The last word is taken back: the call is on the screen again as it was left.
async fn undo(State(app): State<App>, visitor: Visitor, Path(id): Path<Id<CallTask>>) -> Result<Redirect, Error> {
    mine_to_see(&app, &visitor, id).await?;
    let undone = with_agent(&app, visitor.staff().clone(), move |desk, agent| {
        Box::pin(async move { saying::take_back(desk, id, agent).await })
    });
    match undone.await {
        Ok(()) => Ok(Redirect::to(&format!("{QUEUE}/{id}?done=undone"))),
        Err(Error::Conflict("undo_too_late", _)) => Ok(Redirect::to(&format!("{QUEUE}?done=undo_too_late"))),
        Err(Error::Conflict("on_the_telephone", _)) => Ok(Redirect::to(&format!("{QUEUE}?done=on_the_telephone"))),
        Err(error) => Err(error),
    }
}

/// A lost race names the winner; what was written is kept as a draft.
async fn lost(visitor: &Visitor, app: &App, id: Id<CallTask>) -> Result<Redirect, Error> {
    let task = store::look::find(&mut app.db.read().await?, id).await?.ok_or(Error::NotFound)?;
    let owner = task.owner_id.filter(|owner| task.state == TaskState::Leased && *owner != visitor.staff().id);
    let name = match owner {
        Some(owner) => staff::actions::find(&mut app.db.read().await?, owner).await?.and_then(|staff| staff.name),
        None => None,
    };
    let who = url::form_urlencoded::byte_serialize(name.unwrap_or_default().as_bytes()).collect::<String>();
    Ok(Redirect::to(&format!("{QUEUE}?done=lost&who={who}")))
}

async fn give_back(State(app): State<App>, visitor: Visitor, Path(id): Path<Id<CallTask>>) -> Result<Redirect, Error> {
    mine_to_see(&app, &visitor, id).await?;
    let given = with_agent(&app, visitor.staff().clone(), move |desk, agent| {
        Box::pin(async move { handling::give_back(desk, id, agent).await })
    });
    match given.await {
        Ok(_) => Ok(Redirect::to(&format!("{QUEUE}?done=given_back"))),
        Err(Error::Conflict("lease_lost", _)) => lost(&visitor, &app, id).await,
        Err(error) => Err(error),
    }
}

/// Dialling by hand: the telephone link was touched.
async fn stage(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<Id<CallTask>>,
    form: Form,
) -> Result<StatusCode, Error> {
    mine_to_see(&app, &visitor, id).await?;
    let stage = match form.get("stage") {
        Some("dialing") => Stage::Dialing,
        Some("connected") => Stage::Connected,
        Some("wrap_up") => Stage::WrapUp,
        _ => return Err(Error::invalid("/stage", "unknown_stage", "must be one of dialing, connected, wrap_up")),
    };
    let number = form.get("number").map(str::to_owned);
    let reached = with_agent(&app, visitor.staff().clone(), move |desk, agent| {
        let number = number.clone();
        Box::pin(async move { handling::reach_stage(desk, id, agent, stage, number.as_deref()).await })
    });
    reached.await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn heartbeat(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<Id<CallTask>>,
) -> Result<StatusCode, Error> {
    mine_to_see(&app, &visitor, id).await?;
    let alive = with_agent(&app, visitor.staff().clone(), move |desk, agent| {
        Box::pin(async move { handling::heartbeat(desk, id, agent).await })
    });
    alive.await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn draft(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<Id<CallTask>>,
    form: Form,
) -> Result<StatusCode, Error> {
    mine_to_see(&app, &visitor, id).await?;
    let note: String = form.get("note").unwrap_or_default().chars().take(4_000).collect();
    let kept = with_agent(&app, visitor.staff().clone(), move |desk, agent| {
        let body = json!({ "note": note });
        Box::pin(async move { handling::draft(desk, id, agent, body).await })
    });
    kept.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// To one person, who finds it first; to anybody when nobody is named.
async fn hand(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<Id<CallTask>>,
    form: Form,
) -> Result<Redirect, Error> {
    let to = match form.get("to") {
        None => None,
        Some(reference) => {
            let found = staff::actions::find_id(&mut app.db.read().await?, visitor.dealership.id, reference).await?;
            Some(found.ok_or_else(|| Error::invalid("/to", "unknown_staff", "nobody of that ref works here"))?)
        }
    };
    deed(&app, &visitor, id, Deed::Reassign(to)).await
}

async fn hold(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<Id<CallTask>>,
    form: Form,
) -> Result<Redirect, Error> {
    let why = form.get("reason").ok_or_else(|| Error::invalid("/reason", "reason_required", "say why it is paused"))?;
    deed(&app, &visitor, id, Deed::Hold(why.chars().take(200).collect())).await
}

async fn withdraw(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<Id<CallTask>>,
    form: Form,
) -> Result<Redirect, Error> {
    let why = form.get("reason");
    let why = why.ok_or_else(|| Error::invalid("/reason", "reason_required", "say why nobody needs to call"))?;
    deed(&app, &visitor, id, Deed::Withdraw(why.chars().take(200).collect())).await
}

async fn release(State(app): State<App>, visitor: Visitor, Path(id): Path<Id<CallTask>>) -> Result<Redirect, Error> {
    deed(&app, &visitor, id, Deed::Release).await
}

async fn deed(app: &App, visitor: &Visitor, id: Id<CallTask>, deed: Deed) -> Result<Redirect, Error> {
    mine_to_see(app, visitor, id).await?;
    let (deed, actor) = (Arc::new(deed), visitor.actor());
    at_desk(app, move |desk| {
        let (deed, actor) = (Arc::clone(&deed), actor.clone());
        Box::pin(async move { handling::perform(desk, id, &deed, &actor).await })
    })
    .await?;
    Ok(Redirect::to(&format!("{QUEUE}/{id}?done=changed")))
}

/// The task, when it is one of their dealership; somebody else's is not there.
async fn mine_to_see(app: &App, visitor: &Visitor, id: Id<CallTask>) -> Result<CallTask, Error> {
    let task = store::look::find(&mut app.db.read().await?, id).await?;
    task.filter(|task| task.dealership_id == visitor.dealership.id).ok_or(Error::NotFound)
}

/// A customer's open calls, for the page about them.
pub async fn panel(tx: &mut Tx, visitor: &Visitor, customer: Id<Customer>) -> Result<Markup, Error> {
    let w = visitor.words;
    let wanted = store::look::Wanted { customer: Some(customer.to_string()), limit: 100, ..Default::default() };
    let mut open = store::look::list(tx, &visitor.access(), wanted).await?;
    open.retain(|task| matches!(task.state.as_str(), "scheduled" | "ready" | "leased" | "held"));
    Ok(html! {
        section class="card" aria-labelledby="calls-title" {
            h2 id="calls-title" { (w.t("calls-title")) }
            @if open.is_empty() { p class="muted" { (w.t("calls-none")) } }
            ul class="plain" {
                @for task in &open {
                    li {
                        @if visitor.may(Right::Calls) { a href={ (QUEUE) "/" (task.id) } { (w.code("call", task.kind.word())) } } @else { (w.code("call", task.kind.word())) }
                        " " span class="muted small" { (w.code("waiting", &task.state)) " · " (moment(visitor, task.due_at)) }
                    }
                }
            }
            @if visitor.may(Right::Calls) { (promising::form(visitor, customer)) }
        }
    })
}

/// A value of what is at hand, as text.
fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}
