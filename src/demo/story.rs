//! The story: its beats, one after the other, on a clock of its own that people may halt and hurry.
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use jiff::{SignedDuration, civil::Weekday, tz::TimeZone};
use serde_json::json;

use super::{
    beats::{Beat, Telling},
    history, opening, pause,
    scene::Scene,
    stage::{Pace, Stage},
};
use crate::{
    app::App,
    calendar::{days_from, local_moment},
    clock::Timestamp,
    jobs,
};

/// The dealerships, as `aftercare setup FILE` reads them.
pub const DEALERSHIPS: &str = include_str!("../../templates/demo/dealerships.toml");
/// A demo without its story begins the day before the morning that it shows: a Tuesday.
const A_DAY_BEFORE: &str = "2026-03-02T08:59:00+08:00";

/// One second is one minute.
const TICK: Duration = Duration::from_millis(100);
const A_TICK: SignedDuration = SignedDuration::from_secs(6);
/// The clock never leaps further at once: what falls due between two moments happens between them.
const LEAP: SignedDuration = SignedDuration::from_mins(30);
const STRIDE: SignedDuration = SignedDuration::from_mins(1);
const BETWEEN_LEAPS: Duration = Duration::from_millis(25);
/// The month before is told so long before the curtain: what falls due of it has gone out by then.
const OVERTURE: SignedDuration = SignedDuration::from_mins(20);
/// A caption says what is known by then, also where something that it waits for has not come.
const PATIENCE: Duration = Duration::from_secs(40);

/// How many captions there are.
pub fn captions() -> usize {
    Beat::ALL.len()
}

/// When the demo's clock begins.
pub fn begins(with_story: bool) -> Timestamp {
    if with_story {
        return Scene::begins().minus(OVERTURE);
    }
    A_DAY_BEFORE.parse().unwrap_or_else(|_| Timestamp::new(jiff::Timestamp::UNIX_EPOCH))
}

/// Only the month before and the morning of a working day; then time goes on as it does.
///
/// # Errors
/// What happened before cannot be stored.
pub async fn rest(app: App) -> anyhow::Result<()> {
    let start = begins(false);
    history::tell_of_better_times(&app, start).await.context("what happened before the story was not stored")?;
    let morning = morning_after(start);
    let Some(()) = leap_to(&app, morning, LEAP).await else { return Ok(()) };
    history::tell(&app, "", morning).await.context("what happened before this morning was not stored")?;
    go_on(&app).await;
    Ok(())
}

/// Tells the story, caption by caption, at the pace that the stage says; then time goes on as it does.
///
/// # Errors
/// A door refused what the story does there.
pub async fn tell(scene: Arc<Scene>, stage: Stage) -> anyhow::Result<()> {
    let app = &scene.app;
    let start = Scene::begins();
    history::tell_of_better_times(app, start.minus(SignedDuration::from_hours(24 * 5))).await?;
    history::tell(app, opening::MONTH, scene.now()).await.context("the month before the story was not stored")?;
    scene.hands.tell(json!(opening::events(scene.now()))).await.context("what the story needs was not stored")?;
    let Some(()) = leap_to(app, start, STRIDE).await else { return Ok(()) };
    for beat in Beat::ALL {
        let Some(()) = run_to(app, &stage, beat.at()).await else { return Ok(()) };
        beat.act(&scene).await.with_context(|| format!("the story broke off at {beat:?}"))?;
        let Some(told) = wait_for(&scene, &stage, beat).await? else { return Ok(()) };
        stage.say(told.caption);
    }
    stage.end();
    go_on(app).await;
    Ok(())
}

/// As clocks do.
async fn go_on(app: &App) {
    while !app.stopping.is_cancelled() {
        pause(Duration::from_secs(1)).await;
        app.ids.clock.advance(SignedDuration::from_secs(1));
    }
}

/// Looks until everything that the caption waits for has happened; None when the demo is stopped.
async fn wait_for(scene: &Scene, stage: &Stage, beat: Beat) -> anyhow::Result<Option<Telling>> {
    let mut began = Instant::now();
    loop {
        if stage.pace() == Pace::Paused {
            began = Instant::now();
        }
        let told = beat.tell(scene).await.with_context(|| format!("the caption of {beat:?} cannot be read"))?;
        if told.is_whole {
            return Ok(Some(told));
        }
        if began.elapsed() > PATIENCE {
            tracing::warn!(?beat, "not everything that this caption waits for has come");
            return Ok(Some(told));
        }
        let Some(()) = tick(&scene.app, stage, beat.stride()).await else { return Ok(None) };
    }
}

/// Lets the clock run until then; None when the demo is stopped.
async fn run_to(app: &App, stage: &Stage, at: Timestamp) -> Option<()> {
    while app.ids.clock.now() < at {
        tick(app, stage, STRIDE.min(at.since(app.ids.clock.now()))).await?;
        if app.ids.clock.now() > at && stage.pace() == Pace::Stepping {
            app.ids.clock.set(at);
        }
    }
    Some(())
}

/// A moment passes at the stage's pace; one who steps goes on by `stride`.
async fn tick(app: &App, stage: &Stage, stride: SignedDuration) -> Option<()> {
    if app.stopping.is_cancelled() {
        return None;
    }
    match stage.pace() {
        Pace::Paused => pause(BETWEEN_LEAPS).await,
        Pace::Playing | Pace::Told => {
            pause(TICK).await;
            if stage.pace() != Pace::Paused {
                app.ids.clock.advance(A_TICK);
            }
        }
        Pace::Stepping => {
            app.ids.clock.advance(stride);
            ring(app);
            pause(BETWEEN_LEAPS).await;
        }
    }
    Some(())
}

/// Moves the clock there in leaps, ringing for what falls due on the way; None when the demo is stopped.
async fn leap_to(app: &App, at: Timestamp, leap: SignedDuration) -> Option<()> {
    while app.ids.clock.now() < at {
        if app.stopping.is_cancelled() {
            return None;
        }
        app.ids.clock.set(app.ids.clock.now().plus(leap).min(at));
        ring(app);
        pause(BETWEEN_LEAPS).await;
    }
    Some(())
}

fn ring(app: &App) {
    for bell in [
        jobs::CLOCKS,
        jobs::COMPOSE,
        jobs::POST_EMAIL_URGENT,
        jobs::POST_SMS_URGENT,
        jobs::POST_WECHAT_URGENT,
        jobs::POST_WECOM_URGENT,
    ] {
        app.db.bells().ring(bell);
    }
}

/// Half past ten in Guangzhou on the next day that is no Sunday.
fn morning_after(at: Timestamp) -> Timestamp {
    let zone = TimeZone::get("Asia/Shanghai").unwrap_or(TimeZone::UTC);
    let day = days_from(at.in_zone(&zone).date(), 1);
    let day = if day.weekday() == Weekday::Sunday { days_from(day, 1) } else { day };
    local_moment(day.at(10, 30, 0, 0), &zone)
}
