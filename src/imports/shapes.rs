//! Values as dealers write them: days, times, numbers, phones, yes and no. Pure.
use jiff::{
    civil::{Date, DateTime, Time, date},
    tz::TimeZone,
};
use serde::Deserialize;

use crate::{calendar::local_moment, clock::Timestamp};

/// What people write where there is nothing.
const NOTHING: [&str; 17] = [
    "-",
    "--",
    "/",
    "null",
    "none",
    "nil",
    "n/a",
    "na",
    "#n/a",
    "nan",
    "无",
    "空",
    "なし",
    "0000-00-00",
    "0000-00-00 00:00:00",
    "1900-01-01",
    "1900/1/0",
];

/// A cell without what spreadsheets put around it; `None` when nothing is said.
pub(super) fn cell(text: &str) -> Option<String> {
    let mut text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    // ="139…" and '139… are how spreadsheets are told not to make a number of it.
    if let Some(inside) = text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')) {
        text = inside.trim();
    }
    text = text.strip_prefix('\'').unwrap_or(text);
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!one_line.is_empty() && !NOTHING.contains(&one_line.to_lowercase().as_str())).then_some(one_line)
}

/// In which order a day of digits is written when its year comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DayOrder {
    /// 3/5/2026 is the 5th of March.
    MonthDay,
    DayMonth,
    /// Nobody has said: only what can be read in one way is read.
    Unsaid,
}

/// A day, and the time of day where one is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    Day(Date),
    Local(DateTime),
    /// With its offset.
    Moment(Timestamp),
}

impl When {
    /// Reads what a dealer wrote.
    ///
    /// # Errors
    /// Why it is none.
    pub(super) fn read(text: &str, order: DayOrder) -> Result<Self, &'static str> {
        if let Ok(moment) = text.parse::<jiff::Timestamp>() {
            return Ok(Self::Moment(Timestamp::new(moment)));
        }
        if let Some(serial) = spreadsheet_serial(text) {
            return Ok(serial);
        }
        let half: String = text.chars().map(half_width).collect();
        let (day, rest) = day(half.trim(), order)?;
        let rest = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, 'T' | 't' | ',' | '日'));
        let rest = without_weekday(rest).trim();
        if rest.is_empty() {
            return Ok(Self::Day(day));
        }
        Ok(Self::Local(day.to_datetime(time(rest)?)))
    }
    /// The moment, a day alone meaning noon.
    pub(super) fn moment(self, zone: &TimeZone) -> Timestamp {
        match self {
            Self::Day(day) => local_moment(day.at(12, 0, 0, 0), zone),
            Self::Local(at) => local_moment(at, zone),
            Self::Moment(at) => at,
        }
    }
    pub(super) fn date(self, zone: &TimeZone) -> Date {
        match self {
            Self::Day(day) => day,
            Self::Local(at) => at.date(),
            Self::Moment(at) => at.in_zone(zone).date(),
        }
    }
}

const NO_DAY: &str = "is no date that can be read: write 2026-03-05 09:30";

