//! The servers' book: every complete message that arrived, and what was answered.
use std::{
    collections::{BTreeMap, HashMap},
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// What a server does with a message that it has received completely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Accept,
    /// Takes it, but says so only after this time.
    AcceptLate(Duration),
    /// Not this time: 451, or 429.
    Defer,
    /// Never: 554, or 400.
    Refuse,
    /// Keeps it and closes the connection without an answer.
    Cut,
}

impl Fate {
    /// True when the reader has the message, whatever we were told.
    pub(crate) fn has_arrived(self) -> bool {
        matches!(self, Self::Accept | Self::AcceptLate(_) | Self::Cut)
    }
}

/// Decides by our message's id and how often it came before.
pub(crate) type Decide = dyn Fn(&str, usize) -> Fate + Send + Sync;

/// One complete message.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) fate: Fate,
    pub(crate) bytes: u64,
}

/// What arrived, by our message's id, in the order of arrival.
#[derive(Clone)]
pub(crate) struct Arrivals(Arc<Inner>);

struct Inner {
    decide: Mutex<Arc<Decide>>,
    seen: Mutex<HashMap<String, Vec<Arrival>>>,
}

impl Arrivals {
    pub(crate) fn deciding(decide: impl Fn(&str, usize) -> Fate + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner { decide: Mutex::new(Arc::new(decide)), seen: Mutex::default() }))
    }
    /// From now on `decide` decides.
    pub(crate) fn decide(&self, decide: impl Fn(&str, usize) -> Fate + Send + Sync + 'static) {
        *self.0.decide.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(decide);
    }
    /// From now on everything is taken: the faults stop.
    pub(crate) fn heal(&self) {
        self.decide(|_, _| Fate::Accept);
    }
    /// Writes a complete message down and decides what happens to it.
    pub(crate) fn take(&self, id: &str, content: &[u8]) -> Fate {
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        let decide = Arc::clone(&self.0.decide.lock().unwrap_or_else(PoisonError::into_inner));
        let mut seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let before = seen.entry(id.to_owned()).or_default();
        let fate = decide(id, before.len());
        before.push(Arrival { fate, bytes: hasher.finish() });
        fate
    }
    pub(crate) fn book(&self) -> BTreeMap<String, Vec<Arrival>> {
        let seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().map(|(id, arrivals)| (id.clone(), arrivals.clone())).collect()
    }
    pub(crate) fn count(&self) -> usize {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner).values().map(Vec::len).sum()
    }
}

/// A number from 0 to 999 that belongs to `id`, the same in every run with this seed.
pub(crate) fn per_mille(id: &str, seed: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    (id, seed).hash(&mut hasher);
    hasher.finish() % 1000
}
