//! Settings of how long words are kept.
use serde::Deserialize;

use super::Span;

/// How long words are kept (`compliance.md` D6).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Of messages, replies and texts.
    pub messages: Span,
    /// Of notes and answers on calls.
    pub calls: Span,
    /// Of providers' reports, word for word.
    pub receipts: Span,
}
