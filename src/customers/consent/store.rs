//! The SQL of consent and suppression.
use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::{Consent, Suppression, permission::Standing};
use crate::{
    clock::Timestamp,
    customers::Customer,
    db::{Result, Tx},
    http::Access,
    id::Id,
    messages::Message,
    rows,
};

/// Adds lines to the ledger; the same word told again is the same line.
pub(super) async fn insert_consents(tx: &mut Tx, consents: &[Consent]) -> Result<()> {
    if consents.is_empty() {
        return Ok(());
    }
    tx.sql(rows!(
        "INSERT INTO consents (id, customer_id, contact_point_id, channel, purpose, action, source, evidence, text_version, actor, at, recorded_at)
         SELECT j.id, j.customer_id, j.contact_point_id, j.channel, j.purpose, j.action, j.source, j.evidence, j.text_version, j.actor, j.at,
            j.recorded_at FROM ",
        (id text, customer_id text, contact_point_id text, channel text, purpose text, action text, source text, evidence text,
         text_version text, actor text, at timestamptz, recorded_at timestamptz),
        " WHERE NOT EXISTS (SELECT 1 FROM consents c WHERE c.customer_id = j.customer_id AND c.purpose = j.purpose AND c.action = j.action
            AND c.at = j.at AND (c.channel = j.channel OR (c.channel IS NULL AND j.channel IS NULL)))"
    ))
    .bind_rows(consents)
    .execute()
    .await?;
    Ok(())
}

pub(super) async fn insert_suppressions(tx: &mut Tx, suppressions: &[Suppression]) -> Result<()> {
    if suppressions.is_empty() {
        return Ok(());
    }
    tx.sql(rows!(
        "INSERT INTO suppressions (id, dealership_id, customer_id, address, target, channel, scope, reason, until_at, created_by, created_at)
         SELECT j.id, j.dealership_id, j.customer_id, j.address, coalesce(j.address, j.customer_id), j.channel, j.scope, j.reason, j.until_at, j.created_by, j.created_at FROM ",
        (id text, dealership_id text, customer_id text, address text, channel text, scope text, reason text, until_at timestamptz,
         created_by text, created_at timestamptz),
        ""
    ))
    .bind_rows(suppressions)
    .execute()
    .await?;
    Ok(())
}

/// What was suppressed of one customer is of another.
pub(super) async fn move_suppressions(tx: &mut Tx, from: Id<Customer>, into: Id<Customer>) -> Result<()> {
    tx.sql("UPDATE suppressions SET customer_id = $2, target = CASE WHEN address IS NULL THEN $2 ELSE target END WHERE customer_id = $1")
        .bind(from)
        .bind(into)
        .execute()
        .await
        .map(drop)
}

/// Lifts one; None when there is none, or it was lifted before.
pub(super) async fn lift(
    tx: &mut Tx,
    access: &Access,
    id: Id<Suppression>,
    (by, reason): (String, Option<String>),
    now: Timestamp,
) -> Result<Option<Suppression>> {
    tx.sql(
        "UPDATE suppressions SET lifted_by = $1, lift_reason = $2, lifted_at = $3 WHERE id = $4 AND lifted_at IS NULL
            AND ($5 IS NULL OR dealership_id = $5)
         RETURNING id, dealership_id, customer_id, address, channel, scope, reason, until_at, created_by, created_at, lifted_by, lifted_at, lift_reason",
    )
    .bind(by)
    .bind(reason)
    .bind(now)
    .bind(id)
    .bind(access.one())
    .optional()
    .await
}

/// Lifts what an address said stop to; answers how many.
pub(super) async fn lift_of_address(tx: &mut Tx, address: &str, by: &str, now: Timestamp) -> Result<u64> {
    tx.sql("UPDATE suppressions SET lifted_by = $1, lift_reason = 'asked_again', lifted_at = $2 WHERE target = $3 AND lifted_at IS NULL AND reason = 'stop'")
        .bind(by.to_owned())
        .bind(now)
        .bind(address.to_owned())
        .execute()
        .await
}

/// Suppressions in the order of their ids, of a customer where one is named.
pub(super) async fn list_suppressions(
    tx: &mut Tx,
    access: &Access,
    customer: Option<String>,
    (after, limit): (Option<String>, i64),
) -> Result<Vec<Suppression>> {
    tx.sql(
        "SELECT id, dealership_id, customer_id, address, channel, scope, reason, until_at, created_by, created_at, lifted_by, lifted_at, lift_reason
         FROM suppressions WHERE ($1 IS NULL OR dealership_id = $1) AND ($2 IS NULL OR customer_id = $2) AND ($3 IS NULL OR id > $3)
         ORDER BY id LIMIT $4",
    )
    .bind(access.one())
    .bind(customer)
    .bind(after)
    .bind(limit)
    .all()
    .await
}

/// The whole ledger of a customer, the oldest first.
pub(super) async fn ledger(tx: &mut Tx, customer: Id<Customer>) -> Result<Vec<Consent>> {
    tx.sql(
        "SELECT id, customer_id, contact_point_id, channel, purpose, action, source, evidence, text_version, actor, at, recorded_at
         FROM consents WHERE customer_id = $1 ORDER BY at, recorded_at, id",
    )
    .bind(customer)
    .all()
    .await
}

