//! The verbs of staff.
use std::collections::BTreeSet;

use super::{Staff, store};
use crate::{
    app::App,
    db::{self, Tx, Weight},
    dealerships::{self, Dealership},
    desk::{self, Desk},
    http::{Error, Fault},
    id::Id,
    timeline::Entry,
};

/// Why people cannot be stored as they are wanted.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Who is to stand in for the one of this ref cannot.
    #[error("{of}: substitute: {} {}", .fault.code, .fault.message)]
    Substitute { of: String, fault: Fault },
    #[error(transparent)]
    Database(#[from] db::Error),
}

impl Refused {
    fn substitute(of: &str, code: &'static str, message: String) -> Self {
        Self::Substitute { of: of.to_owned(), fault: Fault { pointer: "/substitute".to_owned(), code, message } }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Substitute { fault, .. } => Self::Invalid(vec![fault]),
            Refused::Database(error) => Self::Database(error),
        }
    }
}

/// Stores everybody of `wanted` under their `ref`, and says so in the record where that changes anything; a known `ref` keeps
/// its id. Who stands in for somebody may come later in the list. Their ids in the same order.
///
/// # Errors
/// A substitute who is not known at the dealership, or whose own substitutes lead back to whom they are to stand in for.
pub async fn put_all(desk: &mut Desk<'_>, wanted: &[Staff], actor: &str) -> Result<Vec<Id<Staff>>, Refused> {
    // Two who name each other in the same moment would each see no circle.
    let houses: BTreeSet<_> = wanted.iter().filter(|it| it.substitute.is_some()).map(|it| it.dealership_id).collect();
    for house in houses {
        dealerships::actions::hold(desk.tx, house).await?;
    }
    let mut stored = Vec::with_capacity(wanted.len());
    for person in wanted {
        let before = store::find(desk.tx, person.dealership_id, &person.reference).await?;
        let id = match &before {
            Some(before) => before.id,
            None => store::upsert(desk.tx, person, None, desk.now).await?,
        };
        stored.push((Staff { id, ..person.clone() }, before));
    }
    for (person, before) in &stored {
        if before.as_ref() == Some(person) {
            continue;
        }
        let substitute = match &person.substitute {
            Some(named) => Some(substitute(desk, person, named).await?),
            None => None,
        };
        if before.is_some() || substitute.is_some() {
            store::upsert(desk.tx, person, substitute, desk.now).await?;
        }
        let what = if before.is_some() { "staff.changed" } else { "staff.added" };
        let mut entry = Entry::new(desk.id(), person.dealership_id, desk.now, what);
        entry.actor = Some(actor.to_owned());
        entry.detail =
            serde_json::json!({ "staff": person.id, "fields": before.as_ref().map(|before| changed(before, person)) });
        desk.record(entry);
    }
    for (person, _) in stored.iter().filter(|(person, _)| person.substitute.is_some()) {
        no_circle(desk, person).await?;
    }
    Ok(stored.into_iter().map(|(person, _)| person.id).collect())
}

async fn substitute(desk: &mut Desk<'_>, person: &Staff, named: &str) -> Result<Id<Staff>, Refused> {
    let found = store::find_id(desk.tx, person.dealership_id, named).await?;
    found.ok_or_else(|| {
        let message = format!("{named} is nobody's ref at this dealership: add them first");
        Refused::substitute(&person.reference, "unknown_substitute", message)
    })
}

/// Whoever stands in for somebody must not, by way of others, be stood in for by them.
async fn no_circle(desk: &mut Desk<'_>, person: &Staff) -> Result<(), Refused> {
    let mut seen = BTreeSet::new();
    let mut next = store::substitute_of(desk.tx, person.id).await?;
    while let Some(id) = next.filter(|id| seen.insert(*id)) {
        if id == person.id {
            let message = "leads back to whom they are to stand in for: choose somebody outside of the circle";
            return Err(Refused::substitute(&person.reference, "circle", message.to_owned()));
        }
        next = store::substitute_of(desk.tx, id).await?;
    }
    Ok(())
}

/// The names of the fields in which two differ.
fn changed(before: &Staff, after: &Staff) -> Vec<String> {
    let fields = |it| serde_json::to_value(it).unwrap_or_default();
    let (before, after) = (fields(before), fields(after));
    let names = after.as_object().into_iter().flat_map(|object| object.keys());
    names.filter(|name| before.get(name) != after.get(name)).cloned().collect()
}

/// [`put_all`] for one, in a transaction of its own, for the doors.
///
/// # Errors
/// 422 for a substitute who cannot be one.
pub async fn put_now(app: &App, wanted: Staff, actor: String) -> Result<Staff, Error> {
    let person = wanted.clone();
    let id = desk::at(app, Weight::ONE, move |desk| {
        let (wanted, actor) = (wanted.clone(), actor.clone());
        Box::pin(async move { put_all(desk, &[wanted], &actor).await })
    })
    .await?;
    Ok(Staff { id: id.first().copied().unwrap_or(person.id), ..person })
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

/// The one with this `ref`.
pub async fn find_by_ref(tx: &mut Tx, dealership_id: Id<Dealership>, reference: &str) -> db::Result<Option<Staff>> {
    store::find(tx, dealership_id, reference).await
}

/// The id of the one with this `ref`.
pub async fn find_id(tx: &mut Tx, dealership_id: Id<Dealership>, reference: &str) -> db::Result<Option<Id<Staff>>> {
    store::find_id(tx, dealership_id, reference).await
}

/// The active people of a dealership who have a role, in the order in which they came; a dozen at most are told of one thing.
pub async fn with_role(tx: &mut Tx, dealership_id: Id<Dealership>, role: &str) -> db::Result<Vec<Id<Staff>>> {
    store::with_role(tx, dealership_id, role).await
}

/// The active people of a dealership who have a role, with their shifts.
pub async fn having_role(tx: &mut Tx, dealership_id: Id<Dealership>, role: &str) -> db::Result<Vec<Staff>> {
    let active = store::active(tx, dealership_id).await?.into_iter();
    Ok(active.filter(|person| person.roles.iter().any(|has| has == role)).collect())
}

/// The active people of a dealership who have a skill, with their shifts.
pub async fn having_skill(tx: &mut Tx, dealership_id: Id<Dealership>, skill: &str) -> db::Result<Vec<Staff>> {
    let active = store::active(tx, dealership_id).await?.into_iter();
    Ok(active.filter(|person| person.skills.iter().any(|has| has == skill)).collect())
}

/// Everybody of a dealership, the inactive too.
pub async fn all_of(tx: &mut Tx, dealership_id: Id<Dealership>) -> db::Result<Vec<Staff>> {
    store::all_of(tx, dealership_id).await
}
