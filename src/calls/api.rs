//! The queue's doors: claim, heartbeat, stages, dial, outcome, and what supervisors and exchanges do.
use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};

mod asked;
mod exchange;
mod promised;

pub(super) use self::asked::Ask;
use self::asked::ask_of;
use super::{
    CallTask, State as TaskState, claiming,
    concluding::Concluded,
    handling::{self, Deed, lease_lost},
    saying::conclude,
    showing,
    store::look::{self, Listed, Wanted},
};
use crate::{
    app::App,
    db::Weight,
    dealerships::Dealership,
    desk::{self, Desk},
    http::{
        Authorized, Error,
        body::JsonBody,
        page::{Page, Paging},
        scope,
    },
    id::Id,
    staff::Staff,
};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/v1/calls", get(list).post(promised::promise))
        .route("/v1/calls/next", post(next))
        .route("/v1/calls/{id}", get(one))
        .route("/v1/calls/{id}/heartbeat", post(heartbeat))
        .route("/v1/calls/{id}/give-back", post(give_back))
        .route("/v1/calls/{id}/stage", post(stage))
        .route("/v1/calls/{id}/outcome", post(outcome))
        .route("/v1/calls/{id}/draft", put(draft))
        .route("/v1/calls/{id}/hold", post(hold))
        .route("/v1/calls/{id}/release", post(release))
        .route("/v1/calls/{id}/withdraw", post(withdraw))
        .route("/v1/calls/{id}/reassign", post(reassign))
        .merge(exchange::routes())
}

