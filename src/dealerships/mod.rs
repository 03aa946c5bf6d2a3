//! Dealerships: the shops we speak for, their hours, their language and their rules.
pub mod actions;
pub mod api;
pub mod console;
mod directory;
mod hours;
mod parse;
pub(crate) mod rules;
mod store;

use jiff::tz::TimeZone;
use serde::{Serialize, Serializer};
use serde_json::Value;

pub use self::{directory::Directory, parse::CODE_RULE};
pub(crate) use self::{
    hours::{WEEKDAYS, read_written, week, written},
    parse::looks_like_an_address,
};
use crate::{
    calendar,
    clock::Timestamp,
    id::{Entity, Id},
};

/// The languages we speak.
pub const LOCALES: [&str; 3] = ["zh-CN", "en", "ja"];

/// A dealership (`dlr_`), as it is used everywhere: every value is already right. As JSON it is the body of
/// `PUT /v1/dealerships/{code}`, with its id.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dealership {
    pub id: Id<Dealership>,
    pub code: String,
    pub name: String,
    pub department: String,
    /// ISO 3166 country code: phone numbers and contact rules follow it.
    pub region: String,
    #[serde(rename = "time_zone", serialize_with = "zone_name")]
    pub zone: TimeZone,
    /// `zh-CN`, `en` or `ja`.
    pub locale: String,
    pub phone: String,
    pub address: String,
    pub email: Option<String>,
    /// What texts say when the advisor is not known.
    pub advisor_fallback: String,
    pub sms_signature: Option<String>,
    /// `{"mon":[["09:00","12:00"],["13:30","18:00"]],…}`: ascending, apart, `24:00` only as an end; a day that is missing
    /// is closed.
    pub opening_hours: Value,
    /// `[{"date":"2026-02-17","name":"春节","open":[]}]`: instead of that day's opening hours.
    pub holidays: Value,
    pub rules: Value,
    /// Facts older than this build the record but raise nothing (BR-66).
    pub live_from: Option<Timestamp>,
    /// Everything is planned and rendered, and held until "go live" (BR-66).
    pub shadow: bool,
}
impl Entity for Dealership {
    const PREFIX: &'static str = "dlr";
}

impl Dealership {
    /// Its calendar. The hours were checked at the door; what cannot be read all the same counts as closed.
    pub fn shop(&self) -> calendar::Shop {
        calendar::Shop {
            zone: self.zone.clone(),
            opening_hours: serde_json::from_value(self.opening_hours.clone()).unwrap_or_default(),
            holidays: serde_json::from_value(self.holidays.clone()).unwrap_or_default(),
        }
    }
    /// The IANA name of its time zone.
    pub fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }
}

fn zone_name<S: Serializer>(zone: &TimeZone, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(zone.iana_name().unwrap_or("UTC"))
}
