//! A calendar entry as mail programs want it (RFC 5545, 5546): one VEVENT in UTC, folded by octets, CRLF.
use icalendar::Property;

use super::{Address, Method, body_text, header_text};
use crate::clock::Timestamp;

/// The reader is reminded this long before the start.
const ALARM: &str = "-PT2H";
/// Octets in a line (RFC 5545 3.1).
const LONGEST: usize = 75;
/// Stands in for a space while the crate writes; texts hold no control characters by then.
const SPACE: &str = "\u{1}";

/// One appointment for one reader. The same `uid` with a higher `sequence` moves it or takes it out.
#[derive(Clone, Debug)]
pub struct Entry {
    /// `apt_…@domain`.
    pub uid: String,
    pub sequence: u32,
    pub method: Method,
    /// When this version was made; part of the bytes, so it is the notice's time and not the attempt's.
    pub stamp: Timestamp,
    pub start: Timestamp,
    pub end: Timestamp,
    pub summary: String,
    pub description: String,
    pub location: String,
    pub organizer: Address,
    pub attendee: Address,
    pub url: Option<String>,
}

impl Entry {
    /// The file. Written line by line with the crate's properties: its components would add a DTSTAMP of now and a
    /// random UID to the alarm, and the same entry must give the same bytes.
    pub fn ics(&self) -> String {
        let request = self.method == Method::Request;
        let mut file = Vec::from([
            line(Property::new("BEGIN", "VCALENDAR")),
            line(Property::new("VERSION", "2.0")),
            line(Property::new("PRODID", "-//Aftercare//Aftercare//EN")),
            line(Property::new("METHOD", self.method.as_str())),
            line(Property::new("BEGIN", "VEVENT")),
            text("UID", &header_text(&self.uid)),
            line(Property::new("SEQUENCE", self.sequence.to_string())),
            line(Property::new("DTSTAMP", utc(self.stamp))),
            line(Property::new("DTSTART", utc(self.start))),
            line(Property::new("DTEND", utc(self.end))),
            line(Property::new("STATUS", if request { "CONFIRMED" } else { "CANCELLED" })),
            text("SUMMARY", &header_text(&self.summary)),
        ]);
        for (name, value) in [("DESCRIPTION", &self.description), ("LOCATION", &self.location)] {
            if !value.trim().is_empty() {
                file.push(text(name, &body_text(value)));
            }
        }
        if let Some(url) = &self.url {
            file.push(line(Property::new("URL", unspaced(url))));
        }
        file.push(line(person("ORGANIZER", &self.organizer)));
        file.push(line(
            person("ATTENDEE", &self.attendee)
                .add_parameter("PARTSTAT", "NEEDS-ACTION")
                .add_parameter("ROLE", "REQ-PARTICIPANT")
                .add_parameter("RSVP", "TRUE")
                .done(),
        ));
        if request {
            file.extend([
                line(Property::new("BEGIN", "VALARM")),
                line(Property::new("ACTION", "DISPLAY")),
                text("DESCRIPTION", &header_text(&self.summary)),
                line(Property::new("TRIGGER", ALARM)),
                line(Property::new("END", "VALARM")),
            ]);
        }
        file.push(line(Property::new("END", "VEVENT")));
        file.push(line(Property::new("END", "VCALENDAR")));
        file.concat()
    }
}

