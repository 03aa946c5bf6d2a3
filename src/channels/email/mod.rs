//! E-mail: its addresses, and the parts that write, invite and send.
pub mod calendar;
mod connections;
pub mod dir;
pub mod mime;
mod replies;
mod session;
pub mod settings;
pub mod smtp;
mod wire;

pub use calendar::Entry;
pub use dir::Dir;
pub use mime::{Automatic, Email, Enclosed, NotMailable};
pub use settings::{BadEmailUrl, Limits, Route, SmtpSettings, Tls};
pub use smtp::Smtp;

use super::reply::one_line;

/// A mailbox as people write it. Checked when it is used, because it may come from a file of a year ago.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Address {
    /// Shown to the reader; empty when there is none.
    pub name: String,
    pub address: String,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Address(…)")
    }
}

/// What a calendar entry asks of its reader (RFC 5546).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Put it in, or move it: the same UID with a higher SEQUENCE.
    Request,
    /// Take it out.
    Cancel,
}

impl Method {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Request => "REQUEST",
            Self::Cancel => "CANCEL",
        }
    }
}

/// An address as the wire takes it: ASCII, the domain in punycode, nothing quoted. `None` when it cannot be one:
/// SMTPUTF8 is seldom offered, and a quoted local part or a `%` route is seldom anything but an attack.
pub(crate) fn wire_address(text: &str) -> Option<lettre::Address> {
    let (user, domain) = text.trim().rsplit_once('@')?;
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_graphic() && !br#"<>"\(),:;[]%@"#.contains(&b));
    if !plain(user) {
        return None;
    }
    let domain = if domain.is_ascii() {
        domain.to_owned()
    } else {
        match url::Host::parse(domain).ok()? {
            url::Host::Domain(ascii) => ascii,
            url::Host::Ipv4(_) | url::Host::Ipv6(_) => return None,
        }
    };
    if !plain(&domain) {
        return None;
    }
    lettre::Address::new(user, domain).ok()
}

/// A name or subject for a header: one line, no control characters. Lettre panics on CR, LF and NUL in a name
/// (`reliability.md` trap 6).
pub(crate) fn header_text(text: &str) -> String {
    one_line(text)
}

/// A text of several lines: LF ends a line, tabs stay, every other control character goes.
pub(crate) fn body_text(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace('\r', "\n")
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_every_server_takes_pass() {
        let wire = |text: &str| wire_address(text).map(|a| a.to_string());
        assert_eq!(wire(" anna+x@example.com "), Some("anna+x@example.com".to_owned()));
        assert_eq!(wire("a@bücher.example"), Some("a@xn--bcher-kva.example".to_owned()));
        for bad in [
            "",
            "a",
            "a@",
            "@b.example",
            "王芳@example.com",
            "\"a b\"@example.com",
            "a\r\nRCPT TO:<x@y>@example.com",
            "a>@example.com",
            "a b@example.com",
            "a@exa mple.com",
            "a@example.com>\r\nDATA",
            "a@b@example.com",
        ] {
            assert_eq!(wire(bad), None, "{bad:?}");
        }
    }
}
