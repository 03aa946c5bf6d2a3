//! The SQL of a customer's history, for whoever speaks to them: the last visits with their scores, and work that was put off.
use serde_json::Value;
use sqlx::types::Json;

use crate::{
    clock::Timestamp,
    customers::Customer,
    db::{Result, Tx},
    id::Id,
};

/// A visit as it is told on the telephone.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct PastVisit {
    #[sqlx(rename = "ref")]
    pub reference: String,
    pub opened_at: Option<Timestamp>,
    pub delivered_at: Option<Timestamp>,
    pub is_comeback: bool,
    /// As the sender lists them.
    pub jobs: Json<Vec<Value>>,
    pub advisor: Option<String>,
    pub plate: Option<String>,
    /// What the customer said of it overall, 1 to 5.
    pub score: Option<i64>,
}

/// Work that was found on a visit and not done.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct DeferredWork {
    pub code: String,
    pub name: String,
    /// `safety`, `soon`, `monitor`.
    pub severity: String,
    pub found_at: Timestamp,
    pub plate: Option<String>,
}

/// The last visits, the newest first.
pub(in crate::repairs) async fn visits(tx: &mut Tx, customer: Id<Customer>, most: i64) -> Result<Vec<PastVisit>> {
    tx.sql(
        "SELECT r.ref, r.opened_at, r.delivered_at, r.is_comeback, r.jobs, s.name AS advisor, v.plate,
                (SELECT a.overall FROM surveys y JOIN survey_responses a ON a.survey_id = y.id WHERE y.repair_order_id = r.id
                 ORDER BY a.answered_at DESC, a.id DESC LIMIT 1) AS score
         FROM repair_orders r LEFT JOIN staff s ON s.id = r.advisor_id LEFT JOIN vehicles v ON v.id = r.vehicle_id
         WHERE r.customer_id = $1 ORDER BY r.id DESC LIMIT $2",
    )
    .bind(customer)
    .bind(most)
    .all()
    .await
}

/// What was declined or put off on their visits and is not booked since, the newest first.
pub(in crate::repairs) async fn deferred(tx: &mut Tx, customer: Id<Customer>, most: i64) -> Result<Vec<DeferredWork>> {
    tx.sql(
        "SELECT w.code, w.name, w.severity, w.found_at, v.plate
         FROM repair_orders r JOIN work_items w ON w.repair_order_id = r.id LEFT JOIN vehicles v ON v.id = r.vehicle_id
         WHERE r.customer_id = $1 AND w.decision IN ('declined', 'deferred') AND w.booked_at IS NULL
         ORDER BY r.id DESC, w.id LIMIT $2",
    )
    .bind(customer)
    .bind(most)
    .all()
    .await
}
