//! Reads a JSON object field by field, and gathers everything that is wrong with it, each with its pointer.
use std::str::FromStr;

use serde_json::{Map, Value};

use crate::http::Fault;

/// An object that is being read. A field that is `null` counts as absent; what nobody asked for is a fault, because a
/// misspelt name must not vanish.
#[derive(Debug)]
pub struct Fields {
    base: String,
    rest: Map<String, Value>,
    faults: Vec<Fault>,
}

impl Fields {
    /// `base` is the pointer of the object itself: empty for a whole body.
    ///
    /// # Errors
    /// When `body` is no object.
    pub fn of(base: impl Into<String>, body: Value) -> Result<Self, Vec<Fault>> {
        let base = base.into();
        match body {
            Value::Object(rest) => Ok(Self { base, rest, faults: Vec::new() }),
            _ => Err(vec![Fault { pointer: base, code: "wrong_type", message: "must be an object".to_owned() }]),
        }
    }

    /// A required text of 1 to `most` characters.
    pub fn text(&mut self, name: &str, most: usize) -> String {
        let text = self.text_if_any(name, most);
        text.unwrap_or_else(|| {
            if !self.is_faulty(name) {
                self.fault(name, "required", "is required");
            }
            String::new()
        })
    }

    /// A text of 1 to `most` characters, without control characters and spaces at its ends.
    pub fn text_if_any(&mut self, name: &str, most: usize) -> Option<String> {
        let Value::String(text) = self.take(name)? else {
            self.fault(name, "wrong_type", "must be a text");
            return None;
        };
        let text = text.trim();
        match wrong_with(text, most) {
            None => Some(text.to_owned()),
            Some((code, message)) => {
                self.fault(name, code, message);
                None
            }
        }
    }

    /// A text of several lines and at most `most` characters; blank counts as absent.
    pub fn prose(&mut self, name: &str, most: usize) -> Option<String> {
        let Value::String(text) = self.take(name)? else {
            self.fault(name, "wrong_type", "must be a text");
            return None;
        };
        let clean: String = text.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
        if clean.chars().count() > most {
            self.fault(name, "too_long", format!("must have at most {most} characters"));
        }
        Some(clean.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// A text that stands for something else, such as a time.
    pub fn parsed<T: FromStr>(&mut self, name: &str, code: &'static str, message: &str) -> Option<T> {
        let text = self.text_if_any(name, 200)?;
        let value = text.parse().ok();
        if value.is_none() {
            self.fault(name, code, message);
        }
        value
    }

    pub fn flag(&mut self, name: &str, default: bool) -> bool {
        match self.take(name) {
            None => default,
            Some(Value::Bool(flag)) => flag,
            Some(_) => {
                self.fault(name, "wrong_type", "must be true or false");
                default
            }
        }
    }

    /// A list of texts of at most 40 characters each; empty when absent.
    pub fn texts(&mut self, name: &str) -> Vec<String> {
        let list = match self.take(name) {
            None => return Vec::new(),
            Some(Value::Array(list)) => list,
            Some(_) => {
                self.fault(name, "wrong_type", "must be a list of texts");
                return Vec::new();
            }
        };
        let mut texts = Vec::new();
        for (at, entry) in list.into_iter().enumerate() {
            match entry.as_str().map(|text| (text, wrong_with(text, 40))) {
                Some((text, None)) => texts.push(text.to_owned()),
                Some((_, Some((code, message)))) => self.fault(&format!("{name}/{at}"), code, message),
                None => self.fault(&format!("{name}/{at}"), "wrong_type", "must be a text"),
            }
        }
        texts
    }

    /// The field as it is.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.rest.remove(name).filter(|value| !value.is_null())
    }

    /// Notes that something is wrong with `below`, a name or a path below this object such as `holidays/0/date`.
    pub fn fault(&mut self, below: &str, code: &'static str, message: impl Into<String>) {
        self.faults.push(Fault { pointer: format!("{}/{below}", self.base), code, message: message.into() });
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// Everything that was wrong, unknown fields among it.
    pub fn finish(mut self) -> Result<(), Vec<Fault>> {
        for name in std::mem::take(&mut self.rest).keys() {
            self.fault(&escaped(name), "unknown_field", "is not a field of this");
        }
        if self.faults.is_empty() { Ok(()) } else { Err(self.faults) }
    }

    pub fn is_faulty(&self, name: &str) -> bool {
        let pointer = format!("{}/{name}", self.base);
        self.faults.iter().any(|fault| fault.pointer == pointer)
    }
}

/// A name as a part of a pointer (RFC 6901).
pub fn escaped(name: &str) -> String {
    let clean: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
    clean.replace('~', "~0").replace('/', "~1")
}

/// What is wrong with a text: empty, too long, or control characters, which neither mail headers nor databases take.
pub fn wrong_with(text: &str, most: usize) -> Option<(&'static str, String)> {
    if text.is_empty() {
        Some(("empty", "must not be empty".to_owned()))
    } else if text.chars().count() > most {
        Some(("too_long", format!("must have at most {most} characters")))
    } else if text.chars().any(char::is_control) {
        Some(("control_character", "must have no control characters".to_owned()))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_wrong_is_named_at_once() {
        let body = json!({"name": "a\u{0}b", "code": 5, "note": "", "tags": ["ok", 1, "x\ny"], "shadow": "yes", "na/me~": 1, "at": "soon", "email": null});
        let mut fields = Fields::of("/dealership/0", body).expect("an object");
        fields.text("name", 20);
        fields.text("code", 20);
        fields.text("missing", 20);
        assert_eq!(fields.text_if_any("note", 5), None);
        assert_eq!(fields.texts("tags"), ["ok"]);
        assert!(!fields.flag("shadow", false));
        assert_eq!(fields.text_if_any("email", 5), None);
        assert_eq!(fields.parsed::<crate::clock::Timestamp>("at", "not_a_time", "is no time"), None);
        let found: Vec<_> =
            fields.finish().expect_err("faults").into_iter().map(|f| format!("{} {}", f.pointer, f.code)).collect();
        assert_eq!(
            found,
            [
                "/dealership/0/name control_character",
                "/dealership/0/code wrong_type",
                "/dealership/0/missing required",
                "/dealership/0/note empty",
                "/dealership/0/tags/1 wrong_type",
                "/dealership/0/tags/2 control_character",
                "/dealership/0/shadow wrong_type",
                "/dealership/0/at not_a_time",
                "/dealership/0/na~1me~0 unknown_field",
            ]
        );
    }
}
