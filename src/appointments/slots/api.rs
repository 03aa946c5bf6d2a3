//! `GET /v1/slots`: bookable times as data, for whoever offers them to a customer.
use axum::{
    Json, Router,
    extract::{Query, State},
    routing::get,
};
use jiff::{SignedDuration, civil::Date};
use serde::{Deserialize, Serialize};

use super::{
    MOST_DAYS, Parts, Slot, Wish,
    offering::{Offer, for_a_move, minutes_of, offer, parts_of},
};
use crate::{
    app::App,
    appointments::store,
    calendar::{days_from, local_moment},
    capacity::{self, Room},
    clock::Timestamp,
    customers::vehicles,
    dealerships::Dealership,
    http::{
        Error,
        caller::{Authorized, scope},
        page::Paging,
    },
    staff,
};

/// How far ahead is looked when nobody says it, in days.
const USUAL_DAYS: i64 = 14;
/// The longest work that is asked about, in hours.
const MOST_HOURS: f64 = 100.0;

pub fn routes() -> Router<App> {
    Router::new().route("/v1/slots", get(list))
}

#[derive(Deserialize)]
struct Asked {
    dealership: Option<String>,
    /// An operation's code: its hours are the dealership's rule `appointments.hours`, else one.
    service: Option<String>,
    /// Hours of work, instead of what the service says.
    hours: Option<String>,
    /// A time or a day; now, where nothing is said.
    from: Option<String>,
    /// A time or a day, which is included; two weeks later, where nothing is said.
    to: Option<String>,
    /// The ref of who is to receive the customer.
    advisor: Option<String>,
    /// The car, by its VIN, its plate or our id: parts that are on their way to it make an earlier time conditional.
    vehicle: Option<String>,
    /// A visit that is to be moved, by its ref or our id: its own length, advisor and parts count.
    appointment: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

/// Times that can be given, and what the days have room for.
#[derive(Serialize)]
struct Shown {
    items: Vec<ShownSlot>,
    /// What to send as `after`.
    next: Option<Timestamp>,
    /// How long the work was taken to be.
    hours: f64,
    days: Vec<ShownDay>,
}

#[derive(Serialize)]
struct ShownSlot {
    start_at: Timestamp,
    end_at: Timestamp,
    /// A part may not be there by then (BR-10).
    conditional: bool,
    advisors: Vec<ShownAdvisor>,
}

#[derive(Serialize)]
struct ShownAdvisor {
    #[serde(rename = "ref")]
    reference: String,
    name: Option<String>,
}

/// An open day; without hours where nobody has stated them.
#[derive(Serialize)]
struct ShownDay {
    date: Date,
    available_hours: Option<f64>,
    booked_hours: Option<f64>,
    /// How much more may be booked until the day is as full as it may be booked (BR-08).
    bookable_hours: Option<f64>,
    /// What is left of the whole day (acceptance 20).
    remaining_hours: Option<f64>,
}

async fn list(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Json<Shown>, Error> {
    let dealership = caller.one_named(&app, asked.dealership.as_deref()).await?;
    let now = app.ids.clock.now();
    let stretch = stretch(&asked, &dealership, now)?;
    let mut tx = app.db.read().await?;
    let mut wish = match &asked.appointment {
        Some(reference) => {
            let code = Some(dealership.code.as_str());
            let found = store::list_by_reference(&mut tx, &caller.access, reference, code).await?;
            for_a_move(&mut tx, &dealership, &Error::unless_one(found)?.appointment).await?
        }
        None => Wish {
            minutes: minutes_of(&dealership, asked.service.as_deref()),
            advisor: None,
            parts: Parts::Here,
            moving: None,
        },
    };
    if let Some(hours) = hours(asked.hours.as_deref())? {
        wish.minutes = capacity::minutes(hours);
    }
    if let Some(reference) = &asked.advisor {
        let found = staff::actions::find_id(&mut tx, dealership.id, reference).await?;
        let unknown = || Error::invalid("/advisor", "unknown_advisor", "is no ref of anybody at this dealership");
        wish.advisor = Some(found.ok_or_else(unknown)?);
    }
    if let Some(reference) = &asked.vehicle {
        let code = Some(dealership.code.as_str());
        let vehicle = vehicles::actions::named(&mut tx, &caller.access, reference, code).await?;
        wish.parts = wish.parts.max(parts_of(&mut tx, Some(vehicle)).await?);
    }
    let offer = offer(&mut tx, &dealership, &wish, stretch, now).await?;
    Ok(Json(shown(offer, &wish, &asked.paging)?))
}

/// The time that is looked at, at most a month of it.
fn stretch(asked: &Asked, dealership: &Dealership, now: Timestamp) -> Result<(Timestamp, Timestamp), Error> {
    let midnight = |date: Date| local_moment(date.at(0, 0, 0, 0), &dealership.zone);
    let read = |text: &Option<String>, pointer: &str, days: i64| {
        let Some(text) = text else { return Ok(None) };
        let day = || text.parse::<Date>().ok().filter(|_| text.len() == 10);
        let at = day().map(|date| midnight(days_from(date, days))).or_else(|| text.parse().ok());
        let wrong = || Error::invalid(pointer, "not_a_time", "must be a day like 2026-03-05 or a time with its offset");
        at.map(Some).ok_or_else(wrong)
    };
    let from = read(&asked.from, "/from", 0)?.unwrap_or(now);
    let usual = from.plus(SignedDuration::from_hours(24 * USUAL_DAYS));
    let until = read(&asked.to, "/to", 1)?.unwrap_or(usual);
    if until <= from {
        return Err(Error::invalid("/to", "ends_before_it_starts", "must be later than from"));
    }
    // A day more than its hours where the clocks go back.
    if until.since(from) > SignedDuration::from_hours(24 * MOST_DAYS + 1) {
        let message = format!("at most {MOST_DAYS} days are looked at in one question: ask for the rest in another");
        return Err(Error::invalid("/to", "span_too_long", message));
    }
    Ok((from, until))
}

fn hours(text: Option<&str>) -> Result<Option<f64>, Error> {
    let Some(text) = text else { return Ok(None) };
    let hours = text.parse::<f64>().ok().filter(|hours| (0.0..=MOST_HOURS).contains(hours));
    let wrong = || Error::invalid("/hours", "not_hours", format!("must be hours of work from 0 to {MOST_HOURS}"));
    hours.map(Some).ok_or_else(wrong)
}

fn shown(offer: Offer, wish: &Wish, paging: &Paging) -> Result<Shown, Error> {
    let after = paging.after.as_deref().map(str::parse::<Timestamp>).transpose();
    let after = after.map_err(|_| Error::invalid("/after", "not_a_time", "must be the next of the page before"))?;
    let most = usize::try_from(paging.limit()).unwrap_or(usize::MAX);
    let mut slots: Vec<Slot> =
        offer.slots.into_iter().filter(|slot| after.is_none_or(|after| slot.start_at > after)).collect();
    let is_cut = slots.len() > most;
    slots.truncate(most);
    let next = slots.last().filter(|_| is_cut).map(|slot| slot.start_at);
    let advisor = |id| {
        let known = offer.advisors.iter().find(|person| person.id == id)?;
        Some(ShownAdvisor { reference: known.reference.clone(), name: known.name.clone() })
    };
    let items = slots.into_iter().map(|slot| ShownSlot {
        start_at: slot.start_at,
        end_at: slot.end_at,
        conditional: slot.conditional,
        advisors: slot.advisors.into_iter().filter_map(advisor).collect(),
    });
    let day = |(date, room): (Date, Option<Room>)| ShownDay {
        date,
        available_hours: room.map(|room| capacity::hours(room.available_minutes)),
        booked_hours: room.map(|room| capacity::hours(room.booked_minutes)),
        bookable_hours: room.map(|room| capacity::hours(room.bookable())),
        remaining_hours: room.map(|room| capacity::hours(room.left())),
    };
    Ok(Shown {
        items: items.collect(),
        next,
        hours: capacity::hours(wish.minutes),
        days: offer.days.into_iter().map(day).collect(),
    })
}
