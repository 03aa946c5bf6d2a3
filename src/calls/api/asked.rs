//! What agents ask: who they are, what they say of a call; everything wrong with it is named.
use std::sync::Arc;

use axum::http::HeaderMap;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::{
    CallTask, Stage,
    concluding::Word,
    outcomes::{Outcome, TelephonyResult, Told},
    promised::AHEAD,
    showing, spoken,
};
use crate::{
    app::App,
    clock::Timestamp,
    dealerships::Dealership,
    fields::wrong_with,
    http::{Authorized, Error, Fault, caller::idempotency_key_if_any, scope},
    id::Id,
    staff::{self, Staff},
};

/// The longest note, in characters.
pub(super) const LONGEST: usize = 4_000;

/// Who asks, and the rest of the body.
pub(in crate::calls) struct Ask {
    pub(in crate::calls) agent: Staff,
    pub(in crate::calls) dealership: Arc<Dealership>,
    pub(in crate::calls) rest: Value,
}

/// The dealership of a task among what the caller may see.
pub(super) async fn ask_of(app: &App, caller: &Authorized<scope::Calls>, id: Id<CallTask>) -> Result<String, Error> {
    let task = showing::one(&mut app.db.read().await?, &caller.access, id).await?;
    Ok(task["dealership"].as_str().unwrap_or_default().to_owned())
}

impl Ask {
    /// `{"agent":"<staff ref>","dealership":"<code>"}`; a key of one dealership needs not name it.
    pub(super) async fn read(app: &App, caller: &Authorized<scope::Calls>, mut body: Value) -> Result<Self, Error> {
        let code = body.as_object_mut().and_then(|body| body.remove("dealership"));
        let dealership = caller.named_in_body(app, code.as_ref().and_then(Value::as_str)).await?;
        Self::at(app, dealership, body).await
    }

    /// The same about a task, whose dealership it is.
    pub(super) async fn about(
        app: &App,
        caller: &Authorized<scope::Calls>,
        id: Id<CallTask>,
        body: Value,
    ) -> Result<Self, Error> {
        let code = ask_of(app, caller, id).await?;
        let dealership = app.directory.by_code(&code).await?.ok_or(Error::NotFound)?;
        Self::at(app, dealership, body).await
    }

    async fn at(app: &App, dealership: Arc<Dealership>, mut body: Value) -> Result<Self, Error> {
        let Some(reference) = body.as_object_mut().and_then(|body| body.remove("agent")) else {
            return Err(Error::invalid("/agent", "required", "say who calls: the ref of somebody who works here"));
        };
        let id = match reference.as_str() {
            Some(reference) => app.roster.known(dealership.id, reference).await?,
            None => None,
        };
        let agent = match id {
            Some(id) => staff::actions::find(&mut app.db.read().await?, id).await?.filter(|agent| agent.active),
            None => None,
        };
        let nobody = || Error::invalid("/agent", "unknown_agent", "nobody of that ref works at this dealership");
        Ok(Self { agent: agent.ok_or_else(nobody)?, dealership, rest: body })
    }

    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, Error> {
        match self.rest.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => match wrong_with(text, 200) {
                None => Ok(Some(text.clone())),
                Some((code, message)) => Err(Error::invalid(format!("/{name}"), code, message)),
            },
            Some(_) => Err(Error::invalid(format!("/{name}"), "wrong_type", "must be a text")),
        }
    }

    pub(super) fn stage(&mut self) -> Result<Stage, Error> {
        match self.text("stage")?.as_deref() {
            Some("dialing") => Ok(Stage::Dialing),
            Some("connected") => Ok(Stage::Connected),
            Some("wrap_up") => Ok(Stage::WrapUp),
            _ => Err(Error::invalid("/stage", "unknown_stage", "must be one of dialing, connected, wrap_up")),
        }
    }

    /// What is said of the call; every fault at once.
    pub(in crate::calls) fn word(&mut self, headers: &HeaderMap, now: Timestamp) -> Result<Word, Error> {
        let mut faults = Vec::new();
        let mut fault = |name: &str, code, message: String| {
            faults.push(Fault { pointer: format!("/{name}"), code, message });
        };
        let string = |name: &str| self.rest.get(name).and_then(Value::as_str);
        let result = string("telephony_result").and_then(TelephonyResult::read);
        if result.is_none() {
            let known = TelephonyResult::ALL.map(TelephonyResult::word).join(", ");
            fault("telephony_result", "unknown_result", format!("must be one of {known}"));
        }
        let outcome = string("outcome").and_then(Outcome::read);
        match (result, self.rest.get("outcome").filter(|given| !given.is_null()), outcome) {
            (Some(TelephonyResult::Answered), None, _) => {
                fault("outcome", "required", "say what came of the call: it was answered".to_owned());
            }
            (Some(TelephonyResult::Answered), Some(_), Some(_)) | (_, None, _) => {}
            (_, Some(_), None) => {
                let known = Outcome::ALL.map(Outcome::word).join(", ");
                fault("outcome", "unknown_outcome", format!("must be one of {known}"));
            }
            (_, Some(_), Some(_)) => {
                fault("outcome", "not_answered", "nobody answered: leave it out".to_owned());
            }
        }
        let callback_at = string("callback_at").map(str::parse::<Timestamp>);
        match (&callback_at, outcome) {
            (Some(Err(_)), _) => fault("callback_at", "not_a_time", "must be a time with its offset".to_owned()),
            (Some(Ok(at)), _) if *at <= now || at.since(now) > AHEAD => {
                fault("callback_at", "not_ahead", "must be later than now, and within 60 days".to_owned());
            }
            (None, Some(Outcome::RescheduleMe | Outcome::RescheduleAny)) => {
                fault("callback_at", "required", "say when they want to be called".to_owned());
            }
            _ => {}
        }
        let language = string("language").map(spoken).filter(|tag| (2..=8).contains(&tag.len()));
        if outcome == Some(Outcome::LanguageMismatch) && language.is_none() {
            fault("language", "required", "say which language they speak, such as ja".to_owned());
        }
        let note = string("note").map(str::to_owned);
        if note.as_ref().is_some_and(|note| note.chars().count() > LONGEST) {
            fault("note", "too_long", format!("must have at most {LONGEST} characters"));
        }
        let answers = self.rest.get("answers").filter(|given| !given.is_null()).cloned().unwrap_or_else(|| json!({}));
        if !answers.is_object() {
            fault("answers", "wrong_type", "must be an object of answers by question".to_owned());
        }
        if !answers.as_object().is_none_or(serde_json::Map::is_empty)
            && matches!(outcome, Some(Outcome::ThirdParty | Outcome::WrongNumber))
        {
            fault("answers", "not_the_customer", "somebody else cannot answer for the customer".to_owned());
        }
        let idempotency_key = match idempotency_key_if_any(headers) {
            Err(Error::Invalid(wrong)) => {
                faults.extend(wrong);
                None
            }
            read => read?,
        };
        let (number, appointment) = (string("number").map(str::to_owned), string("appointment").map(str::to_owned));
        match (result, faults.is_empty()) {
            (Some(result), true) => Ok(Word {
                told: Told { result, outcome, callback_at: callback_at.and_then(Result::ok), language },
                number,
                note,
                answers,
                appointment,
                idempotency_key,
                request_hash: format!("{:x?}", Sha256::digest(self.rest.to_string())),
            }),
            _ => Err(Error::Invalid(faults)),
        }
    }
}
