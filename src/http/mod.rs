//! The HTTP door: router, errors, keys and what they may see.
pub mod access;
pub mod body;
pub mod caller;
mod health;
pub mod page;
pub mod problem;
pub mod public;
pub mod router;
pub mod secret;
pub mod server;
pub mod storable;
pub mod uploads;

pub use self::{
    access::Access,
    caller::{Authorized, Caller, scope},
    health::{is_local, known_or_local},
    problem::{Error, Fault},
};
