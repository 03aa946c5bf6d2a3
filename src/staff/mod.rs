//! People who work here, and the keys of systems.
pub mod accounts;
pub mod actions;
pub mod api;
pub mod console;
pub mod keys;
mod parse;
mod roster;
pub mod shifts;
pub mod standing_in;
mod store;

use serde::Serialize;

pub use self::{roster::Roster, shifts::Shifts};
use crate::{
    dealerships::Dealership,
    id::{Entity, Id},
};

/// What people do here (`domain/model.md` G1).
pub const ROLES: [&str; 8] =
    ["advisor", "parts", "agent", "supervisor", "service_manager", "director", "admin", "auditor"];

/// A person who works at a dealership (`stf_`). As JSON it is the body of `PUT /v1/staff/{ref}`, with its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Staff {
    pub id: Id<Staff>,
    #[serde(skip)]
    pub dealership_id: Id<Dealership>,
    /// The sender's name for them, unique at a dealership.
    #[serde(rename = "ref")]
    pub reference: String,
    /// None for somebody of whom only a fact has told us.
    pub name: Option<String>,
    /// Of [`ROLES`].
    pub roles: Vec<String>,
    pub languages: Vec<String>,
    /// What they know about, such as `complaints`: calls that ask for it come to them first.
    pub skills: Vec<String>,
    /// Their telephone at the exchange, for click-to-call.
    pub extension: Option<String>,
    pub email: Option<String>,
    pub mobile: Option<String>,
    /// Their user id at `WeCom`.
    pub wecom_userid: Option<String>,
    pub active: bool,
    /// When they work, and when they are away.
    pub shifts: Shifts,
    /// The `ref` of who stands in for them while they are away, of the same dealership.
    pub substitute: Option<String>,
}
impl Entity for Staff {
    const PREFIX: &'static str = "stf";
}