/// The day at the beginning of a text, and what comes after it.
fn day(text: &str, order: DayOrder) -> Result<(Date, &str), &'static str> {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    // 20260305, 202603050930, 20260305093000.
    if matches!(digits.len(), 8 | 12 | 14) {
        let day = of_parts(&digits[..4], &digits[4..6], &digits[6..8])?;
        return Ok((day, &text[8..]));
    }
    let (era, text) = match text.strip_prefix("令和").or_else(|| text.strip_prefix(['R', 'r'])) {
        Some(rest) => (2018, rest.strip_prefix("元").map_or(rest, |_| rest)),
        None => (0, text),
    };
    let mut numbers = Vec::new();
    let mut rest = text;
    while numbers.len() < 3 {
        let length = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at(length);
        let number = match (number, after.strip_prefix('元')) {
            ("", Some(_)) => "1",
            (number, _) => number,
        };
        if number.is_empty() || number.len() > 4 {
            return Err(NO_DAY);
        }
        numbers.push(number);
        let after = after.strip_prefix('元').unwrap_or(after);
        rest = if numbers.len() < 3 {
            after.trim_start().strip_prefix(['-', '/', '.', '年', '月']).ok_or(NO_DAY)?.trim_start()
        } else {
            after.strip_prefix('日').unwrap_or(after)
        };
    }
    let [first, second, third] = numbers[..] else { return Err(NO_DAY) };
    if era > 0 {
        let year: i16 = first.parse().map_err(|_| NO_DAY)?;
        return Ok((of_parts(&(era + year).to_string(), second, third)?, rest));
    }
    if first.len() == 4 {
        return Ok((of_parts(first, second, third)?, rest));
    }
    if third.len() != 4 {
        return Err("has a year of two digits: write 2026-03-05");
    }
    let first_is_day = first.parse::<u8>().is_ok_and(|n| n > 12);
    let second_is_day = second.parse::<u8>().is_ok_and(|n| n > 12);
    let day = match order {
        _ if second_is_day => of_parts(third, first, second),
        _ if first_is_day => of_parts(third, second, first),
        DayOrder::MonthDay => of_parts(third, first, second),
        DayOrder::DayMonth => of_parts(third, second, first),
        DayOrder::Unsaid if first == second => of_parts(third, first, second),
        DayOrder::Unsaid => {
            Err("may be the day or the month first: say which in the source's mapping (days), or write 2026-03-05")
        }
    };
    Ok((day?, rest))
}

fn of_parts(year: &str, month: &str, day: &str) -> Result<Date, &'static str> {
    let (Ok(year), Ok(month), Ok(day)) = (year.parse(), month.parse(), day.parse()) else { return Err(NO_DAY) };
    if !(1900..=2200).contains(&year) {
        return Err("is outside the years 1900 to 2200");
    }
    Date::new(year, month, day).map_err(|_| "is a day that there is not")
}

/// 9:30, 09:30:00.000, 9时30分, 9:30 PM, 下午3:05, 午後3時5分, 0930.
fn time(text: &str) -> Result<Time, &'static str> {
    const NO_TIME: &str = "has a time of day that cannot be read: write 09:30";
    let lower = text.to_lowercase();
    let is_after_noon = ["下午", "晚上", "午後", "pm", "p.m."].iter().any(|word| lower.contains(word));
    let is_before_noon = ["上午", "凌晨", "早上", "午前", "am", "a.m."].iter().any(|word| lower.contains(word));
    let digits: String =
        lower.split('.').next().unwrap_or_default().chars().map(|c| if c.is_ascii_digit() { c } else { ' ' }).collect();
    let mut parts: Vec<&str> = digits.split_whitespace().collect();
    if let [packed] = parts[..]
        && matches!(packed.len(), 4 | 6)
    {
        parts = [&packed[..2], &packed[2..4], if packed.len() == 6 { &packed[4..] } else { "0" }].into();
    }
    let numbers: Vec<i8> = parts.iter().filter_map(|part| part.parse().ok()).collect();
    let (hour, minute, second) = match numbers[..] {
        [hour] if is_after_noon || is_before_noon || lower.contains(['时', '時', '点']) => (hour, 0, 0),
        [hour, minute] => (hour, minute, 0),
        [hour, minute, second] => (hour, minute, second),
        _ => return Err(NO_TIME),
    };
    let hour = match hour {
        12 if is_before_noon => 0,
        1..=11 if is_after_noon => hour + 12,
        hour => hour,
    };
    Time::new(hour, minute, second, 0).map_err(|_| NO_TIME)
}

fn without_weekday(text: &str) -> &str {
    let text = text.strip_prefix('(').and_then(|rest| Some(rest.split_once(')')?.1)).unwrap_or(text);
    match text.strip_prefix("星期").or_else(|| text.strip_prefix("周")) {
        Some(rest) => rest.char_indices().nth(1).map_or("", |(at, _)| &rest[at..]),
        None => text,
    }
}

