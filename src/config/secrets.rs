//! Secrets from their `_file` twins, and tables of secrets that are one text.
use std::{collections::HashMap, path::PathBuf};

use super::load::Error;

/// Settings with a `_file` twin.
pub(crate) const SECRETS: [&str; 16] = [
    "database.url",
    "http.link_key",
    "email.url",
    "inbound.key",
    "inbound.email.secret",
    "inbound.sms.secret",
    "sms.http.url",
    "sms.http.headers",
    "sms.receipts.secret",
    "wecom.key",
    "wecom.keys",
    "wecom.secret",
    "wechat.secret",
    "wechat.token",
    "telephony.password",
    "telephony.secret",
];
/// Secrets that are tables; in one text or file they have a line each.
const TABLES: [&str; 2] = ["sms.http.headers", "wecom.keys"];

/// The value of a secret that is in its file, or a table that is in one text.
pub(super) fn from_twin(given: &config::Config, key: &'static str) -> Result<Option<config::Value>, Error> {
    let is_table = TABLES.contains(&key);
    if let Some(text) = given.get_string(key).ok().filter(|_| is_table) {
        return lines(key, &text).map(Some);
    }
    let Ok(path) = given.get_string(&format!("{key}_file")) else {
        return Ok(None);
    };
    if given.get::<config::Value>(key).is_ok() {
        return Err(Error::Twice(key));
    }
    let path = PathBuf::from(path);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(source) => return Err(Error::Unreadable { path, named_by: "a setting that ends in _file", source }),
    };
    if is_table {
        return lines(key, &text).map(Some);
    }
    Ok(Some(text.trim().to_owned().into()))
}

/// One `Name: value` a line, as a table.
fn lines(key: &'static str, text: &str) -> Result<config::Value, Error> {
    let mut table: HashMap<String, config::Value> = HashMap::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let (name, value) = line.split_once(':').ok_or(Error::NotLines(key))?;
        table.insert(name.trim().to_owned(), value.trim().to_owned().into());
    }
    Ok(table.into())
}
