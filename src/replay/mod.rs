//! Replay: recorded events on a virtual clock, and what would have been sent, to whom, when, what was held and why.
//!
//! The whole product runs on a throw-away database with a clock that leaps from one due time to the next and a random
//! source with a fixed seed, so that the same input gives the same output, byte for byte. Nothing leaves the machine: mail
//! and text messages go to the built-in mailbox.
mod script;
mod stage;
mod store;

pub use self::{
    script::{BadLine, Script},
    stage::{Scene, Stage},
};
