//! The SQL of repair orders.
pub(super) mod desk;
pub(super) mod earlier;
pub(super) mod history;
pub(super) mod listing;
pub(super) mod reading;
