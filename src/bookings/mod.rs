//! Booking by hand, where no other system owns the book (seed §2, interface 3.2): what a person or a small system books is a
//! fact like any other, and takes the same road.
pub mod actions;
pub mod api;
pub mod console;
mod fields;

use serde_json::Value;

use crate::{clock::Timestamp, dealerships::Dealership};

/// The source of what was booked here.
pub const SOURCE: &str = "/aftercare/bookings";

/// Who keeps a dealership's book of appointments, as its rules say (`appointments.book`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Book {
    /// It is kept here.
    Here,
    /// Another system keeps it, and tells us.
    Elsewhere,
    /// Nobody has said: whoever tells of the appointments that are ahead.
    WhoeverTells,
}

impl Book {
    pub const ALL: [Self; 3] = [Self::WhoeverTells, Self::Here, Self::Elsewhere];

    pub fn of(dealership: &Dealership) -> Self {
        let said = dealership.rules.pointer("/appointments/book").and_then(Value::as_str);
        Self::ALL.into_iter().find(|book| said == Some(book.word())).unwrap_or(Self::WhoeverTells)
    }
    pub const fn word(self) -> &'static str {
        match self {
            Self::Here => "here",
            Self::Elsewhere => "elsewhere",
            Self::WhoeverTells => "whoever_tells",
        }
    }
}

/// A booking that is wanted: the data of an `appointment.booked` without a `ref`, which is ours to give.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// As the caller sent it, less its dealership.
    pub data: Value,
    /// Unique for each booking that is wanted: the same again is the same booking.
    pub key: String,
    /// Who books, for the record.
    pub by: String,
    /// When they asked.
    pub at: Timestamp,
}
