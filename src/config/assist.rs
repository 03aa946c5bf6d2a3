//! How long who was asked for help may take.
use serde::Deserialize;

use super::Span;

/// Both in opening time since it was asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assists {
    /// They are asked again.
    pub remind_after: Span,
    /// The next above them is asked too.
    pub escalate_after: Span,
}
