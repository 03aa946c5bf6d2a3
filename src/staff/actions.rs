//! The verbs of staff.
use super::{Staff, store};
use crate::{
    app::App,
    db::{self, Tx, Weight},
    dealerships::Dealership,
    desk::{self, Desk},
    id::Id,
    timeline::Entry,
};

/// Stores `wanted` under their `ref`, and says so in the record when that changes anything; a known `ref` keeps its id.
pub async fn put(desk: &mut Desk<'_>, wanted: Staff, actor: &str) -> db::Result<Staff> {
    let mut wanted = wanted;
    let before = store::find(desk.tx, wanted.dealership_id, &wanted.reference).await?;
    if let Some(before) = &before {
        wanted.id = before.id;
        if *before == wanted {
            return Ok(wanted);
        }
    }
    wanted.id = store::upsert(desk.tx, &wanted, desk.now).await?;
    let what = if before.is_some() { "staff.changed" } else { "staff.added" };
    let mut entry = Entry::new(desk.id(), wanted.dealership_id, desk.now, what);
    entry.actor = Some(actor.to_owned());
    entry.detail = serde_json::json!({ "staff": wanted.id });
    desk.record(entry);
    Ok(wanted)
}

/// [`put`] in a transaction of its own, for the doors.
pub async fn put_now(app: &App, wanted: Staff, actor: String) -> db::Result<Staff> {
    desk::at(app, Weight::ONE, move |desk| {
        let (wanted, actor) = (wanted.clone(), actor.clone());
        Box::pin(async move { put(desk, wanted, &actor).await })
    })
    .await
}

/// The advisor a fact names; somebody unknown gets an inactive row without a name. One statement for those who are known:
/// ask [`super::Roster::known`] before the transaction to save it.
pub async fn advisor(desk: &mut Desk<'_>, dealership_id: Id<Dealership>, reference: &str) -> db::Result<Id<Staff>> {
    if let Some(id) = store::find_id(desk.tx, dealership_id, reference).await? {
        return Ok(id);
    }
    let id = desk.id();
    store::insert_unknown(desk.tx, id, (dealership_id, reference), &["advisor"], desk.now).await
}

/// A technician whom a fact names; somebody unknown gets an inactive row without a name and without a role.
pub async fn technician(desk: &mut Desk<'_>, dealership_id: Id<Dealership>, reference: &str) -> db::Result<Id<Staff>> {
    if let Some(id) = store::find_id(desk.tx, dealership_id, reference).await? {
        return Ok(id);
    }
    let id = desk.id();
    store::insert_unknown(desk.tx, id, (dealership_id, reference), &[], desk.now).await
}

/// The one with this id.
pub async fn find(tx: &mut Tx, id: Id<Staff>) -> db::Result<Option<Staff>> {
    store::find_by_id(tx, id).await
}

/// The id of the one with this `ref`.
pub async fn find_id(tx: &mut Tx, dealership_id: Id<Dealership>, reference: &str) -> db::Result<Option<Id<Staff>>> {
    store::find_id(tx, dealership_id, reference).await
}

/// The active people of a dealership who have a role, in the order in which they came; a dozen at most are told of one thing.
pub async fn with_role(tx: &mut Tx, dealership_id: Id<Dealership>, role: &str) -> db::Result<Vec<Id<Staff>>> {
    store::with_role(tx, dealership_id, role).await
}

/// Everybody of a dealership, the inactive too.
pub async fn all_of(tx: &mut Tx, dealership_id: Id<Dealership>) -> db::Result<Vec<Staff>> {
    store::all_of(tx, dealership_id).await
}
