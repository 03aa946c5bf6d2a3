//! The SQL of customers and their contact points.
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{
    AddressKind, ContactPoint, Customer, Validity,
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

/// The customers of `keys` with all their contact points; locked until the unit ends, in the order of their ids.
pub(super) async fn find_and_lock(tx: &mut Tx, keys: &BTreeSet<Key>) -> Result<Vec<Held>> {
    let keys: Vec<&Key> = keys.iter().collect();
    let rows: Vec<Row> = tx
        .sql(rows!(
            "SELECT c.id, c.dealership_id, c.ref, c.kind, c.name, c.salutation, c.language, c.time_zone, c.search_name, c.heard_at, c.created_at,
                    p.id AS point_id, p.type AS point_type, p.value, p.label, p.source, p.position, p.validity, p.invalid_reason, p.added_at, p.removed_at
             FROM ",
            (dealership_id text, ref text),
            " CROSS JOIN customers AS c LEFT JOIN contact_points AS p ON p.customer_id = c.id
             WHERE c.dealership_id = j.dealership_id AND c.ref = j.ref ORDER BY c.id, p.position",
            for_update "c"
        ))
        .bind_rows(&keys)
        .all()
        .await?;
    let mut held: BTreeMap<Id<Customer>, Held> = BTreeMap::new();
    for row in rows {
        let one = held.entry(row.customer.id).or_insert_with(|| Held {
            customer: row.customer.clone(),
            is_changed: false,
            points: Vec::new(),
        });
        one.points.extend(row.point().map(|point| (point, Changed::No)));
    }
    Ok(held.into_values().collect())
}

/// Inserts or overwrites customers in one statement.
pub(super) async fn save(tx: &mut Tx, customers: &[&Customer]) -> Result<()> {
    if customers.is_empty() {
        return Ok(());
    }
    tx.sql(rows!(
        "INSERT INTO customers (id, dealership_id, ref, kind, name, salutation, language, time_zone, search_name, heard_at, created_at)
         SELECT j.id, j.dealership_id, j.ref, j.kind, j.name, j.salutation, j.language, j.time_zone, j.search_name, j.heard_at, j.created_at FROM ",
        (id text, dealership_id text, ref text, kind text, name text, salutation text, language text, time_zone text, search_name text,
         heard_at timestamptz, created_at timestamptz),
        " WHERE true
         ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, name = excluded.name, salutation = excluded.salutation, language = excluded.language,
            time_zone = excluded.time_zone, search_name = excluded.search_name, heard_at = excluded.heard_at"
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
        "SELECT c.id, c.dealership_id, c.ref, c.kind, c.name, c.salutation, c.language, c.time_zone, c.search_name, c.heard_at, c.created_at,
                d.code AS dealership
         FROM customers AS c JOIN dealerships AS d ON d.id = c.dealership_id
         WHERE (c.id = $1 OR c.ref = $1) AND ($2 IS NULL OR c.dealership_id = $2) AND ($3 IS NULL OR d.code = $3)
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
