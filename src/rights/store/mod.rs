//! The SQL of persons' rights.
mod among;
mod erasing;
mod everything;
mod marks;
mod theirs;

pub(super) use self::{
    erasing::erase,
    everything::everything,
    marks::{found, is_known, keep_salt, known_by, remember, salt, unknown},
};
