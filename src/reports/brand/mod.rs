//! The month's visits as the brand may have them (seed §1, acceptance row 4): whole for customers who agreed that their data
//! is shared, under pseudonyms and without a telephone number for everybody else.
pub mod actions;
mod store;

use serde::Serialize;

use super::table::Table;
use crate::clock::Timestamp;

/// One visit that was delivered. A pseudonym is the same in every month, so that visits can be counted over time; nothing
/// leads back from it without the installation's key.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Visit {
    pub id: String,
    pub dealership: String,
    pub repair_order: String,
    pub customer: Option<String>,
    pub phone: Option<String>,
    pub vin: Option<String>,
    pub model_code: Option<String>,
    pub model_year: Option<i64>,
    pub service_type: Option<String>,
    pub pay_type: Option<String>,
    pub opened_at: Option<Timestamp>,
    pub delivered_at: Timestamp,
    pub is_comeback: bool,
    /// The car came back because of this visit.
    pub came_back: bool,
    /// How the questions were answered: `call`, `web`, `reply`.
    pub mode: Option<String>,
    pub overall: Option<i64>,
    pub fixed: Option<bool>,
    pub recommend: Option<i64>,
    /// Whether the customer agreed; where not, ids are pseudonyms.
    pub oem_sharing: bool,
}

/// The columns of the table: the keys of a visit.
const COLUMNS: [&str; 19] = [
    "id",
    "dealership",
    "repair_order",
    "customer",
    "phone",
    "vin",
    "model_code",
    "model_year",
    "service_type",
    "pay_type",
    "opened_at",
    "delivered_at",
    "is_comeback",
    "came_back",
    "mode",
    "overall",
    "fixed",
    "recommend",
    "oem_sharing",
];

/// The visits as a table.
pub fn csv(visits: &[Visit]) -> String {
    let mut table = Table::of(COLUMNS);
    for visit in visits {
        let row = serde_json::json!(visit);
        let cell = |key: &str| match row.get(key) {
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(serde_json::Value::Null) | None => String::new(),
            Some(other) => other.to_string(),
        };
        let cells = COLUMNS.map(cell);
        table.line(cells.iter().map(String::as_str));
    }
    table.text()
}
