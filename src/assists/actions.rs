//! The verbs of help: ask, ask again, ask those above, answer.
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{
    Answer, Asked, Assist, Read, State, Thing, store,
    telling::{self, Readers, line},
};
use crate::{
    app::App,
    clocks::{Clock, ClockKind, actions as clocks},
    db::{self, Tx, Weight},
    dealerships::{self, Dealership},
    desk::{
        self, Desk,
        asked::{self, answered_already},
    },
    http::{Access, Error},
    id::{self, Id},
    notices::{
        readings::Reading,
        words::{About, assist},
    },
    repairs::actions::{PastVisit, Whose, last_visits},
    rights,
};

/// The clock after which who was asked is asked again, and the one after which those above them are asked too.
const REMIND: &str = "remind";
const ESCALATE: &str = "escalate";

/// What came of asking.
#[derive(Debug)]
pub enum Taken {
    Asked(Read),
    /// It was asked before under the same key.
    Replayed(Read),
}

impl Taken {
    pub fn read(self) -> Read {
        match self {
            Self::Asked(read) | Self::Replayed(read) => read,
        }
    }
}

/// Asks a colleague for help. The same key of the same sender asks once.
///
/// # Errors
/// 422 where the subject or who asks is not known there, where nobody needs help with it any more, and for another request
/// under a used key; the database's.
pub async fn ask(
    app: &App,
    dealership: &Arc<Dealership>,
    told: Asked,
    key: Option<String>,
    actor: String,
) -> Result<Taken, Error> {
    let key = key.map(|key| id::hex(&Sha256::digest(format!("{actor}\n{key}"))));
    let mut tx = app.db.read().await?;
    let thing = store::thing(&mut tx, dealership.id, told.thing, &told.reference).await?;
    let thing = thing.ok_or_else(|| Error::invalid("/subject", "unknown_subject", "is nothing of that kind here"))?;
    let by = asked::who(&mut tx, dealership.id, &told.by).await?;
    drop(tx);
    let assist = Assist {
        id: app.ids.next(),
        dealership_id: dealership.id,
        subject_type: told.thing,
        subject_id: thing.id,
        asked_of: told.of,
        asked_by: by,
        words: told.words,
        idempotency_key: key,
        state: State::Open,
        asked_at: app.ids.clock.now(),
        reminded_at: None,
        escalated_at: None,
        answered_at: None,
        answered_by: None,
        answer: None,
    };
    if let Some(before) = before(app, &assist).await? {
        return Ok(Taken::Replayed(before));
    }
    if told.thing.is_over(&thing.state) {
        let message = format!("{} is over: nobody can help with it any more", thing.reference);
        return Err(Error::invalid("/subject", "subject_over", message));
    }
    let (new, house) = (assist.clone(), Arc::clone(dealership));
    let is_first = desk::at::<_, db::Error>(app, Weight::ONE, move |desk| {
        let (assist, dealership, actor) = (new.clone(), Arc::clone(&house), actor.clone());
        Box::pin(async move {
            rights::actions::hold_off(desk.tx).await?;
            if !store::insert(desk.tx, &assist).await? {
                return Ok(false);
            }
            let id = assist.id.to_string();
            for read in store::list_by_id(desk.tx, std::slice::from_ref(&id)).await? {
                desk.record(line(desk, &read, "assist.asked", Some(actor.clone())));
                telling::ask(desk, &dealership, &read, ("assist.asked", Readers::Asked)).await?;
            }
            let rules = &Arc::clone(&desk.config).assists;
            let waits = [(REMIND, rules.remind_after.signed()), (ESCALATE, rules.escalate_after.signed())];
            asked::wait(desk, &dealership, (ClockKind::Assist, &id), &waits).await?;
            Ok(true)
        })
    })
    .await?;
    if is_first {
        return one(app, &Access::All, &assist.id.to_string()).await.map(Taken::Asked);
    }
    before(app, &assist).await?.map(Taken::Replayed).ok_or(Error::NotFound)
}

/// What was asked under the key of this one.
async fn before(app: &App, assist: &Assist) -> Result<Option<Read>, Error> {
    let Some(key) = &assist.idempotency_key else { return Ok(None) };
    let found = store::with_key(&mut app.db.read().await?, assist.dealership_id, key).await?;
    let Some(id) = found else { return Ok(None) };
    let read = one(app, &Access::All, &id.to_string()).await?;
    let what = |one: &Assist| (one.subject_id.clone(), one.asked_of, one.asked_by, one.words.clone());
    if what(&read.assist) != what(assist) {
        let message = "this Idempotency-Key was used for another request: send a new one for each that is wanted";
        return Err(Error::invalid("", "idempotency_key_reused", message));
    }
    Ok(Some(read))
}

/// Nobody has answered: who was asked is asked again, and later those above them are asked too.
pub async fn remind(desk: &mut Desk<'_>, rung: &[Clock]) -> db::Result<()> {
    let ids: Vec<String> = rung.iter().map(|clock| clock.subject_id.clone()).collect();
    let read = store::list_by_id(desk.tx, &ids).await?;
    for clock in rung {
        let found = read.iter().find(|read| read.assist.id.to_string() == clock.subject_id);
        let Some(read) = found.filter(|read| read.waits()) else { continue };
        let Some(dealership) = dealerships::actions::find(desk.tx, read.assist.dealership_id).await? else { continue };
        let (what, readers) = if clock.key == ESCALATE {
            store::mark_escalated(desk.tx, read.assist.id, desk.now).await?;
            ("assist.escalated", Readers::Above)
        } else {
            store::mark_reminded(desk.tx, read.assist.id, desk.now).await?;
            ("assist.still_asked", Readers::Asked)
        };
        desk.record(line(desk, read, what, None));
        telling::ask(desk, &Arc::new(dealership), read, (what, readers)).await?;
    }
    Ok(())
}

