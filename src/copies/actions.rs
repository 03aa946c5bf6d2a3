//! The verbs of copies: make one, hold what is open in it, let it go.
use std::path::Path;

use anyhow::{Context, bail};

use super::store;
use crate::{
    app::App,
    clock::Timestamp,
    db::{self, Bell, Db, Tx, Weight},
    jobs, notices,
};

/// Whoever waits for what is let go.
const LANES: [Bell; 10] = [
    jobs::COMPOSE,
    jobs::POST_EMAIL_URGENT,
    jobs::POST_EMAIL_BULK,
    jobs::POST_SMS_URGENT,
    jobs::POST_SMS_BULK,
    jobs::POST_WECHAT_URGENT,
    jobs::POST_WECHAT_BULK,
    jobs::POST_WECOM_URGENT,
    jobs::POST_WECOM_BULK,
    jobs::HOOKS,
];

/// Copies the database into a file, which is there whole or not at all; how many bytes it has.
///
/// # Errors
/// When something is there already, or the disk does not take it.
pub async fn backup(app: &App, file: &Path) -> anyhow::Result<u64> {
    if file.exists() {
        bail!("{} is there already: name a new file", file.display());
    }
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    let part = Path::new(&part);
    if part.exists() {
        std::fs::remove_file(part).context("what an earlier backup left cannot be removed")?;
    }
    app.db.copy_into(part).await.with_context(|| format!("cannot copy the database to {}", file.display()))?;
    let copy = Db::open_file(part).await.context("the copy cannot be opened")?;
    let (id, now) = (app.ids.next(), app.ids.clock.now());
    let marked: db::Result<()> =
        copy.write(Weight::OWN, move |tx| Box::pin(async move { store::mark(tx, id, now).await })).await;
    copy.close().await;
    marked.context("the copy cannot be marked as one")?;
    let written = std::fs::File::open(part).context("the copy is gone")?;
    written.sync_all().context("the copy did not reach the disk")?;
    std::fs::rename(part, file).with_context(|| format!("cannot name the copy {}", file.display()))?;
    let bytes = written.metadata().context("the copy cannot be looked at")?.len();
    if let Err(error) = note(app, bytes).await {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(error, "the backup is made; that it was could not be written down");
    }
    Ok(bytes)
}

/// Writes down that a backup was made, so that somebody is told when none was for long.
async fn note(app: &App, bytes: u64) -> db::Result<()> {
    let (id, now) = (app.ids.next(), app.ids.clock.now());
    let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
    app.db.write(Weight::OWN, move |tx| Box::pin(store::made(tx, id, bytes, now))).await
}

/// When the last backup was made by [`backup`].
pub async fn last(tx: &mut Tx) -> db::Result<Option<Timestamp>> {
    store::last(tx).await
}

/// Holds what is open, where this database is a copy that was not started before; whether it was.
pub async fn hold(app: &App) -> db::Result<bool> {
    if !store::is_new_copy(&mut app.db.read().await?).await? {
        return Ok(false);
    }
    let now = app.ids.clock.now();
    app.db.write(Weight::OWN, move |tx| Box::pin(async move { store::hold(tx, now).await })).await
}

/// Lets go what a copy held: how many notices and messages. Where somebody called messages off meanwhile, their notices go on
/// as they would have then.
pub async fn release(app: &App) -> db::Result<(usize, u64)> {
    let (ids, now) = (app.ids.clone(), app.ids.clock.now());
    app.db
        .write(Weight::OWN, move |tx| {
            let ids = ids.clone();
            Box::pin(async move {
                let (released, messages) = store::release(tx, now).await?;
                notices::actions::messages_ended(tx, &ids, &released, now).await?;
                for bell in LANES {
                    tx.ring(bell);
                }
                Ok((released.len(), messages))
            })
        })
        .await
}
