//! Text messages: gateways that take one over the wire.
mod answers;
mod approved;
pub mod body;
pub mod http;

pub use approved::{Approved, Needs};
pub use http::{BadGateway, HttpGateway, Settings};

/// One text as a gateway is handed it.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    /// Our message id, `msg_…`.
    pub id: &'a str,
    /// E.164.
    pub to: &'a str,
    pub text: &'a str,
    /// The provider's template that says the same, where there is one.
    pub approved: Option<&'a Approved>,
}
