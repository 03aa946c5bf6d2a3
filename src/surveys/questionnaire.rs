//! Questionnaires: what is asked after a visit, in which words, and what each answer counts towards. Data, read at start.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::words::PageWords;
use crate::{cases::Cause, notices::Locale};

/// The questionnaires of one name by version. An answer names the version it was given to, for ever.
#[derive(Clone, Debug)]
pub struct Questionnaires {
    versions: BTreeMap<i64, Questionnaire>,
    /// What the page says beside them.
    pub(super) page: PageWords,
}

/// Why a questionnaire cannot be used; names the file.
#[derive(Debug, thiserror::Error)]
#[error("templates/surveys/{file}: {problem}")]
pub struct BadQuestionnaire {
    file: Box<str>,
    problem: Box<str>,
}

/// One version.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Questionnaire {
    pub version: i64,
    #[serde(rename = "question")]
    pub questions: Vec<Question>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The answer's name in JSON, in forms and in the database.
    pub key: String,
    pub kind: Kind,
    pub measure: Measure,
    /// Its part of the index; the parts of a version make 100.
    #[serde(default)]
    pub weight: u32,
    /// Of a scale.
    #[serde(default)]
    pub from: i64,
    #[serde(default)]
    pub to: i64,
    #[serde(default)]
    pub required: bool,
    /// Which root cause a bad answer points to.
    pub cause: Option<Cause>,
    pub text: Words,
    /// What the ends of a scale mean.
    pub low: Option<Words>,
    pub high: Option<Words>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    YesNo,
    Scale,
    Text,
    Tick,
}

/// What an answer counts towards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Right the first time, in the customer's eyes.
    FirstTime,
    /// CSAT: 1 to 5.
    Overall,
    /// NPS: 0 to 10, nothing else is an NPS.
    Recommend,
    /// CES 2.0: agreement that it was easy, 1 to 7.
    Effort,
    /// Of the index only.
    Part,
    Comment,
    ContactMe,
}

/// One text in the three languages.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    #[serde(rename = "zh-CN")]
    zh_cn: String,
    en: String,
    ja: String,
}

impl Words {
    pub fn in_locale(&self, locale: Locale) -> &str {
        match locale {
            Locale::ZhCn => &self.zh_cn,
            Locale::En => &self.en,
            Locale::Ja => &self.ja,
        }
    }
}

impl Question {
    /// The answers of a scale, in order.
    pub fn steps(&self) -> impl Iterator<Item = i64> {
        self.from..=self.to
    }
}

#[derive(rust_embed::Embed)]
#[folder = "templates/surveys/visit/"]
struct Embedded;

impl Questionnaires {
    /// Reads the embedded versions.
    ///
    /// # Errors
    /// The first file that cannot be used, with the reason.
    pub fn load() -> Result<Self, BadQuestionnaire> {
        let mut texts = Vec::new();
        for name in Embedded::iter() {
            let bytes = Embedded::get(&name).map(|file| file.data.into_owned()).unwrap_or_default();
            texts.push((name.to_string(), String::from_utf8_lossy(&bytes).into_owned()));
        }
        Self::from_texts(&texts)
    }

    /// Reads versions from texts, each with its file's name.
    ///
    /// # Errors
    /// The first text that cannot be used, with the reason.
    pub fn from_texts(texts: &[(String, String)]) -> Result<Self, BadQuestionnaire> {
        let mut versions = BTreeMap::new();
        for (file, text) in texts {
            let bad = |problem: String| BadQuestionnaire { file: file.as_str().into(), problem: problem.into() };
            let read: Questionnaire = toml::from_str(text).map_err(|error| bad(error.to_string()))?;
            read.check().map_err(bad)?;
            if versions.insert(read.version, read).is_some() {
                return Err(bad("its version is there already".to_owned()));
            }
        }
        if versions.is_empty() {
            return Err(BadQuestionnaire { file: "visit".into(), problem: "there is no questionnaire".into() });
        }
        let page = PageWords::load()
            .map_err(|error| BadQuestionnaire { file: "page.toml".into(), problem: error.to_string().into() })?;
        Ok(Self { versions, page })
    }

    /// What new surveys ask.
    ///
    /// # Panics
    /// Never: a set without a version is refused when it is read.
    pub fn current(&self) -> &Questionnaire {
        self.versions.values().next_back().expect("an empty set is refused at start")
    }
    /// The version that an answer was given to.
    pub fn version(&self, version: i64) -> Option<&Questionnaire> {
        self.versions.get(&version)
    }
}

