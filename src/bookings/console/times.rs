//! The times that can be given, day by day with what each day has room for; any other time may be typed.
use jiff::{SignedDuration, civil::Date};
use maud::{Markup, html};

use super::{Fields, Known};
use crate::{
    app::App,
    appointments::slots::{
        Parts, Slot, Wish,
        offering::{Offer, minutes_of, offer, parts_of},
    },
    capacity::{self, Room},
    clock::Timestamp,
    console::{Visitor, Words, pieces::tag},
    customers::vehicles,
    http::Error,
    notices::wording,
};

/// So far ahead is looked, in days.
const AHEAD: i64 = 14;
/// So many days are shown, the first that have a time.
const DAYS: usize = 5;

/// The times for what has been typed so far: its hours, its advisor, the parts of its car.
pub(super) async fn offered(app: &App, visitor: &Visitor, fields: &Fields, known: &Known) -> Result<Offer, Error> {
    let mut tx = app.db.read().await?;
    let chosen = fields.get("car").map(str::to_owned).or_else(|| known.cars.first().map(super::form::name_of));
    let car = known.cars.iter().find(|car| chosen.as_deref() == Some(super::form::name_of(car).as_str()));
    let reference = car.and_then(|car| car.vin.as_deref().or(car.plate.as_deref()));
    let vehicle = match reference {
        Some(reference) => {
            let code = Some(visitor.dealership.code.as_str());
            match vehicles::actions::named(&mut tx, &visitor.access(), reference, code).await {
                Ok(id) => Some(id),
                // A plate of two cars says nothing of the parts of one.
                Err(Error::NotFound | Error::Conflict(..)) => None,
                Err(error) => return Err(error),
            }
        }
        None => None,
    };
    let lacking = if fields.get("no_parts").is_some() { Parts::Unknown } else { Parts::Here };
    let advisor = fields.get("advisor").and_then(|named| known.advisors.iter().find(|one| one.reference == named));
    let hours = fields.get("hours").and_then(|hours| hours.replace(',', ".").parse::<f64>().ok());
    let wish = Wish {
        minutes: hours.map_or_else(|| minutes_of(&visitor.dealership, fields.get("code")), capacity::minutes),
        advisor: advisor.map(|one| one.id),
        parts: parts_of(&mut tx, vehicle).await?.max(lacking),
        moving: None,
    };
    let until = visitor.now.plus(SignedDuration::from_hours(24 * AHEAD));
    Ok(offer(&mut tx, &visitor.dealership, &wish, (visitor.now, until), visitor.now).await?)
}

/// The choice of a time, and the field for another one.
pub(super) fn choice(visitor: &Visitor, fields: &Fields, known: &Known) -> Markup {
    let w = visitor.words;
    let days = known.offer.as_ref().map(|offer| by_day(visitor, offer)).unwrap_or_default();
    let chosen: Option<Timestamp> = fields.get("slot").and_then(|slot| slot.parse().ok());
    let is_listed = chosen.is_some_and(|at| days.iter().any(|day| day.slots.iter().any(|slot| slot.start_at == at)));
    let typed = chosen.filter(|_| !is_listed).map(|at| on_the_wall(visitor, at));
    let now = on_the_wall(visitor, visitor.now);
    html! {
        fieldset {
            legend { (w.t("book-start")) }
            @for (n, day) in days.iter().enumerate() {
                @let has_chosen = day.slots.iter().any(|slot| is_listed && chosen == Some(slot.start_at));
                details class="times" open[has_chosen || (!is_listed && n == 0)] {
                    summary { strong { (wording::date(day.date, w.0)) } " " span class="muted small" { (w.ta("book-times", &[("n", day.slots.len().into())])) @if let Some(room) = day.room { " · " (left(w, room)) } } }
                    div class="choices" { @for slot in &day.slots {
                        label {
                            input type="radio" name="slot" value=(slot.start_at) checked[is_listed && chosen == Some(slot.start_at)];
                            span { (w.hour(slot.start_at, visitor.zone())) @if slot.conditional { " " (tag(&w.t("book-time-conditional"), "warn")) } }
                        }
                    } }
                }
            }
            @if days.is_empty() { p class="muted small" { (w.t("book-no-times")) } }
            label class="tick" { input type="radio" name="slot" value="other" checked[!is_listed]; (w.t("book-another-time")) }
            div class="when-other" { label { span class="vh" { (w.t("book-another-time")) } input type="datetime-local" name="start" value=(typed.as_deref().unwrap_or(fields.shown("start"))) min=(now) step="900" autofocus[known.customer.is_some()]; } }
            button class="quiet" name="then" value="times" formnovalidate { (w.t("book-find-times")) }
        }
    }
}

/// What a day has room for, beside its times (acceptance 20).
fn left(w: Words, room: Room) -> String {
    let number = |minutes: i64| format!("{:.1}", capacity::hours(minutes));
    w.ta(
        "book-room",
        &[
            ("n", number(room.bookable()).into()),
            ("count", number(room.left()).into()),
            ("of", number(room.available_minutes).into()),
        ],
    )
}

/// As a field for a day and a time takes it.
fn on_the_wall(visitor: &Visitor, at: Timestamp) -> String {
    at.in_zone(visitor.zone()).strftime("%Y-%m-%dT%H:%M").to_string()
}

struct Day<'a> {
    date: Date,
    room: Option<Room>,
    slots: Vec<&'a Slot>,
}

/// The first days that have a time.
fn by_day<'a>(visitor: &Visitor, offer: &'a Offer) -> Vec<Day<'a>> {
    let of = |date: Date| offer.slots.iter().filter(move |slot| slot.start_at.in_zone(visitor.zone()).date() == date);
    let days = offer.days.iter().map(|(date, room)| Day { date: *date, room: *room, slots: of(*date).collect() });
    days.filter(|day| !day.slots.is_empty()).take(DAYS).collect()
}
