//! The SQL of repair orders.

/// Repair orders as [`reading::Found`], before their `WHERE`.
macro_rules! found {
    () => {
        "SELECT r.*, d.code AS dealership, c.id AS customer, c.ref AS customer_ref, c.name AS customer_name, v.id AS vehicle, v.vin, v.plate,
                v.model_code, v.model_year, s.id AS advisor, s.ref AS advisor_ref, s.name AS advisor_name
         FROM repair_orders AS r JOIN dealerships AS d ON d.id = r.dealership_id LEFT JOIN customers AS c ON c.id = r.customer_id
              LEFT JOIN vehicles AS v ON v.id = r.vehicle_id LEFT JOIN staff AS s ON s.id = r.advisor_id"
    };
}

pub(super) mod desk;
pub(super) mod earlier;
pub(super) mod history;
pub(super) mod listing;
pub(super) mod reading;
