//! The verb of imports: a file is read to its end.
use std::{io, path::PathBuf, sync::Arc};

use anyhow::{Context, anyhow};

use super::{
    Kind, Summary,
    batches::Importer,
    news::{Naming, PREFIX},
    reading::Source,
    rejected::{self, Rejected},
    statuses::Mapping,
};
use crate::{app::App, clock::Timestamp, dealerships::Dealership};

/// What is to be imported.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub kind: Kind,
    pub file: PathBuf,
    pub dealership: Arc<Dealership>,
    /// The system it comes from, a word: `dms`. Its events have the source `/csv/NAME/KIND`.
    pub source: String,
    /// Understand everything, store nothing.
    pub dry_run: bool,
}

/// Why a file was not read to its end.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// It is not a file of this kind, cannot be opened, or is damaged: reading it again changes nothing. What stands before the
    /// damage was taken.
    #[error("{0:#}")]
    Unusable(anyhow::Error),
    /// The database or the disk failed in the middle: read it again, what was taken is known then.
    #[error("{0:#}")]
    Broken(anyhow::Error),
}

/// How far it is: bytes read, and of how many.
pub type Progress<'a> = &'a (dyn Fn(u64, u64) + Send + Sync);

/// Reads a file to its end.
///
/// # Errors
/// [`Failed`]; rows that are wrong are no error, they are in the summary and in FILE.rejected.csv.
pub async fn import(app: &App, wanted: &Wanted, progress: Progress<'_>) -> Result<Summary, Failed> {
    if !is_name(&wanted.source) {
        let why = anyhow!("{:?} is no name of a source: use letters, digits, - and _", wanted.source);
        return Err(Failed::Unusable(why));
    }
    let region = &wanted.dealership.region;
    let mapping =
        Mapping::of(&wanted.source, region, app.config.imports.mappings.as_deref()).map_err(Failed::Unusable)?;
    let made_at = made_at(wanted, app.ids.clock.now()).map_err(Failed::Unusable)?;
    let mut source =
        Source::open(wanted.file.clone(), wanted.kind, &mapping, region).await.map_err(Failed::Unusable)?;
    let rejected = if wanted.dry_run {
        None
    } else {
        let rejected = Rejected::new(rejected::beside(&wanted.file), &source.header);
        Some(rejected.context("FILE.rejected.csv of an earlier run cannot be replaced").map_err(Failed::Unusable)?)
    };
    let mut importer = Importer {
        app,
        dealership: Arc::clone(&wanted.dealership),
        kind: wanted.kind,
        naming: Naming {
            source: format!("{PREFIX}{}/{}", wanted.source, wanted.kind.word()),
            dealership: wanted.dealership.code.clone(),
            made_at,
        },
        mapping,
        columns: source.columns.clone(),
        header: source.header.clone(),
        summary: Summary {
            is_dry: wanted.dry_run,
            encoding: source.encoding.to_owned(),
            delimiter: source.delimiter.into(),
            columns: source.columns.named(&source.header),
            unknown_columns: source.columns.unknown.clone(),
            ..Summary::default()
        },
        rejected,
    };
    while let Some(batch) = source.next().await {
        if app.stopping.is_cancelled() {
            return Err(Failed::Broken(anyhow!("the process is stopping; the file is read again at the next start")));
        }
        let batch = batch.map_err(cannot_go_on)?;
        importer.take(batch).await.map_err(Failed::Broken)?;
        progress(source.position(), source.length);
    }
    let mut summary = importer.summary;
    if let Some(rejected) = importer.rejected {
        let finished = rejected.finish().context("the rejected rows cannot be written");
        summary.rejected_file = finished.map_err(Failed::Broken)?;
    }
    Ok(summary)
}

/// A disk may come back; what is written in a file stays.
fn cannot_go_on(error: io::Error) -> Failed {
    let is_damaged = error.kind() == io::ErrorKind::InvalidData;
    let error = anyhow!(error).context("the file cannot be read any further");
    if is_damaged { Failed::Unusable(error) } else { Failed::Broken(error) }
}

/// When the file was last written: what it says without a time was true then. Never in the future.
fn made_at(wanted: &Wanted, now: Timestamp) -> anyhow::Result<Timestamp> {
    let cannot = || format!("cannot read {}", wanted.file.display());
    let modified = std::fs::metadata(&wanted.file).and_then(|about| about.modified()).with_context(cannot)?;
    let modified = jiff::Timestamp::try_from(modified).with_context(cannot)?;
    Ok(Timestamp::new(modified).min(now))
}

fn is_name(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    !text.is_empty() && text.len() <= 60 && text.bytes().all(fits)
}
