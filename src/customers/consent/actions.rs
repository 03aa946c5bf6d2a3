//! The verbs of consent: agree, take back, suppress, lift.
use serde_json::json;

use super::{
    Action, Consent, Purpose, Source, Suppression,
    store::{self, Depth, Reader, Standings},
};
use crate::{
    clock::Timestamp,
    customers::Customer,
    db::{self, Tx},
    dealerships::Dealership,
    desk::Desk,
    http::Access,
    id::Id,
    notices::ChannelName,
    timeline::Entry,
};

pub use super::store::{Depth as HowDeep, Reader as Whom};

/// A word about consent, as somebody said it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub purpose: Purpose,
    pub action: Action,
    pub channel: Option<ChannelName>,
    pub source: Source,
    pub evidence: Option<String>,
    pub text_version: Option<String>,
    pub at: Timestamp,
}

/// A word, with where and of whom it was said and who wrote it down.
pub type Line<'a> = (Id<Dealership>, Id<Customer>, &'a str, &'a Said);

/// Writes words into the ledger, and a line of the record for each.
pub async fn say(
    desk: &mut Desk<'_>,
    (dealership, customer): (Id<Dealership>, Id<Customer>),
    said: &[Said],
    actor: &str,
) -> db::Result<()> {
    let lines: Vec<Line<'_>> = said.iter().map(|word| (dealership, customer, actor, word)).collect();
    say_all(desk, &lines).await
}

/// The same of several customers, in one statement. A word that is in the ledger already adds nothing to it.
pub async fn say_all(desk: &mut Desk<'_>, said: &[Line<'_>]) -> db::Result<()> {
    let mut consents = Vec::with_capacity(said.len());
    for &(dealership, customer, actor, word) in said {
        consents.push(Consent {
            id: desk.id(),
            customer_id: customer,
            contact_point_id: None,
            channel: word.channel,
            purpose: word.purpose,
            action: word.action,
            source: word.source,
            evidence: word.evidence.clone(),
            text_version: word.text_version.clone(),
            actor: actor.to_owned(),
            at: word.at,
            recorded_at: desk.now,
        });
        let what = if word.action == Action::Grant { "consent.granted" } else { "consent.revoked" };
        let mut line = Entry::new(desk.id(), dealership, word.at, what);
        line.customer_id = Some(customer);
        line.actor = Some(actor.to_owned());
        line.detail = json!({"purpose": word.purpose, "channel": word.channel, "source": word.source, "text_version": word.text_version});
        desk.record(line);
    }
    store::insert_consents(desk.tx, &consents).await
}

/// Copies the ledger of somebody who was merged to whoever has everything of theirs. Where the last word of either was no,
/// no is the last word of both: the strictest of the two is kept.
pub async fn follow(
    desk: &mut Desk<'_>,
    dealership: Id<Dealership>,
    from: Id<Customer>,
    into: Id<Customer>,
) -> db::Result<()> {
    let (theirs, own) = (store::ledger(desk.tx, from).await?, store::ledger(desk.tx, into).await?);
    let no = super::taken_back(&theirs, &own);
    let mut copied: Vec<Consent> = theirs;
    for consent in &mut copied {
        (consent.id, consent.customer_id) = (desk.id(), into);
        // An address moves on its own; the word holds for the person.
        consent.recorded_at = desk.now;
    }
    store::insert_consents(desk.tx, &copied).await?;
    let said: Vec<Said> = no
        .into_iter()
        .map(|(purpose, channel)| Said {
            purpose,
            action: Action::Revoke,
            channel,
            source: Source::Event,
            evidence: Some("customer.merged".to_owned()),
            text_version: None,
            at: desk.now,
        })
        .collect();
    say(desk, (dealership, into), &said, "merge").await?;
    store::move_suppressions(desk.tx, from, into).await
}

/// What is no longer to be sent, to a person or to an address.
#[derive(Clone, Debug)]
pub struct NewSuppression {
    pub dealership_id: Id<Dealership>,
    pub customer_id: Option<Id<Customer>>,
    /// With an address it holds for whoever has it.
    pub address: Option<String>,
    pub channel: Option<ChannelName>,
    /// As [`super::is_scope`] takes it.
    pub scope: String,
    pub reason: String,
    pub until: Option<Timestamp>,
    pub by: String,
}

/// Suppresses; effective with this transaction's commit, because whatever leaves is looked at again at the door.
pub async fn suppress(desk: &mut Desk<'_>, wanted: &[NewSuppression]) -> db::Result<Vec<Id<Suppression>>> {
    let mut rows = Vec::with_capacity(wanted.len());
    for one in wanted {
        let row = Suppression {
            id: desk.id(),
            dealership_id: one.dealership_id,
            customer_id: one.customer_id,
            address: one.address.clone(),
            channel: one.channel,
            scope: one.scope.clone(),
            reason: one.reason.clone(),
            until_at: one.until,
            created_by: one.by.clone(),
            created_at: desk.now,
            lifted_by: None,
            lifted_at: None,
            lift_reason: None,
        };
        desk.record(line(desk.id(), &row, desk.now, "suppression.added", &one.by));
        rows.push(row);
    }
    store::insert_suppressions(desk.tx, &rows).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Lifts one, with a reason; None when there is none that `access` sees and that still holds.
pub async fn lift(
    desk: &mut Desk<'_>,
    access: &Access,
    id: Id<Suppression>,
    by: &str,
    reason: Option<String>,
) -> db::Result<Option<Suppression>> {
    let now = desk.now;
    let lifted = store::lift(desk.tx, access, id, (by.to_owned(), reason), now).await?;
    if let Some(lifted) = &lifted {
        desk.record(line(desk.id(), lifted, now, "suppression.lifted", by));
    }
    Ok(lifted)
}

/// Somebody who had said stop asks for messages again; answers whether anything was lifted.
pub async fn start_again(desk: &mut Desk<'_>, address: &str) -> db::Result<bool> {
    let now = desk.now;
    Ok(store::lift_of_address(desk.tx, address, "customer", now).await? > 0)
}

/// What is known of these readers.
pub async fn standings(tx: &mut Tx, readers: &[Reader], depth: Depth, now: Timestamp) -> db::Result<Standings> {
    Standings::read(tx, readers, depth, now).await
}

/// The whole ledger of a customer, the oldest first.
pub async fn ledger(tx: &mut Tx, customer: Id<Customer>) -> db::Result<Vec<Consent>> {
    store::ledger(tx, customer).await
}

/// Suppressions, those that were lifted too.
pub async fn suppressions(
    tx: &mut Tx,
    access: &Access,
    customer: Option<String>,
    page: (Option<String>, i64),
) -> db::Result<Vec<Suppression>> {
    store::list_suppressions(tx, access, customer, page).await
}

fn line(id: Id<Entry>, row: &Suppression, now: Timestamp, what: &str, by: &str) -> Entry {
    let mut line = Entry::new(id, row.dealership_id, now, what);
    line.customer_id = row.customer_id;
    line.actor = Some(by.to_owned());
    line.reason = Some(row.reason.clone());
    line.detail = json!({"suppression": row.id, "scope": row.scope, "channel": row.channel, "until": row.until_at});
    line
}
