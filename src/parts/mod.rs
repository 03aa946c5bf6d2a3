//! Parts on their way: ordered, back-ordered, arrived, fitted; what the customer is told of them, and whose turn it is.
pub mod actions;
pub mod api;
pub mod board;
mod chest;
pub mod console;
mod due;
pub mod figures;
mod life;
mod line;
mod pace;
pub mod questions;
mod store;
mod telling;

use serde::{Deserialize, Serialize};

use crate::{
    appointments::Appointment,
    clock::Timestamp,
    customers::{
        Customer, Person,
        vehicles::{Sighting, Vehicle},
    },
    dealerships::Dealership,
    id::{Entity, Id},
    staff::Staff,
};

/// An order of parts (`pto_`): known by its dealership and the sender's `order_ref`, whatever the source.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
pub struct PartsOrder {
    pub id: Id<PartsOrder>,
    pub dealership_id: Id<Dealership>,
    #[serde(rename = "ref")]
    #[sqlx(rename = "ref")]
    pub reference: String,
    /// Ours: starts at 0 and counts the changes that a customer can see.
    pub revision: i64,
    /// The sender's own, of the last order that carried one.
    pub sender_revision: Option<i64>,
    /// The `time` of the last applied `parts.ordered`; its lines have times of their own.
    pub heard_at: Timestamp,
    /// From the event, else from the repair order.
    pub customer_id: Option<Id<Customer>>,
    pub vehicle_id: Option<Id<Vehicle>>,
    pub advisor_id: Option<Id<Staff>>,
    /// The sender's name for the repair order it belongs to.
    pub ro_ref: Option<String>,
    pub order_type: Option<String>,
    /// `None`: a fact about a line came before its order.
    pub ordered_at: Option<Timestamp>,
    /// As the order named it; its lines take it over.
    pub eta: Option<Timestamp>,
    /// The gate: set while every line that is not ended is in (BR-21).
    pub complete_at: Option<Timestamp>,
    /// The revision of that arrival.
    pub complete_revision: Option<i64>,
    /// When a day for the fitting was chosen.
    pub booked_at: Option<Timestamp>,
    pub appointment_id: Option<Id<Appointment>>,
    /// When the customer said that they do not want it any more.
    pub declined_at: Option<Timestamp>,
    pub created_at: Timestamp,
}
impl Entity for PartsOrder {
    const PREFIX: &'static str = "pto";
}

/// What a customer said on the telephone of parts that lie here for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoken {
    /// They will come for the fitting.
    Agreed,
    /// They do not want it any more.
    Declined,
}

/// One line of an order (`prt_`).
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
pub struct PartLine {
    pub id: Id<PartLine>,
    pub parts_order_id: Id<PartsOrder>,
    pub dealership_id: Id<Dealership>,
    #[serde(rename = "ref")]
    #[sqlx(rename = "ref")]
    pub reference: String,
    pub part_no: Option<String>,
    pub name: Option<String>,
    pub state: LineState,
    /// The `time` of the last applied event about it.
    pub heard_at: Timestamp,
    /// Totals to date, in the part's own unit; what was ordered is unknown until the order was heard.
    pub qty_ordered: Option<f64>,
    pub qty_received: f64,
    pub qty_issued: f64,
    /// The maker does not have it.
    pub backordered: bool,
    pub eta: Option<Timestamp>,
    /// The first day that was ever named, for the accuracy of such days (seed §1, 精确地预计零件承诺达到时间).
    pub first_eta: Option<Timestamp>,
    /// Where it lies.
    pub location: Option<String>,
    /// In the dealership's currency.
    pub unit_value: Option<f64>,
    /// Why it was cancelled or returned.
    pub reason: Option<String>,
    pub ordered_at: Option<Timestamp>,
    /// When the last of it came in; empty again when it was counted back.
    pub received_at: Option<Timestamp>,
    /// When it was issued, returned or cancelled.
    pub ended_at: Option<Timestamp>,
    pub created_at: Timestamp,
}
impl Entity for PartLine {
    const PREFIX: &'static str = "prt";
}