/// A message that counts against a cap: whose, its class, whether sent at once, when it was made.
type SentRow = (Id<Customer>, Option<String>, Option<bool>, Timestamp);

/// Whom a question is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Reader {
    pub customer_id: Id<Customer>,
    pub address: Option<String>,
}

/// What the record knows of several readers, read at once.
#[derive(Clone, Debug, Default)]
pub struct Standings {
    of_customer: HashMap<Id<Customer>, Vec<Suppression>>,
    of_address: HashMap<String, Vec<Suppression>>,
    consents: HashMap<Id<Customer>, Vec<Consent>>,
    /// Class, whether it was immediate, and when it was written.
    sent: HashMap<Id<Customer>, Vec<(String, bool, Timestamp)>>,
}

/// How much of the record a question needs: a confirmation needs no consent and counts for no cap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    pub consents: bool,
    pub counts: bool,
}

impl Standings {
    /// Reads what `depth` asks for; one statement for suppressions, one more for consents, one for what was sent lately.
    pub async fn read(tx: &mut Tx, readers: &[Reader], depth: Depth, now: Timestamp) -> Result<Self> {
        let mut found = Self::default();
        if readers.is_empty() {
            return Ok(found);
        }
        let targets: HashSet<String> = readers
            .iter()
            .flat_map(|reader| [Some(reader.customer_id.to_string()), reader.address.clone()])
            .flatten()
            .collect();
        let targets: Vec<Target> = targets.into_iter().map(|target| Target { target }).collect();
        let suppressions: Vec<Suppression> = tx
            .sql(rows!(
                "SELECT s.id, s.dealership_id, s.customer_id, s.address, s.channel, s.scope, s.reason, s.until_at, s.created_by, s.created_at,
                    s.lifted_by, s.lifted_at, s.lift_reason FROM ",
                (target text),
                " JOIN suppressions s ON s.target = j.target WHERE s.lifted_at IS NULL"
            ))
            .bind_rows(&targets)
            .all()
            .await?;
        for suppression in suppressions {
            if let Some(address) = suppression.address.clone() {
                found.of_address.entry(address).or_default().push(suppression);
            } else if let Some(customer) = suppression.customer_id {
                found.of_customer.entry(customer).or_default().push(suppression);
            }
        }
        let customers: HashSet<Id<Customer>> = readers.iter().map(|reader| reader.customer_id).collect();
        let named: Vec<Named> = customers.into_iter().map(|id| Named { id }).collect();
        if depth.consents {
            let consents: Vec<Consent> = tx
                .sql(rows!(
                    "SELECT c.id, c.customer_id, c.contact_point_id, c.channel, c.purpose, c.action, c.source, c.evidence, c.text_version, c.actor,
                        c.at, c.recorded_at FROM ",
                    (id text),
                    " JOIN consents c ON c.customer_id = j.id"
                ))
                .bind_rows(&named)
                .all()
                .await?;
            for consent in consents {
                found.consents.entry(consent.customer_id).or_default().push(consent);
            }
        }
        if depth.counts {
            // An id begins with its time: the messages of the last week are the end of the index.
            let since = Id::<Message>::new(now.minus(jiff::SignedDuration::from_hours(7 * 24)), [0; 10]).to_string();
            let sent: Vec<SentRow> = tx
                .sql(rows!(
                    "SELECT m.customer_id, m.class, m.immediate, m.created_at FROM ",
                    (id text),
                    " JOIN messages m ON m.customer_id = j.id AND m.id >= $2 WHERE m.state NOT IN ('cancelled', 'failed', 'expired', 'dead')"
                ))
                .bind_rows(&named)
                .bind(since)
                .all()
                .await?;
            for (customer, class, immediate, at) in sent {
                let one = (class.unwrap_or_default(), immediate.unwrap_or(true), at);
                found.sent.entry(customer).or_default().push(one);
            }
        }
        Ok(found)
    }

    /// What is known of one reader at one address; `midnight` began their day.
    pub fn of(&self, customer: Id<Customer>, address: &str, midnight: Timestamp) -> Standing<'_> {
        let own = self.of_customer.get(&customer).into_iter().flatten();
        let there = self.of_address.get(address).into_iter().flatten();
        let sent = self.sent.get(&customer).map(Vec::as_slice).unwrap_or_default();
        let offers = sent.iter().filter(|(class, ..)| class == "marketing").map(|(.., at)| *at);
        let today = sent.iter().filter(|(_, immediate, at)| !immediate && *at >= midnight).count();
        Standing {
            suppressions: own.chain(there).collect(),
            consents: self.consents.get(&customer).map(Vec::as_slice).unwrap_or_default(),
            last_offer_at: offers.max(),
            today: i64::try_from(today).unwrap_or(i64::MAX),
        }
    }
}

#[derive(Serialize)]
struct Target {
    target: String,
}

#[derive(Serialize)]
struct Named {
    id: Id<Customer>,
}
