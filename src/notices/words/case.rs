//! What a text about a case may say: to the customer, and to the people who must see to it.
use serde::Serialize;
use serde_json::Value;

use super::{Page, moment_in, text_in};
use crate::{
    clock::Timestamp,
    notices::{Locale, wording},
};

/// A case as the record holds it.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// By when the customer is to be contacted (BR-52).
    pub contact_by: Option<Timestamp>,
    /// The overall score that raised it, of 5 or of 10 as it was asked.
    pub score: Option<i64>,
    /// What the customer said.
    pub words: Option<String>,
    /// With whom it lies.
    pub owner: Option<String>,
    /// The deadline that was missed, where it goes one level up: `acknowledge`, `contact`, `resolve`, `verify`.
    pub step: Option<String>,
}

impl Facts {
    /// Takes `step` and `contact_by` from what was kept with the notice.
    pub(super) fn hear(&mut self, detail: &Value) {
        self.step = text_in(detail, "step").or_else(|| self.step.take());
        self.contact_by = moment_in(detail, "contact_by").or(self.contact_by);
    }
}

/// The same in the reader's language.
#[derive(Clone, Debug, Serialize)]
pub struct Words {
    pub by: Option<String>,
    pub due: Option<String>,
    pub score: Option<String>,
    pub words: Option<String>,
    pub owner: Option<String>,
    pub step: Option<String>,
}

impl Words {
    pub(super) fn new(facts: &Facts, page: &Page<'_>) -> Self {
        let due = facts.contact_by.map(|at| page.when(at));
        Self {
            by: due.clone(),
            due,
            score: facts.score.map(|score| score.to_string()),
            words: facts.words.as_deref().map(wording::clean_lines).filter(|words| !words.is_empty()),
            owner: facts.owner.as_deref().map(wording::clean).filter(|owner| !owner.is_empty()),
            step: facts.step.as_deref().map(|step| step_words(step, page.locale)),
        }
    }
}

fn step_words(step: &str, locale: Locale) -> String {
    let [zh, en, ja] = match step {
        "acknowledge" => ["确认", "acknowledgement", "受領確認"],
        "contact" => ["联系客户", "contact", "お客様へのご連絡"],
        "resolve" => ["解决", "resolution", "解決"],
        "verify" => ["核实", "verification", "確認"],
        other => return wording::clean(other),
    };
    locale.choose(zh, en, ja).to_owned()
}