/// Notes the answer, and tells who asked.
///
/// # Errors
/// 404 where there is no such request; 409 when it is answered already; 422 where nobody of that ref works there, and for who
/// asked: an answer is somebody else's.
pub async fn answer(app: &App, access: &Access, id: &str, said: Answer, actor: String) -> Result<Read, Error> {
    let read = one(app, access, id).await?;
    if read.assist.state != State::Open {
        return Err(answered_already());
    }
    let by = asked::who(&mut app.db.read().await?, read.assist.dealership_id, &said.by).await?;
    if by == read.assist.asked_by {
        return Err(Error::invalid("/by", "own_request", "asked for help: somebody else answers"));
    }
    let dealership = app.directory.by_id(read.assist.dealership_id).await?.ok_or(Error::NotFound)?;
    let words = said.answer;
    let written = desk::at::<_, db::Error>(app, Weight::ONE, move |desk| {
        let (read, words, dealership, actor) = (read.clone(), words.clone(), Arc::clone(&dealership), actor.clone());
        Box::pin(async move {
            rights::actions::hold_off(desk.tx).await?;
            if !store::answer(desk.tx, read.assist.id, by, &words, desk.now).await? {
                return Ok(false);
            }
            desk.record(line(desk, &read, "assist.answered", Some(actor)));
            clocks::stop(desk, &[read.assist.id.to_string()], &[ClockKind::Assist]).await?;
            telling::answered(desk, &dealership, &read).await?;
            Ok(true)
        })
    })
    .await?;
    if written { one(app, access, id).await } else { Err(answered_already()) }
}

/// One request that `access` may see.
///
/// # Errors
/// 404 where there is none; the database's.
pub async fn one(app: &App, access: &Access, id: &str) -> Result<Read, Error> {
    let id: Id<Assist> = id.parse().map_err(|_| Error::NotFound)?;
    let found = store::list_by_id(&mut app.db.read().await?, &[id.to_string()]).await?.pop();
    found.filter(|read| access.allows(read.assist.dealership_id)).ok_or(Error::NotFound)
}

/// Those that wait for an answer, the oldest first.
pub(super) async fn open(tx: &mut Tx, access: &Access, after: Option<String>, most: i64) -> db::Result<Vec<Read>> {
    store::list_open(tx, access, after, most).await
}

/// Those about one thing, the oldest first; and what the thing is called.
///
/// # Errors
/// 404 where there is no such thing.
pub(super) async fn about(
    tx: &mut Tx,
    dealership: Id<Dealership>,
    (thing, reference): (Thing, &str),
    (after, most): (Option<String>, i64),
) -> Result<(String, Vec<Read>), Error> {
    let found = store::thing(tx, dealership, thing, reference).await?.ok_or(Error::NotFound)?;
    Ok((found.reference, store::list_of(tx, dealership, &found.id, after, most).await?))
}

/// The last visit of a request's car, other than the one that it is about.
pub(super) async fn last_visit(tx: &mut Tx, read: &Read) -> db::Result<Option<PastVisit>> {
    let Some(car) = read.vehicle_id else { return Ok(None) };
    let visits = last_visits(tx, Whose::Vehicle(car)).await?;
    Ok(visits.into_iter().find(|visit| visit.id.to_string() != read.assist.subject_id))
}

/// Requests as their letters need them (BR-13).
pub async fn for_letters(tx: &mut Tx, ids: &[String]) -> db::Result<Vec<Reading>> {
    let mut readings = Vec::new();
    for read in store::list_by_id(tx, ids).await? {
        let last = last_visit(tx, &read).await?.map(|visit| assist::Last {
            jobs: jobs(&visit),
            reference: visit.reference,
            opened_at: visit.opened_at,
        });
        readings.push(reading(read, last));
    }
    Ok(readings)
}

/// What was done on a visit, by name.
pub(super) fn jobs(visit: &PastVisit) -> Vec<String> {
    let jobs = visit.jobs.as_array().into_iter().flatten();
    jobs.filter_map(|job| job["name"].as_str()).map(str::to_owned).collect()
}

fn reading(read: Read, last: Option<assist::Last>) -> Reading {
    let state = match read.assist.state {
        State::Answered if !read.assist.words.is_empty() => "answered",
        State::Open if read.waits() => "open",
        State::Open | State::Answered => "over",
    };
    let facts = assist::Facts {
        subject: read.assist.subject_type.word().to_owned(),
        words: Some(read.assist.words),
        vin: read.vin,
        last,
        asked_at: Some(read.assist.asked_at),
        again: false,
        answer: read.assist.answer,
        answered_by: read.answerer.or(read.answerer_ref),
    };
    Reading {
        subject_id: read.assist.id.to_string(),
        state: state.to_owned(),
        revision: 0,
        advisor: read.asker.or(Some(read.asker_ref)),
        plate: read.plate,
        model_code: read.model_code,
        model_year: read.model_year,
        about: Some(About::Assist(facts)),
    }
}
