//! The notices' SQL.
mod compose;
mod desk;
mod messages;
mod progress;
mod reading;
mod told;

pub use self::{compose::*, desk::*, messages::*, progress::*, reading::*, told::*};