/// 46086.395833: days since the end of 1899, as spreadsheets count.
fn spreadsheet_serial(text: &str) -> Option<When> {
    let number: f64 = text.parse().ok().filter(|n| (20_000.0..80_000.0).contains(n))?;
    // Seconds, because the fraction of a day is never exact; in range by the line above.
    #[expect(clippy::cast_possible_truncation, reason = "at most 80,000 days of seconds")]
    let seconds = (number * 86_400.0).round() as i64;
    let day = date(1899, 12, 30).checked_add(jiff::Span::new().days(seconds.div_euclid(86_400))).ok()?;
    match seconds.rem_euclid(86_400) {
        0 => Some(When::Day(day)),
        of_day => {
            let time = Time::midnight().checked_add(jiff::SignedDuration::from_secs(of_day)).ok()?;
            Some(When::Local(day.to_datetime(time)))
        }
    }
}

/// 1,234.50 and ¥1234 and 1.5h.
///
/// # Errors
/// Why it is none.
pub(super) fn number(text: &str) -> Result<f64, &'static str> {
    let plain: String =
        text.chars().map(half_width).filter(|c| !matches!(c, ',' | ' ' | '¥' | '￥' | '$' | '元' | '円')).collect();
    let lower = plain.to_lowercase();
    let bare = ["小时", "时间", "時間", "km", "公里", "hrs", "h"]
        .iter()
        .find_map(|unit| lower.strip_suffix(unit))
        .unwrap_or(&lower);
    match bare.parse::<f64>() {
        Ok(number) if number >= 0.0 && number.is_finite() => Ok(number),
        Ok(_) => Err("must not be negative"),
        Err(_) => Err("is no number"),
    }
}

/// The numbers of one cell, as they are to be read; people write two into one.
///
/// # Errors
/// A spreadsheet has rounded it.
pub(super) fn phones(text: &str) -> Result<Vec<String>, &'static str> {
    let plain: String = text.chars().map(half_width).collect();
    let lower = plain.to_lowercase();
    if let Some((mantissa, exponent)) = lower.split_once("e+") {
        let digits = mantissa.chars().filter(char::is_ascii_digit).count();
        let needed = exponent.parse::<usize>().unwrap_or(usize::MAX).saturating_add(1);
        return match plain.parse::<f64>() {
            Ok(number) if digits >= needed => Ok(vec![format!("{number:.0}")]),
            _ => Err("was rounded by a spreadsheet: format the column as text and export again"),
        };
    }
    let numbers = plain.split(['/', ';', '、', ',', '|', '或']).map(|one| {
        let one = one.trim();
        let one = one.strip_suffix(".0").unwrap_or(one);
        let bare = ["手机", "电话", "携帯", "電話", "tel", "mobile"].iter().find_map(|label| {
            one.get(..label.len()).filter(|begin| begin.eq_ignore_ascii_case(label)).map(|_| &one[label.len()..])
        });
        bare.unwrap_or(one).trim_start_matches([':', '.', ' ']).to_owned()
    });
    // 020-8888 1234/5 is an extension and not a second number.
    let numbers = numbers
        .filter(|one| one.chars().filter(char::is_ascii_digit).count() > 4 || one.chars().any(char::is_alphabetic));
    let numbers: Vec<String> = numbers.collect();
    Ok(if numbers.is_empty() { vec![plain] } else { numbers })
}

/// Yes or no in three languages.
pub(super) fn flag(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "y" | "yes" | "true" | "t" | "1" | "是" | "有" | "同意" | "在职" | "はい" | "有効" | "在職" | "可" | "○"
        | "√" | "✓" => Some(true),
        "n" | "no" | "false" | "f" | "0" | "否" | "不同意" | "离职" | "いいえ" | "無効" | "退職" | "不可" | "×" => {
            Some(false)
        }
        _ => None,
    }
}

/// The entries of a list in one cell.
pub(super) fn list(text: &str) -> Vec<String> {
    text.split([';', '；', '|', '、', ',', '，'])
        .map(str::trim)
        .filter(|one| !one.is_empty())
        .map(str::to_owned)
        .collect()
}

fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' | '\u{a0}' => ' ',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times_as_dealers_write_them() {
        for text in [
            "2026/3/5 9:30",
            "2026-03-05 09:30:00",
            "2026-03-05T09:30",
            "2026.3.5 9:30:00.000",
            "2026年3月5日 9时30分",
            "2026年3月5日（木） 9時30分",
            "2026/3/5 上午9:30",
            "2026/03/05 09:30 AM",
            "２０２６／３／５　９：３０",
            "202603050930",
            "20260305093000",
            "令和8年3月5日 午前9:30",
            "R8.3.5 9:30",
            "2026-3-5 星期四 9:30",
            "46086.3958333333",
            "2026-03-05T09:30:00+08:00",
        ] {
            let at = When::read(text, DayOrder::Unsaid).unwrap_or_else(|why| panic!("{text} {why}"));
            let zone = TimeZone::get("Asia/Shanghai").unwrap();
            assert_eq!(at.moment(&zone).to_string(), "2026-03-05T01:30:00.000000Z", "{text}");
        }
        for text in ["2026-03-05", "20260305", "2026年3月5日", "46086", "2026/3/5"] {
            assert_eq!(When::read(text, DayOrder::Unsaid), Ok(When::Day(date(2026, 3, 5))), "{text}");
        }
        let read = |text, order| When::read(text, order).ok();
        assert_eq!(read("3/5/2026 2:05 PM", DayOrder::MonthDay), Some(When::Local(date(2026, 3, 5).at(14, 5, 0, 0))));
        assert_eq!(read("3/5/2026", DayOrder::DayMonth), Some(When::Day(date(2026, 5, 3))));
        assert_eq!(read("13/5/2026", DayOrder::MonthDay), Some(When::Day(date(2026, 5, 13))));
        assert_eq!(read("5/13/2026", DayOrder::Unsaid), Some(When::Day(date(2026, 5, 13))));
        assert_eq!(read("2026/3/5 下午3:05", DayOrder::Unsaid), Some(When::Local(date(2026, 3, 5).at(15, 5, 0, 0))));
        assert_eq!(read("2026/3/5 12:10 AM", DayOrder::Unsaid), Some(When::Local(date(2026, 3, 5).at(0, 10, 0, 0))));
        for bad in [
            "3/5/2026",
            "2026-02-30",
            "05/03/26",
            "明天",
            "2026-03-05 25:00",
            "2026-03-05 sometime",
            "1234",
            "",
            "2026",
        ] {
            assert!(When::read(bad, DayOrder::Unsaid).is_err(), "{bad}");
        }
    }

    #[test]
    fn cells_numbers_phones_and_words() {
        for nothing in ["", "  ", "NULL", "-", "N/A", "无", "0000-00-00"] {
            assert_eq!(cell(nothing), None, "{nothing:?}");
        }
        assert_eq!(cell("=\"13900001234\"").as_deref(), Some("13900001234"));
        assert_eq!(cell(" a\n b\u{3000}c ").as_deref(), Some("a b c"));
        assert_eq!(number("¥1,234.50"), Ok(1234.5));
        assert_eq!(
            (number("1.5h"), number("12,345 km"), number("-1").is_err(), number("abc").is_err()),
            (Ok(1.5), Ok(12_345.0), true, true)
        );
        assert_eq!(phones("139 0000 1234").unwrap(), ["139 0000 1234"]);
        assert_eq!(phones("13900001234.0").unwrap(), ["13900001234"]);
        assert_eq!(phones("手机：139-0000-1234/020-88881234").unwrap(), ["139-0000-1234", "020-88881234"]);
        assert_eq!(phones("1.3900001234E+10").unwrap(), ["13900001234"]);
        assert!(phones("1.39E+10").is_err(), "a stranger's number would come of it");
        assert_eq!((flag("Y"), flag("否"), flag("はい"), flag("maybe")), (Some(true), Some(false), Some(true), None));
        assert_eq!(list("40K；BP; "), ["40K", "BP"]);
    }
}
