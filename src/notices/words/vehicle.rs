//! What a text about a vehicle may say: its next service, or a recall that concerns it.
use serde::Serialize;
use serde_json::Value;

use super::{Page, moment_in, text_in};
use crate::{
    clock::Timestamp,
    notices::{Locale, wording},
};

/// A vehicle as the record holds it, and what falls due for it.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub vin: Option<String>,
    pub next_service_at: Option<Timestamp>,
    /// Kilometres.
    pub next_service_km: Option<i64>,
    /// The number of the recall.
    pub campaign: Option<String>,
    pub campaign_name: Option<String>,
}

impl Facts {
    /// Takes `campaign`, `campaign_name` and `next_service_at` from what was kept with the notice.
    pub(super) fn hear(&mut self, detail: &Value) {
        self.campaign = text_in(detail, "campaign").or_else(|| self.campaign.take());
        self.campaign_name = text_in(detail, "campaign_name").or_else(|| self.campaign_name.take());
        self.next_service_at = moment_in(detail, "next_service_at").or(self.next_service_at);
    }
}

/// The same in the reader's language.
#[derive(Clone, Debug, Serialize)]
pub struct Words {
    pub vin: Option<String>,
    /// 3月7日(周六)
    pub date: Option<String>,
    /// 3月7日
    pub day: Option<String>,
    pub odometer: Option<String>,
    pub campaign: Option<String>,
    pub campaign_name: Option<String>,
}

impl Words {
    pub(super) fn new(facts: &Facts, page: &Page<'_>) -> Self {
        let clean = |text: &Option<String>| text.as_deref().map(wording::clean).filter(|text| !text.is_empty());
        let day = |at: Timestamp| wording::day(at.in_zone(page.zone).date(), page.locale);
        Self {
            vin: clean(&facts.vin),
            date: facts.next_service_at.map(|at| page.date(at)),
            day: facts.next_service_at.map(day),
            odometer: facts.next_service_km.map(|km| kilometres(km, page.locale)),
            campaign: clean(&facts.campaign),
            campaign_name: clean(&facts.campaign_name),
        }
    }
}

/// 40,000 km, 40,000公里.
fn kilometres(km: i64, locale: Locale) -> String {
    let digits = km.unsigned_abs().to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| str::from_utf8(group).ok()).collect();
    let number = groups.join(",");
    locale.choose(format!("{number}公里"), format!("{number} km"), format!("{number}km"))
}
