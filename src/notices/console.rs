//! What is still to come for a customer, with its time and why it waits.
use maud::{Markup, html};

use super::store::{self, Read};
use crate::{
    console::{
        Visitor,
        pieces::{moment, tag},
    },
    customers::{Customer, vehicles::console::addressed_as},
    db::Tx,
    http::Error,
    id::Id,
};

const MOST: i64 = 20;

pub async fn panel(tx: &mut Tx, visitor: &Visitor, customer: Id<Customer>) -> Result<Markup, Error> {
    let w = visitor.words;
    let coming = store::coming(tx, &visitor.access(), customer, MOST).await?;
    Ok(html! {
        section class="card" aria-labelledby="coming-title" {
            h2 id="coming-title" { (w.t("coming-title")) }
            @if coming.is_empty() { p class="muted" { (w.t("coming-empty")) } }
            ol class="plain" { @for notice in &coming { (line(visitor, notice)) } }
        }
    })
}

fn line(visitor: &Visitor, notice: &Read) -> Markup {
    let w = visitor.words;
    html! {
        li {
            strong { (w.code("kind", &notice.kind)) } " "
            @if notice.state == "held" { (tag(&w.t("state-held"), "warn")) " " }
            @else if let Some(at) = notice.not_before { span class="muted" { (moment(visitor, at)) } }
            " " (addressed_as(w, notice.addressed_as, notice.plate.as_deref()))
            @if let Some(reason) = &notice.reason { br; span class="small" { (w.code("reason", reason)) } }
        }
    }
}
