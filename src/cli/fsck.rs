//! `aftercare fsck`: one line for each violation of what must always be true.

use anyhow::{Context, anyhow};

use super::{Failure, open_as_it_is, out::outln};
use crate::{config::Config, fsck};

pub(super) async fn run(settings: Config) -> Result<(), Failure> {
    // Not made ready first: who is to be erased again is one of the things to be found.
    let app = open_as_it_is(settings).await?;
    let found = fsck::check(&app).await.context("the database cannot be read");
    app.db.close().await;
    let found = found?;
    for violation in &found {
        outln!("{violation}");
    }
    if found.is_empty() {
        outln!("{} invariants hold", fsck::COUNT);
        return Ok(());
    }
    Err(anyhow!("{} violations: keep a copy of the database before anything else", found.len()).into())
}
