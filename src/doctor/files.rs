//! Files that hold secrets or people, and who else on this machine may read them.
use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use secrecy::ExposeSecret;

use super::Finding;
use crate::{
    config::{Config, SECRETS},
    db,
};

/// Anybody on the machine may read it.
const OTHERS: u32 = 0o004;

pub(super) fn look(config: &Config, file: &Path) -> Vec<Finding> {
    let mut found: Vec<Finding> = secrets(config).into_iter().filter_map(|(named, path)| secret(named, path)).collect();
    if holds_a_secret(file) {
        found.extend(secret("settings", file));
    }
    if found.is_empty() {
        found.push(Finding::ok("files", "settings", "no secret is in a file"));
    }
    let rows = db::file_in(config.database.url.expose_secret());
    let to_do = |path: &Path| format!("chmod 600 {}, and 700 for its folder", path.display());
    for path in rows.into_iter().filter(|path| is_open(path) == Some(true)) {
        let so = "everybody on this machine can read what customers told";
        found.push(Finding::warn("files", path.display().to_string(), so, to_do(&path)));
    }
    found
}

/// None where the file is not there: whoever needs it says so.
fn is_open(path: &Path) -> Option<bool> {
    std::fs::metadata(path).ok().map(|known| known.permissions().mode() & OTHERS != 0)
}

fn secret(named: &str, path: &Path) -> Option<Finding> {
    let subject = format!("{} ({named})", path.display());
    Some(if is_open(path)? {
        let to_do = format!("chmod 600 {}, owned by whom aftercare runs as", path.display());
        Finding::bad("files", subject, "everybody on this machine can read the secret in it", to_do)
    } else {
        Finding::ok("files", subject, "is not everybody's to read")
    })
}

fn secrets(config: &Config) -> Vec<(&'static str, &PathBuf)> {
    [
        ("database.url_file", &config.database.url_file),
        ("http.link_key_file", &config.http.link_key_file),
        ("email.url_file", &config.email.url_file),
        ("inbound.key_file", &config.inbound.key_file),
        ("inbound.email.secret_file", &config.inbound.email.secret_file),
        ("inbound.sms.secret_file", &config.inbound.sms.secret_file),
        ("sms.http.url_file", &config.sms.http.url_file),
        ("sms.http.headers_file", &config.sms.http.headers_file),
        ("sms.receipts.secret_file", &config.sms.receipts.secret_file),
        ("wecom.key_file", &config.wecom.key_file),
        ("wecom.keys_file", &config.wecom.keys_file),
        ("wecom.secret_file", &config.wecom.secret_file),
        ("wechat.secret_file", &config.wechat.secret_file),
        ("wechat.token_file", &config.wechat.token_file),
        ("telephony.password_file", &config.telephony.password_file),
        ("telephony.secret_file", &config.telephony.secret_file),
    ]
    .into_iter()
    .filter_map(|(named, path)| Some((named, path.as_ref()?)))
    .collect()
}

/// Whether a secret stands in the file itself; where an `SQLite` file is, is none.
fn holds_a_secret(file: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(file) else { return false };
    let Ok(table) = text.parse::<toml::Table>() else { return false };
    let value = |key: &str| {
        let mut parts = key.split('.');
        let first = table.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.get(part))
    };
    SECRETS
        .iter()
        .filter_map(|key| value(key))
        .any(|value| !value.as_str().is_some_and(|text| text.starts_with("sqlite:")))
}
