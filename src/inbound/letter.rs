//! One mail as we read it: who wrote, what they say, what else is in it. Whatever the bytes are, reading ends well.
use mail_parser::{ContentType, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use serde::{Deserialize, Serialize};

use super::{
    flatten::flattened,
    invite::{self, InviteReply},
    reports::{self, Report},
};
use crate::files::{NewFile, fit};

/// What is kept of a text, in characters; a person writes less.
const LONGEST_TEXT: usize = 100_000;
const LONGEST_LINE: usize = 500;
const MOST_REFERENCES: usize = 50;
const MOST_ATTACHMENTS: usize = 30;

/// A mail, read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Letter {
    /// Without its angle brackets.
    pub message_id: Option<String>,
    pub in_reply_to: Vec<String>,
    /// The newest last.
    pub references: Vec<String>,
    /// The writer's address, as written.
    pub from: Option<String>,
    /// Where the writer wants answers, if not there: web forms name their customer so.
    pub reply_to: Option<String>,
    /// The writer's name, one line.
    pub name: Option<String>,
    pub subject: String,
    /// Plain text: the mail's own, else its HTML without anything that acts.
    pub text: String,
    /// The text was made from HTML.
    pub was_html: bool,
    /// More text was there than is kept.
    pub is_cut: bool,
    pub attachments: Vec<Attachment>,
    /// Those of them that are kept: of few kinds, and not too much of them.
    #[serde(skip)]
    pub files: Vec<NewFile>,
    /// Of the headers, what tells a program's mail from a person's.
    pub marks: Marks,
    pub report: Option<Report>,
    pub invite: Option<InviteReply>,
}

/// A file that came with a mail: named, never opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// As the sender calls it, without anything that is a path.
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    /// Bytes.
    pub size: usize,
}

/// Headers by which programs say that they are programs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Marks {
    pub auto_submitted: Option<String>,
    pub precedence: Option<String>,
    pub auto_response_suppress: Option<String>,
    /// `X-Autoreply`, `X-Autorespond` and the like.
    pub is_auto_reply: bool,
    /// `List-Id`, `List-Unsubscribe`.
    pub is_list: bool,
    /// `Return-Path: <>`, as a door behind a delivery agent sees the null sender.
    pub has_null_return_path: bool,
}

impl Letter {
    /// Reads a mail. Bytes that are no mail give one without a writer, whose text they are.
    pub fn read(raw: &[u8]) -> Self {
        let flat = flattened(raw);
        let Some(mail) = MessageParser::default().parse(flat.as_ref()) else {
            let (text, is_cut) = kept_text(&String::from_utf8_lossy(raw));
            return Self { text, is_cut, ..Self::default() };
        };
        let writer = mail.from().and_then(|from| from.first());
        let (text, is_cut, was_html) = text(&mail);
        Self {
            message_id: mail.message_id().map(line).filter(|id| !id.is_empty()),
            in_reply_to: ids(mail.in_reply_to()),
            references: ids(mail.references()),
            from: writer.and_then(|writer| writer.address()).map(line).filter(|address| !address.is_empty()),
            reply_to: mail
                .reply_to()
                .and_then(|to| to.first()?.address())
                .map(line)
                .filter(|address| !address.is_empty()),
            name: writer.and_then(|writer| writer.name()).map(line).filter(|name| !name.is_empty()),
            subject: mail.subject().map(line).unwrap_or_default(),
            text,
            was_html,
            is_cut,
            attachments: mail.attachments().take(MOST_ATTACHMENTS).map(attachment).collect(),
            files: files(&mail),
            marks: Marks::of(&mail),
            report: reports::read(&mail),
            invite: mail
                .parts
                .iter()
                .filter(|part| is(part, "text", "calendar"))
                .find_map(|part| invite::read(part.contents())),
        }
    }
}

impl Marks {
    fn of(mail: &Message<'_>) -> Self {
        let word = |name: &str| header(mail, name).map(|value| value.to_ascii_lowercase());
        let has = |names: &[&str]| names.iter().any(|name| mail.header_raw(*name).is_some());
        Self {
            // `auto-replied; owner=…` has parameters (RFC 3834 5).
            auto_submitted: word("Auto-Submitted").map(|value| first_word(&value)),
            precedence: word("Precedence").map(|value| first_word(&value)),
            auto_response_suppress: word("X-Auto-Response-Suppress"),
            is_auto_reply: has(&["X-Autoreply", "X-Autorespond", "X-Autoreply-From", "X-Mail-Autoreply", "X-Vacation"]),
            is_list: has(&["List-Id", "List-Unsubscribe", "List-Post"]),
            has_null_return_path: header(mail, "Return-Path").is_some_and(|path| matches!(path.as_str(), "<>" | "")),
        }
    }
}

