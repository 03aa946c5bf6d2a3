//! Reads typed values out of a JSON object and gathers every fault with its pointer, so that a sender is told all at once.
use std::cell::{Cell, RefCell};

use serde_json::{Map, Value};

use crate::{clock::Timestamp, http::Fault};

/// The longest name, code or key in characters.
pub const SHORT: usize = 200;
/// The longest free text in characters.
pub const LONG: usize = 10_000;
/// The most entries of a list.
pub const MANY: usize = 100;
/// The most faults one event is told of: an answer must not be larger than what it answers.
const MOST_FAULTS: usize = 20;

/// The faults found so far. `renew` starts the count of the next event.
#[derive(Debug, Default)]
pub struct Faults {
    list: RefCell<Vec<Fault>>,
    of_this_event: Cell<usize>,
}

impl Faults {
    pub fn add(&self, pointer: impl Into<String>, code: &'static str, message: impl Into<String>) {
        let count = self.of_this_event.get();
        self.of_this_event.set(count + 1);
        if count < MOST_FAULTS {
            self.list.borrow_mut().push(Fault { pointer: pointer.into(), code, message: message.into() });
        }
    }
    pub fn renew(&self) {
        self.of_this_event.set(0);
    }
    pub fn into_list(self) -> Vec<Fault> {
        self.list.into_inner()
    }
}

/// A JSON pointer (RFC 6901) to `key` inside what `pointer` names.
pub fn inside(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// One object of the input. A key that is `null` counts as absent; a key that is not asked for is ignored.
pub struct Fields<'a> {
    map: &'a Map<String, Value>,
    pointer: String,
    faults: &'a Faults,
}

impl<'a> Fields<'a> {
    /// `None`, and a fault, when `value` is no object.
    pub fn of(value: &'a Value, pointer: impl Into<String>, faults: &'a Faults) -> Option<Self> {
        let pointer = pointer.into();
        if let Value::Object(map) = value {
            return Some(Self { map, pointer, faults });
        }
        faults.add(pointer, "wrong_type", "must be an object");
        None
    }

    /// Adds a fault about `key`.
    pub fn fault(&self, key: &str, code: &'static str, message: impl Into<String>) {
        self.faults.add(inside(&self.pointer, key), code, message);
    }
    /// Adds that `key` is missing or blank, unless something is there that has its fault already.
    pub fn require<T>(&self, key: &str, value: Option<T>) -> Option<T> {
        if value.is_none() && self.is_blank(key) {
            self.fault(key, "required", "is required");
        }
        value
    }
    /// Absent, `null`, or a text of blanks.
    pub fn is_blank(&self, key: &str) -> bool {
        self.get(key).is_none_or(|value| value.as_str().is_some_and(|text| text.trim().is_empty()))
    }
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// One line of text: trimmed, not empty, at most [`SHORT`] characters, none of them a control character.
    pub fn line(&self, key: &str) -> Option<String> {
        self.without_controls(key).and_then(|text| self.no_longer_than(SHORT, key, text.trim()))
    }
    /// The sender's name for a thing: like [`Fields::line`], but every blank counts.
    pub fn key(&self, key: &str) -> Option<String> {
        self.without_controls(key)
            .and_then(|text| self.no_longer_than(SHORT, key, text))
            .filter(|text| !text.trim().is_empty())
    }
    /// Free text: line breaks are fine; at most [`LONG`] characters.
    pub fn prose(&self, key: &str) -> Option<String> {
        let text = self.string(key)?;
        self.no_longer_than(LONG, key, text)
    }
    /// Any text as it is; its rules are the caller's.
    pub fn string(&self, key: &str) -> Option<&'a str> {
        self.typed(key, "must be a text", Value::as_str)
    }
    pub fn flag(&self, key: &str) -> Option<bool> {
        self.typed(key, "must be true or false", Value::as_bool)
    }
    /// A whole number that is not negative.
    pub fn count(&self, key: &str) -> Option<i64> {
        self.typed(key, "must be a whole number, 0 or more", |v| v.as_i64().filter(|n| *n >= 0))
    }
    /// Hours or an amount: a number that is not negative.
    pub fn quantity(&self, key: &str) -> Option<f64> {
        self.typed(key, "must be a number, 0 or more", |v| v.as_f64().filter(|n| *n >= 0.0))
    }
    /// A point in time, RFC 3339 with its offset.
    pub fn time(&self, key: &str) -> Option<Timestamp> {
        let text = self.string(key)?;
        let time = rfc3339(text);
        if time.is_none() {
            self.fault(key, "not_a_time", "must be a time like 2026-03-07T09:30:00+08:00, with its offset");
        }
        time
    }
    pub fn object(&self, key: &str) -> Option<Self> {
        Fields::of(self.get(key)?, inside(&self.pointer, key), self.faults)
    }
    /// The objects of a list; `None` when the key is absent.
    pub fn objects(&self, key: &str) -> Option<Vec<Self>> {
        let pointer = inside(&self.pointer, key);
        let items = self.items(key)?.iter().enumerate();
        Some(items.filter_map(|(i, item)| Fields::of(item, inside(&pointer, &i.to_string()), self.faults)).collect())
    }
    /// One item of a list as an object, with its pointer.
    pub fn item_object(&self, key: &str, index: usize, item: &'a Value) -> Option<Self> {
        Fields::of(item, inside(&inside(&self.pointer, key), &index.to_string()), self.faults)
    }
    /// Texts of one line each; `None` when the key is absent.
    pub fn lines(&self, key: &str) -> Option<Vec<String>> {
        let pointer = inside(&self.pointer, key);
        let mut lines = Vec::new();
        for (index, item) in self.items(key)?.iter().enumerate() {
            let text = item.as_str().map(str::trim);
            match text {
                Some(text) if !text.is_empty() && text.chars().count() <= SHORT && !text.contains(char::is_control) => {
                    lines.push(text.to_owned());
                }
                _ => self.faults.add(
                    inside(&pointer, &index.to_string()),
                    "wrong_type",
                    format!("must be a text of 1 to {SHORT} characters in one line"),
                ),
            }
        }
        Some(lines)
    }
    /// The items of a list as they are; `None` when the key is absent.
    pub fn items(&self, key: &str) -> Option<&'a [Value]> {
        let items = self.typed(key, "must be a list", Value::as_array)?;
        if items.len() > MANY {
            self.fault(key, "too_many", format!("must have at most {MANY} entries"));
            return None;
        }
        Some(items)
    }

    fn get(&self, key: &str) -> Option<&'a Value> {
        self.map.get(key).filter(|v| !v.is_null())
    }
    fn typed<T>(&self, key: &str, message: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> Option<T> {
        let read = read(self.get(key)?);
        if read.is_none() {
            self.fault(key, "wrong_type", message);
        }
        read
    }
    fn without_controls(&self, key: &str) -> Option<&'a str> {
        let text = self.string(key)?;
        if text.chars().any(char::is_control) {
            self.fault(key, "control_character", "must have no control characters, such as a line break");
            return None;
        }
        Some(text)
    }
    fn no_longer_than(&self, most: usize, key: &str, text: &str) -> Option<String> {
        if text.chars().nth(most).is_some() {
            self.fault(key, "too_long", format!("must have at most {most} characters"));
            return None;
        }
        Some(text.to_owned()).filter(|t| !t.is_empty())
    }
}

