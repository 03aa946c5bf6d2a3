//! Feeds: when each source was last heard to tell of something that had just happened (BR-19).
//!
//! Silence is not absence: that nobody was told of an arrival means something only where arrivals are told at once. A
//! source that tells of the day at night is heard too, and of nothing that is news: what counts is the time of the newest
//! thing it told of, not the time at which it told.
pub mod actions;
mod store;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::SignedDuration;

use crate::{clock::Timestamp, dealerships::Dealership, id::Id};

/// A source that was heard so long ago may have told of everything by now.
pub const LIVE_FOR: SignedDuration = SignedDuration::from_mins(15);
/// How often a feed is written down at most: it is asked for in quarters of an hour.
const WRITTEN_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// More sources than these are not remembered one by one.
const MOST_REMEMBERED: usize = 10_000;

/// What the source of every event begins with that came out of a file.
pub const FILES: &str = "/csv/";

/// Whether a source may be one that tells of things as they happen. A file tells of a day or an hour at once, however young
/// it is: nobody who is missing in it is known to be absent.
pub fn tells_at_once(source: &str) -> bool {
    !source.starts_with(FILES)
}

/// `feed.alive`: a live source that has nothing to tell says that it is there.
#[derive(Clone, Debug)]
pub struct Alive {
    pub at: Timestamp,
}

/// A source of a dealership's facts.
pub type Source = (Id<Dealership>, String);

/// What this process has written down already; forgotten at a restart.
#[derive(Clone, Debug, Default)]
pub struct Feeds(Arc<Mutex<HashMap<Source, Timestamp>>>);

impl Feeds {
    /// Those worth writing down: newer by a minute than what was written.
    fn news(&self, heard: HashMap<Source, Timestamp>) -> HashMap<Source, Timestamp> {
        let written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = |source: &Source, at: Timestamp| {
            written.get(source).is_none_or(|before| at.since(*before) >= WRITTEN_EVERY)
        };
        heard.into_iter().filter(|(source, at)| is_news(source, *at)).collect()
    }

    /// They are committed.
    fn wrote(&self, news: &HashMap<Source, Timestamp>) {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if written.len() + news.len() > MOST_REMEMBERED {
            written.clear();
        }
        written.extend(news.iter().map(|(source, at)| (source.clone(), *at)));
    }
}
