//! The console as people have it before them: pages asked for and forms sent, without script.
mod figures;
mod rights;
mod seat;
mod shift;
mod signing_in;
mod work;