fn first_word(value: &str) -> String {
    let end = value.find(|c: char| c == ';' || c == '(' || c.is_whitespace()).unwrap_or(value.len());
    value[..end].to_owned()
}

/// A header's own text in one line.
pub(super) fn header(mail: &Message<'_>, name: &str) -> Option<String> {
    mail.header_raw(name).map(line)
}

/// True when a part says that it is of this type.
pub(super) fn is(part: &MessagePart<'_>, kind: &str, subtype: &str) -> bool {
    part.content_type().is_some_and(|found| {
        found.ctype().eq_ignore_ascii_case(kind)
            && found.subtype().is_some_and(|found| found.eq_ignore_ascii_case(subtype))
    })
}

/// The texts of a mail one after the other: some programs put files between them.
fn text(mail: &Message<'_>) -> (String, bool, bool) {
    let (mut whole, mut was_html) = (String::new(), false);
    for (n, id) in mail.text_body.iter().enumerate().take(20) {
        let Some(part) = mail.parts.get(*id as usize) else { continue };
        // What came in as a file named `.txt` is a file.
        if n > 0 && part.attachment_name().is_some() {
            continue;
        }
        was_html |= matches!(part.body, PartType::Html(_));
        if let Some(text) = mail.body_text(n) {
            if !whole.is_empty() {
                whole.push('\n');
            }
            whole.push_str(&text);
        }
        if whole.len() > 4 * LONGEST_TEXT {
            break;
        }
    }
    if whole.trim().is_empty() {
        // A program that broke its mail off leaves the words in a part that looks like a file without a name.
        let is_nameless = |part: &&MessagePart<'_>| part.attachment_name().is_none() && is(part, "text", "plain");
        if let Some(words) = mail.attachments().find(is_nameless).and_then(|part| part.text_contents()) {
            words.clone_into(&mut whole);
        }
    }
    let (text, is_cut) = kept_text(&whole);
    (text, is_cut, was_html)
}

/// LF ends a line; control characters, and those that turn the direction of a text or hide in it, go.
fn kept_text(text: &str) -> (String, bool) {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut kept: String = text.chars().filter(|c| is_shown(*c)).take(LONGEST_TEXT + 1).collect();
    let is_cut = kept.chars().count() > LONGEST_TEXT;
    if is_cut {
        kept.pop();
    }
    (kept.trim_end().to_owned(), is_cut)
}

fn is_shown(c: char) -> bool {
    let is_steering =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    matches!(c, '\n' | '\t') || !(c.is_control() || is_steering)
}

/// One line, short, without control characters.
pub(super) fn line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if is_shown(c) && c != '\n' { c } else { ' ' }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST_LINE).collect()
}

fn ids(value: &HeaderValue<'_>) -> Vec<String> {
    let all: Vec<&str> = match value {
        HeaderValue::Text(one) => vec![one],
        HeaderValue::TextList(all) => all.iter().map(AsRef::as_ref).collect(),
        _ => Vec::new(),
    };
    let newest = all.len().saturating_sub(MOST_REFERENCES);
    all[newest..].iter().map(|id| line(id)).filter(|id| !id.is_empty()).collect()
}

/// What a person may look at later; the rest is named and not kept beside the mail itself. What was pasted into a text comes
/// without a name, and after what was attached: the pictures of a signature must not leave it without a place.
fn files(mail: &Message<'_>) -> Vec<NewFile> {
    let mut kept: Vec<NewFile> = Vec::new();
    let mut parts: Vec<&MessagePart<'_>> = mail.attachments().filter(|part| !part.is_message()).collect();
    parts.sort_by_key(|part| is_pasted(part));
    for part in parts.into_iter().take(MOST_ATTACHMENTS) {
        let Ok(file) = NewFile::read(part.attachment_name().unwrap_or_default(), part.contents()) else { continue };
        kept.push(file);
        if fit(&kept).is_err() {
            kept.pop();
        }
    }
    kept
}

/// The text shows it in its place (RFC 2392), and nobody said that it is a file of its own.
fn is_pasted(part: &MessagePart<'_>) -> bool {
    part.content_id().is_some() && !part.content_disposition().is_some_and(ContentType::is_attachment)
}

