//! `PUT /v1/capacity/{date}`: the hours that a day has room for, stated by hand or by a system without events.
use axum::{
    Json, Router,
    extract::{Path, State},
    routing::put,
};
use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Value, json};

use super::{actions, hours};
use crate::{
    app::App,
    appointments,
    calendar::{days_from, local_moment},
    dealerships::rules,
    http::{
        Error,
        body::JsonBody,
        caller::{Authorized, scope},
    },
    id,
    intake::told_here::{self, ToldHere},
};

/// The source of what is stated here.
const SOURCE: &str = "/aftercare/capacity";

pub fn routes() -> Router<App> {
    Router::new().route("/v1/capacity/{date}", put(put_one))
}

/// A day as it stands, all teams together.
#[derive(Serialize)]
struct Shown {
    date: String,
    available_hours: f64,
    booked_hours: f64,
    /// How much more may be booked until the day is as full as it may be booked (BR-08).
    bookable_hours: f64,
}

/// States a team's hours of a day, `{"team"?, "available_hours", "booked_hours"?}`; the youngest word counts.
async fn put_one(
    caller: Authorized<scope::Write>,
    State(app): State<App>,
    Path(date): Path<String>,
    JsonBody(mut data): JsonBody,
) -> Result<Json<Shown>, Error> {
    let code = data.as_object_mut().and_then(|data| data.remove("dealership"));
    let dealership = caller.named_in_body(&app, code.as_ref().and_then(Value::as_str)).await?;
    if !data.is_object() {
        return Err(Error::invalid("", "wrong_type", "must be an object"));
    }
    data["date"] = json!(date);
    let told = ToldHere {
        dealership: &dealership,
        source: SOURCE,
        kind: "capacity.set",
        id: id::hex(&app.ids.random.bytes::<16>()),
        at: app.ids.clock.now(),
        data,
    };
    told_here::take(&app, told).await?;
    let mut tx = app.db.read().await?;
    let day = actions::days(&mut tx, dealership.id, &[date]).await?.pop().ok_or(Error::NotFound)?;
    let on: Date = day.date.parse().map_err(|_| Error::NotFound)?;
    let midnight = |days| local_moment(days_from(on, days).at(0, 0, 0, 0), &dealership.zone);
    let booked = appointments::actions::booked(&mut tx, dealership.id, (midnight(0), midnight(1))).await?;
    let room = day.room(booked.iter().map(|(_, minutes)| minutes).sum(), rules::FULL_PERCENT.of(&dealership));
    Ok(Json(Shown {
        date: day.date,
        available_hours: hours(room.available_minutes),
        booked_hours: hours(room.booked_minutes),
        bookable_hours: hours(room.bookable()),
    }))
}
