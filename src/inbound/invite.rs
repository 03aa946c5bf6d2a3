//! A calendar's answer to our invitation: iTIP `METHOD:REPLY` (RFC 5546 3.2.3).
use icalendar::parser::{Component, read_calendar, unfold};
use serde::Serialize;

/// A reply is short; the parser goes down one call for each component inside another.
const LONGEST: usize = 64 * 1024;
const DEEPEST: usize = 20;

/// What the calendar of one invited says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InviteReply {
    /// `apt_…@domain`.
    pub uid: String,
    /// The version of the invitation that this answers.
    pub sequence: i64,
    /// Who answers.
    pub attendee: String,
    pub says: Says,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    Accepted,
    Declined,
    Tentative,
}

/// The reply in a calendar file, if it is one with one event and one who answers.
pub fn read(file: &[u8]) -> Option<InviteReply> {
    let text = std::str::from_utf8(file).ok().filter(|text| text.len() <= LONGEST)?;
    if text.to_ascii_uppercase().matches("BEGIN:").count() > DEEPEST {
        return None;
    }
    let unfolded = unfold(text);
    let calendar = read_calendar(&unfolded).ok()?;
    let is_reply = calendar.properties.iter().any(|property| {
        property.name.as_str().eq_ignore_ascii_case("METHOD")
            && property.val.as_str().trim().eq_ignore_ascii_case("REPLY")
    });
    let mut events =
        calendar.components.iter().filter(|component| component.name.as_str().eq_ignore_ascii_case("VEVENT"));
    let (Some(event), None, true) = (events.next(), events.next(), is_reply) else { return None };
    let text_of = |name: &str| Some(event.find_prop(name)?.val.as_str().trim().to_owned());
    Some(InviteReply {
        uid: text_of("UID")?,
        sequence: text_of("SEQUENCE").and_then(|n| n.parse().ok()).unwrap_or(0),
        ..answer(event)?
    })
}

fn answer(event: &Component<'_>) -> Option<InviteReply> {
    let mut attendees =
        event.properties.iter().filter(|property| property.name.as_str().eq_ignore_ascii_case("ATTENDEE"));
    let (Some(one), None) = (attendees.next(), attendees.next()) else { return None };
    let said = one.params.iter().find(|param| param.key.as_str().eq_ignore_ascii_case("PARTSTAT"))?;
    let says = match said.val.as_ref()?.as_str().trim_matches('"').to_ascii_uppercase().as_str() {
        "ACCEPTED" => Says::Accepted,
        "DECLINED" => Says::Declined,
        "TENTATIVE" => Says::Tentative,
        _ => return None,
    };
    let address = one.val.as_str().trim();
    let is_mail = address.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("mailto:"));
    let attendee = address.get(7..).filter(|_| is_mail)?.to_owned();
    Some(InviteReply { uid: String::new(), sequence: 0, attendee, says })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(method: &str, attendee: &str) -> String {
        format!(
            "BEGIN:VCALENDAR\r\nPRODID:-//x//EN\r\nVERSION:2.0\r\nMETHOD:{method}\r\nBEGIN:VEVENT\r\nUID:apt_01a2076b440077078707070707070707@deal\r\n er.example\r\nSEQUENCE:2\r\nDTSTAMP:20260302T020000Z\r\n{attendee}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
    }

    #[test]
    fn a_reply_says_who_and_what() {
        let reply =
            read(file("REPLY", "ATTENDEE;CN=\"Wang, Fang\";PARTSTAT=DECLINED:MAILTO:wang@example.com").as_bytes());
        let reply = reply.expect("a reply");
        assert_eq!((reply.sequence, reply.attendee.as_str(), reply.says), (2, "wang@example.com", Says::Declined));
        assert_eq!(reply.uid, "apt_01a2076b440077078707070707070707@dealer.example");
    }

    #[test]
    fn anything_else_is_no_reply() {
        assert_eq!(read(file("REQUEST", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@b.example").as_bytes()), None);
        assert_eq!(read(file("REPLY", "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:a@b.example").as_bytes()), None);
        assert_eq!(read(file("REPLY", "ATTENDEE;PARTSTAT=ACCEPTED:https://b.example").as_bytes()), None);
        assert_eq!(read("BEGIN:VEVENT\r\n".repeat(5_000).as_bytes()), None);
        assert_eq!(read(b"METHOD:REPLY"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_file_is_read(text in "(BEGIN:(VCALENDAR|VEVENT)\r\n|METHOD:REPLY\r\n|UID:[a-z@]{0,5}\r\n|ATTENDEE;PARTSTAT=\"?[A-Z]{0,5}:m?\r\n|END:VEVENT\r\n|\\PC{0,9}\r?\n){0,12}") {
            let _ = read(text.as_bytes());
        }
    }
}
