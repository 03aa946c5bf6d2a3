//! Answers: read against the questionnaire they were given to, and what they come to. Pure.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::questionnaire::{Kind, Measure, Question, Questionnaire};
use crate::{cases::Cause, http::Fault};

/// The longest comment, in characters.
const LONGEST: usize = 2_000;

/// What was answered, by the question's key; what was not answered is not there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Answers(BTreeMap<String, Answer>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Answer {
    Yes(bool),
    Number(i64),
    Text(String),
}

/// What the answers say in the words of the scores.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gist {
    pub fixed: Option<bool>,
    /// 1 to 5.
    pub overall: Option<i64>,
    /// 0 to 10.
    pub recommend: Option<i64>,
    /// 1 to 7.
    pub effort: Option<i64>,
    pub comment: Option<String>,
    pub contact_me: bool,
}

impl Answers {
    /// Reads answers as JSON: `{"overall":4,"fixed":true,"comment":"…"}`; null counts as not answered.
    ///
    /// # Errors
    /// Everything that is wrong, each with its pointer below `base`.
    pub fn read(questionnaire: &Questionnaire, base: &str, given: &Map<String, Value>) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut answers = BTreeMap::new();
        let mut fault = |key: &str, code, message: String| {
            faults.push(Fault { pointer: format!("{base}/{}", crate::fields::escaped(key)), code, message });
        };
        for (key, value) in given.iter().filter(|(_, value)| !value.is_null()) {
            let Some(question) = questionnaire.question(key) else {
                fault(key, "unknown_question", format!("is no question of version {}", questionnaire.version));
                continue;
            };
            match question.read(value) {
                Ok(Some(answer)) => drop(answers.insert(key.clone(), answer)),
                Ok(None) => {}
                Err(message) => fault(key, "wrong_answer", message),
            }
        }
        for question in questionnaire.questions.iter().filter(|question| question.required) {
            if !answers.contains_key(&question.key) && given.get(&question.key).is_none_or(Value::is_null) {
                fault(&question.key, "required", "must be answered".to_owned());
            }
        }
        if faults.is_empty() { Ok(Self(answers)) } else { Err(faults) }
    }

    /// Reads the fields of a form, in which everything is text and what was not touched is blank; other fields are passed over.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn of_form(questionnaire: &Questionnaire, fields: &[(String, String)]) -> Result<Self, Vec<Fault>> {
        let mut given = Map::new();
        for (name, value) in fields {
            let (Some(question), value) = (questionnaire.question(name), value.trim()) else { continue };
            if value.is_empty() {
                continue;
            }
            let value = match question.kind {
                Kind::YesNo if matches!(value, "yes" | "no") => Value::Bool(value == "yes"),
                Kind::Tick => Value::Bool(true),
                Kind::Scale => value.parse::<i64>().map_or_else(|_| Value::from(value), Value::from),
                _ => Value::from(value),
            };
            given.insert(name.clone(), value);
        }
        Self::read(questionnaire, "", &given)
    }

    /// The answer of a single digit: the overall score, the only question that a text message asks.
    pub fn of_digit(questionnaire: &Questionnaire, digit: i64) -> Option<Self> {
        let overall = questionnaire.measuring(Measure::Overall)?;
        let answer = overall.read(&Value::from(digit)).ok().flatten()?;
        Some(Self(BTreeMap::from([(overall.key.clone(), answer)])))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    pub fn get(&self, key: &str) -> Option<&Answer> {
        self.0.get(key)
    }
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Answer)> {
        self.0.iter().map(|(key, answer)| (key.as_str(), answer))
    }

    /// What they come to.
    pub fn gist(&self, questionnaire: &Questionnaire) -> Gist {
        let answer = |measure| questionnaire.measuring(measure).and_then(|question| self.get(&question.key));
        Gist {
            fixed: answer(Measure::FirstTime).and_then(Answer::yes),
            overall: answer(Measure::Overall).and_then(Answer::number),
            recommend: answer(Measure::Recommend).and_then(Answer::number),
            effort: answer(Measure::Effort).and_then(Answer::number),
            comment: answer(Measure::Comment).and_then(Answer::text).map(str::to_owned),
            contact_me: answer(Measure::ContactMe).and_then(Answer::yes).unwrap_or(false),
        }
    }

    /// The root cause that the answers point to: work that was not right is a matter of quality, else the worst of the parts
    /// (in the order in which they are asked). A car that was repaired and a customer who is not happy all the same, with
    /// nothing else said, point to the explanation: the first thing the standard suspects (seed, "为客户服务").
    pub fn points_to(&self, questionnaire: &Questionnaire) -> Option<Cause> {
        let gist = self.gist(questionnaire);
        if gist.fixed == Some(false) {
            return Some(Cause::Quality);
        }
        let worst = questionnaire
            .questions
            .iter()
            .filter_map(|question| {
                let merit = question.merit(self.get(&question.key)?)?;
                Some((merit, question.cause?))
            })
            .filter(|(merit, _)| *merit <= 0.5)
            .reduce(|worst, next| if next.0 < worst.0 { next } else { worst });
        let unhappy = gist.overall.is_some_and(|overall| overall <= 3);
        worst.map(|(_, cause)| cause).or_else(|| (gist.fixed == Some(true) && unhappy).then_some(Cause::Explanation))
    }
}

