//! The visits of a day, as the lists of the day and its page show them.
use serde_json::Value;
use sqlx::types::Json;

use crate::{
    appointments::{Appointment, Service, State},
    clock::Timestamp,
    customers::{Customer, Need},
    db::{Result, Tx},
    dealerships::Dealership,
    id::Id,
    staff::Staff,
};

/// A visit of a day with who comes and with which car.
#[derive(Debug, sqlx::FromRow)]
pub(in crate::appointments) struct Visit {
    pub(in crate::appointments) id: Id<Appointment>,
    #[sqlx(rename = "ref")]
    pub(in crate::appointments) reference: String,
    pub(in crate::appointments) state: State,
    pub(in crate::appointments) start_at: Option<Timestamp>,
    pub(in crate::appointments) arrived_at: Option<Timestamp>,
    pub(in crate::appointments) services: Json<Vec<Service>>,
    pub(in crate::appointments) customer_words: Option<String>,
    pub(in crate::appointments) parts_required: Json<Vec<Value>>,
    pub(in crate::appointments) parts_ready: Option<bool>,
    pub(in crate::appointments) is_comeback: bool,
    pub(in crate::appointments) advisor_id: Option<Id<Staff>>,
    pub(in crate::appointments) advisor: Option<String>,
    pub(in crate::appointments) customer_id: Option<Id<Customer>>,
    pub(in crate::appointments) name: Option<String>,
    pub(in crate::appointments) salutation: Option<String>,
    pub(in crate::appointments) customer_kind: Option<String>,
    pub(in crate::appointments) language: Option<String>,
    pub(in crate::appointments) vip: Option<bool>,
    pub(in crate::appointments) needs: Option<Json<Vec<Need>>>,
    pub(in crate::appointments) vin: Option<String>,
    pub(in crate::appointments) plate: Option<String>,
    pub(in crate::appointments) model_code: Option<String>,
    pub(in crate::appointments) has_phone: bool,
}

/// The visits that begin from `$2` on and before `$3`, of these states, in the order of their times.
macro_rules! visits {
    ($states:literal) => {
        concat!(
            "SELECT a.id, a.ref, a.state, a.start_at, a.arrived_at, a.services, a.customer_words, a.parts_required, a.parts_ready, a.is_comeback,
                a.advisor_id, s.name AS advisor, a.customer_id, c.name, c.salutation, c.kind AS customer_kind, c.language, c.vip, c.needs,
                v.vin, v.plate, v.model_code, EXISTS (SELECT 1 FROM contact_points p WHERE p.customer_id = a.customer_id
                    AND p.type = 'phone' AND p.removed_at IS NULL AND p.validity IN ('unknown', 'ok')) AS has_phone
             FROM appointments a LEFT JOIN customers c ON c.id = a.customer_id LEFT JOIN vehicles v ON v.id = a.vehicle_id
             LEFT JOIN staff s ON s.id = a.advisor_id
             WHERE a.dealership_id = $1 AND a.start_at >= $2 AND a.start_at < $3 AND a.state IN (",
            $states,
            ") ORDER BY a.start_at, a.ref LIMIT 1000"
        )
    };
}

/// Everybody who is to come in this time.
pub(in crate::appointments) async fn to_come(
    tx: &mut Tx,
    dealership_id: Id<Dealership>,
    (from, until): (Timestamp, Timestamp),
) -> Result<Vec<Visit>> {
    let sql = tx.sql(visits!("'booked', 'confirmed', 'move_requested'"));
    sql.bind(dealership_id).bind(from).bind(until).all().await
}

/// Everybody who was to come in this time, whatever became of it, but for who called it off.
pub(in crate::appointments) async fn of_day(
    tx: &mut Tx,
    dealership_id: Id<Dealership>,
    (from, until): (Timestamp, Timestamp),
) -> Result<Vec<Visit>> {
    let sql = tx.sql(visits!(
        "'booked', 'confirmed', 'move_requested', 'arrived', 'in_service', 'completed', 'no_show_suspected', 'no_show'"
    ));
    sql.bind(dealership_id).bind(from).bind(until).all().await
}
