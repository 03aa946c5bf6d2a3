//! JSON as strangers send it, read so that all of it can be kept: no key twice, no text that a database refuses.
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// The bytes are not one JSON text, nest deeper than 128 levels, or name a key twice in one object.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(serde_json::Error);

/// Reads one JSON text. Lone surrogates, which no text in UTF-8 can hold, come out as NUL, so that [`unstorable`](crate::http::storable::unstorable)
/// names them by their pointer instead of an offset.
pub fn read(bytes: &[u8]) -> Result<Value, Unreadable> {
    let without_surrogates = lone_surrogates_as_nul(bytes);
    let mut from = serde_json::Deserializer::from_slice(without_surrogates.as_deref().unwrap_or(bytes));
    let value = Strict.deserialize(&mut from).map_err(Unreadable)?;
    from.end().map_err(Unreadable)?;
    Ok(value)
}

/// The bytes with every `\uD800`–`\uDFFF` that is no half of a pair replaced by `\u0000`; `None` when there is none.
fn lone_surrogates_as_nul(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut changed: Option<Vec<u8>> = None;
    let mut at = 0;
    while let Some(next) = bytes[at..].iter().position(|b| *b == b'\\') {
        at += next;
        match escaped_unit(bytes, at) {
            Some(0xD800..=0xDBFF) if matches!(escaped_unit(bytes, at + 6), Some(0xDC00..=0xDFFF)) => at += 12,
            Some(0xD800..=0xDFFF) => {
                changed.get_or_insert_with(|| bytes.to_vec())[at + 2..at + 6].fill(b'0');
                at += 6;
            }
            _ => at += 2,
        }
        if at >= bytes.len() {
            break;
        }
    }
    changed
}

/// The UTF-16 unit that `\uXXXX` at `at` stands for.
fn escaped_unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    let text = std::str::from_utf8(digits).ok()?;
    if text.bytes().all(|b| b.is_ascii_hexdigit()) { u16::from_str_radix(text, 16).ok() } else { None }
}

/// Like reading a [`Value`], but a key that comes twice is an error: which of the two was meant, nobody knows.
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;
    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Self)? {
            list.push(item);
        }
        Ok(list.into())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(Self)?;
            if map.insert(key, value).is_some() {
                return Err(A::Error::custom("a key comes twice in one object"));
            }
        }
        Ok(map.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{http::storable::unstorable, intake::fields::Faults};

    #[test]
    fn what_is_no_json_is_refused() {
        let deep = "[".repeat(100_000);
        for text in ["", "{", "{\"a\":1,\"a\":2}", "{} {}", "nul", "\u{feff}{}", "{\"a\":01}", "[1e999]", deep.as_str()]
        {
            assert!(read(text.as_bytes()).is_err(), "{}", &text[..text.len().min(20)]);
        }
        assert!(read(b"\"\xff\"").is_err());
    }

    #[test]
    fn nul_and_lone_surrogates_are_named_by_their_pointer() {
        let cases = [
            (r#"{"a":["x","y\u0000"]}"#, vec!["/a/1"]),
            (r#"{"a":"\ud800","b~/":"\udc00\ud800"}"#, vec!["/a", "/b~0~1"]),
            (r#"{"\ud800x":1}"#, vec!["/\0x"]),
            (r#"{"a":"\ud83d\ude00 \\ud800 \\"}"#, vec![]),
        ];
        for (text, pointers) in cases {
            let faults = Faults::default();
            unstorable(&read(text.as_bytes()).unwrap(), "", &faults);
            let found: Vec<_> = faults.into_list().into_iter().map(|f| f.pointer).collect();
            assert_eq!(found, pointers, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _ = read(&bytes);
        }
        #[test]
        fn no_escapes_panic(text in r#""(\\u[dD][89aAcC][0-9a-f]{0,2}|\\|x)*""#) {
            let _ = read(text.as_bytes());
        }
    }
}
