//! The one function in which every door ends: events are stored once, and the desks apply them, all or nothing.
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use futures_util::future::BoxFuture;
use serde::Serialize;

use super::{
    Event, Outcome,
    envelope::{Door, Envelope, Sheet},
    erased::{Kept, OfErased},
    facts::{Fact, Room},
    store::{self, Row},
};
use crate::{
    app::App,
    appointments, calls, capacity, customers,
    db::{self, Tx, Weight},
    dealerships::Dealership,
    desk::{Desk, Told},
    failpoints,
    feeds::{self, actions::Hearing},
    http::{Access, Error},
    id::Id,
    inquiries, parts, repairs,
    staff::Staff,
    telemetry,
};

/// What the sender is told: only after the commit that holds everything the events cause.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Answer {
    pub accepted: usize,
    pub duplicates: usize,
    /// In the order in which they were sent.
    pub events: Vec<Answered>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answered {
    pub id: String,
    pub status: Status,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Committed, with all that it causes; also when it came too late to cause anything.
    Accepted,
    /// Was here before, or twice in this batch.
    Duplicate,
    /// Its type is not known to this version.
    Stored,
}

/// Makes events of a request: finds the dealerships that they name, and checks everything that needs no transaction.
///
/// # Errors
/// What [`Door::admit`] refuses.
pub async fn admit(app: &App, access: &Access, sheet: &Sheet) -> Result<Vec<Envelope>, Error> {
    let own = match access {
        Access::Only(these) if these.len() == 1 => app.directory.by_id(these[0]).await?,
        _ => None,
    };
    let mut dealerships = HashMap::new();
    for code in sheet.dealerships() {
        if let Some(found) = app.directory.by_code(code).await? {
            dealerships.insert(code.to_owned(), found);
        }
    }
    Door { access: access.clone(), own, dealerships, now: app.ids.clock.now() }.admit(sheet)
}

/// Stores events and lets the desks apply them, in their order and in one unit of work.
///
/// # Errors
/// 409 `event_id_reused` when one was here with another body: nothing of the request is stored then. 503 when the database
/// cannot take it now.
pub async fn take(app: &App, envelopes: Vec<Envelope>) -> Result<Answer, Error> {
    if envelopes.is_empty() {
        return Ok(Answer::default());
    }
    failpoints::point("accept");
    let batch =
        Arc::new(Batch { advisors: find_advisors(app, &envelopes).await?, repeats: repeats(&envelopes)?, envelopes });
    if failpoints::is_on("ack-before-commit") {
        let answer = batch.answer(&(0..batch.envelopes.len()).collect());
        tokio::spawn(store_batch(app.clone(), batch));
        return Ok(answer);
    }
    let answer = store_batch(app.clone(), batch).await?;
    metrics::counter!(telemetry::EVENTS_ACCEPTED).increment(answer.accepted as u64);
    Ok(answer)
}

async fn store_batch(app: App, batch: Arc<Batch>) -> Result<Answer, Error> {
    let mut tries = 0;
    loop {
        let (batch, desk_app) = (Arc::clone(&batch), app.clone());
        let weight = Weight(batch.envelopes.len());
        let answer = app
            .db
            .write(weight, move |tx| {
                let (batch, app) = (Arc::clone(&batch), desk_app.clone());
                Box::pin(async move {
                    let answer = batch.apply(tx, &app).await;
                    failpoints::point("commit");
                    answer
                })
            })
            .await;
        match answer {
            // On PostgreSQL two requests may tell of the same new customer at once: the second finds them the next time.
            Err(Error::Database(error)) if error.is_unique_violation() && tries < 3 => tries += 1,
            answer => {
                return answer.map(|(hearing, answer)| {
                    feeds::actions::remember(&app.feeds, &hearing);
                    answer
                });
            }
        }
    }
}

/// Applies events as [`take`] does, lets `look` see what became of it, and takes all of it back: nothing is stored.
///
/// # Errors
/// As of [`take`], and those of `look`.
pub async fn rehearse<T: Send + 'static>(
    app: &App,
    envelopes: Vec<Envelope>,
    look: impl for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, Error>> + Send + Sync + 'static,
) -> Result<T, Error> {
    /// A unit that ends with an error is taken back, and this is one.
    enum Over<T> {
        Seen(T),
        Failed(Error),
    }
    impl<T> From<db::Error> for Over<T> {
        fn from(error: db::Error) -> Self {
            Self::Failed(error.into())
        }
    }
    let batch =
        Arc::new(Batch { advisors: find_advisors(app, &envelopes).await?, repeats: repeats(&envelopes)?, envelopes });
    let (weight, app_at_work, look) = (Weight(batch.envelopes.len()), app.clone(), Arc::new(look));
    let over: Result<(), Over<T>> = app
        .db
        .write(weight, move |tx| {
            let (batch, app, look) = (Arc::clone(&batch), app_at_work.clone(), Arc::clone(&look));
            Box::pin(async move {
                batch.apply(tx, &app).await.map_err(Over::Failed)?;
                Err(look(tx).await.map_or_else(Over::Failed, Over::Seen))
            })
        })
        .await;
    match over {
        Err(Over::Seen(seen)) => Ok(seen),
        Err(Over::Failed(error)) => Err(error),
        Ok(()) => Err(Error::NotFound),
    }
}

