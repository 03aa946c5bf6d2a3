//! The database: there, of this program's schema, writable, quick enough, and with room beside it.
use std::path::Path;

use secrecy::ExposeSecret;
use tokio::time::{Instant, timeout};

use super::{Finding, LIMIT, apart, house, store};
use crate::{
    config::Config,
    db::{self, Db, OpenError, SchemaState, Weight},
    id::Ids,
};

/// A commit that takes longer keeps everybody waiting.
const SLOW: u128 = 500;
/// Bytes free beside the file.
const FEW: u64 = 1 << 30;
const TOO_FEW: u64 = 100 << 20;

/// The database, and what can only be asked of one that opens.
pub(super) async fn look(config: &Config, ids: &Ids) -> Vec<Finding> {
    let url = config.database.url.expose_secret();
    let file = db::file_in(url);
    let subject = file.as_ref().map_or_else(|| "PostgreSQL".to_owned(), |file| file.display().to_string());
    if file.as_ref().is_some_and(|file| !file.exists()) {
        let to_do = "run aftercare migrate, or correct database.url";
        return vec![Finding::bad("database", subject, "there is no such file", to_do)];
    }
    let db = match timeout(LIMIT, Db::open(url, &ids.clock)).await {
        Ok(Ok(db)) => db,
        Ok(Err(error)) => return vec![not_opened(&subject, &error)],
        Err(_) => {
            let found = format!("no answer within {} s", LIMIT.as_secs());
            let to_do = "see whether the server of database.url runs and can be reached from here";
            return vec![Finding::bad("database", subject, found, to_do)];
        }
    };
    let mut found = file.as_deref().map(room).into_iter().collect::<Vec<_>>();
    found.extend(opened(&db, &subject, config, ids).await);
    // What was found is worth more than a connection that is closed in good order.
    _ = timeout(LIMIT, db.close()).await;
    found
}

fn not_opened(subject: &str, error: &OpenError) -> Finding {
    let check = if matches!(error, OpenError::ClockDiffers(_)) { "clock" } else { "database" };
    let to_do = match error {
        OpenError::ClockDiffers(_) => "set both clocks by NTP (timedatectl set-ntp true)",
        OpenError::NotDurable(_) => "correct postgresql.conf: what is answered 202 must survive a power cut",
        OpenError::NotTaken(_) => "put the file on a local disk",
        _ => "check database.url, its user and password, and that the folder or server is there",
    };
    Finding::bad(check, subject, error.to_string(), to_do)
}

async fn opened(db: &Db, subject: &str, config: &Config, ids: &Ids) -> Vec<Finding> {
    let schema = match timeout(LIMIT, db.schema()).await {
        Ok(Ok(schema)) => schema,
        Ok(Err(error)) => return vec![unanswered(subject, &error.to_string())],
        Err(_) => return vec![unanswered(subject, "no answer in time")],
    };
    match schema {
        SchemaState::Current => {}
        SchemaState::Older => {
            let found = "its schema is older than this program, or it is new";
            return vec![Finding::bad("database", subject, found, "run aftercare migrate; make a backup before")];
        }
        SchemaState::Newer => {
            let found = "its schema is newer than this program";
            return vec![Finding::bad("database", subject, found, "start the newer program, or restore a backup")];
        }
    }
    let mut found = vec![match timeout(LIMIT, commit(db, ids)).await {
        Ok(Ok(took)) => quick(subject, took),
        Ok(Err(error)) => {
            Finding::bad("database", subject, format!("cannot be written: {error}"), "look at its disk and its rights")
        }
        Err(_) => {
            let to_do = "see who holds it locked, and whether its disk is well";
            Finding::bad("database", subject, "cannot be written: no answer in time", to_do)
        }
    }];
    if !db.is_sqlite() {
        found.extend(clock(db, ids).await);
    }
    match timeout(LIMIT, house::look(db, config, ids.clock.now())).await {
        Ok(Ok(more)) => found.extend(more),
        Ok(Err(error)) => found.push(unanswered(subject, &error.to_string())),
        Err(_) => found.push(unanswered(subject, "no answer in time")),
    }
    found
}

fn unanswered(subject: &str, why: &str) -> Finding {
    Finding::bad("database", subject, format!("cannot be read: {why}"), "aftercare fsck; look at its disk and its log")
}

/// Milliseconds that a small commit took.
async fn commit(db: &Db, ids: &Ids) -> db::Result<u128> {
    let (id, now) = (ids.next(), ids.clock.now());
    let begun = Instant::now();
    db.write::<_, db::Error, _>(Weight::OWN, move |tx| Box::pin(store::touch(tx, id, now))).await?;
    Ok(begun.elapsed().as_millis())
}

fn quick(subject: &str, took: u128) -> Finding {
    let found = format!("its schema is this program's, and a commit took {took} ms");
    if took <= SLOW {
        return Finding::ok("database", subject, found);
    }
    Finding::warn("database", subject, found, "it should take a few: a local disk that is not busy with something else")
}

async fn clock(db: &Db, ids: &Ids) -> Option<Finding> {
    let mut tx = db.read().await.ok()?;
    let theirs = store::clock(&mut tx).await.ok()?;
    Some(apart("PostgreSQL", theirs.since(ids.clock.now()).as_secs()))
}

fn room(file: &Path) -> Finding {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let subject = folder.display().to_string();
    let to_do = "make room: without any the database takes nothing more in";
    match rustix::fs::statvfs(folder) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let found = format!("{} MiB free", free >> 20);
            match free {
                ..TOO_FEW => Finding::bad("disk", subject, found, to_do),
                TOO_FEW..FEW => Finding::warn("disk", subject, found, to_do),
                FEW.. => Finding::ok("disk", subject, found),
            }
        }
        Err(error) => Finding::warn("disk", subject, format!("could not be looked at: {error}"), "look with df"),
    }
}
