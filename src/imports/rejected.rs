//! The rows that were not taken, in a file that can be corrected and fed back: the columns as they were, and why.
use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
};

use csv::StringRecord;

use super::{columns::REASON, rows::Problem};

/// Written with the first row that is rejected; UTF-8 with its mark, so that Excel opens it as it is.
pub(super) struct Rejected {
    path: PathBuf,
    header: StringRecord,
    writer: Option<csv::Writer<File>>,
}

/// Where the rejected rows of a file go.
pub(super) fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".rejected.csv");
    name.into()
}

impl Rejected {
    /// What an earlier run rejected is forgotten: this one says it again where it still holds.
    pub(super) fn new(path: PathBuf, header: &StringRecord) -> io::Result<Self> {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // A file that is fed back has the column already.
        let header = header.iter().filter(|cell| cell.trim() != REASON).collect();
        Ok(Self { path, header, writer: None })
    }
    #[expect(clippy::single_match_else, reason = "the file is opened with the first row that is rejected")]
    pub(super) fn add(&mut self, header: &StringRecord, record: &StringRecord, why: &[Problem]) -> io::Result<()> {
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => {
                let mut file = File::create(&self.path)?;
                file.write_all(b"\xef\xbb\xbf")?;
                let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(file);
                writer.write_record(self.header.iter().chain([REASON]))?;
                self.writer.insert(writer)
            }
        };
        let is_reason = |at: usize| header.get(at).is_some_and(|cell| cell.trim() == REASON);
        let mut cells: Vec<&str> =
            record.iter().enumerate().filter(|(at, _)| !is_reason(*at)).map(|(_, cell)| cell).collect();
        let why = sentence(why);
        let more = cells.split_off(cells.len().min(self.header.len()));
        cells.resize(self.header.len(), "");
        cells.push(&why);
        cells.extend(more);
        writer.write_record(cells)?;
        Ok(())
    }
    pub(super) fn finish(mut self) -> io::Result<Option<PathBuf>> {
        match &mut self.writer {
            Some(writer) => writer.flush().map(|()| Some(self.path)),
            None => Ok(None),
        }
    }
    /// What is rejected is on the disk before what was taken is forgotten.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.writer.as_mut().map_or(Ok(()), csv::Writer::flush)
    }
}

fn sentence(why: &[Problem]) -> String {
    let said = why.iter().map(|problem| format!("{} {}", problem.column, problem.why).trim().to_owned());
    said.collect::<Vec<_>>().join("; ")
}
