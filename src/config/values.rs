//! The kinds of value a setting can have: times written as text, lists of them, and closed choices.
use std::{fmt, str::FromStr, time::Duration};

use jiff::SignedDuration;
use serde::{
    Deserialize, Deserializer,
    de::{self, SeqAccess, Visitor},
};

/// A length of time, written `500ms`, `30s`, `15m`, `4h` or `2d`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(Duration);

impl Span {
    pub const fn new(duration: Duration) -> Self {
        Self(duration)
    }
    pub const fn get(self) -> Duration {
        self.0
    }
    /// For adding to a [`crate::clock::Timestamp`].
    pub fn signed(self) -> SignedDuration {
        SignedDuration::try_from(self.0).unwrap_or(SignedDuration::MAX)
    }
}

/// The text is no length of time.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no time: write a whole number with ms, s, m, h or d, such as 30s or 15m")]
pub struct NotASpan(String);

impl FromStr for Span {
    type Err = NotASpan;
    fn from_str(text: &str) -> Result<Self, NotASpan> {
        let wrong = || NotASpan(text.chars().take(40).collect());
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, unit) = text.split_at(digits);
        let millis: u64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let millis = number.checked_mul(millis).ok_or_else(wrong)?;
        Ok(Self(Duration::from_millis(millis)))
    }
}
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        for (unit, of) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)] {
            if millis >= of && millis.is_multiple_of(of) {
                return write!(f, "{}{unit}", millis / of);
            }
        }
        write!(f, "{millis}ms")
    }
}
impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

/// Waits before each next try: a list, or one text with commas as the environment has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waits(Vec<Span>);

impl Waits {
    /// The wait after `tries` tries, counted from 1; the last one repeats.
    pub fn after(&self, tries: usize) -> Duration {
        let at = tries.saturating_sub(1).min(self.0.len().saturating_sub(1));
        self.0.get(at).map_or(Duration::ZERO, |span| span.get())
    }
    pub fn spans(&self) -> &[Span] {
        &self.0
    }
}
impl<'de> Deserialize<'de> for Waits {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let spans: Vec<Span> = one_or_many(from, "a list of times")?;
        if spans.is_empty() {
            return Err(de::Error::custom("at least one wait is needed"));
        }
        Ok(Self(spans))
    }
}

/// How a visit is followed up (BR-50).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FollowUpMode {
    Call,
    Survey,
    CallThenSurvey,
}

impl FollowUpMode {
    /// As it is written in settings and rules.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Survey => "survey",
            Self::CallThenSurvey => "call_then_survey",
        }
    }
}

/// Which statuses mean that a gateway took a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SuccessStatus {
    /// Any from 200 to 299.
    Any2xx,
    These(Vec<u16>),
}

impl SuccessStatus {
    pub fn accepts(&self, status: u16) -> bool {
        match self {
            Self::Any2xx => (200..300).contains(&status),
            Self::These(these) => these.contains(&status),
        }
    }
}

/// One entry of `success_status`.
enum Status {
    Any2xx,
    One(u16),
}
impl FromStr for Status {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "2xx" {
            return Ok(Self::Any2xx);
        }
        match text.parse() {
            Ok(status @ 100..=599) => Ok(Self::One(status)),
            _ => Err("a status is 2xx, or a number from 100 to 599"),
        }
    }
}
impl<'de> Deserialize<'de> for SuccessStatus {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut these = Vec::new();
        for status in one_or_many(from, "2xx or a list of statuses")? {
            match status {
                Status::Any2xx => return Ok(Self::Any2xx),
                Status::One(status) => these.push(status),
            }
        }
        Ok(Self::These(these))
    }
}

/// What to do with a mail that was handed over and never answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    Resend,
    Hold,
}
choice!(Unknown { "resend" => Resend, "hold" => Hold });

