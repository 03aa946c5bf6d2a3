//! What one lane of this process has in its hands, from the claim to the record.
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::SignedDuration;
use tokio::sync::{Notify, OwnedMutexGuard, mpsc};
use tokio_util::sync::CancellationToken;

use super::{Key, Lane, Want};
use crate::{
    clock::{Clock, Timestamp},
    db::{self, Db, Weight},
};

/// A larger difference between the clock and elapsed time is a jump: due scans wait until two looks agree.
const JUMP: SignedDuration = SignedDuration::from_mins(5);

/// A worked row on its way into the record.
pub(super) enum Done<L: Lane> {
    Worked(Key, L::Outcome),
    NotBegun(Key),
}

pub(super) struct Room<L: Lane> {
    pub(super) lane: Arc<L>,
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) lease: SignedDuration,
    /// How often to look without a bell.
    pub(super) every: Duration,
    pub(super) stop: CancellationToken,
    /// Held while a suspect is worked on: one at a time in the whole process, so that a crash names its cause.
    pub(super) quarantine: Arc<tokio::sync::Mutex<()>>,
    pub(super) done: mpsc::UnboundedSender<Done<L>>,
    hands: Mutex<HashMap<Key, InHand>>,
    freed: Notify,
    /// Between the check for the stop signal and the end of a claim: rows may be about to come into our hands.
    claiming: AtomicBool,
    /// The last suspect was not the last one: the next is due as soon as nobody is alone.
    suspecting: AtomicBool,
    looked: Mutex<Option<Looked>>,
    /// The first pause between two looks, until it is taken: shorter, each lane's by another part of `every`.
    stagger: Mutex<Option<Duration>>,
}

/// The last look: when, by both clocks, and whether they had agreed since the one before.
struct Looked {
    at: Instant,
    said: Timestamp,
    agreed: bool,
}

/// What a lane may do now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Look for leases that ended too.
    Due,
    NotYet,
    /// The clock jumped.
    Distrusted,
}

struct InHand {
    begun: bool,
    _quarantine: Option<OwnedMutexGuard<()>>,
}

impl<L: Lane> Room<L> {
    pub(super) fn new(
        lane: L,
        db: Db,
        clock: Clock,
        (lease, every, stagger): (SignedDuration, Duration, Duration),
        stop: CancellationToken,
        quarantine: Arc<tokio::sync::Mutex<()>>,
    ) -> (Arc<Self>, mpsc::UnboundedReceiver<Done<L>>) {
        let (done, worked) = mpsc::unbounded_channel();
        let room = Self {
            lane: Arc::new(lane),
            db,
            clock,
            lease,
            every,
            stop,
            quarantine,
            done,
            hands: Mutex::default(),
            freed: Notify::new(),
            claiming: AtomicBool::new(false),
            suspecting: AtomicBool::new(false),
            looked: Mutex::new(None),
            stagger: Mutex::new(Some(stagger)),
        };
        (Arc::new(room), worked)
    }

    /// The next rows to work on; `None` once the process is stopping. A database that is away is waited for.
    pub(super) async fn next(self: &Arc<Self>) -> Option<Vec<L::Claimed>> {
        loop {
            let room = (2 * self.lane.concurrency()).saturating_sub(self.in_hand());
            if room == 0 {
                tokio::select! { () = self.freed.notified() => {}, () = self.stop.cancelled() => {} }
            }
            if self.stop.is_cancelled() {
                return None;
            }
            if room == 0 {
                continue;
            }
            // A claim that has begun comes to its end: apalis drops its stream at the signal to stop, and rows that were
            // claimed by a future that is gone would be in nobody's hands until their leases end.
            let us = Arc::clone(self);
            let claimed = tokio::spawn(async move { us.claim_unless_stopping(room).await }).await;
            let claimed = claimed.unwrap_or_else(|_| {
                self.claiming.store(false, Ordering::SeqCst);
                Err(db::Error::Panicked)
            });
            match claimed {
                Ok(rows) if !rows.is_empty() => return Some(rows),
                Ok(_) => {
                    tokio::select! {
                        () = self.db.bells().wait(self.lane.bell()) => {}
                        () = pause(self.until_next_look()) => {}
                        () = self.freed.notified(), if self.suspecting.load(Ordering::SeqCst) => {}
                        () = self.stop.cancelled() => {}
                    }
                }
                Err(error) => {
                    tracing::warn!(
                        lane = self.lane.name(),
                        error = &error as &dyn std::error::Error,
                        "could not claim; trying again"
                    );
                    tokio::select! { () = pause(Duration::from_secs(1)) => {}, () = self.stop.cancelled() => {} }
                }
            }
        }
    }

    fn until_next_look(&self) -> Duration {
        self.stagger.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or(self.every)
    }

    async fn claim_unless_stopping(&self, room: usize) -> db::Result<Vec<L::Claimed>> {
        self.claiming.store(true, Ordering::SeqCst);
        let claimed = match self.look() {
            _ if self.stop.is_cancelled() => Ok(Vec::new()),
            Look::Distrusted => Ok(Vec::new()),
            look => self.claim(look == Look::Due, room).await,
        };
        self.claiming.store(false, Ordering::SeqCst);
        claimed
    }

