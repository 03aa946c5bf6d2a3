//! What a gateway's HTTP answer means for the text.
use reqwest::StatusCode;

use crate::channels::{
    Delivery, Outcome, Phase,
    exchange::{Answer, meaning},
    reply,
};

/// How this gateway says yes.
pub(super) struct Answers {
    /// Empty: any 2xx.
    pub(super) success_status: Vec<u16>,
    pub(super) id_pointer: String,
}

impl Answers {
    pub(super) fn judged(&self, answer: &Answer, private: &[&str]) -> Delivery {
        let status = answer.status.as_u16();
        let success = match self.success_status.as_slice() {
            [] => (200..300).contains(&status),
            these => these.contains(&status),
        };
        let (outcome, reason, provider_ref) = if success {
            self.accepted(answer)
        } else {
            let (outcome, reason) = meaning(status);
            (outcome, reason, None)
        };
        let words = answer.body.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
        // A JSON answer may spell our customer's text with escapes; written anew it does not.
        let words =
            serde_json::from_str::<serde_json::Value>(&words).map_or(words.into_owned(), |json| json.to_string());
        let escaped: Vec<String> = private.iter().map(|text| serde_json::Value::from(*text).to_string()).collect();
        let inner = escaped.iter().map(|text| text.trim_matches('"'));
        let private: Vec<&str> = private.iter().copied().chain(inner).collect();
        Delivery {
            provider_ref,
            code: Some(format!("http {status}")),
            reply: reply::kept(&words, &private),
            retry_after: answer.retry_after.filter(|_| outcome == Outcome::Later),
            ..Delivery::unanswered(
                if outcome == Outcome::Unknown { Phase::HandingOver } else { Phase::Answered },
                outcome,
                reason,
            )
        }
    }

    /// An answer that is no JSON where an id was expected may come from something else than the gateway (a proxy, a
    /// login page) or be cut short: nobody knows whether the text was taken. JSON without the id is a yes without one.
    fn accepted(&self, answer: &Answer) -> (Outcome, &'static str, Option<String>) {
        let nothing_said = answer.status == StatusCode::NO_CONTENT;
        if self.id_pointer.is_empty() || nothing_said {
            return (Outcome::Accepted, "accepted", None);
        }
        let json = answer.body.as_deref().and_then(|body| serde_json::from_slice::<serde_json::Value>(body).ok());
        let Some(json) = json else {
            return (Outcome::Unknown, "answer_unreadable", None);
        };
        let id = match json.pointer(&self.id_pointer) {
            Some(serde_json::Value::String(id)) => Some(reply::one_line(id)),
            Some(serde_json::Value::Number(id)) => Some(id.to_string()),
            _ => None,
        };
        (Outcome::Accepted, "accepted", id.filter(|id| !id.is_empty() && id.len() <= 200))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_answer_keeps_neither_number_nor_text() {
        let answers = Answers { success_status: Vec::new(), id_pointer: "/data/id".to_owned() };
        let answer = |status, body: &str| Answer {
            status: StatusCode::from_u16(status).unwrap(),
            retry_after: Some(Duration::from_secs(3)),
            body: Some(body.as_bytes().to_vec()),
        };
        let echo = r#"{"data":{"id":77},"to":"13900001234","text":"\u60a8\u597d \"A\""}"#;
        let judged = answers.judged(&answer(200, echo), &["您好 \"A\"", "+8613900001234"]);
        assert_eq!((judged.outcome, judged.provider_ref.as_deref()), (Outcome::Accepted, Some("77")));
        assert_eq!(judged.retry_after, None);
        let reply = judged.reply.unwrap();
        assert!(!reply.contains("您好") && !reply.contains("13900001234"), "{reply}");
        assert_eq!(answers.judged(&answer(200, "<html>"), &[]).outcome, Outcome::Unknown);
        assert_eq!(answers.judged(&answer(503, ""), &[]).retry_after, Some(Duration::from_secs(3)));
    }
}
