//! The SQL of a history: the last visits with their scores, and work that was left undone; a customer's, or a car's.
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;

use crate::{
    clock::Timestamp,
    customers::{Customer, vehicles::Vehicle},
    db::{Result, Tx},
    id::Id,
    repairs::RepairOrder,
};

/// Whose history: somebody's, whichever car they came with, or a car's, whoever brought it.
#[derive(Clone, Copy, Debug)]
pub enum Whose {
    Customer(Id<Customer>),
    Vehicle(Id<Vehicle>),
}

/// A visit to the workshop, as it is told on the telephone.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct PastVisit {
    #[serde(skip)]
    pub id: Id<RepairOrder>,
    #[serde(rename = "ref")]
    #[sqlx(rename = "ref")]
    pub reference: String,
    pub state: String,
    pub opened_at: Option<Timestamp>,
    pub delivered_at: Option<Timestamp>,
    pub is_comeback: bool,
    /// As the sender lists them.
    pub jobs: Json<Value>,
    pub advisor: Option<String>,
    /// What the customer said of it overall, 1 to 5.
    pub score: Option<i64>,
    /// How much work the customer declined or put off.
    pub left_undone: i64,
}

/// Work that was found on a visit and not done.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct LeftUndone {
    pub repair_order: String,
    pub code: String,
    pub name: String,
    /// `safety`, `soon`, `monitor`.
    pub severity: String,
    /// `pending`, `declined`, `deferred`.
    pub decision: String,
    pub found_at: Timestamp,
    /// When a visit for it was booked.
    pub booked_at: Option<Timestamp>,
    #[serde(skip)]
    pub plate: Option<String>,
}

impl LeftUndone {
    /// The customer has said no or later, and no visit for it is booked.
    pub fn is_put_off(&self) -> bool {
        self.decision != "pending" && self.booked_at.is_none()
    }
}

macro_rules! visits {
    ($of:literal) => {
        concat!(
            "SELECT r.id, r.ref, r.state, r.opened_at, r.delivered_at, r.is_comeback, r.jobs, s.name AS advisor,
                (SELECT a.overall FROM surveys y JOIN survey_responses a ON a.survey_id = y.id WHERE y.repair_order_id = r.id
                 ORDER BY a.answered_at DESC, a.id DESC LIMIT 1) AS score,
                CAST((SELECT count(*) FROM work_items w WHERE w.repair_order_id = r.id AND w.decision IN ('declined', 'deferred')) AS BIGINT) AS left_undone
             FROM repair_orders r LEFT JOIN staff s ON s.id = r.advisor_id WHERE r.",
            $of,
            " = $1 ORDER BY r.id DESC LIMIT $2"
        )
    };
}

/// The last visits, the newest first.
pub(in crate::repairs) async fn visits(tx: &mut Tx, whose: Whose, most: i64) -> Result<Vec<PastVisit>> {
    let query = match whose {
        Whose::Customer(id) => tx.sql(visits!("customer_id")).bind(id),
        Whose::Vehicle(id) => tx.sql(visits!("vehicle_id")).bind(id),
    };
    query.bind(most).all().await
}

macro_rules! left_undone {
    ($of:literal) => {
        concat!(
            "SELECT r.ref AS repair_order, w.code, w.name, w.severity, w.decision, w.found_at, w.booked_at, v.plate
             FROM repair_orders r JOIN work_items w ON w.repair_order_id = r.id LEFT JOIN vehicles v ON v.id = r.vehicle_id
             WHERE r.",
            $of,
            " = $1 AND w.decision IN ('pending', 'declined', 'deferred') ORDER BY w.found_at DESC, w.id LIMIT $2"
        )
    };
}

/// What was found and not done: declined, put off, or not decided; the newest first.
pub(in crate::repairs) async fn left_undone(tx: &mut Tx, whose: Whose, most: i64) -> Result<Vec<LeftUndone>> {
    let query = match whose {
        Whose::Customer(id) => tx.sql(left_undone!("customer_id")).bind(id),
        Whose::Vehicle(id) => tx.sql(left_undone!("vehicle_id")).bind(id),
    };
    query.bind(most).all().await
}
