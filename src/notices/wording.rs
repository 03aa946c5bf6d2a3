//! Language: how dates and times are written, how a list is joined, in three languages.
mod names;

use jiff::civil::{Date, DateTime, Time, Weekday};
use serde::{Deserialize, Serialize};

pub use names::{Person, clean, clean_lines, colleague, hon};

/// The language of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
#[sqlx(type_name = "text")]
pub enum Locale {
    #[serde(rename = "zh-CN")]
    #[sqlx(rename = "zh-CN")]
    ZhCn,
    #[serde(rename = "en")]
    #[sqlx(rename = "en")]
    En,
    #[serde(rename = "ja")]
    #[sqlx(rename = "ja")]
    Ja,
}

impl Locale {
    pub const ALL: [Self; 3] = [Self::ZhCn, Self::En, Self::Ja];

    /// From a language tag by its first part: `zh-Hans-CN`, `en_US`, `JA`.
    pub fn parse(tag: &str) -> Option<Self> {
        match tag.split(['-', '_']).next()?.trim().to_ascii_lowercase().as_str() {
            "zh" => Some(Self::ZhCn),
            "en" => Some(Self::En),
            "ja" => Some(Self::Ja),
            _ => None,
        }
    }
    /// The customer's language, then the dealership's, then zh-CN.
    pub fn of(customer: Option<&str>, dealership: Option<&str>) -> Self {
        let first = customer.and_then(Self::parse);
        first.or_else(|| dealership.and_then(Self::parse)).unwrap_or(Self::ZhCn)
    }
    /// The name of its folder, and the `lang` of a page.
    pub fn code(self) -> &'static str {
        match self {
            Self::ZhCn => "zh-CN",
            Self::En => "en",
            Self::Ja => "ja",
        }
    }
    /// The one of three that is in this language.
    pub fn choose<T>(self, zh: T, en: T, ja: T) -> T {
        match self {
            Self::ZhCn => zh,
            Self::En => en,
            Self::Ja => ja,
        }
    }
}

/// 3月7日(周六), Sat, Mar 7, 3月7日(土).
pub fn date(date: Date, locale: Locale) -> String {
    let (day, weekday) = (day(date, locale), weekday(date, locale));
    match locale {
        Locale::ZhCn | Locale::Ja => format!("{day}({weekday})"),
        Locale::En => format!("{weekday}, {day}"),
    }
}

/// 3月7日(周六) 09:30; Sat, Mar 7, 9:30 AM; 3月7日(土) 9:30.
pub fn date_and_time(at: DateTime, locale: Locale) -> String {
    let comma = if locale == Locale::En { "," } else { "" };
    format!("{}{comma} {}", date(at.date(), locale), time(at.time(), locale))
}

/// The date without its weekday: 3月7日, Mar 7.
pub fn day(date: Date, locale: Locale) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (month, day) = (date.month(), date.day());
    match locale {
        Locale::ZhCn | Locale::Ja => format!("{month}月{day}日"),
        Locale::En => {
            let name = usize::try_from(month - 1).ok().and_then(|month| MONTHS.get(month));
            format!("{} {day}", name.unwrap_or(&""))
        }
    }
}

/// 周六, Sat, 土.
pub fn weekday(date: Date, locale: Locale) -> &'static str {
    let [zh, en, ja] = match date.weekday() {
        Weekday::Monday => ["周一", "Mon", "月"],
        Weekday::Tuesday => ["周二", "Tue", "火"],
        Weekday::Wednesday => ["周三", "Wed", "水"],
        Weekday::Thursday => ["周四", "Thu", "木"],
        Weekday::Friday => ["周五", "Fri", "金"],
        Weekday::Saturday => ["周六", "Sat", "土"],
        Weekday::Sunday => ["周日", "Sun", "日"],
    };
    match locale {
        Locale::ZhCn => zh,
        Locale::En => en,
        Locale::Ja => ja,
    }
}

/// 09:30, 9:30 AM, 9:30.
pub fn time(time: Time, locale: Locale) -> String {
    let (hour, minute) = (time.hour(), time.minute());
    match locale {
        Locale::ZhCn => format!("{hour:02}:{minute:02}"),
        Locale::En => {
            let half = if hour < 12 { "AM" } else { "PM" };
            format!("{}:{minute:02} {half}", (hour + 11) % 12 + 1)
        }
        Locale::Ja => format!("{hour}:{minute:02}"),
    }
}

