//! What a text about an inquiry may say.
use jiff::SignedDuration;
use serde::Serialize;
use serde_json::Value;

use super::{Page, moment_in, text_in};
use crate::{clock::Timestamp, notices::wording};

/// An inquiry as the record holds it.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub received_at: Option<Timestamp>,
    /// When the 24 hours are over (BR-01).
    pub due_at: Option<Timestamp>,
    /// What it is about, in the customer's words.
    pub topic: Option<String>,
    /// The answer as a person wrote it, paragraphs and all.
    pub answer: Option<String>,
    /// By when somebody calls, where that was promised: only with a task for it.
    pub call_by: Option<Timestamp>,
    /// How much time is left, where somebody here is warned.
    pub left: Option<SignedDuration>,
}

impl Facts {
    /// Takes `answer`, `call_by` and `left_minutes` from what was kept with the notice.
    pub(super) fn hear(&mut self, detail: &Value) {
        self.answer = text_in(detail, "answer").or_else(|| self.answer.take());
        self.call_by = moment_in(detail, "call_by").or(self.call_by);
        let left = detail.get("left_minutes").and_then(Value::as_i64).map(SignedDuration::from_mins);
        self.left = left.or(self.left);
    }
}

/// The same in the reader's language.
#[derive(Clone, Debug, Serialize)]
pub struct Words {
    pub received: Option<String>,
    pub due: Option<String>,
    pub by: Option<String>,
    /// 2小时30分钟, 2 h 30 min, 2時間30分.
    pub left: Option<String>,
    pub topic: Option<String>,
    pub answer: Option<String>,
}

impl Words {
    pub(super) fn new(facts: &Facts, page: &Page<'_>) -> Self {
        Self {
            received: facts.received_at.map(|at| page.when(at)),
            due: facts.due_at.map(|at| page.when(at)),
            by: facts.call_by.map(|at| page.when(at)),
            left: facts.left.map(|left| wording::span(left, page.locale)),
            topic: facts.topic.as_deref().map(wording::clean).filter(|topic| !topic.is_empty()),
            answer: facts.answer.as_deref().map(wording::clean_lines).filter(|answer| !answer.is_empty()),
        }
    }
}
