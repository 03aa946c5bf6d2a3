//! `aftercare backup`: a consistent copy of an `SQLite` database, also while it is being used.

use std::path::PathBuf;

use anyhow::anyhow;

use super::{Failure, open_to_look, out::outln};
use crate::{config::Config, copies::actions};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where the copy goes; nothing may be there yet.
    file: PathBuf,
}

pub(super) async fn run(args: Args, settings: Config) -> Result<(), Failure> {
    let app = Box::pin(open_to_look(settings)).await?;
    let done = if app.db.is_sqlite() {
        actions::backup(&app, &args.file).await.map_err(Failure::from)
    } else {
        Err(Failure::usage(anyhow!(
            "this database is on PostgreSQL, which copies itself: pg_dump --format=custom --file={}",
            args.file.display()
        )))
    };
    app.db.close().await;
    let bytes = done?;
    outln!(
        "{}: {bytes} bytes; what is open in it is held when it is started, until aftercare queue release",
        args.file.display()
    );
    Ok(())
}