/// 2小时30分钟, 2 h 30 min, 2時間30分; to the minute, and never less than one.
pub fn span(span: jiff::SignedDuration, locale: Locale) -> String {
    let minutes = span.as_mins().max(1);
    let (hours, minutes) = (minutes / 60, minutes % 60);
    let (in_hours, in_minutes) = match locale {
        Locale::ZhCn => (format!("{hours}小时"), format!("{minutes}分钟")),
        Locale::En => (format!("{hours} h"), format!("{minutes} min")),
        Locale::Ja => (format!("{hours}時間"), format!("{minutes}分")),
    };
    match (hours, minutes) {
        (0, _) => in_minutes,
        (_, 0) => in_hours,
        _ => format!("{in_hours}{}{in_minutes}", locale.choose("", " ", "")),
    }
}

/// 甲、乙 in Chinese and Japanese, `a, b and c` in English; `None` for an empty list.
pub fn join(items: &[impl AsRef<str>], locale: Locale) -> Option<String> {
    let items: Vec<_> = items.iter().map(|item| clean(item.as_ref())).filter(|item| !item.is_empty()).collect();
    let (last, others) = items.split_last()?;
    Some(match locale {
        Locale::ZhCn | Locale::Ja => items.join("、"),
        Locale::En if others.is_empty() => last.clone(),
        Locale::En => format!("{} and {last}", others.join(", ")),
    })
}

/// The first of a list, and that there are more: 甲等2项, `a + 1 more`, 甲ほか1件.
pub fn brief(items: &[impl AsRef<str>], locale: Locale) -> Option<String> {
    let items: Vec<_> = items.iter().map(|item| clean(item.as_ref())).filter(|item| !item.is_empty()).collect();
    let (first, more) = items.split_first()?;
    Some(match (more.len(), locale) {
        (0, _) => first.clone(),
        (_, Locale::ZhCn) => format!("{first}等{}项", items.len()),
        (n, Locale::En) => format!("{first} + {n} more"),
        (n, Locale::Ja) => format!("{first}ほか{n}件"),
    })
}

/// The `tel:` link of a shop's number: international where the plan of its region (CN, US, JP) knows it as a line, else
/// its digits, because a Chinese 400 number cannot be called with +86.
pub fn tel_link(phone: &str, region: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    let country = region.parse::<phonenumber::country::Id>().ok();
    let service = region == "CN" && matches!(digits.as_bytes().first(), Some(b'4' | b'8' | b'9'));
    let number = (!service).then(|| phonenumber::parse(country, phone).ok()).flatten();
    match number.filter(phonenumber::PhoneNumber::is_valid) {
        Some(number) => format!("tel:{}", number.format().mode(phonenumber::Mode::E164)),
        None => format!("tel:{}{digits}", if phone.trim_start().starts_with('+') { "+" } else { "" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_by_hand() {
        let saturday = jiff::civil::date(2026, 3, 7);
        assert_eq!(Locale::ALL.map(|l| date(saturday, l)), ["3月7日(周六)", "Sat, Mar 7", "3月7日(土)"]);
        for (hour, minute, expected) in [
            (9, 30, ["09:30", "9:30 AM", "9:30"]),
            (0, 5, ["00:05", "12:05 AM", "0:05"]),
            (12, 0, ["12:00", "12:00 PM", "12:00"]),
            (23, 59, ["23:59", "11:59 PM", "23:59"]),
        ] {
            assert_eq!(Locale::ALL.map(|l| time(jiff::civil::time(hour, minute, 0, 0), l)), expected);
        }
    }

    #[test]
    fn lists_and_languages() {
        let joined = |items: &[&str]| Locale::ALL.map(|l| join(items, l).unwrap_or_default());
        assert_eq!(joined(&["a", "b", "c"]), ["a、b、c", "a, b and c", "a、b、c"]);
        assert_eq!(joined(&["a", "b"])[1], "a and b");
        assert_eq!(join(&[" ", ""], Locale::En), None);
        assert_eq!(Locale::ALL.map(|l| brief(&["a", "b"], l).unwrap()), ["a等2项", "a + 1 more", "aほか1件"]);
        for (customer, dealership, locale) in [
            (Some("ja-JP"), Some("en"), Locale::Ja),
            (Some("fr"), Some("en_US"), Locale::En),
            (None, Some("de"), Locale::ZhCn),
        ] {
            assert_eq!(Locale::of(customer, dealership), locale);
        }
    }

    #[test]
    fn telephone_links() {
        for (phone, region, link) in [
            ("020-8888 0000", "CN", "tel:+862088880000"),
            ("400-800 1234", "CN", "tel:4008001234"),
            ("03-5555-0000", "JP", "tel:+81355550000"),
            ("(310) 555-0000", "US", "tel:+13105550000"),
            ("12", "US", "tel:12"),
        ] {
            assert_eq!(tel_link(phone, region), link);
        }
    }
}
