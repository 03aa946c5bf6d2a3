//! Two who are one: suggested where they share an address, done only when somebody says so.
use std::collections::BTreeSet;

use serde_json::json;

use super::{ContactPoint, Customer, consent, store::merging as store};
use crate::{
    appointments,
    db::{self, Tx},
    dealerships::Dealership,
    desk::Desk,
    http::{Access, Error},
    id::Id,
    intake::Event,
    rights,
    timeline::Entry,
};

/// Suggests whom the owners of these new addresses may be one with; never merges by itself, because families share a phone.
pub(super) async fn suggest(desk: &mut Desk<'_>, added: &[&ContactPoint]) -> db::Result<()> {
    if added.is_empty() {
        return Ok(());
    }
    for alike in store::suggest(desk.tx, added, desk.now).await? {
        let mut line = Entry::new(desk.id(), alike.dealership_id, desk.now, "customer.merge_suggested");
        line.customer_id = Some(alike.customer_id);
        line.reason = Some(alike.because);
        line.detail = json!({"other": alike.other_id});
        desk.record(line);
    }
    Ok(())
}

/// Who says that two are one.
#[derive(Clone, Copy, Debug)]
pub struct Word<'a> {
    pub dealership: Id<Dealership>,
    pub event_id: Option<Id<Event>>,
    pub actor: &'a str,
}

/// Makes two customers one: everything of `from` is `into`'s, and whoever asks for `from` is shown `into`. Of consent and
/// suppression the strictest of the two holds. False when they are one already.
pub async fn merge(desk: &mut Desk<'_>, from: Id<Customer>, into: Id<Customer>, word: Word<'_>) -> db::Result<bool> {
    if from == into {
        return Ok(false);
    }
    consent::actions::follow(desk, word.dealership, from, into).await?;
    store::merge(desk.tx, from, into, desk.now).await?;
    let mut line = Entry::new(desk.id(), word.dealership, desk.now, "customer.merged");
    line.customer_id = Some(into);
    line.event_id = word.event_id;
    line.actor = Some(word.actor.to_owned());
    line.detail = json!({"merged": from});
    desk.record(line);
    // What is known of the one may be what the other's booking lacks.
    appointments::actions::look_again(desk, &BTreeSet::from([into]), &BTreeSet::new()).await?;
    Ok(true)
}

/// The same at a person's word, who has read of the two before: the first statement of a unit. False when they are one already.
///
/// # Errors
/// 409 `not_two`: meanwhile one of them was erased, or made one with somebody.
pub async fn merge_as_said(
    desk: &mut Desk<'_>,
    from: Id<Customer>,
    into: Id<Customer>,
    word: Word<'_>,
) -> Result<bool, Error> {
    if from == into {
        return Ok(false);
    }
    rights::actions::hold_off(desk.tx).await?;
    if store::lock_apart(desk.tx, [from, into]).await?.len() < 2 {
        let message = "one of the two is erased, or was made one with somebody meanwhile: look at both again";
        return Err(Error::Conflict("not_two", message.to_owned()));
    }
    Ok(merge(desk, from, into, word).await?)
}

/// Whom a customer may be one with.
///
/// # Errors
/// 404 when `access` sees no such customer.
pub(super) async fn suggested(
    tx: &mut Tx,
    access: &Access,
    reference: &str,
    dealership: Option<&str>,
) -> Result<Vec<store::Suggested>, Error> {
    let customer = super::actions::one(tx, access, reference, dealership).await?;
    Ok(store::suggested(tx, customer.id).await?)
}
