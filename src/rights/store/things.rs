//! The SQL that tells whose the things are that an event names.
use serde::Serialize;

use crate::{
    db::{Result, Tx},
    rights::{Named, Thing},
    rows,
};

#[derive(Serialize)]
struct Row<'a> {
    place: i64,
    kind: &'static str,
    dealership_id: String,
    #[serde(rename = "ref")]
    reference: &'a str,
}

/// Which of these are of somebody who was erased, by their places in the list.
pub(in crate::rights) async fn of_erased(tx: &mut Tx, named: &[Named<'_>]) -> Result<Vec<usize>> {
    fn row<'a>((place, one): (usize, &Named<'a>)) -> Row<'a> {
        let (kind, reference) = match one.thing {
            Thing::Appointment(reference) => ("appointment", reference),
            Thing::RepairOrder(reference) => ("repair_order", reference),
            Thing::PartsOrder(reference) => ("parts_order", reference),
            Thing::Inquiry(reference) => ("inquiry", reference),
        };
        let place = i64::try_from(place).unwrap_or(i64::MAX);
        Row { place, kind, dealership_id: one.dealership.to_string(), reference }
    }
    let rows: Vec<Row<'_>> = named.iter().enumerate().map(row).collect();
    let found: Vec<(i64,)> = tx
        .sql(rows!(
            "SELECT DISTINCT j.place FROM ",
            (place bigint, kind text, dealership_id text, ref text),
            " LEFT JOIN appointments a ON j.kind = 'appointment' AND a.dealership_id = j.dealership_id AND a.ref = j.ref
              LEFT JOIN repair_orders r ON j.kind = 'repair_order' AND r.dealership_id = j.dealership_id AND r.ref = j.ref
              LEFT JOIN parts_orders p ON j.kind = 'parts_order' AND p.dealership_id = j.dealership_id AND p.ref = j.ref
              LEFT JOIN inquiries i ON j.kind = 'inquiry' AND i.dealership_id = j.dealership_id AND i.ref = j.ref
              JOIN customers c ON c.id = coalesce(a.customer_id, r.customer_id, p.customer_id, i.customer_id) WHERE c.erased_at IS NOT NULL"
        ))
        .bind_rows(&rows)
        .all()
        .await?;
    Ok(found.into_iter().filter_map(|(place,)| usize::try_from(place).ok()).collect())
}
