//! `aftercare ingest`: events as JSON lines, by the same road as `POST /v1/events`.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, BufReader};

use super::{Failure, open, out::outln};
use crate::{
    app::App,
    config::Config,
    http::{Access, Error},
    intake::{
        actions::{self, Status},
        envelope::{Envelope, Format, Sheet},
        patiently,
    },
};

/// Write transactions stay short, because `serve` may be running beside.
const MOST_LINES: usize = 200;
const MOST_BYTES: usize = 4 << 20;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Files of `CloudEvents`, one a line; - is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(super) async fn run(args: Args, settings: Config) -> Result<(), Failure> {
    for file in args.files.iter().filter(|file| !is_standard_input(file)) {
        std::fs::File::open(file).with_context(|| format!("cannot read {}", file.display())).map_err(Failure::Usage)?;
    }
    let app = open(settings, false).await?;
    let done = read_files(&app, &args.files).await;
    app.db.close().await;
    let tally = done?;
    outln!(
        "{} accepted, {} stored for a later version, {} duplicates, {} rejected",
        tally.accepted,
        tally.stored,
        tally.duplicates,
        tally.rejected
    );
    match tally.rejected {
        0 => Ok(()),
        1 => Err(Failure::Rejected(anyhow!(
            "one line was rejected; mend it and run the file again: what was taken is a duplicate then"
        ))),
        n => Err(Failure::Rejected(anyhow!(
            "{n} lines were rejected; mend them and run the file again: what was taken is a duplicate then"
        ))),
    }
}

#[derive(Debug, Default)]
struct Tally {
    accepted: usize,
    stored: usize,
    duplicates: usize,
    rejected: usize,
}

async fn read_files(app: &App, files: &[PathBuf]) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    for file in files {
        let mut feed = Feed {
            app,
            name: file.display().to_string(),
            bar: bar(file),
            waiting: Vec::new(),
            waiting_bytes: 0,
            tally: &mut tally,
        };
        let done = if is_standard_input(file) {
            feed.read(BufReader::new(tokio::io::stdin())).await
        } else {
            let open = tokio::fs::File::open(file).await.with_context(|| format!("cannot read {}", file.display()))?;
            feed.read(BufReader::new(open)).await
        };
        feed.bar.finish_and_clear();
        done?;
    }
    Ok(tally)
}

fn is_standard_input(file: &Path) -> bool {
    file == Path::new("-")
}

/// Draws only on a terminal.
fn bar(file: &Path) -> ProgressBar {
    let length = std::fs::metadata(file).ok().filter(std::fs::Metadata::is_file).map(|m| m.len());
    let (bar, form) = match length {
        Some(length) => (ProgressBar::new(length), "{wide_bar} {percent}% {eta} left"),
        None => (ProgressBar::new_spinner(), "{spinner} {bytes} {elapsed}"),
    };
    bar.with_style(ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// One file on its way in.
struct Feed<'a> {
    app: &'a App,
    name: String,
    bar: ProgressBar,
    /// Events that are right, with the number of their line.
    waiting: Vec<(usize, Envelope)>,
    waiting_bytes: usize,
    tally: &'a mut Tally,
}

impl Feed<'_> {
    async fn read(&mut self, mut from: impl AsyncBufRead + Unpin) -> Result<(), Failure> {
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX) + 1;
            let read = (&mut from)
                .take(most)
                .read_until(b'\n', &mut line)
                .await
                .with_context(|| format!("cannot read {}", self.name))?;
            if read == 0 {
                break;
            }
            self.bar.inc(read as u64);
            if line.len() > MOST_BYTES && !line.ends_with(b"\n") {
                self.reject(number, &Error::TooLarge(MOST_BYTES));
                self.skip_line(&mut from).await?;
                continue;
            }
            let text = line.strip_prefix(b"\xef\xbb\xbf").filter(|_| number == 1).unwrap_or(&line).trim_ascii();
            if !text.is_empty() {
                self.line(number, text).await?;
            }
        }
        self.flush().await
    }

    async fn skip_line(&mut self, from: &mut (impl AsyncBufRead + Unpin)) -> Result<(), Failure> {
        loop {
            let bytes = from.fill_buf().await.with_context(|| format!("cannot read {}", self.name))?;
            let end = bytes.iter().position(|b| *b == b'\n').map(|at| at + 1);
            let length = end.unwrap_or(bytes.len());
            let is_over = end.is_some() || bytes.is_empty();
            from.consume(length);
            self.bar.inc(length as u64);
            if is_over {
                return Ok(());
            }
        }
    }

    async fn line(&mut self, number: usize, text: &[u8]) -> Result<(), Failure> {
        let admitted = match Sheet::read(Format::One, text) {
            Ok(sheet) => actions::admit(self.app, &Access::All, &sheet).await,
            Err(error) => Err(error),
        };
        match admitted {
            Ok(envelopes) => {
                self.waiting.extend(envelopes.into_iter().map(|envelope| (number, envelope)));
                self.waiting_bytes += text.len();
                if self.waiting.len() >= MOST_LINES || self.waiting_bytes >= MOST_BYTES {
                    self.flush().await
                } else {
                    Ok(())
                }
            }
            Err(Error::Database(error)) => Err(self.broken(number, error.into())),
            Err(error) => {
                self.reject(number, &error);
                Ok(())
            }
        }
    }

    /// Stores what waits; when that is refused as a whole, line by line, so that a bad line costs only itself.
    async fn flush(&mut self) -> Result<(), Failure> {
        self.waiting_bytes = 0;
        let waiting = std::mem::take(&mut self.waiting);
        let Some((first, _)) = waiting.first() else { return Ok(()) };
        let envelopes = waiting.iter().map(|(_, envelope)| envelope.clone()).collect();
        if self.take(*first, envelopes).await?.is_ok() {
            return Ok(());
        }
        for (number, envelope) in waiting {
            if let Err(refused) = self.take(number, vec![envelope]).await? {
                self.reject(number, &refused);
            }
        }
        Ok(())
    }

    /// Stores events and counts them; the inner error is about them, the outer one about the database.
    async fn take(&mut self, number: usize, envelopes: Vec<Envelope>) -> Result<Result<(), Error>, Failure> {
        let answer = match patiently::take(self.app, envelopes).await {
            Err(Error::Database(error)) => return Err(self.broken(number, error.into())),
            answer => answer,
        };
        Ok(answer.map(|answer| {
            for event in answer.events {
                match event.status {
                    Status::Accepted => self.tally.accepted += 1,
                    Status::Stored => self.tally.stored += 1,
                    Status::Duplicate => self.tally.duplicates += 1,
                }
            }
        }))
    }

    fn reject(&mut self, number: usize, error: &Error) {
        self.tally.rejected += 1;
        let name = &self.name;
        self.bar.suspend(|| match error {
            Error::Invalid(faults) => {
                for fault in faults {
                    eprintln!("{name}:{number}: {} {}", fault.pointer, fault.message);
                }
            }
            error => eprintln!("{name}:{number}: {error}"),
        });
    }

    fn broken(&self, number: usize, error: anyhow::Error) -> Failure {
        let text = format!(
            "stopped before {}:{number}; run it again when the database answers: what was taken is a duplicate then",
            self.name
        );
        Failure::Failed(error.context(text))
    }
}
