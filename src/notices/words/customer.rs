//! What a text may say that answers STOP or HELP.
use serde::Serialize;
use serde_json::Value;

use super::{Page, text_in};
use crate::notices::{Locale, wording};

/// What was asked, and when the shop is open.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// What is no longer sent: `marketing`, `survey`; absent is everything that we send by ourselves.
    pub topic: Option<String>,
    /// The dealership's opening hours as they are kept: `{"mon":[["09:00","12:00"],["13:30","18:00"]],…}`.
    pub opening_hours: Value,
}

impl Facts {
    pub(super) fn hear(&mut self, detail: &Value) {
        self.topic = text_in(detail, "topic").or_else(|| self.topic.take());
    }
}

/// The same in the reader's language.
#[derive(Clone, Debug, Serialize)]
pub struct Words {
    pub topic: String,
    /// Nothing that we send by ourselves comes to that number any more: what must be said is said by other ways (BR-24).
    pub ends_all: bool,
    /// 周一至周五09:00-12:00、13:30-18:00;周六09:00-18:00
    pub hours: String,
}

impl Words {
    pub(super) fn new(facts: &Facts, page: &Page<'_>) -> Self {
        let [zh, en, ja] = match facts.topic.as_deref() {
            Some("marketing") => ["营销", "marketing", "ご案内"],
            Some("survey") => ["回访", "survey", "アンケート"],
            _ => ["自动", "automated", "自動メッセージ"],
        };
        Self {
            topic: page.locale.choose(zh, en, ja).to_owned(),
            ends_all: !matches!(facts.topic.as_deref(), Some("marketing" | "survey")),
            hours: opening_hours(&facts.opening_hours, page.locale),
        }
    }
}

/// Days that have the same hours in a row stand together; closed days are left out.
pub fn opening_hours(hours: &Value, locale: Locale) -> String {
    const DAYS: [(&str, &str, &str, &str); 7] = [
        ("mon", "周一", "Mon", "月"),
        ("tue", "周二", "Tue", "火"),
        ("wed", "周三", "Wed", "水"),
        ("thu", "周四", "Thu", "木"),
        ("fri", "周五", "Fri", "金"),
        ("sat", "周六", "Sat", "土"),
        ("sun", "周日", "Sun", "日"),
    ];
    let mut runs: Vec<(&str, &str, String)> = Vec::new();
    let mut open_before = false;
    for (key, zh, en, ja) in DAYS {
        let name = locale.choose(zh, en, ja);
        let shifts: Vec<String> = hours[key].as_array().into_iter().flatten().filter_map(shift).collect();
        if shifts.is_empty() {
            open_before = false;
            continue;
        }
        let shifts = shifts.join(locale.choose("、", ", ", "、"));
        match runs.last_mut() {
            Some(run) if open_before && run.2 == shifts => run.1 = name,
            _ => runs.push((name, name, shifts)),
        }
        open_before = true;
    }
    let to = locale.choose("至", "-", "〜");
    let space = locale.choose("", " ", " ");
    let day = |(first, last, shifts): &(&str, &str, String)| {
        let days = if first == last { (*first).to_owned() } else { format!("{first}{to}{last}") };
        format!("{days}{space}{shifts}")
    };
    let days: Vec<String> = runs.iter().map(day).collect();
    if days.is_empty() {
        wording::clean(locale.choose("请致电询问", "by telephone", "お電話にて"))
    } else {
        days.join(locale.choose(";", "; ", "、"))
    }
}

fn shift(shift: &Value) -> Option<String> {
    Some(format!("{}-{}", shift.get(0)?.as_str()?, shift.get(1)?.as_str()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn days_with_the_same_hours_stand_together() {
        let week = json!({
            "mon": [["09:00", "12:00"], ["13:30", "18:00"]], "tue": [["09:00", "12:00"], ["13:30", "18:00"]],
            "wed": [], "thu": [["09:00", "18:00"]], "fri": [["09:00", "18:00"]], "sat": [["09:00", "18:00"]]
        });
        assert_eq!(opening_hours(&week, Locale::ZhCn), "周一至周二09:00-12:00、13:30-18:00;周四至周六09:00-18:00");
        assert_eq!(opening_hours(&week, Locale::En), "Mon-Tue 09:00-12:00, 13:30-18:00; Thu-Sat 09:00-18:00");
        assert_eq!(opening_hours(&Value::Null, Locale::Ja), "お電話にて");
        let split = json!({ "mon": [["09:00", "18:00"]], "wed": [["09:00", "18:00"]] });
        assert_eq!(opening_hours(&split, Locale::En), "Mon 09:00-18:00; Wed 09:00-18:00");
    }
}