    async fn claim(&self, look: bool, room: usize) -> db::Result<Vec<L::Claimed>> {
        if look {
            self.write(|lane, tx| Box::pin(async move { lane.tidy(tx).await })).await?;
        }
        if look || self.suspecting.load(Ordering::SeqCst) {
            let suspect = self.claim_suspect().await?;
            if !suspect.is_empty() {
                return Ok(suspect);
            }
        }
        let rows = self.write(move |lane, tx| Box::pin(async move { lane.claim(tx, Want::Batch(room)).await })).await?;
        for row in &rows {
            self.take_in_hand(self.lane.key(row), None);
        }
        Ok(rows)
    }

    /// One suspect, unless another is being worked on anywhere in this process.
    async fn claim_suspect(&self) -> db::Result<Vec<L::Claimed>> {
        let Ok(alone) = Arc::clone(&self.quarantine).try_lock_owned() else {
            return Ok(Vec::new());
        };
        let suspect = self.write(|lane, tx| Box::pin(async move { lane.claim(tx, Want::Suspect).await })).await?;
        self.suspecting.store(!suspect.is_empty(), Ordering::SeqCst);
        if let Some(row) = suspect.first() {
            self.take_in_hand(self.lane.key(row), Some(alone));
        }
        Ok(suspect)
    }

    pub(super) async fn write<T, F>(&self, unit: F) -> db::Result<T>
    where
        T: Send + 'static,
        F: for<'t> Fn(&'t L, &'t mut db::Tx) -> futures_util::future::BoxFuture<'t, db::Result<T>>
            + Send
            + Sync
            + 'static,
    {
        let lane = Arc::clone(&self.lane);
        let unit = Arc::new(unit);
        self.db
            .write(Weight::OWN, move |tx| {
                let (lane, unit) = (Arc::clone(&lane), Arc::clone(&unit));
                Box::pin(async move { unit(&lane, tx).await })
            })
            .await
    }

    /// Whether a look is due; a clock that jumped is trusted again when two looks in a row agree.
    fn look(&self) -> Look {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let this = |agreed| Some(Looked { at: Instant::now(), said: now, agreed });
        if self.clock.stands_still() {
            return Look::Due;
        }
        let Some(last) = looked.as_ref() else {
            *looked = this(true);
            return Look::Due;
        };
        if last.at.elapsed() < self.every {
            return if last.agreed { Look::NotYet } else { Look::Distrusted };
        }
        let elapsed = SignedDuration::try_from(last.at.elapsed()).unwrap_or(SignedDuration::MAX);
        let jump = now.since(last.said) - elapsed;
        let agreed = jump.abs() <= JUMP;
        if !agreed {
            tracing::warn!(
                lane = self.lane.name(),
                seconds = jump.as_secs(),
                "the clock jumped; nothing is due until two looks agree"
            );
            metrics::counter!("aftercare_clock_jumps_total").increment(1);
        }
        *looked = this(agreed);
        if agreed { Look::Due } else { Look::Distrusted }
    }

    /// Works on one row, or puts it back when the process is stopping.
    pub(super) async fn handle(self: Arc<Self>, claimed: L::Claimed) {
        let key = self.lane.key(&claimed);
        if !self.begin(&key) {
            let _ = self.done.send(Done::NotBegun(key));
            return;
        }
        // In tasks of their own: a panic stays there, the other core may take it, and what was begun is finished and told
        // even when the worker around it is dropped, as apalis does at the signal to stop.
        let finished = tokio::spawn(async move {
            let outcome = match tokio::spawn(Arc::clone(&self.lane).work(claimed.clone())).await {
                Ok(outcome) => outcome,
                Err(error) => {
                    tracing::error!(
                        lane = self.lane.name(),
                        id = key.id,
                        panicked = error.is_panic(),
                        "work on a row ended without an outcome"
                    );
                    self.lane.panicked(claimed)
                }
            };
            let _ = self.done.send(Done::Worked(key, outcome));
        });
        let _ = finished.await;
    }

    /// Marks a row as being worked on; false when the process is stopping or the row was put back.
    fn begin(&self, key: &Key) -> bool {
        let mut hands = self.hands();
        let hand = if self.stop.is_cancelled() { None } else { hands.get_mut(key) };
        hand.map(|hand| hand.begun = true).is_some()
    }
    fn take_in_hand(&self, key: Key, quarantine: Option<OwnedMutexGuard<()>>) {
        self.hands().insert(key, InHand { begun: false, _quarantine: quarantine });
    }
    pub(super) fn let_go(&self, keys: &[Key]) {
        let mut hands = self.hands();
        for key in keys {
            hands.remove(key);
        }
        drop(hands);
        self.freed.notify_one();
    }
    pub(super) fn in_hand(&self) -> usize {
        self.hands().len()
    }
    /// Nothing is in hand, nor about to be.
    pub(super) fn is_idle(&self) -> bool {
        !self.claiming.load(Ordering::SeqCst) && self.in_hand() == 0
    }
    /// The rows really being worked on.
    pub(super) fn begun(&self) -> Vec<Key> {
        self.hands().iter().filter(|(_, hand)| hand.begun).map(|(key, _)| key.clone()).collect()
    }
    /// Rows that nobody will begin any more, once the process is stopping: [`Room::begin`] refuses them under the same lock.
    pub(super) fn not_begun(&self) -> Vec<Key> {
        self.hands().iter().filter(|(_, hand)| !hand.begun).map(|(key, _)| key.clone()).collect()
    }
    fn hands(&self) -> std::sync::MutexGuard<'_, HashMap<Key, InHand>> {
        self.hands.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) async fn pause(time: Duration) {
    #[expect(clippy::disallowed_methods, reason = "jobs/ is the place that waits")]
    tokio::time::sleep(time).await;
}
