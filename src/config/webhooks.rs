//! Settings of the events for other systems.
use serde::Deserialize;

/// Events for other systems.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    /// Whether readers inside our own network, and `http://`, are told too.
    pub allow_private: bool,
}