impl Answer {
    pub fn yes(&self) -> Option<bool> {
        if let Self::Yes(yes) = self { Some(*yes) } else { None }
    }
    pub fn number(&self) -> Option<i64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

impl Question {
    /// How good an answer is, from 0 to 1: its place on the scale, or yes and no.
    pub fn merit(&self, answer: &Answer) -> Option<f64> {
        match (self.kind, answer) {
            (Kind::YesNo, Answer::Yes(yes)) => Some(if *yes { 1.0 } else { 0.0 }),
            (Kind::Scale, Answer::Number(number)) => {
                let part =
                    |from: i64, to: i64| super::statistics::as_float(u64::try_from(to - from).unwrap_or_default());
                Some(part(self.from, *number) / part(self.from, self.to))
            }
            _ => None,
        }
    }

    /// `None` for a text of nothing but spaces and for a tick that is not there.
    fn read(&self, value: &Value) -> Result<Option<Answer>, String> {
        match self.kind {
            Kind::YesNo => {
                value.as_bool().map(|yes| Some(Answer::Yes(yes))).ok_or_else(|| "must be true or false".to_owned())
            }
            Kind::Tick => {
                let tick = value.as_bool().ok_or_else(|| "must be true or false".to_owned())?;
                Ok(tick.then_some(Answer::Yes(true)))
            }
            Kind::Scale => match value.as_i64() {
                Some(number) if (self.from..=self.to).contains(&number) => Ok(Some(Answer::Number(number))),
                _ => Err(format!("must be a whole number from {} to {}", self.from, self.to)),
            },
            Kind::Text => {
                let text = value.as_str().ok_or_else(|| "must be a text".to_owned())?;
                // Browsers send line ends of their own; control characters nobody wants, and PostgreSQL keeps no NUL.
                let clean: String =
                    text.replace("\r\n", "\n").chars().filter(|c| *c == '\n' || !c.is_control()).collect();
                let clean = clean.trim();
                if clean.chars().count() > LONGEST {
                    return Err(format!("must have at most {LONGEST} characters"));
                }
                Ok((!clean.is_empty()).then(|| Answer::Text(clean.to_owned())))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::{super::questionnaire::tests::first, *};

    fn read(given: &Value) -> Result<Answers, Vec<String>> {
        let answers = Answers::read(&first(), "/answers", given.as_object().expect("an object"));
        answers.map_err(|faults| faults.iter().map(|f| format!("{} {}", f.pointer, f.code)).collect())
    }

    #[test]
    fn what_is_wrong_is_named_all_at_once() {
        let faults = read(&json!({"overall": 6, "fixed": "yes", "recommend": 2.5, "mood": 1, "comment": 7}))
            .expect_err("faults");
        assert_eq!(
            faults,
            [
                "/answers/overall wrong_answer",
                "/answers/fixed wrong_answer",
                "/answers/recommend wrong_answer",
                "/answers/mood unknown_question",
                "/answers/comment wrong_answer"
            ]
        );
        assert_eq!(read(&json!({"fixed": true, "overall": null})).expect_err("faults"), ["/answers/overall required"]);
    }

    #[test]
    fn a_form_and_json_come_to_the_same() {
        let fields = [
            ("overall", "2"),
            ("fixed", "yes"),
            ("comment", " late\r\nand cold \u{0} "),
            ("contact_me", "on"),
            ("advisor", ""),
            ("x", "1"),
        ];
        let fields: Vec<(String, String)> = fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let of_form = Answers::of_form(&first(), &fields).expect("answers");
        let of_json = read(&json!({"overall": 2, "fixed": true, "comment": "late\nand cold", "contact_me": true}))
            .expect("answers");
        assert_eq!(of_form, of_json);
        let gist = of_form.gist(&first());
        assert_eq!((gist.fixed, gist.overall, gist.contact_me), (Some(true), Some(2), true));
    }

    #[test]
    fn a_digit_is_the_overall_score_and_nothing_else() {
        assert_eq!(Answers::of_digit(&first(), 4).expect("answers").gist(&first()).overall, Some(4));
        assert!([0, 6, -1].iter().all(|digit| Answers::of_digit(&first(), *digit).is_none()));
    }

    #[test]
    fn low_answers_point_to_their_cause() {
        for (given, cause) in [
            (json!({"overall": 2, "fixed": true}), Some(Cause::Explanation)),
            (json!({"overall": 2, "fixed": true, "explanation": 1, "booking": 3}), Some(Cause::Explanation)),
            (json!({"overall": 2, "fixed": true, "explanation": 4, "booking": 1}), Some(Cause::InconvenientTime)),
            (json!({"overall": 2, "fixed": true, "ready": false, "advisor": 2}), Some(Cause::Time)),
            (json!({"overall": 1, "fixed": false, "explanation": 1}), Some(Cause::Quality)),
            (json!({"overall": 1, "advisor": 1}), Some(Cause::Attitude)),
            (json!({"overall": 1}), None),
            (json!({"overall": 5, "fixed": true}), None),
        ] {
            assert_eq!(read(&given).expect("answers").points_to(&first()), cause, "{given}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_form_holds_it_is_read_or_refused_and_survives_being_stored(
            fields in proptest::collection::vec((prop_oneof![Just("overall"), Just("fixed"), Just("recommend"), Just("comment"), Just("contact_me"), Just("zz")], ".{0,12}|[0-9]{1,2}|yes|no"), 0..8)
        ) {
            let fields: Vec<(String, String)> = fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
            if let Ok(answers) = Answers::of_form(&first(), &fields) {
                let kept: Answers = serde_json::from_value(serde_json::to_value(&answers).expect("JSON")).expect("answers");
                prop_assert_eq!(&kept, &answers);
                prop_assert!(answers.gist(&first()).overall.is_some_and(|overall| (1..=5).contains(&overall)));
            }
        }
    }
}
