//! When somebody works and on which days they are away: what is told of it, and the rule that follows (BR-05). Pure.
pub(super) mod form;
pub(crate) mod written;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Staff;
use crate::{
    calendar::{OpeningHours, Shop, days_from, local_moment},
    clock::Timestamp,
    dealerships::{self, Dealership},
    fields::{Fields, escaped},
};

/// More than anybody plans ahead.
const MOST_AWAY: usize = 100;
/// How many of somebody's own openings are looked at for the next on which they are here: more than a year has.
const MOST_OPENINGS: usize = 1_000;

/// When somebody works. Nothing told: whenever the dealership is open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Shifts {
    /// Their hours by weekday, like opening hours; a day that is missing is a day off. None: the dealership's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub week: Option<OpeningHours>,
    /// Days on which they are away, in their order. Why is nobody's business here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub away: Vec<Away>,
}

/// A stretch of days, the last one included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Away {
    pub from: Date,
    pub to: Date,
}

impl Shifts {
    /// True when they work by these at that moment: within their own hours, on a day on which the dealership opens.
    fn cover(&self, shop: &Shop, at: Timestamp) -> bool {
        let today = at.in_zone(&shop.zone).date();
        !self.is_away_on(today) && shop.is_open_on(today) && self.hours(shop).is_open_at(at)
    }
    /// Whether they are not here at all on the day of that moment, though the dealership may be.
    fn miss(&self, shop: &Shop, at: Timestamp) -> bool {
        let today = at.in_zone(&shop.zone).date();
        self.is_away_on(today) || (shop.is_open_on(today) && !self.hours(shop).is_open_on(today))
    }
    fn is_away_on(&self, date: Date) -> bool {
        self.away.iter().any(|away| away.from <= date && date <= away.to)
    }
    /// Their own hours as a calendar; holidays are the dealership's.
    fn hours(&self, shop: &Shop) -> Shop {
        match &self.week {
            None => shop.clone(),
            Some(week) => Shop { zone: shop.zone.clone(), opening_hours: week.clone(), holidays: Vec::new() },
        }
    }
}

impl Staff {
    /// Whether they work at that moment (BR-05).
    pub fn is_on_shift(&self, shop: &Shop, at: Timestamp) -> bool {
        self.active && self.shifts.cover(shop, at)
    }
    /// The first moment later than `after` at which they begin to work; None when there is none within a year.
    pub fn next_on_shift(&self, shop: &Shop, after: Timestamp) -> Option<Timestamp> {
        let hours = self.shifts.hours(shop);
        let opens = std::iter::successors(hours.next_opening(after), |at| hours.next_opening(*at))
            .take(MOST_OPENINGS)
            .find(|at| self.is_on_shift(shop, *at));
        // Where the doors never close, coming back is no opening.
        let backs = self.shifts.away.iter().map(|away| local_moment(days_from(away.to, 1).at(0, 0, 0, 0), &shop.zone));
        opens.into_iter().chain(backs.filter(|at| *at > after && self.is_on_shift(shop, *at))).min()
    }
    /// Whether what is for them on that day is read by somebody else: they have left, are on holiday, or have the day off.
    pub fn is_away(&self, dealership: &Dealership, at: Timestamp) -> bool {
        !self.active || (self.shifts != Shifts::default() && self.shifts.miss(&dealership.shop(), at))
    }
}

/// Reads `shifts`; what is wrong goes to `fields`, with the pointer of the very entry.
pub(super) fn read(fields: &mut Fields) -> Shifts {
    let mut told = match fields.take("shifts") {
        None => return Shifts::default(),
        Some(Value::Object(told)) => told,
        Some(_) => {
            fields.fault("shifts", "wrong_type", "must be an object with week and away");
            return Shifts::default();
        }
    };
    let mut part = |name: &str| told.remove(name).filter(|value| !value.is_null());
    let (week, away) = (part("week"), part("away"));
    let week = week.map(|week| dealerships::week(fields, "shifts/week", week));
    let away = away.map(|away| days_away(fields, away)).unwrap_or_default();
    for other in told.keys() {
        fields.fault(&format!("shifts/{}", escaped(other)), "unknown_field", "is not a field of this");
    }
    // A week without an hour in it says nothing: who does not work here at all is not active.
    let week = week.and_then(|week| serde_json::from_value(week).ok()).filter(|week| *week != OpeningHours::default());
    Shifts { week, away }
}

fn days_away(fields: &mut Fields, told: Value) -> Vec<Away> {
    let Value::Array(list) = told else {
        fields.fault(
            "shifts/away",
            "wrong_type",
            "must be a list of stretches such as {\"from\":\"2026-03-09\",\"to\":\"2026-03-13\"}",
        );
        return Vec::new();
    };
    if list.len() > MOST_AWAY {
        fields.fault("shifts/away", "too_many", format!("must be at most {MOST_AWAY} stretches"));
        return Vec::new();
    }
    let mut days: Vec<Away> = Vec::new();
    for (at, entry) in list.into_iter().enumerate() {
        let pointer = format!("shifts/away/{at}");
        match entry {
            Value::Object(entry) => days.extend(stretch(fields, &pointer, &entry)),
            _ => fields.fault(&pointer, "wrong_type", "must be an object with from and to"),
        }
    }
    days.sort();
    days.dedup();
    days
}

