//! Ids that say what they name, and the injected randomness they are made from.
use std::{
    fmt,
    hash::{Hash, Hasher},
    marker::PhantomData,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use sqlx::{Database, Decode, Encode, Type, encode::IsNull, error::BoxDynError};

use crate::clock::{Clock, Timestamp};

/// What an id is the id of.
pub trait Entity {
    /// Two or three letters before the underscore.
    const PREFIX: &'static str;
}

/// `apt_0199c0de…`: a `UUIDv7` that says what it names; matches `^[a-z]{2,3}_[0-9a-f]{32}$`.
pub struct Id<T>(uuid::Uuid, PhantomData<fn() -> T>);

impl<T> Id<T> {
    pub fn new(at: Timestamp, random: [u8; 10]) -> Self {
        Self::of(millis(at), random)
    }
    fn of(millis: u64, random: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid(), PhantomData)
    }
    /// When it was made, to the millisecond.
    pub fn made_at(self) -> Timestamp {
        let millis = i64::try_from(self.0.as_u128() >> 80).unwrap_or_default();
        Timestamp::new(jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::UNIX_EPOCH))
    }
}

fn millis(at: Timestamp) -> u64 {
    u64::try_from(at.get().as_millisecond()).unwrap_or_default()
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<T: Entity> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", T::PREFIX, self.0.simple())
    }
}
impl<T: Entity> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is no id of the kind that is wanted.
#[derive(Debug, thiserror::Error)]
#[error("not an id that begins with {prefix}_ and has 32 hexadecimal digits")]
pub struct NotAnId {
    prefix: &'static str,
}

impl<T: Entity> FromStr for Id<T> {
    type Err = NotAnId;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.strip_prefix(T::PREFIX)
            .and_then(|rest| rest.strip_prefix('_'))
            .filter(|hex| hex.len() == 32 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
            .and_then(|hex| hex.parse().ok())
            .map(|uuid| Self(uuid, PhantomData))
            .ok_or(NotAnId { prefix: T::PREFIX })
    }
}
impl<T: Entity> serde::Serialize for Id<T> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}
impl<'de, T: Entity> serde::Deserialize<'de> for Id<T> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
impl<T, D: Database> Type<D> for Id<T>
where
    String: Type<D>,
{
    fn type_info() -> D::TypeInfo {
        <String as Type<D>>::type_info()
    }
    fn compatible(ty: &D::TypeInfo) -> bool {
        <String as Type<D>>::compatible(ty)
    }
}
impl<'q, T: Entity, D: Database> Encode<'q, D> for Id<T>
where
    String: Encode<'q, D>,
{
    fn encode_by_ref(&self, buf: &mut D::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
        self.to_string().encode(buf)
    }
}
impl<'r, T: Entity, D: Database> Decode<'r, D> for Id<T>
where
    String: Decode<'r, D>,
{
    fn decode(value: D::ValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(String::decode(value)?.parse()?)
    }
}

/// The one source of randomness: seeded by the system, or by a test that wants the same ids again.
#[derive(Clone)]
pub struct Random(Arc<Mutex<Source>>);

struct Source {
    rng: ChaCha20Rng,
    place: Place,
}

/// Where the last id stands: its millisecond, and how many went before it there.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    millis: u64,
    count: u16,
}

impl Place {
    /// The 12 bits of RFC 9562 §6.2, method 1.
    const MOST: u16 = 0x0fff;
    /// A clock that was set back by more than this is followed: ids in the future would be worse than ids out of order.
    const SET_BACK: u64 = 10_000;

    /// The place of the next id, always behind this one; a millisecond that is full goes over into the next.
    fn after(self, now: u64) -> Self {
        if now > self.millis || now + Self::SET_BACK < self.millis {
            return Self { millis: now, count: 0 };
        }
        match self.count {
            Self::MOST => Self { millis: self.millis + 1, count: 0 },
            count => Self { millis: self.millis, count: count + 1 },
        }
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random")
    }
}

impl Random {
    /// Seeded by the operating system.
    ///
    /// # Panics
    /// When the operating system has no randomness to give: no key or id could be trusted then.
    pub fn system() -> Self {
        let rng = ChaCha20Rng::try_from_rng(&mut rand::rngs::SysRng).expect("the operating system gives randomness");
        Self::from_rng(rng)
    }
    fn from_rng(rng: ChaCha20Rng) -> Self {
        Self(Arc::new(Mutex::new(Source { rng, place: Place::default() })))
    }
    /// The same sequence every time, for tests and replays.
    pub fn seeded(seed: u64) -> Self {
        Self::from_rng(ChaCha20Rng::seed_from_u64(seed))
    }
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).rng.fill_bytes(&mut bytes);
        bytes
    }
    /// The millisecond and the bytes of the next id of this process; they rise from one to the next.
    fn rising(&self, now: u64) -> (u64, [u8; 10]) {
        let mut source = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = [0; 10];
        source.rng.fill_bytes(&mut bytes);
        source.place = source.place.after(now);
        bytes[..2].copy_from_slice(&source.place.count.to_be_bytes());
        (source.place.millis, bytes)
    }
    /// A number from 0 up to, not including, `end`; 0 when `end` is 0.
    pub fn below(&self, end: u64) -> u64 {
        u64::from_le_bytes(self.bytes()).checked_rem(end).unwrap_or(0)
    }
}

/// Hexadecimal digits, two a byte: how hashes and secrets are written down.
pub fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Makes ids: the clock and the randomness together.
#[derive(Clone, Debug)]
pub struct Ids {
    pub clock: Clock,
    pub random: Random,
}

impl Ids {
    /// Behind every id that this process made before, in the same millisecond too: a list in the order of its ids is in the
    /// order in which things were written.
    pub fn next<T>(&self) -> Id<T> {
        let (millis, random) = self.random.rising(millis(self.clock.now()));
        Id::of(millis, random)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Appointment;
    impl Entity for Appointment {
        const PREFIX: &'static str = "apt";
    }

    #[test]
    fn ids_rise_when_the_clock_stands_and_follow_it_when_it_is_set_back() {
        let clock = Clock::fixed("2026-11-23T08:00:00Z".parse().expect("a time"));
        let ids = Ids { clock: clock.clone(), random: Random::seeded(1) };
        let made: Vec<Id<Appointment>> = (0..10_000).map(|_| ids.next()).collect();
        assert!(made.windows(2).all(|two| two[0] < two[1]));
        let place = Place { millis: 100_000, count: 3 };
        assert_eq!((place.after(99_999).millis, place.after(99_999).count), (100_000, 4));
        assert_eq!(place.after(50_000).millis, 50_000);
    }

    #[test]
    fn an_id_prints_and_parses_as_prefix_and_32_digits() {
        let at = "2026-11-23T08:00:00Z".parse().expect("a time");
        let id = Id::<Appointment>::new(at, [7; 10]);
        assert_eq!(id.to_string().len(), 36);
        assert_eq!(id.to_string().parse::<Id<Appointment>>().ok(), Some(id));
        for wrong in [
            "msg_019a",
            "apt_",
            "APT_",
            "apt_0199C0DE00000000000000000000000A",
            "",
            "apt_{0199c0de-0000-0000-0000-00000000000a}",
        ] {
            assert!(wrong.parse::<Id<Appointment>>().is_err(), "{wrong}");
        }
    }
}
