//! What a mail is: one decision from its envelope, its headers and its parts. Pure.
//!
//! The order matters: reports and a calendar's answers come from programs too, and each means something.
use super::{
    Class, Envelope,
    addresses::Recipient,
    letter::Letter,
    reports::{self, Kind, Report},
};

/// A decision and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sorted {
    pub class: Class,
    /// For the record: `auto_submitted`, `list`, `null_return_path`, …
    pub reason: Option<&'static str>,
    /// Set where [`Class::Bounce`] was found in words.
    pub report: Option<Report>,
    /// An acknowledgement may go out (RFC 3834): a person's mail from an address that takes answers.
    pub may_be_answered: bool,
}

impl Sorted {
    fn new(class: Class, reason: Option<&'static str>) -> Self {
        Self { class, reason, report: None, may_be_answered: false }
    }
}

/// Sorts a mail that was addressed to `recipient`.
pub fn sort(letter: &Letter, envelope: &Envelope, recipient: &Recipient) -> Sorted {
    let kind = letter.report.as_ref().map(|report| report.kind);
    match kind {
        Some(Kind::Abuse) => return Sorted::new(Class::Complaint, None),
        Some(Kind::Delivery) => return Sorted { report: letter.report.clone(), ..Sorted::new(Class::Bounce, None) },
        Some(Kind::Receipt) => return Sorted::new(Class::AutoReply, Some("read_receipt")),
        Some(Kind::Words) | None => {}
    }
    if letter.invite.is_some() {
        return Sorted::new(Class::InviteReply, None);
    }
    if matches!(recipient, Recipient::OptOut(_)) {
        return Sorted::new(Class::OptOut, Some("unsubscribe_address"));
    }
    let is_null = is_null_sender(letter, envelope);
    let is_daemon = is_daemon(letter);
    if is_null || is_daemon || matches!(recipient, Recipient::Bounce(_)) {
        let returned = match recipient {
            Recipient::Bounce(message) => Some(message.to_string()),
            _ => None,
        };
        if let Some(report) = reports::in_words(&letter.text, returned.as_deref()) {
            return Sorted { report: Some(report), ..Sorted::new(Class::Bounce, Some("in_words")) };
        }
    }
    if let Some(reason) = automatic(letter, is_null, is_daemon) {
        return Sorted::new(Class::AutoReply, Some(reason));
    }
    if is_opt_out(letter) {
        return Sorted::new(Class::OptOut, Some("subject"));
    }
    let answers_to = letter.reply_to.as_deref().or(letter.from.as_deref());
    Sorted { may_be_answered: answers_to.is_some_and(takes_answers), ..Sorted::new(Class::Person, None) }
}

fn is_null_sender(letter: &Letter, envelope: &Envelope) -> bool {
    envelope.from.as_ref().map_or(letter.marks.has_null_return_path, String::is_empty)
}

fn local_part(address: &str) -> String {
    address.rsplit_once('@').map_or(address, |(local, _)| local).to_ascii_lowercase()
}

fn is_daemon(letter: &Letter) -> bool {
    let from = letter.from.as_deref().map(local_part).unwrap_or_default();
    ["mailer-daemon", "mail-daemon", "mdaemon", "postmaster", "mail delivery subsystem"].contains(&from.as_str())
}

/// Addresses that say themselves that nobody reads them. Their mail may still be a customer's: web forms write like that.
fn takes_answers(address: &str) -> bool {
    let local = local_part(address);
    let plain: String = local.chars().filter(char::is_ascii_alphanumeric).collect();
    !["noreply", "donotreply", "dontreply", "bounce", "bounces", "notification", "notifications", "root"]
        .contains(&plain.as_str())
}

/// RFC 3834 2 and what programs do instead.
fn automatic(letter: &Letter, is_null: bool, is_daemon: bool) -> Option<&'static str> {
    let marks = &letter.marks;
    if marks.auto_submitted.as_deref().is_some_and(|word| word != "no") {
        return Some("auto_submitted");
    }
    if marks.is_auto_reply {
        return Some("auto_reply_header");
    }
    if matches!(marks.precedence.as_deref(), Some("bulk" | "list" | "junk" | "auto_reply")) {
        return Some("precedence");
    }
    if marks.is_list {
        return Some("list");
    }
    // Exchange sets it on its own answers; a person's mail has none, or none that means everything.
    if marks
        .auto_response_suppress
        .as_deref()
        .is_some_and(|value| value.split(',').any(|word| matches!(word.trim(), "all" | "autoreply" | "oof")))
    {
        return Some("auto_response_suppress");
    }
    if is_daemon {
        return Some("daemon");
    }
    if is_null {
        return Some("null_return_path");
    }
    says_away(&letter.subject).then_some("subject")
}

/// Programs that set no header still write the subject; only at its very beginning, where people write none of it.
fn says_away(subject: &str) -> bool {
    const BEGINNINGS: [&str; 12] = [
        "automatic reply:",
        "auto reply:",
        "auto-reply:",
        "autoreply:",
        "out of office:",
        "out of office autoreply",
        "自动回复:",
        "自动回复：",
        "自動返信:",
        "自動応答:",
        "不在通知",
        "【自動返信】",
    ];
    let subject = subject.to_lowercase();
    BEGINNINGS.iter().any(|beginning| subject.starts_with(beginning))
}

/// The whole subject is the word.
fn is_opt_out(letter: &Letter) -> bool {
    const WORDS: [&str; 10] =
        ["unsubscribe", "stop", "opt out", "opt-out", "退订", "退訂", "拒收", "td", "配信停止", "配信停止希望"];
    let subject = letter.subject.trim().trim_end_matches(['.', '!', '。', '！']).to_lowercase();
    WORDS.contains(&subject.as_str())
}
