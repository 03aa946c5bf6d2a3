//! Bookings that were taken here and lack something: what it is, and a field for it (acceptance 35).
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::{super::SOURCE, BOOK};
use crate::{
    app::App,
    appointments::{self, Missing, api::Shown},
    console::{
        Visitor,
        pieces::{moment, tag},
    },
    http::{Error, public::Form},
    id,
    intake::{
        self,
        told_here::{self, ToldHere},
    },
};

pub(super) const COMPLETE: &str = "/console/book/complete";
/// So many are shown.
const MOST: i64 = 30;

/// Those that are still to come.
pub(super) async fn list(app: &App, visitor: &Visitor) -> Result<Vec<Shown>, Error> {
    let mut tx = app.db.read().await?;
    appointments::api::incomplete(&mut tx, visitor.dealership.id, visitor.now, MOST).await
}

pub(super) fn section(visitor: &Visitor, lacking: &[Shown]) -> Markup {
    let w = visitor.words;
    html! {
        @if !lacking.is_empty() {
            section class="card" aria-labelledby="lacking-title" {
                h2 id="lacking-title" { (w.t("lacking-title")) }
                p class="muted small" { (w.t("lacking-lead")) }
                ul class="plain lacking" { @for one in lacking { li {
                    @if let Some(at) = one.start_at { (moment(visitor, at)) " " }
                    @if let Some(customer) = &one.customer { a href={ "/console/customers/" (customer.id) } { (customer.name().unwrap_or(&one.reference)) } " " }
                    @for missing in &one.missing { (tag(&w.code("missing", missing.word()), "warn")) " " }
                    @if one.is_from(SOURCE) { (fields(visitor, one)) }
                    @else { p class="muted small" { (w.t("lacking-elsewhere")) } }
                } } }
            }
        }
    }
}

fn fields(visitor: &Visitor, one: &Shown) -> Markup {
    let w = visitor.words;
    let lacks = |what: Missing| one.missing.contains(&what);
    html! {
        form method="post" action=(COMPLETE) class="triple" data-guard {
            input type="hidden" name="appointment" value=(one.id);
            @if lacks(Missing::Name) { label { (w.t("book-name")) input name="name" maxlength="100" autocomplete="off"; } }
            @if one.vehicle.is_none() { label { (w.t("book-plate")) input name="plate" maxlength="20" autocomplete="off"; } }
            @if lacks(Missing::ModelCode) { label { (w.t("book-model")) input name="model" maxlength="40" autocomplete="off"; } }
            @if lacks(Missing::ModelYear) { label { (w.t("book-year")) input name="year" inputmode="numeric" pattern="[0-9]{4}" maxlength="4"; } }
            @if lacks(Missing::Phone) { label { (w.t("book-phone")) input type="tel" name="phone" maxlength="40"; } }
            button class="secondary" { (w.t("save")) }
        }
    }
}

/// What was missing is told as a word about its customer and its car, not as a booking: whatever has become of the visit since
/// the page was opened stays so. A booking is told only where it says which car it is, and as of the last word about the visit:
/// where somebody called it off or moved it meanwhile, that is the younger word.
pub(super) async fn complete(State(app): State<App>, visitor: Visitor, form: Form) -> Result<Response, Error> {
    let named = form.get("appointment").ok_or(Error::NotFound)?;
    let code = visitor.dealership.code.clone();
    let mut tx = app.db.read().await?;
    let booked = appointments::api::find(&mut tx, &visitor.access(), named, Some(&code)).await?;
    drop(tx);
    let (Some(start_at), Some(customer), true, true) =
        (booked.start_at, &booked.customer, booked.is_from(SOURCE), booked.is_to_come())
    else {
        return Err(Error::NotFound);
    };
    let (now, mut words) = (app.ids.clock.now(), Vec::new());
    let known = booked.vehicle.as_ref();
    let vin = known.and_then(|known| known.vin());
    let plate = known.map_or_else(|| form.get("plate"), |known| known.plate());
    if vin.is_some() || plate.is_some() {
        let car = without_nothing(json!({
            "vin": vin,
            "plate": plate,
            "model_code": form.get("model"),
            "model_year": form.get("year").and_then(|year| year.parse::<i64>().ok()),
        }));
        if known.is_none() {
            let person = json!({"ref": customer.reference()});
            let data = json!({"ref": booked.reference, "start_at": start_at.to_string(), "customer": person, "vehicle": car.clone()});
            words.push(("appointment.booked", booked.heard_at(), data));
        }
        words.push(("vehicle.upserted", now, car));
    }
    let phones = form.get("phone").map(|number| json!([{"number": number, "label": "mobile"}]));
    let person = json!({"ref": customer.reference(), "name": form.get("name"), "phones": phones});
    words.push(("customer.upserted", now, without_nothing(person)));
    let mut envelopes = Vec::new();
    for (kind, at, data) in words {
        let (dealership, id) = (&*visitor.dealership, id::hex(&app.ids.random.bytes::<16>()));
        envelopes.push(told_here::admit(&app, ToldHere { dealership, source: SOURCE, kind, id, at, data }).await?);
    }
    intake::actions::take(&app, envelopes).await?;
    Ok(Redirect::to(&format!("{BOOK}?done=completed")).into_response())
}

fn without_nothing(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(fields.into_iter().filter(|(_, value)| !value.is_null()).collect()),
        value => value,
    }
}
