//! What a text about a survey, or a written word after a call that reached nobody, may say.
use serde::Serialize;

use super::Page;
use crate::clock::Timestamp;

/// The visit that is asked about.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub visited_at: Option<Timestamp>,
    /// When the link ends (BR-51).
    pub expires_at: Option<Timestamp>,
}

/// The same in the reader's language.
#[derive(Clone, Debug, Serialize)]
pub struct Words {
    pub visited: Option<String>,
    pub expires: Option<String>,
}

impl Words {
    pub(super) fn new(facts: &Facts, page: &Page<'_>) -> Self {
        Self { visited: facts.visited_at.map(|at| page.date(at)), expires: facts.expires_at.map(|at| page.date(at)) }
    }
}
