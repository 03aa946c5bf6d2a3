//! What a customer agreed to and what they do not want, for the page about them.
use maud::{Markup, html};

use super::{Action, Consent, Suppression, actions};
use crate::{
    console::{
        Visitor,
        pieces::{moment, tag},
    },
    customers::Customer,
    db::Tx,
    http::Error,
    id::Id,
};

const MOST: i64 = 50;

pub async fn panel(tx: &mut Tx, visitor: &Visitor, customer: Id<Customer>) -> Result<Markup, Error> {
    let w = visitor.words;
    let ledger = actions::ledger(tx, customer).await?;
    let refused = actions::suppressions(tx, &visitor.access(), Some(customer.to_string()), (None, MOST)).await?;
    let in_force = |one: &&Suppression| one.lifted_at.is_none() && one.until_at.is_none_or(|until| until > visitor.now);
    Ok(html! {
        section class="card" aria-labelledby="consent-title" {
            h2 id="consent-title" { (w.t("consent-title")) }
            ul class="plain" {
                @for one in refused.iter().filter(in_force) {
                    li { (tag(&w.code("scope", &one.scope), "bad")) " " @if let Some(channel) = one.channel { (w.code("channel", channel.word())) " " } span class="small muted" { (w.code("reason", &one.reason)) " · " (moment(visitor, one.created_at)) @if let Some(until) = one.until_at { " → " (moment(visitor, until)) } } }
                }
                @for said in latest(&ledger) {
                    li { (word(said.purpose)) ": " (tag(&w.t(if said.action == Action::Grant { "consent-granted" } else { "consent-withdrawn" }), if said.action == Action::Grant { "good" } else { "warn" })) " " span class="small muted" { (moment(visitor, said.at)) } }
                }
            }
            @if ledger.is_empty() && refused.is_empty() { p class="muted" { (w.t("consent-nothing")) } }
        }
    })
}

/// The last word on each purpose: the ledger itself keeps all of them.
fn latest(ledger: &[Consent]) -> Vec<&Consent> {
    let mut latest: Vec<&Consent> = Vec::new();
    for said in ledger.iter().rev() {
        if !latest.iter().any(|known| known.purpose == said.purpose && known.channel == said.channel) {
            latest.push(said);
        }
    }
    latest
}

fn word(value: impl serde::Serialize) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|value| value.as_str().map(|word| word.replace('_', " ")))
        .unwrap_or_default()
}
