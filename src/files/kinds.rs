//! The kinds of files that are kept, each known by its first bytes and the end of its name.

/// A kind that no program runs by showing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Pdf,
    Jpeg,
    Png,
    Webp,
    Heic,
    Text,
    Word,
    Excel,
}

impl Kind {
    const ALL: [Self; 8] =
        [Self::Pdf, Self::Jpeg, Self::Png, Self::Webp, Self::Heic, Self::Text, Self::Word, Self::Excel];

    /// None for everything else, and for what is not what its name says. A name without an end is believed in nothing: its
    /// bytes tell.
    pub fn of(name: &str, bytes: &[u8]) -> Option<Self> {
        let end = name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase());
        let named = |kind: &Self| end.as_ref().is_none_or(|end| kind.ends().contains(&end.as_str()));
        Self::ALL.into_iter().find(|kind| named(kind) && kind.begins(bytes))
    }

    fn ends(self) -> &'static [&'static str] {
        match self {
            Self::Pdf => &["pdf"],
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Png => &["png"],
            Self::Webp => &["webp"],
            Self::Heic => &["heic", "heif"],
            Self::Text => &["txt", "csv"],
            Self::Word => &["docx"],
            Self::Excel => &["xlsx"],
        }
    }

    fn begins(self, bytes: &[u8]) -> bool {
        let at = |place: usize, with: &[u8]| bytes.get(place..).is_some_and(|rest| rest.starts_with(with));
        match self {
            Self::Pdf => at(0, b"%PDF-"),
            Self::Jpeg => at(0, b"\xff\xd8\xff"),
            Self::Png => at(0, b"\x89PNG\r\n\x1a\n"),
            Self::Webp => at(0, b"RIFF") && at(8, b"WEBP"),
            Self::Heic => at(4, b"ftyphei") || at(4, b"ftypmif1"),
            // What a browser or an editor could take for something else than words is none.
            Self::Text => {
                let words = std::str::from_utf8(bytes).unwrap_or("\0");
                let acts = words.trim_start().starts_with('<') || at(0, b"%PDF-");
                !acts && words.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'))
            }
            // Both are archives: the end of the name tells them apart, and from those that hold programs.
            Self::Word => at(0, b"PK\x03\x04") && contains(bytes, b"word/"),
            Self::Excel => at(0, b"PK\x03\x04") && contains(bytes, b"xl/"),
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Heic => "image/heic",
            Self::Text => "text/plain",
            Self::Word => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Excel => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    /// The end of a name that has none.
    pub(super) fn extension(self) -> &'static str {
        self.ends()[0]
    }
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}
