//! The SQL of surveys: what the desk holds and writes, and what is read of it.
mod desk;
mod reading;

pub use self::reading::Score;
pub(super) use self::{desk::*, reading::*};
