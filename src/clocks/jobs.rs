//! The lane of clocks: those that are due are handed to their desks in the order of their times.
//!
//! A claim does no work of its own: everything happens when it is recorded, in one transaction a batch, so that a clock is
//! deleted together with what its desk did. Each run of clocks of one kind is a part of that transaction. A part that fails
//! is undone and tried again clock by clock: what one dealership's desk cannot do costs no other its time. A clock that
//! failed waits, longer each time, and never gives up; one that ends its process is a suspect, as in the other lanes.
use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::{FutureExt, future::BoxFuture};
use jiff::SignedDuration;

use super::{
    Clock, ClockKind, ringing,
    store::{self, Claimed, Failed},
};
use crate::{
    app::App,
    clock::Timestamp,
    db::{self, Bell, Tx},
    desk::Desk,
    failpoints,
    jobs::{self, Key, Lane, Want},
    timeline::{self, Entry},
};

/// Twice as many are claimed at once.
const AT_ONCE: usize = 64;
/// The wait after the first failure; four times as long after each.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(1);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(15);

/// Rings what is due.
pub struct Clocks {
    pub app: App,
}

impl Lane for Clocks {
    type Claimed = Claimed;
    type Outcome = Claimed;

    fn name(&self) -> &'static str {
        "clocks"
    }
    fn bell(&self) -> Bell {
        jobs::CLOCKS
    }
    fn concurrency(&self) -> usize {
        AT_ONCE
    }
    fn key(&self, claimed: &Claimed) -> Key {
        Key { id: claimed.id.to_string(), fence: claimed.fence }
    }

    fn claim<'t>(&'t self, tx: &'t mut Tx, want: Want) -> BoxFuture<'t, db::Result<Vec<Claimed>>> {
        Box::pin(async move {
            let now = self.now();
            let (suspect, most) = match want {
                Want::Suspect => (true, 1),
                Want::Batch(most) => (false, i64::try_from(most).unwrap_or(i64::MAX)),
            };
            store::claim(tx, suspect, most, now, now.plus(self.app.config.worker.lease.signed())).await
        })
    }

    fn tidy<'t>(&'t self, tx: &'t mut Tx) -> BoxFuture<'t, db::Result<()>> {
        Box::pin(async move {
            let now = self.now();
            let mut lines = Vec::new();
            for lost in store::lose(tx, now).await?.iter().filter(|lost| lost.not_before.is_none()) {
                tracing::error!(id = %lost.id, kind = lost.kind, "a clock ended its process three times and is set aside");
                let mut line = Entry::new(self.app.ids.next(), lost.dealership_id, now, "clock.set_aside");
                line.reason.clone_from(&lost.reason);
                line.detail = serde_json::json!({"clock": lost.id, "kind": lost.kind, "due_at": lost.due_at});
                lines.push(line);
            }
            timeline::actions::write(tx, &lines).await
        })
    }

    fn work(self: Arc<Self>, claimed: Claimed) -> BoxFuture<'static, Claimed> {
        Box::pin(std::future::ready(claimed))
    }
    fn panicked(&self, claimed: Claimed) -> Claimed {
        claimed
    }

    fn record<'t>(&'t self, tx: &'t mut Tx, outcomes: &'t [Claimed]) -> BoxFuture<'t, db::Result<()>> {
        Box::pin(async move {
            let mut due: Vec<&Claimed> = outcomes.iter().collect();
            due.sort_by_key(|clock| (clock.due_at, clock.id));
            let mut failed = Vec::new();
            for run in due.chunk_by(|one, next| one.kind == next.kind) {
                let Err(reason) = self.ring(tx, run).await? else { continue };
                if let [only] = run {
                    failed.push(self.failed(only, reason));
                    continue;
                }
                for one in run {
                    if let Err(reason) = self.ring(tx, &[*one]).await? {
                        failed.push(self.failed(one, reason));
                    }
                }
            }
            store::put_off(tx, &failed).await
        })
    }

    fn lease<'t>(&'t self, tx: &'t mut Tx, keys: &'t [Key], until: Timestamp) -> BoxFuture<'t, db::Result<()>> {
        Box::pin(store::lease(tx, keys, until))
    }
    fn give_back<'t>(&'t self, tx: &'t mut Tx, keys: &'t [Key]) -> BoxFuture<'t, db::Result<()>> {
        Box::pin(store::give_back(tx, keys))
    }
}

impl Clocks {
    fn now(&self) -> Timestamp {
        self.app.ids.clock.now()
    }

    /// Rings clocks of one kind as a part of the unit; `Err` inside: why it was undone.
    ///
    /// # Errors
    /// The unit cannot go on: all of it is tried again.
    async fn ring(&self, tx: &mut Tx, run: &[&Claimed]) -> db::Result<Result<(), &'static str>> {
        let Some(kind) = run.first().and_then(|first| ClockKind::read(&first.kind)) else {
            return Ok(Err("unknown_kind"));
        };
        tx.begin_part().await?;
        let acted = AssertUnwindSafe(self.act(tx, kind, run)).catch_unwind().await;
        let reason = match acted {
            Ok(Ok(())) => {
                tx.keep_part().await?;
                return Ok(Ok(()));
            }
            Ok(Err(error)) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(kind = kind.word(), clocks = run.len(), error, "a desk could not act on its clocks");
                "refused"
            }
            Err(_) => {
                tracing::error!(kind = kind.word(), clocks = run.len(), "a desk panicked over its clocks");
                "panicked"
            }
        };
        tx.undo_part().await?;
        Ok(Err(reason))
    }

    async fn act(&self, tx: &mut Tx, kind: ClockKind, run: &[&Claimed]) -> db::Result<()> {
        let keys: Vec<Key> = run.iter().map(|claimed| self.key(claimed)).collect();
        let ours = store::take(tx, &keys).await?;
        let ringing: Vec<Clock> = run
            .iter()
            .filter(|claimed| ours.contains(&claimed.id))
            .map(|claimed| Clock {
                id: claimed.id,
                dealership_id: claimed.dealership_id,
                kind,
                subject_id: claimed.subject_id.clone(),
                key: claimed.key.clone(),
                due_at: claimed.due_at,
                detail: claimed.detail.0.clone(),
            })
            .collect();
        if ringing.is_empty() {
            return Ok(());
        }
        failpoints::point("ring");
        let mut desk = Desk::open(tx, &self.app);
        ringing::ring(&mut desk, kind, &ringing).await?;
        desk.close().await
    }

    fn failed(&self, claimed: &Claimed, reason: &'static str) -> Failed {
        let doubled_twice = u32::try_from(claimed.tries).unwrap_or(u32::MAX).min(5);
        let wait = (FIRST_WAIT * 4_i32.pow(doubled_twice)).min(LONGEST_WAIT);
        Failed { id: claimed.id, fence: claimed.fence, not_before: self.now().plus(wait), reason }
    }
}
