//! The rules that a dealership may have of its own: what each may be, and what holds where it says nothing. Pure.
use serde_json::{Map, Value, json};

use super::Dealership;
use crate::{
    bookings::Book,
    config::{Config, FollowUpMode},
};

/// One rule, kept in a dealership's `rules` by its group and its key.
#[derive(Debug)]
pub(crate) enum Rule {
    /// One of these words.
    Word {
        group: &'static str,
        key: &'static str,
        words: &'static [&'static str],
        usual: fn(&Config) -> &'static str,
    },
    YesOrNo {
        group: &'static str,
        key: &'static str,
        usual: fn(&Config) -> bool,
    },
    Whole(&'static Whole),
    /// `{"40K":1.5}`: hours by the code of a service.
    HoursByService {
        group: &'static str,
        key: &'static str,
    },
}

/// A whole number from `least` to `most`, both included; what is none of these is passed over.
#[derive(Debug)]
pub(crate) struct Whole {
    group: &'static str,
    key: &'static str,
    pub(crate) least: i64,
    pub(crate) most: i64,
    pub(crate) usual: fn(&Dealership) -> i64,
}

impl Whole {
    /// What holds for this dealership.
    pub(crate) fn of(&self, dealership: &Dealership) -> i64 {
        self.own(&dealership.rules).unwrap_or_else(|| (self.usual)(dealership))
    }
    /// What the dealership says itself, if it makes sense.
    fn own(&self, rules: &Value) -> Option<i64> {
        rules.get(self.group)?.get(self.key)?.as_i64().filter(|number| (self.least..=self.most).contains(number))
    }
}

/// Planned arrivals of one advisor are so many minutes apart (BR-07).
pub(crate) static APART_MINUTES: Whole = booking("apart_minutes", 5, 240, |_| 30);
/// The share of a day's hours that may be booked, in percent; the rest is for those who come without (BR-08, seed step 1).
pub(crate) static FULL_PERCENT: Whole = booking("full_percent", 10, 100, |_| crate::capacity::FULL);
/// The first slot is at most so many working days after it was asked for (BR-06).
pub(crate) static WAIT_DAYS: Whole = booking("wait_days", 1, 30, |_| 3);
/// Scores of five up to which a visit was bad (C5), and of ten below the answer of whoever would not come again.
pub(crate) static OVERALL_LOW: Whole = Whole { group: "cases", key: "overall_low", least: 1, most: 4, usual: |_| 2 };
/// Where people are sparing with words a detractor is who says four or less.
pub(crate) static RECOMMEND_LOW: Whole = Whole {
    group: "cases",
    key: "recommend_low",
    least: 0,
    most: 9,
    usual: |it| if matches!(it.region.as_str(), "CN" | "JP") { 4 } else { 6 },
};
/// The clocks of a case, in hours: the first in opening hours.
pub(crate) static ACKNOWLEDGE_HOURS: Whole = hours("acknowledge_hours", |_| 2);
pub(crate) static CONTACT_HOURS: Whole = hours("contact_hours", |_| 24);
pub(crate) static RESOLVE_HOURS: Whole = hours("resolve_hours", |_| 72);
pub(crate) static VERIFY_HOURS: Whole = hours("verify_hours", |_| 240);
/// Hours from the delivery to the invitation (BR-51).
pub(crate) static AFTER_HOURS: Whole = Whole { group: "surveys", key: "after_hours", least: 2, most: 24, usual: |_| 4 };
/// Days for which the link works, between two surveys, and after which nobody is asked any more.
pub(crate) static VALID_DAYS: Whole = days("valid_days", |_| 14);
pub(crate) static APART_DAYS: Whole = days("apart_days", |_| 30);
pub(crate) static LATEST_DAYS: Whole = days("latest_days", |_| 15);

const fn booking(key: &'static str, least: i64, most: i64, usual: fn(&Dealership) -> i64) -> Whole {
    Whole { group: "appointments", key, least, most, usual }
}
const fn hours(key: &'static str, usual: fn(&Dealership) -> i64) -> Whole {
    Whole { group: "cases", key, least: 1, most: 24 * 90, usual }
}
const fn days(key: &'static str, usual: fn(&Dealership) -> i64) -> Whole {
    Whole { group: "surveys", key, least: 1, most: 365, usual }
}

