//! The SQL of repair orders.
pub(super) mod desk;
pub(super) mod earlier;
pub(super) mod reading;
