//! Texts that can be kept: `PostgreSQL` refuses NUL, so no door lets one in, whatever the database is.
use axum::http::Uri;
use serde_json::Value;

use super::{Error, Fault};
use crate::intake::fields::{Faults, inside};

const SAY: &str = "remove the NUL or lone surrogate: it cannot be stored";

/// Adds a fault for every text and key that holds NUL.
pub fn unstorable(value: &Value, pointer: &str, faults: &Faults) {
    match value {
        Value::String(text) if text.contains('\0') => say_unstorable(pointer, faults),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate().filter(|(_, item)| may_hold_nul(item)) {
                unstorable(item, &inside(pointer, &index.to_string()), faults);
            }
        }
        Value::Object(map) => {
            for (key, item) in map {
                if key.contains('\0') {
                    say_unstorable(&inside(pointer, key), faults);
                } else if may_hold_nul(item) {
                    unstorable(item, &inside(pointer, key), faults);
                }
            }
        }
        _ => {}
    }
}

/// Whether no text in it holds NUL.
pub fn is_storable(value: &Value) -> bool {
    let faults = Faults::default();
    unstorable(value, "", &faults);
    faults.into_list().is_empty()
}

fn may_hold_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(_) | Value::Object(_) => true,
        _ => false,
    }
}

fn say_unstorable(pointer: &str, faults: &Faults) {
    faults.add(pointer, "unstorable_text", SAY);
}

/// One JSON text whose every word can be kept.
///
/// # Errors
/// 400 when it is none; 422 with the pointer of each NUL.
pub fn json(bytes: &[u8]) -> Result<Value, Error> {
    let value = serde_json::from_slice(bytes).map_err(|error| Error::Unreadable(error.to_string()))?;
    let faults = Faults::default();
    unstorable(&value, "", &faults);
    let faults = faults.into_list();
    if faults.is_empty() { Ok(value) } else { Err(Error::Invalid(faults)) }
}

/// The fields of an `application/x-www-form-urlencoded` text, in their order.
///
/// # Errors
/// 422 for each name and value that holds NUL.
pub fn form(bytes: &[u8]) -> Result<Vec<(String, String)>, Error> {
    kept(url::form_urlencoded::parse(bytes).into_owned().collect())
}

/// Fields as they are, when all of them can be kept.
///
/// # Errors
/// 422 for each name and value that holds NUL.
pub(super) fn kept(fields: Vec<(String, String)>) -> Result<Vec<(String, String)>, Error> {
    let holds_nul = |(name, value): &&(String, String)| name.contains('\0') || value.contains('\0');
    let fault = |(name, _): &(String, String)| Fault {
        pointer: inside("", name),
        code: "unstorable_text",
        message: SAY.to_owned(),
    };
    let faults: Vec<Fault> = fields.iter().filter(holds_nul).take(MOST_NAMED).map(fault).collect();
    if faults.is_empty() { Ok(fields) } else { Err(Error::Invalid(faults)) }
}

/// So many fields are named: an answer must not be larger than what it answers.
const MOST_NAMED: usize = 20;

/// Whether an address has a NUL in its path or its query, which are decoded once.
pub(super) fn holds_nul(address: &Uri) -> bool {
    address.path().contains("%00") || address.query().is_some_and(|query| query.contains("%00"))
}
