//! Appointments: booked, moved, cancelled, confirmed, arrived, missed.
mod absence;
pub mod actions;
mod acts;
pub mod api;
mod checks;
pub mod comeback;
mod confirming;
pub mod console;
mod life;
pub(crate) mod lists;
mod marks;
pub mod page;
mod passing_on;
pub mod slots;
mod store;
mod taking;
mod telling;

pub use self::taking::Missing;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::types::Json;

use crate::{
    clock::Timestamp,
    customers::{
        Customer, Person,
        vehicles::{Sighting, Vehicle},
    },
    dealerships::Dealership,
    id::{Entity, Id},
    staff::Staff,
};

/// An appointment (`apt_`): known by its dealership and the sender's `ref`, whatever the source.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
pub struct Appointment {
    pub id: Id<Appointment>,
    pub dealership_id: Id<Dealership>,
    #[serde(rename = "ref")]
    #[sqlx(rename = "ref")]
    pub reference: String,
    pub state: State,
    /// Ours: starts at 0 and counts the changes that a customer can see; the calendar's SEQUENCE.
    pub revision: i64,
    /// The sender's own, of the last applied event that carried one.
    pub sender_revision: Option<i64>,
    /// The `time` of the last applied event.
    pub heard_at: Timestamp,
    pub customer_id: Option<Id<Customer>>,
    pub vehicle_id: Option<Id<Vehicle>>,
    pub advisor_id: Option<Id<Staff>>,
    /// `None`: a fact about it came before its booking did.
    pub start_at: Option<Timestamp>,
    pub end_at: Option<Timestamp>,
    pub booked_at: Option<Timestamp>,
    pub booked_by: Option<String>,
    pub channel: Option<String>,
    pub services: Json<Vec<Service>>,
    pub customer_words: Option<String>,
    pub is_comeback: bool,
    /// As the sender lists them.
    pub parts_required: Json<Vec<Value>>,
    pub confirmed_at: Option<Timestamp>,
    pub arrived_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
    pub cancelled_at: Option<Timestamp>,
    pub cancel_reason: Option<String>,
    /// The source that told of it last: BR-19 asks whether that one was heard lately.
    pub source: Option<String>,
    /// When the customer asked for it, where they had to ask first (BR-06).
    pub requested_at: Option<Timestamp>,
    /// `link`, `digit`, `call`, or the source that said so.
    pub confirmed_via: Option<String>,
    /// Whether every part it needs is there (BR-10); `None` where nobody has said.
    pub parts_ready: Option<bool>,
    /// The repair order from which this one seems to come back (BR-09).
    pub original_ref: Option<String>,
    /// When nobody had come by the end of the day.
    pub missed_at: Option<Timestamp>,
    /// When who missed it booked again, within 14 days.
    pub recovered_at: Option<Timestamp>,
    /// What was found wrong with it at booking.
    pub warnings: Json<Vec<Warning>>,
    /// What it should say and does not (acceptance 35).
    pub missing: Json<Vec<Missing>>,
    pub created_at: Timestamp,
}
impl Appointment {
    /// Booked although a part it needs is not there (BR-10).
    pub fn is_conditional(&self) -> bool {
        self.parts_ready == Some(false)
    }
}
impl Entity for Appointment {
    const PREFIX: &'static str = "apt";
}

/// The states of `architecture.md` 3, in the words of the SQL and the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum State {
    Requested,
    Proposed,
    Booked,
    Confirmed,
    Arrived,
    InService,
    Completed,
    MoveRequested,
    NoShowSuspected,
    NoShow,
    Cancelled,
}