fn attachment(part: &MessagePart<'_>) -> Attachment {
    let name = part.attachment_name().map(line).unwrap_or_default();
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default().trim_start_matches('.').to_owned();
    let kind = part.content_type().map_or_else(
        || "application/octet-stream".to_owned(),
        |kind| line(&format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("octet-stream")).to_ascii_lowercase()),
    );
    Attachment { name, kind: kind.replace("xfc822", "rfc822").replace("xlobal", "global"), size: part.contents().len() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn charsets_of_the_shops_countries_are_read() {
        let of = |charset: &str, body: &[u8]| {
            let mut raw =
                format!("From: a@b.example\r\nContent-Type: text/plain; charset={charset}\r\n\r\n").into_bytes();
            raw.extend_from_slice(body);
            Letter::read(&raw).text
        };
        assert_eq!(of("GB18030", &[0xb3, 0xb5, 0xc1, 0xbe]), "车辆");
        assert_eq!(of("gb2312", &[0xb3, 0xb5, 0xc1, 0xbe]), "车辆");
        assert_eq!(of("ISO-2022-JP", b"\x1b$B<V\x1b(B"), "車");
        assert_eq!(of("Shift_JIS", &[0x8e, 0xd4]), "車");
        assert_eq!(of("utf-8", &[0xff, 0xfe, b'a', 0]), "\u{fffd}\u{fffd}a");
    }

    #[test]
    fn html_is_read_as_text_and_what_acts_is_gone() {
        let raw = b"From: a@b.example\r\nContent-Type: text/html\r\n\r\n<html><head><style>p{}</style></head><body><script>alert(1)</script><p onclick=x()>Hello &lt;b&gt;</p><img src=http://x/></body></html>";
        let letter = Letter::read(raw);
        assert!(letter.was_html);
        assert_eq!(letter.text.trim(), "Hello <b>");
    }

    #[test]
    fn files_are_named_without_a_path() {
        let raw = b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n--b\r\nContent-Type: image/png\r\nContent-Disposition: attachment; filename=\"../../etc/x.png\"\r\n\r\nabc\r\n--b--\r\n";
        let letter = Letter::read(raw);
        assert_eq!(letter.text, "hi");
        assert_eq!(
            letter.attachments,
            [Attachment { name: "x.png".to_owned(), kind: "image/png".to_owned(), size: 3 }]
        );
    }

    #[test]
    fn the_pictures_of_a_signature_do_not_push_out_what_was_attached() {
        let picture = |n: usize| {
            format!(
                "--b\r\nContent-Type: image/png; name=logo{n}.png\r\nContent-Disposition: inline\r\nContent-ID: <{n}@b>\r\n\r\n\x1b\r\n"
            )
        };
        let mut raw =
            b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n".to_vec();
        for n in 0..=MOST_ATTACHMENTS {
            let part = picture(n);
            let (head, tail) = part.split_once('\x1b').unwrap();
            raw.extend_from_slice(head.as_bytes());
            raw.extend_from_slice(b"\x89PNG\r\n\x1a\n a logo");
            raw.extend_from_slice(tail.as_bytes());
        }
        raw.extend_from_slice(b"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=invoice.pdf\r\nContent-ID: <9@b>\r\n\r\n%PDF-1.7\r\n--b--\r\n");
        let names: Vec<String> = Letter::read(&raw).files.into_iter().map(|file| file.name).collect();
        assert_eq!(names, ["invoice.pdf", "logo0.png", "logo1.png", "logo2.png", "logo3.png"]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(raw in proptest::collection::vec(any::<u8>(), 0..3_000)) {
            let letter = Letter::read(&raw);
            prop_assert!(!letter.text.contains('\0'));
        }

        #[test]
        fn any_broken_mail_is_read(
            lines in proptest::collection::vec(prop_oneof![
                Just("Content-Type: multipart/report; report-type=delivery-status; boundary=b".to_owned()),
                Just("Content-Type: multipart/mixed; boundary=\"b".to_owned()),
                Just("Content-Type: message/delivery-status".to_owned()),
                Just("Content-Type: message/rfc822".to_owned()),
                Just("Content-Type: text/calendar; method=REPLY".to_owned()),
                Just("Content-Type: text/html; charset=iso-2022-jp".to_owned()),
                Just("Content-Transfer-Encoding: base64".to_owned()),
                Just("Content-Transfer-Encoding: quoted-printable".to_owned()),
                Just("--b".to_owned()), Just("--b--".to_owned()), Just(String::new()),
                Just("Final-Recipient: rfc822; a@b.example".to_owned()),
                Just("Status: 5.1.1".to_owned()), Just("Action: failed".to_owned()),
                Just("BEGIN:VCALENDAR".to_owned()), Just("BEGIN:VEVENT".to_owned()), Just("UID:apt_0@x".to_owned()),
                Just("ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@b.example".to_owned()), Just("END:VEVENT".to_owned()),
                "[ -~\\PC]{0,40}",
                "(From|To|Subject|References|Message-ID|Auto-Submitted): [ -~]{0,30}",
            ], 0..60),
            end in prop_oneof![Just("\r\n"), Just("\n"), Just("\r")],
        ) {
            let raw = lines.join(end);
            let letter = Letter::read(raw.as_bytes());
            prop_assert!(letter.subject.chars().count() <= LONGEST_LINE);
        }
    }
}
