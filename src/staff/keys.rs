//! Keys of systems: `ac_<id>_<secret>`. Only the hash of the secret is kept; the key itself is shown once.
use std::{
    collections::HashMap,
    fmt,
    str::FromStr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use secrecy::SecretString;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::store;
use crate::{
    clock::Timestamp,
    db::{self, Db, Weight},
    dealerships::Dealership,
    id::{Id, Ids, Random, hex},
};

/// How long a revoked key may go on working in another process.
const KEPT: Duration = Duration::from_secs(5);
const ID_LENGTH: usize = 12;

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    EventsWrite,
    MessagesSend,
    /// Inquiries, cases, customers.
    Write,
    Read,
    Calls,
    Admin,
}

impl Scope {
    pub const ALL: [Self; 6] =
        [Self::EventsWrite, Self::MessagesSend, Self::Write, Self::Read, Self::Calls, Self::Admin];

    pub fn word(self) -> &'static str {
        match self {
            Self::EventsWrite => "events:write",
            Self::MessagesSend => "messages:send",
            Self::Write => "write",
            Self::Read => "read",
            Self::Calls => "calls",
            Self::Admin => "admin",
        }
    }
}

/// The word is no scope.
#[derive(Debug, thiserror::Error)]
#[error("no such scope: known are {}", Scope::ALL.map(Scope::word).join(", "))]
pub struct NotAScope;

impl FromStr for Scope {
    type Err = NotAScope;
    fn from_str(word: &str) -> Result<Self, NotAScope> {
        Self::ALL.into_iter().find(|scope| scope.word() == word).ok_or(NotAScope)
    }
}
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A key as it is kept.
#[derive(Clone, Debug)]
pub struct Key {
    /// The 12 characters between `ac_` and the secret: no secret itself.
    pub id: String,
    /// Whose key it is, for people.
    pub name: String,
    /// SHA-256 in hexadecimal digits; the secret has 256 bits of its own, so no slow hash is needed.
    pub secret_hash: String,
    pub scopes: Vec<Scope>,
    /// None = all dealerships.
    pub dealership: Option<Id<Dealership>>,
    pub created_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
}

impl Key {
    /// Makes a key and its text, which is not kept anywhere.
    pub fn new(name: &str, scopes: Vec<Scope>, dealership: Option<Id<Dealership>>, ids: &Ids) -> (Self, SecretString) {
        let id = letters_and_digits(&ids.random);
        let secret = hex(&ids.random.bytes::<32>());
        let key = Self {
            name: name.to_owned(),
            secret_hash: hash(&secret),
            scopes,
            dealership,
            created_at: ids.clock.now(),
            revoked_at: None,
            id,
        };
        let text = format!("ac_{}_{secret}", key.id);
        (key, text.into())
    }

    fn opens_with(&self, secret: &str) -> bool {
        let same = hash(secret).as_bytes().ct_eq(self.secret_hash.as_bytes());
        self.revoked_at.is_none() && bool::from(same)
    }
}

/// All keys, those used lately in memory. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Keys {
    db: Db,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    keys: HashMap<String, (Instant, Arc<Key>)>,
    /// Counts revocations, so that what was read before one is not kept after it.
    revoked: u64,
}

impl Keys {
    pub fn new(db: Db) -> Self {
        Self { db, seen: Arc::default() }
    }

    /// The key whose whole text this is; none when it is malformed, unknown, revoked or its secret is another.
    pub async fn opened_by(&self, text: &str) -> db::Result<Option<Arc<Key>>> {
        let Some((id, secret)) = parts(text) else {
            return Ok(None);
        };
        let key = match self.kept(id) {
            Some(key) => key,
            None => match self.look_up(id).await? {
                Some(key) => key,
                None => return Ok(None),
            },
        };
        Ok(key.opens_with(secret).then_some(key))
    }

