//! The messages' SQL.
pub mod claims;
pub mod look;
mod people;
pub mod reading;

pub use self::{claims::*, look::*, people::*, reading::*};
