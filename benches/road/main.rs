//! How fast the road is, as ratios beside a reference of the same round: `tests/run bench [NAME]`.
//!
//! These machines are shared, so no figure stands alone: every round runs the reference right before ours, and the median of
//! the rounds' ratios is held against its gate. `AFTERCARE_BENCH_ROUNDS` says how many rounds, five if it does not;
//! `AFTERCARE_BENCH_ON` names the one database that is measured, SQLite or PostgreSQL.
#![expect(clippy::print_stdout, reason = "a program whose output is its purpose")]

mod accept;
mod claims;
mod delivery;
mod facts;
mod house;
mod inquiries;
mod latency;
mod load;
mod reference;
mod table;

use std::process::ExitCode;

use anyhow::Result;
use table::Table;

fn main() -> ExitCode {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    if wanted.first().is_some_and(|arg| arg == reference::ARGUMENT) {
        runtime.block_on(reference::serve());
        return ExitCode::SUCCESS;
    }
    let mut table = Table::default();
    match runtime.block_on(measure(&wanted, &mut table)) {
        Ok(()) => table.end(),
        Err(error) => {
            println!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(wanted: &[String], table: &mut Table) -> Result<()> {
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|w| w.eq_ignore_ascii_case(name));
    // That one fills a house with a hundred thousand inquiries: once is enough, if nobody asks for more.
    let only_inquiries = wanted.iter().all(|name| name.eq_ignore_ascii_case("inquiries")) && !wanted.is_empty();
    let rounds = rounds().unwrap_or(if only_inquiries { 1 } else { 5 });
    for round in 1..=rounds {
        println!("round {round}, load {}", std::fs::read_to_string("/proc/loadavg")?.trim());
        for engine in house::engines() {
            if wants("P4") {
                accept::measure(&engine, table).await?;
            }
            if wants("P1") || wants("P3") {
                delivery::planned(&engine, table).await?;
            }
            if wants("P1b") || wants("P3") {
                delivery::whole_road(&engine, table).await?;
            }
            if wants("P6") {
                latency::measure(&engine, table).await?;
            }
            if wants("P8") {
                claims::measure(&engine, table).await?;
            }
            // A minute of load for each database: only when it is asked for.
            if wanted.iter().any(|name| name.eq_ignore_ascii_case("inquiries")) {
                inquiries::measure(&engine, table).await?;
            }
            if wants("P10") {
                accept::cold_start(&engine, table).await?;
            }
        }
    }
    Ok(())
}

fn rounds() -> Option<usize> {
    std::env::var("AFTERCARE_BENCH_ROUNDS").ok().and_then(|text| text.parse().ok())
}
