//! The mark: "handing over", committed after the provider asked for the text and before its first byte leaves.
//!
//! Marks share commits: while one is being written, the next gather.
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use super::{Attempt, store};
use crate::{
    channels::HandOver,
    clock::Timestamp,
    db::{Db, Weight},
    id::{Id, Ids},
    jobs::{Key, pause},
};

/// How long marks wait for each other.
const LINGER: Duration = Duration::from_millis(1);
/// Marks committed together, at most.
const MOST: usize = 256;

/// The open attempt that a mark began: its id and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marked {
    pub attempt: Id<Attempt>,
    pub n: i64,
}

struct Request {
    key: Key,
    started_at: Timestamp,
    answer: oneshot::Sender<Option<Marked>>,
}

/// Where the messages of this process ask for their marks.
#[derive(Clone)]
pub struct Marks {
    requests: mpsc::UnboundedSender<Request>,
    /// Hand-overs that were begun and have not ended.
    under_way: Arc<AtomicUsize>,
}

impl Marks {
    pub fn start(db: Db, ids: Ids) -> Self {
        let (requests, asked) = mpsc::unbounded_channel();
        let under_way = Arc::<AtomicUsize>::default();
        tokio::spawn(write(db, ids, asked, Arc::clone(&under_way)));
        Self { requests, under_way }
    }

    /// The right to hand over one claimed message.
    pub fn for_message(&self, key: Key, started_at: Timestamp) -> Handing {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        Handing { marks: self.clone(), key, started_at, marked: Arc::default() }
    }
}

/// One message's hand-over.
pub struct Handing {
    marks: Marks,
    key: Key,
    started_at: Timestamp,
    marked: Arc<Mutex<Option<Marked>>>,
}

impl Handing {
    /// The attempt, when the mark was made.
    pub fn marked(&self) -> Option<Marked> {
        *self.marked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Handing {
    fn drop(&mut self) {
        self.marks.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

impl HandOver for Handing {
    fn mark(&self) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            let (answer, answered) = oneshot::channel();
            let request = Request { key: self.key.clone(), started_at: self.started_at, answer };
            let marked = match self.marks.requests.send(request) {
                Ok(()) => answered.await.unwrap_or(None),
                Err(_) => None,
            };
            *self.marked.lock().unwrap_or_else(PoisonError::into_inner) = marked;
            marked.is_some()
        })
    }
}

async fn write(db: Db, ids: Ids, mut asked: mpsc::UnboundedReceiver<Request>, under_way: Arc<AtomicUsize>) {
    let mut batch = Vec::new();
    while asked.recv_many(&mut batch, MOST).await > 0 {
        // Others are on their way to their mark: a moment's wait spares a commit.
        if under_way.load(Ordering::Relaxed) > batch.len() {
            pause(LINGER).await;
            while let (true, Ok(request)) = (batch.len() < MOST, asked.try_recv()) {
                batch.push(request);
            }
        }
        let wanted: Arc<Vec<store::Mark>> = Arc::new(
            batch
                .iter()
                .map(|request| store::Mark {
                    id: request.key.id.clone(),
                    fence: request.key.fence,
                    attempt: ids.next(),
                    started_at: request.started_at,
                })
                .collect(),
        );
        let now = ids.clock.now();
        let marking = Arc::clone(&wanted);
        let made = db
            .write(Weight::OWN, move |tx| {
                let marking = Arc::clone(&marking);
                Box::pin(async move { store::mark(tx, &marking, now).await })
            })
            .await
            .unwrap_or_else(|error| {
                tracing::warn!(
                    marks = wanted.len(),
                    error = &error as &dyn std::error::Error,
                    "no mark could be written: nothing is handed over"
                );
                Vec::new()
            });
        for (request, mark) in batch.drain(..).zip(wanted.iter()) {
            let n = made.iter().find(|(id, _)| *id == request.key.id).map(|(_, n)| *n);
            let _ = request.answer.send(n.map(|n| Marked { attempt: mark.attempt, n }));
        }
    }
}
