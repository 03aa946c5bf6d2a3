//! The verbs of canned replies: kept, taken away, listed.
use serde_json::json;

use super::{super::store, Canned, MOST};
use crate::{
    db::{self, Tx},
    dealerships::{self, Dealership},
    desk::Desk,
    http::{Error, Fault},
    id::Id,
    timeline::Entry,
};

/// All of a dealership's, by their codes.
pub async fn all(tx: &mut Tx, dealership: Id<Dealership>) -> db::Result<Vec<Canned>> {
    store::canned(tx, dealership).await
}

/// Keeps one as it is now, in exactly these languages.
///
/// # Errors
/// 422 with what is wrong with it, or when there are too many.
pub async fn keep(desk: &mut Desk<'_>, dealership: Id<Dealership>, one: &Canned, actor: &str) -> Result<(), Error> {
    let mut faults = one.faults();
    // Two who save it at once would each leave the other's languages in it.
    dealerships::actions::hold(desk.tx, dealership).await?;
    let known = store::canned(desk.tx, dealership).await?;
    if known.len() >= MOST && known.iter().all(|known| known.code != one.code) {
        let message = format!("there are {MOST} already: take one away first");
        faults.push(Fault { pointer: "/code".to_owned(), code: "too_many", message });
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    store::remove_canned(desk.tx, dealership, &one.code).await?;
    store::save_canned(desk.tx, dealership, one, desk.now).await?;
    record(desk, dealership, "canned_reply.changed", &one.code, actor);
    Ok(())
}

/// Takes one away; false when there is none of that code.
pub async fn remove(desk: &mut Desk<'_>, dealership: Id<Dealership>, code: &str, actor: &str) -> db::Result<bool> {
    let is_gone = store::remove_canned(desk.tx, dealership, code).await? > 0;
    if is_gone {
        record(desk, dealership, "canned_reply.removed", code, actor);
    }
    Ok(is_gone)
}

fn record(desk: &mut Desk<'_>, dealership: Id<Dealership>, what: &str, code: &str, actor: &str) {
    let mut line = Entry::new(desk.id(), dealership, desk.now, what);
    line.actor = Some(actor.to_owned());
    line.detail = json!({"code": code});
    desk.record(line);
}
