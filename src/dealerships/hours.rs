//! The shape of opening hours and holidays: weekdays, pairs of times, dates.
use serde_json::{Map, Value, json};

use crate::fields::{Fields, wrong_with};

/// The days of the week, as they are named in JSON.
pub(crate) const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Reads `opening_hours`; what is wrong goes to `fields`, with the pointer of the very entry.
pub(super) fn opening_hours(fields: &mut Fields) -> Value {
    if let Some(told) = fields.take("opening_hours") {
        return week(fields, "opening_hours", told);
    }
    fields.fault("opening_hours", "required", "is required; a day that is missing is closed");
    Value::Null
}

/// A week of hours, by its days; `name` is where it stands.
pub(crate) fn week(fields: &mut Fields, name: &str, told: Value) -> Value {
    let Value::Object(told) = told else {
        fields.fault(name, "wrong_type", "must be an object with the days mon to sun");
        return Value::Null;
    };
    let mut days = Map::new();
    for (day, hours) in told {
        let pointer = format!("{name}/{}", crate::fields::escaped(&day));
        if WEEKDAYS.contains(&day.as_str()) {
            pairs(fields, &pointer, &hours);
            days.insert(day, hours);
        } else {
            fields.fault(&pointer, "unknown_weekday", "must be one of mon, tue, wed, thu, fri, sat, sun");
        }
    }
    Value::Object(days)
}

/// Reads `holidays`, in the order of their dates.
pub(super) fn holidays(fields: &mut Fields) -> Value {
    let list = match fields.take("holidays") {
        None => return json!([]),
        Some(Value::Array(list)) => list,
        Some(_) => {
            fields.fault("holidays", "wrong_type", "must be a list");
            return json!([]);
        }
    };
    let mut days: Vec<Value> = Vec::new();
    for (at, entry) in list.into_iter().enumerate() {
        let pointer = format!("holidays/{at}");
        let Value::Object(entry) = entry else {
            fields.fault(&pointer, "wrong_type", "must be an object with date, name and open");
            continue;
        };
        if let Some(unknown) = entry.keys().find(|key| !["date", "name", "open"].contains(&key.as_str())) {
            let unknown = crate::fields::escaped(unknown);
            fields.fault(&format!("{pointer}/{unknown}"), "unknown_field", "is not a field of this");
        }
        let date = entry.get("date").and_then(Value::as_str).unwrap_or_default();
        if date.len() != 10 || date.parse::<jiff::civil::Date>().is_err() {
            fields.fault(&format!("{pointer}/date"), "not_a_date", "must be a date such as 2026-02-17");
        } else if days.iter().any(|day| day["date"] == date) {
            fields.fault(&format!("{pointer}/date"), "twice", "is in the list already");
        }
        match entry.get("name").map(|name| name.as_str().map(|name| wrong_with(name, 100))) {
            None | Some(Some(None)) => {}
            Some(None) => fields.fault(&format!("{pointer}/name"), "wrong_type", "must be a text"),
            Some(Some(Some((code, message)))) => fields.fault(&format!("{pointer}/name"), code, message),
        }
        let open = entry.get("open").cloned().unwrap_or_else(|| json!([]));
        pairs(fields, &format!("{pointer}/open"), &open);
        days.push(json!({"date": date, "name": entry.get("name"), "open": open}));
    }
    days.sort_by(|a, b| a["date"].as_str().cmp(&b["date"].as_str()));
    Value::Array(days)
}

/// Pairs of times: each opens before it closes, and after the one before has closed.
fn pairs(fields: &mut Fields, pointer: &str, hours: &Value) {
    let Some(hours) = hours.as_array() else {
        fields.fault(pointer, "wrong_type", "must be a list of pairs such as [\"09:00\",\"18:00\"]");
        return;
    };
    let mut closed_at = None;
    for (at, pair) in hours.iter().enumerate() {
        let pointer = format!("{pointer}/{at}");
        let times = match pair.as_array().map(Vec::as_slice) {
            Some([open, close]) => minute(open, false).zip(minute(close, true)),
            _ => None,
        };
        match times {
            None => fields.fault(
                &pointer,
                "not_a_pair",
                "must be two times such as [\"09:00\",\"18:00\"], the second up to 24:00",
            ),
            Some((open, close)) if open >= close => {
                fields.fault(&pointer, "closes_before_it_opens", "must open before it closes");
            }
            Some((open, _)) if closed_at.is_some_and(|before| open < before) => {
                fields.fault(&pointer, "overlaps", "must begin after the one before has ended");
            }
            Some((_, close)) => closed_at = Some(close),
        }
    }
}

