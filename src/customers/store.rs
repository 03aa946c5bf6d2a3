//! The SQL of customers and their contact points.
pub(super) mod merging;
pub(super) mod screens;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sqlx::types::Json;

use super::{
    AddressKind, ContactPoint, Customer, Need, Validity,
    record::{Changed, Held},
};
use crate::{
    clock::Timestamp,
    db::{Result, Tx},
    dealerships::Dealership,
    http::Access,
    id::Id,
    rows,
};

/// What a customer is known by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Key {
    pub(super) dealership_id: Id<Dealership>,
    #[serde(rename = "ref")]
    pub(super) reference: String,
}

/// A row of a customer beside one of its contact points, if it has any.
#[derive(sqlx::FromRow)]
struct Row {
    asked_ref: String,
    asked_at: Id<Dealership>,
    #[sqlx(flatten)]
    customer: Customer,
    point_id: Option<Id<ContactPoint>>,
    point_type: Option<AddressKind>,
    value: Option<String>,
    label: Option<String>,
    source: Option<String>,
    position: Option<i64>,
    validity: Option<Validity>,
    invalid_reason: Option<String>,
    added_at: Option<Timestamp>,
    removed_at: Option<Timestamp>,
}

impl Row {
    fn point(self) -> Option<ContactPoint> {
        Some(ContactPoint {
            id: self.point_id?,
            customer_id: self.customer.id,
            kind: self.point_type?,
            value: self.value?,
            label: self.label,
            source: self.source?,
            position: self.position?,
            validity: self.validity?,
            invalid_reason: self.invalid_reason,
            added_at: self.added_at?,
            removed_at: self.removed_at,
        })
    }
}

/// Whom each of the keys means, by their ids: of somebody who was merged, whoever has everything of theirs.
pub(super) type Meant = BTreeMap<Key, Id<Customer>>;

/// The customers of `keys` with all their contact points; locked until the unit ends, in the order of their ids.
pub(super) async fn find_and_lock(tx: &mut Tx, keys: &BTreeSet<Key>) -> Result<(Meant, BTreeMap<Id<Customer>, Held>)> {
    let keys: Vec<&Key> = keys.iter().collect();
    let rows: Vec<Row> = tx
        .sql(rows!(
            "SELECT asked.ref AS asked_ref, asked.dealership_id AS asked_at,
                    c.id, c.dealership_id, c.ref, c.kind, c.name, c.salutation, c.language, c.time_zone, c.preferred_channel, c.call_hours, c.vip, c.needs, c.search_name, c.heard_at, c.created_at,
                    p.id AS point_id, p.type AS point_type, p.value, p.label, p.source, p.position, p.validity, p.invalid_reason, p.added_at, p.removed_at
             FROM ",
            (dealership_id text, ref text),
            " CROSS JOIN customers AS asked JOIN customers AS c ON c.id = coalesce(asked.merged_into, asked.id)
             LEFT JOIN contact_points AS p ON p.customer_id = c.id
             WHERE asked.dealership_id = j.dealership_id AND asked.ref = j.ref ORDER BY c.id, p.position",
            for_update "c"
        ))
        .bind_rows(&keys)
        .all()
        .await?;
    let (mut meant, mut held) = (Meant::new(), BTreeMap::<Id<Customer>, Held>::new());
    for row in rows {
        meant.insert(Key { dealership_id: row.asked_at, reference: row.asked_ref.clone() }, row.customer.id);
        let one = held.entry(row.customer.id).or_insert_with(|| Held {
            customer: row.customer.clone(),
            is_changed: false,
            points: Vec::new(),
        });
        // Two refs may mean one customer, whose addresses come twice then.
        let point = row.point().filter(|point| one.points.iter().all(|(known, _)| known.id != point.id));
        one.points.extend(point.map(|point| (point, Changed::No)));
    }
    Ok((meant, held))
}

