//! The SQL of what is kept of those who were erased.
use serde::Serialize;

use crate::{
    clock::Timestamp,
    customers::Customer,
    db::{Result, Tx},
    dealerships::Dealership,
    id::Id,
    rights::{Erasure, Mark, may_be_called},
    rows,
};

/// The salt of this installation; `fresh` where there is none yet.
pub(in crate::rights) async fn keep_salt(tx: &mut Tx, fresh: &str, now: Timestamp) -> Result<String> {
    // The update changes nothing: it is there because DO NOTHING would answer no row.
    let (salt,): (String,) = tx
        .sql(
            "INSERT INTO erasure_salts (id, salt, created_at) VALUES ('1', $1, $2)
             ON CONFLICT (id) DO UPDATE SET id = excluded.id RETURNING salt",
        )
        .bind(fresh.to_owned())
        .bind(now)
        .one()
        .await?;
    Ok(salt)
}

/// None where nobody was ever erased.
pub(in crate::rights) async fn salt(tx: &mut Tx) -> Result<Option<String>> {
    let found: Option<(String,)> = tx.sql("SELECT salt FROM erasure_salts WHERE id = '1'").optional().await?;
    Ok(found.map(|(salt,)| salt))
}

/// Whoever is meant, and those who were made one with them.
pub(super) async fn people(tx: &mut Tx, customer: Id<Customer>) -> Result<Vec<String>> {
    let people: Vec<(String,)> =
        tx.sql("SELECT id FROM customers WHERE id = $1 OR merged_into = $1 ORDER BY id").bind(customer).all().await?;
    Ok(people.into_iter().map(|(id,)| id).collect())
}

/// That a ref was told by a system, and not made up here of an address (`src/intake/people.rs`).
macro_rules! is_told {
    ($reference:literal) => {
        concat!(
            $reference,
            " NOT LIKE 'email:%' AND ",
            $reference,
            " NOT LIKE 'phone:%' AND ",
            $reference,
            " NOT LIKE 'wechat:%'"
        )
    };
}

