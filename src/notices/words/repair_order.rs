//! What a text about a repair order may say.
use serde::Serialize;
use serde_json::Value;

use super::{About, Page, Sample, samples as examples};
use crate::{
    clock::Timestamp,
    notices::wording::{self, Locale},
};

/// A repair order as the record holds it.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// When the car is promised for.
    pub promised_at: Option<Timestamp>,
    /// The promise told before, when a change moved it.
    pub previous: Option<Timestamp>,
    /// Why it moved: the sender's code.
    pub reason_code: Option<String>,
    /// The first opening from which the car can be fetched, where the doors were shut when it was ready.
    pub pickup_from: Option<Timestamp>,
    /// Quality control is on record.
    pub qc: bool,
    /// Work found on it: its code and name.
    pub items: Vec<(String, String)>,
    /// When the car was here.
    pub visited_at: Option<Timestamp>,
}

impl Facts {
    /// What was kept with the notice: the old promise, and which of the work it is about.
    pub(super) fn hear(&mut self, detail: &Value) {
        let time = |key: &str| detail.get(key).and_then(Value::as_str).and_then(|at| at.parse().ok());
        self.previous = time("previous").or(self.previous);
        self.pickup_from = time("pickup_from").or(self.pickup_from);
        let code = detail.get("reason_code").and_then(Value::as_str);
        self.reason_code = code.map(str::to_owned).or_else(|| self.reason_code.take());
        if let Some(codes) = detail.get("items").and_then(Value::as_array) {
            self.items.retain(|(code, _)| codes.iter().any(|named| named == code));
        }
    }
}

/// The same in the reader's language.
#[derive(Clone, Debug, Serialize)]
pub struct Words {
    /// The promised time: 3月7日(周六) 16:30.
    pub when: Option<String>,
    pub date: Option<String>,
    pub time: Option<String>,
    /// The promise told before, written as `when`; only when it differs.
    pub previous_when: Option<String>,
    /// Why it moved; only for a code that there are words for.
    pub reason: Option<&'static str>,
    pub pickup: Option<String>,
    pub qc: bool,
    /// Every item, joined.
    pub item: Option<String>,
    /// The first item, and that there are more.
    pub item_brief: Option<String>,
    /// The date of the visit.
    pub visited: Option<String>,
}

impl Words {
    pub(super) fn new(facts: &Facts, page: &Page<'_>) -> Self {
        let names: Vec<String> = facts.items.iter().map(|(_, name)| wording::clean(name)).collect();
        Self {
            when: facts.promised_at.map(|at| page.when(at)),
            date: facts.promised_at.map(|at| page.date(at)),
            time: facts.promised_at.map(|at| page.time(at)),
            previous_when: facts.previous.filter(|at| Some(*at) != facts.promised_at).map(|at| page.when(at)),
            reason: facts.reason_code.as_deref().and_then(|code| reason(code, page.locale)),
            pickup: facts.pickup_from.map(|at| page.when(at)),
            qc: facts.qc,
            item: wording::join(&names, page.locale),
            item_brief: wording::brief(&names, page.locale),
            visited: facts.visited_at.map(|at| page.date(at)),
        }
    }
}

/// The reasons there are words for; a code that is not known is not shown to a customer.
fn reason(code: &str, locale: Locale) -> Option<&'static str> {
    let [zh, en, ja] = match code {
        "parts" | "parts_delay" => ["零件未到", "a part is not here yet", "部品の入荷待ち"],
        "extra_work" | "work_added" => ["增加了维修项目", "more work was found", "追加作業"],
        "diagnosis" => ["检测仍在进行", "the diagnosis takes longer", "診断の継続"],
        "workload" | "capacity" => ["车间繁忙", "the workshop is busy", "作業の混雑"],
        "quality" | "qc" => ["需要再次质检", "we want to check it again", "再点検"],
        _ => return None,
    };
    Some(match locale {
        Locale::ZhCn => zh,
        Locale::En => en,
        Locale::Ja => ja,
    })
}

/// Sample repair orders: between them they take every branch of every text.
pub(super) fn samples(locale: Locale) -> Vec<Sample> {
    let item = |zh: &str, en: &str, ja: &str| match locale {
        Locale::ZhCn => zh.to_owned(),
        Locale::En => en.to_owned(),
        Locale::Ja => ja.to_owned(),
    };
    let pads = ("BP".to_owned(), item("前刹车片", "Front brake pads", "フロントブレーキパッド"));
    let blades = ("WB".to_owned(), item("雨刮片", "Wiper blades", "ワイパーブレード"));
    let facts = Facts {
        promised_at: Some(examples::at(locale, "2026-03-07", "16:30")),
        previous: Some(examples::at(locale, "2026-03-07", "15:00")),
        reason_code: Some("parts".to_owned()),
        pickup_from: Some(examples::at(locale, "2026-03-09", "09:00")),
        qc: true,
        items: vec![pads.clone()],
        visited_at: Some(examples::at(locale, "2026-03-07", "09:30")),
    };
    let bare = Facts { promised_at: facts.promised_at, items: vec![pads.clone(), blades], ..Facts::default() };
    let nothing = Facts { promised_at: facts.promised_at, ..Facts::default() };
    let about = |name: &str| match name {
        "no_vehicle" => About::RepairOrder(nothing.clone()),
        "no_salutation" => About::RepairOrder(bare.clone()),
        _ => About::RepairOrder(facts.clone()),
    };
    examples::settings(locale).into_iter().map(|(name, setting)| (name, setting, about(name))).collect()
}