/// All of them, in the order in which people are shown them.
pub(crate) static ALL: [Rule; 18] = [
    Rule::Word {
        group: "appointments",
        key: "book",
        words: &[Book::WhoeverTells.word(), Book::Here.word(), Book::Elsewhere.word()],
        usual: |_| Book::WhoeverTells.word(),
    },
    Rule::HoursByService { group: "appointments", key: "hours" },
    Rule::Whole(&APART_MINUTES),
    Rule::Whole(&FULL_PERCENT),
    Rule::Whole(&WAIT_DAYS),
    Rule::YesOrNo { group: "repairs", key: "qc", usual: |_| false },
    Rule::YesOrNo { group: "calls", key: "confirm", usual: |config| config.calls.confirm },
    Rule::Word {
        group: "follow_up",
        key: "mode",
        words: &[FollowUpMode::Call.word(), FollowUpMode::Survey.word(), FollowUpMode::CallThenSurvey.word()],
        usual: |config| config.follow_up.mode.word(),
    },
    Rule::Whole(&AFTER_HOURS),
    Rule::Whole(&VALID_DAYS),
    Rule::Whole(&APART_DAYS),
    Rule::Whole(&LATEST_DAYS),
    Rule::Whole(&OVERALL_LOW),
    Rule::Whole(&RECOMMEND_LOW),
    Rule::Whole(&ACKNOWLEDGE_HOURS),
    Rule::Whole(&CONTACT_HOURS),
    Rule::Whole(&RESOLVE_HOURS),
    Rule::Whole(&VERIFY_HOURS),
];

/// Longer than any service takes, in hours.
const LONGEST: f64 = 99.0;

/// Why what was typed is no value of a rule: a code, and a sentence.
pub(crate) type Wrong = (&'static str, String);

impl Rule {
    /// Its group and its key.
    pub(crate) fn place(&self) -> (&'static str, &'static str) {
        match self {
            Self::Word { group, key, .. } | Self::YesOrNo { group, key, .. } | Self::HoursByService { group, key } => {
                (group, key)
            }
            Self::Whole(whole) => (whole.group, whole.key),
        }
    }

    /// What a dealership says of it, as people write it; blank where it says nothing that counts.
    pub(crate) fn written(&self, rules: &Value) -> String {
        let (group, key) = self.place();
        let said = rules.get(group).and_then(|group| group.get(key)).unwrap_or(&Value::Null);
        match self {
            Self::Word { words, .. } => {
                said.as_str().filter(|word| words.contains(word)).unwrap_or_default().to_owned()
            }
            Self::YesOrNo { .. } => match said {
                Value::Bool(true) => "yes".to_owned(),
                Value::Bool(false) => "no".to_owned(),
                _ => String::new(),
            },
            Self::Whole(whole) => whole.own(rules).map(|number| number.to_string()).unwrap_or_default(),
            Self::HoursByService { .. } => {
                let entries = said.as_object().into_iter().flatten().filter(|(_, hours)| hours.is_number());
                entries.map(|(code, hours)| format!("{code} {hours}")).collect::<Vec<_>>().join("\n")
            }
        }
    }

    /// What people typed, as it is kept; `None` for what is blank: then the usual holds.
    ///
    /// # Errors
    /// Why it is no value of this rule.
    pub(crate) fn read(&self, text: &str) -> Result<Option<Value>, Wrong> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let value = match self {
            Self::Word { words, .. } if words.contains(&text) => json!(text),
            Self::Word { words, .. } => return Err(("not_a_choice", format!("must be one of {}", words.join(", ")))),
            Self::YesOrNo { .. } => match text {
                "yes" => json!(true),
                "no" => json!(false),
                _ => return Err(("not_a_choice", "must be yes or no".to_owned())),
            },
            Self::Whole(Whole { least, most, .. }) => match text.parse::<i64>() {
                Ok(number) if (*least..=*most).contains(&number) => json!(number),
                Ok(_) => return Err(("out_of_range", format!("must be from {least} to {most}"))),
                Err(_) => return Err(("not_a_whole_number", "must be a whole number".to_owned())),
            },
            Self::HoursByService { .. } => by_service(text)?,
        };
        Ok(Some(value))
    }

    /// Puts what [`Self::read`] made of it among a dealership's rules; whatever else stands there stays.
    pub(crate) fn put(&self, rules: &mut Value, value: Option<Value>) {
        let (group, key) = self.place();
        if !rules.is_object() {
            *rules = json!({});
        }
        match value {
            None => {
                let Some(all) = rules.as_object_mut() else { return };
                if let Some(Value::Object(of_group)) = all.get_mut(group) {
                    of_group.remove(key);
                    if of_group.is_empty() {
                        all.remove(group);
                    }
                }
            }
            Some(value) => {
                if !rules[group].is_object() {
                    rules[group] = json!({});
                }
                rules[group][key] = value;
            }
        }
    }
}

