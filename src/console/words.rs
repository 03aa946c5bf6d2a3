//! What the screens say in three languages: the catalogues of `templates/console/`, dates and times beside them.
use std::{borrow::Cow, collections::HashMap, sync::LazyLock};

use fluent_templates::{LanguageIdentifier, Loader, fluent_bundle::FluentValue, static_loader};
use jiff::{SignedDuration, tz::TimeZone};

use crate::{
    clock::Timestamp,
    notices::{Locale, wording},
};

static_loader! {
    static CATALOGUES = {
        locales: "./templates/console",
        fallback_language: "en",
        // No isolation marks: they would stand in page titles and in what people copy.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

static TAGS: LazyLock<[(Locale, LanguageIdentifier); 3]> =
    LazyLock::new(|| Locale::ALL.map(|locale| (locale, locale.code().parse().unwrap_or_default())));

/// The words of one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words(pub Locale);

impl Words {
    fn tag(self) -> &'static LanguageIdentifier {
        TAGS.iter().find(|(locale, _)| *locale == self.0).map_or(&TAGS[0].1, |(_, tag)| tag)
    }

    /// A text. A test reads the sources and finds every key that is named here in every catalogue.
    pub fn t(self, key: &str) -> String {
        CATALOGUES.try_lookup(self.tag(), key).unwrap_or_else(|| key.to_owned())
    }

    /// A text with something in it.
    pub fn ta(self, key: &str, with: &[(&'static str, FluentValue<'static>)]) -> String {
        let with: HashMap<Cow<'static, str>, FluentValue<'static>> =
            with.iter().map(|(name, value)| (Cow::Borrowed(*name), value.clone())).collect();
        CATALOGUES.try_lookup_with_args(self.tag(), key, &with).unwrap_or_else(|| key.to_owned())
    }

    /// The text of a code, `state-ready` for (`state`, `ready`); a code that has none is shown as it is, spelt apart.
    pub fn code(self, kind: &str, code: &str) -> String {
        let key = format!("{kind}-{}", code.replace(['_', '.', ':'], "-"));
        CATALOGUES.try_lookup(self.tag(), &key).unwrap_or_else(|| code.replace('_', " "))
    }

    /// Whether there is a text of that name.
    pub fn knows(self, key: &str) -> bool {
        CATALOGUES.try_lookup(self.tag(), key).is_some()
    }

    /// A moment on the dealership's wall clock.
    pub fn at(self, at: Timestamp, zone: &TimeZone) -> String {
        wording::date_and_time(at.in_zone(zone).datetime(), self.0)
    }

    /// A day on the dealership's calendar.
    pub fn day(self, at: Timestamp, zone: &TimeZone) -> String {
        wording::date(at.in_zone(zone).date(), self.0)
    }

    /// Only the hour, for what is today.
    pub fn hour(self, at: Timestamp, zone: &TimeZone) -> String {
        wording::time(at.in_zone(zone).time(), self.0)
    }

    /// So long, in the two largest units, without one that is nought: `2 h 5 min`, `1 d`.
    pub fn span(self, span: SignedDuration) -> String {
        let minutes = span.abs().as_mins();
        let units = [("span-days", minutes / 1440), ("span-hours", minutes / 60 % 24), ("span-minutes", minutes % 60)];
        let largest = units.iter().position(|(_, n)| *n > 0).unwrap_or(units.len() - 1);
        let told = units.iter().skip(largest).take(2).enumerate().filter(|(place, (_, n))| *place == 0 || *n > 0);
        let told: Vec<String> = told.map(|(_, (key, n))| self.ta(key, &[("n", FluentValue::from(*n))])).collect();
        told.join(self.0.choose("", " ", ""))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn keys(locale: &str) -> BTreeSet<String> {
        let path = format!("{}/templates/console/{locale}/console.ftl", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).expect("a catalogue");
        let named = text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
        named.filter_map(|line| line.split_once(" =").map(|(key, _)| key.to_owned())).collect()
    }

    fn sources(folder: &std::path::Path, texts: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                sources(&path, texts);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                texts.push(std::fs::read_to_string(&path).expect("a source"));
            }
        }
    }

    #[test]
    fn the_catalogues_have_the_same_keys_and_every_key_that_a_page_names() {
        let (en, zh, ja) = (keys("en"), keys("zh-CN"), keys("ja"));
        let missing = |from: &BTreeSet<String>| en.symmetric_difference(from).cloned().collect::<Vec<_>>();
        assert_eq!((missing(&zh), missing(&ja)), (vec![], vec![]));
        let mut texts = Vec::new();
        sources(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut texts);
        let mut used = 0;
        for text in &texts {
            for call in ["w.t(\"", "w.ta(\""] {
                for part in text.split(call).skip(1) {
                    let key = part.split('"').next().unwrap_or_default();
                    assert!(en.contains(key), "a page says {key:?}, which no catalogue has");
                    used += 1;
                }
            }
        }
        assert!(used > 50, "the pages' keys were found: {used}");
    }

    #[test]
    fn every_code_that_a_page_shows_has_words() {
        use crate::{calls, cases, console::policy::Role, notices};
        let playbook = notices::playbook::Playbook::load(None).expect("the playbook");
        let mut codes: Vec<(&str, String)> = Vec::new();
        let mut shown = |kind, words: &[&str]| codes.extend(words.iter().map(|word| (kind, (*word).to_owned())));
        shown("role", &Role::ALL.map(Role::word));
        shown("call", &calls::CallType::ALL.map(calls::CallType::word));
        shown("outcome", &calls::Outcome::ALL.map(calls::Outcome::word));
        shown("outcome", &calls::TelephonyResult::ALL.map(calls::TelephonyResult::word));
        shown("cause", &cases::Cause::ALL.map(cases::Cause::word));
        shown("channel", &notices::ChannelName::ALL.map(notices::ChannelName::word));
        shown("kind", &playbook.kinds().map(|kind| kind.name.as_str()).collect::<Vec<_>>());
        let missing: Vec<String> = codes
            .iter()
            .map(|(kind, code)| format!("{kind}-{}", code.replace(['_', '.', ':'], "-")))
            .filter(|key| !Words(Locale::En).knows(key))
            .collect();
        assert_eq!(missing, Vec::<String>::new());
    }

    #[test]
    fn every_text_can_be_said_in_every_language() {
        for locale in Locale::ALL {
            let words = Words(locale);
            for key in keys(locale.code()) {
                let said = words.ta(
                    &key,
                    &["n", "m", "h", "of", "who", "name", "what", "when", "count", "score", "apart", "full", "most"]
                        .map(|name| (name, FluentValue::from(2))),
                );
                assert!(!said.is_empty() && said != key && !said.contains('{'), "{locale:?} {key}: {said}");
            }
        }
    }

    #[test]
    fn spans_are_said_in_their_two_largest_units() {
        let w = Words(Locale::En);
        assert_eq!(w.span(SignedDuration::from_mins(5)), "5 min");
        assert_eq!(w.span(SignedDuration::from_mins(-610)), "10 h 10 min");
        assert_eq!(w.span(SignedDuration::from_hours(50)), "2 d 2 h");
        let of = |minutes| w.span(SignedDuration::from_mins(minutes));
        assert_eq!([1440, 1441, 120, 0].map(of), ["1 d", "1 d", "2 h", "0 min"]);
        assert_eq!(Words(Locale::ZhCn).span(SignedDuration::from_mins(65)), "1小时5分钟");
    }
}
