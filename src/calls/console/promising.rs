//! Promising a call-back from the page of a customer.
use std::sync::Arc;

use axum::{extract::State, response::Redirect};
use maud::{Markup, html};

use super::super::{
    api::with_agent,
    promised::{self, Promise},
};
use crate::{
    app::App,
    calendar::local_moment,
    console::Visitor,
    customers::{self, Customer},
    http::{Error, public::Form},
    id::Id,
};

/// Where the form goes.
pub(super) const PROMISE: &str = "/console/calls/promise";

/// When, by whom, and what about.
pub(super) fn form(visitor: &Visitor, customer: Id<Customer>) -> Markup {
    let w = visitor.words;
    html! {
        details {
            summary { (w.t("promise-call")) }
            form method="post" action=(PROMISE) {
                input type="hidden" name="customer" value=(customer);
                label { (w.t("call-back-at")) input type="datetime-local" name="at" required min=(visitor.now.in_zone(visitor.zone()).strftime("%Y-%m-%dT%H:%M")); }
                label class="tick" { input type="checkbox" name="by_me" value="yes"; (w.t("call-back-by-me")) }
                label { (w.t("call-note")) input name="note" maxlength="200"; }
                button class="secondary" { (w.t("promise-call")) }
            }
        }
    }
}

/// Somebody promised it just now.
pub(super) async fn promise(State(app): State<App>, visitor: Visitor, form: Form) -> Result<Redirect, Error> {
    let named = form.get("customer").unwrap_or_default();
    let customer = customers::actions::one(&mut app.db.read().await?, &visitor.access(), named, None).await?;
    let at = form.get("at").and_then(|typed| typed.parse().ok());
    let at = at.ok_or_else(|| Error::invalid("/at", "not_a_time", "must be a day and a time"))?;
    let promise = Promise {
        customer_id: customer.id,
        at: local_moment(at, visitor.zone()),
        by_me: form.get("by_me").is_some(),
        note: form.get("note").map(|note| note.chars().take(200).collect()),
    };
    promise.check(visitor.now)?;
    let told = Arc::new((Arc::clone(&visitor.dealership), promise));
    let planned = with_agent(&app, visitor.staff().clone(), move |desk, agent| {
        let told = Arc::clone(&told);
        Box::pin(async move { promised::promise(desk, &told.0, agent, &told.1).await })
    });
    planned.await?;
    Ok(Redirect::to(&format!("/console/customers/{}?done=promised", customer.id)))
}
