//! The lane `hooks`: posts what other systems want to hear, and settles who is left alone for how long.
use std::{collections::BTreeMap, sync::Arc};

use futures_util::future::BoxFuture;
use jiff::SignedDuration;
use secrecy::SecretString;

use super::{
    Endpoint, FAILS_FOR, KEPT, event, quiet_after,
    store::{
        self,
        lane::{self, Claimed, Told},
    },
    wait_after,
};
use crate::{
    app::App,
    channels::webhook::{Post, Posted, Webhooks},
    clock::Timestamp,
    db::{self, Bell, Tx},
    failpoints,
    id::Id,
    jobs::{self, Key, Lane, Want},
};

/// Posted at once, to all endpoints together.
const AT_ONCE: usize = 8;

/// Tells other systems.
pub struct Hooks {
    pub app: App,
    pub lease: SignedDuration,
    pub webhooks: Webhooks,
}

impl Hooks {
    async fn told(&self, claimed: &Claimed) -> Posted {
        let now = self.app.ids.clock.now();
        let Ok(key) = self.app.links.key().await else { return unposted("database") };
        let mut secrets = vec![SecretString::from(claimed.secret.clone())];
        if claimed.old_secret_until.is_some_and(|until| until > now) {
            secrets.extend(claimed.old_secret.clone().map(SecretString::from));
        }
        let body = event::body(claimed, &key.salt());
        failpoints::point("body");
        let posted = self
            .webhooks
            .post(Post { url: &claimed.url, id: &claimed.line_id, body, secrets: &secrets, at: now })
            .await;
        failpoints::point("answer");
        posted
    }

    fn settled(&self, claimed: &Claimed, posted: &Posted) -> Told {
        let now = self.app.ids.clock.now();
        let n = claimed.tries + 1;
        let wait = if posted.is_taken() || posted.is_gone() { None } else { wait_after(n) };
        let state = match wait {
            Some(_) => "waiting",
            None if posted.is_taken() => "delivered",
            None => "failed",
        };
        Told {
            id: claimed.id.clone(),
            endpoint_id: claimed.endpoint_id,
            fence: claimed.fence,
            n,
            state,
            reason: posted.reason,
            status: posted.status.map(i64::from),
            not_before: now.plus(wait.unwrap_or_default()),
            at: now,
            took_ms: i64::try_from(posted.took.as_millis()).unwrap_or(i64::MAX),
            failures: claimed.failures,
            is_gone: posted.is_gone(),
        }
    }
}

fn unposted(reason: &'static str) -> Posted {
    Posted { status: None, reason: Some(reason), took: std::time::Duration::ZERO }
}

/// One that takes something takes everything; one that took nothing is left alone for a while, and given up in the end.
async fn settle(tx: &mut Tx, endpoint: Id<Endpoint>, told: &[&Told], now: Timestamp) -> db::Result<()> {
    if told.iter().any(|one| one.is_gone) {
        tracing::warn!(%endpoint, "a webhook's endpoint answered 410: it is told nothing more");
        return store::disable(tx, endpoint, "gone", now).await;
    }
    if told.iter().any(|one| one.state == "delivered") {
        return lane::took(tx, endpoint, now).await;
    }
    let failures = told.iter().map(|one| one.failures).max().unwrap_or_default() + 1;
    let since = lane::failed(tx, endpoint, now.plus(quiet_after(failures)), now).await?;
    if since.is_some_and(|since| now.since(since) >= FAILS_FOR) {
        tracing::warn!(%endpoint, "a webhook's endpoint took nothing for five days: it is told nothing more until it is enabled");
        return store::disable(tx, endpoint, "failing", now).await;
    }
    Ok(())
}

impl Lane for Hooks {
    type Claimed = Claimed;
    type Outcome = Told;

    fn name(&self) -> &'static str {
        "hooks"
    }
    fn bell(&self) -> Bell {
        jobs::HOOKS
    }
    fn concurrency(&self) -> usize {
        AT_ONCE
    }
    fn key(&self, claimed: &Claimed) -> Key {
        Key { id: claimed.id.clone(), fence: claimed.fence }
    }

    fn claim<'t>(&'t self, tx: &'t mut Tx, want: Want) -> BoxFuture<'t, db::Result<Vec<Claimed>>> {
        Box::pin(async move {
            let now = self.app.ids.clock.now();
            let (suspect, most) = match want {
                Want::Suspect => (true, 1),
                Want::Batch(most) => (false, i64::try_from(most).unwrap_or(i64::MAX)),
            };
            let waiting = lane::waiting(tx, suspect, now, most).await?;
            let share = most / i64::try_from(waiting.len().max(1)).unwrap_or(1);
            let mut ids = Vec::new();
            for endpoint in waiting {
                // Whether one that failed takes anything again is asked with one event.
                let most = if endpoint.failures > 0 { 1 } else { share.max(1) };
                ids.extend(lane::claim(tx, endpoint.id, (suspect, most), (now, now.plus(self.lease))).await?);
            }
            if ids.is_empty() { Ok(Vec::new()) } else { lane::read(tx, &ids).await }
        })
    }

    fn tidy<'t>(&'t self, tx: &'t mut Tx) -> BoxFuture<'t, db::Result<()>> {
        Box::pin(async move {
            let now = self.app.ids.clock.now();
            lane::lose(tx, now).await?;
            lane::forget(tx, now.minus(KEPT)).await
        })
    }

    fn work(self: Arc<Self>, claimed: Claimed) -> BoxFuture<'static, Told> {
        Box::pin(async move {
            let posted = self.told(&claimed).await;
            self.settled(&claimed, &posted)
        })
    }

    fn panicked(&self, claimed: Claimed) -> Told {
        self.settled(&claimed, &unposted("panicked"))
    }

    fn record<'t>(&'t self, tx: &'t mut Tx, told: &'t [Told]) -> BoxFuture<'t, db::Result<()>> {
        Box::pin(async move {
            lane::record(tx, told).await?;
            let now = self.app.ids.clock.now();
            // In one order, so that two processes do not wait for each other.
            let mut by_endpoint: BTreeMap<Id<Endpoint>, Vec<&Told>> = BTreeMap::new();
            for one in told {
                by_endpoint.entry(one.endpoint_id).or_default().push(one);
            }
            for (endpoint, told) in by_endpoint {
                settle(tx, endpoint, &told, now).await?;
            }
            Ok(())
        })
    }

    fn lease<'t>(&'t self, tx: &'t mut Tx, keys: &'t [Key], until: Timestamp) -> BoxFuture<'t, db::Result<()>> {
        Box::pin(lane::lease(tx, keys, until))
    }
    fn give_back<'t>(&'t self, tx: &'t mut Tx, keys: &'t [Key]) -> BoxFuture<'t, db::Result<()>> {
        Box::pin(lane::give_back(tx, keys))
    }
}
