//! `aftercare doctor`: what is well, what is not, and what to do about it.
use std::path::Path;

use anyhow::anyhow;

use super::{Failure, out::outln};
use crate::{
    app,
    config::{self, Config},
    doctor::{self, Level},
    id::{Ids, Random},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// One JSON object a line: level, check, subject, found, `to_do`.
    #[arg(long)]
    json: bool,
}

/// `file`: what --config names.
pub(super) async fn run(args: Args, settings: Config, file: Option<&Path>) -> Result<(), Failure> {
    let ids = Ids { clock: app::clock(), random: Random::system() };
    let found = doctor::look(&settings, file.unwrap_or(Path::new(config::FILE)), &ids).await;
    for finding in &found {
        if args.json {
            outln!("{}", serde_json::to_string(finding).map_err(anyhow::Error::from)?);
        } else {
            outln!("{finding}");
        }
    }
    let bad = found.iter().filter(|finding| finding.level == Level::Bad).count();
    if bad == 0 {
        return Ok(());
    }
    Err(Failure::Failed(anyhow!("{bad} of {} findings are bad: do what stands behind each", found.len())))
}
