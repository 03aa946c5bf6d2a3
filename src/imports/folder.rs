//! A watched folder: `KIND*.csv` that is dropped there is imported, and moved to `done/` or `rejected/`.
use std::{
    collections::HashMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{
    Kind,
    actions::{Failed, Wanted, import},
    rejected,
};
use crate::{
    app::App,
    db,
    dealerships::{self, Dealership},
};

/// Size and time of each file at the last look.
pub type Seen = HashMap<PathBuf, (u64, SystemTime)>;

/// Looks again and again until the process is told to stop.
pub async fn watch(app: App) {
    let Some(folder) = app.config.imports.folder.clone() else { return };
    let mut seen = Seen::new();
    let every = app.config.imports.look_every.get();
    while app.stopping.run_until_cancelled(wait(every)).await.is_some() {
        match look(&app, &folder, &mut seen).await {
            Ok(0) => {}
            Ok(files) => tracing::info!(files, "files of the watched folder were imported"),
            Err(error) => tracing::warn!(error = format!("{error:#}"), "the watched folder cannot be looked at"),
        }
    }
}

pub(super) async fn wait(time: Duration) {
    #[expect(clippy::disallowed_methods, reason = "a folder rings no bell")]
    tokio::time::sleep(time).await;
}

/// Imports what lies there finished; how many files that were.
///
/// # Errors
/// The folder or the database cannot be read.
pub async fn look(app: &App, folder: &Path, seen: &mut Seen) -> anyhow::Result<usize> {
    let mut found = Seen::new();
    let mut ready = Vec::new();
    for (place, dealership) in places(app, folder).await? {
        for (file, kind, state) in files(&place)? {
            if seen.get(&file) == Some(&state) {
                ready.push((file.clone(), kind, Arc::clone(&dealership)));
            }
            found.insert(file, state);
        }
    }
    *seen = found;
    // People before what they do.
    ready.sort_by_key(|(file, kind, _)| (Kind::ALL.iter().position(|one| one == kind), file.clone()));
    let mut taken = 0;
    for (file, kind, dealership) in ready {
        if app.stopping.is_cancelled() {
            break;
        }
        taken += usize::from(take(app, &file, kind, dealership).await?);
    }
    Ok(taken)
}

/// The folder itself for the only dealership, and a folder below it for each code.
async fn places(app: &App, folder: &Path) -> db::Result<Vec<(PathBuf, Arc<Dealership>)>> {
    let mut tx = app.db.read().await?;
    let all: Vec<Arc<Dealership>> = dealerships::actions::all(&mut tx).await?.into_iter().map(Arc::new).collect();
    let mut places = Vec::new();
    if let [only] = all.as_slice() {
        places.push((folder.to_owned(), Arc::clone(only)));
    }
    places.extend(all.into_iter().map(|one| (folder.join(&one.code), one)).filter(|(place, _)| place.is_dir()));
    Ok(places)
}

/// A file with what it is about, its length and when it was changed.
type Dropped = (PathBuf, Kind, (u64, SystemTime));

fn files(place: &Path) -> io::Result<Vec<Dropped>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(place)? {
        let entry = entry?;
        let Some(kind) = entry.file_name().to_str().and_then(Kind::of_file) else { continue };
        let about = entry.metadata()?;
        if about.is_file() {
            files.push((entry.path(), kind, (about.len(), about.modified()?)));
        }
    }
    Ok(files)
}

/// Imports one file and moves it; false when another process has it.
async fn take(app: &App, file: &Path, kind: Kind, dealership: Arc<Dealership>) -> anyhow::Result<bool> {
    // Held until it is moved. A process that dies lets go of it, and the file is read again: what was taken is known then.
    let Ok(lock) = File::open(file) else { return Ok(false) };
    if lock.try_lock().is_err() {
        return Ok(false);
    }
    let source = app.config.imports.source.clone();
    let wanted = Wanted { kind, file: file.to_owned(), dealership, source, dry_run: false };
    let place = file.parent().unwrap_or(Path::new("."));
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    match import(app, &wanted, &|_, _| ()).await {
        Ok(summary) => {
            let (rows, news, refused) = (summary.rows, summary.taken, summary.rejected);
            tracing::info!(kind = kind.word(), rows, news, rejected = refused, "a file was imported");
            let to = place.join(if summary.rejected_file.is_some() { "rejected" } else { "done" });
            put_away(app, file, &to, &name)?;
        }
        Err(Failed::Unusable(error)) => {
            tracing::warn!(
                kind = kind.word(),
                error = format!("{error:#}"),
                "a file cannot be used: it is in rejected/"
            );
            let to = place.join("rejected");
            put_away(app, file, &to, &name)?;
            fs::write(rejected::beside(&to.join(&name)).with_extension("txt"), format!("{error:#}\n"))?;
        }
        // It stays, and is read again.
        Err(Failed::Broken(error)) => return Err(error),
    }
    drop(lock);
    Ok(true)
}

/// Moves a file with the rows of it that were rejected.
fn put_away(app: &App, file: &Path, to: &Path, name: &str) -> io::Result<()> {
    let beside = rejected::beside(file);
    if beside.exists() {
        put(app, &beside, to, &format!("{name}.rejected.csv"))?;
    }
    put(app, file, to, name)
}

/// Moves a file; one of the same name that lies there already keeps it, and this one is named by the time too.
fn put(app: &App, file: &Path, to: &Path, name: &str) -> io::Result<()> {
    fs::create_dir_all(to)?;
    let mut target = to.join(name);
    if target.exists() {
        let at = app.ids.clock.now().get().strftime("%Y%m%dT%H%M%S").to_string();
        target = to.join(format!("{at}-{name}"));
    }
    fs::rename(file, target)
}
