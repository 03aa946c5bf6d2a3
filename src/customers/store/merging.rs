//! The SQL of two customers who are one.
use serde::Serialize;
use sqlx::types::Json;

use crate::{
    clock::Timestamp,
    customers::{AddressKind, ContactPoint, Customer, Need},
    db::{Result, Tx},
    dealerships::Dealership,
    id::Id,
    rows,
};

/// Two who share an address.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(in crate::customers) struct Alike {
    pub(in crate::customers) dealership_id: Id<Dealership>,
    pub(in crate::customers) customer_id: Id<Customer>,
    pub(in crate::customers) other_id: Id<Customer>,
    pub(in crate::customers) because: String,
}

/// Writes down who of the same dealership has one of these addresses too; answers those that are news. An address that more
/// than eight have is a switchboard and says nothing of who is whom.
pub(in crate::customers) async fn suggest(tx: &mut Tx, added: &[&ContactPoint], now: Timestamp) -> Result<Vec<Alike>> {
    #[derive(Serialize)]
    struct Pair {
        customer_id: String,
        other_id: String,
        because: String,
    }
    #[derive(Serialize)]
    struct Row<'a> {
        customer_id: Id<Customer>,
        kind: AddressKind,
        value: &'a str,
    }
    let rows: Vec<Row<'_>> = added
        .iter()
        .map(|point| Row { customer_id: point.customer_id, kind: point.kind, value: &point.value })
        .collect();
    let found: Vec<(String, String, String)> = tx
        .sql(rows!(
            "INSERT INTO merge_suggestions (customer_id, other_id, because, made_at)
             SELECT DISTINCT CASE WHEN j.customer_id < o.customer_id THEN j.customer_id ELSE o.customer_id END,
                CASE WHEN j.customer_id < o.customer_id THEN o.customer_id ELSE j.customer_id END, 'same_' || min(j.kind), $2 FROM ",
            (customer_id text, kind text, value text),
            " JOIN contact_points o ON o.value = j.value AND o.type = j.kind AND o.customer_id <> j.customer_id AND o.removed_at IS NULL
              JOIN customers a ON a.id = j.customer_id JOIN customers b ON b.id = o.customer_id
             WHERE a.dealership_id = b.dealership_id AND b.merged_into IS NULL
                AND (SELECT count(*) FROM (SELECT 1 FROM contact_points s WHERE s.value = j.value AND s.removed_at IS NULL LIMIT 9) AS owners) < 9
             GROUP BY j.customer_id, o.customer_id
             ON CONFLICT (customer_id, other_id) DO NOTHING RETURNING customer_id, other_id, because"
        ))
        .bind_rows(&rows)
        .bind(now)
        .all()
        .await?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let pairs: Vec<Pair> =
        found.into_iter().map(|(customer_id, other_id, because)| Pair { customer_id, other_id, because }).collect();
    tx.sql(rows!(
        "SELECT c.dealership_id, j.customer_id, j.other_id, j.because FROM ",
        (customer_id text, other_id text, because text),
        " JOIN customers c ON c.id = j.customer_id"
    ))
    .bind_rows(&pairs)
    .all()
    .await
}

/// Whom somebody may be one with, the oldest word first.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub(in crate::customers) struct Suggested {
    id: Id<Customer>,
    #[serde(rename = "ref")]
    #[sqlx(rename = "ref")]
    reference: String,
    name: Option<String>,
    because: String,
    made_at: Timestamp,
}

pub(in crate::customers) async fn suggested(tx: &mut Tx, customer: Id<Customer>) -> Result<Vec<Suggested>> {
    tx.sql(
        "SELECT c.id, c.ref, c.name, s.because, s.made_at FROM merge_suggestions s
         JOIN customers c ON c.id = CASE WHEN s.customer_id = $1 THEN s.other_id ELSE s.customer_id END
         WHERE (s.customer_id = $1 OR s.other_id = $1) AND c.merged_into IS NULL ORDER BY s.made_at, c.id",
    )
    .bind(customer)
    .all()
    .await
}

