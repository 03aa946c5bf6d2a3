//! Intake: the doors for facts. Every door ends in [`actions::take`], and an event is stored once.
//!
//! Bytes become a [`json`] value, that an [`envelope`] (`CloudEvents` 1.0), and its data a typed fact by the catalogue in
//! [`facts`]: all of it before the database is asked for anything. Then one unit stores the events and lets the desks
//! apply them.
pub mod actions;
pub mod api;
pub mod envelope;
mod erased;
pub mod facts;
pub mod fields;
pub mod json;
pub mod patiently;
mod people;
mod store;
pub mod told_here;

use crate::id::Entity;

/// A fact that came in (`evt_`).
#[derive(Debug)]
pub struct Event {}
impl Entity for Event {
    const PREFIX: &'static str = "evt";
}

/// What became of an event (`interface.md` 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Outcome {
    Applied,
    /// Older than what is known already, or about something that is over: on record, and without effect.
    Stale,
    /// Its type is not known: it waits for a version that knows it.
    Stored,
}