/// The states of `architecture.md` 3, in the words of the SQL and the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum LineState {
    Ordered,
    Backordered,
    Partial,
    Received,
    Issued,
    Returned,
    Cancelled,
    Unobtainable,
}

impl LineState {
    /// Something of it is still to come: it holds the gate (BR-21).
    pub fn is_open(self) -> bool {
        matches!(self, Self::Ordered | Self::Backordered | Self::Partial)
    }
}

/// A day that was named for a line (`eta_`); `None` when the old one was taken back without another.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
pub struct Eta {
    pub id: Id<Eta>,
    pub part_line_id: Id<PartLine>,
    pub eta: Option<Timestamp>,
    /// The `time` of the event that named it.
    pub heard_at: Timestamp,
    pub event_id: Option<Id<crate::intake::Event>>,
}
impl Entity for Eta {
    const PREFIX: &'static str = "eta";
}

/// A fact about parts, as an event tells it.
#[derive(Clone, Debug)]
pub struct Fact {
    /// The sender's key of the order.
    pub reference: String,
    /// The sender's own revision of it.
    pub revision: Option<i64>,
    pub said: Said,
}

impl Fact {
    /// Who looks after the customer, in the sender's words.
    pub fn advisor_ref(&self) -> Option<&str> {
        match &self.said {
            Said::Ordered(order) => order.advisor_ref.as_deref(),
            Said::Line(_) => None,
        }
    }
    /// The customer, where it tells of them.
    pub fn person(&self) -> Option<&Person> {
        match &self.said {
            Said::Ordered(order) => order.customer.as_ref(),
            Said::Line(_) => None,
        }
    }
    /// The same without the reason that somebody gave.
    #[must_use]
    pub fn without_words(mut self) -> Self {
        if let Said::Line(change) = &mut self.said {
            change.reason = None;
        }
        self
    }
}

#[derive(Clone, Debug)]
pub enum Said {
    Ordered(Box<Order>),
    Line(Change),
}

impl Said {
    /// The type of the event that says so.
    pub fn event_type(&self) -> &'static str {
        match self {
            Self::Ordered(_) => "parts.ordered",
            Self::Line(change) => change.what.event_type(),
        }
    }
}

/// The data of an order; `None` leaves what is known. Lines that are known already are refreshed, others are added.
#[derive(Clone, Debug)]
pub struct Order {
    pub lines: Vec<OrderedLine>,
    pub ro_ref: Option<String>,
    pub customer: Option<Person>,
    pub vehicle: Option<Sighting>,
    pub advisor_ref: Option<String>,
    pub eta: Option<Timestamp>,
    pub order_type: Option<String>,
}

#[derive(Clone, Debug)]
pub struct OrderedLine {
    pub reference: String,
    pub part_no: String,
    pub name: String,
    pub qty: f64,
    pub eta: Option<Timestamp>,
    pub unit_value: Option<f64>,
}

/// A fact about one line.
#[derive(Clone, Debug)]
pub struct Change {
    pub line_ref: String,
    pub at: Timestamp,
    pub what: What,
    /// The total to date; everything when it is not said.
    pub qty: Option<f64>,
    /// The expected day; `Some(None)` takes the old one back.
    pub eta: Option<Option<Timestamp>>,
    pub location: Option<String>,
    pub reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Backordered,
    EtaChanged,
    Received,
    Issued,
    Returned,
    Cancelled,
    /// Cancelled because nobody can deliver it: `parts.cancelled` with the reason `unobtainable`.
    Unobtainable,
}

impl What {
    pub fn event_type(self) -> &'static str {
        match self {
            Self::Backordered => "parts.backordered",
            Self::EtaChanged => "parts.eta_changed",
            Self::Received => "parts.received",
            Self::Issued => "parts.issued",
            Self::Returned => "parts.returned",
            Self::Cancelled | Self::Unobtainable => "parts.cancelled",
        }
    }
}
