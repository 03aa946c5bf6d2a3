//! The telephone exchange: asked to dial, and heard of how the call went. Without one everything works by `tel:` links.
pub mod ari;
mod heard;

pub use self::heard::{Ended, ExchangeEvent, apply, hear};
