//! What a mail server's answer, or its silence, means for the message: one table (`reliability.md`, `domain/channels.md`).
use std::{error::Error as _, time::Duration};

use lettre::transport::smtp::{Error, response::Response};

use crate::channels::{Delivery, Outcome, Phase, reply};

/// After a 421 the whole server is left alone for a while.
const BUSY: Duration = Duration::from_mins(1);
/// Greylisting lets a message in that comes again after five minutes (`reliability.md` 15).
const GREYLISTED: Duration = Duration::from_mins(5);

/// Where in the conversation it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Greeting,
    StartTls,
    SignIn,
    Mail,
    Rcpt,
    Data,
    /// The text: the mark is committed.
    Body,
}

/// How a step ended without the answer that was hoped for.
#[derive(Debug)]
pub(super) enum End {
    Reply(Reply),
    Timeout,
    Lost,
    /// The server answered something that is no answer here.
    Unreadable,
    /// It offers no way to sign in that we know.
    NoSignIn,
}

#[derive(Debug)]
pub(super) struct Reply {
    code: u16,
    enhanced: Option<String>,
    words: String,
}

impl Reply {
    pub(super) fn new(code: u16, words: &str) -> Self {
        let enhanced = words.split_whitespace().next().filter(|word| {
            let parts: Vec<_> = word.split('.').collect();
            parts.len() == 3
                && matches!(parts[0], "2" | "4" | "5")
                && parts.iter().all(|part| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
        });
        Self { code, enhanced: enhanced.map(str::to_owned), words: words.to_owned() }
    }

    pub(super) fn of(response: &Response) -> Self {
        Self::new(response.code().into(), &response.message().collect::<Vec<_>>().join(" "))
    }

    fn detail(&self) -> &str {
        self.enhanced.as_deref().unwrap_or_default()
    }

    fn is_about(&self, subject: &str) -> bool {
        self.detail().get(1..).is_some_and(|rest| rest.starts_with(subject))
    }

    fn on(&self, delivery: Delivery, private: &[&str]) -> Delivery {
        Delivery {
            code: Some(format!("{} {}", self.code, self.detail()).trim_end().to_owned()),
            reply: reply::kept(&self.words, private),
            ..delivery
        }
    }
}

impl End {
    pub(super) fn of(error: &Error) -> Self {
        let words = error.source().map(ToString::to_string).unwrap_or_default();
        match error.status() {
            Some(code) => Self::Reply(Reply::new(code.into(), &words)),
            // Lettre's name for a connection that closed within a reply.
            None if error.is_response() && words == "incomplete response" => Self::Lost,
            None if error.is_response() || error.is_client() => Self::Unreadable,
            None => Self::Lost,
        }
    }
}

/// The end of an attempt that did not get its 250. `private`: what must not be kept of the server's words.
pub(super) fn ended(step: Step, end: &End, private: &[&str]) -> Delivery {
    let phase = match step {
        Step::Greeting | Step::StartTls | Step::SignIn => Phase::Greeting,
        Step::Mail | Step::Rcpt => Phase::Envelope,
        Step::Data => Phase::Data,
        Step::Body => Phase::HandingOver,
    };
    let silent = if step == Step::Body { Outcome::Unknown } else { Outcome::NotSent };
    match end {
        End::Timeout => Delivery::unanswered(phase, silent, "timeout"),
        End::Lost => Delivery::unanswered(phase, silent, "connection_lost"),
        End::Unreadable => Delivery::unanswered(phase, silent, "answer_unreadable"),
        End::NoSignIn => Delivery::unanswered(phase, Outcome::Later, "auth_failed"),
        End::Reply(said) => {
            let phase = if step == Step::Body { Phase::Answered } else { phase };
            let (outcome, reason, retry_after) = meaning(step, said);
            let delivery = Delivery { retry_after, ..Delivery::unanswered(phase, outcome, reason) };
            said.on(delivery, private)
        }
    }
}

/// The 250 after the dot.
pub(super) fn accepted(response: &Response, private: &[&str]) -> Delivery {
    let said = Reply::of(response);
    let delivery = Delivery {
        provider_ref: queue_id(&said.words),
        ..Delivery::unanswered(Phase::Answered, Outcome::Accepted, "accepted")
    };
    said.on(delivery, private)
}

/// A negative reply at a step. Refused is said only of the message and its recipient: a greeting, a login or a sender
/// that is not welcome concerns every message, and must not burn them one by one.
fn meaning(step: Step, said: &Reply) -> (Outcome, &'static str, Option<Duration>) {
    let later = |reason| (Outcome::Later, reason, None);
    let refused = |reason| (Outcome::Refused, reason, None);
    match (step, said.code) {
        (_, 421) => (Outcome::Later, "server_busy", Some(BUSY)),
        (Step::Greeting, _) => later("greeting_refused"),
        (Step::StartTls, _) => later("tls_refused"),
        (Step::SignIn, _) => later("auth_failed"),
        (_, 400..=499) if said.words.to_ascii_lowercase().contains("greylist") => {
            (Outcome::Later, "greylisted", Some(GREYLISTED))
        }
        (_, 452) if said.is_about(".2.2") => later("mailbox_full"),
        (_, 400..=499) => later("deferred"),
        (Step::Mail, _) => later("sender_refused"),
        // Out of order, or signing in was wanted: the settings' fault, or a confused server's.
        (Step::Rcpt | Step::Data, 503 | 530) => later("out_of_order"),
        (Step::Rcpt, 552) => later("mailbox_full"),
        (Step::Rcpt, _) if said.is_about(".2.2") => later("mailbox_full"),
        (_, _) if said.is_about(".7.") => refused("policy"),
        // 5.1.7 and 5.1.8 are about the sender's address.
        (_, _) if said.is_about(".1.7") || said.is_about(".1.8") => later("sender_refused"),
        (_, _) if said.is_about(".1.") => refused("mailbox_unknown"),
        (Step::Rcpt, 550 | 551 | 553) if said.enhanced.is_none() || said.is_about(".0.0") => refused("mailbox_unknown"),
        (Step::Body, _) if said.is_about(".2.2") => refused("mailbox_full"),
        (_, _) if said.is_about(".3.4") => refused("too_large"),
        _ => refused("refused"),
    }
}

/// The server's queue id, where its 250 has a form we know: Postfix, Exim, Exchange and the big relays.
fn queue_id(words: &str) -> Option<String> {
    let lower = words.to_ascii_lowercase();
    let after = |mark: &str| lower.find(mark).map(|at| words[at + mark.len()..].trim_start());
    let said = after("queued as ").or_else(|| after("internalid=")).or_else(|| after("id=")).or_else(|| {
        // "2.0.0 Ok <id>": one word after the Ok.
        let rest = after("ok ").or_else(|| after("ok: "))?;
        (rest.split_whitespace().count() == 1).then_some(rest)
    })?;
    let id: String = said
        .trim_start_matches(['<', '['])
        .chars()
        .take_while(|c| c.is_ascii_graphic() && !matches!(c, '>' | ']' | ',' | ';' | ')'))
        .take(120)
        .collect();
    (id.len() >= 4 && id.bytes().any(|b| b.is_ascii_digit())).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_answer_means() {
        use Outcome::{Later, Refused};
        for (step, said, outcome, reason) in [
            (Step::Greeting, "554 no service", Later, "greeting_refused"),
            (Step::Greeting, "421 busy", Later, "server_busy"),
            (Step::SignIn, "535 5.7.8 wrong", Later, "auth_failed"),
            (Step::Mail, "550 5.7.1 not you", Later, "sender_refused"),
            (Step::Mail, "451 4.3.0 later", Later, "deferred"),
            (Step::Rcpt, "550 5.1.1 unknown", Refused, "mailbox_unknown"),
            (Step::Rcpt, "550 no such user", Refused, "mailbox_unknown"),
            (Step::Rcpt, "553 5.1.3 bad", Refused, "mailbox_unknown"),
            (Step::Rcpt, "552 5.2.2 full", Later, "mailbox_full"),
            (Step::Rcpt, "550 5.2.2 full", Later, "mailbox_full"),
            (Step::Rcpt, "550 5.7.1 relaying denied", Refused, "policy"),
            (Step::Rcpt, "553 5.1.8 sender domain", Later, "sender_refused"),
            (Step::Rcpt, "450 4.7.1 Greylisted", Later, "greylisted"),
            (Step::Rcpt, "452 4.2.2 full", Later, "mailbox_full"),
            (Step::Rcpt, "503 5.5.1 sequence", Later, "out_of_order"),
            (Step::Rcpt, "554 5.0.0 no", Refused, "refused"),
            (Step::Data, "554 no valid recipients", Refused, "refused"),
            (Step::Body, "554 5.7.1 spam", Refused, "policy"),
            (Step::Body, "552 5.2.2 full", Refused, "mailbox_full"),
            (Step::Body, "552 5.3.4 too big", Refused, "too_large"),
            (Step::Body, "451 4.3.0 later", Later, "deferred"),
        ] {
            let (code, words) = said.split_once(' ').unwrap();
            let delivery = ended(step, &End::Reply(Reply::new(code.parse().unwrap(), words)), &[]);
            assert_eq!((delivery.outcome, delivery.reason), (outcome, reason), "{step:?} {said}");
        }
        let busy = ended(Step::Rcpt, &End::Reply(Reply::new(421, "4.3.2 closing")), &[]);
        assert_eq!((busy.retry_after, busy.code.as_deref()), (Some(BUSY), Some("421 4.3.2")));
    }

    #[test]
    fn queue_ids_of_the_usual_servers() {
        for (words, id) in [
            ("2.0.0 Ok: queued as 4XyZ12abc", Some("4XyZ12abc")),
            ("OK id=1rAbCd-0001Ab-2C", Some("1rAbCd-0001Ab-2C")),
            ("2.6.0 <msg_1@x.example> [InternalId=8697, Hostname=a] Queued mail for delivery", Some("8697")),
            ("Ok 0100018c-1f2e-000000", Some("0100018c-1f2e-000000")),
            ("2.0.0 Ok: Mail accepted for delivery", None),
            ("Thank you", None),
        ] {
            assert_eq!(queue_id(words).as_deref(), id, "{words}");
        }
    }
}
