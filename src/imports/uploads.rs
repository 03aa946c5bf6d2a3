//! Files that were chosen in a browser: kept on disk until they were looked at and imported by the person who chose them.
//!
//! Each has a folder of its own, which nobody else on the machine can read: the file, what is known of it (`about.json`), and
//! later the rows that were rejected. The file goes as soon as it was imported, everything else after `imports.keep_uploads`.
pub mod arriving;
pub mod work;

use std::{
    fs::{self, File},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Kind, Summary, rejected};
use crate::{
    app::App,
    clock::Timestamp,
    dealerships::Dealership,
    id::{Entity, Id},
    staff::Staff,
};

/// The most files of one person that wait to be imported.
pub const MOST_WAITING: usize = 5;
/// Of one person, so many are remembered that were imported.
const MOST_DONE: usize = 20;
const FILE: &str = "file.csv";
const ABOUT: &str = "about.json";
const PROGRESS: &str = "progress";

/// A file that was uploaded (`upl_`).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Upload {
    pub id: Id<Upload>,
    pub dealership_id: Id<Dealership>,
    /// Who chose it: nobody else sees it.
    pub by: Id<Staff>,
    pub kind: Kind,
    /// As they call it.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// The system it comes from.
    pub source: String,
    pub at: Timestamp,
    pub state: State,
    /// What would come of it.
    pub judged: Option<Summary>,
    /// What came of it.
    pub imported: Option<Summary>,
    /// Why it cannot be used.
    pub why: Option<String>,
}
impl Entity for Upload {
    const PREFIX: &'static str = "upl";
}

/// How far a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is being looked at.
    Arrived,
    /// A person judges it.
    Judged,
    /// It is being imported.
    Wanted,
    Imported,
    Unusable,
}

impl State {
    pub fn word(self) -> &'static str {
        match self {
            Self::Arrived => "arrived",
            Self::Judged => "judged",
            Self::Wanted => "wanted",
            Self::Imported => "imported",
            Self::Unusable => "unusable",
        }
    }
    /// Somebody or something has still to do with its rows.
    fn is_open(self) -> bool {
        !matches!(self, Self::Imported | Self::Unusable)
    }
}

/// The folder of one upload.
#[derive(Clone, Debug)]
pub struct Place(PathBuf);

impl Place {
    /// Where an upload is, or was.
    pub fn of(app: &App, id: Id<Upload>) -> Self {
        Self(named(app).join(id.to_string()))
    }
    /// Makes the folder of a new one.
    fn make(app: &App, id: Id<Upload>) -> anyhow::Result<Self> {
        let place = Self(folder(app)?.join(id.to_string()));
        fs::DirBuilder::new().mode(0o700).create(&place.0)?;
        Ok(place)
    }
    fn file(&self) -> PathBuf {
        self.0.join(FILE)
    }
    /// Where the rows are that were rejected.
    pub fn rejected(&self) -> PathBuf {
        rejected::beside(&self.file())
    }
    /// None when it is not here, not any more, or damaged by a loss of power: then it is thrown away in time.
    ///
    /// # Errors
    /// The disk cannot be read.
    pub fn read(&self) -> anyhow::Result<Option<Upload>> {
        match fs::read(self.0.join(ABOUT)) {
            Ok(text) => Ok(serde_json::from_slice(&text).ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(anyhow!(error).context("what is known of an upload cannot be read")),
        }
    }
    /// At once or not at all, whenever the process dies.
    fn write(&self, upload: &Upload) -> anyhow::Result<()> {
        let (new, about) = (self.0.join("about.new"), self.0.join(ABOUT));
        fs::write(&new, serde_json::to_vec(upload)?)?;
        fs::rename(new, about).context("what is known of an upload cannot be written")
    }
    /// Held while something is done with the file; none when somebody else holds it, or the file has gone.
    fn lock(&self) -> Option<File> {
        let file = File::open(self.file()).ok()?;
        file.try_lock().ok()?;
        Some(file)
    }
    /// Percent of what is being done.
    pub fn progress(&self) -> u64 {
        fs::read_to_string(self.0.join(PROGRESS)).ok().and_then(|text| text.parse().ok()).unwrap_or_default()
    }
    fn remove(&self) -> io::Result<()> {
        fs::remove_dir_all(&self.0)
    }
}

/// What somebody uploaded at a dealership, the newest first.
///
/// # Errors
/// The disk cannot be read.
pub fn of(app: &App, dealership: Id<Dealership>, by: Id<Staff>) -> anyhow::Result<Vec<Upload>> {
    let mut uploads = Vec::new();
    for place in places(&named(app))? {
        uploads.extend(place.read()?.filter(|one| one.dealership_id == dealership && one.by == by));
    }
    uploads.sort_by_key(|one| std::cmp::Reverse(one.id));
    Ok(uploads)
}

/// One upload, when it is theirs.
///
/// # Errors
/// The disk cannot be read.
pub fn one_of(
    app: &App,
    id: Id<Upload>,
    (dealership, by): (Id<Dealership>, Id<Staff>),
) -> anyhow::Result<Option<Upload>> {
    Ok(Place::of(app, id).read()?.filter(|one| one.dealership_id == dealership && one.by == by))
}

fn places(folder: &Path) -> io::Result<Vec<Place>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut places = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let is_ours = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| id_of(name).is_some());
        if is_ours {
            places.push(Place(path));
        }
    }
    Ok(places)
}

fn id_of(name: &str) -> Option<Id<Upload>> {
    name.parse().ok()
}

/// Where uploads are, whether it is there or not.
fn named(app: &App) -> PathBuf {
    if let Some(folder) = &app.config.imports.uploads {
        return folder.clone();
    }
    if let Some(database) = app.db.file() {
        let mut beside = database.as_os_str().to_owned();
        beside.push(".uploads");
        return beside.into();
    }
    // One folder for each database, because only its own servers know whose file it is.
    let database = app.config.database.url.expose_secret();
    let mut known = url::Url::parse(database).ok();
    if let Some(url) = &mut known {
        let _ = url.set_password(None);
    }
    let name = Sha256::digest(known.map_or_else(String::new, String::from));
    std::env::temp_dir().join(format!("aftercare-uploads-{}", crate::id::hex(&name[..8])))
}

/// The same, made where it is not there yet.
fn folder(app: &App) -> anyhow::Result<PathBuf> {
    let folder = named(app);
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
    made.with_context(|| format!("cannot make {}: set imports.uploads", folder.display()))?;
    // Among the files of everybody, somebody may have made one of this name before us to read what comes.
    let about = fs::symlink_metadata(&folder)?;
    let is_chosen = app.config.imports.uploads.is_some();
    if !is_chosen && (!about.is_dir() || about.mode() & 0o077 != 0 || about.uid() != fs::metadata("/proc/self")?.uid())
    {
        return Err(anyhow!("{} is not for us alone: remove it, or set imports.uploads", folder.display()));
    }
    Ok(folder)
}