impl Questionnaire {
    pub fn question(&self, key: &str) -> Option<&Question> {
        self.questions.iter().find(|question| question.key == key)
    }
    /// The question that is measured so.
    pub fn measuring(&self, measure: Measure) -> Option<&Question> {
        self.questions.iter().find(|question| question.measure == measure)
    }

    fn check(&self) -> Result<(), String> {
        let weights: u32 = self.questions.iter().map(|question| question.weight).sum();
        if weights != 100 {
            return Err(format!("the weights make {weights}, not 100"));
        }
        if self.measuring(Measure::Overall).is_none_or(|overall| !overall.required) {
            return Err("one question must measure `overall`, and be required: everything else hangs on it".to_owned());
        }
        for (place, question) in self.questions.iter().enumerate() {
            let name = &question.key;
            let twice = |other: &Question| {
                other.key == *name || (other.measure == question.measure && other.measure != Measure::Part)
            };
            if self.questions[..place].iter().any(twice) {
                return Err(format!("`{name}` comes twice, or measures what another question measures"));
            }
            let (kind, from, to) = (question.kind, question.from, question.to);
            let fits = match question.measure {
                Measure::FirstTime => kind == Kind::YesNo,
                Measure::Overall => (kind, from, to) == (Kind::Scale, 1, 5),
                Measure::Recommend => (kind, from, to) == (Kind::Scale, 0, 10),
                Measure::Effort => (kind, from, to) == (Kind::Scale, 1, 7),
                Measure::Part => kind == Kind::YesNo || (kind == Kind::Scale && from < to && to - from <= 10),
                Measure::Comment => kind == Kind::Text,
                Measure::ContactMe => kind == Kind::Tick,
            };
            if !fits {
                return Err(format!("`{name}` cannot be measured so: its kind or its scale does not fit"));
            }
            if question.weight > 0 && !matches!(kind, Kind::YesNo | Kind::Scale) {
                return Err(format!("`{name}` has a weight, but no number"));
            }
            if kind == Kind::Scale && (question.low.is_none() || question.high.is_none()) {
                return Err(format!("`{name}` does not say what the ends of its scale mean"));
            }
            let texts = [Some(&question.text), question.low.as_ref(), question.high.as_ref()];
            let is_blank =
                |words: &&Words| [&words.zh_cn, &words.en, &words.ja].iter().any(|text| text.trim().is_empty());
            if texts.into_iter().flatten().any(|words| is_blank(&words)) {
                return Err(format!("`{name}` lacks a text"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const ONE: &str = include_str!("../../templates/surveys/visit/1.toml");

    pub(crate) fn first() -> Questionnaire {
        Questionnaires::load().expect("questionnaires").version(1).expect("version 1").clone()
    }

    #[test]
    fn version_1_asks_what_the_standard_asks() {
        let asked: Vec<String> =
            first().questions.iter().map(|q| format!("{} {:?} {}", q.key, q.measure, q.weight)).collect();
        assert_eq!(
            asked,
            [
                "fixed FirstTime 32",
                "overall Overall 15",
                "advisor Part 19",
                "explanation Part 10",
                "ready Part 9",
                "booking Part 15",
                "recommend Recommend 0",
                "comment Comment 0",
                "contact_me ContactMe 0"
            ]
        );
    }

    #[test]
    fn what_is_wrong_stops_the_start_and_says_where() {
        let with = |from: &str, to: &str| {
            let text = ONE.replacen(from, to, 1);
            Questionnaires::from_texts(&[("1.toml".to_owned(), text)]).expect_err("refused").to_string()
        };
        for (from, to, said) in [
            ("weight = 32", "weight = 31", "make 99"),
            ("required = true", "required = false", "overall"),
            ("to = 5", "to = 7", "does not fit"),
            ("to = 10", "to = 9", "does not fit"),
            ("key = \"advisor\"", "key = \"overall\"", "comes twice"),
            ("cause = \"attitude\"", "cause = \"mood\"", "unknown variant"),
            ("required = true", "requierd = true", "unknown field"),
            ("en = \"not at all\"", "en = \" \"", "lacks a text"),
        ] {
            let error = with(from, to);
            assert!(error.starts_with("templates/surveys/1.toml") && error.contains(said), "{error}");
        }
        let twice = [("1.toml".to_owned(), ONE.to_owned()), ("2.toml".to_owned(), ONE.to_owned())];
        assert!(Questionnaires::from_texts(&twice).expect_err("refused").to_string().contains("there already"));
    }
}
