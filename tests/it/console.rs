//! The console as people have it before them: pages asked for and forms sent, without script.
mod assists;
mod at_any_hour;
mod booking;
mod day;
mod figures;
mod living;
mod rights;
pub(crate) mod seat;
mod settings;
mod shift;
mod signing_in;
mod taking_back;
mod work;
