//! What a text about help that somebody asks a colleague for may say.
use serde::Serialize;
use serde_json::Value;

use super::Page;
use crate::{
    clock::Timestamp,
    notices::{Locale, wording},
};

/// A request as the record holds it.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// What it is about: `appointment`, `repair_order`, `inquiry`, `case`.
    pub subject: String,
    /// What is asked, in the words of who asks.
    pub words: Option<String>,
    pub vin: Option<String>,
    /// The last time that the car was in the workshop.
    pub last: Option<Last>,
    pub asked_at: Option<Timestamp>,
    /// Nobody has answered so far, and it is asked again.
    pub again: bool,
    pub answer: Option<String>,
    pub answered_by: Option<String>,
}

/// A repair order of before.
#[derive(Clone, Debug)]
pub struct Last {
    pub reference: String,
    pub opened_at: Option<Timestamp>,
    /// What was done.
    pub jobs: Vec<String>,
}

impl Facts {
    /// Takes `again` from what was kept with the notice.
    pub(super) fn hear(&mut self, detail: &Value) {
        self.again = detail.get("again").and_then(Value::as_bool).unwrap_or(self.again);
    }
}

/// The same in the reader's language.
#[derive(Clone, Debug, Serialize)]
pub struct Words {
    /// 维修单, repair order, 整備.
    pub thing: &'static str,
    pub words: Option<String>,
    pub vin: Option<String>,
    /// RO-7630, Fri, Feb 20: Front brake pads
    pub last_order: Option<String>,
    pub asked: Option<String>,
    pub again: bool,
    pub answer: Option<String>,
    pub answered_by: Option<String>,
}

impl Words {
    pub(super) fn new(facts: &Facts, page: &Page<'_>) -> Self {
        let lines = |text: &Option<String>| text.as_deref().map(wording::clean_lines).filter(|text| !text.is_empty());
        let line = |text: &Option<String>| text.as_deref().map(wording::clean).filter(|text| !text.is_empty());
        Self {
            thing: thing(&facts.subject, page.locale),
            words: lines(&facts.words),
            vin: line(&facts.vin),
            last_order: facts.last.as_ref().map(|last| last_order(last, page)),
            asked: facts.asked_at.map(|at| page.when(at)),
            again: facts.again,
            answer: lines(&facts.answer),
            answered_by: line(&facts.answered_by),
        }
    }
}

fn thing(kind: &str, locale: Locale) -> &'static str {
    let [zh, en, ja] = match kind {
        "appointment" => ["预约", "appointment", "ご予約"],
        "repair_order" => ["维修单", "repair order", "整備"],
        "inquiry" => ["询问", "inquiry", "お問い合わせ"],
        "case" => ["个案", "case", "案件"],
        _ => ["编号", "reference", "番号"],
    };
    locale.choose(zh, en, ja)
}

fn last_order(last: &Last, page: &Page<'_>) -> String {
    let date = last.opened_at.map(|at| page.date(at));
    let named = [Some(wording::clean(&last.reference)), date].into_iter().flatten().collect::<Vec<_>>();
    let named = named.join(page.locale.choose("，", ", ", "、"));
    match wording::join(&last.jobs, page.locale) {
        Some(jobs) => format!("{named}{}{jobs}", page.locale.choose("：", ": ", "：")),
        None => named,
    }
}
