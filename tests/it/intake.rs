//! Intake: what senders are promised by `POST /v1/events` and `aftercare ingest`, on whichever database is tested.
mod door;
mod files;
mod refusals;
mod stories;
