//! A mail made safe to take apart: no message inside a message, no million of parts or headers.
//!
//! mail-parser goes through the bytes without recursion, but what it builds is nested where messages are nested, and freeing
//! a hundred thousand levels ends the process. So an attached message is handed on as a file and read by itself, headers only.
use std::borrow::Cow;

/// More lines that look like boundaries are not read: each may be a part, and a part takes more memory than its line.
const MOST_BOUNDARIES: usize = 2_000;
/// More header lines in one block are dropped.
const MOST_HEADERS: usize = 1_000;
/// More bytes of one block of headers are dropped.
const MOST_HEADER_BYTES: usize = 256 * 1024;

/// The mail without nesting; the same bytes where there is nothing to change.
pub fn flattened(raw: &[u8]) -> Cow<'_, [u8]> {
    let mut out = Vec::with_capacity(raw.len());
    let mut block = Block::open();
    let mut boundaries = 0;
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b"--") {
            boundaries += 1;
            if boundaries > MOST_BOUNDARIES {
                break;
            }
            block = Block::open();
            out.extend_from_slice(line);
            continue;
        }
        match block.take(line) {
            Take::Whole => out.extend_from_slice(line),
            Take::ContentType => out.extend_from_slice(&unnested(line)),
            Take::Nothing => {}
        }
    }
    if out == raw { Cow::Borrowed(raw) } else { Cow::Owned(out) }
}

/// A run of header lines, from the start or a boundary to the next empty line.
struct Block {
    is_open: bool,
    lines: usize,
    bytes: usize,
    in_content_type: bool,
}

enum Take {
    Whole,
    ContentType,
    Nothing,
}

impl Block {
    fn open() -> Self {
        Self { is_open: true, lines: 0, bytes: 0, in_content_type: false }
    }

    fn take(&mut self, line: &[u8]) -> Take {
        let text = line.trim_ascii();
        if text.is_empty() {
            self.is_open = false;
            self.in_content_type = false;
            return Take::Whole;
        }
        // Also outside headers: which lines are headers is the parser's opinion, and a body that quotes one loses nothing.
        let is_continued = line.first().is_some_and(|byte| matches!(byte, b' ' | b'\t')) && self.in_content_type;
        self.in_content_type = is_continued || starts_with(text, b"content-type");
        if self.is_open {
            self.lines += 1;
            self.bytes += line.len();
            if self.lines > MOST_HEADERS || self.bytes > MOST_HEADER_BYTES {
                return Take::Nothing;
            }
        }
        if self.in_content_type { Take::ContentType } else { Take::Whole }
    }
}

/// The type of a nested message, or of a digest whose parts are messages, as a type that means a file.
fn unnested(line: &[u8]) -> Vec<u8> {
    let mut line = line.to_vec();
    for nesting in [&b"rfc822"[..], b"global", b"digest"] {
        let mut from = 0;
        while let Some(at) = find(&line[from..], nesting) {
            let start = from + at;
            // Headers alone (`text/rfc822-headers`) are not nested.
            if line.get(start + nesting.len()) != Some(&b'-') {
                line[start] = b'x';
            }
            from = start + nesting.len();
        }
    }
    line
}

fn starts_with(text: &[u8], what: &[u8]) -> bool {
    text.get(..what.len()).is_some_and(|start| start.eq_ignore_ascii_case(what))
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window.eq_ignore_ascii_case(what))
}

/// What [`flattened`] makes of an attached message, as mail-parser names types.
pub(super) const MESSAGE: (&str, &str) = ("message", "xfc822");
/// An attached message with addresses beyond ASCII (RFC 6532).
pub(super) const GLOBAL: (&str, &str) = ("message", "xlobal");

#[cfg(test)]
mod tests {
    use mail_parser::{MessageParser, PartType};

    use super::*;

    fn nested_in(raw: &[u8]) -> bool {
        let flat = flattened(raw).into_owned();
        let mail = MessageParser::default().parse(&flat);
        mail.is_some_and(|mail| mail.parts.iter().any(|part| matches!(part.body, PartType::Message(_))))
    }

    #[test]
    fn an_attached_message_becomes_a_file_however_its_type_is_written() {
        for kind in
            ["message/rfc822", "Message/RFC822; name=a", "message/\r\n rfc822", "message/global", "MESSAGE / rfc822"]
        {
            let raw = format!(
                "Subject: a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: {kind}\r\n\r\nSubject: inner\r\n\r\nx\r\n--b--\r\n"
            );
            assert!(!nested_in(raw.as_bytes()), "{kind}");
        }
        let digest =
            "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: inner\r\n\r\nx\r\n--b--\r\n";
        assert!(!nested_in(digest.as_bytes()));
        let indented = "Subject: a\r\n Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nx\r\n";
        assert!(!nested_in(indented.as_bytes()));
    }

    #[test]
    fn a_hundred_thousand_messages_in_each_other_are_read_and_freed() {
        let bomb = "Content-Type: message/rfc822\r\n\r\n".repeat(100_000);
        assert!(!nested_in(bomb.as_bytes()));
    }

    #[test]
    fn headers_and_parts_have_an_end() {
        let headers = format!("{}Subject: after\r\n\r\ntext", "X-Bomb: 1\r\n".repeat(500_000));
        assert!(flattened(headers.as_bytes()).len() < 300_000);
        let parts = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{}", "--b\r\n\r\n".repeat(500_000));
        assert!(flattened(parts.as_bytes()).len() < 100_000);
    }

    #[test]
    fn an_ordinary_mail_and_a_report_keep_their_bytes() {
        let mail = b"From: a@b.example\r\nSubject: x\r\n\r\nFinal-Recipient: rfc822; a@b.example\r\n".as_slice();
        assert!(matches!(flattened(mail), Cow::Borrowed(_)));
    }
}
