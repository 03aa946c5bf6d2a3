//! The workers: apalis' stream, concurrency and restarts around a lane, and the batches that record its outcomes.
use std::{pin::Pin, sync::Arc, time::Duration};

use apalis::prelude::{Monitor, WorkerBuilder, WorkerBuilderExt};
use apalis_core::{
    backend::custom::BackendBuilder,
    task::{Task, builder::TaskBuilder},
};
use futures_util::{FutureExt, Stream, StreamExt, future::BoxFuture, sink, stream};
use jiff::SignedDuration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    Key, Lane,
    room::{Done, Room, pause},
};
use crate::{clock::Clock, db::Db};

/// How long outcomes wait for each other.
const LINGER: Duration = Duration::from_millis(1);
/// Outcomes recorded in one transaction, at most.
const MOST_RECORDED: usize = 256;
/// What is being handed over when the process is told to stop gets so long to end.
const GRACE: Duration = Duration::from_secs(25);

/// So many lanes look one after the other before one looks at the same time as the first.
const STAGGERED: u32 = 16;

type Tasks<C> = Pin<Box<dyn Stream<Item = Result<Option<Task<C>>, std::io::Error>> + Send>>;

/// The lanes of one process.
pub struct Lanes {
    db: Db,
    clock: Clock,
    lease: SignedDuration,
    look: Duration,
    stop: CancellationToken,
    quarantine: Arc<tokio::sync::Mutex<()>>,
    monitor: Monitor,
    recorders: Vec<BoxFuture<'static, ()>>,
}

impl Lanes {
    /// `lease`: how long a claim is good for without being renewed; `look`: how often rows are looked for without a bell.
    pub fn new(db: Db, clock: Clock, lease: SignedDuration, look: Duration, stop: CancellationToken) -> Self {
        Self {
            db,
            clock,
            lease,
            look,
            stop,
            quarantine: Arc::default(),
            monitor: Monitor::new().should_restart(|_, _| true),
            recorders: Vec::new(),
        }
    }

    /// Adds a lane.
    ///
    /// # Panics
    /// Never: the backend is given all its parts here.
    #[must_use]
    pub fn with<L: Lane>(mut self, lane: L, worker_name: String) -> Self {
        // Lanes that all look in the same moment keep every other statement waiting, once a second.
        let n = u32::try_from(self.recorders.len()).unwrap_or(u32::MAX);
        let times = (self.lease, self.look, self.look * (n % STAGGERED + 1) / STAGGERED);
        let (room, worked) = Room::new(
            lane,
            self.db.clone(),
            self.clock.clone(),
            times,
            self.stop.clone(),
            Arc::clone(&self.quarantine),
        );
        self.recorders.push(record(Arc::clone(&room), worked).boxed());
        self.monitor = self.monitor.register(move |restarts| {
            let backend = BackendBuilder::new()
                .database(Arc::clone(&room))
                .fetcher(|room: &mut Arc<Room<L>>, (): &(), _| tasks(Arc::clone(room)))
                .sink(|_, ()| sink::unfold((), |(), _: Task<L::Claimed>| async { Ok::<_, std::io::Error>(()) }.boxed()))
                .build()
                .expect("database, fetcher and sink are given above");
            let (room, most) = (Arc::clone(&room), room.lane.concurrency());
            // A name used again after a crash is refused or stuck in some storages: each start has its own.
            WorkerBuilder::new(format!("{worker_name}-{}-{restarts}", room.lane.name()))
                .backend(backend)
                .concurrency(most)
                .build(move |claimed: L::Claimed| Arc::clone(&room).handle(claimed))
        });
        self
    }

    /// Runs until the stop token is cancelled and what was in hand is recorded, or the grace is over.
    pub async fn run(self) {
        let stop = self.stop.clone();
        let workers = tokio::spawn(self.monitor.run_with_signal(async move {
            stop.cancelled().await;
            Ok(())
        }));
        let recorders: Vec<_> = self.recorders.into_iter().map(tokio::spawn).collect();
        for recorder in recorders {
            let _ = recorder.await;
        }
        workers.abort();
    }
}

/// Claims while there is work; between, waits for the bell or the next look.
fn tasks<L: Lane>(room: Arc<Room<L>>) -> Tasks<L::Claimed> {
    stream::unfold(room, |room| async move {
        let batch = room.next().await?;
        let tasks: Vec<_> = batch.into_iter().map(|claimed| Ok(Some(TaskBuilder::new(claimed).build()))).collect();
        Some((stream::iter(tasks), room))
    })
    .flatten()
    .boxed()
}

