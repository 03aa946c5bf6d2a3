//! The writer task of `SQLite`: groups callers' units into one transaction, each in a savepoint.
//!
//! Its contract (`architecture.md` 4): at most 64 units or 10 ms a transaction; a large unit has one of its own and small
//! ones go between; answers leave only after COMMIT; after any error it makes sure that the transaction still exists.
use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::sync::{mpsc, oneshot};

use super::{Answer, Bells, Error, Failed, Result, Tx, Unit, Weight};

const MOST_UNITS: usize = 64;
const MOST_TIME: Duration = Duration::from_millis(10);
const MOST_WAITING: usize = 1024;
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// What a unit came to before its transaction ended: how to answer its caller once it has.
enum Verdict {
    /// To be answered after COMMIT; `false` answers that nothing was stored.
    Keep(Box<dyn FnOnce(bool) + Send>),
    /// The unit failed; its caller can be told now, after its savepoint was rolled back.
    Undo(Box<dyn FnOnce(bool) + Send>),
}

type Work = Box<dyn for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Verdict> + Send>;

/// A unit in the queue, and how many events it carries.
struct Job {
    work: Work,
    weight: usize,
}

#[derive(Debug)]
pub(super) struct Writer {
    small: mpsc::Sender<Job>,
    large: mpsc::Sender<Job>,
    load: Arc<Load>,
    ended: tokio::sync::Mutex<Option<tokio::task::JoinHandle<()>>>,
    stop: tokio_util::sync::CancellationToken,
}

/// What is waiting, and what an event and a commit have been taking lately. An event in a batch of many costs a fraction of
/// one that comes alone, so the two are kept apart.
#[derive(Debug, Default)]
struct Load {
    units: AtomicUsize,
    small: Pace,
    large: Pace,
    nanos_per_commit: AtomicU64,
}

#[derive(Debug, Default)]
struct Pace {
    events: AtomicUsize,
    nanos_per_event: AtomicU64,
}

impl Pace {
    fn nanos(&self) -> u64 {
        let events = self.events.load(Ordering::Relaxed) as u64;
        self.nanos_per_event.load(Ordering::Relaxed).saturating_mul(events)
    }
}

impl Writer {
    pub(super) fn start(tx: Tx, bells: Bells) -> Self {
        let (small, small_jobs) = mpsc::channel(MOST_WAITING);
        let (large, large_jobs) = mpsc::channel(16);
        let load = Arc::new(Load::default());
        let stop = tokio_util::sync::CancellationToken::new();
        let task =
            Task { tx, small: small_jobs, large: large_jobs, load: Arc::clone(&load), bells, stop: stop.clone() };
        let ended = tokio::sync::Mutex::new(Some(tokio::spawn(task.run())));
        Self { small, large, load, ended, stop }
    }

    pub(super) async fn run(&self, weight: Weight, unit: Arc<Unit>) -> std::result::Result<Answer, Failed> {
        let (answer, answered) = oneshot::channel();
        let is_large = weight.is_large();
        let work: Work = Box::new(move |tx| {
            Box::pin(async move {
                // Made inside, so that a unit that panics before its first await is caught too.
                let result = AssertUnwindSafe(async { unit(tx).await }).catch_unwind().await;
                let kept = matches!(result, Ok(Ok(_)));
                let tell = Box::new(move |stored: bool| {
                    let result = match result {
                        Ok(Ok(value)) if stored => Ok(value),
                        Ok(Ok(_)) => Err(Failed::House(Error::RolledBack)),
                        Ok(Err(error)) => Err(Failed::Unit(error)),
                        Err(_) => Err(Failed::House(Error::Panicked)),
                    };
                    let _ = answer.send(result);
                });
                if kept { Verdict::Keep(tell) } else { Verdict::Undo(tell) }
            })
        });
        self.load.admit(weight)?;
        let job = Job { work, weight: weight.0 };
        let queue = if is_large { &self.large } else { &self.small };
        if queue.send(job).await.is_err() {
            return Err(Failed::House(Error::Closed));
        }
        // A job that was never run: its transaction could not begin, or was gone before its turn.
        answered.await.unwrap_or(Err(Failed::House(Error::RolledBack)))
    }

