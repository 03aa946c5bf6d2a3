//! The secret that a server shows which has no key of ours: a mail server's hook, an SMS gateway.
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use subtle::ConstantTimeEq;

/// As a bearer, or as the password of Basic, which is all that some providers can send.
pub fn shows(headers: &HeaderMap, secret: &str) -> bool {
    let Some((kind, shown)) = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.split_once(' '))
    else {
        return false;
    };
    let shown = shown.trim();
    let password = if kind.eq_ignore_ascii_case("basic") {
        let decoded = base64::engine::general_purpose::STANDARD.decode(shown).ok();
        decoded.and_then(|pair| String::from_utf8(pair).ok()).and_then(|pair| Some(pair.split_once(':')?.1.to_owned()))
    } else if kind.eq_ignore_ascii_case("bearer") {
        Some(shown.to_owned())
    } else {
        None
    };
    password.is_some_and(|password| password.as_bytes().ct_eq(secret.as_bytes()).into())
}
