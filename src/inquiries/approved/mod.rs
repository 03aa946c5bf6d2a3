//! Approved answers (BR-02): questions that the facts on record answer, said at once where a dealership has switched them on.
//!
//! They stop the clock like a person's answer and are reported apart. What is not asked plainly, by somebody who is known for
//! certain where it is theirs alone to know, waits for a person: a wrong answer would be a broken promise that nobody sees.
pub mod actions;
pub mod api;
mod asked;
mod facts;
mod texts;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Topic {
    OpeningHours,
    MyBooking,
    MyCar,
    MyPart,
}

impl Topic {
    pub const ALL: [Self; 4] = [Self::OpeningHours, Self::MyBooking, Self::MyCar, Self::MyPart];
    pub fn word(self) -> &'static str {
        match self {
            Self::OpeningHours => "opening_hours",
            Self::MyBooking => "my_booking",
            Self::MyCar => "my_car",
            Self::MyPart => "my_part",
        }
    }
    pub fn read(word: &str) -> Option<Self> {
        serde_json::from_value(Value::String(word.to_owned())).ok()
    }
    /// Only the one it concerns may hear it.
    pub fn is_personal(self) -> bool {
        self != Self::OpeningHours
    }
}
