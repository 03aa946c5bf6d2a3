//! The SQL of appointments.

/// Appointments as [`Found`], before their `WHERE`.
macro_rules! found {
    () => {
        "SELECT a.id, a.dealership_id, a.ref, a.state, a.revision, a.sender_revision, a.heard_at, a.customer_id, a.vehicle_id, a.advisor_id,
                a.start_at, a.end_at, a.booked_at, a.booked_by, a.channel, a.services, a.customer_words, a.is_comeback, a.parts_required,
                a.confirmed_at, a.arrived_at, a.completed_at, a.cancelled_at, a.cancel_reason, a.source, a.requested_at, a.confirmed_via,
                a.parts_ready, a.original_ref, a.missed_at, a.recovered_at, a.warnings, a.missing, a.created_at, d.code AS dealership,
                c.id AS customer, c.ref AS customer_ref, c.name AS customer_name, v.id AS vehicle, v.vin, v.plate,
                s.id AS advisor, s.ref AS advisor_ref, s.name AS advisor_name, a.wishes,
                (SELECT r.opened_at FROM repair_orders AS r WHERE r.appointment_ref = a.ref AND r.dealership_id = a.dealership_id
                    AND r.state IN ('open', 'ready') AND r.state = 'open' ORDER BY r.opened_at LIMIT 1) AS open_since
         FROM appointments AS a JOIN dealerships AS d ON d.id = a.dealership_id LEFT JOIN customers AS c ON c.id = a.customer_id
              LEFT JOIN vehicles AS v ON v.id = a.vehicle_id LEFT JOIN staff AS s ON s.id = a.advisor_id"
    };
}

mod around;
pub(super) mod day;
mod listing;
mod written;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sqlx::types::Json;

pub(super) use self::around::{Neighbour, Work, neighbours, recover, works_between};
pub(super) use self::listing::{Wanted, Which, lacking, list, of_customer, tellers_of_what_is_ahead};
pub(super) use self::written::{Written, incomplete_of, written};
use super::{Appointment, Service, State};
use crate::{
    clock::Timestamp,
    customers::{Customer, vehicles::Vehicle},
    db::{Result, Tx},
    dealerships::Dealership,
    http::Access,
    id::Id,
    notices::{
        readings::Reading,
        words::{About, appointment},
    },
    rows,
    staff::Staff,
};

/// What an appointment is known by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Key {
    pub(super) dealership_id: Id<Dealership>,
    #[serde(rename = "ref")]
    pub(super) reference: String,
}

/// An appointment with what its customer's clock shows.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Held {
    #[sqlx(flatten)]
    pub(super) appointment: Appointment,
    pub(super) customer_zone: Option<String>,
    #[sqlx(skip)]
    pub(super) is_changed: bool,
    /// A fact of this unit of work booked it, or changed its booking.
    #[sqlx(skip)]
    pub(super) is_booked: bool,
    /// Its state and start before this unit of work changed it; `None` while it did not, and of a new one.
    #[sqlx(skip)]
    pub(super) before: Option<(State, Option<Timestamp>)>,
}

/// The appointments of `keys`; locked until the unit ends, in the order of their ids.
pub(super) async fn find_and_lock(tx: &mut Tx, keys: &BTreeSet<Key>) -> Result<BTreeMap<Key, Held>> {
    let keys: Vec<&Key> = keys.iter().collect();
    let held: Vec<Held> = tx
        .sql(rows!(
            "SELECT a.id, a.dealership_id, a.ref, a.state, a.revision, a.sender_revision, a.heard_at, a.customer_id, a.vehicle_id, a.advisor_id,
                    a.start_at, a.end_at, a.booked_at, a.booked_by, a.channel, a.services, a.customer_words, a.is_comeback, a.parts_required,
                    a.confirmed_at, a.arrived_at, a.completed_at, a.cancelled_at, a.cancel_reason, a.source, a.requested_at, a.confirmed_via,
                    a.parts_ready, a.original_ref, a.missed_at, a.recovered_at, a.warnings, a.missing, a.created_at, c.time_zone AS customer_zone
             FROM ",
            (dealership_id text, ref text),
            " CROSS JOIN appointments AS a LEFT JOIN customers AS c ON c.id = a.customer_id
             WHERE a.dealership_id = j.dealership_id AND a.ref = j.ref ORDER BY a.id",
            for_update "a"
        ))
        .bind_rows(&keys)
        .all()
        .await?;
    let by_key =
        |h: Held| (Key { dealership_id: h.appointment.dealership_id, reference: h.appointment.reference.clone() }, h);
    Ok(held.into_iter().map(by_key).collect())
}

