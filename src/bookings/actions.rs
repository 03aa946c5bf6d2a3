//! The verbs of booking by hand: whether it may be done here, what would be found wrong with it, and the booking itself.
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Book, SOURCE, Wanted};
use crate::{
    app::App,
    appointments::{self, api::Shown},
    clock::Timestamp,
    db::{self, Tx},
    dealerships::Dealership,
    http::{Access, Error},
    id,
    intake::{
        self,
        envelope::Envelope,
        told_here::{self, ToldHere},
    },
};

/// What became of it.
#[derive(Debug)]
pub enum Booked {
    Now(Shown),
    /// The same was booked before under this key.
    Before(Shown),
}

/// Whether the book is kept here: as the dealership's rules say, else unless another system tells of appointments ahead.
pub async fn is_ours(tx: &mut Tx, dealership: &Dealership, now: Timestamp) -> db::Result<bool> {
    match Book::of(dealership) {
        Book::Here => Ok(true),
        Book::Elsewhere => Ok(false),
        Book::WhoeverTells => {
            let told = appointments::actions::tellers_of_what_is_ahead(tx, dealership.id, now).await?;
            Ok(told.iter().all(|source| source == SOURCE))
        }
    }
}

/// Books it, once for each key.
///
/// # Errors
/// 409 `book_elsewhere`, 422 with what is wrong with the booking, and `idempotency_key_reused` for another one under a key.
pub async fn book(app: &App, dealership: &Dealership, wanted: &Wanted) -> Result<Booked, Error> {
    if let Some(before) = before(app, dealership, wanted).await? {
        return Ok(Booked::Before(before));
    }
    let envelope = envelope(app, dealership, wanted).await?;
    match intake::actions::take(app, vec![envelope]).await {
        // Two requests with one key at once: the other was first.
        Err(Error::Conflict("event_id_reused", _)) => {
            before(app, dealership, wanted).await?.map(Booked::Before).ok_or(Error::NotFound)
        }
        Err(error) => Err(error),
        Ok(_) => shown(&mut app.db.read().await?, dealership, wanted).await.map(Booked::Now),
    }
}

/// The appointment as it would be, with everything that would be found wrong with it (BR-06 to BR-10); nothing is stored.
///
/// # Errors
/// As of [`book`].
pub async fn rehearse(app: &App, dealership: &Dealership, wanted: &Wanted) -> Result<Shown, Error> {
    let envelope = envelope(app, dealership, wanted).await?;
    let (dealership, wanted) = (dealership.clone(), wanted.clone());
    intake::actions::rehearse(app, vec![envelope], move |tx| {
        let (dealership, wanted) = (dealership.clone(), wanted.clone());
        Box::pin(async move { shown(tx, &dealership, &wanted).await })
    })
    .await
}

/// As the event that tells of it; everything that needs no transaction is checked.
async fn envelope(app: &App, dealership: &Dealership, wanted: &Wanted) -> Result<Envelope, Error> {
    if !is_ours(&mut app.db.read().await?, dealership, wanted.at).await? {
        let message = "another system keeps this dealership's book: book there, and it is heard of here".to_owned();
        return Err(Error::Conflict("book_elsewhere", message));
    }
    let mut data = wanted.data.clone();
    if !data.is_object() {
        return Err(Error::invalid("", "wrong_type", "must be an object"));
    }
    let start = data["start_at"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
    if start.is_some_and(|start| start <= wanted.at) {
        return Err(Error::invalid("/start_at", "not_ahead", "must be later than now"));
    }
    data["ref"] = json!(reference(dealership, wanted));
    data["asked_hash"] = json!(hash(&wanted.data.to_string()));
    data["taken_by"] = json!(wanted.by);
    for (key, value) in [("booked_at", json!(wanted.at.to_string())), ("channel", json!("phone"))] {
        if data[key].is_null() {
            data[key] = value;
        }
    }
    let (id, at) = (event_id(dealership, wanted), wanted.at);
    told_here::admit(app, ToldHere { dealership, source: SOURCE, kind: "appointment.booked", id, at, data }).await
}

fn hash(text: &str) -> String {
    id::hex(&Sha256::digest(text))
}

/// Whoever books has their own keys, at each dealership.
fn event_id(dealership: &Dealership, wanted: &Wanted) -> String {
    hash(&format!("{}\n{}\n{}", wanted.by, wanted.key, dealership.code))
}

/// Short enough to be said on the telephone; the same for the same key.
fn reference(dealership: &Dealership, wanted: &Wanted) -> String {
    format!("B-{}", event_id(dealership, wanted)[..10].to_uppercase())
}

/// What was booked under this key already.
async fn before(app: &App, dealership: &Dealership, wanted: &Wanted) -> Result<Option<Shown>, Error> {
    let mut tx = app.db.read().await?;
    let Some(body) = intake::actions::body_of(&mut tx, SOURCE, &event_id(dealership, wanted)).await? else {
        return Ok(None);
    };
    let stored: Value = serde_json::from_str(&body).unwrap_or_default();
    if stored["data"]["asked_hash"] != json!(hash(&wanted.data.to_string())) {
        let message = "this Idempotency-Key was used for another booking: send a new one for each that is wanted";
        return Err(Error::invalid("", "idempotency_key_reused", message));
    }
    shown(&mut tx, dealership, wanted).await.map(Some)
}

async fn shown(tx: &mut Tx, dealership: &Dealership, wanted: &Wanted) -> Result<Shown, Error> {
    let access = Access::Only(vec![dealership.id]);
    appointments::api::find(tx, &access, &reference(dealership, wanted), Some(&dealership.code)).await
}