/// Who carries a channel that needs a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    None,
    Http,
    Mailbox,
}
choice!(Provider { "none" => None, "http" => Http, "mailbox" => Mailbox });

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}
choice!(LogFormat { "text" => Text, "json" => Json });

/// Reads a closed choice; a word it does not know is an error that says which are known.
macro_rules! choice {
    ($name:ident { $($word:literal => $variant:ident),+ }) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                match String::deserialize(from)?.as_str() {
                    $($word => Ok(Self::$variant),)+
                    other => Err(de::Error::custom(format_args!(
                        "{:?} is not known to this build: it knows {}",
                        other.chars().take(40).collect::<String>(),
                        [$($word),+].join(", "),
                    ))),
                }
            }
        }
    };
}
use choice;

pub(super) fn url<'de, D: Deserializer<'de>>(from: D) -> Result<url::Url, D::Error> {
    String::deserialize(from)?.parse().map_err(|error| de::Error::custom(format_args!("is no URL: {error}")))
}

/// A list, or one text whose entries have commas between them, or one number.
fn one_or_many<'de, T, D>(from: D, expected: &'static str) -> Result<Vec<T>, D::Error>
where
    T: FromStr<Err: fmt::Display>,
    D: Deserializer<'de>,
{
    from.deserialize_any(OneOrMany(expected, std::marker::PhantomData))
}

struct OneOrMany<T>(&'static str, std::marker::PhantomData<T>);

impl<'de, T: FromStr<Err: fmt::Display>> Visitor<'de> for OneOrMany<T> {
    type Value = Vec<T>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<T>, E> {
        text.split(',').map(|one| one.trim().parse().map_err(E::custom)).collect()
    }
    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Vec<T>, E> {
        self.visit_str(&number.to_string())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
        let mut all = Vec::new();
        while let Some(entry) = seq.next_element::<Entry>()? {
            all.push(entry.0.parse().map_err(de::Error::custom)?);
        }
        Ok(all)
    }
}

/// A text or a number in a list.
struct Entry(String);
impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Entry;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a number")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Entry, E> {
                Ok(Entry(text.to_owned()))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Entry, E> {
                Ok(Entry(number.to_string()))
            }
        }
        from.deserialize_any(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_people_write_them() {
        for (text, millis) in
            [("500ms", 500), ("30s", 30_000), ("15m", 900_000), ("4h", 14_400_000), ("2d", 172_800_000), ("0s", 0)]
        {
            let span: Span = text.parse().expect(text);
            assert_eq!(span.get().as_millis(), millis, "{text}");
            assert_eq!(span.to_string().parse(), Ok(span), "{text}");
        }
        for wrong in ["", "30", "s", "-1s", "1.5h", "1 h", "1w", "99999999999999999999s", "9999999999999999d"] {
            assert!(wrong.parse::<Span>().is_err(), "{wrong}");
        }
        assert_eq!(Span::new(Duration::from_secs(90)).to_string(), "90s");
    }

    #[test]
    fn the_last_wait_repeats() {
        let waits = Waits(vec!["1m".parse().unwrap(), "5m".parse().unwrap()]);
        let minutes: Vec<_> = (0..5).map(|tries| waits.after(tries).as_secs() / 60).collect();
        assert_eq!(minutes, [1, 1, 5, 5, 5]);
    }

    #[test]
    fn lists_and_texts_with_commas_mean_the_same() {
        let read = |json: &str| serde_json::from_str::<SuccessStatus>(json).map_err(|e| e.to_string());
        assert_eq!(read("\"2xx\""), Ok(SuccessStatus::Any2xx));
        assert_eq!(read("\"200, 202\""), Ok(SuccessStatus::These(vec![200, 202])));
        assert!(read("\"maybe\"").is_err());
        assert_eq!(
            serde_json::from_str::<Waits>("\"1m,5m\"").unwrap(),
            serde_json::from_str(r#"["1m","5m"]"#).unwrap()
        );
        assert!(serde_json::from_str::<Waits>("[]").is_err());
    }
}
