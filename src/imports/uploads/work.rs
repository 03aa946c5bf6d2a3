//! What is done with uploaded files: looked at, imported by the same piece as every other file, thrown away in time.
use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{
    super::{
        Summary,
        actions::{Failed, Wanted, import},
        folder,
    },
    PROGRESS, Place, State, Upload,
};
use crate::{
    app::App,
    db::{self, Weight},
    dealerships::Dealership,
    id::Id,
    timeline::{self, Entry},
};

/// A page waits so long for what it began; a small file is done by then.
const AT_ONCE: Duration = Duration::from_secs(3);

/// Looks again and again for what a process that died has left, and for what is too old, until the process is told to stop.
pub async fn watch(app: App) {
    let every = app.config.imports.look_every.get();
    while app.stopping.run_until_cancelled(folder::wait(every)).await.is_some() {
        if let Err(error) = look(&app).await {
            tracing::warn!(error = format!("{error:#}"), "the uploads cannot be looked at");
        }
    }
}

/// Goes on with what was begun, and throws away what is too old.
///
/// # Errors
/// The disk or the database fails.
pub async fn look(app: &App) -> anyhow::Result<()> {
    let keep = app.config.imports.keep_uploads.signed();
    let now = app.ids.clock.now();
    for place in super::places(&super::named(app))? {
        let Some(upload) = place.read()? else {
            // It never arrived whole: nobody writes for longer than a request takes.
            let modified = fs::metadata(&place.0).and_then(|about| about.modified());
            let began = modified.ok().and_then(|at| jiff::Timestamp::try_from(at).ok());
            if began.is_none_or(|at| crate::clock::Timestamp::new(at).plus(keep) < now) {
                place.remove()?;
            }
            continue;
        };
        if upload.at.plus(keep) < now && upload.state != State::Wanted {
            place.remove()?;
            continue;
        }
        // One that cannot be gone on with keeps no other waiting.
        if let Err(error) = work(app, upload.id).await {
            tracing::warn!(error = format!("{error:#}"), "an upload waits: it is taken up again");
        }
        if !upload.state.is_open() {
            forget(&place);
        }
    }
    Ok(())
}

/// Begins with a file, and waits a moment for its end.
pub async fn begin(app: &App, id: Id<Upload>) {
    let app = app.clone();
    let task = tokio::spawn(async move {
        if let Err(error) = work(&app, id).await {
            tracing::warn!(error = format!("{error:#}"), "an upload waits: it is taken up again");
        }
    });
    // What takes longer goes on by itself.
    let _ = tokio::time::timeout(AT_ONCE, task).await;
}

/// Looks at a file that arrived, or imports one that is wanted; nothing when another process is at it.
///
/// # Errors
/// The disk or the database fails in the middle: the file stays, and is taken up again.
pub async fn work(app: &App, id: Id<Upload>) -> anyhow::Result<()> {
    let place = Place::of(app, id);
    // Held to the end. A process that dies lets go of it, and the file is read again: what was taken is known then.
    let Some(lock) = place.lock() else { return Ok(()) };
    let Some(mut upload) = place.read()? else { return Ok(()) };
    let dry_run = match upload.state {
        State::Arrived => true,
        State::Wanted => false,
        State::Judged | State::Imported | State::Unusable => return Ok(()),
    };
    let Some(dealership) = app.directory.by_id(upload.dealership_id).await? else { return Ok(()) };
    let wanted = Wanted {
        kind: upload.kind,
        file: place.file(),
        dealership: Arc::clone(&dealership),
        source: upload.source.clone(),
        dry_run,
    };
    let shown = AtomicU64::new(0);
    let progress = |read: u64, length: u64| {
        let percent = read.min(length) * 100 / length.max(1);
        if shown.swap(percent, Ordering::Relaxed) != percent {
            let _ = fs::write(place.0.join(PROGRESS), percent.to_string());
        }
    };
    match import(app, &wanted, &progress).await {
        Ok(summary) if dry_run => {
            upload.state = State::Judged;
            upload.judged = Some(summary);
        }
        Ok(summary) => {
            write_line(app, &upload, &dealership, &summary).await?;
            upload.state = State::Imported;
            upload.imported = Some(summary);
        }
        Err(Failed::Unusable(error)) => {
            upload.state = State::Unusable;
            upload.why = Some(format!("{error:#}").replace(&place.file().display().to_string(), &upload.name));
        }
        Err(Failed::Broken(error)) => return Err(error),
    }
    place.write(&upload)?;
    if !upload.state.is_open() {
        forget(&place);
    }
    let _ = fs::remove_file(place.0.join(PROGRESS));
    drop(lock);
    Ok(())
}

/// The file's rows are in, or never will be: nothing more needs it.
fn forget(place: &Place) {
    let _ = fs::remove_file(place.file());
}

/// That a person wants what they judged; false when it is not theirs to want any more.
///
/// # Errors
/// The disk cannot be written.
pub fn want(app: &App, id: Id<Upload>) -> anyhow::Result<bool> {
    let place = Place::of(app, id);
    let Some(_lock) = place.lock() else { return Ok(false) };
    let Some(mut upload) = place.read()?.filter(|upload| upload.state == State::Judged) else { return Ok(false) };
    upload.state = State::Wanted;
    place.write(&upload)?;
    Ok(true)
}

/// Throws one away; false while something is done with it.
///
/// # Errors
/// The disk cannot be written.
pub fn throw_away(app: &App, upload: &Upload) -> anyhow::Result<bool> {
    let place = Place::of(app, upload.id);
    let lock = place.lock();
    if upload.state.is_open() && lock.is_none() {
        return Ok(false);
    }
    place.remove()?;
    Ok(true)
}

/// Who took how much of what in; the record holds no name of a file, which may be a customer's.
async fn write_line(app: &App, upload: &Upload, dealership: &Dealership, summary: &Summary) -> db::Result<()> {
    let mut line = Entry::new(app.ids.next(), dealership.id, app.ids.clock.now(), "import.finished");
    line.actor = Some(format!("staff:{}", upload.by));
    line.detail = serde_json::json!({
        "upload": upload.id, "content": upload.kind, "source": upload.source,
        "rows": summary.rows, "taken": summary.taken, "rejected": summary.rejected,
    });
    let written: db::Result<()> = app
        .db
        .write(Weight::ONE, move |tx| {
            let line = line.clone();
            Box::pin(async move { timeline::actions::write(tx, &[line]).await })
        })
        .await;
    written
}
