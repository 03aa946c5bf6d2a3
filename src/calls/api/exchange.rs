//! The exchange's doors: dial by a click, hear how it went, and the link to a recording for those who may.
use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use super::{
    super::{
        CallAttempt, CallTask, Stage, handling,
        keeping::line,
        store,
        telephony::{ExchangeEvent, hear},
    },
    Ask, at_desk, with_agent,
};
use crate::{
    app::App,
    http::{Access, Authorized, Error, body::JsonBody, scope},
    id::Id,
};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/calls/{id}/dial", post(dial))
        .route("/v1/calls/attempts/{id}/recording", get(recording))
        .route("/in/ari", post(heard))
}

/// Rings the agent's telephone, then the customer's.
async fn dial(
    caller: Authorized<scope::Calls>,
    State(app): State<App>,
    Path(id): Path<Id<CallTask>>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Error> {
    let mut ask = Ask::about(&app, &caller, id, body).await?;
    let number = ask.text("number")?;
    let by_hand = "dial by hand: the claim's answer has a tel: link";
    let Some(exchange) = &app.exchange else {
        return Err(Error::Conflict(
            "no_exchange",
            format!("no telephone exchange is configured (telephony.url); {by_hand}"),
        ));
    };
    let Some(extension) = ask.agent.extension.clone() else {
        return Err(Error::Conflict("no_extension", format!("this agent has no extension (PUT /v1/staff); {by_hand}")));
    };
    let dialled = with_agent(&app, ask.agent, move |desk, agent| {
        let number = number.clone();
        Box::pin(async move { handling::reach_stage(desk, id, agent, Stage::Dialing, number.as_deref()).await })
    });
    let (task, attempt) = dialled.await?;
    let attempt = attempt.ok_or(Error::NotFound)?;
    let Some(number) = attempt.number.clone() else {
        return Err(Error::Conflict("no_number", "this customer has no number that can be called".to_owned()));
    };
    // Already connected: asking again must not ring twice.
    if task.stage != Some(Stage::Dialing) || attempt.pbx_result.is_some() {
        return Err(Error::Conflict("already_dialled", "this call is under way".to_owned()));
    }
    if let Err(error) = exchange.originate(&attempt.id.to_string(), &extension, &number).await {
        tracing::warn!(error = &error as &dyn std::error::Error, attempt = %attempt.id, "the exchange did not dial");
        return Err(Error::NotReady("exchange_unavailable", by_hand));
    }
    Ok(Json(json!({"attempt": attempt.id, "stage": task.stage, "lease_until": task.lease_until})))
}

/// An event of Asterisk, forwarded to us with the secret of `telephony.secret`.
async fn heard(State(app): State<App>, headers: HeaderMap, JsonBody(body): JsonBody) -> Result<StatusCode, Error> {
    let secret = app.config.telephony.secret.as_ref().ok_or(Error::NotFound)?;
    let given = headers.get("authorization").and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Bearer ")).ok_or(Error::Unauthorized)?;
    if !bool::from(given.as_bytes().ct_eq(secret.expose_secret().as_bytes())) {
        return Err(Error::Unauthorized);
    }
    let event: ExchangeEvent = serde_json::from_value(body).map_err(|error| Error::Unreadable(error.to_string()))?;
    let Some(said) = event.read(app.ids.clock.now()) else { return Ok(StatusCode::NO_CONTENT) };
    at_desk(&app, move |desk| {
        let said = said.clone();
        Box::pin(async move { Ok(hear(desk, &Access::All, &said, "/in/ari").await?) })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where a recording is, for who may listen; that they asked is on record.
async fn recording(
    caller: Authorized<scope::Admin>,
    State(app): State<App>,
    Path(id): Path<Id<CallAttempt>>,
) -> Result<Json<Value>, Error> {
    let (access, actor) = (caller.access.clone(), caller.actor());
    let found = at_desk(&app, move |desk| {
        let (access, actor) = (access.clone(), actor.clone());
        Box::pin(async move {
            let attempt = store::attempts::find(desk.tx, &access, id).await?.ok_or(Error::NotFound)?;
            let kept = attempt.recording_until.is_some_and(|until| until > desk.now);
            let Some(url) = attempt.recording_url.filter(|_| kept) else { return Err(Error::NotFound) };
            let task = store::find_and_lock(desk.tx, &[attempt.task_id]).await?.pop().ok_or(Error::NotFound)?;
            let mut line = line(desk, &task, "call.recording_opened");
            line.actor = Some(actor);
            line.detail["attempt"] = json!(id);
            desk.record(line);
            Ok(json!({"url": url, "until": attempt.recording_until}))
        })
    });
    Ok(Json(found.await?))
}
