//! The SQL of persons' rights.
mod erasing;
mod everything;
mod marks;

pub(super) use self::{
    erasing::erase,
    everything::everything,
    marks::{found, is_known, keep_salt, known_by, remember, salt, unknown},
};
