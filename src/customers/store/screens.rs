//! The SQL of finding a customer from what somebody says on the telephone, and of their cars.
use super::super::{Customer, vehicles::Vehicle};
use crate::{
    db::{Result, Tx},
    dealerships::Dealership,
    id::Id,
};

/// A customer in a list of finds.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Hit {
    pub id: Id<Customer>,
    #[sqlx(rename = "ref")]
    pub reference: String,
    pub name: Option<String>,
    pub salutation: Option<String>,
    pub language: Option<String>,
    pub plate: Option<String>,
    pub model: Option<String>,
}

/// What was typed, as it may be meant.
#[derive(Clone, Debug, Default)]
pub(in crate::customers) struct Typed {
    /// As it is, for a ref, a plate, a VIN, an address.
    pub(in crate::customers) text: String,
    /// A number in its normal form.
    pub(in crate::customers) phone: Option<String>,
    /// Where names that begin so begin and end.
    pub(in crate::customers) name: (String, String),
}

/// Each way in which it may be meant reads one index; twenty at most.
pub(in crate::customers) async fn search(tx: &mut Tx, dealership: Id<Dealership>, typed: Typed) -> Result<Vec<Hit>> {
    tx.sql(
        "SELECT c.id, c.ref, c.name, c.salutation, c.language, (SELECT min(v.plate) FROM vehicles v WHERE v.owner_id = c.id) AS plate,
                (SELECT min(v.model_code) FROM vehicles v WHERE v.owner_id = c.id) AS model
         FROM customers c WHERE c.merged_into IS NULL AND c.id IN (
            SELECT id FROM customers WHERE ref = $2 AND dealership_id = $1
            UNION SELECT owner_id FROM vehicles WHERE plate = $2 AND dealership_id = $1 AND owner_id IS NOT NULL
            UNION SELECT owner_id FROM vehicles WHERE vin = $2 AND dealership_id = $1 AND owner_id IS NOT NULL
            UNION SELECT p.customer_id FROM vehicles v JOIN vehicle_people p ON p.vehicle_id = v.id AND p.ended_at IS NULL
                WHERE (v.plate = $2 OR v.vin = $2) AND v.dealership_id = $1
            UNION SELECT p.customer_id FROM contact_points p JOIN customers o ON o.id = p.customer_id
                WHERE p.value = coalesce($3, $2) AND p.removed_at IS NULL AND o.dealership_id = $1
            UNION SELECT id FROM (SELECT id FROM customers WHERE dealership_id = $1 AND search_name >= $4 AND search_name < $5 ORDER BY search_name LIMIT 20) named)
         ORDER BY c.search_name, c.id LIMIT 20",
    )
    .bind(dealership)
    .bind(typed.text)
    .bind(typed.phone)
    .bind(typed.name.0)
    .bind(typed.name.1)
    .all()
    .await
}

/// A car of which they are something.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Car {
    pub id: Id<Vehicle>,
    pub vin: Option<String>,
    pub plate: Option<String>,
    pub model_code: Option<String>,
    pub model_year: Option<i64>,
}

/// Their own, and those that they drive or pay for.
pub(in crate::customers) async fn cars(tx: &mut Tx, customer: Id<Customer>) -> Result<Vec<Car>> {
    tx.sql(
        "SELECT id, vin, plate, model_code, model_year FROM vehicles WHERE id IN (
            SELECT id FROM (SELECT id FROM vehicles WHERE owner_id = $1 ORDER BY id DESC LIMIT 20) owned
            UNION SELECT id FROM (SELECT vehicle_id AS id FROM vehicle_people WHERE customer_id = $1 AND ended_at IS NULL ORDER BY vehicle_id DESC LIMIT 20) used)
         ORDER BY id DESC LIMIT 20",
    )
    .bind(customer)
    .all()
    .await
}
