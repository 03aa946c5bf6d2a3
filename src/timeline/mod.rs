//! The record: everything said, heard, held and why.
pub mod actions;
pub mod api;
pub mod console;
pub mod store;

use serde::Serialize;
use serde_json::Value;

use crate::{
    appointments::Appointment,
    clock::Timestamp,
    customers::{Customer, vehicles::Vehicle},
    dealerships::Dealership,
    id::{Entity, Id},
    intake::Event,
    messages::Message,
    notices::Notice,
};

/// One line of the record. `what` is a word like `appointment.booked` or `message.accepted`; `detail` holds no personal data
/// that is not on the thing it is about.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    pub id: Id<Entry>,
    pub dealership_id: Id<Dealership>,
    pub at: Timestamp,
    pub what: String,
    /// Step 1 to 8 of the service journey (seed §3), where it belongs to one.
    pub step: Option<i64>,
    pub customer_id: Option<Id<Customer>>,
    pub vehicle_id: Option<Id<Vehicle>>,
    pub appointment_id: Option<Id<Appointment>>,
    /// What else it concerns: `repair_order`, `parts_order`, `inquiry` and their id.
    pub subject_type: Option<&'static str>,
    pub subject_id: Option<String>,
    pub event_id: Option<Id<Event>>,
    pub notice_id: Option<Id<Notice>>,
    pub message_id: Option<Id<Message>>,
    pub actor: Option<String>,
    pub reason: Option<String>,
    pub detail: Value,
}

impl Entity for Entry {
    const PREFIX: &'static str = "tml";
}

impl Entry {
    /// A line about nothing yet; fill in what it concerns.
    pub fn new(id: Id<Self>, dealership_id: Id<Dealership>, at: Timestamp, what: impl Into<String>) -> Self {
        Self {
            id,
            dealership_id,
            at,
            what: what.into(),
            step: None,
            customer_id: None,
            vehicle_id: None,
            appointment_id: None,
            subject_type: None,
            subject_id: None,
            event_id: None,
            notice_id: None,
            message_id: None,
            actor: None,
            reason: None,
            detail: Value::Object(serde_json::Map::new()),
        }
    }
}
