//! The story: events of a sample day, told one after the other while the demo's clock leaps from one to the next.
use std::time::Duration;

use anyhow::Context;
use jiff::SignedDuration;
use serde_json::Value;

use crate::{
    app::App,
    clock::Timestamp,
    http::Access,
    intake::{
        actions::{admit, take},
        envelope::{Format, Sheet},
    },
    jobs,
};

/// The dealerships, as `aftercare setup FILE` reads them.
pub const DEALERSHIPS: &str = include_str!("../../templates/demo/dealerships.toml");
const EVENTS: &str = include_str!("../../templates/demo/day.jsonl");

/// The first events come quickly, so that there is something to look at; the others so that one can follow.
const QUICK: usize = 24;
const QUICKLY: Duration = Duration::from_millis(120);
const CALMLY: Duration = Duration::from_millis(900);
/// The clock never leaps further at once: what falls due between two events happens between them.
const LEAP: SignedDuration = SignedDuration::from_mins(30);
const BETWEEN_LEAPS: Duration = Duration::from_millis(25);

/// When the story begins.
pub fn begins() -> Timestamp {
    events().first().map_or_else(
        || Timestamp::new(jiff::Timestamp::UNIX_EPOCH),
        |first| first.at.minus(SignedDuration::from_mins(1)),
    )
}

/// Tells the story to its end, then lets the clock run on for two days for the reminders that are still due.
pub async fn tell(app: App) -> anyhow::Result<()> {
    let mut last = begins();
    for (n, event) in events().into_iter().enumerate() {
        let Some(()) = until(&app, event.at).await else { return Ok(()) };
        let sheet =
            Sheet::read(Format::Either, event.line.as_bytes()).context("an event of the story cannot be read")?;
        let envelopes = admit(&app, &Access::All, &sheet).await.context("an event of the story is refused")?;
        take(&app, envelopes).await.context("an event of the story was not stored")?;
        pause(if n < QUICK { QUICKLY } else { CALMLY }).await;
        last = event.at;
    }
    until(&app, last.plus(SignedDuration::from_hours(48))).await;
    tracing::info!("the story is told");
    Ok(())
}

struct Told {
    at: Timestamp,
    line: &'static str,
}

fn events() -> Vec<Told> {
    let time = |line: &str| serde_json::from_str::<Value>(line).ok()?.get("time")?.as_str()?.parse().ok();
    let mut events: Vec<Told> = EVENTS.lines().filter_map(|line| Some(Told { at: time(line)?, line })).collect();
    events.sort_by_key(|event| event.at);
    events
}

/// Moves the clock there in leaps, ringing for what falls due on the way; None when the demo is stopped.
async fn until(app: &App, at: Timestamp) -> Option<()> {
    while app.ids.clock.now() < at {
        if app.stopping.is_cancelled() {
            return None;
        }
        let next = app.ids.clock.now().plus(LEAP).max(app.ids.clock.now());
        app.ids.clock.set(next.min(at));
        for bell in [jobs::COMPOSE, jobs::POST_EMAIL_URGENT, jobs::POST_SMS_URGENT] {
            app.db.bells().ring(bell);
        }
        pause(BETWEEN_LEAPS).await;
    }
    Some(())
}

async fn pause(time: Duration) {
    #[expect(clippy::disallowed_methods, reason = "the story is told to people, at a pace they can follow")]
    tokio::time::sleep(time).await;
}
