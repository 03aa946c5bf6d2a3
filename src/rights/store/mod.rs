//! The SQL of persons' rights.
mod among;
mod erasing;
mod everything;
mod marks;
mod theirs;
mod things;

pub(super) use self::{
    erasing::erase,
    everything::everything,
    marks::{Known, apart, found, is_known, keep_salt, known_by, left_of, made_by_the_house, remember, salt, unknown},
    things::of_erased,
};
