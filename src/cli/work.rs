//! `aftercare work`: workers only, on PostgreSQL.
use anyhow::anyhow;

use super::{
    Failure, open,
    serve::{Signals, stop},
};
use crate::{config::Config, lanes, telemetry};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Bring the database up to date first.
    #[arg(long)]
    migrate: bool,
}

pub(super) async fn run(args: Args, settings: Config) -> Result<(), Failure> {
    use secrecy::ExposeSecret;
    if settings.database.url.expose_secret().starts_with("sqlite:") {
        return Err(Failure::usage(anyhow!(
            "aftercare work needs PostgreSQL: on SQLite, aftercare serve does the work itself"
        )));
    }
    let mut signals = Signals::listen()?;
    telemetry::recorder();
    let app = open(settings, args.migrate).await?;
    tracing::info!("working");
    let mut lanes = tokio::spawn(lanes::start(&app).map_err(Failure::usage)?);
    tokio::select! {
        () = signals.first() => {}
        _ = &mut lanes => return Err(anyhow!("the lanes ended by themselves: start again").into()),
    }
    tracing::info!("stopping: hand-overs under way are finished; a second signal stops at once");
    stop(&app, signals, async {
        let _ = lanes.await;
    })
    .await
}