fn stretch(fields: &mut Fields, pointer: &str, entry: &Map<String, Value>) -> Option<Away> {
    if let Some(unknown) = entry.keys().find(|key| !["from", "to"].contains(&key.as_str())) {
        fields.fault(&format!("{pointer}/{}", escaped(unknown)), "unknown_field", "is not a field of this");
    }
    let mut day = |name: &str| {
        let text = entry.get(name).and_then(Value::as_str).unwrap_or_default();
        let date = text.parse::<Date>().ok().filter(|_| text.len() == 10);
        if date.is_none() {
            fields.fault(&format!("{pointer}/{name}"), "not_a_date", "must be a date such as 2026-03-09");
        }
        date
    };
    let from = day("from")?;
    let to = if entry.get("to").is_none_or(Value::is_null) { from } else { day("to")? };
    if to < from {
        fields.fault(&format!("{pointer}/to"), "ends_before_it_begins", "must not be before its first day");
        return None;
    }
    Some(Away { from, to })
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use serde_json::json;

    use super::*;
    use crate::id::Id;

    fn shop() -> Shop {
        let day = r#"[["09:00","18:00"]]"#;
        let week = format!(r#"{{"mon":{day},"tue":{day},"wed":{day},"thu":{day},"fri":{day},"sat":{day}}}"#);
        Shop {
            zone: TimeZone::get("Asia/Shanghai").expect("a zone"),
            opening_hours: serde_json::from_str(&week).expect("hours"),
            holidays: serde_json::from_str(r#"[{"date":"2026-03-05","name":"stocktaking"}]"#).expect("a day off"),
        }
    }
    fn at(local: &str) -> Timestamp {
        format!("2026-03-{local}:00+08:00").parse().expect("a time")
    }
    fn somebody(shifts: &Value) -> Staff {
        let id = "2026-03-05T00:00:00Z".parse().expect("a time");
        let body = json!({"name": "x", "shifts": shifts});
        Staff::parse(Id::new(id, [1; 10]), Id::new(id, [2; 10]), "adv-01", "", body).expect("valid")
    }

    #[test]
    fn nothing_told_is_whenever_the_dealership_is_open() {
        let chen = somebody(&json!({}));
        for (local, here) in [
            ("02T09:00", true),
            ("02T17:59", true),
            ("02T18:00", false),
            ("05T10:00", false), // the dealership is closed
            ("08T10:00", false), // Sunday
        ] {
            assert_eq!(chen.is_on_shift(&shop(), at(local)), here, "{local}");
        }
        assert!(!Staff { active: false, ..chen.clone() }.is_on_shift(&shop(), at("02T10:00")));
        assert_eq!(chen.next_on_shift(&shop(), at("07T18:00")), Some(at("09T09:00")));
        let never = Shop { opening_hours: OpeningHours::default(), ..shop() };
        assert_eq!(chen.next_on_shift(&never, at("07T18:00")), None);
        assert_eq!(somebody(&json!({"week": {"sun": []}})).shifts, Shifts::default());
    }

    #[test]
    fn own_hours_count_on_days_on_which_the_dealership_opens() {
        let early = json!([["08:00", "12:00"]]);
        let li =
            somebody(&json!({"week": {"mon": early, "thu": early, "sun": early}, "away": [{"from": "2026-03-16"}]}));
        for (local, here) in [
            ("02T08:00", true), // before the doors open, she is here
            ("02T12:00", false),
            ("03T10:00", false), // her day off
            ("05T10:00", false), // a Thursday on which the dealership is closed
            ("08T10:00", false), // and a Sunday
            ("09T10:00", true),
            ("16T10:00", false), // a Monday on which she is away
        ] {
            assert_eq!(li.is_on_shift(&shop(), at(local)), here, "{local}");
        }
        assert_eq!(li.next_on_shift(&shop(), at("02T09:00")), Some(at("09T08:00")));
        assert_eq!(li.next_on_shift(&shop(), at("12T12:00")), Some(at("19T08:00")));
    }

    #[test]
    fn where_the_doors_never_close_somebody_is_back_on_the_day_after() {
        let day = r#"[["00:00","24:00"]]"#;
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let week = names.map(|name| format!(r#""{name}":{day}"#)).join(",");
        let hours = serde_json::from_str(&format!("{{{week}}}")).expect("hours");
        let always = Shop { opening_hours: hours, holidays: Vec::new(), ..shop() };
        let li = somebody(&json!({"away": [{"from": "2026-03-09", "to": "2026-03-10"}]}));
        assert_eq!(li.next_on_shift(&always, at("09T10:00")), Some(at("11T00:00")));
    }

    #[test]
    fn days_are_missed_and_evenings_are_not() {
        let li = somebody(
            &json!({"week": {"mon": [["08:00", "12:00"]]}, "away": [{"from": "2026-03-07", "to": "2026-03-08"}]}),
        );
        for (local, missed) in
            [("02T17:00", false), ("03T10:00", true), ("05T10:00", false), ("08T10:00", true), ("15T10:00", false)]
        {
            assert_eq!(li.shifts.miss(&shop(), at(local)), missed, "{local}");
        }
    }
}