/// Stricter than jiff, which also takes other forms of ISO 8601; years that both databases keep in order.
fn rfc3339(text: &str) -> Option<Timestamp> {
    let digits_as_0: Vec<u8> = text.bytes().map(|b| if b.is_ascii_digit() { b'0' } else { b }).collect();
    let clock = digits_as_0.strip_prefix(b"0000-00-00")?;
    let clock = clock.strip_prefix(b"T").or(clock.strip_prefix(b"t")).or(clock.strip_prefix(b" "))?;
    let mut rest = clock.strip_prefix(b"00:00:00")?;
    if let Some(fraction) = rest.strip_prefix(b".") {
        let digits = fraction.iter().take_while(|b| **b == b'0').count();
        if !(1..=9).contains(&digits) {
            return None;
        }
        rest = &fraction[digits..];
    }
    if !matches!(rest, b"Z" | b"z" | b"+00:00" | b"-00:00") {
        return None;
    }
    let time: Timestamp = text.parse().ok()?;
    let year = time.get().to_zoned(jiff::tz::TimeZone::UTC).year();
    (1900..=9998).contains(&year).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_rfc_3339_with_its_offset() {
        for good in [
            "2026-03-05T10:12:00+08:00",
            "2026-03-05T02:12:00Z",
            "2026-03-05t02:12:00.123456789z",
            "2026-03-05 02:12:00-00:00",
        ] {
            assert!(rfc3339(good).is_some(), "{good}");
        }
        for bad in [
            "2026-03-05",
            "2026-03-05T10:12+08:00",
            "2026-03-05T10:12:00",
            "2026-02-30T10:12:00Z",
            "2026-03-05T25:00:00Z",
            "20260305T101200Z",
            "2026-03-05T10:12:00+08:00[Asia/Shanghai]",
            "2026-03-05T10:12:00.Z",
            "0000-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59Z",
            "",
            "明天",
            "1899-12-31T23:59:59Z",
        ] {
            assert!(rfc3339(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn every_fault_is_gathered_with_its_pointer() {
        let value = serde_json::json!({"name": "a\nb", "n": -1, "flag": "yes", "at": "soon", "list": [1], "gone": null, "long": "x".repeat(201)});
        let faults = Faults::default();
        let fields = Fields::of(&value, "/3/data", &faults).unwrap();
        assert_eq!(fields.line("name"), None);
        assert_eq!(fields.count("n"), None);
        assert_eq!(fields.flag("flag"), None);
        assert_eq!(fields.time("at"), None);
        assert_eq!(fields.line("long"), None);
        assert!(fields.objects("list").unwrap().is_empty());
        assert_eq!(fields.require("gone", fields.line("gone")), None);
        let found: Vec<_> = faults.into_list().into_iter().map(|f| format!("{} {}", f.pointer, f.code)).collect();
        assert_eq!(
            found,
            [
                "/3/data/name control_character",
                "/3/data/n wrong_type",
                "/3/data/flag wrong_type",
                "/3/data/at not_a_time",
                "/3/data/long too_long",
                "/3/data/list/0 wrong_type",
                "/3/data/gone required",
            ]
        );
    }
}
