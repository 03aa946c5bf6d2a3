//! The notices' SQL.
mod compose;
mod desk;
mod messages;
mod progress;
mod reading;

pub use self::{compose::*, desk::*, messages::*, progress::*, reading::*};
