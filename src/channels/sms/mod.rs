//! Text messages: gateways that take one over the wire.
mod answers;
pub mod body;
pub mod http;

pub use http::{BadGateway, HttpGateway, Settings};
