//! A receipt as gateways write it: which field holds what is configured, their words are mapped to ours. Pure.
use serde_json::{Map, Value, json};

use super::Status;
use crate::{clock::Timestamp, config::Receipts};

/// Words that many gateways use (SMPP's among them), in small letters.
const WORDS: &[(&str, Status)] = &[
    ("accepted", Status::Accepted),
    ("acceptd", Status::Accepted),
    ("queued", Status::Accepted),
    ("submitted", Status::Accepted),
    ("sent", Status::Sent),
    ("sending", Status::Sent),
    ("enroute", Status::Sent),
    ("buffered", Status::Sent),
    ("delivered", Status::Delivered),
    ("delivrd", Status::Delivered),
    ("read", Status::Delivered),
    ("success", Status::Delivered),
    ("undelivered", Status::Undelivered),
    ("undeliv", Status::Undelivered),
    ("undeliverable", Status::Undelivered),
    ("failed", Status::Undelivered),
    ("rejected", Status::Undelivered),
    ("rejectd", Status::Undelivered),
    ("expired", Status::Undelivered),
    ("deleted", Status::Undelivered),
    ("blocked", Status::Undelivered),
];
/// The longest texts that are kept.
const LONGEST: usize = 200;

/// What one receipt says.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    pub provider_ref: String,
    pub status: Status,
    pub reason: Option<String>,
    pub at: Timestamp,
    pub raw: Value,
}

/// Why a receipt says nothing to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// Which message it is about is not said.
    NoId,
    /// A word that is neither configured nor known.
    UnknownStatus(String),
}

/// Reads one; a form's fields are read like those of an object.
///
/// # Errors
/// [`Unread`].
pub(super) fn read(body: &Value, settings: &Receipts, now: Timestamp) -> Result<Said, Unread> {
    let text = |pointer: &str| match body.pointer(pointer) {
        Some(Value::String(text)) => Some(text.trim().to_owned()),
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(Value::Bool(flag)) => Some(flag.to_string()),
        _ => None,
    };
    let text = |pointer: &str| text(pointer).filter(|text| !text.is_empty()).map(|text| cut(&text));
    let provider_ref = text(&settings.id_pointer).ok_or(Unread::NoId)?;
    let word = text(&settings.status_pointer).unwrap_or_default();
    let known = configured(&word, settings).or_else(|| known(&word));
    let status = known.ok_or(Unread::UnknownStatus(word))?;
    let at = text(&settings.at_pointer).and_then(|at| at.parse::<Timestamp>().ok());
    // A gateway whose clock is ahead of ours tells nothing of the future.
    let at = at.map_or(now, |at| at.min(now));
    Ok(Said { provider_ref, status, reason: text(&settings.error_pointer), at, raw: body.clone() })
}

/// Capitals make no other word: settings from the environment have none.
fn configured(word: &str, settings: &Receipts) -> Option<Status> {
    let word = word.to_lowercase();
    settings.statuses.iter().find(|(own, _)| own.to_lowercase() == word).map(|(_, status)| *status)
}

fn known(word: &str) -> Option<Status> {
    let word = word.to_lowercase();
    WORDS.iter().find(|(known, _)| *known == word).map(|(_, status)| *status)
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

/// One or several: an object, a list of them, or a form.
pub(super) fn each(body: Value) -> Vec<Value> {
    match body {
        Value::Array(list) => list,
        one => vec![one],
    }
}

/// A form as an object.
pub(super) fn form(body: &[u8]) -> Value {
    let fields: Map<String, Value> =
        url::form_urlencoded::parse(body).map(|(key, value)| (key.into_owned(), json!(value))).collect();
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn now() -> Timestamp {
        "2026-03-02T02:00:00Z".parse().expect("a time")
    }

    #[test]
    fn receipts_are_read_as_gateways_write_them() {
        let usual = Config::default().sms.receipts;
        let read_usual = |body: Value| read(&body, &usual, now());
        let said = read_usual(json!({"id": "gw-1", "status": "DELIVRD", "at": "2026-03-02T01:59:00Z", "error": null}))
            .expect("read");
        assert_eq!((said.provider_ref.as_str(), said.status), ("gw-1", Status::Delivered));
        assert_eq!(said.at.to_string(), "2026-03-02T01:59:00.000000Z");
        let ahead =
            read_usual(json!({"id": 17, "status": "Rejected", "at": "2027-01-01T00:00:00Z", "error": "barred"}))
                .expect("read");
        assert_eq!(
            (ahead.provider_ref.as_str(), ahead.status, ahead.at, ahead.reason.as_deref()),
            ("17", Status::Undelivered, now(), Some("barred"))
        );
        assert_eq!(read_usual(json!({"status": "sent"})), Err(Unread::NoId));
        assert_eq!(
            read_usual(json!({"id": "x", "status": "dancing"})),
            Err(Unread::UnknownStatus("dancing".to_owned()))
        );
        let mut own = usual.clone();
        (own.id_pointer, own.status_pointer) = ("/report/msgid".to_owned(), "/report/ok".to_owned());
        own.statuses.insert("True".to_owned(), Status::Delivered);
        let said = read(&json!({"report": {"msgid": "m", "ok": true}}), &own, now()).expect("read");
        assert_eq!((said.provider_ref.as_str(), said.status), ("m", Status::Delivered));
        assert_eq!(form(b"id=a%20b&status=sent")["id"], "a b");
        assert_eq!(each(json!([1, 2])).len() + each(json!({})).len(), 3);
    }
}