    pub(super) async fn close(&self) {
        self.stop.cancel();
        if let Some(task) = self.ended.lock().await.take() {
            let _ = task.await;
        }
    }
}

impl Load {
    /// Refuses when more is waiting than can be written soon: a queue in memory that grows is an outage that is late.
    fn admit(&self, weight: Weight) -> Result<()> {
        if weight.0 == 0 {
            return Ok(());
        }
        let expected = self.expected();
        if self.units.load(Ordering::Relaxed) >= MOST_WAITING || expected > LONGEST_WAIT {
            return Err(Error::Overloaded(expected.max(Duration::from_secs(1))));
        }
        self.units.fetch_add(1, Ordering::Relaxed);
        self.pace(weight.is_large()).events.fetch_add(weight.0, Ordering::Relaxed);
        Ok(())
    }
    /// How long a unit waits behind what is there: its work, and the commits it takes. A commit is counted once for all units
    /// that fit into it: on a slow disk a burst is a few commits, not one for each of its units.
    fn expected(&self) -> Duration {
        let work = self.small.nanos().saturating_add(self.large.nanos());
        let by_time = work / u64::try_from(MOST_TIME.as_nanos()).unwrap_or(u64::MAX);
        let commits = by_time.max((self.units.load(Ordering::Relaxed) / MOST_UNITS) as u64);
        Duration::from_nanos(work.saturating_add(self.nanos_per_commit.load(Ordering::Relaxed).saturating_mul(commits)))
    }
    fn finished(&self, is_large: bool, units: usize, events: usize, work: Duration, commit: Duration) {
        let pace = self.pace(is_large);
        self.units.fetch_sub(units, Ordering::Relaxed);
        pace.events.fetch_sub(events, Ordering::Relaxed);
        if events > 0 {
            drift(&pace.nanos_per_event, work / u32::try_from(events).unwrap_or(u32::MAX));
        }
        drift(&self.nanos_per_commit, commit);
    }
    fn pace(&self, is_large: bool) -> &Pace {
        if is_large { &self.large } else { &self.small }
    }
}

/// Moves an average an eighth of the way.
fn drift(average: &AtomicU64, to: Duration) {
    let before = average.load(Ordering::Relaxed);
    let to = u64::try_from(to.as_nanos()).unwrap_or(u64::MAX);
    average.store(before - before / 8 + to / 8, Ordering::Relaxed);
}

struct Task {
    tx: Tx,
    small: mpsc::Receiver<Job>,
    large: mpsc::Receiver<Job>,
    load: Arc<Load>,
    bells: Bells,
    stop: tokio_util::sync::CancellationToken,
}

impl Task {
    async fn run(mut self) {
        let mut large_is_next = false;
        loop {
            // Small and large take turns when both wait.
            let turn = if large_is_next { self.large.try_recv().ok() } else { None };
            let (job, is_large) = if let Some(job) = turn {
                (job, true)
            } else {
                tokio::select! {
                    biased;
                    Some(job) = self.small.recv() => (job, false),
                    Some(job) = self.large.recv() => (job, true),
                    () = self.stop.cancelled() => break,
                    else => break,
                }
            };
            large_is_next = !is_large;
            self.group(job, !is_large).await;
        }
        self.tx.shut().await;
    }

