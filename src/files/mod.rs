//! Files that come with what customers write, or go with an answer: of few kinds, bounded, named, never opened by us.
//!
//! What a file is, its first bytes say and not its sender: only kinds that no program runs by looking at them are kept, and
//! they leave this house as a download and never as a page.
pub mod actions;
mod kinds;
mod store;

use std::sync::Arc;

use serde::Serialize;

pub use self::kinds::Kind;
use crate::{
    clock::Timestamp,
    dealerships::Dealership,
    id::{Entity, Id},
};

/// The most files with one thing that is said.
pub const MOST: usize = 5;
/// All files of one thing that is said together, in bytes: as a mail they are a third longer, and mail servers refuse what
/// is longer than that.
pub const LARGEST: usize = 8 * 1024 * 1024;
/// The longest name in characters.
const LONGEST_NAME: usize = 120;

/// A file that is kept (`fil_`), without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct File {
    pub id: Id<File>,
    pub dealership_id: Id<Dealership>,
    /// What it belongs to: the entry of a thread.
    pub owner_id: String,
    /// Its place among those of its owner.
    pub place: i64,
    pub name: String,
    /// Its media type.
    #[serde(rename = "type")]
    #[sqlx(rename = "type")]
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    pub created_at: Timestamp,
}
impl Entity for File {
    const PREFIX: &'static str = "fil";
}

/// A file that is to be kept, of a kind that may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    pub name: String,
    pub kind: Kind,
    pub bytes: Arc<[u8]>,
}

/// Why a file, or all of them together, may not be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error(
        "must be a PDF, a picture (JPEG, PNG, WebP, HEIC), plain text, a Word or an Excel file, and be what its name says"
    )]
    Kind,
    #[error("is empty")]
    Empty,
    #[error("there may be at most {MOST} files")]
    TooMany,
    #[error("all files together may have at most {} MB", LARGEST / 1024 / 1024)]
    TooLarge,
}

impl Unfit {
    /// As in problems, and in the names of the console's words.
    pub fn code(self) -> &'static str {
        match self {
            Self::Kind => "file_kind_not_allowed",
            Self::Empty => "file_empty",
            Self::TooMany => "too_many_files",
            Self::TooLarge => "files_too_large",
        }
    }
}

impl NewFile {
    /// A file as somebody hands it over.
    ///
    /// # Errors
    /// [`Unfit::Empty`], [`Unfit::Kind`].
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self, Unfit> {
        if bytes.is_empty() {
            return Err(Unfit::Empty);
        }
        let name = plain(name);
        let kind = Kind::of(&name, bytes).ok_or(Unfit::Kind)?;
        let name = if name.rsplit_once('.').is_some_and(|(stem, _)| !stem.is_empty()) {
            name
        } else {
            format!("{}.{}", if name.is_empty() { "file" } else { &name }, kind.extension())
        };
        Ok(Self { name, kind, bytes: bytes.into() })
    }
}

/// Whether all of them may be kept together.
///
/// # Errors
/// [`Unfit::TooMany`], [`Unfit::TooLarge`].
pub fn fit(files: &[NewFile]) -> Result<(), Unfit> {
    if files.len() > MOST {
        return Err(Unfit::TooMany);
    }
    if files.iter().map(|file| file.bytes.len()).sum::<usize>() > LARGEST {
        return Err(Unfit::TooLarge);
    }
    Ok(())
}

/// A name without anything that is a path, that hides, or that acts.
pub fn plain(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_plain = |c: &char| {
        let turns =
            matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        !(c.is_control() || turns || matches!(c, '"' | '<' | '>' | ':' | '|' | '?' | '*' | ';'))
    };
    let kept: String = last.chars().filter(is_plain).collect();
    let kept = kept.trim().trim_start_matches('.');
    // The end says what it is: a name that is too long loses its middle.
    let length = kept.chars().count();
    if length <= LONGEST_NAME {
        return kept.to_owned();
    }
    let tail: String = kept.chars().skip(length - 20).collect();
    let head: String = kept.chars().take(LONGEST_NAME - 21).collect();
    format!("{head}…{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n";
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n....";

    #[test]
    fn what_a_file_is_its_bytes_say() {
        let read =
            |name: &str, bytes: &[u8]| NewFile::read(name, bytes).map(|file| (file.name, file.kind.media_type()));
        assert_eq!(read("报价 1.pdf", PDF), Ok(("报价 1.pdf".to_owned(), "application/pdf")));
        assert_eq!(read("../../etc/x.png", PNG), Ok(("x.png".to_owned(), "image/png")));
        assert_eq!(read("", PNG), Ok(("file.png".to_owned(), "image/png")));
        assert_eq!(read("price list.txt", "车辆 60000".as_bytes()), Ok(("price list.txt".to_owned(), "text/plain")));
        for (name, bytes) in [
            ("invoice.pdf", b"MZ\x90\0".as_slice()),
            ("page.html", b"<html><script>".as_slice()),
            ("page.pdf.html", PDF),
            ("drawing.svg", b"<svg onload=x()>".as_slice()),
            ("note.txt", b"a\0b".as_slice()),
            ("macro.docm", b"PK\x03\x04...".as_slice()),
            ("archive.zip", b"PK\x03\x04...".as_slice()),
        ] {
            assert_eq!(read(name, bytes), Err(Unfit::Kind), "{name}");
        }
        assert_eq!(read("x.pdf", b""), Err(Unfit::Empty));
    }

    #[test]
    fn names_are_harmless_and_keep_their_end() {
        assert_eq!(plain("a\r\nb\u{202e}gpj.pdf"), "abgpj.pdf");
        assert_eq!(plain("C:\\Temp\\..\\quote;.pdf"), "quote.pdf");
        assert_eq!(plain(".htaccess"), "htaccess");
        let long = format!("{}.pdf", "价".repeat(300));
        let short = plain(&long);
        assert!(short.chars().count() <= LONGEST_NAME && short.ends_with("价.pdf"), "{short}");
    }

    #[test]
    fn many_and_large_ones_do_not_fit() {
        let file = |size: usize| NewFile { name: "x.pdf".to_owned(), kind: Kind::Pdf, bytes: vec![0; size].into() };
        assert_eq!(fit(&vec![file(10); MOST]), Ok(()));
        assert_eq!(fit(&vec![file(10); MOST + 1]), Err(Unfit::TooMany));
        assert_eq!(fit(&[file(LARGEST), file(1)]), Err(Unfit::TooLarge));
    }
}