#[derive(Deserialize)]
struct Filters {
    state: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    customer: Option<String>,
    subject: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

async fn list(
    caller: Authorized<scope::Calls>,
    State(app): State<App>,
    Query(filters): Query<Filters>,
) -> Result<Json<Page<Listed>>, Error> {
    let Filters { state, kind, customer, subject, paging } = filters;
    let wanted = Wanted {
        state,
        kind,
        customer,
        subject,
        after: paging.after.clone(),
        limit: paging.limit(),
        ..Wanted::default()
    };
    let listed = look::list(&mut app.db.read().await?, &caller.access, wanted).await?;
    Ok(Json(Page::new(listed, &paging, |task| task.id.to_string())))
}

/// One task with its calls; somebody else's is not there.
async fn one(
    caller: Authorized<scope::Calls>,
    State(app): State<App>,
    Path(id): Path<Id<CallTask>>,
) -> Result<Json<Value>, Error> {
    let mut tx = app.db.read().await?;
    let mut shown = showing::one(&mut tx, &caller.access, id).await?;
    let attempts = super::store::attempts::of_task(&mut tx, id).await?;
    shown["calls"] = attempts.iter().map(showing::past_call).collect();
    Ok(Json(shown))
}

/// The best next call for this agent, theirs until they are done with it; 204 when there is none.
async fn next(
    caller: Authorized<scope::Calls>,
    State(app): State<App>,
    JsonBody(body): JsonBody,
) -> Result<Response, Error> {
    let ask = Ask::read(&app, &caller, body).await?;
    let (agent, dealership) = (ask.agent.clone(), Arc::clone(&ask.dealership));
    let claimed = claim_next(&app, &agent, &dealership).await?;
    let Some(task) = claimed else { return Ok(StatusCode::NO_CONTENT.into_response()) };
    let at_hand = showing::at_hand(&app, &task, &agent, &dealership).await?;
    Ok(Json(at_hand).into_response())
}

/// Claims the best call for an agent.
pub(super) async fn claim_next(
    app: &App,
    agent: &Staff,
    dealership: &Arc<Dealership>,
) -> Result<Option<CallTask>, Error> {
    let mut tries = 0;
    loop {
        let (agent, dealership) = (agent.clone(), Arc::clone(dealership));
        let claimed = at_desk(app, move |desk| {
            let (agent, dealership) = (agent.clone(), Arc::clone(&dealership));
            Box::pin(async move { Ok(claiming::claim(desk, &agent, &dealership).await?) })
        });
        match claimed.await {
            // Two agents met at one customer: the database let one of them in, and the other looks again.
            Err(Error::Database(error)) if error.is_unique_violation() && tries < 5 => tries += 1,
            claimed => return claimed,
        }
    }
}

async fn heartbeat(
    caller: Authorized<scope::Calls>,
    State(app): State<App>,
    Path(id): Path<Id<CallTask>>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Error> {
    let ask = Ask::about(&app, &caller, id, body).await?;
    let task = with_agent(&app, ask.agent, move |desk, agent| {
        Box::pin(async move { handling::heartbeat(desk, id, agent).await })
    });
    let task = task.await?;
    Ok(Json(json!({"lease_until": task.lease_until, "stage": task.stage})))
}

async fn give_back(
    caller: Authorized<scope::Calls>,
    State(app): State<App>,
    Path(id): Path<Id<CallTask>>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Error> {
    let ask = Ask::about(&app, &caller, id, body).await?;
    let given = with_agent(&app, ask.agent, move |desk, agent| {
        Box::pin(async move { handling::give_back(desk, id, agent).await })
    });
    Ok(Json(state_of(&given.await?)))
}

async fn stage(
    caller: Authorized<scope::Calls>,
    State(app): State<App>,
    Path(id): Path<Id<CallTask>>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Error> {
    let mut ask = Ask::about(&app, &caller, id, body).await?;
    let (stage, number) = (ask.stage()?, ask.text("number")?);
    let reached = with_agent(&app, ask.agent, move |desk, agent| {
        let number = number.clone();
        Box::pin(async move { handling::reach_stage(desk, id, agent, stage, number.as_deref()).await })
    });
    let (task, attempt) = reached.await?;
    let attempt = attempt.map(|attempt| json!({"id": attempt.id, "number": attempt.number, "n": attempt.n}));
    Ok(Json(json!({"stage": task.stage, "lease_until": task.lease_until, "attempt": attempt})))
}

/// What the call came to. A lost lease is 409, and the note is kept as a draft.
async fn outcome(
    caller: Authorized<scope::Calls>,
    State(app): State<App>,
    Path(id): Path<Id<CallTask>>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Response, Error> {
    let mut ask = Ask::about(&app, &caller, id, body).await?;
    let word = Arc::new(ask.word(&headers, app.ids.clock.now())?);
    let concluded = with_agent(&app, ask.agent, move |desk, agent| {
        let word = Arc::clone(&word);
        Box::pin(async move { Ok(conclude(desk, id, agent, &word).await?) })
    });
    match concluded.await? {
        Concluded::Kept(answer) => Ok(Json(answer).into_response()),
        Concluded::Again(answer) => {
            let mut response = Json(answer).into_response();
            response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
            Ok(response)
        }
        Concluded::KeyReused => {
            Err(Error::invalid("", "idempotency_key_reused", "this Idempotency-Key was used for another outcome"))
        }
        Concluded::LeaseLost => Err(lease_lost()),
        Concluded::Unknown("number") => {
            Err(Error::invalid("/number", "unknown_number", "is no number of this customer"))
        }
        Concluded::Unknown("outcome") => {
            Err(Error::invalid("/outcome", "wrong_outcome", "does not belong to this type of call"))
        }
        Concluded::Unknown(_) => Err(Error::NotFound),
    }
}

async fn draft(
    caller: Authorized<scope::Calls>,
    State(app): State<App>,
    Path(id): Path<Id<CallTask>>,
    JsonBody(body): JsonBody,
) -> Result<StatusCode, Error> {
    let ask = Ask::about(&app, &caller, id, body).await?;
    let note = ask.rest.clone();
    let kept = with_agent(&app, ask.agent, move |desk, agent| {
        let note = note.clone();
        Box::pin(async move { handling::draft(desk, id, agent, note).await })
    });
    kept.await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn hold(
    caller: Authorized<scope::Calls>,
    State(app): State<App>,
    Path(id): Path<Id<CallTask>>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Error> {
    deed(&app, &caller, id, Deed::Hold(reason(&body, "say why it is paused")?)).await
}

/// Nobody needs to call: it was settled by other means.
async fn withdraw(
    caller: Authorized<scope::Calls>,
    State(app): State<App>,
    Path(id): Path<Id<CallTask>>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Error> {
    deed(&app, &caller, id, Deed::Withdraw(reason(&body, "say why nobody needs to call")?)).await
}

fn reason(body: &Value, missing: &str) -> Result<String, Error> {
    let why = body["reason"].as_str().map(str::trim).filter(|why| !why.is_empty() && why.chars().count() <= 200);
    Ok(why.ok_or_else(|| Error::invalid("/reason", "required", missing))?.to_owned())
}

async fn release(
    caller: Authorized<scope::Calls>,
    State(app): State<App>,
    Path(id): Path<Id<CallTask>>,
) -> Result<Json<Value>, Error> {
    deed(&app, &caller, id, Deed::Release).await
}

/// To `{"to":"<staff ref>"}`, or to anybody when nobody is named.
async fn reassign(
    caller: Authorized<scope::Calls>,
    State(app): State<App>,
    Path(id): Path<Id<CallTask>>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Error> {
    let to = if body["to"].is_string() {
        let body = json!({"agent": body["to"]});
        Some(Ask::about(&app, &caller, id, body).await?.agent.id)
    } else {
        None
    };
    deed(&app, &caller, id, Deed::Reassign(to)).await
}

async fn deed(
    app: &App,
    caller: &Authorized<scope::Calls>,
    id: Id<CallTask>,
    deed: Deed,
) -> Result<Json<Value>, Error> {
    ask_of(app, caller, id).await?;
    let (deed, actor) = (Arc::new(deed), caller.actor());
    let done = at_desk(app, move |desk| {
        let (deed, actor) = (Arc::clone(&deed), actor.clone());
        Box::pin(async move { handling::perform(desk, id, &deed, &actor).await })
    });
    Ok(Json(state_of(&done.await?)))
}

fn state_of(task: &CallTask) -> Value {
    let waits = task.state == TaskState::Scheduled;
    json!({"id": task.id, "state": task.state, "reason": task.state_reason, "not_before": Some(task.not_before).filter(|_| waits)})
}

/// The same for an agent.
pub(super) async fn with_agent<T: Send + 'static>(
    app: &App,
    agent: Staff,
    act: impl for<'d> Fn(&'d mut Desk<'_>, &'d Staff) -> BoxFuture<'d, Result<T, Error>> + Send + Sync + 'static,
) -> Result<T, Error> {
    let act = Arc::new((act, agent));
    at_desk(app, move |desk| {
        let act = Arc::clone(&act);
        Box::pin(async move { (act.0)(desk, &act.1).await })
    })
    .await
}

/// A transaction of the desk.
pub(super) async fn at_desk<T: Send + 'static>(
    app: &App,
    act: impl for<'d> Fn(&'d mut Desk<'_>) -> BoxFuture<'d, Result<T, Error>> + Send + Sync + 'static,
) -> Result<T, Error> {
    desk::at(app, Weight::ONE, act).await
}
