//! The command line: what can be asked for, and what is answered when it cannot be done.
mod backup;
mod config;
mod customer;
mod demo;
mod doctor;
mod fsck;
mod import;
mod ingest;
mod key;
mod migrate;
mod operations;
mod out;
mod questions;
mod queue;
mod replay;
mod report;
mod serve;
mod setup;
mod staff;
mod templates;
mod work;

use std::path::PathBuf;

use anyhow::Context;
use clap::{Parser, Subcommand};

use crate::{
    app::{self, App},
    config::{Config, LogFormat},
    copies,
    db::SchemaState,
    id::Random,
    rights, telemetry,
};

/// The customer communication service of a car dealership's after-sales department.
#[derive(Debug, Parser)]
#[command(name = "aftercare", version)]
pub struct Cli {
    /// Settings; aftercare.toml when there is one. The environment wins over both: see aftercare config.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The whole product on a throw-away database: four dealerships, their days, a mailbox to look into.
    Demo(demo::Args),
    /// Store the dealerships and staff of a TOML file, or of answers to questions; running it again changes nothing.
    Setup(setup::Args),
    /// Look at the database, the clock, the ways out and the set-up: one line each, and what to do about it.
    Doctor(doctor::Args),
    /// The HTTP API and the workers in one process.
    Serve(serve::Args),
    /// Workers only: as many processes or hosts as needed, on PostgreSQL.
    Work(work::Args),
    /// Bring the database up to date.
    Migrate,
    /// Take events from files, one a line, by the same road as POST /v1/events.
    Ingest(ingest::Args),
    /// Take a file of a dealer management system: its rows become the same events.
    Import(import::Args),
    /// Run recorded events on a virtual clock and print what would have been sent, to whom, when, and why not.
    Replay(replay::Args),
    /// The texts: check, list, look, send one as a test.
    #[command(subcommand)]
    Templates(templates::Command),
    /// The monthly reports, and the check of a sealed one.
    #[command(subcommand)]
    Report(report::Command),
    /// The people who sign in to the console.
    #[command(subcommand)]
    Staff(staff::Command),
    /// API keys of systems.
    #[command(subcommand)]
    Key(key::Command),
    /// Persons' rights: what is kept of a customer, out of every table, two who are one.
    #[command(subcommand)]
    Customer(customer::Command),
    /// Check what must always be true of the database: one line for each violation.
    Fsck,
    /// A consistent copy of an SQLite database, also while it is being used.
    Backup(backup::Args),
    /// The outbox: what waits, what failed and why.
    #[command(subcommand)]
    Queue(queue::Command),
    /// Print every setting with its default and meaning, as a valid configuration file.
    Config,
}

/// Why a command did not do what it was asked; each has its exit code.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The check failed, or something broke on the way.
    #[error("{0:#}")]
    Failed(#[from] anyhow::Error),
    /// Wrong usage or configuration.
    #[error("{0:#}")]
    Usage(anyhow::Error),
    /// Part of the input was rejected.
    #[error("{0:#}")]
    Rejected(anyhow::Error),
}

impl Failure {
    fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self::Usage(error.into())
    }
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
            Self::Rejected(_) => 3,
        }
    }
}

impl Cli {
    /// Does what was asked.
    pub async fn run(self) -> Result<(), Failure> {
        self.carry_out().await?;
        Ok(out::whole().context("not all of it could be written to standard output")?)
    }

