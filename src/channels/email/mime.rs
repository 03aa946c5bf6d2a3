//! One message as the bytes that go over the wire: the same input gives the same bytes, today and at a resend.
use std::time::SystemTime;

use lettre::message::{
    Attachment, Body, Mailbox, Message, MultiPart, SinglePart,
    header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
};
use sha2::{Digest, Sha256};

use super::{Address, Method, body_text, header_text, wire_address};
use crate::clock::Timestamp;

/// A rendered message with everything its bytes depend on.
#[derive(Clone, Debug)]
pub struct Email {
    /// `msg_…`: becomes the Message-ID (with `message_id_domain`) and `X-Aftercare-Message`, because some providers
    /// rewrite the Message-ID.
    pub message: String,
    pub message_id_domain: String,
    pub from: Address,
    pub reply_to: Option<Address>,
    /// The Message-IDs of the thread that it answers, the oldest first, without angle brackets.
    pub references: Vec<String>,
    pub automatic: Automatic,
    pub to: Address,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// Becomes List-Unsubscribe, for one click (RFC 8058).
    pub unsubscribe: Option<String>,
    /// Stands beside it, for programs that leave a list by mail (RFC 2369).
    pub opt_out: Option<String>,
    /// A calendar file from [`super::Entry::ics`].
    pub invite: Option<String>,
    /// What the invite asks; without it a calendar file is a REQUEST.
    pub invite_method: Option<Method>,
    /// Files that go with it, in their order.
    pub files: Vec<Enclosed>,
    /// When the message was made, not when it is sent.
    pub date: Timestamp,
}

/// A file that goes with a mail.
#[derive(Clone, Debug)]
pub struct Enclosed {
    pub name: String,
    /// Its media type.
    pub media_type: String,
    pub bytes: Vec<u8>,
}

/// Who wrote it, for the programs that read it (RFC 3834 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Automatic {
    /// A program, at its own time.
    Generated,
    /// A program, because a mail came in.
    Replied,
    /// A person.
    No,
}

impl Automatic {
    fn word(self) -> Option<&'static str> {
        match self {
            Self::Generated => Some("auto-generated"),
            Self::Replied => Some("auto-replied"),
            Self::No => None,
        }
    }
}

