//! `aftercare import KIND FILE`: a file of a dealer management system, by the same road as its events.

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context, anyhow};
use indicatif::{ProgressBar, ProgressStyle};

use super::{Failure, open, out::out};
use crate::{
    app::App,
    config::Config,
    dealerships::{self, Dealership},
    imports::{
        Kind, Summary,
        actions::{self, Failed, Wanted},
    },
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What its rows are about.
    kind: Kind,
    /// CSV as the system writes it; encoding and delimiter are found out.
    file: PathBuf,
    /// The code of the dealership; needed where there is more than one.
    #[arg(long, value_name = "CODE")]
    dealership: Option<String>,
    /// The system it comes from, a word; imports.source when it is not said.
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Say what would be understood, and store nothing.
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(args: Args, settings: Config) -> Result<(), Failure> {
    std::fs::File::open(&args.file)
        .with_context(|| format!("cannot read {}", args.file.display()))
        .map_err(Failure::Usage)?;
    let app = open(settings, false).await?;
    let done = import(&app, args).await;
    app.db.close().await;
    let summary = done?;
    out!("{summary}");
    match (summary.rejected, summary.is_dry) {
        (0, _) => Ok(()),
        (n, true) => Err(Failure::Rejected(anyhow!("{n} rows would be rejected"))),
        (n, false) => Err(Failure::Rejected(anyhow!(
            "{n} rows were rejected: correct them in FILE.rejected.csv and import that file, in the same way"
        ))),
    }
}

async fn import(app: &App, args: Args) -> Result<Summary, Failure> {
    let dealership = whose(app, args.dealership.as_deref()).await?;
    let source = args.source.unwrap_or_else(|| app.config.imports.source.clone());
    let wanted = Wanted { kind: args.kind, file: args.file, dealership, source, dry_run: args.dry_run };
    let form = "{wide_bar} {percent}% {bytes_per_sec} {eta} left";
    // Draws only on a terminal.
    let bar = ProgressBar::new(0)
        .with_style(ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar()));
    let progress = |read: u64, length: u64| {
        bar.set_length(length);
        bar.set_position(read.min(length));
    };
    let done = actions::import(app, &wanted, &progress).await;
    bar.finish_and_clear();
    done.map_err(|failed| match failed {
        Failed::Unusable(error) => Failure::Usage(error),
        Failed::Broken(error) => {
            Failure::Failed(error.context("stopped in the middle; run it again: what was taken is known then"))
        }
    })
}

/// The dealership that was named, or the only one there is.
#[expect(clippy::single_match_else, reason = "two answers to one question")]
pub(super) async fn whose(app: &App, code: Option<&str>) -> Result<Arc<Dealership>, Failure> {
    let code = match code {
        Some(code) => code.to_owned(),
        None => {
            let mut tx = app.db.read().await.context("the database cannot be asked")?;
            let all = dealerships::actions::all(&mut tx).await.context("the database cannot be asked")?;
            let codes: Vec<String> = all.into_iter().map(|one| one.code).collect();
            match codes.as_slice() {
                [only] => only.clone(),
                [] => return Err(Failure::usage(anyhow!("no dealership is set up: run aftercare setup FILE first"))),
                all => {
                    return Err(Failure::usage(anyhow!("say which dealership: --dealership {}", all.join(" or "))));
                }
            }
        }
    };
    let found = app.directory.by_code(&code).await.context("the database cannot be asked")?;
    found.ok_or_else(|| Failure::usage(anyhow!("no dealership has the code {code:?}")))
}
