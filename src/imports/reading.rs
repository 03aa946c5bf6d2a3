//! A file as batches of records: opened and read on a thread of its own, a bounded number ahead of whoever takes them.
use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::{Context, anyhow};
use csv::StringRecord;
use tokio::sync::mpsc;

use super::{
    Kind,
    columns::{self, Columns, FIRST_ROWS},
    encoding::{self, AsUtf8, Detected},
    statuses::Mapping,
};

/// Rows of one batch: write transactions stay short, because `serve` may be running beside.
const ROWS: usize = 200;
/// The longest row, in bytes of UTF-8. A quote that is never closed would make one row of all that follows it.
const LONGEST_ROW: u64 = 1 << 20;
/// So much of a file is looked at for its delimiter.
const BEGINNING: u64 = 64 << 10;

/// A row and the line on which it stands.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) record: StringRecord,
}

/// An open file.
pub(super) struct Source {
    pub(super) columns: Columns,
    pub(super) header: StringRecord,
    pub(super) encoding: &'static str,
    pub(super) delimiter: u8,
    /// Bytes.
    pub(super) length: u64,
    read: Arc<AtomicU64>,
    batches: mpsc::Receiver<io::Result<Vec<Line>>>,
}

impl Source {
    /// # Errors
    /// It cannot be read, or none of its first rows is a header of this kind.
    pub(super) async fn open(path: PathBuf, kind: Kind, mapping: &Mapping, region: &str) -> anyhow::Result<Self> {
        let (words, region) = (mapping.columns.clone(), region.to_owned());
        tokio::task::spawn_blocking(move || {
            let found =
                look(&path, kind, &words, &region).with_context(|| format!("cannot read {}", path.display()))?;
            found.start().with_context(|| path.display().to_string())
        })
        .await
        .context("the file's reader ended by itself")?
    }
    pub(super) async fn next(&mut self) -> Option<io::Result<Vec<Line>>> {
        self.batches.recv().await
    }
    /// Bytes that are read.
    pub(super) fn position(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }
}

/// What was found about a file before its rows are read.
struct Found {
    file: File,
    detected: Detected,
    delimiter: u8,
    length: u64,
    kind: Kind,
    words: columns::Words,
}

fn look(path: &Path, kind: Kind, words: &columns::Words, region: &str) -> io::Result<Found> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let detected = encoding::detect(&file, region)?;
    file.seek(SeekFrom::Start(detected.mark))?;
    let mut beginning = Vec::new();
    AsUtf8::new((&file).take(BEGINNING), detected.encoding).read_to_end(&mut beginning)?;
    let delimiter = columns::delimiter(words, kind, &String::from_utf8_lossy(&beginning));
    file.seek(SeekFrom::Start(detected.mark))?;
    Ok(Found { file, detected, delimiter, length, kind, words: words.clone() })
}

impl Found {
    /// Finds the header, and lets a thread read on.
    fn start(self) -> anyhow::Result<Source> {
        let read = Arc::new(AtomicU64::new(self.detected.mark));
        let counted = Counted { from: BufReader::new(self.file), read: Arc::clone(&read) };
        let row = Arc::new(AtomicU64::new(0));
        let bounded = Bounded { from: AsUtf8::new(counted, self.detected.encoding), row: Arc::clone(&row) };
        let records =
            csv::ReaderBuilder::new().delimiter(self.delimiter).has_headers(false).flexible(true).from_reader(bounded);
        let mut records = Rows { records, row };
        let mut closest: Option<Columns> = None;
        for _ in 0..FIRST_ROWS {
            let mut header = StringRecord::new();
            if !records.read(&mut header)? {
                break;
            }
            let columns = self.words.read(self.kind, &header);
            if columns.missing(self.kind).is_empty() && columns.at.len() > 1 {
                let (sender, batches) = mpsc::channel(2);
                std::thread::spawn(move || send_all(records, &sender));
                let encoding = self.detected.encoding.name();
                let (delimiter, length) = (self.delimiter, self.length);
                return Ok(Source { columns, header, encoding, delimiter, length, read, batches });
            }
            if closest.as_ref().is_none_or(|closest| closest.at.len() < columns.at.len()) {
                closest = Some(columns);
            }
        }
        let closest = closest.unwrap_or_default();
        let missing = closest.missing(self.kind);
        let missing = if missing.is_empty() { self.kind.needs().to_vec() } else { missing };
        Err(anyhow!(
            "none of its first {FIRST_ROWS} rows is a header of {}: there is no column for {}; columns that mean nothing to us: {}",
            self.kind.word(),
            missing.join(", "),
            if closest.unknown.is_empty() { "none".to_owned() } else { closest.unknown.join(", ") },
        ))
    }
}

/// Ends when the file does, or nobody takes its rows any more.
fn send_all(mut records: Rows<impl Read>, to: &mpsc::Sender<io::Result<Vec<Line>>>) {
    loop {
        let mut batch = Vec::with_capacity(ROWS);
        let mut failed = None;
        while batch.len() < ROWS {
            let mut record = StringRecord::new();
            match records.read(&mut record) {
                Ok(true) => {
                    let number = record.position().map_or(0, csv::Position::line);
                    if record.iter().any(|cell| !cell.trim().is_empty()) {
                        batch.push(Line { number, record });
                    }
                }
                Ok(false) if batch.is_empty() => return,
                Ok(false) => break,
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        if !batch.is_empty() && to.blocking_send(Ok(batch)).is_err() {
            return;
        }
        if let Some(error) = failed {
            let _ = to.blocking_send(Err(error));
            return;
        }
    }
}

/// The rows of a file, none of them longer than [`LONGEST_ROW`].
struct Rows<R> {
    records: csv::Reader<Bounded<R>>,
    /// Bytes that were read since the last row ended.
    row: Arc<AtomicU64>,
}

impl<R: Read> Rows<R> {
    /// Reads the next row; false at the end of the file.
    fn read(&mut self, into: &mut StringRecord) -> io::Result<bool> {
        self.row.store(0, Ordering::Relaxed);
        self.records.read_record(into).map_err(|error| {
            let begins = into.position().map_or(0, csv::Position::line);
            let kind = match error.kind() {
                csv::ErrorKind::Io(error) => error.kind(),
                _ => io::ErrorKind::InvalidData,
            };
            io::Error::new(kind, anyhow!(error).context(format!("the row that begins on line {begins}")))
        })
    }
}

struct Bounded<R> {
    from: R,
    row: Arc<AtomicU64>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.from.read(into)?;
        if self.row.fetch_add(length as u64, Ordering::Relaxed) > LONGEST_ROW {
            let why = "is longer than 1 MiB: is a quote opened in it and never closed?";
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        Ok(length)
    }
}

struct Counted<R> {
    from: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.from.read(into)?;
        self.read.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}