/// This message can never be sent as it is. Names the field, never its content.
#[derive(Debug, thiserror::Error)]
pub enum NotMailable {
    #[error("the {0} address is none that mail servers take (ASCII before the @, a domain after it)")]
    Address(&'static str),
    #[error("the message id or its domain holds characters a Message-ID cannot hold")]
    MessageId,
    #[error("the date lies outside the years a mail can show")]
    Date,
    #[error("the message cannot be written as MIME")]
    Mime(#[source] lettre::error::Error),
}

impl Email {
    /// The message with CRLF line ends and only ASCII in it.
    pub fn bytes(&self) -> Result<Vec<u8>, NotMailable> {
        let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let id_fits = |text: &str| !text.is_empty() && text.len() <= 120 && text.chars().all(part);
        if !id_fits(&self.message) || !id_fits(&self.message_id_domain) {
            return Err(NotMailable::MessageId);
        }
        let mut builder = Message::builder()
            .from(mailbox(&self.from, "sender's")?)
            .to(mailbox(&self.to, "recipient's")?)
            .subject(header_text(&self.subject))
            .date(self.date()?)
            .message_id(Some(format!("<{}@{}>", self.message, self.message_id_domain)));
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(mailbox(reply_to, "reply")?);
        }
        let references: Vec<String> = self.references.iter().filter_map(|id| in_header(id)).collect();
        if let Some(last) = references.last() {
            builder = builder.in_reply_to(last.clone()).references(references.join(" "));
        }
        if let Some(word) = self.automatic.word() {
            builder =
                builder.raw_header(raw("Auto-Submitted", word)).raw_header(raw("X-Auto-Response-Suppress", "All"));
        }
        if let Some(url) = &self.unsubscribe {
            let by_mail = self.opt_out.as_ref().map(|address| format!(", <mailto:{address}>")).unwrap_or_default();
            builder = builder
                .raw_header(raw("List-Unsubscribe", &format!("<{url}>{by_mail}")))
                .raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
        }
        let message = builder
            .raw_header(raw("X-Aftercare-Message", &self.message))
            .multipart(self.parts())
            .map_err(NotMailable::Mime)?;
        Ok(message.formatted())
    }

    /// The header's date, whose writer panics before 1970 and after 9999.
    fn date(&self) -> Result<SystemTime, NotMailable> {
        let at = self.date.get();
        let year = at.to_zoned(jiff::tz::TimeZone::UTC).year();
        if (1970..=9998).contains(&year) { Ok(SystemTime::from(at)) } else { Err(NotMailable::Date) }
    }

    fn parts(&self) -> MultiPart {
        let bodies = MultiPart::alternative()
            .boundary(self.boundary("alternative"))
            .singlepart(SinglePart::plain(body_text(&self.text)))
            .singlepart(SinglePart::html(body_text(&self.html)));
        let Some(invite) = &self.invite else {
            return self.with_files(bodies);
        };
        let content_type = match self.invite_method.unwrap_or(Method::Request) {
            Method::Request => "text/calendar; charset=UTF-8; method=REQUEST; component=VEVENT",
            Method::Cancel => "text/calendar; charset=UTF-8; method=CANCEL; component=VEVENT",
        };
        let shown = SinglePart::builder()
            .header(content_type.parse::<ContentType>().expect("a constant content type"))
            .body(calendar_body(invite));
        let attached = Attachment::new("invite.ics".to_owned())
            .body(calendar_body(invite), "application/ics".parse::<ContentType>().expect("a constant content type"));
        MultiPart::mixed().boundary(self.boundary("mixed")).multipart(bodies.singlepart(shown)).singlepart(attached)
    }

    /// Files stand behind the texts, as downloads; always in Base64, so that no relay touches their bytes.
    fn with_files(&self, bodies: MultiPart) -> MultiPart {
        if self.files.is_empty() {
            return bodies;
        }
        let whole = MultiPart::mixed().boundary(self.boundary("mixed")).multipart(bodies);
        self.files.iter().fold(whole, |whole, file| {
            let kind = file
                .media_type
                .parse::<ContentType>()
                .unwrap_or_else(|_| "application/octet-stream".parse().expect("a constant content type"));
            let name =
                Some(header_text(&file.name)).filter(|name| !name.is_empty()).unwrap_or_else(|| "file".to_owned());
            whole.singlepart(Attachment::new(name).body(encoded(file.bytes.clone()), kind))
        })
    }

    /// From the content, so that it is the same every time and nobody can write it into a text.
    fn boundary(&self, kind: &str) -> String {
        let mut hash = Sha256::new();
        for part in [kind, &self.message, &self.text, &self.html] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let hash = hash.finalize();
        let half = hash.first_chunk().expect("SHA-256 has 32 bytes");
        format!("=_{:032x}", u128::from_be_bytes(*half))
    }
}

fn calendar_body(ics: &str) -> Body {
    encoded(ics.as_bytes().to_vec())
}

/// Base64, so that no relay touches the file's line ends.
fn encoded(bytes: Vec<u8>) -> Body {
    Body::new_with_encoding(bytes, ContentTransferEncoding::Base64).expect("base64 takes any bytes")
}

fn mailbox(who: &Address, whose: &'static str) -> Result<Mailbox, NotMailable> {
    let address = wire_address(&who.address).ok_or(NotMailable::Address(whose))?;
    let name = header_text(&who.name);
    Ok(Mailbox::new((!name.is_empty()).then_some(name), address))
}

/// A Message-ID of somebody else's as it may stand in our header: anything could be in theirs.
fn in_header(id: &str) -> Option<String> {
    let id = id.trim().trim_start_matches('<').trim_end_matches('>');
    let fits = |c: char| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | '(' | ')' | ',' | ';');
    (id.len() <= 200 && id.contains('@') && id.chars().all(fits)).then(|| format!("<{id}>"))
}

