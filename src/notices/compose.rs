//! Composing, as work that falls due: a notice is checked again (BR-13), rendered once, and becomes messages.
use std::sync::Arc;

use futures_util::future::BoxFuture;
use jiff::SignedDuration;

use super::{
    actions,
    letters::Letters,
    playbook::Playbook,
    readings::{self, Reading},
    store::{self, Composed, Due, NewMessage},
    tracks::Step,
};
use crate::{
    channels::Routes,
    clock::Timestamp,
    db::{self, Bell, Tx},
    dealerships::Directory,
    failpoints,
    id::Ids,
    jobs::{self, Key, Lane, Want},
    messages::{State, post},
    timeline::{self, Entry},
};

/// Composes what falls due.
pub struct Compose {
    pub playbook: Arc<Playbook>,
    pub letters: Arc<Letters>,
    pub routes: Arc<Routes>,
    pub directory: Directory,
    pub ids: Ids,
    pub lease: SignedDuration,
    pub sender: Sender,
    /// An answer to the customer's own act of so long ago may ring at any hour (BR-67).
    pub own_act: SignedDuration,
}

/// In whose name mail goes out when the dealership has no address of its own to send from.
#[derive(Clone, Debug)]
pub struct Sender {
    pub address: Option<String>,
    /// Shown in place of the dealership's name and department.
    pub name: Option<String>,
    pub message_id_domain: Option<String>,
}

/// A claimed notice with its subject, its addresses and what it has already become.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub(super) due: Due,
    /// None when the subject is gone.
    pub(super) reading: Option<Reading>,
    pub(super) points: Vec<store::Point>,
    pub(super) steps: Vec<Step>,
}

/// What composing a notice came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub(super) notice: Composed,
    pub(super) messages: Vec<NewMessage>,
    pub(super) line: Option<Entry>,
}

impl Lane for Compose {
    type Claimed = Claimed;
    /// None: its dealership could not be read now; the lease ends, and it is composed again.
    type Outcome = Option<Outcome>;

    fn name(&self) -> &'static str {
        "compose"
    }
    fn bell(&self) -> Bell {
        jobs::COMPOSE
    }
    fn concurrency(&self) -> usize {
        32
    }
    fn key(&self, claimed: &Claimed) -> Key {
        Key { id: claimed.due.id.to_string(), fence: claimed.due.fence }
    }

    fn claim<'t>(&'t self, tx: &'t mut Tx, want: Want) -> BoxFuture<'t, db::Result<Vec<Claimed>>> {
        Box::pin(async move {
            let now = self.ids.clock.now();
            let (suspect, most) = match want {
                Want::Suspect => (true, 1),
                Want::Batch(most) => (false, i64::try_from(most).unwrap_or(i64::MAX)),
            };
            let due = store::claim(tx, suspect, most, now, now.plus(self.lease)).await?;
            if due.is_empty() {
                return Ok(Vec::new());
            }
            let subjects: Vec<_> = due.iter().map(|due| (due.subject_type, due.subject_id.as_str())).collect();
            let readings = readings::read(tx, &subjects).await?;
            let points = store::points(tx, &due).await?;
            let begun = due.iter().any(|due| due.state == "sending");
            let already = if begun { store::already(tx, &due).await? } else { Vec::new() };
            let place = |n: i64| usize::try_from(n).unwrap_or(usize::MAX);
            let step = |one: &store::Already| Step { track: place(one.track), step: place(one.step), state: one.state };
            let claimed = due.into_iter().map(|due| {
                let steps = already.iter().filter(|one| one.notice_id == due.id).map(step).collect();
                let points =
                    points.iter().filter(|point| Some(point.customer_id) == due.customer_id).cloned().collect();
                Claimed { reading: readings.get(&due.subject_id).cloned(), due, points, steps }
            });
            Ok(claimed.collect())
        })
    }

    fn tidy<'t>(&'t self, tx: &'t mut Tx) -> BoxFuture<'t, db::Result<()>> {
        Box::pin(async move {
            let now = self.ids.clock.now();
            let mut ended = store::lose(tx, now).await?;
            ended.retain(|lost| lost.state == "failed");
            ended.extend(store::expire_held(tx, now).await?);
            let line = |ended: &store::Looked| {
                let mut line = Entry::new(self.ids.next(), ended.dealership_id, now, format!("notice.{}", ended.state));
                line.customer_id = ended.customer_id;
                line.notice_id = Some(ended.id);
                line.reason.clone_from(&ended.reason);
                line
            };
            timeline::actions::write(tx, &ended.iter().map(line).collect::<Vec<_>>()).await
        })
    }

    fn work(self: Arc<Self>, claimed: Claimed) -> BoxFuture<'static, Option<Outcome>> {
        Box::pin(async move {
            failpoints::point("compose");
            match self.directory.by_id(claimed.due.dealership_id).await {
                Ok(Some(dealership)) => Some(self.compose(&claimed, &dealership)),
                Ok(None) | Err(_) => None,
            }
        })
    }

    fn panicked(&self, claimed: Claimed) -> Option<Outcome> {
        Some(self.end(&claimed, "failed", "panicked", self.ids.clock.now()))
    }

    fn record<'t>(&'t self, tx: &'t mut Tx, outcomes: &'t [Option<Outcome>]) -> BoxFuture<'t, db::Result<()>> {
        Box::pin(async move {
            let now = self.ids.clock.now();
            let notices: Vec<Composed> = outcomes.iter().flatten().map(|outcome| outcome.notice.clone()).collect();
            let written = store::settle(tx, &notices, now).await?;
            let kept = || outcomes.iter().flatten().filter(|outcome| written.contains(&outcome.notice.id));
            let messages: Vec<NewMessage> = kept().flat_map(|outcome| outcome.messages.clone()).collect();
            store::insert_messages(tx, &messages).await?;
            for message in messages.iter().filter(|message| message.state == State::Ready) {
                tx.ring(post::bell(message.channel, message.priority));
            }
            let lines: Vec<Entry> = kept().filter_map(|outcome| outcome.line.clone()).collect();
            timeline::actions::write(tx, &lines).await?;
            // What it waits for was written earlier, and may have ended while this was composed.
            let waits = |outcome: &&Outcome| {
                outcome.notice.state == "sending" && outcome.notice.not_before.is_none() && outcome.messages.is_empty()
            };
            let waiting: Vec<_> = kept().filter(waits).map(|outcome| outcome.notice.id).collect();
            actions::messages_ended(tx, &self.ids, &waiting, now).await
        })
    }

    fn lease<'t>(&'t self, tx: &'t mut Tx, keys: &'t [Key], until: Timestamp) -> BoxFuture<'t, db::Result<()>> {
        Box::pin(store::lease(tx, keys, until))
    }
    fn give_back<'t>(&'t self, tx: &'t mut Tx, keys: &'t [Key]) -> BoxFuture<'t, db::Result<()>> {
        Box::pin(store::give_back(tx, keys))
    }
}