/// The appointments of these ids; locked until the unit ends, in the order of their ids.
pub(super) async fn find_and_lock_by_id(tx: &mut Tx, ids: &[String]) -> Result<Vec<Held>> {
    #[derive(Serialize)]
    struct Named<'a> {
        id: &'a str,
    }
    let named: Vec<Named<'_>> = ids.iter().map(|id| Named { id }).collect();
    tx.sql(rows!(
        "SELECT a.id, a.dealership_id, a.ref, a.state, a.revision, a.sender_revision, a.heard_at, a.customer_id, a.vehicle_id, a.advisor_id,
                a.start_at, a.end_at, a.booked_at, a.booked_by, a.channel, a.services, a.customer_words, a.is_comeback, a.parts_required,
                a.confirmed_at, a.arrived_at, a.completed_at, a.cancelled_at, a.cancel_reason, a.source, a.requested_at, a.confirmed_via,
                    a.parts_ready, a.original_ref, a.missed_at, a.recovered_at, a.warnings, a.missing, a.created_at, c.time_zone AS customer_zone
         FROM ",
        (id text),
        " CROSS JOIN appointments AS a LEFT JOIN customers AS c ON c.id = a.customer_id WHERE a.id = j.id ORDER BY a.id",
        for_update "a"
    ))
    .bind_rows(&named)
    .all()
    .await
}

/// Inserts or overwrites appointments in one statement.
pub(super) async fn save(tx: &mut Tx, appointments: &[&Appointment]) -> Result<()> {
    if appointments.is_empty() {
        return Ok(());
    }
    tx.sql(rows!(
        "INSERT INTO appointments (id, dealership_id, ref, state, revision, sender_revision, heard_at, customer_id, vehicle_id, advisor_id,
            start_at, end_at, booked_at, booked_by, channel, services, customer_words, is_comeback, parts_required,
            confirmed_at, arrived_at, completed_at, cancelled_at, cancel_reason, source, requested_at, confirmed_via, parts_ready, original_ref,
            missed_at, recovered_at, warnings, missing, created_at)
         SELECT j.id, j.dealership_id, j.ref, j.state, j.revision, j.sender_revision, j.heard_at, j.customer_id, j.vehicle_id, j.advisor_id,
            j.start_at, j.end_at, j.booked_at, j.booked_by, j.channel, j.services, j.customer_words, j.is_comeback, j.parts_required,
            j.confirmed_at, j.arrived_at, j.completed_at, j.cancelled_at, j.cancel_reason, j.source, j.requested_at, j.confirmed_via,
            j.parts_ready, j.original_ref, j.missed_at, j.recovered_at, j.warnings, j.missing, j.created_at FROM ",
        (id text, dealership_id text, ref text, state text, revision bigint, sender_revision bigint, heard_at timestamptz, customer_id text,
         vehicle_id text, advisor_id text, start_at timestamptz, end_at timestamptz, booked_at timestamptz, booked_by text, channel text,
         services jsonb, customer_words text, is_comeback boolean, parts_required jsonb, confirmed_at timestamptz, arrived_at timestamptz,
         completed_at timestamptz, cancelled_at timestamptz, cancel_reason text, source text, requested_at timestamptz,
         confirmed_via text, parts_ready boolean, original_ref text, missed_at timestamptz, recovered_at timestamptz, warnings jsonb, missing jsonb,
         created_at timestamptz),
        " WHERE true
         ON CONFLICT (id) DO UPDATE SET state = excluded.state, revision = excluded.revision, sender_revision = excluded.sender_revision,
            heard_at = excluded.heard_at, customer_id = excluded.customer_id, vehicle_id = excluded.vehicle_id, advisor_id = excluded.advisor_id,
            start_at = excluded.start_at, end_at = excluded.end_at, booked_at = excluded.booked_at, booked_by = excluded.booked_by,
            channel = excluded.channel, services = excluded.services, customer_words = excluded.customer_words, is_comeback = excluded.is_comeback,
            parts_required = excluded.parts_required, confirmed_at = excluded.confirmed_at, arrived_at = excluded.arrived_at,
            completed_at = excluded.completed_at, cancelled_at = excluded.cancelled_at, cancel_reason = excluded.cancel_reason,
            source = excluded.source, requested_at = excluded.requested_at, confirmed_via = excluded.confirmed_via,
            parts_ready = excluded.parts_ready, original_ref = excluded.original_ref, missed_at = excluded.missed_at,
            recovered_at = excluded.recovered_at, warnings = excluded.warnings, missing = excluded.missing"
    ))
    .bind_rows(appointments)
    .execute()
    .await?;
    Ok(())
}