/// Somebody whose ref is made up of an address; a system that tells of nobody's number makes such refs too, and those are
/// whoever asked something, and have nothing else.
const MADE_BY_THE_HOUSE: &str = concat!(
    "WITH us AS (SELECT id FROM customers WHERE id = $1 OR merged_into = $1),
        reached AS (SELECT type, value FROM contact_points WHERE customer_id IN (SELECT id FROM us) AND removed_at IS NULL),
        ours AS (SELECT p.type, p.value FROM reached p WHERE NOT EXISTS (SELECT 1 FROM contact_points o JOIN customers c ON c.id = o.customer_id
                JOIN customers k ON k.id = c.id OR k.merged_into = c.id
                WHERE lower(o.value) = lower(p.value) AND (p.type <> 'wechat' OR o.value = p.value) AND o.removed_at IS NULL
                AND c.id NOT IN (SELECT id FROM us) AND ",
    is_told!("k.ref"),
    " AND c.dealership_id = (SELECT dealership_id FROM customers WHERE id = $1))),
        refs AS (SELECT type || ':' || value AS ref FROM ours
            UNION SELECT o.type || ':' || o.value FROM ours JOIN contact_points o ON lower(o.value) = lower(ours.value) AND o.removed_at IS NULL
                AND (ours.type <> 'wechat' OR o.value = ours.value))
     SELECT c.id, c.name FROM refs JOIN customers c ON c.ref = refs.ref AND c.dealership_id = (SELECT dealership_id FROM customers WHERE id = $1)
     WHERE c.merged_into IS NULL AND c.erased_at IS NULL AND c.id NOT IN (SELECT id FROM us)
        AND NOT EXISTS (SELECT 1 FROM customers d WHERE d.merged_into = c.id AND ",
    is_told!("d.ref"),
    ") AND NOT EXISTS (SELECT 1 FROM contact_points q WHERE q.customer_id = c.id AND q.removed_at IS NULL
            AND lower(q.value) NOT IN (SELECT lower(value) FROM reached))
        AND (NOT EXISTS (SELECT 1 FROM contact_points q WHERE q.customer_id = c.id
                AND q.source NOT IN ('mail', 'form', 'sms', 'wechat') AND q.source NOT LIKE '/aftercare/%')
            OR (EXISTS (SELECT 1 FROM inquiries i WHERE i.customer_id = c.id)
                AND NOT EXISTS (SELECT 1 FROM appointments a WHERE a.customer_id = c.id)
                AND NOT EXISTS (SELECT 1 FROM repair_orders r WHERE r.customer_id = c.id)
                AND NOT EXISTS (SELECT 1 FROM parts_orders o WHERE o.customer_id = c.id)
                AND NOT EXISTS (SELECT 1 FROM vehicle_people u WHERE u.customer_id = c.id)
                AND NOT EXISTS (SELECT 1 FROM vehicles v WHERE v.owner_id = c.id)))
     ORDER BY c.id"
);

/// The customers that the house made by itself for the same person, before the dealer's system told who they are: by a mail, a
/// call or a form. Only an address that is theirs now and of nobody else whom a system knows says so: a telephone that is shared
/// or was passed on is not one person's. Nobody with an address or a name of their own is meant, nor who was made one with
/// somebody whom a system knows.
pub(in crate::rights) async fn made_by_the_house(tx: &mut Tx, customer: Id<Customer>) -> Result<Vec<Id<Customer>>> {
    let made: Vec<(Id<Customer>, Option<String>)> = tx.sql(MADE_BY_THE_HOUSE).bind(customer).all().await?;
    if made.is_empty() {
        return Ok(Vec::new());
    }
    let called: Vec<(String,)> = tx
        .sql("SELECT name FROM customers WHERE (id = $1 OR merged_into = $1) AND name IS NOT NULL")
        .bind(customer)
        .all()
        .await?;
    let is_theirs = |name: &str| called.iter().any(|(known,)| may_be_called(known, name));
    Ok(made.into_iter().filter(|(_, name)| name.as_deref().is_none_or(is_theirs)).map(|(id, _)| id).collect())
}

/// Every id, ref and address of somebody, and of those who were made one with them; nothing of who was erased already.
pub(in crate::rights) struct Known {
    pub(in crate::rights) people: Vec<Id<Customer>>,
    pub(in crate::rights) references: Vec<String>,
    pub(in crate::rights) addresses: Vec<String>,
}

impl Known {
    pub(in crate::rights) fn add(&mut self, other: Self) {
        self.people.extend(other.people);
        self.references.extend(other.references);
        self.addresses.extend(other.addresses);
    }
}

pub(in crate::rights) async fn known_by(tx: &mut Tx, customer: Id<Customer>) -> Result<Known> {
    let people: Vec<(Id<Customer>, String)> = tx
        .sql("SELECT id, ref FROM customers WHERE id = $1 OR merged_into = $1 ORDER BY id")
        .bind(customer)
        .all()
        .await?;
    let addresses: Vec<(String,)> = tx
        .sql("SELECT DISTINCT value FROM contact_points WHERE customer_id IN (SELECT id FROM customers WHERE id = $1 OR merged_into = $1) ORDER BY value")
        .bind(customer)
        .all()
        .await?;
    let is_known = |text: &String| !text.starts_with("erased:");
    Ok(Known {
        people: people.iter().map(|(id, _)| *id).collect(),
        references: people.into_iter().map(|(_, reference)| reference).filter(is_known).collect(),
        addresses: addresses.into_iter().map(|(value,)| value).filter(is_known).collect(),
    })
}

/// Who is left of a customer: themselves, or with whom they were made one.
pub(in crate::rights) async fn left_of(tx: &mut Tx, customer: Id<Customer>) -> Result<Id<Customer>> {
    let (left,): (Id<Customer>,) =
        tx.sql("SELECT coalesce(merged_into, id) FROM customers WHERE id = $1").bind(customer).one().await?;
    Ok(left)
}

/// Those of an erasure whom this database does not know as one with `left`, who is erased: it is older than their merge.
pub(in crate::rights) async fn apart(tx: &mut Tx, erasure: &Erasure, left: Id<Customer>) -> Result<Vec<Id<Customer>>> {
    let named: Vec<Named> = erasure.people.iter().map(|customer| Named { customer: *customer }).collect();
    let apart: Vec<(Id<Customer>,)> = tx
        .sql(rows!(
            "SELECT c.id FROM ",
            (customer text),
            " JOIN customers c ON c.id = j.customer WHERE c.merged_into IS NULL AND c.id <> $2 ORDER BY c.id"
        ))
        .bind_rows(&named)
        .bind(left)
        .all()
        .await?;
    Ok(apart.into_iter().map(|(id,)| id).collect())
}

/// Keeps the marks; in a restored backup the customer may not be there yet, and is made, so that nobody becomes them.
pub(in crate::rights) async fn remember(tx: &mut Tx, erasure: &Erasure, marks: &[Mark]) -> Result<()> {
    tx.sql(
        "INSERT INTO customers (id, dealership_id, ref, kind, search_name, heard_at, created_at) VALUES ($1, $2, 'erased:' || $1, 'person', '', $3, $3)
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(erasure.customer)
    .bind(erasure.dealership)
    .bind(erasure.at)
    .execute()
    .await?;
    tx.sql(rows!(
        "INSERT INTO erased_marks (mark, is_ref, customer_id, erased_at) SELECT j.mark, j.is_ref, $2, $3 FROM ",
        (mark text, is_ref boolean),
        " WHERE true ON CONFLICT (mark) DO NOTHING"
    ))
    .bind_rows(marks)
    .bind(erasure.customer)
    .bind(erasure.at)
    .execute()
    .await
    .map(drop)
}

#[derive(Serialize)]
struct Named {
    customer: Id<Customer>,
}

/// Those of the journal whom the database does not know as erased; and how many are of dealerships that it does not know
/// either: the journal is of another database then, or this one is new.
pub(in crate::rights) async fn unknown(tx: &mut Tx, erasures: &[Erasure]) -> Result<(Vec<Erasure>, usize)> {
    let named: Vec<Named> = erasures.iter().map(|one| Named { customer: one.customer }).collect();
    let known: Vec<(Id<Customer>,)> = tx
        .sql(rows!(
            "SELECT c.id FROM ",
            (customer text),
            " JOIN customers c ON c.id = j.customer WHERE c.erased_at IS NOT NULL"
        ))
        .bind_rows(&named)
        .all()
        .await?;
    let dealerships: Vec<(Id<Dealership>,)> = tx.sql("SELECT id FROM dealerships").all().await?;
    let unknown = erasures.iter().filter(|one| !known.contains(&(one.customer,)));
    let (missing, foreign): (Vec<&Erasure>, Vec<&Erasure>) =
        unknown.partition(|one| dealerships.contains(&(one.dealership,)));
    Ok((missing.into_iter().cloned().collect(), foreign.len()))
}

#[derive(Serialize)]
struct Wanted<'a> {
    mark: &'a str,
}

/// Which of the marks are kept.
pub(in crate::rights) async fn found(tx: &mut Tx, marks: &[&String]) -> Result<Vec<String>> {
    let wanted: Vec<Wanted<'_>> = marks.iter().map(|mark| Wanted { mark }).collect();
    let found: Vec<(String,)> = tx
        .sql(rows!("SELECT m.mark FROM ", (mark text), " JOIN erased_marks m ON m.mark = j.mark"))
        .bind_rows(&wanted)
        .all()
        .await?;
    Ok(found.into_iter().map(|(mark,)| mark).collect())
}

pub(in crate::rights) async fn is_known(tx: &mut Tx, dealership: Id<Dealership>, reference: &str) -> Result<bool> {
    let found: Option<(Id<Customer>,)> = tx
        .sql("SELECT id FROM customers WHERE dealership_id = $1 AND ref = $2")
        .bind(dealership)
        .bind(reference.to_owned())
        .optional()
        .await?;
    Ok(found.is_some())
}
