//! The story: events of a sample day, told one after the other while the demo's clock leaps from one to the next.
use std::time::Duration;

use anyhow::Context;
use jiff::{SignedDuration, civil::Weekday, tz::TimeZone};
use serde_json::Value;

use super::{GROUPS, history};
use crate::{
    app::App,
    calendar::{days_from, local_moment},
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
pub async fn tell(app: App, only_the_morning_after: bool) -> anyhow::Result<()> {
    let mut last = begins();
    history::tell_of_better_times(&app, last).await.context("what happened before the story was not stored")?;
    if only_the_morning_after {
        return morning(&app, last).await;
    }
    // Whoever signs in while the story is told has work before them too.
    history::tell(&app, "E", last).await.context("the month before the story was not stored")?;
    for (n, event) in events().into_iter().enumerate() {
        let Some(()) = until(&app, event.at).await else { return Ok(()) };
        let sheet =
            Sheet::read(Format::Either, event.line.as_bytes()).context("an event of the story cannot be read")?;
        let envelopes = admit(&app, &Access::All, &sheet).await.context("an event of the story is refused")?;
        take(&app, envelopes).await.context("an event of the story was not stored")?;
        pause(if n < QUICK { QUICKLY } else { CALMLY }).await;
        last = event.at;
    }
    tracing::info!("the story is told");
    morning(&app, last.plus(SignedDuration::from_hours(48))).await
}

/// It is the morning of a working day, with a month behind it, and time goes on as it does.
async fn morning(app: &App, after: Timestamp) -> anyhow::Result<()> {
    let morning = morning_after(after);
    let Some(()) = until(app, morning).await else { return Ok(()) };
    history::tell(app, "", morning).await.context("what happened before this morning was not stored")?;
    while !app.stopping.is_cancelled() {
        pause(Duration::from_secs(1)).await;
        app.ids.clock.advance(SignedDuration::from_secs(1));
    }
    Ok(())
}

/// Half past ten in Guangzhou on the next day that is no Sunday.
fn morning_after(at: Timestamp) -> Timestamp {
    let zone = TimeZone::get("Asia/Shanghai").unwrap_or(TimeZone::UTC);
    let day = days_from(at.in_zone(&zone).date(), 1);
    let day = if day.weekday() == Weekday::Sunday { days_from(day, 1) } else { day };
    local_moment(day.at(10, 30, 0, 0), &zone)
}

struct Told {
    at: Timestamp,
    line: String,
}

/// One customer in so many of the Chinese dealerships follows their official account.
const FOLLOWS: usize = 3;

/// The event of a customer who follows the account says so.
fn with_openid(line: &str) -> Option<(Timestamp, String)> {
    let mut event: Value = serde_json::from_str(line).ok()?;
    let at = event.get("time")?.as_str()?.parse().ok()?;
    let is_there = GROUPS.iter().any(|code| event["dealership"] == *code);
    let customer = event["data"]["customer"].as_object_mut().filter(|_| is_there);
    let reference = customer.as_ref().and_then(|customer| customer.get("ref")?.as_str().map(str::to_owned));
    let follows =
        reference.filter(|reference| reference.bytes().map(usize::from).sum::<usize>().is_multiple_of(FOLLOWS));
    if let (Some(customer), Some(reference)) = (customer, follows) {
        customer.insert("wechat_openid".to_owned(), format!("o-{reference}").into());
    }
    Some((at, event.to_string()))
}

fn events() -> Vec<Told> {
    let told = |line: &str| with_openid(line).map(|(at, line)| Told { at, line });
    let mut events: Vec<Told> = EVENTS.lines().filter_map(told).collect();
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
        for bell in [
            jobs::COMPOSE,
            jobs::POST_EMAIL_URGENT,
            jobs::POST_SMS_URGENT,
            jobs::POST_WECHAT_URGENT,
            jobs::POST_WECOM_URGENT,
        ] {
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
