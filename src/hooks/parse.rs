//! Reads who wants to be told of what.
use serde_json::Value;
use url::Url;

use super::Reader;
use crate::{channels::webhook::is_allowed, fields::Fields, http::Fault};

/// The kinds of events that leave the house, as the words of the record begin.
pub const FAMILIES: [&str; 11] = [
    "appointment",
    "call",
    "campaign",
    "case",
    "customer",
    "inquiry",
    "message",
    "parts",
    "repair_order",
    "survey",
    "vehicle",
];
const MOST_TYPES: usize = 50;
const LONGEST_URL: usize = 1_000;

/// What the record calls an event that has another name outside.
const NAMES: [(&str, &str); 1] = [("survey.answered", "survey.completed")];

/// The name of an event outside, by the word of the record.
pub(super) fn outside(what: &str) -> &str {
    NAMES.iter().find(|(inside, _)| *inside == what).map_or(what, |(_, outside)| outside)
}

/// The word of the record, by the name outside.
fn inside(name: &str) -> &str {
    NAMES.iter().find(|(_, outside)| *outside == name).map_or(name, |(inside, _)| inside)
}

/// What is wanted of a new endpoint, or of one that is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEndpoint {
    pub dealership: Option<String>,
    pub url: String,
    pub reader: Reader,
    /// Words of the record, or `kind.*`.
    pub types: Vec<String>,
}

impl NewEndpoint {
    /// # Errors
    /// Everything that is wrong, each with its pointer. `allow_private`: `webhooks.allow_private`.
    pub fn parse(body: Value, allow_private: bool) -> Result<Self, Vec<Fault>> {
        let mut fields = Fields::of("", body)?;
        let dealership = fields.text_if_any("dealership", 50);
        let url = fields.text("url", LONGEST_URL);
        let url = match Url::parse(&url) {
            _ if fields.is_faulty("url") => String::new(),
            Ok(url) if is_allowed(&url, allow_private) => url.into(),
            Ok(_) => {
                fields.fault(
                    "url",
                    "forbidden_url",
                    "must begin with https://, name a host of the public internet, and hold no user, password or #; \
                     webhooks.allow_private lets others in",
                );
                String::new()
            }
            Err(_) => {
                fields.fault("url", "invalid_url", "must be an address such as https://crm.example/aftercare");
                String::new()
            }
        };
        let reader = match fields.text_if_any("reader", 10).as_deref() {
            None | Some("own") => Reader::Own,
            Some("maker") => Reader::Maker,
            Some(_) => {
                fields.fault("reader", "unknown_reader", "must be own or maker");
                Reader::Maker
            }
        };
        let types = types(&mut fields);
        fields.finish()?;
        Ok(Self { dealership, url, reader, types })
    }
}

/// Each once; a kind takes its own words in.
fn types(fields: &mut Fields) -> Vec<String> {
    let listed = match fields.take("types") {
        None => vec![Value::from("*")],
        Some(Value::Array(listed)) if (1..=MOST_TYPES).contains(&listed.len()) => listed,
        Some(_) => {
            fields.fault(
                "types",
                "wrong_type",
                format!("must be a list of 1 to {MOST_TYPES} names, such as parts.complete, case.* or *"),
            );
            return Vec::new();
        }
    };
    let mut types = Vec::new();
    for name in &listed {
        let name = name.as_str().unwrap_or_default();
        let is_known = name.split_once('.').is_some_and(|(family, rest)| {
            FAMILIES.contains(&family)
                && (rest == "*"
                    || (!rest.is_empty()
                        && rest.len() <= 60
                        && rest.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')))
        });
        match name {
            "*" => types.extend(FAMILIES.map(|family| format!("{family}.*"))),
            name if is_known => types.push(inside(name).to_owned()),
            _ => {
                fields.fault(
                    "types",
                    "unknown_type",
                    format!(
                        "each must be * or begin with one of: {}",
                        FAMILIES.map(|family| format!("{family}.")).join(", ")
                    ),
                );
                return Vec::new();
            }
        }
    }
    types.sort();
    types.dedup();
    let whole: Vec<String> = types.iter().filter_map(|name| name.strip_suffix('*').map(str::to_owned)).collect();
    types.retain(|name| name.ends_with('*') || !whole.iter().any(|family| name.starts_with(family.as_str())));
    types
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_kind_takes_its_words_in_and_a_star_is_every_kind() {
        let types = |types: Value| {
            NewEndpoint::parse(json!({"url": "https://crm.example/in", "types": types}), false)
                .map(|wanted| wanted.types)
        };
        assert_eq!(
            types(json!(["parts.complete", "parts.*", "survey.completed"])).unwrap(),
            ["parts.*", "survey.answered"]
        );
        assert_eq!(types(json!(["*"])).unwrap().len(), FAMILIES.len());
        for bad in
            [json!([]), json!(["account.*"]), json!(["parts."]), json!(["Parts.x"]), json!("parts.*"), json!([1])]
        {
            assert!(types(bad.clone()).is_err(), "{bad}");
        }
        assert_eq!(outside("survey.answered"), "survey.completed");
    }
}
