//! One transaction's work at the desks: what they share, and what they write down together at its end.
pub mod asked;
pub mod parties;

use std::{collections::HashMap, sync::Arc};

use futures_util::future::BoxFuture;
use jiff::SignedDuration;

use crate::{
    app::App,
    clock::Timestamp,
    config::Config,
    db::{self, Tx, Weight},
    dealerships::Dealership,
    id::{Id, Ids},
    intake::Event,
    notices::{self, actions::NewNotice, playbook::Playbook},
    staff::{Staff, standing_in::Standing},
    surveys::Questionnaires,
    timeline::{self, Entry},
};

/// A fact that an event told one desk; `F` is what that desk can be told.
#[derive(Debug)]
pub struct Told<'a, F> {
    pub event_id: Id<Event>,
    pub source: &'a str,
    pub dealership: &'a Arc<Dealership>,
    /// The event's `time`.
    pub time: Timestamp,
    pub fact: &'a F,
    /// The advisor of the fact, where somebody has looked already; otherwise it costs a statement.
    pub advisor: Option<Id<Staff>>,
}

impl<'a, F> Told<'a, F> {
    /// The same, as the desk that `fact` concerns takes it.
    pub fn about<G>(&self, fact: &'a G) -> Told<'a, G> {
        let Self { event_id, source, dealership, time, advisor, .. } = *self;
        Told { event_id, source, dealership, time, fact, advisor }
    }
}

impl<F> Clone for Told<'_, F> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<F> Copy for Told<'_, F> {}

/// Handed through the actions of one transaction. Notices and lines of the record are gathered and written in one statement
/// each by [`Desk::close`], because a statement costs more than a row.
pub struct Desk<'t> {
    pub tx: &'t mut Tx,
    pub ids: Ids,
    pub now: Timestamp,
    pub config: Arc<Config>,
    pub playbook: Arc<Playbook>,
    /// What customers are asked.
    pub questionnaires: Arc<Questionnaires>,
    /// How late a notice may still be raised (BR-12).
    pub tolerance: SignedDuration,
    entries: Vec<Entry>,
    raised: Vec<NewNotice>,
    /// Who is here and who stands in for whom, as far as it was asked.
    standing: HashMap<Id<Staff>, Standing>,
    /// For when each dealership's sweep before closing was set.
    sweeps: HashMap<Id<Dealership>, Timestamp>,
}

impl<'t> Desk<'t> {
    pub fn open(tx: &'t mut Tx, app: &App) -> Self {
        Self {
            now: app.ids.clock.now(),
            tx,
            ids: app.ids.clone(),
            config: Arc::clone(&app.config),
            playbook: Arc::clone(&app.playbook),
            questionnaires: Arc::clone(&app.questionnaires),
            tolerance: app.config.time.reminder_tolerance.signed(),
            entries: Vec::new(),
            raised: Vec::new(),
            standing: HashMap::new(),
            sweeps: HashMap::new(),
        }
    }
    pub fn id<T>(&self) -> Id<T> {
        self.ids.next()
    }
    /// Adds a line to the record.
    pub fn record(&mut self, entry: Entry) {
        self.entries.push(entry);
    }
    /// Notices raised in this transaction and not yet written.
    pub fn raised(&mut self) -> &mut Vec<NewNotice> {
        &mut self.raised
    }
    /// Who is here and who stands in for whom, as far as it was asked in this transaction.
    pub(crate) fn standing(&mut self) -> &mut HashMap<Id<Staff>, Standing> {
        &mut self.standing
    }
    /// True for the first that wants a dealership's sweep at this moment: a thousand questions need not write its clock a
    /// thousand times.
    pub(crate) fn sets_sweep(&mut self, dealership: Id<Dealership>, at: Timestamp) -> bool {
        self.sweeps.insert(dealership, at) != Some(at)
    }
    /// Writes what was gathered; call it last, in the same unit.
    pub async fn close(self) -> db::Result<()> {
        notices::actions::write(self.tx, &self.raised).await?;
        timeline::actions::write(self.tx, &self.entries).await
    }
}

/// One transaction's work at a desk, for the doors: opened, done, closed and committed. It may be run more than once, like
/// every unit ([`crate::db::Db::write`]), so it works on clones of what it takes.
///
/// # Errors
/// The work's own, after which nothing of it is stored; those of the database.
pub async fn at<T, E>(
    app: &App,
    weight: Weight,
    work: impl for<'d> Fn(&'d mut Desk<'_>) -> BoxFuture<'d, Result<T, E>> + Send + Sync + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<db::Error> + Send + 'static,
{
    let (desk_app, work) = (app.clone(), Arc::new(work));
    app.db
        .write(weight, move |tx| {
            let (app, work) = (desk_app.clone(), Arc::clone(&work));
            Box::pin(async move {
                let mut desk = Desk::open(tx, &app);
                let done = work(&mut desk).await?;
                desk.close().await?;
                Ok(done)
            })
        })
        .await
}
