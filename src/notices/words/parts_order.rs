//! What a text about an order of parts may say.
use serde::Serialize;
use serde_json::Value;

use super::{About, Page, Sample, samples as examples};
use crate::{
    clock::Timestamp,
    notices::wording::{self, Locale},
};

/// An order of parts as the record holds it.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Every line: its ref and name, and whether something of it is still to come.
    pub lines: Vec<Part>,
    /// The day on which the last of it is expected.
    pub eta: Option<Timestamp>,
    /// The day told before.
    pub previous_eta: Option<Timestamp>,
    /// The last day on which it is kept (BR-23).
    pub return_by: Option<Timestamp>,
    /// Why it was cancelled: the sender's code.
    pub reason_code: Option<String>,
    /// What a colleague wants to know.
    pub question: Option<String>,
    /// When it is needed.
    pub needed_at: Option<Timestamp>,
}

/// A line as texts name it.
#[derive(Clone, Debug)]
pub struct Part {
    pub reference: String,
    pub name: String,
    pub is_open: bool,
    /// It lies there and waits for its fitting.
    pub is_here: bool,
}

impl Facts {
    /// What was kept with the notice: the day told before, the line it is about, the reason.
    pub(super) fn hear(&mut self, detail: &Value) {
        let text = |key: &str| detail.get(key).and_then(Value::as_str);
        self.previous_eta = text("previous").and_then(|at| at.parse().ok()).or(self.previous_eta);
        self.reason_code = text("reason").map(str::to_owned).or_else(|| self.reason_code.take());
        self.question = text("question").map(str::to_owned).or_else(|| self.question.take());
        self.needed_at = text("needed_at").and_then(|at| at.parse().ok()).or(self.needed_at);
        if let Some(line) = text("line") {
            self.lines.retain(|part| part.reference == line);
        }
    }

    /// What a text is about: what is still to come, else what is here, else all of it.
    fn named(&self) -> Vec<String> {
        let those = |wanted: fn(&Part) -> bool| -> Vec<String> {
            self.lines.iter().filter(|part| wanted(part)).map(|part| wording::clean(&part.name)).collect()
        };
        let ways: [fn(&Part) -> bool; 3] = [|part| part.is_open, |part| part.is_here, |_| true];
        ways.into_iter().map(those).find(|names| !names.is_empty()).unwrap_or_default()
    }
}

/// The same in the reader's language.
#[derive(Clone, Debug, Serialize)]
pub struct Words {
    /// Every part, joined.
    pub part: String,
    /// The first part, and that there are more.
    pub part_brief: String,
    /// The expected day: 3月12日(周四).
    pub eta: Option<String>,
    pub previous_eta: Option<String>,
    /// Until when it is kept.
    pub keep: Option<String>,
    /// When the next word comes; none is promised that no clock keeps.
    pub next: Option<String>,
    /// Why it was cancelled; only for a code that there are words for.
    pub reason: Option<&'static str>,
    pub question: Option<String>,
    pub needed: Option<String>,
}

impl Words {
    pub(super) fn new(facts: &Facts, page: &Page<'_>) -> Self {
        let names = facts.named();
        let [part, part_brief] = [wording::join(&names, page.locale), wording::brief(&names, page.locale)];
        let ordered = || the_part(page.locale).to_owned();
        Self {
            part: part.unwrap_or_else(ordered),
            part_brief: part_brief.unwrap_or_else(ordered),
            eta: facts.eta.map(|at| page.date(at)),
            previous_eta: facts.previous_eta.filter(|at| Some(*at) != facts.eta).map(|at| page.date(at)),
            keep: facts.return_by.map(|at| page.date(at)),
            next: None,
            reason: facts.reason_code.as_deref().and_then(|code| reason(code, page.locale)),
            question: facts.question.as_deref().map(wording::clean),
            needed: facts.needed_at.map(|at| page.when(at)),
        }
    }
}

/// What stands for the name of a part that nobody named.
fn the_part(locale: Locale) -> &'static str {
    match locale {
        Locale::ZhCn => "零件",
        Locale::En => "the part you ordered",
        Locale::Ja => "部品",
    }
}

/// The reasons there are words for; a code that is not known is not shown to a customer.
fn reason(code: &str, locale: Locale) -> Option<&'static str> {
    let [zh, en, ja] = match code {
        "customer_request" => ["应您的要求", "as you asked", "ご依頼による"],
        "discontinued" => ["厂家停产", "no longer made", "生産終了"],
        "duplicate" => ["重复订购", "ordered twice", "重複注文"],
        "replaced" => ["已由新件号替代", "replaced by a newer part", "代替品への切替"],
        _ => return None,
    };
    Some(match locale {
        Locale::ZhCn => zh,
        Locale::En => en,
        Locale::Ja => ja,
    })
}

/// Sample orders: between them they take every branch of every text.
pub(super) fn samples(locale: Locale) -> Vec<Sample> {
    let part = |reference: &str, [zh, en, ja]: [&str; 3]| Part {
        reference: reference.to_owned(),
        name: match locale {
            Locale::ZhCn => zh.to_owned(),
            Locale::En => en.to_owned(),
            Locale::Ja => ja.to_owned(),
        },
        is_open: true,
        is_here: false,
    };
    let pump = part("1", ["水泵", "Water pump", "ウォーターポンプ"]);
    let seal = part("2", ["密封垫", "Gasket", "ガスケット"]);
    let facts = Facts {
        lines: vec![pump.clone()],
        eta: Some(examples::at(locale, "2026-03-12", "10:00")),
        previous_eta: Some(examples::at(locale, "2026-03-10", "10:00")),
        return_by: Some(examples::at(locale, "2026-04-16", "10:00")),
        reason_code: Some("discontinued".to_owned()),
        question: Some(pump.name.clone()),
        needed_at: Some(examples::at(locale, "2026-03-14", "09:30")),
    };
    let several = Facts { lines: vec![pump, seal], ..facts.clone() };
    let bare = Facts { eta: facts.eta, ..Facts::default() };
    let about = |name: &str| match name {
        "no_vehicle" => About::PartsOrder(bare.clone()),
        "no_salutation" => About::PartsOrder(several.clone()),
        _ => About::PartsOrder(facts.clone()),
    };
    examples::settings(locale).into_iter().map(|(name, setting)| (name, setting, about(name))).collect()
}
