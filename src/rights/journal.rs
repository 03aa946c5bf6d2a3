//! The journal of erasures: a file beside the database, or where `database.erasure_journal` says; it outlives a restored backup.
use std::{
    fs::{File, OpenOptions},
    io::{ErrorKind, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
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

    /// Adds a line and waits until it is on the disk. Half a line that a power cut left is cut off first, so that this one
    /// does not become part of it.
    ///
    /// # Errors
    /// Those of the file; what was not written is not to be erased either.
    pub fn add(&self, erasure: &Erasure) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(erasure)?;
        line.push(b'\n');
        let mut file = OpenOptions::new().create(true).read(true).append(true).open(&self.0)?;
        file.lock()?;
        let whole = mend(&mut file)?;
        let kept = file.write_all(&line).and_then(|()| file.sync_all());
        // An empty file is new, or what is left of a first line that could not be kept.
        let kept = kept.and_then(|()| if whole == 0 { sync_folder(&self.0) } else { Ok(()) });
        if let Err(error) = kept {
            file.set_len(whole)?;
            return Err(error);
        }
        Ok(())
    }

    /// Every line, the oldest first. A last line that was cut off by a power cut was never acted on.
    ///
    /// # Errors
    /// Those of the file, and a line that is none.
    pub fn read(&self) -> std::io::Result<Vec<Erasure>> {
        let bytes = match std::fs::read(&self.0) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut erasures = Vec::new();
        let mut lines = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(line) = lines.next() {
            match serde_json::from_slice(line) {
                _ if line.is_empty() => {}
                Ok(erasure) => erasures.push(erasure),
                Err(_) if lines.peek().is_none() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(erasures)
    }

    pub fn path(&self) -> &std::path::Path {
        &self.0
    }
}

/// Ends the last line, or cuts it off where it is none; how long the file is then.
fn mend(file: &mut File) -> std::io::Result<u64> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut bytes)?;
    let begins = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let last = &bytes[begins..];
    if last.is_empty() {
        return Ok(bytes.len() as u64);
    }
    if serde_json::from_slice::<Erasure>(last).is_ok() {
        file.write_all(b"\n")?;
        return Ok(bytes.len() as u64 + 1);
    }
    file.set_len(begins as u64)?;
    Ok(begins as u64)
}

/// A new file is there after a power cut only when its folder is on the disk too.
fn sync_folder(file: &Path) -> std::io::Result<()> {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
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
            people: Vec::new(),
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
        assert_eq!(journal.read().expect("lines"), std::slice::from_ref(&erasure));
        // What is added next is a line of its own, whether half a line stands before it or a whole one without its end.
        for cut in [5, 1] {
            std::fs::write(journal.path(), &whole[..whole.len() - cut]).expect("cut");
            journal.add(&erasure).expect("written");
            assert_eq!(journal.read().expect("lines").len(), if cut == 1 { 3 } else { 2 });
            journal.add(&erasure).expect("written");
            let text = std::fs::read_to_string(journal.path()).expect("a file");
            assert!(
                text.ends_with('\n') && text.lines().all(|line| serde_json::from_str::<Erasure>(line).is_ok()),
                "{text}"
            );
        }
        // Cut within a letter it is no text either.
        std::fs::write(journal.path(), [&whole[..], b"{\"by\":\"\xe7\x8e"].concat()).expect("cut");
        assert_eq!(journal.read().expect("lines").len(), 2);
    }
}
