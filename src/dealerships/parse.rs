//! Reads a dealership from JSON: the body of its PUT, or an entry of a setup file.
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::{Dealership, LOCALES, hours};
use crate::{
    fields::{Fields, escaped},
    http::Fault,
    id::Id,
};

/// What a code must look like, as a sentence.
pub const CODE_RULE: &str = "must be 1 to 64 letters of a-z, digits, - or _, and begin with a letter or digit";

impl Dealership {
    /// Reads one with the id `id`, which [`super::actions::put`] replaces when the code is known. `base` is the pointer of
    /// `body`.
    ///
    /// # Errors
    /// Everything that is wrong, each with its pointer.
    pub fn parse(id: Id<Self>, code: &str, base: &str, body: Value) -> Result<Self, Vec<Fault>> {
        let mut fields = Fields::of(base, body)?;
        // An answer of ours may be sent back as it is.
        let _ = fields.take("id");
        if !is_code(code) || fields.take("code").is_some_and(|said| said != code) {
            fields.fault("code", "wrong_code", format!("{CODE_RULE}; in a body, the one of the address"));
        }
        let name = fields.text("name", 100);
        let department = fields.text("department", 100);
        let region = fields.text("region", 2);
        let is_country = region.len() == 2 && region.bytes().all(|b| b.is_ascii_uppercase());
        if !region.is_empty() && !is_country {
            fields.fault("region", "unknown_region", "must be a country code of two capital letters, such as CN");
        }
        let zone = zone(&mut fields);
        let locale = fields.text("locale", 10);
        if !locale.is_empty() && !LOCALES.contains(&locale.as_str()) {
            fields.fault("locale", "unknown_locale", format!("must be one of {}", LOCALES.join(", ")));
        }
        let email = fields.text_if_any("email", 254);
        if email.as_deref().is_some_and(|email| !looks_like_an_address(email)) {
            fields.fault("email", "not_an_address", "is no e-mail address");
        }
        let dealership = Self {
            id,
            code: code.to_owned(),
            name,
            department,
            region,
            zone,
            phone: fields.text("phone", 40),
            address: fields.text("address", 200),
            email,
            advisor_fallback: fields
                .text_if_any("advisor_fallback", 60)
                .unwrap_or_else(|| advisor_in(&locale).to_owned()),
            sms_signature: fields.text_if_any("sms_signature", 30),
            opening_hours: hours::opening_hours(&mut fields),
            holidays: hours::holidays(&mut fields),
            rules: rules(&mut fields),
            live_from: fields.parsed("live_from", "not_a_time", "must be an RFC 3339 time with its offset"),
            shadow: fields.flag("shadow", false),
            locale,
        };
        fields.finish().map(|()| dealership)
    }
}

/// True for what may stand in addresses and configuration as a dealership's code.
pub(super) fn is_code(code: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    (1..=64).contains(&code.len()) && code.bytes().all(inner) && !code.starts_with(['-', '_'])
}

fn zone(fields: &mut Fields) -> TimeZone {
    let name = fields.text("time_zone", 64);
    if name.is_empty() {
        return TimeZone::UTC;
    }
    match TimeZone::get(&name) {
        Ok(zone) if zone.iana_name().is_some() => zone,
        _ => {
            fields.fault("time_zone", "unknown_time_zone", "must be an IANA time zone such as Asia/Shanghai");
            TimeZone::UTC
        }
    }
}

/// Overrides of the business rules: kept as they are, as long as both databases can keep them.
fn rules(fields: &mut Fields) -> Value {
    match fields.take("rules") {
        None => json!({}),
        Some(rules @ Value::Object(_)) => {
            if let Some(at) = unkeepable(&rules) {
                fields.fault(&format!("rules{at}"), "control_character", "must have no control characters");
            }
            rules
        }
        Some(_) => {
            fields.fault("rules", "wrong_type", "must be an object");
            json!({})
        }
    }
}

