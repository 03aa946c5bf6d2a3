//! The SQL of what was asked to be said.
use serde_json::Value;
use sqlx::types::Json;

use super::Triggered;
use crate::{
    clock::Timestamp,
    customers::Customer,
    db::{Result, Tx},
    dealerships::Dealership,
    id::Id,
    notices::Notice,
};

/// One that was asked for, as it is kept.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) id: Id<Triggered>,
    pub(super) key_id: String,
    pub(super) idempotency_key: String,
    pub(super) body_hash: String,
    pub(super) dealership_id: Id<Dealership>,
    pub(super) notice_id: Id<Notice>,
    pub(super) customer_id: Id<Customer>,
    pub(super) kind: String,
    pub(super) triggered_by: String,
    pub(super) override_reason: Option<String>,
    pub(super) answer: Value,
    pub(super) triggered_at: Timestamp,
}

/// The hash of the body and the answer of an earlier request with this key.
pub(super) async fn answered(
    tx: &mut Tx,
    key_id: &str,
    idempotency_key: &str,
) -> Result<Option<(String, Json<Value>)>> {
    tx.sql("SELECT body_hash, answer FROM triggered_messages WHERE key_id = $1 AND idempotency_key = $2")
        .bind(key_id.to_owned())
        .bind(idempotency_key.to_owned())
        .optional()
        .await
}

/// How often this person was sent this kind since then.
pub(super) async fn same_since(tx: &mut Tx, customer: Id<Customer>, kind: &str, since: Timestamp) -> Result<i64> {
    let found: Option<(i64,)> = tx
        .sql("SELECT count(*) FROM triggered_messages WHERE customer_id = $1 AND kind = $2 AND triggered_at > $3")
        .bind(customer)
        .bind(kind.to_owned())
        .bind(since)
        .optional()
        .await?;
    Ok(found.map_or(0, |(count,)| count))
}

/// How much this person, or key, has triggered since then.
pub(super) async fn by_hand_since(tx: &mut Tx, triggered_by: &str, since: Timestamp) -> Result<i64> {
    let found: Option<(i64,)> = tx
        .sql("SELECT count(*) FROM triggered_messages WHERE triggered_by = $1 AND triggered_at > $2")
        .bind(triggered_by.to_owned())
        .bind(since)
        .optional()
        .await?;
    Ok(found.map_or(0, |(count,)| count))
}

pub(super) async fn keep(tx: &mut Tx, kept: &Kept) -> Result<()> {
    tx.sql(
        "INSERT INTO triggered_messages (id, key_id, idempotency_key, body_hash, dealership_id, notice_id, customer_id, kind, triggered_by,
            override_reason, answer, triggered_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(kept.id)
    .bind(kept.key_id.clone())
    .bind(kept.idempotency_key.clone())
    .bind(kept.body_hash.clone())
    .bind(kept.dealership_id)
    .bind(kept.notice_id)
    .bind(kept.customer_id)
    .bind(kept.kind.clone())
    .bind(kept.triggered_by.clone())
    .bind(kept.override_reason.clone())
    .bind(Json(kept.answer.clone()))
    .bind(kept.triggered_at)
    .execute()
    .await?;
    Ok(())
}