/// The stored event of a source, as canonical JSON.
pub async fn body_of(tx: &mut Tx, source: &str, event_id: &str) -> Result<Option<String>, db::Error> {
    store::body_of(tx, source, event_id).await
}

type Advisors = HashMap<(Id<Dealership>, String), Id<Staff>>;

/// The advisors that are known already; unknown ones get their row in the transaction.
async fn find_advisors(app: &App, envelopes: &[Envelope]) -> Result<Advisors, db::Error> {
    let mut advisors = Advisors::new();
    for envelope in envelopes {
        let Some(reference) = envelope.fact.as_ref().and_then(Fact::advisor_ref) else { continue };
        let key = (envelope.dealership.id, reference.to_owned());
        if advisors.contains_key(&key) {
            continue;
        }
        if let Some(id) = app.roster.known(key.0, reference).await? {
            advisors.insert(key, id);
        }
    }
    Ok(advisors)
}

/// The indices of events that come twice in one batch, the first time not counted.
fn repeats(envelopes: &[Envelope]) -> Result<HashSet<usize>, Error> {
    let mut first: HashMap<(&str, &str), &str> = HashMap::new();
    let mut repeats = HashSet::new();
    for (index, envelope) in envelopes.iter().enumerate() {
        match first.get(&(envelope.source.as_str(), envelope.id.as_str())) {
            None => {
                first.insert((&envelope.source, &envelope.id), &envelope.hash);
            }
            Some(hash) if **hash == envelope.hash => {
                repeats.insert(index);
            }
            Some(_) => return Err(reused(&envelope.source, &envelope.id)),
        }
    }
    Ok(repeats)
}

fn reused(source: &str, id: &str) -> Error {
    let message =
        format!("the id {id} of {source} was used before for another event: nothing of this request was stored");
    Error::Conflict("event_id_reused", message)
}

/// The events of one request; every run of the unit borrows them.
struct Batch {
    envelopes: Vec<Envelope>,
    repeats: HashSet<usize>,
    advisors: Advisors,
}

impl Batch {
    /// A new `appointment.booked` costs ten statements: the event; customer, vehicle and appointment read; customer,
    /// contact points, vehicle and appointment written; the notices; the record. An advisor whom nobody knows costs two
    /// more, and so does a look for parts and put-off work of that car; the checks of the booking five, its clock one, and the
    /// feed one a minute; whether somebody was erased one. A batch of new bookings costs the same; one of moves more, for what it withdraws.
    async fn apply(&self, tx: &mut Tx, app: &App) -> Result<(Hearing, Answer), Error> {
        let mut desk = Desk::open(tx, app);
        let told = self.envelopes.iter().map(Envelope::heard).filter(|(_, source, _)| feeds::tells_at_once(source));
        let hearing = feeds::actions::hear(desk.tx, &app.feeds, told, desk.now).await?;
        let erased = OfErased::find(desk.tx, self.fresh()).await?;
        let rows: Vec<Row<'_>> =
            self.fresh().map(|(index, envelope)| row(&desk, envelope, erased.kept(index))).collect();
        let new: HashSet<Id<Event>> = store::insert_new(desk.tx, &rows).await?.into_iter().collect();
        let old: Vec<&Row<'_>> = rows.iter().filter(|row| !new.contains(&row.id)).collect();
        refuse_reused(&mut desk, &old).await?;

        let fresh: Vec<(usize, &Envelope, Id<Event>)> = self
            .fresh()
            .zip(&rows)
            .filter(|(_, row)| new.contains(&row.id))
            .map(|((index, envelope), row)| (index, envelope, row.id))
            .collect();
        let heard: Vec<Heard<'_>> = fresh
            .iter()
            .filter_map(|(index, envelope, event_id)| {
                Some(self.heard(envelope, *event_id, erased.heard(*index, envelope)?))
            })
            .collect();
        let mut stale = Vec::new();
        // Facts of one desk in a row are applied together; a fact of another desk between them keeps its place.
        for run in heard.chunk_by(|one, next| one.fact.room() == next.fact.room()) {
            let outcomes = apply(&mut desk, run).await?;
            let late = run.iter().zip(outcomes).filter(|(_, outcome)| *outcome == Outcome::Stale);
            stale.extend(late.map(|(heard, _)| heard.event_id));
        }
        store::mark_stale(desk.tx, &stale).await?;
        desk.close().await?;
        Ok((hearing, self.answer(&fresh.iter().map(|(index, ..)| *index).collect())))
    }