/// `[["09:00","12:00"],["13:30","18:00"]]` as people write it: `09:00-12:00 13:30-18:00`.
pub(crate) fn written(day: &Value) -> String {
    let spans = day.as_array().into_iter().flatten();
    let text = |span: &Value| Some(format!("{}-{}", span[0].as_str()?, span[1].as_str()?));
    spans.filter_map(text).collect::<Vec<_>>().join(" ")
}

/// What [`written`] writes; what is no pair of times stays one that the reader of a PUT refuses.
pub(crate) fn read_written(text: &str) -> Value {
    let spans = text.split([' ', ',', ';', '，', '、']).filter(|span| !span.is_empty());
    spans
        .map(|span| {
            span.split_once(['-', '–', '~']).map_or(json!([span, ""]), |(from, to)| json!([from.trim(), to.trim()]))
        })
        .collect()
}

/// `HH:MM` in minutes since midnight.
fn minute(time: &Value, is_end: bool) -> Option<u16> {
    let (hours, minutes) = time.as_str()?.split_once(':')?;
    let number = |text: &str| -> Option<u16> {
        if text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let minute = hours * 60 + minutes;
    let last = if is_end { 24 * 60 } else { 24 * 60 - 1 };
    (minutes < 60 && minute <= last).then_some(minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(body: Value) -> Vec<String> {
        let mut fields = Fields::of("", body).expect("an object");
        opening_hours(&mut fields);
        holidays(&mut fields);
        let faults = fields.finish().err().unwrap_or_default();
        faults.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
    }

    #[test]
    fn hours_that_make_sense() {
        let week = json!({"mon": [["09:00", "12:00"], ["12:00", "24:00"]], "sun": []});
        assert!(faults(json!({"opening_hours": week, "holidays": [{"date": "2026-02-17", "name": "春节", "open": []}, {"date": "2026-02-18"}]})).is_empty());
    }

    #[test]
    fn hours_that_do_not() {
        for (hours, code) in [
            (json!([["09:00"]]), "/0 not_a_pair"),
            (json!([["9:00", "12:00"]]), "/0 not_a_pair"),
            (json!([["24:00", "24:00"]]), "/0 not_a_pair"),
            (json!([["09:00", "24:01"]]), "/0 not_a_pair"),
            (json!([["09:60", "12:00"]]), "/0 not_a_pair"),
            (json!([["+9:00", "12:00"]]), "/0 not_a_pair"),
            (json!([["12:00", "09:00"]]), "/0 closes_before_it_opens"),
            (json!([["09:00", "12:00"], ["11:00", "18:00"]]), "/1 overlaps"),
            (json!("09:00-18:00"), " wrong_type"),
        ] {
            assert_eq!(faults(json!({"opening_hours": {"mon": hours}})), [format!("/opening_hours/mon{code}")]);
        }
        assert_eq!(faults(json!({})), ["/opening_hours required"]);
        assert_eq!(faults(json!({"opening_hours": {"monday": []}})), ["/opening_hours/monday unknown_weekday"]);
        let twice = json!([{"date": "2026-02-17"}, {"date": "2026-02-17", "open": [["18:00", "09:00"]]}, {"date": "2026-02-30"}, {"day": 1}, 7]);
        assert_eq!(
            faults(json!({"opening_hours": {}, "holidays": twice})),
            [
                "/holidays/1/date twice",
                "/holidays/1/open/0 closes_before_it_opens",
                "/holidays/2/date not_a_date",
                "/holidays/3/day unknown_field",
                "/holidays/3/date not_a_date",
                "/holidays/4 wrong_type",
            ]
        );
    }
}