fn utc(at: Timestamp) -> String {
    at.get().strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// A property with a TEXT value, which the crate escapes. Every kind of white space but the line end becomes a space.
fn text(name: &str, value: &str) -> String {
    let value: String = value.trim().chars().map(|c| if c == '\n' || !c.is_whitespace() { c } else { ' ' }).collect();
    line(Property::new(name, value.replace(' ', SPACE)))
}

/// ORGANIZER and ATTENDEE. A parameter value cannot hold a quote or a control character (RFC 5545 3.2), and readers
/// differ on `^` (RFC 6868) and the backslash; the crate quotes values with `:`, `;` and `,`.
fn person(name: &str, who: &Address) -> Property {
    let shown: String = header_text(&who.name)
        .chars()
        .filter_map(|c| match c {
            '"' => Some('\''),
            '^' | '\\' => None,
            c => Some(c),
        })
        .collect();
    let mut property = Property::new(name, format!("mailto:{}", unspaced(&who.address)));
    if !shown.is_empty() {
        property.add_parameter("CN", &shown.split_whitespace().collect::<Vec<_>>().join(SPACE));
    }
    property
}

/// A value that is written as it is must not hold anything that could end its line.
fn unspaced(value: &str) -> String {
    value.chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect()
}

/// The crate's line, folded by us. Icalendar 0.17 looks for white space by character where it counts by byte: it panics
/// on some lines that hold spaces and multi-byte characters (so it is given none), and it lets a last line be one octet
/// too long (so its folds are undone).
fn line(property: Property) -> String {
    let written: Result<String, std::fmt::Error> = property.try_into();
    let written = written.expect("writing to a String does not fail").replace("\r\n ", "");
    folded(&written.trim_end_matches("\r\n").replace(SPACE, " "))
}

/// At most 75 octets a line, the space that begins a continued line among them, and no character cut in two.
fn folded(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + line.len() / 24 + 2);
    let mut octets = 0;
    for c in line.chars() {
        if octets + c.len_utf8() > LONGEST {
            out.push_str("\r\n ");
            octets = 1;
        }
        out.push(c);
        octets += c.len_utf8();
    }
    out + "\r\n"
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(method: Method) -> Entry {
        Entry {
            uid: "apt_01a2076b440077078707070707070707@dealer.example".to_owned(),
            sequence: 1,
            method,
            stamp: "2026-03-05T10:00:00+08:00".parse().unwrap(),
            start: "2026-03-07T09:30:00+08:00".parse().unwrap(),
            end: "2026-03-07T11:00:00+08:00".parse().unwrap(),
            summary: "LEXUS 广州天河: 4万公里保养; 带上, 保修手册".to_owned(),
            description: "第一行\r\n第二行, with \\ and ; inside, long enough to be folded more than once in octets"
                .to_owned(),
            location: "Tianhe Road 1, Guangzhou".to_owned(),
            organizer: Address {
                name: "Service: \"Tianhe\"; desk".to_owned(),
                address: "service@dealer.example".to_owned(),
            },
            attendee: Address {
                name: "王芳\r\nX-EVIL:1".to_owned(),
                address: "wang@example.com\r\nX-EVIL:1".to_owned(),
            },
            url: Some("https://dealer.example/a/1\r\n".to_owned()),
        }
    }

    #[test]
    fn a_request_and_its_cancellation() {
        insta::assert_snapshot!(entry(Method::Request).ics().replace("\r\n", "\n"), @r#"
        BEGIN:VCALENDAR
        VERSION:2.0
        PRODID:-//Aftercare//Aftercare//EN
        METHOD:REQUEST
        BEGIN:VEVENT
        UID:apt_01a2076b440077078707070707070707@dealer.example
        SEQUENCE:1
        DTSTAMP:20260305T020000Z
        DTSTART:20260307T013000Z
        DTEND:20260307T030000Z
        STATUS:CONFIRMED
        SUMMARY:LEXUS 广州天河: 4万公里保养\; 带上\, 保修手册
        DESCRIPTION:第一行\n第二行\, with \\ and \; inside\, long enough to b
         e folded more than once in octets
        LOCATION:Tianhe Road 1\, Guangzhou
        URL:https://dealer.example/a/1
        ORGANIZER;CN="Service: 'Tianhe'; desk":mailto:service@dealer.example
        ATTENDEE;CN="王芳 X-EVIL:1";PARTSTAT=NEEDS-ACTION;ROLE=REQ-PARTICIPANT;RS
         VP=TRUE:mailto:wang@example.comX-EVIL:1
        BEGIN:VALARM
        ACTION:DISPLAY
        DESCRIPTION:LEXUS 广州天河: 4万公里保养\; 带上\, 保修手册
        TRIGGER:-PT2H
        END:VALARM
        END:VEVENT
        END:VCALENDAR
        "#);
        let cancelled = entry(Method::Cancel).ics();
        assert!(cancelled.contains("METHOD:CANCEL\r\n") && cancelled.contains("STATUS:CANCELLED\r\n"));
        assert!(!cancelled.contains("VALARM"));
    }

    /// What folding broke is whole again: the logical lines.
    fn unfolded(ics: &str) -> Vec<String> {
        ics.replace("\r\n ", "").split_terminator("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn spaces_among_long_characters_do_not_stop_the_folding() {
        let mut one = entry(Method::Request);
        one.location = format!("{}{}", "é".repeat(80), "\u{a0}".repeat(400));
        one.summary = format!("{}{}", "🚗".repeat(40), "a ".repeat(300));
        one.description = "\u{3000}字 ".repeat(300);
        assert!(one.ics().ends_with("END:VCALENDAR\r\n"));
    }

    proptest! {
        #[test]
        fn any_text_makes_the_same_lines_of_at_most_75_octets(summary in any::<String>(), description in any::<String>(), name in any::<String>(), address in any::<String>(), wide in "[é \u{a0}\u{3000}🚗a]{0,300}") {
            let mut one = entry(Method::Request);
            one.summary = summary;
            one.location = wide;
            one.description = description;
            one.attendee = Address { name, address };
            let ics = one.ics();
            prop_assert_eq!(&ics, &one.ics());
            for line in ics.split_terminator("\r\n") {
                prop_assert!(line.len() <= 75, "{} octets", line.len());
                prop_assert!(!line.contains(['\r', '\n']));
            }
            let names: Vec<_> = unfolded(&ics).iter().map(|line| line.split([':', ';']).next().unwrap_or_default().to_owned()).collect();
            let known = ["BEGIN", "VERSION", "PRODID", "METHOD", "UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "STATUS", "SUMMARY", "DESCRIPTION", "LOCATION", "URL", "ORGANIZER", "ATTENDEE", "ACTION", "TRIGGER", "END"];
            prop_assert!(names.iter().all(|name| known.contains(&name.as_str())), "{:?}", names);
            prop_assert_eq!(names.iter().filter(|name| *name == "ATTENDEE").count(), 1);
        }
    }
}
