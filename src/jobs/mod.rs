//! Lanes: work that falls due. apalis runs the workers, our own tables are its storage; the only code that names apalis.
//!
//! A lane claims rows in one short transaction, works on them outside any, and records what became of them in batches.
//! Everything that makes this safe is in the rows: a *fence* that counts claims, and a *lease* that ends.
mod by_hand;
mod room;
mod worker;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::Serialize;

pub(crate) use self::room::pause;
pub use self::{by_hand::turn, worker::Lanes};
use crate::{
    clock::Timestamp,
    db::{self, Bell, Tx},
};

/// Notices that fell due.
pub const COMPOSE: Bell = Bell(0);
/// Messages ready to go, by channel and priority.
pub const POST_EMAIL_URGENT: Bell = Bell(1);
pub const POST_EMAIL_BULK: Bell = Bell(2);
pub const POST_SMS_URGENT: Bell = Bell(3);
pub const POST_SMS_BULK: Bell = Bell(4);
pub const POST_WECHAT_URGENT: Bell = Bell(13);
pub const POST_WECHAT_BULK: Bell = Bell(14);
pub const POST_WECOM_URGENT: Bell = Bell(15);
pub const POST_WECOM_BULK: Bell = Bell(16);
/// Clocks that fell due.
pub const CLOCKS: Bell = Bell(5);
/// Mail that came in.
pub const INBOUND: Bell = Bell(12);
/// Events for other systems.
pub const HOOKS: Bell = Bell(17);

/// Which claim of which row: an outcome with another fence is too late.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Key {
    pub id: String,
    pub fence: i64,
}

/// What to claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// At most so many rows that are due.
    Batch(usize),
    /// One row whose lease ended under an earlier claim: it may be what ended the process, so it is worked on alone.
    Suspect,
}

/// One kind of work. `claim`, `record` and the rest run in a transaction of their own and may be run again.
pub trait Lane: Send + Sync + 'static {
    type Claimed: Clone + Send + Sync + 'static;
    type Outcome: Clone + Send + Sync + 'static;

    /// As in logs and metrics: `post.email.urgent`.
    fn name(&self) -> &'static str;
    fn bell(&self) -> Bell;
    /// Rows worked on at once; at most twice as many are claimed.
    fn concurrency(&self) -> usize;
    fn key(&self, claimed: &Self::Claimed) -> Key;
    /// Takes rows that are due, with a new fence and a lease.
    fn claim<'t>(&'t self, tx: &'t mut Tx, want: Want) -> BoxFuture<'t, db::Result<Vec<Self::Claimed>>>;
    /// The look, once a second: leases that ended, waits that are over, what is past its use.
    fn tidy<'t>(&'t self, tx: &'t mut Tx) -> BoxFuture<'t, db::Result<()>>;
    fn work(self: Arc<Self>, claimed: Self::Claimed) -> BoxFuture<'static, Self::Outcome>;
    /// What a panic in `work` comes to: the same row would panic again.
    fn panicked(&self, claimed: Self::Claimed) -> Self::Outcome;
    fn record<'t>(&'t self, tx: &'t mut Tx, outcomes: &'t [Self::Outcome]) -> BoxFuture<'t, db::Result<()>>;
    /// Moves the end of the leases of rows that are still ours.
    fn lease<'t>(&'t self, tx: &'t mut Tx, keys: &'t [Key], until: Timestamp) -> BoxFuture<'t, db::Result<()>>;
    /// Puts rows back that were claimed and not begun.
    fn give_back<'t>(&'t self, tx: &'t mut Tx, keys: &'t [Key]) -> BoxFuture<'t, db::Result<()>>;
}