/// One service a line: its code, then its hours.
fn by_service(text: &str) -> Result<Value, Wrong> {
    let mut services: Map<String, Value> = Map::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let read = line.rsplit_once(char::is_whitespace).and_then(|(code, hours)| {
            let number = hours.parse::<f64>().ok().filter(|hours| (0.0..=LONGEST).contains(hours))?;
            // A whole number stays one, so that saving what was there changes nothing.
            Some((code.trim(), hours.parse::<i64>().map_or(json!(number), |whole| json!(whole))))
        });
        let Some((code, hours)) = read else {
            return Err(("not_hours", format!("must be a code and its hours, as 40K 1.5: {line}")));
        };
        if services.keys().any(|known| known.eq_ignore_ascii_case(code)) {
            return Err(("twice", format!("is in the list already: {code}")));
        }
        services.insert(code.to_owned(), hours);
    }
    Ok(Value::Object(services))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(name: &str) -> &'static Rule {
        let is_it = |rule: &&Rule| format!("{}.{}", rule.place().0, rule.place().1) == name;
        ALL.iter().find(is_it).expect("a rule of that name")
    }

    #[test]
    fn what_is_written_is_read_as_what_it_was() {
        let rules = json!({"appointments": {"book": "here", "hours": {"40K": 1.5, "A": 2}}, "repairs": {"qc": true},
            "calls": {"confirm": false}, "follow_up": {"mode": "survey"}, "surveys": {"after_hours": 6}, "cases": {"overall_low": 3}});
        let mut again = json!({});
        for rule in &ALL {
            rule.put(&mut again, rule.read(&rule.written(&rules)).expect("what was written is right"));
        }
        assert_eq!(again, rules);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_reason() {
        for (name, text, code) in [
            ("appointments.book", "there", "not_a_choice"),
            ("repairs.qc", "maybe", "not_a_choice"),
            ("follow_up.mode", "by pigeon", "not_a_choice"),
            ("surveys.after_hours", "1", "out_of_range"),
            ("surveys.after_hours", "2.5", "not_a_whole_number"),
            ("cases.verify_hours", "2161", "out_of_range"),
            ("appointments.hours", "40K", "not_hours"),
            ("appointments.hours", "40K -1", "not_hours"),
            ("appointments.hours", "40K NaN", "not_hours"),
            ("appointments.hours", "40K 1\n40k 2", "twice"),
        ] {
            assert_eq!(rule(name).read(text).map_err(|(code, _)| code), Err(code), "{name} {text}");
        }
        assert_eq!(rule("cases.overall_low").read("  "), Ok(None));
    }

    #[test]
    fn what_nobody_knows_here_stays() {
        let mut rules = json!({"cases": {"overall_low": 3, "mine": [1]}, "theirs": {"x": 1}, "surveys": 5, "calls": {"confirm": true}});
        rule("cases.overall_low").put(&mut rules, None);
        rule("calls.confirm").put(&mut rules, None);
        rule("surveys.apart_days").put(&mut rules, None);
        assert_eq!(rules, json!({"cases": {"mine": [1]}, "theirs": {"x": 1}, "surveys": 5}));
        rule("surveys.apart_days").put(&mut rules, Some(json!(60)));
        assert_eq!(rules["surveys"], json!({"apart_days": 60}));
    }

    #[test]
    fn the_words_of_a_follow_up_are_those_that_are_read() {
        let Rule::Word { words, .. } = rule("follow_up.mode") else { panic!("it has words") };
        for word in *words {
            let mode: FollowUpMode = serde_json::from_value(json!(word)).expect("a mode");
            assert_eq!(mode.word(), *word);
        }
    }
}
