//! Bells: a hint that a row fell due. Ringing early, late, twice or never changes nothing but latency.
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use tokio::sync::{Notify, watch};

/// One of at most 32 bells; which lane listens to which is `jobs`' business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bell(pub u8);

impl Bell {
    pub(super) fn bit(self) -> u32 {
        1u32 << (self.0 % 32)
    }
}

/// Rung with every line of the record: live screens look again. No lane listens to it.
pub const CHANGED: Bell = Bell(31);

/// All bells of this process, and what is still to be told to the other processes.
#[derive(Clone, Debug)]
pub struct Bells(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    local: [Notify; 32],
    /// Bits that other processes have not heard yet (`PostgreSQL` only).
    abroad: AtomicU32,
    abroad_rung: Notify,
    changed: watch::Sender<()>,
}

impl Bells {
    pub(super) fn new() -> Self {
        Self(Arc::new(Inner {
            local: std::array::from_fn(|_| Notify::new()),
            abroad: AtomicU32::new(0),
            abroad_rung: Notify::new(),
            changed: watch::Sender::new(()),
        }))
    }
    /// Waits for one bell; one that rang since the last wait counts.
    pub async fn wait(&self, bell: Bell) {
        self.0.local[usize::from(bell.0 % 32)].notified().await;
    }
    /// Hears every change from now on, however many listen: see [`CHANGED`].
    pub fn changes(&self) -> watch::Receiver<()> {
        self.0.changed.subscribe()
    }
    /// Rings the bells of these bits in this process.
    pub(super) fn ring_here(&self, bits: u32) {
        if bits & CHANGED.bit() != 0 {
            self.0.changed.send_replace(());
        }
        for (n, bell) in self.0.local.iter().enumerate() {
            if bits & (1 << n) != 0 {
                bell.notify_one();
            }
        }
    }
    /// Rings one bell in this process.
    pub fn ring(&self, bell: Bell) {
        self.ring_here(bell.bit());
    }
    pub(super) fn ring_abroad(&self, bits: u32) {
        if bits != 0 {
            self.0.abroad.fetch_or(bits, Ordering::Relaxed);
            self.0.abroad_rung.notify_one();
        }
    }
    /// The bits to tell the other processes, as soon as there are any.
    pub(super) async fn next_abroad(&self) -> u32 {
        loop {
            let bits = self.0.abroad.swap(0, Ordering::Relaxed);
            if bits != 0 {
                return bits;
            }
            self.0.abroad_rung.notified().await;
        }
    }
}
