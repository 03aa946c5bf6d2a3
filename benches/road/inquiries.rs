//! Inquiries: 100,000 wait for an answer, 50 people look at the due list and at the clocks of one of them, for a minute.
//!
//! Each looks four times a second, as fast as a screen could ever ask for it; the time counts from when the look was due. How
//! it is when nobody pauses is printed beside it and has no gate: that is a question of cores.
use std::{
    fmt::Write,
    sync::Arc,
    time::{Duration, Instant},
};

use aftercare::{clock::Clock, db::Db};
use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{
    facts::question,
    house::{Engine, House, pause},
    load::Target,
    table::Table,
};

const OPEN: usize = 100_000;
const CLIENTS: usize = 50;
const LASTS: Duration = Duration::from_mins(1);
/// One look of each in so long.
const EVERY: Duration = Duration::from_millis(250);

pub(crate) async fn measure(engine: &Engine, table: &mut Table) -> Result<()> {
    let house = House::build(engine, None).await?;
    let start = Instant::now();
    for part in (0..OPEN).step_by(10_000) {
        let facts = (part..part + 10_000).fold(String::new(), |mut facts, n| {
            let _ = writeln!(facts, "{}", question(n));
            facts
        });
        house.ingest(&facts).await?;
    }
    println!("  {OPEN} questions stored in {:.0} s", start.elapsed().as_secs_f64());
    let running = house.serve().await?;
    quiet(&house).await?;
    let pages = Arc::new(pages(&house.target).await?);
    let looked = looks(&house.target, &pages, LASTS, Some(EVERY)).await?;
    let saturated = looks(&house.target, &pages, Duration::from_secs(10), None).await?;
    running.stop().await?;
    for (what, of) in [("due list", 0), ("clocks", 1)] {
        let ms = |looked: &[(usize, Duration)], hundredths: usize| {
            let mut took: Vec<Duration> = looked.iter().filter(|look| look.0 == of).map(|look| look.1).collect();
            took.sort();
            let at = (took.len() * hundredths / 100).min(took.len().saturating_sub(1));
            took.get(at).map_or(f64::NAN, |took| took.as_secs_f64() * 1000.0)
        };
        println!(
            "  {what}: p50 {:.1} ms of {} looks; without pauses p50 {:.1} ms, p99 {:.1} ms of {}",
            ms(&looked, 50),
            looked.iter().filter(|look| look.0 == of).count(),
            ms(&saturated, 50),
            ms(&saturated, 99),
            saturated.iter().filter(|look| look.0 == of).count(),
        );
        table.most(format!("inquiries {what} p99, {}", engine.name()), 20.0, "ms", ms(&looked, 99));
    }
    Ok(())
}

/// Waits until what the questions set going is done: from then on there is only the load, and the clocks as they fall due.
async fn quiet(house: &House) -> Result<()> {
    let db = Db::open(house.url(), &Clock::system()).await?;
    let start = Instant::now();
    loop {
        let (open, left): (i64, i64) = db
            .read()
            .await?
            .sql(
                "SELECT (SELECT count(*) FROM inquiries WHERE state IN ('new', 'assigned')),
                        (SELECT count(*) FROM notices WHERE state IN ('waiting', 'sending'))",
            )
            .one()
            .await?;
        if left == 0 {
            ensure!(open == i64::try_from(OPEN)?, "{open} of {OPEN} wait for an answer");
            db.close().await;
            println!("  quiet after {:.0} s", start.elapsed().as_secs_f64());
            return Ok(());
        }
        ensure!(start.elapsed() < Duration::from_mins(5), "{left} notices are left after five minutes");
        pause(Duration::from_millis(500)).await;
    }
}

/// What is looked at: the list of everything and its later pages, each with the threads on it.
async fn pages(target: &Target) -> Result<Vec<[String; 2]>> {
    let mut connection = target.connect().await?;
    let (mut pages, mut list) = (Vec::new(), "/v1/inquiries?state=open".to_owned());
    for _ in 0..40 {
        let page: Value = serde_json::from_slice(&connection.get(&list).await?)?;
        let items = page["items"].as_array().context("a list")?;
        ensure!(items.len() == 50, "{} on a page", items.len());
        for item in items {
            let id = item["id"].as_str().context("an id")?;
            pages.push([list.clone(), format!("/v1/inquiries/{id}")]);
        }
        list = format!("/v1/inquiries?state=open&after={}", page["next"].as_str().context("a next page")?);
    }
    Ok(pages)
}

/// What each look was at, and how long it took: 0 the due list, 1 the clocks of one.
async fn looks(
    target: &Target,
    pages: &Arc<Vec<[String; 2]>>,
    lasts: Duration,
    every: Option<Duration>,
) -> Result<Vec<(usize, Duration)>> {
    let start = Instant::now();
    let mut people = Vec::new();
    for person in 0..CLIENTS {
        let (mut connection, pages) = (target.connect().await?, Arc::clone(pages));
        people.push(tokio::spawn(async move {
            let mut looked = Vec::new();
            // They do not all look in the same instant.
            let mut due = start + every.unwrap_or_default() * u32::try_from(person)? / u32::try_from(CLIENTS)?;
            let mut n = person;
            while start.elapsed() < lasts {
                if let Some(every) = every {
                    pause(due.saturating_duration_since(Instant::now())).await;
                    let at = due;
                    due += every;
                    looked.push(look(&mut connection, &pages, n, at).await?);
                } else {
                    looked.push(look(&mut connection, &pages, n, Instant::now()).await?);
                }
                n += 7;
            }
            anyhow::Ok(looked)
        }));
    }
    let mut looked = Vec::new();
    for person in people {
        looked.extend(person.await??);
    }
    Ok(looked)
}

async fn look(
    connection: &mut crate::load::Connection,
    pages: &[[String; 2]],
    n: usize,
    at: Instant,
) -> Result<(usize, Duration)> {
    let what = n % 2;
    let body = connection.get(&pages[n % pages.len()][what]).await?;
    ensure!(body.len() > 500, "an answer of {} bytes", body.len());
    Ok((what, at.elapsed()))
}