    /// Stores a new key.
    pub async fn insert(&self, key: Key) -> db::Result<()> {
        self.db
            .write(Weight::ONE, move |tx| {
                let key = key.clone();
                Box::pin(async move { store::insert_key(tx, &key).await })
            })
            .await
    }

    /// All of them, the oldest first.
    pub async fn list(&self) -> db::Result<Vec<Key>> {
        store::list_keys(&mut self.db.read().await?).await
    }

    /// Ends a key: here at once, in other processes within 5 seconds. False when there is no such key or it was ended before.
    pub async fn revoke(&self, id: &str, now: Timestamp) -> db::Result<bool> {
        let id = id.to_owned();
        let was_open = self
            .db
            .write(Weight::ONE, move |tx| {
                let id = id.clone();
                Box::pin(async move { store::revoke_key(tx, &id, now).await })
            })
            .await;
        let mut seen = self.seen();
        seen.keys.clear();
        seen.revoked += 1;
        was_open
    }

    fn kept(&self, id: &str) -> Option<Arc<Key>> {
        let seen = self.seen();
        let (at, key) = seen.keys.get(id)?;
        (at.elapsed() < KEPT).then(|| Arc::clone(key))
    }
    async fn look_up(&self, id: &str) -> db::Result<Option<Arc<Key>>> {
        let revoked = self.seen().revoked;
        let found = store::find_key(&mut self.db.read().await?, id).await?.map(Arc::new);
        let mut seen = self.seen();
        // Unknown ids are not kept: anybody can invent them.
        if let Some(key) = found.as_ref().filter(|_| seen.revoked == revoked) {
            seen.keys.insert(key.id.clone(), (Instant::now(), Arc::clone(key)));
        }
        Ok(found)
    }
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The id in `ac_<id>`, `ac_<id>_<secret>` or the id alone: what people paste when they want to revoke a key.
pub fn id_in(text: &str) -> &str {
    let text = text.strip_prefix("ac_").unwrap_or(text);
    text.split_once('_').map_or(text, |(id, _)| id)
}

/// Id and secret of a well-formed key.
fn parts(text: &str) -> Option<(&str, &str)> {
    let (id, secret) = text.strip_prefix("ac_")?.split_once('_')?;
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    (id.len() == ID_LENGTH && secret.len() == 64 && plain(id) && plain(secret)).then_some((id, secret))
}

fn letters_and_digits(random: &Random) -> String {
    const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let letter = || usize::try_from(random.below(36)).map_or('a', |at| char::from(ALPHABET[at]));
    (0..ID_LENGTH).map(|_| letter()).collect()
}

fn hash(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::clock::Clock;

    #[test]
    fn a_key_opens_with_its_own_secret_until_it_is_revoked() {
        let ids = Ids { clock: Clock::fixed("2026-03-05T00:00:00Z".parse().unwrap()), random: Random::seeded(7) };
        let (mut key, text) = Key::new("dms", vec![Scope::Read], None, &ids);
        let (id, secret) = parts(text.expose_secret()).expect("well-formed");
        assert_eq!(id, key.id);
        assert!(key.opens_with(secret));
        assert!(!format!("{key:?}").contains(secret));
        assert!(!key.opens_with(&secret.replace(&secret[..1], "z")));
        key.revoked_at = Some(ids.clock.now());
        assert!(!key.opens_with(secret));
        for pasted in [text.expose_secret(), id, &format!("ac_{id}")] {
            assert_eq!(id_in(pasted), id);
        }
    }

    #[test]
    fn malformed_keys_are_refused_before_the_database() {
        let good = format!("ac_abcdefghij12_{}", "a".repeat(64));
        assert!(parts(&good).is_some());
        for wrong in
            [&good[1..], &good[..good.len() - 1], &good.to_uppercase(), "", "ac_", "ac__", &good.replace('j', "\u{0}")]
        {
            assert!(parts(wrong).is_none(), "{wrong}");
        }
        assert!(Scope::ALL.iter().all(|scope| scope.word().parse::<Scope>().ok() == Some(*scope)));
    }
}