/// Inserts or overwrites customers in one statement.
pub(super) async fn save(tx: &mut Tx, customers: &[&Customer]) -> Result<()> {
    if customers.is_empty() {
        return Ok(());
    }
    tx.sql(rows!(
        "INSERT INTO customers (id, dealership_id, ref, kind, name, salutation, language, time_zone, preferred_channel, call_hours, vip, needs, search_name, heard_at,
            created_at)
         SELECT j.id, j.dealership_id, j.ref, j.kind, j.name, j.salutation, j.language, j.time_zone, j.preferred_channel, j.call_hours, j.vip, j.needs, j.search_name, j.heard_at, j.created_at FROM ",
        (id text, dealership_id text, ref text, kind text, name text, salutation text, language text, time_zone text, preferred_channel text,
         call_hours text, vip boolean, needs jsonb, search_name text,
         heard_at timestamptz, created_at timestamptz),
        " WHERE true
         ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, name = excluded.name, salutation = excluded.salutation, language = excluded.language,
            time_zone = excluded.time_zone, preferred_channel = excluded.preferred_channel, call_hours = excluded.call_hours,
            vip = excluded.vip, needs = excluded.needs,
            search_name = excluded.search_name, heard_at = excluded.heard_at"
    ))
    .bind_rows(customers)
    .execute()
    .await?;
    Ok(())
}

/// Inserts or overwrites contact points in one statement.
pub(super) async fn save_contact_points(tx: &mut Tx, points: &[&ContactPoint]) -> Result<()> {
    if points.is_empty() {
        return Ok(());
    }
    tx.sql(rows!(
        "INSERT INTO contact_points (id, customer_id, type, value, label, source, position, validity, invalid_reason, added_at, removed_at)
         SELECT j.id, j.customer_id, j.type, j.value, j.label, j.source, j.position, j.validity, j.invalid_reason, j.added_at, j.removed_at FROM ",
        (id text, customer_id text, type text, value text, label text, source text, position bigint, validity text, invalid_reason text,
         added_at timestamptz, removed_at timestamptz),
        " WHERE true
         ON CONFLICT (id) DO UPDATE SET label = excluded.label, position = excluded.position, validity = excluded.validity,
            invalid_reason = excluded.invalid_reason, removed_at = excluded.removed_at"
    ))
    .bind_rows(points)
    .execute()
    .await?;
    Ok(())
}

/// A customer beside the code of their dealership.
#[derive(sqlx::FromRow)]
pub(super) struct Found {
    #[sqlx(flatten)]
    pub(super) customer: Customer,
    pub(super) dealership: String,
}

/// Customers by our id or the sender's ref, among what `access` allows; more than one when the ref is not unique.
pub(super) async fn list_by_reference(
    tx: &mut Tx,
    access: &Access,
    reference: &str,
    dealership: Option<&str>,
) -> Result<Vec<Found>> {
    tx.sql(
        "SELECT c.id, c.dealership_id, c.ref, c.kind, c.name, c.salutation, c.language, c.time_zone, c.preferred_channel, c.call_hours, c.vip, c.needs, c.search_name, c.heard_at, c.created_at,
                d.code AS dealership
         FROM customers AS asked JOIN customers AS c ON c.id = coalesce(asked.merged_into, asked.id)
         JOIN dealerships AS d ON d.id = c.dealership_id
         WHERE (asked.id = $1 OR asked.ref = $1) AND ($2 IS NULL OR c.dealership_id = $2) AND ($3 IS NULL OR d.code = $3)
         ORDER BY c.id LIMIT 2",
    )
    .bind(reference.to_owned())
    .bind(access.one())
    .bind(dealership.map(str::to_owned))
    .all()
    .await
}

/// What a customer can be reached at, in the order to try.
pub(super) async fn list_contact_points(tx: &mut Tx, customer: Id<Customer>) -> Result<Vec<ContactPoint>> {
    tx.sql(
        "SELECT id, customer_id, type, value, label, source, position, validity, invalid_reason, added_at, removed_at
         FROM contact_points WHERE customer_id = $1 AND removed_at IS NULL ORDER BY type, position, added_at, id",
    )
    .bind(customer)
    .all()
    .await
}

/// Marks an e-mail address wherever this customer has it; how many rows that were.
pub(super) async fn bounce(tx: &mut Tx, customer: Id<Customer>, address: &str, reason: &str) -> Result<u64> {
    tx.sql(
        "UPDATE contact_points SET validity = 'bounced', invalid_reason = $1
         WHERE customer_id = $2 AND type = 'email' AND lower(value) = lower($3) AND removed_at IS NULL AND validity IN ('unknown', 'ok')",
    )
    .bind(reason.to_owned())
    .bind(customer)
    .bind(address.to_owned())
    .execute()
    .await
}