impl State {
    pub fn word(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Proposed => "proposed",
            Self::Booked => "booked",
            Self::Confirmed => "confirmed",
            Self::Arrived => "arrived",
            Self::InService => "in_service",
            Self::Completed => "completed",
            Self::MoveRequested => "move_requested",
            Self::NoShowSuspected => "no_show_suspected",
            Self::NoShow => "no_show",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What was found wrong with a booking: told to people, never a reason to refuse what another system has booked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Warning {
    /// The advisor receives somebody else so few minutes before or after, and not `apart` (BR-07).
    Spacing {
        with: String,
        minutes: i64,
        #[serde(default = "usual::apart")]
        apart: i64,
    },
    /// The day is fuller than `full` percent of its hours (BR-08).
    Load {
        date: String,
        booked_hours: f64,
        available_hours: f64,
        #[serde(default = "usual::full")]
        full: i64,
    },
    /// More than `most` working days after it was asked for (BR-06).
    LateSlot {
        working_days: i64,
        #[serde(default = "usual::wait")]
        most: i64,
    },
    /// A part it needs is not there: what was confirmed is conditional (BR-10).
    PartsNotReady,
    /// It looks like the same trouble again (BR-09); the repair order it seems to come back from, where it was found.
    Comeback { original: Option<String> },
}

/// What held when a dealership could have no rule of its own: warnings of that time do not say it.
mod usual {
    pub(super) fn apart() -> i64 {
        30
    }
    pub(super) fn full() -> i64 {
        crate::capacity::FULL
    }
    pub(super) fn wait() -> i64 {
        3
    }
}

impl Warning {
    /// As it is shown.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Spacing { .. } => "spacing",
            Self::Load { .. } => "load",
            Self::LateSlot { .. } => "late_slot",
            Self::PartsNotReady => "parts_not_ready",
            Self::Comeback { .. } => "comeback",
        }
    }
}

/// Work that was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Service {
    pub code: Option<String>,
    pub name: Option<String>,
    pub hours: Option<f64>,
}

/// How long work takes, in minutes; what says no hours takes none.
pub(crate) fn minutes_of(services: &[Service]) -> i64 {
    services.iter().filter_map(|service| service.hours).map(crate::capacity::minutes).sum()
}

/// A fact about an appointment, as an event tells it.
#[derive(Clone, Debug)]
pub struct Fact {
    /// The sender's key of the appointment.
    pub reference: String,
    /// The sender's own revision of it.
    pub revision: Option<i64>,
    pub said: Said,
}

impl Fact {
    /// Who is to receive the customer, in the sender's words.
    pub fn advisor_ref(&self) -> Option<&str> {
        self.said.booking()?.advisor_ref.as_deref()
    }
    /// The customer, where it tells of them.
    pub fn person(&self) -> Option<&Person> {
        Some(&self.said.booking()?.customer)
    }
    /// The same without the reason that somebody gave.
    #[must_use]
    pub fn without_words(mut self) -> Self {
        if let Said::Confirmed(occasion)
        | Said::Cancelled(occasion)
        | Said::Arrived(occasion)
        | Said::NoShow(occasion)
        | Said::Completed(occasion) = &mut self.said
        {
            occasion.reason = None;
        }
        self
    }
}

#[derive(Clone, Debug)]
pub enum Said {
    Requested(Booking),
    Proposed(Booking),
    Booked(Booking),
    Rescheduled(Booking),
    Confirmed(Occasion),
    Cancelled(Occasion),
    Arrived(Occasion),
    NoShow(Occasion),
    Completed(Occasion),
}

impl Said {
    /// The type of the event that says so.
    pub fn event_type(&self) -> &'static str {
        match self {
            Self::Requested(_) => "appointment.requested",
            Self::Proposed(_) => "appointment.proposed",
            Self::Booked(_) => "appointment.booked",
            Self::Rescheduled(_) => "appointment.rescheduled",
            Self::Confirmed(_) => "appointment.confirmed",
            Self::Cancelled(_) => "appointment.cancelled",
            Self::Arrived(_) => "appointment.arrived",
            Self::NoShow(_) => "appointment.no_show",
            Self::Completed(_) => "appointment.completed",
        }
    }
    fn booking(&self) -> Option<&Booking> {
        match self {
            Self::Requested(booking) | Self::Proposed(booking) | Self::Booked(booking) | Self::Rescheduled(booking) => {
                Some(booking)
            }
            _ => None,
        }
    }
}

/// The data of a booking; `None` leaves what is known.
#[derive(Clone, Debug)]
pub struct Booking {
    pub customer: Person,
    pub vehicle: Option<Sighting>,
    pub advisor_ref: Option<String>,
    pub start_at: Timestamp,
    pub end_at: Option<Timestamp>,
    pub booked_at: Option<Timestamp>,
    pub booked_by: Option<String>,
    pub channel: Option<String>,
    pub services: Option<Vec<Service>>,
    pub customer_words: Option<String>,
    pub is_comeback: Option<bool>,
    pub parts_required: Option<Vec<Value>>,
    /// `Some(false)` when any part is said not to be there.
    pub parts_ready: Option<bool>,
}

/// When something happened, by whom and why.
#[derive(Clone, Debug)]
pub struct Occasion {
    pub at: Timestamp,
    pub by: Option<String>,
    pub reason: Option<String>,
}
