//! Our own book: every message with its attempts, as `GET /v1/messages` tells it.
use serde::Deserialize;

/// One message.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct OurMessage {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) channel: String,
    pub(crate) state: String,
    pub(crate) reason: Option<String>,
    pub(crate) subject: Subject,
    #[serde(default)]
    pub(crate) attempts: Vec<OurAttempt>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Subject {
    #[serde(rename = "ref")]
    pub(crate) reference: String,
}

/// One hand-over as we recorded it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct OurAttempt {
    pub(crate) phase: String,
    pub(crate) outcome: Option<String>,
}

impl OurMessage {
    /// True while something may still happen by itself.
    pub(crate) fn is_on_its_way(&self) -> bool {
        matches!(self.state.as_str(), "ready" | "sending" | "unknown")
    }
    pub(crate) fn was_accepted(&self) -> bool {
        matches!(self.state.as_str(), "accepted" | "delivered" | "undelivered")
    }
    /// How often the answer to a hand-over was lost.
    pub(crate) fn unknowns(&self) -> usize {
        self.attempts.iter().filter(|attempt| attempt.is_unknown()).count()
    }
}

impl OurAttempt {
    /// The answer was lost, or came when it was no longer ours to record.
    pub(crate) fn is_unknown(&self) -> bool {
        match self.outcome.as_deref() {
            Some("unknown" | "late_accepted") => true,
            None => self.phase == "handing_over",
            _ => false,
        }
    }
}
