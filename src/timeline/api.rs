//! `GET /v1/timeline?customer=|vehicle=|appointment=|repair_order=|parts_order=`: everything said, heard, held and why, the oldest first.
use axum::{
    Json, Router,
    extract::{Query, State},
    routing::get,
};
use serde::Deserialize;

use super::store::{self, Line, Wanted};
use crate::{
    app::App,
    http::{
        Authorized, Error,
        page::{Page, Paging},
        scope,
    },
};

pub fn routes() -> Router<App> {
    Router::new().route("/v1/timeline", get(list))
}

#[derive(Deserialize)]
struct Filters {
    customer: Option<String>,
    vehicle: Option<String>,
    appointment: Option<String>,
    repair_order: Option<String>,
    parts_order: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

async fn list(
    caller: Authorized<scope::Read>,
    State(app): State<App>,
    Query(filters): Query<Filters>,
) -> Result<Json<Page<Line>>, Error> {
    let paging = filters.paging;
    let about = [
        ("customer", filters.customer),
        ("vehicle", filters.vehicle),
        ("appointment", filters.appointment),
        ("repair_order", filters.repair_order),
        ("parts_order", filters.parts_order),
    ];
    let mut about = about.into_iter().filter_map(|(what, name)| name.map(|name| (what, name)));
    let (Some((what, name)), None) = (about.next(), about.next()) else {
        return Err(Error::invalid(
            "",
            "one_subject",
            "ask for one of customer, vehicle, appointment, repair_order and parts_order",
        ));
    };
    let mut tx = app.db.read().await?;
    let wanted = Wanted { what, name, after: paging.after.clone(), limit: paging.limit() };
    let lines = store::list(&mut tx, &caller.access, wanted).await?;
    Ok(Json(Page::new(lines, &paging, |line| line.id.to_string())))
}