/// Writes outcomes in batches, which form by themselves while the one before is being written; renews leases between.
async fn record<L: Lane>(room: Arc<Room<L>>, mut worked: mpsc::UnboundedReceiver<Done<L>>) {
    let renew = Duration::try_from(room.lease).unwrap_or(Duration::from_mins(1)) / 3;
    let mut renewal = tokio::time::interval(renew);
    renewal.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut stopping: Option<tokio::time::Instant> = None;
    loop {
        let mut batch = Vec::new();
        tokio::select! {
            _ = worked.recv_many(&mut batch, MOST_RECORDED) => {
                gather(&room, &mut worked, &mut batch).await;
                write(&room, batch).await;
            }
            _ = renewal.tick() => renew_leases(&room).await,
            () = room.stop.cancelled(), if stopping.is_none() => stopping = Some(tokio::time::Instant::now() + GRACE),
            () = pause(Duration::from_millis(20)), if stopping.is_some() => {}
        }
        let Some(end) = stopping else { continue };
        // apalis ends its stream at the signal and drops what it has not begun: nobody else will put it back.
        give_back(&room, room.not_begun()).await;
        if room.is_idle() {
            return;
        }
        if tokio::time::Instant::now() >= end {
            abandon(&room).await;
            return;
        }
    }
}

/// A commit costs more than a row: while others are being worked on, the first outcomes wait a moment for theirs.
async fn gather<L: Lane>(room: &Room<L>, worked: &mut mpsc::UnboundedReceiver<Done<L>>, batch: &mut Vec<Done<L>>) {
    if room.in_hand() > batch.len() {
        pause(LINGER).await;
        while let (true, Ok(done)) = (batch.len() < MOST_RECORDED, worked.try_recv()) {
            batch.push(done);
        }
    }
}

async fn write<L: Lane>(room: &Arc<Room<L>>, batch: Vec<Done<L>>) {
    let (mut outcomes, mut keys, mut back) = (Vec::new(), Vec::new(), Vec::new());
    for done in batch {
        match done {
            Done::Worked(key, outcome) => {
                keys.push(key);
                outcomes.push(outcome);
            }
            Done::NotBegun(key) => back.push(key),
        }
    }
    if !outcomes.is_empty() {
        insist(room, Arc::new(outcomes)).await;
        room.let_go(&keys);
    }
    give_back(room, back).await;
}

async fn give_back<L: Lane>(room: &Arc<Room<L>>, keys: Vec<Key>) {
    if keys.is_empty() {
        return;
    }
    let kept = Arc::new(keys.clone());
    let given = room.write(move |lane, tx| {
        let kept = Arc::clone(&kept);
        Box::pin(async move { lane.give_back(tx, &kept).await })
    });
    if let Err(error) = given.await {
        tracing::warn!(
            lane = room.lane.name(),
            error = &error as &dyn std::error::Error,
            "rows not given back: their leases will end"
        );
    }
    room.let_go(&keys);
}

/// An outcome is the only proof of what happened outside: it is written however long the database is away. A batch that is
/// refused for what is in it is written one by one, so that one bad row costs no other.
async fn insist<L: Lane>(room: &Arc<Room<L>>, outcomes: Arc<Vec<L::Outcome>>) {
    let mut tries = 0;
    loop {
        let batch = Arc::clone(&outcomes);
        let written = room
            .write(move |lane, tx| {
                let batch = Arc::clone(&batch);
                Box::pin(async move { lane.record(tx, &batch).await })
            })
            .await;
        let Err(error) = written else { return };
        tries += 1;
        tracing::warn!(
            lane = room.lane.name(),
            tries,
            rows = outcomes.len(),
            error = &error as &dyn std::error::Error,
            "outcomes not recorded; trying again"
        );
        if tries >= 3 && outcomes.len() > 1 {
            for outcome in outcomes.iter() {
                Box::pin(insist(room, Arc::new(vec![outcome.clone()]))).await;
            }
            return;
        }
        if tries >= 30 && !matches!(error, crate::db::Error::Overloaded(_)) {
            tracing::error!(
                lane = room.lane.name(),
                "an outcome could not be recorded in 30 tries; its lease will end"
            );
            return;
        }
        pause(Duration::from_secs(1)).await;
    }
}

async fn renew_leases<L: Lane>(room: &Arc<Room<L>>) {
    lease_begun(room, room.lease).await;
}

/// Ends the leases of what is still in hand, so that the next look folds it to `unknown` (or back to ready) at once.
async fn abandon<L: Lane>(room: &Arc<Room<L>>) {
    lease_begun(room, SignedDuration::ZERO).await;
    let _ = room.write(|lane, tx| Box::pin(async move { lane.tidy(tx).await })).await;
}

async fn lease_begun<L: Lane>(room: &Arc<Room<L>>, time: SignedDuration) {
    let keys: Arc<Vec<Key>> = Arc::new(room.begun());
    if keys.is_empty() {
        return;
    }
    let until = room.clock.now().plus(time);
    let leased = room.write(move |lane, tx| {
        let keys = Arc::clone(&keys);
        Box::pin(async move { lane.lease(tx, &keys, until).await })
    });
    if let Err(error) = leased.await {
        tracing::warn!(lane = room.lane.name(), error = &error as &dyn std::error::Error, "leases not renewed");
    }
}
