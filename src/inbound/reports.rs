//! Reports about mail: delivery (RFC 3464), receipt (RFC 8098) and abuse (RFC 5965), and the words of servers that know none.
use mail_parser::{Message, MessageParser, MessagePart};
use serde::Serialize;

use super::{
    flatten::{GLOBAL, MESSAGE},
    letter::{header, is, line},
};

/// More recipients of one report are not read: what we send has one.
const MOST_RECIPIENTS: usize = 20;
/// The headers of a mail that came back are looked for in so many bytes.
const HEADERS_WITHIN: usize = 128 * 1024;

/// What a report tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    pub kind: Kind,
    pub recipients: Vec<Recipient>,
    /// `msg_…` of the mail that came back, as its headers in the report say.
    pub message: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// RFC 3464.
    Delivery,
    /// Read, or deleted unread (RFC 8098).
    Receipt,
    /// RFC 5965.
    Abuse,
    /// The words of a server that writes no report; see [`in_words`].
    Words,
}

/// What a report says of one address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Recipient {
    pub address: Option<String>,
    /// Whom we had written to, before it was passed on.
    pub original: Option<String>,
    pub action: Action,
    /// `5.1.1` (RFC 3463).
    pub status: Option<Status>,
    /// The server's words, one line.
    pub diagnostic: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    #[default]
    Failed,
    /// It is still being tried: nothing is known yet.
    Delayed,
    /// Delivered, relayed or expanded.
    Delivered,
}

/// An enhanced status code: class, subject, detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u16, pub u16, pub u16);

impl Serialize for Status {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}
impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl Status {
    /// The first one in a text.
    pub fn find(text: &str) -> Option<Self> {
        text.split(|c: char| !(c.is_ascii_digit() || c == '.')).find_map(|word| {
            let mut parts = word.trim_matches('.').split('.');
            let mut next = || {
                let part = parts.next()?;
                (part.len() <= 3).then(|| part.parse::<u16>().ok()).flatten()
            };
            let status = Self(next()?, next()?, next()?);
            (matches!(status.0, 2 | 4 | 5) && parts.next().is_none()).then_some(status)
        })
    }
}

/// What a failure is about (`domain/channels.md` E8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// There is no such mailbox, and there will be none.
    Gone,
    /// Full, switched off for now, or its server cannot be reached.
    Person,
    /// This mail was not wanted: its size, its content, our name.
    Message,
}

impl Severity {
    pub fn word(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Person => "person",
            Self::Message => "message",
        }
    }
}

impl Recipient {
    /// What the failure is about. Servers that write only `5.0.0` say more in their own words.
    pub fn severity(&self) -> Severity {
        let words = self.diagnostic.as_deref().unwrap_or_default();
        let said = self.status.filter(|status| (status.1, status.2) != (0, 0));
        match said.or_else(|| Status::find(words)) {
            Some(Status(5, 1, 1 | 2 | 3 | 6 | 10)) => Severity::Gone,
            Some(Status(4, ..) | Status(5, 2 | 4, _)) if !is_about_size(words) => Severity::Person,
            Some(Status(5, 0, 0)) | None => by_words(words),
            Some(_) => Severity::Message,
        }
    }
}

fn is_about_size(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    words.contains("message size") || words.contains("message too large") || words.contains("too big")
}

/// Conservative: an address is only given up where the words leave no doubt.
fn by_words(words: &str) -> Severity {
    let words = words.to_lowercase();
    let says = |any: &[&str]| any.iter().any(|one| words.contains(one));
    if says(&["spam", "policy", "blocked", "blacklist", "reputation", "dmarc", "spf", "垃圾", "拒绝"]) {
        Severity::Message
    } else if says(&[
        "user unknown",
        "unknown user",
        "no such user",
        "mailbox not found",
        "mailbox unavailable or access denied",
        "does not exist",
        "doesn't exist",
        "recipient not found",
        "不存在",
    ]) {
        Severity::Gone
    } else {
        Severity::Person
    }
}

/// The report in a mail, if it is one.
pub(super) fn read(mail: &Message<'_>) -> Option<Report> {
    let part = |subtype: &str| mail.parts.iter().find(|part| is(part, "message", subtype));
    let returned = returned(mail);
    if let Some(abuse) = part("feedback-report") {
        let said = fields(abuse.contents()).into_iter().next().unwrap_or_default();
        let original = value(&said, "Original-Rcpt-To").map(|value| address(&value));
        let recipient = Recipient { original, ..Recipient::default() };
        return Some(Report { kind: Kind::Abuse, recipients: vec![recipient], message: returned });
    }
    if let Some(status) =
        part("delivery-status").or_else(|| part("global-delivery-status")).or_else(|| part("xlobal-delivery-status"))
    {
        let recipients: Vec<Recipient> =
            fields(status.contents()).iter().filter_map(recipient).take(MOST_RECIPIENTS).collect();
        return Some(Report { kind: Kind::Delivery, recipients, message: returned });
    }
    part("disposition-notification")?;
    Some(Report { kind: Kind::Receipt, recipients: Vec::new(), message: returned })
}

/// A report in a server's own words: only where a daemon wrote it, the mail that came back is in it, and a code that means
/// failure. Anything less is somebody's letter.
pub fn in_words(text: &str, returned: Option<&str>) -> Option<Report> {
    let message = returned.map(str::to_owned).or_else(|| our_message(text))?;
    let code = |line: &&str| {
        Status::find(line).is_some_and(|status| status.0 > 2)
            || line
                .split(|c: char| !c.is_ascii_digit())
                .any(|word| word.len() == 3 && matches!(word.as_bytes()[0], b'5'))
    };
    let said = text.lines().take(200).find(code)?;
    let action = if text.to_ascii_lowercase().contains("will be retried") { Action::Delayed } else { Action::Failed };
    let recipient =
        Recipient { action, status: Status::find(said), diagnostic: Some(line(said)), ..Recipient::default() };
    Some(Report { kind: Kind::Words, recipients: vec![recipient], message: Some(message) })
}

