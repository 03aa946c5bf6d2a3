//! Composing, as work that falls due: a notice is checked again (BR-13), rendered once, and becomes messages.
use std::sync::Arc;

use futures_util::future::BoxFuture;
use jiff::SignedDuration;

use super::{
    Class, actions,
    letters::Letters,
    playbook::Playbook,
    readings::{self, Reading},
    store::{self, Composed, Due, NewMessage},
    tracks::Step,
};
use crate::{
    app::App,
    calls::{self, NewTask},
    channels::Routes,
    clock::Timestamp,
    customers::consent::{
        self, Standings,
        actions::{HowDeep, Whom},
    },
    db::{self, Bell, Tx},
    dealerships::{Dealership, Directory},
    desk::Desk,
    failpoints, feeds,
    id::{Id, Ids},
    jobs::{self, Key, Lane, Want},
    links::{self, Signer},
    messages::{State, post},
    texts::{Shelf, bindings::Binding, providers},
    timeline::{self, Entry},
};

/// Composes what falls due.
pub struct Compose {
    pub playbook: Arc<Playbook>,
    pub shelf: Shelf,
    /// Who carries SMS here: whose approved templates bind.
    pub sms_provider: Option<String>,
    pub routes: Arc<Routes>,
    pub directory: Directory,
    pub links: Signer,
    pub ids: Ids,
    pub lease: SignedDuration,
    pub sender: Sender,
    pub app: App,
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
    /// What the record knows of every reader of this batch.
    pub(super) standings: Arc<Standings>,
    pub(super) steps: Vec<Step>,
    /// Whether its source was heard lately; asked only where the kind needs it (BR-19).
    pub(super) is_live: bool,
}

/// What a notice is written with: the texts in force, and the providers' templates where its kind is bound to one.
pub(super) struct Texts {
    pub(super) letters: Arc<Letters>,
    pub(super) sms_binding: Option<Binding>,
    pub(super) wechat_binding: Option<Binding>,
    /// What links to pages are signed with.
    pub(super) key: links::Key,
}

/// What composing a notice came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub(super) notice: Composed,
    pub(super) messages: Vec<NewMessage>,
    pub(super) line: Option<Entry>,
    /// A track came to its last step: somebody is to call.
    pub(super) call: Option<NewTask>,
}

impl Compose {
    /// The customers and addresses of a batch, and how much has to be known of them.
    fn whom_to_ask_about(&self, due: &[Due], points: &[store::Point]) -> (Vec<Whom>, HowDeep) {
        let mut depth = HowDeep::default();
        let mut readers = Vec::new();
        for due in due.iter().filter(|due| !due.audience.works_here()) {
            let Some(customer_id) = due.customer_id else { continue };
            depth.consents |= matches!(due.class, Class::Marketing | Class::ServiceFollowup);
            depth.counts |= self.playbook.kind(&due.kind).is_some_and(|kind| !kind.is_immediate());
            readers.push(Whom { customer_id, address: None });
        }
        let address =
            |point: &store::Point| Whom { customer_id: point.customer_id, address: Some(point.value.clone()) };
        readers.extend(points.iter().map(address));
        (readers, depth)
    }
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
            self.gather(tx, due).await
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
            if let Err(error) = self.app.addresses.get().await {
                tracing::warn!(notice = %claimed.due.id, error = &error as &dyn std::error::Error, "not composed now");
                return None;
            }
            match self.directory.by_id(claimed.due.dealership_id).await {
                Ok(Some(dealership)) => {
                    let texts = self.texts(claimed.due.dealership_id, &claimed.due.kind).await.ok()?;
                    Some(self.compose(&claimed, &dealership, &texts))
                }
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
            let kept = || {
                outcomes.iter().flatten().filter(|outcome| written.contains(&(outcome.notice.id, outcome.notice.fence)))
            };
            let messages: Vec<NewMessage> = kept().flat_map(|outcome| outcome.messages.clone()).collect();
            store::insert_messages(tx, &messages).await?;
            for message in messages.iter().filter(|message| message.state == State::Ready) {
                tx.ring(post::bell(message.channel, message.priority));
            }
            let lines: Vec<Entry> = kept().filter_map(|outcome| outcome.line.clone()).collect();
            timeline::actions::write(tx, &lines).await?;
            let calls: Vec<NewTask> = kept().filter_map(|outcome| outcome.call.clone()).collect();
            if !calls.is_empty() {
                let mut desk = Desk::open(tx, &self.app);
                calls::actions::plan(&mut desk, &calls).await?;
                desk.close().await?;
            }
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

impl Compose {
    /// Everything that is needed to write these notices.
    pub(super) async fn gather(&self, tx: &mut Tx, due: Vec<Due>) -> db::Result<Vec<Claimed>> {
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.ids.clock.now();
        let subjects: Vec<_> = due.iter().map(|due| (due.subject_type, due.subject_id.as_str())).collect();
        let readings = readings::read(tx, &subjects).await?;
        let points = store::points(tx, &due).await?;
        let (readers, depth) = self.whom_to_ask_about(&due, &points);
        let standings = Arc::new(consent::actions::standings(tx, &readers, depth, now).await?);
        let begun = due.iter().any(|due| due.state == "sending");
        let already = if begun { store::already(tx, &due).await? } else { Vec::new() };
        let live = self.live(tx, &due, now).await?;
        let place = |n: i64| usize::try_from(n).unwrap_or(usize::MAX);
        let step = |one: &store::Already| Step { track: place(one.track), step: place(one.step), state: one.state };
        let claimed = due.into_iter().map(|due| {
            let steps = already.iter().filter(|one| one.notice_id == due.id).map(step).collect();
            let points = points.iter().filter(|point| Some(point.customer_id) == due.customer_id).cloned().collect();
            let is_live = source(&due).is_some_and(|source| live.contains(&source));
            Claimed {
                reading: readings.get(&due.subject_id).cloned(),
                standings: Arc::clone(&standings),
                due,
                points,
                steps,
                is_live,
            }
        });
        Ok(claimed.collect())
    }

    /// The texts in force for a kind at a dealership; looked up outside of transactions.
    pub(super) async fn texts(&self, dealership: Id<Dealership>, kind: &str) -> db::Result<Texts> {
        let letters = self.shelf.letters(dealership, kind).await?;
        let sms_binding = match &self.sms_provider {
            Some(provider) => self.shelf.binding(dealership, kind, provider).await?,
            None => None,
        };
        let wechat_binding = if self.routes.wechat_needs_a_template() {
            self.shelf.binding(dealership, kind, providers::WECHAT).await?
        } else {
            None
        };
        Ok(Texts { letters, sms_binding, wechat_binding, key: self.links.key().await?.clone() })
    }

    /// The live ones of the sources on which these notices hang (BR-19).
    async fn live(&self, tx: &mut Tx, due: &[Due], now: Timestamp) -> db::Result<Vec<feeds::Source>> {
        let hangs_on_it = |due: &&Due| self.playbook.kind(&due.kind).is_some_and(|kind| kind.live);
        let sources: Vec<feeds::Source> = due.iter().filter(hangs_on_it).filter_map(source).collect();
        let named: Vec<_> = sources.iter().map(|(dealership_id, source)| (*dealership_id, source.as_str())).collect();
        feeds::actions::live(tx, &named, now).await
    }
}

/// The source that was kept with a notice when it was raised.
fn source(due: &Due) -> Option<feeds::Source> {
    Some((due.dealership_id, due.detail.0.get("source")?.as_str()?.to_owned()))
}
