//! P1: planned messages delivered and recorded; P1b: the whole road; P3: what a message costs. Beside `smtp-source -d`.
use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use aftercare::clock::Clock;
use anyhow::{Result, ensure};
use tokio::process::{Child, Command};

use crate::{
    facts::{booking, seconds},
    house::{Engine, House, SESSIONS, free_port, pause, until_open},
    table::Table,
};

/// How many messages a round delivers.
fn messages() -> usize {
    std::env::var("AFTERCARE_BENCH_MESSAGES").ok().and_then(|text| text.parse().ok()).unwrap_or(3_000)
}

pub(crate) async fn planned(engine: &Engine, table: &mut Table) -> Result<()> {
    let count = messages();
    let sink = Sink::start().await?;
    let reference = sink.floor(count).await?;
    let house = House::build(engine, Some(sink.port)).await?;
    let facts: Vec<String> = (1..=count).map(|n| booking("p1", n)).collect();
    house.ingest(&facts.join("\n")).await?;
    let running = house.serve().await?;
    let (first, last) = house.delivered(count).await?;
    let cpu = running.cpu()?;
    running.stop().await?;
    let rate = per(count, seconds(first, last));
    table.share(format!("P1 planned, {}", engine.name()), 30.0, rate, reference);
    table.most(format!("P3 delivery, {}", engine.name()), 400.0, "µs", 1e6 / per(count, cpu));
    Ok(())
}

pub(crate) async fn whole_road(engine: &Engine, table: &mut Table) -> Result<()> {
    let count = messages();
    let sink = Sink::start().await?;
    let reference = sink.floor(count).await?;
    let house = House::build(engine, Some(sink.port)).await?;
    let running = house.serve().await?;
    pause(Duration::from_millis(200)).await;
    let before = running.cpu()?;
    let start = Clock::system().now();
    house.target.tell(32, move |n| (n <= count).then(|| booking("p1b", n))).await?;
    let (_, last) = house.delivered(count).await?;
    let cpu = running.cpu()? - before;
    running.stop().await?;
    table.share(format!("P1b whole road, {}", engine.name()), 4.0, per(count, seconds(start, last)), reference);
    table.most(format!("P3 whole road, {}", engine.name()), 1_500.0, "µs", 1e6 / per(count, cpu));
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
fn per(count: usize, seconds: f64) -> f64 {
    count as f64 / seconds
}

/// Postfix's `smtp-sink`, which takes everything and keeps nothing.
struct Sink {
    port: u16,
    _child: Child,
}

impl Sink {
    async fn start() -> Result<Self> {
        let port = free_port()?;
        let child = Command::new("smtp-sink")
            .args(["-u", "nobody", "-m", "400", &format!("127.0.0.1:{port}"), "1000"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        until_open(port).await?;
        Ok(Self { port, _child: child })
    }
    /// What `smtp-source -d` reaches with as many sessions as we have.
    async fn floor(&self, count: usize) -> Result<f64> {
        let start = Instant::now();
        let (sessions, count_text) = (SESSIONS.to_string(), (count * 3).to_string());
        let to = format!("127.0.0.1:{}", self.port);
        let source = Command::new("smtp-source")
            .args([
                "-d",
                "-s",
                &sessions,
                "-m",
                &count_text,
                "-l",
                "4000",
                "-f",
                "a@example.com",
                "-t",
                "b@example.net",
                &to,
            ])
            .status();
        ensure!(source.await?.success(), "smtp-source failed");
        Ok(per(count * 3, start.elapsed().as_secs_f64()))
    }
}
