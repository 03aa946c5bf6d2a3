//! The messages' SQL.
mod about;
pub mod claims;
pub mod look;
mod people;
pub mod reading;

pub use self::{about::*, claims::*, look::*, people::*, reading::*};