/// Where a NUL or another control character stands: `PostgreSQL` keeps no NUL, and nobody wants the others.
fn unkeepable(value: &Value) -> Option<String> {
    let bad = |text: &str| text.chars().any(|c| c.is_control() && c != '\n');
    match value {
        Value::String(text) => bad(text).then(String::new),
        Value::Array(list) => {
            list.iter().enumerate().find_map(|(at, entry)| unkeepable(entry).map(|below| format!("/{at}{below}")))
        }
        Value::Object(object) => object.iter().find_map(|(key, entry)| {
            let below = if bad(key) { Some(String::new()) } else { unkeepable(entry) };
            below.map(|below| format!("/{}{below}", escaped(key)))
        }),
        _ => None,
    }
}

fn advisor_in(locale: &str) -> &'static str {
    match locale {
        "en" => "your service advisor",
        "ja" => "サービスアドバイザー",
        _ => "服务顾问",
    }
}

/// Enough to catch a slip; whether mail arrives is known when it has.
pub(crate) fn looks_like_an_address(text: &str) -> bool {
    let (before, domain) = text.split_once('@').unwrap_or_default();
    !before.is_empty()
        && !domain.is_empty()
        && !domain.contains('@')
        && !text.chars().any(|c| c.is_whitespace() || c.is_control() || "<>\",;:\\".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Random;

    fn tianhe() -> Value {
        json!({
            "name": "雷克萨斯天河店", "department": "售后服务部", "region": "CN", "time_zone": "Asia/Shanghai", "locale": "zh-CN",
            "phone": "020-8888 0000", "address": "广州市天河区示例路1号", "email": "service@gz-tianhe.example",
            "opening_hours": {"mon": [["09:00", "18:00"]]},
        })
    }
    fn read(code: &str, body: Value) -> Result<Dealership, Vec<String>> {
        let id = Id::new("2026-03-05T00:00:00Z".parse().unwrap(), Random::seeded(1).bytes());
        Dealership::parse(id, code, "", body)
            .map_err(|faults| faults.into_iter().map(|f| format!("{} {}", f.pointer, f.code)).collect())
    }
    fn with(key: &str, value: Value) -> Value {
        let mut body = tianhe();
        body[key] = value;
        body
    }

    #[test]
    fn a_dealership_is_read_and_says_itself_again() {
        let read_once = read("gz-tianhe", tianhe()).expect("valid");
        assert_eq!(read_once.advisor_fallback, "服务顾问");
        assert_eq!(read_once.zone_name(), "Asia/Shanghai");
        let said = serde_json::to_value(&read_once).unwrap();
        assert_eq!(read("gz-tianhe", said).expect("valid"), read_once);
    }

    #[test]
    fn what_is_wrong_is_pointed_at() {
        for (key, value, expected) in [
            ("time_zone", json!("Mars/Olympus"), "/time_zone unknown_time_zone"),
            ("time_zone", json!(null), "/time_zone required"),
            ("locale", json!("fr"), "/locale unknown_locale"),
            ("region", json!("China"), "/region too_long"),
            ("region", json!("cn"), "/region unknown_region"),
            ("email", json!("a b@c"), "/email not_an_address"),
            ("name", json!("Bob\r\nBcc: x"), "/name control_character"),
            ("live_from", json!("2026-03-05"), "/live_from not_a_time"),
            ("rules", json!({"a": ["x\u{0}"]}), "/rules/a/0 control_character"),
            ("rules", json!([]), "/rules wrong_type"),
            ("code", json!("other"), "/code wrong_code"),
            ("timezone", json!("Asia/Tokyo"), "/timezone unknown_field"),
        ] {
            assert_eq!(read("gz-tianhe", with(key, value)), Err(vec![expected.to_owned()]), "{key}");
        }
        for code in ["", "a b", "-x", "Ä", "x/y", "A"] {
            assert_eq!(read(code, tianhe()), Err(vec!["/code wrong_code".to_owned()]), "{code}");
        }
        assert_eq!(read("x", json!([])), Err(vec![" wrong_type".to_owned()]));
    }
}
