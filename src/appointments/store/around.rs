//! What is read around a booking and of whole days: neighbours, the work of a day, who is to come, who came back.
use jiff::SignedDuration;
use serde::Serialize;
use sqlx::types::Json;

use crate::{
    appointments::{Appointment, Service, State},
    clock::Timestamp,
    customers::Customer,
    db::{Result, Tx},
    dealerships::Dealership,
    id::Id,
    rows,
    staff::Staff,
};

/// Another visit of the same advisor, near in time.
#[derive(Debug, sqlx::FromRow)]
pub(in crate::appointments) struct Neighbour {
    pub(in crate::appointments) id: Id<Appointment>,
    pub(in crate::appointments) other_ref: String,
    pub(in crate::appointments) other_start_at: Timestamp,
}

/// Who else is to be received by the advisors of these less than their dealership's spacing before or after: the nearest on each side, so that
/// a day on which everything starts at once costs no more than another.
pub(in crate::appointments) async fn neighbours(
    tx: &mut Tx,
    appointments: &[(&Appointment, SignedDuration)],
) -> Result<Vec<Neighbour>> {
    #[derive(Serialize)]
    struct Place {
        id: Id<Appointment>,
        dealership_id: Id<Dealership>,
        advisor_id: Id<Staff>,
        after: Timestamp,
        start: Timestamp,
        before: Timestamp,
    }
    let place = |(appointment, apart): &(&Appointment, SignedDuration)| {
        let (start, advisor_id) = (appointment.start_at?, appointment.advisor_id?);
        let (after, before) = (start.minus(*apart), start.plus(*apart));
        Some(Place { id: appointment.id, dealership_id: appointment.dealership_id, advisor_id, after, start, before })
    };
    let places: Vec<Place> = appointments.iter().filter_map(place).collect();
    if places.is_empty() {
        return Ok(Vec::new());
    }
    tx.sql(rows!(
        "SELECT j.id, a.ref AS other_ref, a.start_at AS other_start_at FROM ",
        (id text, dealership_id text, advisor_id text, after timestamptz, start timestamptz, before timestamptz),
        " CROSS JOIN appointments AS a WHERE a.id IN (
            (SELECT e.id FROM appointments e WHERE e.dealership_id = j.dealership_id AND e.advisor_id = j.advisor_id
                AND e.start_at > j.after AND e.start_at <= j.start AND e.id <> j.id AND e.state IN ('requested', 'proposed',
                'booked', 'confirmed', 'arrived', 'in_service', 'move_requested', 'no_show_suspected')
                ORDER BY e.start_at DESC, e.id DESC LIMIT 1),
            (SELECT e.id FROM appointments e WHERE e.dealership_id = j.dealership_id AND e.advisor_id = j.advisor_id
                AND e.start_at > j.start AND e.start_at < j.before AND e.state IN ('requested', 'proposed',
                'booked', 'confirmed', 'arrived', 'in_service', 'move_requested', 'no_show_suspected')
                ORDER BY e.start_at, e.id LIMIT 1))"
    ))
    .bind_rows(&places)
    .all()
    .await
}

/// The work that a visit takes.
#[derive(Debug, sqlx::FromRow)]
pub(in crate::appointments) struct Work {
    pub(in crate::appointments) id: Id<Appointment>,
    pub(in crate::appointments) advisor_id: Option<Id<Staff>>,
    pub(in crate::appointments) start_at: Timestamp,
    pub(in crate::appointments) state: State,
    services: Json<Vec<Service>>,
}

impl Work {
    pub(in crate::appointments) fn minutes(&self) -> i64 {
        super::super::minutes_of(&self.services)
    }
    /// It is still to be done, so that it takes an advisor's time and the workshop's.
    pub(in crate::appointments) fn is_to_come(&self) -> bool {
        !matches!(self.state, State::Completed | State::NoShow | State::Cancelled)
    }
}

/// The work of the visits that start in this time, and of those that were to; not of what was cancelled.
pub(in crate::appointments) async fn works_between(
    tx: &mut Tx,
    dealership_id: Id<Dealership>,
    (from, until): (Timestamp, Timestamp),
) -> Result<Vec<Work>> {
    tx.sql(
        "SELECT id, advisor_id, start_at, state, services FROM appointments
         WHERE dealership_id = $1 AND start_at >= $2 AND start_at < $3 AND state <> 'cancelled' ORDER BY start_at, id",
    )
    .bind(dealership_id)
    .bind(from)
    .bind(until)
    .all()
    .await
}

/// Who missed an appointment at most `within` before they booked again has been won back.
pub(in crate::appointments) async fn recover(
    tx: &mut Tx,
    customers: &[(Id<Customer>, Timestamp)],
    within: SignedDuration,
) -> Result<Vec<Id<Appointment>>> {
    #[derive(Serialize)]
    struct Back {
        customer_id: Id<Customer>,
        at: Timestamp,
        since: Timestamp,
    }
    if customers.is_empty() {
        return Ok(Vec::new());
    }
    let back: Vec<Back> =
        customers.iter().map(|(id, at)| Back { customer_id: *id, at: *at, since: at.minus(within) }).collect();
    let won: Vec<(Id<Appointment>,)> = tx
        .sql(rows!(
            "UPDATE appointments SET recovered_at = j.at FROM ",
            (customer_id text, at timestamptz, since timestamptz),
            " WHERE appointments.customer_id = j.customer_id AND appointments.missed_at IS NOT NULL AND appointments.missed_at >= j.since
                AND appointments.missed_at <= j.at AND appointments.recovered_at IS NULL RETURNING appointments.id"
        ))
        .bind_rows(&back)
        .all()
        .await?;
    Ok(won.into_iter().map(|(id,)| id).collect())
}
