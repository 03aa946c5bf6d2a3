//! The files of the notices: embedded ones, and a folder that puts its own in place of a kind's.
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

#[derive(rust_embed::Embed)]
#[folder = "templates/notices/"]
struct Embedded;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 64 * 1024;

/// Why the files of the notices cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("cannot read {path}")]
    Unreadable {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{path} is larger than 64 KB or not UTF-8")]
    NotText { path: PathBuf },
}

/// Every file by kind and by its path inside the kind's folder.
///
/// A folder in the override replaces the embedded folder of that name whole: a dealership that changes one text copies the
/// kind's folder, and nobody has to guess which half of it an update may still change. `layout` is such a folder too.
#[derive(Clone, Debug, Default)]
pub struct Sources(BTreeMap<String, BTreeMap<String, File>>);

/// One file: its text, and where it came from for messages to people.
#[derive(Clone, Debug)]
pub struct File {
    pub text: String,
    pub path: Box<str>,
}

impl Sources {
    /// Reads the embedded files and those of `over`, once, at start.
    pub fn read(over: Option<&Path>) -> Result<Self, SourceError> {
        let mut folders = BTreeMap::<String, BTreeMap<String, File>>::new();
        for name in Embedded::iter() {
            let (Some((folder, inside)), Some(file)) = (name.split_once('/'), Embedded::get(&name)) else {
                continue;
            };
            let path = format!("templates/notices/{name}");
            let text = String::from_utf8(file.data.into_owned())
                .map_err(|_| SourceError::NotText { path: path.clone().into() })?;
            let file = File { text, path: path.into() };
            folders.entry(folder.to_owned()).or_default().insert(inside.to_owned(), file);
        }
        if let Some(over) = over {
            for (name, path) in entries(over)? {
                if path.is_dir() {
                    let mut files = BTreeMap::new();
                    gather(&path, "", &mut files, 2)?;
                    folders.insert(name, files);
                }
            }
        }
        borrow(&mut folders);
        Ok(Self(folders))
    }

    /// The kinds' folders: those with a dot in their name, in order.
    pub fn kinds(&self) -> impl Iterator<Item = (&str, &BTreeMap<String, File>)> {
        self.0.iter().filter(|(name, _)| name.contains('.')).map(|(name, files)| (name.as_str(), files))
    }
    /// The layout and one kind, some of whose files are these.
    #[must_use]
    pub fn with(&self, kind: &str, files: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut folders: BTreeMap<_, _> = self
            .0
            .iter()
            .filter(|(name, _)| *name == "layout" || *name == kind)
            .map(|(name, all)| (name.clone(), all.clone()))
            .collect();
        let own = folders.entry(kind.to_owned()).or_default();
        for (inside, text) in files {
            let path = format!("{kind}/{inside}").into();
            own.insert(inside, File { text, path });
        }
        Self(folders)
    }
    /// The text of a kind's file.
    pub fn text(&self, kind: &str, inside: &str) -> Option<&str> {
        Some(self.0.get(kind)?.get(inside)?.text.as_str())
    }
    /// The files that all kinds share.
    pub fn layout(&self) -> impl Iterator<Item = (&str, &File)> {
        self.0.get("layout").into_iter().flatten().map(|(name, file)| (name.as_str(), file))
    }
}

/// A kind whose notice.toml says `texts_of` is said in the words of that kind, whoever wrote them.
fn borrow(folders: &mut BTreeMap<String, BTreeMap<String, File>>) {
    #[derive(serde::Deserialize)]
    struct Borrowing {
        texts_of: String,
    }
    let lender = |files: &BTreeMap<String, File>| {
        let declared = files.get("notice.toml")?;
        toml::from_str::<Borrowing>(&declared.text).ok().map(|borrowing| borrowing.texts_of)
    };
    let borrowing: Vec<(String, String)> =
        folders.iter().filter_map(|(kind, files)| Some((kind.clone(), lender(files)?))).collect();
    for (kind, lender) in borrowing {
        let texts = folders.get(&lender).cloned().unwrap_or_default();
        let own = folders.entry(kind).or_default();
        for (inside, file) in texts {
            own.entry(inside).or_insert(file);
        }
    }
}

fn gather(folder: &Path, prefix: &str, files: &mut BTreeMap<String, File>, depth: usize) -> Result<(), SourceError> {
    for (name, path) in entries(folder)? {
        if path.is_dir() {
            if depth > 0 {
                gather(&path, &format!("{prefix}{name}/"), files, depth - 1)?;
            }
            continue;
        }
        let unreadable = |source| SourceError::Unreadable { path: path.clone(), source };
        let size = fs::metadata(&path).map_err(unreadable)?.len();
        let text = (size <= LARGEST).then(|| fs::read(&path)).transpose().map_err(unreadable)?;
        let text = text
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| SourceError::NotText { path: path.clone() })?;
        let path = path.display().to_string().into();
        files.insert(format!("{prefix}{name}"), File { text, path });
    }
    Ok(())
}

/// Names and paths in a folder, in order, without hidden ones.
fn entries(folder: &Path) -> Result<BTreeMap<String, PathBuf>, SourceError> {
    let unreadable = |source| SourceError::Unreadable { path: folder.to_owned(), source };
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            found.insert(name, entry.path());
        }
    }
    Ok(found)
}
