//! Canned replies: answers that a dealership has written beforehand, in the customer's language, with places to fill in.
//!
//! A place like `[[date]]` that nobody has filled in keeps the answer from leaving: see [`super::actions::unfilled`].
pub mod actions;
pub mod api;
pub mod console;

use std::{collections::BTreeMap, fmt::Write};

use serde::Serialize;

use crate::{http::Fault, notices::Locale};

/// The longest name of one, in characters.
const LONGEST_CODE: usize = 40;
const LONGEST_TITLE: usize = 80;
/// The longest text, in characters.
const LONGEST_BODY: usize = 8_000;
/// A dealership keeps so many at most: a menu that nobody reads to its end helps nobody.
const MOST: usize = 100;

/// One in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Text {
    pub title: String,
    pub body: String,
}

/// One with its languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Canned {
    pub code: String,
    pub texts: BTreeMap<&'static str, Text>,
}

impl Canned {
    /// In the customer's language, else in the dealership's, else in any.
    pub fn for_customer(&self, customer: Option<&str>, dealership: &str) -> Option<&Text> {
        self.text(Locale::of(customer, Some(dealership)), Locale::of(None, Some(dealership)))
    }

    fn text(&self, locale: Locale, otherwise: Locale) -> Option<&Text> {
        let of = |locale: Locale| self.texts.get(locale.code());
        of(locale).or_else(|| of(otherwise)).or_else(|| self.texts.values().next())
    }

    /// What is wrong with it.
    fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |pointer: String, message: String| {
            faults.push(Fault { pointer, code: "wrong_length", message });
        };
        if !is_code(&self.code) {
            fault("/code".to_owned(), format!("must be 1 to {LONGEST_CODE} of a-z, 0-9 and -"));
        }
        if self.texts.is_empty() {
            fault("/texts".to_owned(), "must have a text in one language at least".to_owned());
        }
        for (locale, text) in &self.texts {
            for (name, value, most) in [("title", &text.title, LONGEST_TITLE), ("body", &text.body, LONGEST_BODY)] {
                if value.is_empty() || value.chars().count() > most {
                    fault(format!("/texts/{locale}/{name}"), format!("must have 1 to {most} characters"));
                }
            }
        }
        faults
    }
}

fn is_code(code: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !code.is_empty() && code.len() <= LONGEST_CODE && code.chars().all(fits)
}

/// `body` with its places filled in by `values`; what is not named there stays, and keeps it from leaving.
pub fn filled(body: &str, values: &BTreeMap<String, String>) -> String {
    let mut text = String::with_capacity(body.len());
    let mut rest = body;
    // In one pass: what is filled in is never taken for a place.
    while let Some((before, after)) = rest.split_once("[[") {
        text.push_str(before);
        let Some((name, tail)) = after.split_once("]]") else {
            rest = &rest[before.len()..];
            break;
        };
        match values.get(name).map(|value| value.trim()).filter(|value| !value.is_empty()) {
            Some(value) => text.push_str(value),
            None => {
                let _ = write!(text, "[[{name}]]");
            }
        }
        rest = tail;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_in_and_what_is_not_named_stays() {
        let values = BTreeMap::from([("date".to_owned(), "[[price]]".to_owned()), ("name".to_owned(), " ".to_owned())]);
        assert_eq!(filled("On [[date]] for [[name]], [[price]].", &values), "On [[price]] for [[name]], [[price]].");
        assert_eq!(filled("open [[date", &values), "open [[date");
        assert_eq!(filled("[[date]]", &BTreeMap::new()), "[[date]]");
    }

    #[test]
    fn the_customers_language_comes_first() {
        let text = |title: &str| Text { title: title.to_owned(), body: "b".to_owned() };
        let canned =
            Canned { code: "price".to_owned(), texts: BTreeMap::from([("en", text("en")), ("ja", text("ja"))]) };
        let title = |locale, otherwise| canned.text(locale, otherwise).map(|text| text.title.as_str());
        assert_eq!(title(Locale::Ja, Locale::En), Some("ja"));
        assert_eq!(title(Locale::ZhCn, Locale::Ja), Some("ja"));
        assert_eq!(title(Locale::ZhCn, Locale::ZhCn), Some("en"));
        assert!(canned.faults().is_empty());
        assert_eq!(Canned { code: "A b".to_owned(), texts: BTreeMap::new() }.faults().len(), 2);
    }
}
