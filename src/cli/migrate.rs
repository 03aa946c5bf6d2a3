//! `aftercare migrate`: brings the database up to date.
use super::{Failure, open};
use crate::config::Config;

pub(super) async fn run(settings: Config) -> Result<(), Failure> {
    let app = open(settings, true).await?;
    app.db.close().await;
    Ok(())
}
