//! The SQL of repair orders.
pub(super) mod desk;
pub(super) mod earlier;
pub(super) mod history;
pub(super) mod reading;
