//! Registers who is told of what, changes it, and tells again.
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use super::{
    Endpoint, NewEndpoint, OVERLAP,
    store::{self, deliveries, lane},
};
use crate::{
    app::App,
    clock::Timestamp,
    db::{self, Tx, Weight},
    dealerships::Dealership,
    http::{Access, Error},
    id::{Id, Random},
    jobs,
};

/// More would make every event dear.
const MOST: i64 = 200;
/// Told again in one request.
const MOST_AGAIN: i64 = 10_000;

/// An endpoint, and its secret, which is shown this once.
pub(super) struct Registered {
    pub(super) id: Id<Endpoint>,
    pub(super) secret: String,
}

/// Registers an endpoint: it hears of what happens from now on.
pub(super) async fn register(
    app: &App,
    dealership: Option<Id<Dealership>>,
    wanted: NewEndpoint,
) -> Result<Registered, Error> {
    let (id, secret, now) = (app.ids.next(), secret(&app.ids.random), app.ids.clock.now());
    let kept = secret.clone();
    app.db
        .write(Weight::ONE, move |tx| {
            let (wanted, secret) = (wanted.clone(), kept.clone());
            Box::pin(async move {
                if store::count(tx).await? >= MOST {
                    return Err(Error::Conflict("too_many_endpoints", format!("there are {MOST} already: remove one")));
                }
                Ok(store::insert(tx, id, dealership, &wanted, secret, now).await?)
            })
        })
        .await?;
    Ok(Registered { id, secret })
}

/// What is done with an endpoint.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    Replace(NewEndpoint),
    Enable,
    Disable,
    Remove,
    /// The new secret.
    Rotate(String),
}

/// Does it, where the endpoint is this caller's.
///
/// # Errors
/// 404 when it is not.
pub(super) async fn change(app: &App, access: Access, id: Id<Endpoint>, deed: Deed) -> Result<(), Error> {
    let now = app.ids.clock.now();
    app.db
        .write(Weight::ONE, move |tx| {
            let (access, deed) = (access.clone(), deed.clone());
            Box::pin(async move {
                if !store::lock(tx, &access, id).await? {
                    return Err(Error::NotFound);
                }
                match deed {
                    Deed::Replace(wanted) => store::replace(tx, id, &wanted, now).await?,
                    Deed::Enable => store::enable(tx, id, now).await?,
                    Deed::Disable => store::disable(tx, id, "by_hand", now).await?,
                    Deed::Remove => store::remove(tx, id).await?,
                    Deed::Rotate(secret) => store::rotate(tx, id, secret, now.plus(OVERLAP), now).await?,
                }
                Ok(())
            })
        })
        .await
}

/// What is told again.
#[derive(Clone, Debug)]
pub(super) struct Again {
    /// One event, by its `webhook-id`.
    pub(super) event: Option<String>,
    pub(super) since: Timestamp,
    /// What was taken stays as it is.
    pub(super) failed_only: bool,
}

/// Tells again what ended; how many events that is.
///
/// # Errors
/// 404 for an endpoint that is not this caller's, 409 while it is disabled.
pub(super) async fn replay(app: &App, access: Access, id: Id<Endpoint>, again: Again) -> Result<u64, Error> {
    let now = app.ids.clock.now();
    app.db
        .write(Weight::ONE, move |tx| {
            let (access, again) = (access.clone(), again.clone());
            Box::pin(async move {
                if !store::lock(tx, &access, id).await? {
                    return Err(Error::NotFound);
                }
                let found = store::list(tx, &access, Some(id), None, 1).await?;
                if found.first().is_some_and(|(endpoint, _)| endpoint.state == "disabled") {
                    return Err(Error::Conflict("endpoint_disabled", "enable it first".to_owned()));
                }
                let chosen = (again.event, again.since);
                let told = deliveries::replay(tx, id, chosen, again.failed_only, (now, MOST_AGAIN)).await?;
                tx.ring(jobs::HOOKS);
                Ok(told)
            })
        })
        .await
}

/// How many are due, at most `most`, and since when the first has been.
pub async fn due(tx: &mut Tx, now: Timestamp, most: i64) -> db::Result<(i64, Option<Timestamp>)> {
    lane::due(tx, now, most).await
}

/// Endpoints that are told nothing more because they failed: what `doctor` says.
pub async fn given_up(tx: &mut Tx) -> db::Result<Vec<String>> {
    store::given_up(tx).await
}

/// An endpoint as it is shown, without its secret.
pub(super) fn shown((endpoint, types): &(Endpoint, Vec<String>)) -> serde_json::Value {
    let mut shown = json!(endpoint);
    shown["types"] = types.iter().map(|name| super::parse::outside(name)).collect();
    shown
}

/// 256 bits in the form that Standard Webhooks asks for.
pub(super) fn secret(random: &Random) -> String {
    format!("whsec_{}", STANDARD.encode(random.bytes::<32>()))
}