type Fields = Vec<(String, String)>;

/// The blocks of a status part, each read as headers.
fn fields(part: &[u8]) -> Vec<Fields> {
    let text = String::from_utf8_lossy(part).replace("\r\n", "\n");
    let blocks = text.split("\n\n").map(str::trim).filter(|block| !block.is_empty()).take(MOST_RECIPIENTS + 2);
    blocks
        .filter_map(|block| {
            let block = format!("{block}\n\n");
            let read = MessageParser::default().parse_headers(block.as_bytes())?;
            Some(read.headers_raw().map(|(name, value)| (name.to_owned(), line(value))).collect())
        })
        .collect()
}

fn value(fields: &Fields, name: &str) -> Option<String> {
    fields.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
}

/// A block about a recipient; the one about the message has no action and no recipient.
fn recipient(fields: &Fields) -> Option<Recipient> {
    let of = |name: &str| value(fields, name);
    let (last, action) = (of("Final-Recipient"), of("Action"));
    if last.is_none() && action.is_none() {
        return None;
    }
    let action = match action.unwrap_or_default().to_ascii_lowercase().split([' ', ';', '(']).next() {
        Some("delayed") => Action::Delayed,
        Some("delivered" | "relayed" | "expanded") => Action::Delivered,
        _ => Action::Failed,
    };
    Some(Recipient {
        address: last.map(|value| address(&value)),
        original: of("Original-Recipient").map(|value| address(&value)),
        action,
        status: of("Status").and_then(|value| Status::find(&value)),
        diagnostic: of("Diagnostic-Code")
            .map(|value| value.split_once(';').map_or(value.clone(), |(_, said)| said.trim().to_owned())),
    })
}

/// `rfc822; <a@b.example>` as `a@b.example`.
fn address(value: &str) -> String {
    let value = value.split_once(';').map_or(value, |(_, address)| address);
    value.trim().trim_start_matches('<').trim_end_matches('>').to_owned()
}

/// Our id of the mail that came back: from its headers, wherever the report holds them.
fn returned(mail: &Message<'_>) -> Option<String> {
    let holds = |part: &&MessagePart<'_>| {
        is(part, MESSAGE.0, MESSAGE.1)
            || is(part, GLOBAL.0, GLOBAL.1)
            || is(part, "text", "rfc822-headers")
            || is(part, "message", "global-headers")
            || is(part, "message", "xlobal-headers")
    };
    mail.parts.iter().filter(holds).find_map(|part| {
        // Headers alone may end without the end of their last line, and without it that one is not read.
        let headers = [&part.contents()[..part.contents().len().min(HEADERS_WITHIN)], b"\r\n\r\n"].concat();
        let inner = MessageParser::default().parse_headers(&headers)?;
        header(&inner, "X-Aftercare-Message")
            .and_then(|value| our_message(&value))
            .or_else(|| our_message(inner.message_id()?))
    })
}

/// The first `msg_` and 32 hexadecimal digits in a text.
pub(super) fn our_message(text: &str) -> Option<String> {
    text.match_indices("msg_").find_map(|(at, _)| {
        let id = text.get(at..at + 36)?;
        id[4..].bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase()).then(|| id.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: &str, words: &str) -> Severity {
        Recipient { status: Status::find(status), diagnostic: Some(words.to_owned()), ..Recipient::default() }
            .severity()
    }

    #[test]
    fn a_status_says_what_a_failure_is_about() {
        for status in ["5.1.1", "5.1.10", "5.1.2", "5.1.3"] {
            assert_eq!(of(status, ""), Severity::Gone, "{status}");
        }
        for status in ["5.2.2", "5.2.1", "4.4.7", "4.2.2", "5.4.4"] {
            assert_eq!(of(status, ""), Severity::Person, "{status}");
        }
        for status in ["5.7.1", "5.7.26", "5.3.4", "5.6.0", "5.1.8"] {
            assert_eq!(of(status, ""), Severity::Message, "{status}");
        }
    }

    #[test]
    fn a_status_that_says_nothing_is_read_in_the_servers_words() {
        assert_eq!(of("5.0.0", "550 5.1.1 <a@b>: Recipient address rejected"), Severity::Gone);
        assert_eq!(of("5.0.0", "550 Mailbox not found"), Severity::Gone);
        assert_eq!(of("", "550 用户不存在"), Severity::Gone);
        assert_eq!(of("5.0.0", "554 blocked by spam policy, user unknown"), Severity::Message);
        assert_eq!(of("5.0.0", "552 something"), Severity::Person);
        assert_eq!(of("5.2.3", "552 message size exceeds"), Severity::Message);
    }

    #[test]
    fn words_are_a_report_only_with_our_mail_and_a_code() {
        let id = "msg_01a2076b440077078707070707070707";
        let text = format!("could not be delivered:\n550 no such user\n\nMessage-ID: <{id}@dealer.example>\n");
        assert_eq!(in_words(&text, None).and_then(|report| report.message).as_deref(), Some(id));
        assert_eq!(in_words("could not be delivered: 550 no such user", None), None);
        assert_eq!(in_words(&format!("thank you for {id}, call me at room 12"), None), None);
    }

    proptest::proptest! {
        #[test]
        fn a_report_cut_anywhere_is_read(at in 0usize..1200) {
            let report = include_bytes!("../../tests/data/mail/bounce_postfix_unknown_user.eml");
            let _ = crate::inbound::letter::Letter::read(&report[..at.min(report.len())]);
        }
    }
}
