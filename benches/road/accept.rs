//! P4: durable accepts a second beside a server that stores nothing; P10: from the start to the first durable 202.
use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::Result;
use tokio::process::Command;

use crate::{
    facts::booking,
    house::{Engine, House, free_port, pause, until_open},
    load::Target,
    reference,
    table::Table,
};

const CONNECTIONS: usize = 32;
const LASTS: Duration = Duration::from_secs(4);

pub(crate) async fn measure(engine: &Engine, table: &mut Table) -> Result<()> {
    let port = free_port()?;
    let mut other = Command::new(std::env::current_exe()?)
        .args([reference::ARGUMENT, &port.to_string()])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    until_open(port).await?;
    let reference = rate(&Target { port, key: "none".into() }).await?;
    other.kill().await?;

    // No channel is configured: what is accepted is stored and planned, and nothing is sent meanwhile.
    let house = House::build(engine, None).await?;
    let running = house.serve().await?;
    let ours = rate(&house.target).await?;
    running.stop().await?;
    table.share(format!("P4 accept, {}", engine.name()), 3.0, ours, reference);
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
async fn rate(target: &Target) -> Result<f64> {
    let end = Instant::now() + LASTS;
    let (told, took) = target.tell(CONNECTIONS, move |n| (Instant::now() < end).then(|| booking("p4", n))).await?;
    Ok(told as f64 / took.as_secs_f64())
}

pub(crate) async fn cold_start(engine: &Engine, table: &mut Table) -> Result<()> {
    let house = House::build(engine, None).await?;
    let fact = booking("p10", 1);
    let start = Instant::now();
    let running = house.start()?;
    loop {
        if let Ok(mut connection) = house.target.connect().await {
            connection.post(&fact).await?;
            break;
        }
        pause(Duration::from_millis(1)).await;
    }
    table.most(format!("P10 cold start, {}", engine.name()), 100.0, "ms", start.elapsed().as_secs_f64() * 1000.0);
    running.stop().await
}
