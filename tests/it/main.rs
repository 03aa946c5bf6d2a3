//! What a user, a customer or another system was promised: one binary, so that it links once.
mod appointments;
mod channels;
mod counter;
mod database;
mod delivery;
mod fakes;
mod house_rules;
mod intake;
mod migrations;
mod need;
mod reading;
mod shop;
mod source;
mod stopping;
mod temp;
mod writer;
