//! As whom somebody is to be greeted and what they need help with, noted by whoever learns of it (acceptance 12, 33).
use axum::{
    extract::{Path, State},
    response::Redirect,
};
use maud::{Markup, html};
use sqlx::types::Json;

use super::{Customer, Need, store};
use crate::{
    app::App,
    console::{Right, Visitor, pages::Pages, pieces::tag},
    db::Weight,
    desk::{self, Desk},
    http::{Error, public::Form},
    id::Id,
    timeline::Entry,
};

pub(super) fn pages() -> Pages {
    Pages::new().post("/console/customers/{id}/needs", Right::Customers, note)
}

/// The marks beside a name.
pub(super) fn marks(visitor: &Visitor, customer: &Customer) -> Markup {
    let w = visitor.words;
    html! {
        @if customer.vip { " " (tag(&w.t("needs-vip"), "good")) }
        @for need in customer.needs.iter() { " " (tag(&w.code("need", need.word()), "warn")) }
    }
}

pub(super) fn panel(visitor: &Visitor, customer: &Customer) -> Markup {
    let w = visitor.words;
    html! {
        section class="card" aria-labelledby="needs-heading" {
            h2 id="needs-heading" { (w.t("needs-title")) }
            p class="small muted" { (w.t("needs-lead")) }
            form method="post" action={ "/console/customers/" (customer.id) "/needs" } {
                label class="tick" { input type="checkbox" name="vip" value="1" checked[customer.vip]; (w.t("needs-vip")) }
                @for need in Need::ALL {
                    label class="tick" { input type="checkbox" name="need" value=(need.word()) checked[customer.needs.contains(&need)]; (w.code("need", need.word())) }
                }
                button class="secondary" { (w.t("save")) }
            }
        }
    }
}

async fn note(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<Id<Customer>>,
    form: Form,
) -> Result<Redirect, Error> {
    let ticked = |need: &Need| form.0.iter().any(|(name, value)| name == "need" && value == need.word());
    let needs: Vec<Need> = Need::ALL.into_iter().filter(ticked).collect();
    let (vip, actor, dealership) = (form.get("vip").is_some(), visitor.actor(), visitor.dealership.id);
    desk::at(&app, Weight::ONE, move |desk| {
        let (needs, actor) = (needs.clone(), actor.clone());
        Box::pin(async move { set(desk, (dealership, id), vip, needs, actor).await })
    })
    .await?;
    Ok(Redirect::to(&format!("/console/customers/{id}?done=needs")))
}

async fn set(
    desk: &mut Desk<'_>,
    (dealership_id, id): (Id<crate::dealerships::Dealership>, Id<Customer>),
    vip: bool,
    needs: Vec<Need>,
    actor: String,
) -> Result<(), Error> {
    if !store::set_needs(desk.tx, (dealership_id, id), vip, Json(needs)).await? {
        return Err(Error::NotFound);
    }
    let mut line = Entry::new(desk.id(), dealership_id, desk.now, "customer.needs_changed");
    line.customer_id = Some(id);
    line.actor = Some(actor);
    // What they need is of their health: it stands with them, where an erasure takes it, and in no line that outlives them.
    desk.record(line);
    Ok(())
}
