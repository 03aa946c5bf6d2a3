//! Kills and faults on the real binary, spoken to over HTTP and SMTP only: `tests/run chaos [NAME…]`.
//!
//! Every test ends alike: the faults stop, everything due is sent, and three books are compared: what the client was told,
//! what our database says, and what arrived at the servers. `AFTERCARE_SIZE=full` makes them large.
#![expect(clippy::print_stdout, reason = "a program whose output is its purpose")]

mod arrivals;
mod books;
mod client;
mod day;
mod gateway;
mod house;
mod kill_steps;
mod mail;
mod mix;
mod ours;
mod race;
mod sigterm;
mod wait;

use std::{
    pin::Pin,
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::Result;
use house::Engine;

/// What one test is run with.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) engine: Engine,
    pub(crate) seed: u64,
    /// The sabotage switch that every process of the product gets.
    pub(crate) switch: Option<&'static str>,
    /// Which steps `kill-steps` kills at; all of them when empty.
    pub(crate) steps: &'static [&'static str],
}

impl Run {
    /// A size: the small one, or the one of `AFTERCARE_SIZE=full`.
    pub(crate) fn size(small: usize, full: usize) -> usize {
        if std::env::var("AFTERCARE_SIZE").as_deref() == Ok("full") { full } else { small }
    }
}

type Test = fn(Run) -> Pin<Box<dyn Future<Output = Result<()>>>>;

const TESTS: &[(&str, Test)] = &[
    ("kill-steps", |run| Box::pin(kill_steps::run(run))),
    ("mix", |run| Box::pin(mix::run(run))),
    ("sigterm", |run| Box::pin(sigterm::run(run))),
    ("race", |run| Box::pin(race::run(run))),
    ("day", |run| Box::pin(day::run(run))),
];

/// The switch, the test that must notice it, and the steps that show it soonest.
const SABOTAGE: &[(&str, &str, &[&str])] = &[
    ("ack-before-commit", "kill-steps", &["commit"]),
    ("mark-skipped", "kill-steps", &["after_dot"]),
    ("blind-sms-retry", "mix", &[]),
];

/// A test that stands still is a failure, not a night of waiting.
const LONGEST: Duration = Duration::from_mins(15);

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let outcome = runtime.expect("a runtime").block_on(async {
        if wanted.iter().any(|arg| arg == "--sabotage") { sabotage().await } else { all(&wanted).await }
    });
    println!(
        "test result: {}. {} passed; {} failed",
        if outcome.1 == 0 { "ok" } else { "FAILED" },
        outcome.0,
        outcome.1
    );
    if outcome.1 == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn engines() -> Vec<Engine> {
    let server = std::env::var("TEST_DATABASE_URL").ok();
    [Some(Engine::Sqlite), server.map(Engine::Postgres)].into_iter().flatten().collect()
}

fn seed() -> u64 {
    let given = std::env::var("AFTERCARE_SEED").ok().and_then(|text| text.parse().ok());
    given.unwrap_or_else(|| aftercare::id::Random::system().below(1_000_000))
}

async fn all(wanted: &[String]) -> (usize, usize) {
    let (mut passed, mut failed, seed) = (0, 0, seed());
    for name in wanted.iter().filter(|name| !TESTS.iter().any(|(test, _)| test == name)) {
        println!("there is no chaos test {name}; there are {}", TESTS.map_names());
        failed += 1;
    }
    println!("seed {seed} (again with AFTERCARE_SEED={seed})");
    for (name, test) in TESTS.iter().filter(|(name, _)| wanted.is_empty() || wanted.iter().any(|w| w == name)) {
        for engine in engines() {
            let run = Run { engine: engine.clone(), seed, switch: None, steps: &[] };
            let start = Instant::now();
            let outcome = limited(*test, run).await;
            let took = start.elapsed().as_secs_f32();
            match outcome {
                Ok(()) => {
                    println!("{name} on {engine}: passed in {took:.0} s");
                    passed += 1;
                }
                Err(error) => {
                    println!("{name} on {engine}: FAILED after {took:.0} s, seed {seed}: {error:#}");
                    failed += 1;
                }
            }
        }
    }
    (passed, failed)
}

/// Breaks the product on purpose: a breakage that its test does not notice fails the run.
async fn sabotage() -> (usize, usize) {
    let (mut passed, mut failed, seed) = (0, 0, seed());
    for (switch, name, steps) in SABOTAGE {
        let (_, test) = TESTS.iter().find(|(test, _)| test == name).expect("a test of that name");
        let run = Run { engine: Engine::Sqlite, seed, switch: Some(switch), steps };
        match limited(*test, run).await {
            Ok(()) => {
                println!("{switch}: NOT NOTICED by {name}");
                failed += 1;
            }
            Err(error) => {
                println!("{switch}: caught by {name}: {}", first_lines(&format!("{error:#}")));
                passed += 1;
            }
        }
    }
    (passed, failed)
}

async fn limited(test: Test, run: Run) -> Result<()> {
    // In a task of its own, so that a panic of the test is its failure and not the end of the run.
    let here = tokio::task::LocalSet::new();
    let test = here.run_until(async { tokio::task::spawn_local(tokio::time::timeout(LONGEST, test(run))).await });
    match test.await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => anyhow::bail!("did not end within {LONGEST:?}"),
        Err(panic) => anyhow::bail!("panicked: {panic}"),
    }
}

fn first_lines(text: &str) -> String {
    text.lines().take(3).collect::<Vec<_>>().join(" / ")
}

trait Names {
    fn map_names(&self) -> String;
}
impl Names for [(&'static str, Test)] {
    fn map_names(&self) -> String {
        self.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }
}