/// What moves from the one to the other: `$1` becomes `$2`. Lines of the record stay as they were written, and are read
/// through `merged_into`; the ledger of consent is copied by its own room. A call that somebody is making now is finished
/// under the old name.
const MOVES: [&str; 21] = [
    "UPDATE contact_points SET customer_id = $2 WHERE customer_id = $1 AND NOT EXISTS (SELECT 1 FROM contact_points o
        WHERE o.customer_id = $2 AND o.type = contact_points.type AND o.value = contact_points.value AND o.source = contact_points.source)",
    "UPDATE vehicles SET owner_id = $2 WHERE owner_id = $1",
    // Who has a role under either name has it, and once.
    "UPDATE vehicle_people SET ended_at = NULL WHERE customer_id = $2 AND EXISTS (SELECT 1 FROM vehicle_people o
        WHERE o.customer_id = $1 AND o.vehicle_id = vehicle_people.vehicle_id AND o.role = vehicle_people.role AND o.ended_at IS NULL)",
    "UPDATE vehicle_people SET customer_id = $2 WHERE customer_id = $1 AND NOT EXISTS (SELECT 1 FROM vehicle_people o
        WHERE o.customer_id = $2 AND o.vehicle_id = vehicle_people.vehicle_id AND o.role = vehicle_people.role)",
    "DELETE FROM vehicle_people WHERE customer_id = $1 AND customer_id <> $2",
    "UPDATE notices SET visit_customer_id = $2 WHERE visit_customer_id = $1",
    "UPDATE appointments SET customer_id = $2 WHERE customer_id = $1",
    "UPDATE repair_orders SET customer_id = $2 WHERE customer_id = $1",
    "UPDATE parts_orders SET customer_id = $2 WHERE customer_id = $1",
    "UPDATE triggered_messages SET customer_id = $2 WHERE customer_id = $1",
    "UPDATE notices SET customer_id = $2 WHERE customer_id = $1",
    "UPDATE messages SET customer_id = $2 WHERE customer_id = $1",
    "UPDATE call_tasks SET customer_id = $2 WHERE customer_id = $1 AND state <> 'leased'",
    "UPDATE call_attempts SET customer_id = $2 WHERE customer_id = $1",
    "UPDATE surveys SET customer_id = $2 WHERE customer_id = $1",
    "UPDATE survey_responses SET customer_id = $2 WHERE customer_id = $1",
    "UPDATE cases SET customer_id = $2 WHERE customer_id = $1",
    "UPDATE inquiries SET customer_id = $2 WHERE customer_id = $1",
    "UPDATE inbound_messages SET customer_id = $2 WHERE customer_id = $1",
    "UPDATE inbound_texts SET customer_id = $2 WHERE customer_id = $1",
    // Who was merged before goes along, so that every ref leads to the one who is left in one step.
    "UPDATE customers SET merged_into = $2 WHERE merged_into = $1",
];

/// Those of the two who are nobody else and not erased; locked until the unit ends, in the order of their ids.
pub(in crate::customers) async fn lock_apart(tx: &mut Tx, two: [Id<Customer>; 2]) -> Result<Vec<Id<Customer>>> {
    #[derive(Serialize)]
    struct One {
        id: Id<Customer>,
    }
    let found: Vec<(Id<Customer>,)> = tx
        .sql(rows!(
            "SELECT c.id FROM ",
            (id text),
            " JOIN customers c ON c.id = j.id WHERE c.merged_into IS NULL AND c.erased_at IS NULL ORDER BY c.id",
            for_update "c"
        ))
        .bind_rows(&two.map(|id| One { id }))
        .all()
        .await?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// Everything of the one is the other's from now on.
pub(in crate::customers) async fn merge(
    tx: &mut Tx,
    from: Id<Customer>,
    into: Id<Customer>,
    now: Timestamp,
) -> Result<()> {
    for text in MOVES {
        tx.sql(text).bind(from).bind(into).execute().await?;
    }
    // As consent, the stricter of the two holds: who is a guest of honour or needs help under one name does so.
    let both: Vec<(bool, Json<Vec<Need>>)> =
        tx.sql("SELECT vip, needs FROM customers WHERE id IN ($1, $2)").bind(from).bind(into).all().await?;
    let needs = Need::ALL.into_iter().filter(|need| both.iter().any(|(_, needs)| needs.contains(need)));
    tx.sql("UPDATE customers SET vip = $2, needs = $3 WHERE id = $1")
        .bind(into)
        .bind(both.iter().any(|(vip, _)| *vip))
        .bind(Json(needs.collect::<Vec<Need>>()))
        .execute()
        .await?;
    tx.sql("UPDATE customers SET merged_into = $2, merged_at = $3 WHERE id = $1")
        .bind(from)
        .bind(into)
        .bind(now)
        .execute()
        .await?;
    tx.sql("DELETE FROM merge_suggestions WHERE customer_id = $1 OR other_id = $1").bind(from).execute().await.map(drop)
}
