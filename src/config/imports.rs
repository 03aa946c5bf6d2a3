//! Settings of files that other systems give us: where they lie, how long, how large.
use std::path::PathBuf;

use serde::Deserialize;

use super::Span;

/// Files of a dealer management system.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imports {
    /// Looked into by `serve`: `KIND*.csv` there is imported. None = nothing is watched.
    pub folder: Option<PathBuf>,
    /// NAME.toml in it lays a source's own headers, words and order of days over ours.
    pub mappings: Option<PathBuf>,
    /// The source of files in the folder, and of files for which nobody says another.
    pub source: String,
    /// How often the folder is looked at.
    pub look_every: Span,
    /// Where uploaded files wait; none = beside an `SQLite` file, else among the temporary files.
    pub uploads: Option<PathBuf>,
    /// Bytes of one uploaded file.
    pub upload_limit: usize,
    pub keep_uploads: Span,
}
