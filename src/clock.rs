//! Time: points in time as both databases keep them, and the one clock that tells them.
use std::{
    fmt,
    path::PathBuf,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Zoned, tz::TimeZone};
use sqlx::{Decode, Encode, Postgres, Sqlite, Type, encode::IsNull, error::BoxDynError};

/// A point in time in UTC with microsecond precision, `PostgreSQL`'s: rounded once, so that a value survives a round trip.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(jiff::Timestamp);

impl Timestamp {
    pub fn new(at: jiff::Timestamp) -> Self {
        Self(jiff::Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at))
    }
    pub fn get(self) -> jiff::Timestamp {
        self.0
    }
    /// The wall clock of a zone at this moment.
    pub fn in_zone(self, zone: &TimeZone) -> Zoned {
        self.0.to_zoned(zone.clone())
    }
    /// Later by `by`; the end of time when that lies beyond it.
    #[must_use]
    pub fn plus(self, by: SignedDuration) -> Self {
        Self::new(self.0.saturating_add(by).unwrap_or(if by.is_negative() {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        }))
    }
    #[must_use]
    pub fn minus(self, by: SignedDuration) -> Self {
        self.plus(-by)
    }
    /// Time from `earlier` to this moment; negative when it lies ahead.
    pub fn since(self, earlier: Self) -> SignedDuration {
        self.0.duration_since(earlier.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}", self.0)
    }
}
impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl FromStr for Timestamp {
    type Err = jiff::Error;
    /// RFC 3339 with an offset.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self::new)
    }
}
impl serde::Serialize for Timestamp {
    /// The fixed width of [`fmt::Display`]: sets of rows travel to the database as JSON.
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}
impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        jiff::Timestamp::deserialize(from).map(Self::new)
    }
}

impl Type<Sqlite> for Timestamp {
    fn type_info() -> sqlx::sqlite::SqliteTypeInfo {
        <str as Type<Sqlite>>::type_info()
    }
    fn compatible(ty: &sqlx::sqlite::SqliteTypeInfo) -> bool {
        <str as Type<Sqlite>>::compatible(ty)
    }
}
impl Encode<'_, Sqlite> for Timestamp {
    /// Fixed width, so that `SQLite`'s order of text is the order of time.
    fn encode_by_ref(&self, buf: &mut sqlx::sqlite::SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        Encode::<Sqlite>::encode(self.to_string(), buf)
    }
}
impl<'r> Decode<'r, Sqlite> for Timestamp {
    fn decode(value: sqlx::sqlite::SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(<&str as Decode<Sqlite>>::decode(value)?.parse()?)
    }
}
impl Type<Postgres> for Timestamp {
    fn type_info() -> sqlx::postgres::PgTypeInfo {
        <jiff_sqlx::Timestamp as Type<Postgres>>::type_info()
    }
}
impl Encode<'_, Postgres> for Timestamp {
    fn encode_by_ref(&self, buf: &mut sqlx::postgres::PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Encode::<Postgres>::encode(jiff_sqlx::Timestamp::from(self.0), buf)
    }
}
impl<'r> Decode<'r, Postgres> for Timestamp {
    fn decode(value: sqlx::postgres::PgValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self(<jiff_sqlx::Timestamp as Decode<Postgres>>::decode(value)?.to_jiff()))
    }
}

/// The one source of "now". Lives in `App` and is passed down; clippy forbids the system's.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Source>);

#[derive(Debug)]
enum Source {
    System,
    /// Stands still until it is set: tests and the demo, which moves it along its story.
    Fixed(Mutex<Timestamp>),
    /// An offset from the system's clock, read from a file that a test rewrites; it runs on between.
    File {
        path: PathBuf,
        read: Mutex<Option<(Instant, SignedDuration)>>,
    },
}

impl Clock {
    pub fn system() -> Self {
        Self(Arc::new(Source::System))
    }
    pub fn fixed(at: Timestamp) -> Self {
        Self(Arc::new(Source::Fixed(Mutex::new(at))))
    }
    /// A clock that reads RFC 3339 from `path` (feature `test-doors`): the file says what time it was when the file was
    /// written, and the clock runs on from there.
    pub fn file(path: PathBuf) -> Self {
        Self(Arc::new(Source::File { path, read: Mutex::new(None) }))
    }
    pub fn now(&self) -> Timestamp {
        match &*self.0 {
            Source::System => system_now(),
            Source::Fixed(at) => *at.lock().unwrap_or_else(PoisonError::into_inner),
            Source::File { path, read } => {
                let mut read = read.lock().unwrap_or_else(PoisonError::into_inner);
                let offset = match *read {
                    Some((at, offset)) if at.elapsed() < Duration::from_millis(20) => offset,
                    before => {
                        let offset = offset_in(path).or(before.map(|(_, offset)| offset)).unwrap_or_default();
                        *read = Some((Instant::now(), offset));
                        offset
                    }
                };
                system_now().plus(offset)
            }
        }
    }
    /// Moves a fixed clock; does nothing to the others.
    pub fn set(&self, to: Timestamp) {
        if let Source::Fixed(at) = &*self.0 {
            *at.lock().unwrap_or_else(PoisonError::into_inner) = to;
        }
    }
    /// Moves a fixed clock on by `by`.
    pub fn advance(&self, by: SignedDuration) {
        self.set(self.now().plus(by));
    }
    /// True for a clock that only moves when it is set: its jumps are meant.
    pub fn stands_still(&self) -> bool {
        matches!(&*self.0, Source::Fixed(_))
    }
    /// True for a clock that a person or a test moves.
    pub fn is_moved_by_hand(&self) -> bool {
        !matches!(&*self.0, Source::System)
    }
}

/// The offset a clock file asks for: its text minus the time at which it was written.
fn offset_in(path: &std::path::Path) -> Option<SignedDuration> {
    let said: Timestamp = std::fs::read_to_string(path).ok()?.trim().parse().ok()?;
    let written = std::fs::metadata(path).ok()?.modified().ok()?;
    let written = jiff::Timestamp::try_from(written).ok()?;
    Some(said.since(Timestamp::new(written)))
}

fn system_now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
    Timestamp::new(jiff::Timestamp::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_one_width_so_that_its_order_is_the_order_of_time() {
        let text = |s: &str| s.parse::<Timestamp>().expect("a time").to_string();
        assert_eq!(text("2026-03-07T09:30:00+08:00"), "2026-03-07T01:30:00.000000Z");
        assert_eq!(text("2026-03-07T01:30:00.5Z"), "2026-03-07T01:30:00.500000Z");
    }

    #[test]
    fn a_file_clock_says_what_its_file_says_and_runs_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("clock");
        std::fs::write(&path, "2031-01-01T00:00:00Z\n").expect("written");
        let clock = Clock::file(path);
        let start: Timestamp = "2031-01-01T00:00:00Z".parse().expect("a time");
        let late = clock.now().since(start);
        assert!(late >= SignedDuration::ZERO && late < SignedDuration::from_secs(5), "{late:?}");
    }
}
