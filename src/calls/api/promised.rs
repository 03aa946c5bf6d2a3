//! `POST /v1/calls`: somebody promises a customer to call them at a time.
use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use serde_json::Value;

use super::{super::promised, Ask, asked, with_agent};
use crate::{
    app::App,
    clock::Timestamp,
    customers,
    http::{Authorized, Error, body::JsonBody, scope},
};

/// `{"agent","customer","at","by_me"?,"note"?,"dealership"?}` → 201 with the task.
pub(super) async fn promise(
    caller: Authorized<scope::Calls>,
    State(app): State<App>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), Error> {
    let mut ask = Ask::read(&app, &caller, body).await?;
    let (customer, at) = (ask.text("customer")?, ask.text("at")?);
    let customer = customer.ok_or_else(|| Error::invalid("/customer", "required", "say who is to be called"))?;
    let at: Timestamp = at
        .ok_or_else(|| Error::invalid("/at", "required", "say when they want to be called"))?
        .parse()
        .map_err(|_| Error::invalid("/at", "not_a_time", "must be a time with its offset"))?;
    let note = ask.rest["note"].as_str().map(str::to_owned);
    if note.as_ref().is_some_and(|note| note.chars().count() > asked::LONGEST) {
        return Err(Error::invalid("/note", "too_long", format!("must have at most {} characters", asked::LONGEST)));
    }
    let code = ask.dealership.code.clone();
    let customer = customers::actions::one(&mut app.db.read().await?, &caller.access, &customer, Some(&code)).await?;
    let by_me = ask.rest["by_me"] == true;
    let promise = promised::Promise { customer_id: customer.id, at, by_me, note };
    promise.check(app.ids.clock.now())?;
    let told = Arc::new((ask.dealership, promise));
    let planned = with_agent(&app, ask.agent, move |desk, agent| {
        let told = Arc::clone(&told);
        Box::pin(async move { promised::promise(desk, &told.0, agent, &told.1).await })
    });
    let id = planned.await?;
    let shown = super::showing::one(&mut app.db.read().await?, &caller.access, id).await?;
    Ok((StatusCode::CREATED, Json(shown)))
}
