//! The stage: what has been said so far, and whether the clock runs, stands, or hurries to what comes next.
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, time::timeout};

use crate::clock::Timestamp;

/// A step is waited for so long, less than a request may take.
const STEP_WITHIN: Duration = Duration::from_secs(25);

/// What just happened and why, with where it is to be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caption {
    pub at: Timestamp,
    pub title: String,
    /// Each read from the database.
    pub lines: Vec<String>,
    /// Who looks, and at which page of the console.
    pub console: (&'static str, String),
    /// Whose phone and letters are beside it.
    pub reader: Option<Reader>,
}

/// A customer with the addresses at which they are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader {
    pub name: &'static str,
    pub addresses: &'static [&'static str],
}

/// How the clock of the story goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// One second is one minute.
    Playing,
    Paused,
    /// As fast as it can to the next caption, and stand there.
    Stepping,
    /// Everything is told: from here on the clock goes as clocks do.
    Told,
}

/// Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct Stage(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    /// How many captions there are; rings when the pace changes, too.
    changed: watch::Sender<usize>,
}

#[derive(Debug)]
struct State {
    captions: Vec<Caption>,
    pace: Pace,
}

impl Stage {
    pub fn new(pace: Pace) -> Self {
        let state = State { captions: Vec::new(), pace };
        Self(Arc::new(Inner { state: Mutex::new(state), changed: watch::Sender::new(0) }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let count = {
            let mut state = self.state();
            change(&mut state);
            state.captions.len()
        };
        self.0.changed.send_replace(count);
    }

    pub fn pace(&self) -> Pace {
        self.state().pace
    }

    /// What was said, the oldest first.
    pub fn captions(&self) -> Vec<Caption> {
        self.state().captions.clone()
    }

    /// The clock stands, or runs again; what is told stays told.
    pub fn pause(&self, stand: bool) {
        self.change(|state| {
            if state.pace != Pace::Told {
                state.pace = if stand { Pace::Paused } else { Pace::Playing };
            }
        });
    }

    /// Hurries to the next caption; answers when it is there, or after 25 s.
    pub async fn step(&self) {
        let mut changed = self.0.changed.subscribe();
        let before = self.state().captions.len();
        self.change(|state| {
            if state.pace != Pace::Told {
                state.pace = Pace::Stepping;
            }
        });
        let came = changed.wait_for(|count| *count > before || self.pace() == Pace::Told);
        drop(timeout(STEP_WITHIN, came).await);
    }

    /// The next caption; whoever stepped to it finds the clock standing.
    pub(super) fn say(&self, caption: Caption) {
        self.change(|state| {
            state.captions.push(caption);
            if state.pace == Pace::Stepping {
                state.pace = Pace::Paused;
            }
        });
    }

    /// That was all.
    pub(super) fn end(&self) {
        self.change(|state| state.pace = Pace::Told);
    }
}
