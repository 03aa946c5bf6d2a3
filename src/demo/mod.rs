//! The demo: a Saturday afternoon told on a clock of its own, caption by caption, with a month before it and a mailbox to look
//! into.
mod beats;
pub mod hands;
pub mod history;
pub mod mailbox;
mod opening;
pub mod page;
pub mod people;
pub mod scene;
pub mod stage;
mod store;
pub mod story;

use std::{sync::Arc, time::Duration};

use axum::{Router, middleware};
use jiff::tz::TimeZone;

use self::{
    hands::Hands,
    page::Theatre,
    scene::Scene,
    stage::{Pace, Stage},
};
use crate::{
    app::App,
    clock::Timestamp,
    http::router::{router as usual, router_with},
};

/// Claims of the demo never run out: its clock leaps while they are worked on.
pub const LEASE: Duration = Duration::from_hours(24 * 365);

/// The dealerships whose people are told in a group at `WeCom`.
pub const GROUPS: [&str; 2] = ["gz-tianhe", "sh-pudong"];

/// What the gateway shows that hands over what the story's customers text: nobody else can reach the demo.
pub const TEXTS: &str = "only-in-the-demo";

/// Sets the scene; nothing has been told yet.
///
/// # Errors
/// The database's.
pub async fn theatre(app: &App) -> anyhow::Result<Theatre> {
    let hands = Hands::new(app, usual(app.clone()), TEXTS.into()).await?;
    let scene = Arc::new(Scene::set(app, hands).await?);
    Ok(Theatre { scene, stage: Stage::new(Pace::Playing) })
}

/// Everything that the program has, and the page of the story.
pub fn router(app: &App, theatre: Theatre) -> Router {
    router_with(app.clone(), page::routes(theatre)).layer(middleware::from_fn(page::framed))
}

/// A time as the demo shows it: the wall clock of a dealership, with the day of the week.
fn wall_clock(at: Timestamp, zone: &TimeZone) -> String {
    at.in_zone(zone).strftime("%a %Y-%m-%d %H:%M").to_string()
}

async fn pause(time: Duration) {
    #[expect(clippy::disallowed_methods, reason = "the story is told to people, at a pace they can follow")]
    tokio::time::sleep(time).await;
}
