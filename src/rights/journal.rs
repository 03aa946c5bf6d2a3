//! The journal of erasures: a file beside the database, or where `database.erasure_journal` says; it outlives a restored backup.
use std::{
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, ErrorKind, Write},
    path::PathBuf,
};

use super::Erasure;
use crate::{config::Config, db::Db};

/// Where erasures are written down.
#[derive(Clone, Debug)]
pub struct Journal(PathBuf);

/// There is nowhere to write an erasure down, and without that a restored backup would bring the person back.
#[derive(Debug, thiserror::Error)]
#[error(
    "an erasure is written down beside the database too, so that a restored backup does not undo it: set \
     database.erasure_journal to a file that is kept apart from the backups"
)]
pub struct NoJournal;

impl Journal {
    /// The file that is set; beside an `SQLite` file otherwise.
    pub fn of(config: &Config, db: &Db) -> Result<Self, NoJournal> {
        if let Some(set) = &config.database.erasure_journal {
            return Ok(Self(set.clone()));
        }
        let mut beside = db.file().ok_or(NoJournal)?.as_os_str().to_owned();
        beside.push(".erasures");
        Ok(Self(beside.into()))
    }

    /// Adds a line and waits until it is on the disk.
    ///
    /// # Errors
    /// Those of the file; what was not written is not to be erased either.
    pub fn add(&self, erasure: &Erasure) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(erasure)?;
        line.push(b'\n');
        let mut file = OpenOptions::new().create(true).append(true).open(&self.0)?;
        file.write_all(&line)?;
        file.sync_all()
    }

    /// Every line, the oldest first. A last line that was cut off by a power cut was never acted on.
    ///
    /// # Errors
    /// Those of the file, and a line that is none.
    pub fn read(&self) -> std::io::Result<Vec<Erasure>> {
        let file = match File::open(&self.0) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let lines: Vec<String> = BufReader::new(file).lines().collect::<Result<_, _>>()?;
        let last = lines.len().saturating_sub(1);
        let mut erasures = Vec::with_capacity(lines.len());
        for (index, line) in lines.iter().enumerate().filter(|(_, line)| !line.is_empty()) {
            match serde_json::from_str(line) {
                Ok(erasure) => erasures.push(erasure),
                Err(_) if index == last => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(erasures)
    }

    pub fn path(&self) -> &std::path::Path {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Journal;
    use crate::{
        id::{Id, Random},
        rights::{Erasure, Mark},
    };

    #[test]
    fn what_was_added_is_read_and_half_a_last_line_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let journal = Journal(folder.path().join("aftercare.db.erasures"));
        assert_eq!(journal.read().expect("nothing yet"), []);
        let at = crate::clock::Clock::system().now();
        let (id, random) = (Random::seeded(1), Random::seeded(2));
        let erasure = Erasure {
            customer: Id::new(at, id.bytes()),
            dealership: Id::new(at, random.bytes()),
            at,
            by: "operator".to_owned(),
            salt: "s".to_owned(),
            marks: vec![Mark { mark: "m".to_owned(), is_ref: true }],
        };
        journal.add(&erasure).expect("written");
        journal.add(&erasure).expect("written");
        let whole = std::fs::read(journal.path()).expect("a file");
        assert_eq!(journal.read().expect("lines"), [erasure.clone(), erasure.clone()]);
        std::fs::write(journal.path(), &whole[..whole.len() - 5]).expect("cut");
        assert_eq!(journal.read().expect("lines"), [erasure]);
    }
}