    async fn carry_out(self) -> Result<(), Failure> {
        if matches!(self.command, Command::Config) {
            config::run();
            return Ok(());
        }
        if let Command::Demo(args) = self.command {
            telemetry::start_logging(LogFormat::Text);
            return demo::run(args).await;
        }
        let settings = Config::load(self.config.as_deref()).map_err(Failure::usage)?;
        telemetry::start_logging(settings.log.format);
        match self.command {
            Command::Config | Command::Demo(_) => Ok(()),
            Command::Doctor(args) => Box::pin(doctor::run(args, settings, self.config.as_deref())).await,
            Command::Setup(args) => Box::pin(setup::run(args, settings)).await,
            Command::Serve(args) => Box::pin(serve::run(args, settings)).await,
            Command::Work(args) => Box::pin(work::run(args, settings)).await,
            Command::Migrate => Box::pin(migrate::run(settings)).await,
            Command::Queue(command) => Box::pin(queue::run(command, settings)).await,
            Command::Report(command) => Box::pin(report::run(command, settings)).await,
            Command::Ingest(args) => Box::pin(ingest::run(args, settings)).await,
            Command::Import(args) => Box::pin(import::run(args, settings)).await,
            Command::Replay(args) => Box::pin(replay::run(args, settings)).await,
            Command::Templates(command) => Box::pin(templates::run(command, settings)).await,
            Command::Key(command) => Box::pin(key::run(command, settings)).await,
            Command::Staff(command) => Box::pin(staff::run(command, settings)).await,
            Command::Customer(command) => Box::pin(customer::run(command, settings)).await,
            Command::Fsck => Box::pin(fsck::run(settings)).await,
            Command::Backup(args) => Box::pin(backup::run(args, settings)).await,
        }
    }
}

/// The app on whatever schema the database has.
async fn open_any(settings: Config) -> Result<App, Failure> {
    App::open(settings, app::clock(), Random::system()).await.map_err(Failure::usage)
}

/// The app on this program's schema: `migrate` says whether an older one may be brought up to date first.
async fn open(settings: Config, migrate: bool) -> Result<App, Failure> {
    let app = open_any(settings).await?;
    check_schema(&app, migrate).await?;
    Ok(app)
}

/// The same for what only looks and shows nobody: an erasure that cannot be done now does not keep the operator from seeing why.
async fn open_to_look(settings: Config) -> Result<App, Failure> {
    let app = open_as_it_is(settings).await?;
    if let Err(error) = follow_journal(&app).await {
        tracing::warn!(
            "the journal of erasures cannot be followed, and nothing is sent or heard until it can: {error:#}"
        );
    }
    hold_copy(&app).await?;
    Ok(app)
}

/// The app on this program's schema, with whatever is wrong with its rows.
async fn open_as_it_is(settings: Config) -> Result<App, Failure> {
    let app = open_any(settings).await?;
    bring_up_to_date(&app, false).await?;
    Ok(app)
}

async fn check_schema(app: &App, migrate: bool) -> Result<(), Failure> {
    bring_up_to_date(app, migrate).await?;
    make_ready(app).await
}

async fn bring_up_to_date(app: &App, migrate: bool) -> Result<(), Failure> {
    let schema = app.db.schema().await.context("cannot read the database's schema")?;
    match schema {
        SchemaState::Current => Ok(()),
        SchemaState::Older if migrate => Ok(app.db.migrate().await.context("the database could not be migrated")?),
        SchemaState::Older => Err(Failure::usage(anyhow::anyhow!(
            "the database is new or older than this program: run aftercare migrate first, or start with --migrate"
        ))),
        SchemaState::Newer => Err(Failure::usage(anyhow::anyhow!(
            "the database is newer than this program: start the newer program, or restore a backup of before"
        ))),
    }
}

/// What a database that may be a restored copy needs before anything else: erasures that it does not know of, and an outbox
/// on hold.
async fn make_ready(app: &App) -> Result<(), Failure> {
    follow_journal(app).await?;
    hold_copy(app).await
}

async fn follow_journal(app: &App) -> anyhow::Result<()> {
    let erased = rights::actions::catch_up(app).await.context("the journal of erasures cannot be followed")?;
    if erased > 0 {
        tracing::warn!(people = erased, "this database is older than its journal of erasures: they were erased again");
    }
    Ok(())
}

async fn hold_copy(app: &App) -> Result<(), Failure> {
    if copies::actions::hold(app).await.context("the outbox of a copy cannot be held")? {
        tracing::warn!("this database is a copy: what was open in its outbox is held until aftercare queue release");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_make_sense() {
        super::Cli::command().debug_assert();
    }
}
