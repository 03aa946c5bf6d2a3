//! Imports: files from a dealer management system, as dealers really have them; a row becomes the same events as the API's.
//!
//! Bytes become text ([`encoding`]), that records under headers in three languages ([`columns`]), a record what it tells
//! ([`rows`], with the shapes of [`shapes`] and the words of [`statuses`]), and what is news of it since the last file
//! ([`news`]) events with ids of their own content. They take the road of every other event, in batches of a bounded number:
//! a file that is read again does nothing, and one that was cut off in the middle is simply read again.
pub mod actions;
mod batches;
mod columns;
pub mod console;
mod encoding;
pub mod folder;
mod news;
mod reading;
mod rejected;
mod rows;
mod shapes;
mod statuses;
mod store;
mod summary;
pub mod uploads;

use serde::{Deserialize, Serialize};

pub use self::summary::Summary;
use crate::app::App;

/// Takes what lies in the watched folder and what was uploaded, until the process is told to stop.
pub async fn watch(app: App) {
    tokio::join!(folder::watch(app.clone()), uploads::work::watch(app));
}

/// What the rows of a file are about (`domain/inputs.md` F3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, clap::ValueEnum, Serialize, Deserialize)]
#[value(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Customers,
    Vehicles,
    Appointments,
    RepairOrders,
    RoDeclined,
    PartsOrders,
    Staff,
    Capacity,
}

impl Kind {
    pub const ALL: [Self; 8] = [
        Self::Customers,
        Self::Vehicles,
        Self::Appointments,
        Self::RepairOrders,
        Self::RoDeclined,
        Self::PartsOrders,
        Self::Staff,
        Self::Capacity,
    ];
    /// As it is written on the command line, in file names and in the mapping files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::Vehicles => "vehicles",
            Self::Appointments => "appointments",
            Self::RepairOrders => "repair_orders",
            Self::RoDeclined => "ro_declined",
            Self::PartsOrders => "parts_orders",
            Self::Staff => "staff",
            Self::Capacity => "capacity",
        }
    }
    /// The kind of that word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
    /// The kind with which a file's name begins: `appointments-20260305.csv`.
    #[expect(clippy::case_sensitive_file_extension_comparisons, reason = "small letters by then")]
    pub fn of_file(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        if !name.ends_with(".csv") || name.ends_with(".rejected.csv") {
            return None;
        }
        Self::ALL.into_iter().find(|kind| {
            name.strip_prefix(kind.word()).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        })
    }
    /// Without these columns nothing of the file could be understood.
    fn needs(self) -> &'static [&'static str] {
        match self {
            Self::Customers => &["customer_no"],
            Self::Vehicles => &["vin"],
            Self::Appointments => &["appointment_no"],
            Self::RepairOrders => &["ro_no"],
            Self::RoDeclined => &["ro_no", "item_name"],
            Self::PartsOrders => &["order_no", "part_no"],
            Self::Staff => &["staff_no", "name"],
            Self::Capacity => &["date", "available_hours"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_of_the_kind_with_which_its_name_begins() {
        for (name, kind) in [
            ("appointments.csv", Some(Kind::Appointments)),
            ("Appointments-20260305.CSV", Some(Kind::Appointments)),
            ("repair_orders_0305.csv", Some(Kind::RepairOrders)),
            ("staffing.csv", None),
            ("customers.csv.rejected.csv", None),
            ("customers.xlsx", None),
        ] {
            assert_eq!(Kind::of_file(name), kind, "{name}");
        }
    }
}