/// Whoever has this openid gets nothing there from now on; answers those of whom that was not known.
pub(super) async fn lose_openid(
    tx: &mut Tx,
    openid: &str,
    reason: &str,
    told_at: Option<Timestamp>,
) -> Result<Vec<(Id<Customer>, Id<Dealership>)>> {
    tx.sql(
        "UPDATE contact_points SET validity = 'bounced', invalid_reason = $1 WHERE value = $2 AND type = 'wechat' AND removed_at IS NULL
            AND validity IN ('unknown', 'ok') AND ($3 IS NULL OR follow_told_at IS NULL OR follow_told_at <= $3)
         RETURNING customer_id, (SELECT c.dealership_id FROM customers c WHERE c.id = contact_points.customer_id)",
    )
    .bind(reason.to_owned())
    .bind(openid.to_owned())
    .bind(told_at)
    .all()
    .await
}

/// Keeps for when the account last told whether this openid follows it.
pub(super) async fn note_follow(tx: &mut Tx, openid: &str, told_at: Timestamp) -> Result<()> {
    tx.sql(
        "UPDATE contact_points SET follow_told_at = $2 WHERE value = $1 AND type = 'wechat' AND removed_at IS NULL
            AND (follow_told_at IS NULL OR follow_told_at < $2)",
    )
    .bind(openid.to_owned())
    .bind(told_at)
    .execute()
    .await
    .map(drop)
}

/// Whoever has this openid is reached there again; answers those of whom it was not known.
pub(super) async fn find_openid(
    tx: &mut Tx,
    openid: &str,
    told_at: Timestamp,
) -> Result<Vec<(Id<Customer>, Id<Dealership>)>> {
    tx.sql(
        "UPDATE contact_points SET validity = 'ok', invalid_reason = NULL WHERE value = $1 AND type = 'wechat' AND removed_at IS NULL
            AND validity = 'bounced' AND (follow_told_at IS NULL OR follow_told_at <= $2)
         RETURNING customer_id, (SELECT c.dealership_id FROM customers c WHERE c.id = contact_points.customer_id)",
    )
    .bind(openid.to_owned())
    .bind(told_at)
    .all()
    .await
}

/// Customers of a dealership who are reached at one of these addresses, the longest known first.
pub(super) async fn list_by_addresses(
    tx: &mut Tx,
    dealership: Id<Dealership>,
    addresses: &[String],
) -> Result<Vec<Id<Customer>>> {
    #[derive(Serialize)]
    struct At<'a> {
        value: &'a str,
        dealership_id: Id<Dealership>,
    }
    let at: Vec<At<'_>> = addresses.iter().map(|value| At { value, dealership_id: dealership }).collect();
    let found: Vec<(Id<Customer>,)> = tx
        .sql(rows!(
            "SELECT DISTINCT c.id FROM ",
            (value text, dealership_id text),
            " JOIN contact_points AS p ON lower(p.value) = lower(j.value) AND p.type IN ('phone', 'email', 'wechat') AND p.removed_at IS NULL
                AND (p.type <> 'wechat' OR p.value = j.value)
              JOIN customers AS c ON c.id = p.customer_id AND c.dealership_id = j.dealership_id ORDER BY c.id LIMIT 5"
        ))
        .bind_rows(&at)
        .all()
        .await?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// Marks an address of a customer as none, under every source that told it; whose customer it is, when there is such a one.
pub(super) async fn mark_invalid(
    tx: &mut Tx,
    customer: Id<Customer>,
    point: Id<ContactPoint>,
    reason: &str,
) -> Result<Option<Id<Dealership>>> {
    let changed = tx
        .sql(
            "UPDATE contact_points SET validity = 'invalid', invalid_reason = $3
             WHERE customer_id = $1 AND type = (SELECT p.type FROM contact_points p WHERE p.id = $2)
               AND value = (SELECT p.value FROM contact_points p WHERE p.id = $2)",
        )
        .bind(customer)
        .bind(point)
        .bind(reason.to_owned())
        .execute()
        .await?;
    if changed == 0 {
        return Ok(None);
    }
    let found: Option<(Id<Dealership>,)> =
        tx.sql("SELECT dealership_id FROM customers WHERE id = $1").bind(customer).optional().await?;
    Ok(found.map(|(id,)| id))
}

/// As whom they are greeted and what they need; false when they are not of this dealership, or are erased.
pub(super) async fn set_needs(
    tx: &mut Tx,
    (dealership_id, id): (Id<Dealership>, Id<Customer>),
    vip: bool,
    needs: Json<Vec<Need>>,
) -> Result<bool> {
    let sql = "UPDATE customers SET vip = $3, needs = $4 WHERE id = $2 AND dealership_id = $1 AND erased_at IS NULL";
    let done = tx.sql(sql).bind(dealership_id).bind(id).bind(vip).bind(needs).execute().await?;
    Ok(done == 1)
}
