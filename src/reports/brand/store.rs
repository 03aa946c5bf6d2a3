//! The SQL of the export to the brand.
use crate::{
    clock::Timestamp,
    customers::consent::Action,
    db::{Result, Tx},
    dealerships::Dealership,
    id::Id,
};

#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Found {
    pub(super) id: String,
    pub(super) dealership: String,
    pub(super) repair_order: String,
    pub(super) customer: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) vin: Option<String>,
    pub(super) model_code: Option<String>,
    pub(super) model_year: Option<i64>,
    pub(super) service_type: Option<String>,
    pub(super) pay_type: Option<String>,
    pub(super) opened_at: Option<Timestamp>,
    pub(super) delivered_at: Timestamp,
    pub(super) is_comeback: bool,
    pub(super) came_back: bool,
    pub(super) mode: Option<String>,
    pub(super) overall: Option<i64>,
    pub(super) fixed: Option<bool>,
    pub(super) recommend: Option<i64>,
    /// The last word about sharing.
    pub(super) shared: Option<Action>,
}

const VISITS: &str = "SELECT s.id, d.code AS dealership, s.ref AS repair_order, c.ref AS customer,
        (SELECT p.value FROM contact_points p WHERE p.customer_id = c.id AND p.type = 'phone' AND p.removed_at IS NULL AND p.validity <> 'invalid'
            ORDER BY p.position, p.id LIMIT 1) AS phone,
        v.vin, v.model_code, v.model_year, s.service_type, s.pay_type, s.opened_at, s.delivered_at, s.is_comeback,
        s.came_back_at IS NOT NULL AS came_back, r.mode, r.overall, r.fixed, r.recommend,
        (SELECT k.action FROM consents k WHERE k.customer_id = s.customer_id AND k.purpose = 'oem_sharing'
            ORDER BY k.at DESC, k.recorded_at DESC, k.id DESC LIMIT 1) AS shared
    FROM surveys s JOIN dealerships d ON d.id = s.dealership_id LEFT JOIN customers c ON c.id = s.customer_id
        LEFT JOIN vehicles v ON v.id = s.vehicle_id
        LEFT JOIN survey_responses r ON r.survey_id = s.id AND NOT EXISTS (SELECT 1 FROM survey_responses n WHERE n.corrects_id = r.id)
    WHERE s.dealership_id = $1 AND s.delivered_at >= $2 AND s.delivered_at < $3 AND NOT s.is_internal AND s.id > $4
    ORDER BY s.id LIMIT $5";

/// So many visits of a stretch after one of them, by their ids.
pub(super) async fn visits(
    tx: &mut Tx,
    dealership: Id<Dealership>,
    (from, to): (Timestamp, Timestamp),
    after: String,
    limit: i64,
) -> Result<Vec<Found>> {
    tx.sql(VISITS).bind(dealership).bind(from).bind(to).bind(after).bind(limit).all().await
}
