//! The SQL of parts.
pub(super) mod desk;
pub(super) mod reading;
