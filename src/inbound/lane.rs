//! The lane `inbound`: mails that were stored are read, sorted and applied, each in a unit of work of its own.
use std::sync::Arc;

use futures_util::future::BoxFuture;
use jiff::SignedDuration;

use super::{
    applying::{self, Unapplied},
    letter::Letter,
    store::{self, Claimed, PutOff},
};
use crate::{
    app::App,
    clock::Timestamp,
    db::{self, Bell, Tx},
    failpoints,
    jobs::{self, Key, Lane, Want},
};

/// Mails in hand at once: each may be as large as the limit.
const AT_ONCE: usize = 4;
/// The waits before a mail that took no effect is taken up again; the last one repeats.
const WAITS: [SignedDuration; 4] = [
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(15),
    SignedDuration::from_hours(1),
];
/// Tries before a person has to look.
const TRIES: i64 = 12;

/// Reads what came in.
pub struct Reading {
    pub app: App,
    pub lease: SignedDuration,
}

impl Reading {
    async fn read(&self, claimed: &Claimed) -> Result<(), &'static str> {
        let db = &self.app.db;
        let raw = match async { store::raw(&mut db.read().await?, &claimed.raw_id).await }.await {
            Ok(Some(raw)) => raw,
            Ok(None) => return Err("bytes_gone"),
            Err(error) => return Err(put_off(claimed, &error)),
        };
        // Reading takes as long as the mail is large, and whatever it holds must end here.
        let Ok(letter) = tokio::task::spawn_blocking(move || Letter::read(&raw)).await else {
            return Err("unreadable");
        };
        failpoints::point("sorted");
        match applying::apply(&self.app, claimed.clone(), letter).await {
            Ok(()) | Err(Unapplied::Lost) => Ok(()),
            Err(Unapplied::Database(error)) => Err(put_off(claimed, &error)),
        }
    }

    fn ended(&self, claimed: &Claimed, reason: &'static str) -> PutOff {
        let now = self.app.ids.clock.now();
        let is_over = reason != "database" || claimed.tries + 1 >= TRIES;
        if is_over {
            tracing::error!(inbound = %claimed.id, reason, "a mail that came in took no effect: a person has to look at it");
        }
        let wait = usize::try_from(claimed.tries).ok().and_then(|n| WAITS.get(n)).or(WAITS.last()).copied();
        PutOff {
            id: claimed.id,
            fence: claimed.fence,
            state: if is_over { "failed" } else { "waiting" },
            reason,
            not_before: now.plus(wait.unwrap_or_default()),
        }
    }
}

fn put_off(claimed: &Claimed, error: &db::Error) -> &'static str {
    tracing::warn!(inbound = %claimed.id, error = error as &dyn std::error::Error, "a mail could not be applied now");
    "database"
}

impl Lane for Reading {
    type Claimed = Claimed;
    /// None: it took effect in its own unit of work, which wrote its end.
    type Outcome = Option<PutOff>;

    fn name(&self) -> &'static str {
        "inbound"
    }
    fn bell(&self) -> Bell {
        jobs::INBOUND
    }
    fn concurrency(&self) -> usize {
        AT_ONCE
    }
    fn key(&self, claimed: &Claimed) -> Key {
        Key { id: claimed.id.to_string(), fence: claimed.fence }
    }

    fn claim<'t>(&'t self, tx: &'t mut Tx, want: Want) -> BoxFuture<'t, db::Result<Vec<Claimed>>> {
        Box::pin(async move {
            let now = self.app.ids.clock.now();
            let (suspect, most) = match want {
                Want::Suspect => (true, 1),
                Want::Batch(most) => (false, i64::try_from(most).unwrap_or(i64::MAX)),
            };
            store::claim(tx, suspect, most, now, now.plus(self.lease)).await
        })
    }

    fn tidy<'t>(&'t self, tx: &'t mut Tx) -> BoxFuture<'t, db::Result<()>> {
        Box::pin(async move {
            let now = self.app.ids.clock.now();
            for dead in store::lose(tx, now).await? {
                tracing::error!(inbound = %dead, "a mail ended its process three times: a person has to look at it");
            }
            store::forget_raw(tx, now).await.map(drop)
        })
    }

    fn work(self: Arc<Self>, claimed: Claimed) -> BoxFuture<'static, Option<PutOff>> {
        Box::pin(async move {
            match self.read(&claimed).await {
                Ok(()) => None,
                Err(reason) => Some(self.ended(&claimed, reason)),
            }
        })
    }

    fn panicked(&self, claimed: Claimed) -> Option<PutOff> {
        Some(self.ended(&claimed, "panicked"))
    }

    fn record<'t>(&'t self, tx: &'t mut Tx, outcomes: &'t [Option<PutOff>]) -> BoxFuture<'t, db::Result<()>> {
        Box::pin(async move {
            let put_off: Vec<PutOff> = outcomes.iter().flatten().cloned().collect();
            store::put_off(tx, &put_off, self.app.ids.clock.now()).await
        })
    }

    fn lease<'t>(&'t self, tx: &'t mut Tx, keys: &'t [Key], until: Timestamp) -> BoxFuture<'t, db::Result<()>> {
        Box::pin(store::lease(tx, keys, until))
    }
    fn give_back<'t>(&'t self, tx: &'t mut Tx, keys: &'t [Key]) -> BoxFuture<'t, db::Result<()>> {
        Box::pin(store::give_back(tx, keys))
    }
}
