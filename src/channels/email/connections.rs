//! The connections to one mail server: never more than allowed, reused only while nothing is wrong with them.
use std::sync::{Arc, Mutex, PoisonError};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{session::Session, settings::Limits};

/// A connection that is in use belongs to its delivery; here are only those that wait. A new one is opened only when
/// none waits, and under a permit, so there are never more than permits.
pub(super) struct Connections {
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Idle>>,
    limits: Limits,
    closed: CancellationToken,
    /// Ends the watch over idle connections together with this set.
    _close: DropGuard,
}

#[derive(Default)]
struct Idle {
    /// The one used last is at the end.
    sessions: Vec<Session>,
    watched: bool,
}

/// The right to one connection.
pub(super) struct Permit(Option<OwnedSemaphorePermit>);

impl Connections {
    pub(super) fn new(at_most: usize, limits: Limits) -> Self {
        let closed = CancellationToken::new();
        Self {
            permits: Arc::new(Semaphore::new(at_most.max(1))),
            idle: Arc::default(),
            limits,
            _close: closed.clone().drop_guard(),
            closed,
        }
    }

    /// Waits for the right to a connection. The semaphore is never closed, so there is always a permit in it.
    pub(super) async fn permit(&self) -> Permit {
        Permit(Arc::clone(&self.permits).acquire_owned().await.ok())
    }

    /// A connection that waits and is in order. No NOOP: a connection that died meanwhile fails before the mark, which
    /// costs nothing.
    pub(super) fn take(&self) -> Option<Session> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(session) = idle.sessions.pop() {
            if session.idle_since.elapsed() < self.limits.idle && session.is_quiet() {
                return Some(session);
            }
        }
        None
    }

    /// Puts a connection aside after a clean 250, or says goodbye after its last message. The permit comes along:
    /// it ends when the connection waits or is gone.
    pub(super) fn put(&self, mut session: Session, permit: Permit) {
        if session.sent >= self.limits.messages {
            tokio::spawn(async move {
                session.quit().await;
                drop(permit);
            });
            return;
        }
        session.idle_since = Instant::now();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.sessions.push(session);
        if !idle.watched {
            idle.watched = true;
            tokio::spawn(watch(Arc::clone(&self.idle), self.limits, self.closed.clone()));
        }
        drop(idle);
        drop(permit);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.take();
    }
}

/// Closes connections that nobody used for the idle time; ends when none is left.
async fn watch(idle: Arc<Mutex<Idle>>, limits: Limits, closed: CancellationToken) {
    loop {
        let next = {
            let mut idle = idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.sessions.retain(|session| session.idle_since.elapsed() < limits.idle);
            let Some(oldest) = idle.sessions.iter().map(|session| session.idle_since).min() else {
                idle.watched = false;
                return;
            };
            oldest + limits.idle
        };
        if timeout_at(next, closed.cancelled()).await.is_ok() {
            return;
        }
    }
}