    fn fresh(&self) -> impl Iterator<Item = (usize, &Envelope)> {
        self.envelopes.iter().enumerate().filter(|(index, _)| !self.repeats.contains(index))
    }

    fn heard<'a>(&'a self, envelope: &'a Envelope, event_id: Id<Event>, fact: &'a Fact) -> Heard<'a> {
        let advisor =
            fact.advisor_ref().and_then(|reference| self.advisors.get(&(envelope.dealership.id, reference.to_owned())));
        Heard {
            event_id,
            source: &envelope.source,
            dealership: &envelope.dealership,
            time: envelope.time,
            fact,
            advisor: advisor.copied(),
        }
    }

    fn answer(&self, new: &HashSet<usize>) -> Answer {
        let status = |(index, envelope): (usize, &Envelope)| match &envelope.fact {
            _ if !new.contains(&index) => Status::Duplicate,
            Some(_) => Status::Accepted,
            None => Status::Stored,
        };
        let events =
            self.envelopes.iter().enumerate().map(|e| Answered { id: e.1.id.clone(), status: status(e) }).collect();
        Answer { accepted: new.len(), duplicates: self.envelopes.len() - new.len(), events }
    }
}

/// A fact of any desk.
type Heard<'a> = Told<'a, Fact>;

/// Lets one desk apply facts in their order.
async fn apply(desk: &mut Desk<'_>, run: &[Heard<'_>]) -> Result<Vec<Outcome>, db::Error> {
    /// The facts of one room, as its desk takes them.
    macro_rules! of_room {
        ($variant:path) => {
            run.iter()
                .filter_map(|heard| match heard.fact {
                    $variant(fact) => Some(heard.about(fact)),
                    _ => None,
                })
                .collect::<Vec<_>>()
        };
    }
    match run.first().map(|heard| heard.fact.room()) {
        None => Ok(Vec::new()),
        Some(Room::Appointments) => appointments::actions::apply(desk, &of_room!(Fact::Appointment)).await,
        Some(Room::Repairs) => repairs::actions::apply(desk, &of_room!(Fact::Repair)).await,
        Some(Room::Parts) => parts::actions::apply(desk, &of_room!(Fact::Parts)).await,
        Some(Room::Customers) => customers::actions::apply(desk, &of_room!(Fact::Customer)).await,
        Some(Room::Inquiries) => inquiries::actions::apply(desk, &of_room!(Fact::Inquiry)).await,
        Some(Room::Capacity) => capacity::actions::apply(desk, &of_room!(Fact::Capacity)).await,
        Some(Room::Calls) => calls::telephony::apply(desk, &of_room!(Fact::Call)).await,
        // Heard with every other event of its source.
        Some(Room::Feeds) => Ok(run.iter().map(|_| Outcome::Applied).collect()),
    }
}

fn row<'a>(desk: &Desk<'_>, envelope: &'a Envelope, kept: Kept) -> Row<'a> {
    Row {
        id: desk.id(),
        source: &envelope.source,
        event_id: &envelope.id,
        kind: &envelope.kind,
        dealership_id: envelope.dealership.id,
        occurred_at: envelope.time,
        received_at: desk.now,
        body_hash: &envelope.hash,
        body: if kept == Kept::Whole { &envelope.body } else { "{}" },
        outcome: if envelope.fact.is_some() && kept != Kept::Nothing { Outcome::Applied } else { Outcome::Stored },
    }
}

/// An error when one of the events was stored before with another body.
async fn refuse_reused(desk: &mut Desk<'_>, old: &[&Row<'_>]) -> Result<(), Error> {
    if old.is_empty() {
        return Ok(());
    }
    let stored = store::list_stored(desk.tx, old).await?;
    let hashes: HashMap<(&str, &str), &str> =
        stored.iter().map(|s| ((s.source.as_str(), s.event_id.as_str()), s.body_hash.as_str())).collect();
    match old.iter().find(|row| hashes.get(&(row.source, row.event_id)) != Some(&row.body_hash)) {
        Some(row) => Err(reused(row.source, row.event_id)),
        None => Ok(()),
    }
}
