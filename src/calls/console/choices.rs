//! What an agent can say of a call: the telephone's result and the word in one choice, those of every day with a key.
use serde_json::{Value, json};

use super::super::{
    CallType,
    outcomes::{Outcome, TelephonyResult},
};
use crate::{
    app::App,
    calendar::local_moment,
    console::Visitor,
    http::{Error, public::Form},
    notices::SubjectKind,
    surveys::questionnaire::{Kind, Questionnaire},
};

/// One choice, as the form sends it: `answered:completed_satisfied`, or the telephone's result alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) result: TelephonyResult,
    pub(super) outcome: Option<Outcome>,
}

impl Choice {
    const fn said(outcome: Outcome) -> Self {
        Self { result: TelephonyResult::Answered, outcome: Some(outcome) }
    }
    const fn heard(result: TelephonyResult) -> Self {
        Self { result, outcome: None }
    }
    pub(super) fn value(self) -> String {
        match self.outcome {
            Some(outcome) => format!("{}:{}", self.result.word(), outcome.word()),
            None => self.result.word().to_owned(),
        }
    }
    /// The name of its text.
    pub(super) fn key(self) -> &'static str {
        self.outcome.map_or(self.result.word(), Outcome::word)
    }
    fn read(value: &str) -> Option<Self> {
        let (result, outcome) =
            value.split_once(':').map_or((value, None), |(result, outcome)| (result, Some(outcome)));
        let result = TelephonyResult::read(result)?;
        match outcome {
            None => Some(Self::heard(result)),
            Some(outcome) => Some(Self { result, outcome: Some(Outcome::read(outcome)?) }),
        }
    }
}

/// Those of every day, each with its number; then the others.
pub(super) fn of(kind: CallType, about: SubjectKind) -> (Vec<Choice>, Vec<Choice>) {
    let first = match kind {
        CallType::PartsArrived => vec![Outcome::PartsAcceptedBooked, Outcome::PartsDeclined],
        CallType::Confirm => vec![Outcome::AppointmentConfirmed, Outcome::MoveRequested],
        CallType::FollowUp
        | CallType::PromiseAtRisk
        | CallType::Recovery
        | CallType::Complaint
        | CallType::Unwritten
        | CallType::WorkApproval => {
            vec![Outcome::CompletedSatisfied, Outcome::CompletedIssue]
        }
        _ => vec![Outcome::CompletedSatisfied, Outcome::AppointmentBooked],
    };
    let mut every_day: Vec<Choice> = first.into_iter().map(Choice::said).collect();
    every_day.extend([TelephonyResult::NoAnswer, TelephonyResult::Busy, TelephonyResult::Voicemail].map(Choice::heard));
    every_day.push(Choice::said(Outcome::RescheduleAny));
    let rest = Outcome::ALL.into_iter().filter(|outcome| outcome.fits(kind, about)).map(Choice::said);
    let rest = rest.chain(
        TelephonyResult::ALL.into_iter().filter(|result| *result != TelephonyResult::Answered).map(Choice::heard),
    );
    let others = rest.filter(|choice| !every_day.contains(choice)).collect();
    (every_day, others)
}

/// What a draft says that was taken back, or whose call was lost.
pub(super) fn of_draft(draft: &Value) -> Option<Choice> {
    let result = draft["telephony_result"].as_str().and_then(TelephonyResult::read)?;
    let outcome = draft["outcome"].as_str().and_then(Outcome::read);
    // One choice on the screen stands for both.
    let outcome =
        outcome.map(|outcome| if outcome == Outcome::RescheduleMe { Outcome::RescheduleAny } else { outcome });
    (result != TelephonyResult::Answered || outcome.is_some()).then_some(Choice { result, outcome })
}

/// The form as the API's body, so that both doors are one.
///
/// # Errors
/// Nothing was chosen, or a time is none.
pub(super) fn body(app: &App, visitor: &Visitor, form: &Form) -> Result<Value, Error> {
    let chosen = form.get("outcome").and_then(Choice::read);
    let chosen = chosen.ok_or_else(|| Error::invalid("/outcome", "choose_outcome", "say what came of the call"))?;
    let outcome = match chosen.outcome {
        Some(Outcome::RescheduleAny) if form.get("by_me").is_some() => Some(Outcome::RescheduleMe),
        outcome => outcome,
    };
    let callback_at = match (form.get("callback_at"), outcome) {
        (Some(typed), Some(Outcome::RescheduleAny | Outcome::RescheduleMe | Outcome::NotConvenient)) => {
            let at =
                typed.parse().map_err(|_| Error::invalid("/callback_at", "not_a_time", "must be a day and a time"))?;
            Some(local_moment(at, visitor.zone()))
        }
        _ => None,
    };
    let asks = chosen.result == TelephonyResult::Answered
        && !matches!(outcome, Some(Outcome::ThirdParty | Outcome::WrongNumber));
    let answers = if asks { answers(app.questionnaires.current(), form) } else { json!({}) };
    Ok(json!({
        "telephony_result": chosen.result.word(),
        "outcome": outcome.map(Outcome::word),
        "number": form.get("number"),
        "note": form.get("note"),
        "language": form.get("language"),
        "callback_at": callback_at,
        "answers": answers,
    }))
}

/// What the customer answered; what was not asked is left out.
fn answers(asked: &Questionnaire, form: &Form) -> Value {
    let mut answers = serde_json::Map::new();
    for question in &asked.questions {
        let Some(typed) = form.get(&format!("answer_{}", question.key)) else { continue };
        let answer = match question.kind {
            Kind::YesNo => json!(typed == "yes"),
            Kind::Tick => json!(true),
            Kind::Scale => typed.parse::<i64>().map_or_else(|_| json!(typed), |number| json!(number)),
            Kind::Text => json!(typed),
        };
        answers.insert(question.key.clone(), answer);
    }
    Value::Object(answers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_can_be_said_of_a_call_can_be_chosen_once() {
        let subjects = [SubjectKind::Appointment, SubjectKind::RepairOrder];
        for (kind, about) in CallType::ALL.into_iter().flat_map(|kind| subjects.map(|about| (kind, about))) {
            let (every_day, others) = of(kind, about);
            assert!(every_day.len() <= 9, "each has a key");
            let mut values: Vec<String> = every_day.iter().chain(&others).map(|choice| choice.value()).collect();
            for choice in every_day.iter().chain(&others) {
                assert_eq!(Choice::read(&choice.value()), Some(*choice));
                assert!(choice.outcome.is_none_or(|outcome| outcome.fits(kind, about)));
            }
            let count = values.len();
            values.sort_unstable();
            values.dedup();
            assert_eq!(values.len(), count, "{kind:?}");
            let outcomes = Outcome::ALL.into_iter().filter(|outcome| outcome.fits(kind, about)).count();
            assert_eq!(count, outcomes + TelephonyResult::ALL.len() - 1);
        }
        assert_eq!(Choice::read("answered:dancing"), None);
    }
}