fn raw(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

#[cfg(test)]
mod tests {
    use mail_parser::{MessageParser, MimeHeaders};
    use proptest::prelude::*;

    use super::*;

    fn email() -> Email {
        Email {
            message: "msg_01a2076b440077078707070707070707".to_owned(),
            message_id_domain: "dealer.example".to_owned(),
            from: Address { name: "LEXUS XX 售后".to_owned(), address: "service@dealer.example".to_owned() },
            reply_to: None,
            references: Vec::new(),
            automatic: Automatic::Generated,
            unsubscribe: None,
            opt_out: None,
            to: Address { name: "王芳".to_owned(), address: "wang@example.com".to_owned() },
            subject: "预约确认".to_owned(),
            text: "您好\n.\n".to_owned(),
            html: "<p>您好</p>".to_owned(),
            invite: None,
            invite_method: None,
            files: Vec::new(),
            date: "2026-03-05T10:00:00+08:00".parse().unwrap(),
        }
    }

    #[test]
    fn an_invitation_is_shown_and_attached_and_always_the_same_bytes() {
        let ics = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n";
        let email = Email { invite: Some(ics.to_owned()), invite_method: Some(Method::Cancel), ..email() };
        let bytes = email.bytes().unwrap();
        assert_eq!(bytes, email.bytes().unwrap());
        let mail = MessageParser::default().parse(&bytes).unwrap();
        assert_eq!(mail.message_id(), Some("msg_01a2076b440077078707070707070707@dealer.example"));
        assert_eq!(mail.body_text(0).unwrap().trim_end(), "您好\r\n.");
        assert_eq!(mail.body_html(0).unwrap(), "<p>您好</p>");
        let types: Vec<_> = mail
            .parts
            .iter()
            .filter_map(|part| part.content_type())
            .map(|t| {
                format!(
                    "{}/{} {}",
                    t.ctype(),
                    t.subtype().unwrap_or_default(),
                    t.attribute("method").unwrap_or_default()
                )
            })
            .collect();
        assert_eq!(
            types,
            [
                "multipart/mixed ",
                "multipart/alternative ",
                "text/plain ",
                "text/html ",
                "text/calendar CANCEL",
                "application/ics "
            ]
        );
        assert!(
            mail.parts
                .iter()
                .any(|part| part.attachment_name() == Some("invite.ics") && part.contents() == ics.as_bytes())
        );
    }

    #[test]
    fn files_stand_behind_the_texts_byte_for_byte() {
        let file = |name: &str, media_type: &str, bytes: &[u8]| Enclosed {
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            bytes: bytes.to_vec(),
        };
        let pdf: Vec<u8> = (0..=255u8).cycle().take(5_000).collect();
        let files = vec![
            file("报价 2026.pdf", "application/pdf", &pdf),
            file("a\r\nBcc: x@evil.example\".png", "image/png", b"\r\n.\r\n"),
        ];
        let bytes = Email { files, ..email() }.bytes().unwrap();
        assert!(bytes.is_ascii());
        let mail = MessageParser::default().parse(&bytes).unwrap();
        assert_eq!(mail.bcc(), None);
        assert_eq!(mail.body_text(0).unwrap().trim_end(), "您好\r\n.");
        let found: Vec<_> = mail.attachments().map(|part| (part.attachment_name().unwrap(), part.contents())).collect();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], ("报价 2026.pdf", pdf.as_slice()));
        assert_eq!(found[1].1, b"\r\n.\r\n");
    }

    #[test]
    fn what_cannot_be_mailed_says_which_field() {
        let with = |change: fn(&mut Email)| {
            let mut email = email();
            change(&mut email);
            email.bytes().unwrap_err().to_string()
        };
        assert!(with(|e| e.to.address = "王芳@example.com".to_owned()).contains("recipient's"));
        assert!(with(|e| e.from.address = "nobody".to_owned()).contains("sender's"));
        assert!(with(|e| e.message = "msg\r\nBcc: x".to_owned()).contains("message id"));
        assert!(with(|e| e.date = "1969-12-31T23:00:00Z".parse().unwrap()).contains("date"));
    }

    proptest! {
        #[test]
        fn no_text_in_any_field_adds_a_header_or_a_recipient(
            names in [".*", "[ -~\r\n\0]*", "\\PC*"],
            subject in any::<String>(),
            text in any::<String>(),
            html in any::<String>(),
            inject in "(\r\n|\n|\r|\u{0}|\u{85}|\u{2028})?(Bcc: x@evil\\.example|\\.|--=_)?(\r\n)?",
        ) {
            let [from, to, reply_to] = names;
            let mut email = email();
            email.from.name = from + inject.as_str();
            email.to.name = inject.clone() + to.as_str();
            email.reply_to = Some(Address { name: reply_to + inject.as_str(), address: "r+1@in.dealer.example".to_owned() });
            email.subject = subject + inject.as_str();
            email.text = text + inject.as_str();
            email.html = html + inject.as_str();
            email.invite = Some(inject);
            let bytes = email.bytes().expect("mailable");
            prop_assert!(bytes.is_ascii());
            prop_assert!(!bytes.contains(&0));
            let all = String::from_utf8(bytes.clone()).expect("ascii");
            prop_assert!(!all.replace("\r\n", "").contains(['\r', '\n']), "a bare CR or LF");
            prop_assert!(all.lines().all(|line| line.len() <= 998));
            let mail = MessageParser::default().parse(&bytes).expect("parsed");
            let mut names: Vec<_> = mail.headers().iter().map(|h| h.name().to_ascii_lowercase()).collect();
            names.sort_unstable();
            prop_assert_eq!(names, ["auto-submitted", "content-type", "date", "from", "message-id", "mime-version", "reply-to", "subject", "to", "x-aftercare-message", "x-auto-response-suppress"]);
            let to: Vec<_> = mail.to().expect("to").iter().filter_map(|a| a.address()).collect();
            prop_assert_eq!(to, ["wang@example.com"]);
            let from: Vec<_> = mail.from().expect("from").iter().filter_map(|a| a.address()).collect();
            prop_assert_eq!(from, ["service@dealer.example"]);
            prop_assert_eq!(mail.bcc(), None);
        }
    }
}
