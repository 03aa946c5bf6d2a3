//! Backups: a consistent copy that knows that it is one. What is open in it may have been sent after it was made, so its
//! outbox is held when it is first started, until somebody releases it (`reliability.md` 37).
pub mod actions;
mod store;

use crate::id::Entity;

/// A copy of the database (`cpy_`), as it stands in itself.
#[derive(Clone, Copy, Debug)]
pub struct Copy {}
impl Entity for Copy {
    const PREFIX: &'static str = "cpy";
}

/// A backup that was made of this database (`bak_`).
#[derive(Clone, Copy, Debug)]
pub struct Backup {}
impl Entity for Backup {
    const PREFIX: &'static str = "bak";
}