/// An appointment beside the names of whom and what it concerns.
#[derive(sqlx::FromRow)]
pub(super) struct Found {
    #[sqlx(flatten)]
    pub(super) appointment: Appointment,
    pub(super) dealership: String,
    pub(super) customer: Option<Id<Customer>>,
    pub(super) customer_ref: Option<String>,
    pub(super) customer_name: Option<String>,
    pub(super) vehicle: Option<Id<Vehicle>>,
    pub(super) vin: Option<String>,
    pub(super) plate: Option<String>,
    pub(super) advisor: Option<Id<Staff>>,
    pub(super) advisor_ref: Option<String>,
    pub(super) advisor_name: Option<String>,
    /// When the work on it began, while that is not done.
    pub(super) open_since: Option<Timestamp>,
    /// Which times would suit the customer, where they asked for another one.
    pub(super) wishes: Option<String>,
}

/// Appointments by our id or the sender's ref, among what `access` allows; two when the ref is not unique.
pub(super) async fn list_by_reference(
    tx: &mut Tx,
    access: &Access,
    reference: &str,
    dealership: Option<&str>,
) -> Result<Vec<Found>> {
    tx.sql(concat!(
        found!(),
        " WHERE (a.id = $1 OR a.ref = $1) AND ($2 IS NULL OR a.dealership_id = $2) AND ($3 IS NULL OR d.code = $3) ORDER BY a.id LIMIT 2"
    ))
    .bind(reference.to_owned())
    .bind(access.one())
    .bind(dealership.map(str::to_owned))
    .all()
    .await
}

/// An appointment as its letters need it.
#[derive(sqlx::FromRow)]
pub(super) struct Read {
    id: Id<Appointment>,
    state: String,
    revision: i64,
    start_at: Option<Timestamp>,
    end_at: Option<Timestamp>,
    services: Json<Vec<Service>>,
    customer_words: Option<String>,
    parts_ready: Option<bool>,
    original_ref: Option<String>,
    advisor: Option<String>,
    plate: Option<String>,
    model_code: Option<String>,
    model_year: Option<i64>,
}

impl Read {
    pub(super) fn reading(self) -> Reading {
        let services = self.services.0.into_iter().filter_map(|service| service.name).collect();
        let about = self.start_at.map(|start_at| {
            About::Appointment(appointment::Facts {
                start_at,
                end_at: self.end_at,
                previous_start_at: None,
                services,
                conditional: self.parts_ready == Some(false),
                calendar: false,
                customer_words: self.customer_words,
                original: self.original_ref,
            })
        });
        Reading {
            subject_id: self.id.to_string(),
            state: self.state,
            revision: self.revision,
            advisor: self.advisor,
            plate: self.plate,
            model_code: self.model_code,
            model_year: self.model_year,
            about,
        }
    }
}

