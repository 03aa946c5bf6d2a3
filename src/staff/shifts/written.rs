//! Shifts as people write them in a cell or a field, in three languages; what cannot be read stays for the reader of a PUT to
//! refuse, so that it is named. Pure.
use jiff::civil::Date;
use serde_json::{Map, Value, json};

use crate::dealerships::{WEEKDAYS, read_written};

/// Words for a day off.
const OFF: [&str; 7] = ["off", "closed", "休息", "休み", "定休", "公休", "休"];

/// From Monday on, as people call the days.
const DAYS: [&[&str]; 7] = [
    &["mon", "monday", "一", "月"],
    &["tue", "tues", "tuesday", "二", "火"],
    &["wed", "wednesday", "三", "水"],
    &["thu", "thur", "thurs", "thursday", "四", "木"],
    &["fri", "friday", "五", "金"],
    &["sat", "saturday", "六", "土"],
    &["sun", "sunday", "日", "天"],
];

/// `mon-fri 09:00-12:00 13:30-18:00; sat 9:00-15:00; sun off`, with the days in Chinese or Japanese as well.
pub(crate) fn week(text: &str) -> Value {
    let mut week = Map::new();
    for entry in entries(text) {
        let begins = entry.find(|c: char| c.is_ascii_digit()).unwrap_or(entry.len());
        let (days, hours) = entry.split_at(begins);
        let days = without_off(days);
        let hours = self::hours(hours);
        match days_of(days) {
            Some(days) => week.extend(days.into_iter().map(|day| (day.to_owned(), hours.clone()))),
            None => {
                week.insert(days.to_owned(), hours);
            }
        }
    }
    Value::Object(week)
}

/// The hours of one day: `9:00-12:00 13:30-18:00`.
pub(crate) fn hours(text: &str) -> Value {
    read_written(&text.replace('：', ":").split_whitespace().map(padded).collect::<Vec<_>>().join(" "))
}

/// `2026-03-09..2026-03-13; 2026/5/1`: stretches of days, on lines of their own or with semicolons between them.
pub(crate) fn away(text: &str) -> Value {
    let between = ["..", "~", "～", "〜", "至", "到", "から", " to ", " - ", " – "];
    let stretch = |entry: String| {
        let (from, to) = between.iter().find_map(|sign| entry.split_once(sign)).unwrap_or((&entry, &entry));
        json!({"from": date(from), "to": date(to)})
    };
    entries(text).into_iter().map(stretch).collect()
}

fn entries(text: &str) -> Vec<String> {
    let plain = text.replace('：', ":");
    let one_line = |entry: &str| entry.split_whitespace().collect::<Vec<_>>().join(" ");
    plain.split(['\n', ';', '；', '|']).map(one_line).filter(|entry| !entry.is_empty()).collect()
}

fn without_off(days: &str) -> &str {
    let days = days.trim().trim_end_matches(':').trim_end();
    OFF.iter().find_map(|off| days.strip_suffix(off)).map_or(days, str::trim)
}

/// `9:00-12:00` as `09:00-12:00`.
fn padded(span: &str) -> String {
    let pad = |time: &str| if time.find(':') == Some(1) { format!("0{time}") } else { time.to_owned() };
    span.split(['-', '–', '~', '～', '〜']).map(pad).collect::<Vec<_>>().join("-")
}

/// The days that a list of days and of stretches names; a stretch may go over the end of the week.
fn days_of(text: &str) -> Option<Vec<&'static str>> {
    let mut days = Vec::new();
    for part in text.split([',', '，', '、', '/']).map(str::trim).filter(|part| !part.is_empty()) {
        match part.split_once(['-', '–', '~', '～', '〜', '至', '到']) {
            None => days.push(WEEKDAYS[day(part)?]),
            Some((first, last)) => {
                let (first, last) = (day(first)?, day(last)?);
                days.extend((0..=(last + 7 - first) % 7).map(|ahead| WEEKDAYS[(first + ahead) % 7]));
            }
        }
    }
    (!days.is_empty()).then_some(days)
}

/// A day of the week, from Monday on.
fn day(word: &str) -> Option<usize> {
    let word = word.trim().to_lowercase();
    let bare = ["星期", "礼拜", "周", "週"].iter().find_map(|begin| word.strip_prefix(begin)).unwrap_or(&word);
    let bare = ["曜日", "曜"].iter().find_map(|end| bare.strip_suffix(end)).unwrap_or(bare);
    DAYS.iter().position(|words| words.contains(&bare))
}

/// A date as the API takes it; anything else as it is.
fn date(text: &str) -> String {
    let text = text.trim();
    let parts = text.split(['-', '/', '.', '年', '月', '日']).map(str::trim).filter(|part| !part.is_empty());
    let numbers: Option<Vec<i16>> = parts.map(|part| part.parse().ok()).collect();
    let date = match numbers.as_deref() {
        Some([year, month, day]) if *year >= 1000 => {
            let small = |number: &i16| i8::try_from(*number).ok();
            small(month).zip(small(day)).and_then(|(month, day)| Date::new(*year, month, day).ok())
        }
        _ => None,
    };
    date.map_or_else(|| text.to_owned(), |date| date.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_are_read_as_three_languages_write_them() {
        let split = json!([["09:00", "12:00"], ["13:30", "18:00"]]);
        let expected = json!({"mon": split, "tue": split, "sat": [["09:00", "15:00"]], "sun": []});
        for text in [
            "mon-tue 09:00-12:00 13:30-18:00; sat 9:00-15:00; sun off",
            "周一至周二 9:00-12:00 13:30-18:00；星期六：09:00–15:00；周日 休息",
            "月、火 09:00～12:00 13:30～18:00;土曜日 9:00-15:00|日 休み",
        ] {
            assert_eq!(week(text), expected, "{text}");
        }
        assert_eq!(week("sat-mon 10:00-12:00").as_object().map(Map::len), Some(3));
        // Refused where a PUT is read, by name.
        assert_eq!(week("someday 10:00-12:00"), json!({"someday": [["10:00", "12:00"]]}));
        assert_eq!(week("mon 10"), json!({"mon": [["10", ""]]}));
    }

    #[test]
    fn days_away_are_read_as_three_languages_write_them() {
        let expected = json!([{"from": "2026-03-09", "to": "2026-03-13"}, {"from": "2026-05-01", "to": "2026-05-01"}]);
        for text in [
            "2026-03-09..2026-03-13\n2026-05-01",
            "2026/3/9至2026/3/13；2026年5月1日",
            "2026-03-09 to 2026-03-13; 2026.5.1",
            "2026/03/09〜2026/03/13;2026/05/01",
        ] {
            assert_eq!(away(text), expected, "{text}");
        }
        assert_eq!(away("next week"), json!([{"from": "next week", "to": "next week"}]));
    }
}
