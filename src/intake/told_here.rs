//! What a person at a page or a system at a door of ours tells by itself: a fact like any other, on the same road.
use serde_json::{Value, json};

use super::{
    actions,
    envelope::{Envelope, Sheet},
};
use crate::{
    app::App,
    clock::Timestamp,
    dealerships::Dealership,
    http::{Access, Error, Fault},
};

/// A fact that is told here.
#[derive(Clone, Debug)]
pub struct ToldHere<'a> {
    pub dealership: &'a Dealership,
    pub source: &'static str,
    /// The type of its event.
    pub kind: &'static str,
    /// The same again under this id is the same fact.
    pub id: String,
    pub at: Timestamp,
    pub data: Value,
}

/// As the event that tells of it; everything that needs no transaction is checked. Faults point into the data.
///
/// # Errors
/// What is wrong with it.
pub async fn admit(app: &App, told: ToldHere<'_>) -> Result<Envelope, Error> {
    let at = told.at.to_string();
    let event = json!({"specversion": "1.0", "id": told.id, "source": told.source, "type": told.kind, "time": at,
        "dealership": told.dealership.code, "data": told.data});
    let access = Access::Only(vec![told.dealership.id]);
    let admitted = actions::admit(app, &access, &Sheet::of(vec![event])).await;
    let mut admitted = admitted.map_err(|error| match error {
        Error::Invalid(faults) => Error::Invalid(faults.into_iter().map(as_sent).collect()),
        error => error,
    })?;
    admitted.pop().ok_or(Error::NotFound)
}

/// The same, stored and applied.
///
/// # Errors
/// What is wrong with it, and as of [`actions::take`].
pub async fn take(app: &App, told: ToldHere<'_>) -> Result<(), Error> {
    let envelope = admit(app, told).await?;
    actions::take(app, vec![envelope]).await.map(|_| ())
}

/// What was sent is the data of our event.
fn as_sent(fault: Fault) -> Fault {
    let pointer = fault.pointer.strip_prefix("/0/data").unwrap_or(&fault.pointer).to_owned();
    Fault { pointer, ..fault }
}