pub(super) async fn for_letters(tx: &mut Tx, ids: &[String]) -> Result<Vec<Read>> {
    #[derive(Serialize)]
    struct Named<'a> {
        id: &'a str,
    }
    let named: Vec<Named<'_>> = ids.iter().map(|id| Named { id }).collect();
    tx.sql(rows!(
        "SELECT a.id, a.state, a.revision, a.start_at, a.end_at, a.services, a.customer_words, a.parts_ready, a.original_ref, s.name AS advisor, v.plate, v.model_code, v.model_year FROM ",
        (id text),
        " JOIN appointments a ON a.id = j.id LEFT JOIN staff s ON s.id = a.advisor_id LEFT JOIN vehicles v ON v.id = a.vehicle_id"
    ))
    .bind_rows(&named)
    .all()
    .await
}

/// An appointment as its customer's page shows it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct OnPage {
    pub(super) id: Id<Appointment>,
    pub(super) dealership_id: Id<Dealership>,
    pub(super) customer_id: Option<Id<Customer>>,
    pub(super) state: State,
    pub(super) start_at: Option<Timestamp>,
    pub(super) services: Json<Vec<Service>>,
    pub(super) plate: Option<String>,
    /// The reader's.
    pub(super) language: Option<String>,
    pub(super) dealer: String,
    pub(super) department: String,
    pub(super) phone: String,
    pub(super) region: String,
    pub(super) address: String,
    pub(super) time_zone: String,
    pub(super) locale: String,
}

pub(super) async fn on_page(tx: &mut Tx, id: &str) -> Result<Option<OnPage>> {
    tx.sql(
        "SELECT a.id, a.dealership_id, a.customer_id, a.state, a.start_at, a.services, v.plate, c.language, d.name AS dealer, d.department, d.phone,
            d.region, d.address, d.time_zone, d.locale
         FROM appointments a JOIN dealerships d ON d.id = a.dealership_id LEFT JOIN customers c ON c.id = a.customer_id
         LEFT JOIN vehicles v ON v.id = a.vehicle_id WHERE a.id = $1",
    )
    .bind(id.to_owned())
    .optional()
    .await
}

/// Keeps which times would suit the customer.
pub(super) async fn wish(tx: &mut Tx, id: Id<Appointment>, wishes: &str) -> Result<()> {
    tx.sql("UPDATE appointments SET wishes = $2 WHERE id = $1").bind(id).bind(wishes.to_owned()).execute().await?;
    Ok(())
}

/// The visits of vehicles that start after `after` and stand, the earliest first.
pub(super) async fn visits_after(
    tx: &mut Tx,
    vehicles: &[Id<Vehicle>],
    after: Timestamp,
) -> Result<Vec<(Id<Vehicle>, Id<Appointment>)>> {
    #[derive(Serialize)]
    struct Wanted {
        id: Id<Vehicle>,
    }
    let wanted: Vec<Wanted> = vehicles.iter().map(|id| Wanted { id: *id }).collect();
    tx.sql(rows!(
        "SELECT a.vehicle_id, a.id FROM ",
        (id text),
        " CROSS JOIN appointments AS a WHERE a.vehicle_id = j.id AND a.start_at > $2 AND a.state IN ('booked', 'confirmed', 'move_requested')
          ORDER BY a.start_at, a.id"
    ))
    .bind_rows(&wanted)
    .bind(after)
    .all()
    .await
}

/// The advisor of a vehicle's latest appointment that has one.
pub(super) async fn last_advisor(tx: &mut Tx, vehicle: Id<Vehicle>) -> Result<Option<Id<Staff>>> {
    let found: Option<(Id<Staff>,)> = tx
        .sql(
            "SELECT advisor_id FROM (
                 SELECT advisor_id, start_at AS served_at FROM appointments WHERE vehicle_id = $1
                 UNION ALL SELECT advisor_id, opened_at FROM repair_orders WHERE vehicle_id = $1) AS visits
             WHERE advisor_id IS NOT NULL AND served_at IS NOT NULL ORDER BY served_at DESC LIMIT 1",
        )
        .bind(vehicle)
        .optional()
        .await?;
    Ok(found.map(|(id,)| id))
}
