//! Settings of what happens after the fact: who else is told of it, and how long its words are kept.
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

/// Events for other systems.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    /// Whether readers inside our own network, and `http://`, are told too.
    pub allow_private: bool,
}
