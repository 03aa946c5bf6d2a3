//! The follow-up queue: what is planned to be called, who may call, and what becomes of it.
mod claimed;
mod confirming;
pub(crate) mod desk;
mod exchange;
mod journey;
mod outcomes;
mod planned;
mod racing;
mod random;
mod reasons;
mod truths;
