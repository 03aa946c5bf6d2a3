//! At most so many in a minute to one place: what is too early comes again, and nothing of it was tried.
use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use jiff::SignedDuration;

use crate::clock::{Clock, Timestamp};

const A_MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// Of one process: the other side counts all of them together, and says so when they were too many.
pub(super) struct Pace {
    most: usize,
    clock: Clock,
    /// When something last went there, the oldest first.
    gone: Mutex<HashMap<String, VecDeque<Timestamp>>>,
}

impl Pace {
    /// `most`: in any minute, at least one.
    pub(super) fn new(most: usize, clock: Clock) -> Self {
        Self { most: most.max(1), clock, gone: Mutex::default() }
    }

    /// Takes the turn of something that goes to `place` now.
    ///
    /// # Errors
    /// How long there is none.
    pub(super) fn take(&self, place: &str) -> Result<(), SignedDuration> {
        let now = self.clock.now();
        let mut all = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = all.entry(place.to_owned()).or_default();
        while gone.front().is_some_and(|at| now.since(*at) >= A_MINUTE) {
            gone.pop_front();
        }
        match gone.front() {
            Some(oldest) if gone.len() >= self.most => Err(oldest.plus(A_MINUTE).since(now)),
            _ => {
                gone.push_back(now);
                Ok(())
            }
        }
    }

    /// The other side has had too many: nothing goes there for a minute.
    pub(super) fn full(&self, place: &str) {
        let now = self.clock.now();
        let mut all = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(place.to_owned(), std::iter::repeat_n(now, self.most).collect());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_in_any_minute_and_each_place_by_itself() {
        let clock = Clock::fixed("2026-03-02T02:00:00Z".parse().expect("a time"));
        let pace = Pace::new(2, clock.clone());
        let secs = |wait: Result<(), SignedDuration>| wait.map_err(|wait| wait.as_secs());
        assert_eq!(secs(pace.take("a")), Ok(()));
        clock.advance(SignedDuration::from_secs(20));
        assert_eq!(secs(pace.take("a")), Ok(()));
        assert_eq!(secs(pace.take("a")), Err(40), "until the first is a minute ago");
        assert_eq!(secs(pace.take("b")), Ok(()));
        clock.advance(SignedDuration::from_secs(40));
        assert_eq!((secs(pace.take("a")), secs(pace.take("a"))), (Ok(()), Err(20)));
        pace.full("b");
        assert_eq!(secs(pace.take("b")), Err(60));
    }
}