    /// One transaction: `first`, and whatever small units wait while there is room and time.
    async fn group(&mut self, first: Job, take_more: bool) {
        let waited = Instant::now();
        let (mut all, mut units, mut events) = (0, 0, 0);
        let mut stored: Vec<Box<dyn FnOnce(bool) + Send>> = Vec::new();
        let mut alive = self.statement("BEGIN IMMEDIATE").await;
        // Waiting for another process's transaction is not our work: it says nothing about what a unit takes.
        let waited = waited.elapsed();
        let started = Instant::now();
        let mut job = Some(first);
        while let Some(Job { work, weight }) = job.take() {
            (all, units, events) = (all + 1, units + usize::from(weight > 0), events + weight);
            alive = alive && self.unit(work, &mut stored).await;
            if alive && take_more && all < MOST_UNITS && started.elapsed() < MOST_TIME {
                job = self.small.try_recv().ok();
            }
        }
        let worked = started.elapsed();
        if waited > LONGEST_WAIT {
            tracing::warn!(seconds = waited.as_secs(), "another process held the database; is a large import running?");
        }
        let committed = alive && self.statement("COMMIT").await;
        if !committed {
            self.tx.mend();
            // Fails when the database has already rolled back: that is what we want.
            let _ = self.tx.sql("ROLLBACK").execute().await;
            self.tx.mend();
        }
        let bells = self.tx.take_bells();
        if committed {
            self.bells.ring_here(bells);
        }
        for tell in stored {
            tell(committed);
        }
        self.load.finished(!take_more, units, events, worked, started.elapsed().saturating_sub(worked));
    }

    /// One unit in its savepoint; false when the whole transaction is gone.
    async fn unit(&mut self, work: Work, stored: &mut Vec<Box<dyn FnOnce(bool) + Send>>) -> bool {
        if !self.statement("SAVEPOINT unit").await {
            return false;
        }
        let rung = self.tx.take_bells();
        let verdict = work(&mut self.tx).await;
        let broken = self.tx.is_broken();
        self.tx.mend();
        let (keeps, tell) = match verdict {
            // A unit that took an error for an answer would store half of what it meant.
            Verdict::Keep(tell) => (!broken, tell),
            Verdict::Undo(tell) => (false, tell),
        };
        if keeps {
            self.tx.ring_bits(rung);
            stored.push(tell);
            // RELEASE fails when the savepoint is gone, and with it the transaction.
            return self.statement("RELEASE unit").await;
        }
        // Nothing of it is due, so its bells are taken back with its rows.
        self.tx.take_bells();
        self.tx.ring_bits(rung);
        let alive = self.statement("ROLLBACK TO unit").await && self.statement("RELEASE unit").await;
        tell(false);
        alive
    }

    async fn statement(&mut self, text: &'static str) -> bool {
        match self.tx.sql(text).execute().await {
            Ok(_) => true,
            Err(error) => {
                tracing::warn!(
                    statement = text,
                    error = &error as &dyn std::error::Error,
                    "the writer could not run a statement"
                );
                self.tx.mend();
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn wait(load: &Load, units: usize, weight: usize) {
        (0..units).for_each(|_| load.admit(Weight(weight)).expect("room"));
    }
    /// So many groups of one unit have been written.
    fn after(groups: usize, weight: usize, work: Duration, commit: Duration) -> Load {
        let load = Load::default();
        for _ in 0..groups {
            wait(&load, 1, weight);
            load.finished(Weight(weight).is_large(), 1, weight, work, commit);
        }
        load
    }

    #[test]
    fn a_slow_disk_does_not_refuse_a_burst_that_fits_into_a_few_commits() {
        let load = after(100, 1, MS / 5, 20 * MS);
        wait(&load, 500, 1);
        assert!(load.expected() < LONGEST_WAIT, "{:?}", load.expected());
    }

    #[test]
    fn batches_and_single_events_are_not_judged_by_each_other() {
        let load = after(100, 1_000, 150 * MS, 5 * MS);
        wait(&load, 200, 1);
        assert!(load.expected() < 100 * MS, "{:?}", load.expected());
        let load = after(100, 1, MS, 5 * MS);
        wait(&load, 4, 1_000);
        assert!(load.expected() < 100 * MS, "{:?}", load.expected());
    }

    #[test]
    fn what_was_refused_is_not_counted_as_waiting() {
        let load = after(100, 1, 10 * MS, MS);
        let admitted = (0..500).filter(|_| load.admit(Weight::ONE).is_ok()).count();
        assert!((50..150).contains(&admitted), "{admitted}");
        assert_eq!(load.units.load(Ordering::Relaxed), admitted);
        let load = after(100, 1_000, 150 * MS, 5 * MS);
        let admitted = (0..50).filter(|_| load.admit(Weight(1_000)).is_ok()).count();
        assert!((5..10).contains(&admitted), "a second of batches and no more: {admitted}");
    }
}
