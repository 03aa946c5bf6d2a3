//! What customers answer: on the page, on the phone, by a digit. Taken once, never edited, and a low one opens a case.
use serde_json::{Map, Value, json};
use sqlx::types::Json;

use super::{
    Answers, Mode, Response, Survey,
    due::{dealerships_of, finish},
    life::DIGIT_ANSWERS,
    questionnaire::Questionnaire,
    store::{self, Held},
};
use crate::{
    calls::CallType,
    cases::{self, Source, actions::NewCase, triggers},
    clock::Timestamp,
    clocks::{self, ClockKind},
    customers::Customer,
    db,
    desk::Desk,
    http::{Access, Error, Fault},
    id::Id,
    reports,
    staff::Staff,
    timeline::Entry,
};

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    New(Id<Response>),
    /// The survey was answered before; that answer stands.
    Before,
    /// There is no such survey, or its time is over.
    NotTaken,
}

/// Answers that were given to a caller.
#[derive(Clone, Debug)]
pub struct OnThePhone<'a> {
    /// Our id of the repair order that the call was about.
    pub repair_order_id: &'a str,
    pub answers: &'a Answers,
    pub interviewer_id: Option<Id<Staff>>,
    pub at: Timestamp,
}

/// Reads answers that were typed in, against the questionnaire that is asked now; `base` is the pointer of `given`.
///
/// # Errors
/// Everything that is wrong with them.
pub fn read(questionnaire: &Questionnaire, base: &str, given: &Map<String, Value>) -> Result<Answers, Vec<Fault>> {
    Answers::read(questionnaire, base, given)
}

/// Takes answers given on the phone (mode `call`), also where a link was sent, refused or had ended.
pub async fn record_answers(desk: &mut Desk<'_>, said: &OnThePhone<'_>) -> db::Result<Recorded> {
    let held = store::find_and_lock(desk.tx, &[said.repair_order_id]).await?.pop();
    let Some(held) = held else { return Ok(Recorded::NotTaken) };
    take(desk, held, Mode::Call, said.answers.clone(), said.at, said.interviewer_id).await
}

/// Takes the answers of a page.
pub async fn answer_on_page(desk: &mut Desk<'_>, survey: &str, answers: Answers) -> db::Result<Recorded> {
    let Some(held) = store::find_and_lock(desk.tx, &[survey]).await?.pop() else { return Ok(Recorded::NotTaken) };
    let now = desk.now;
    take(desk, held, Mode::Web, answers, now, None).await
}

/// A question that waits for a customer's digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenQuestion {
    pub survey_id: Id<Survey>,
    pub customer_id: Id<Customer>,
    pub asked_at: Timestamp,
}

/// What these customers were asked in the last 72 hours and have not answered, the newest first (BR-64).
pub async fn open_questions(tx: &mut db::Tx, customers: &[String], now: Timestamp) -> db::Result<Vec<OpenQuestion>> {
    let asked = store::open_questions(tx, customers, now.minus(DIGIT_ANSWERS)).await?;
    let open = |asked: store::LastAsked| OpenQuestion {
        survey_id: asked.survey_id,
        customer_id: asked.customer_id,
        asked_at: asked.at,
    };
    Ok(asked.into_iter().map(open).collect())
}

/// A digit from 1 to 5, sent as a reply (mode `reply`): the overall score of the newest survey that waits for one. None where
/// none does, or the digit is no score: then a person reads it.
pub async fn answer_by_digit(
    desk: &mut Desk<'_>,
    customer: Id<Customer>,
    digit: i64,
    at: Timestamp,
) -> db::Result<Option<Id<Response>>> {
    let open = open_questions(desk.tx, &[customer.to_string()], desk.now).await?;
    let Some(question) = open.first() else { return Ok(None) };
    let Some(held) = store::find_and_lock(desk.tx, &[question.survey_id.to_string()]).await?.pop() else {
        return Ok(None);
    };
    let answers = desk.questionnaires.version(held.survey.version).and_then(|asked| Answers::of_digit(asked, digit));
    let Some(answers) = answers else { return Ok(None) };
    match take(desk, held, Mode::Reply, answers, at, None).await? {
        Recorded::New(id) => Ok(Some(id)),
        Recorded::Before | Recorded::NotTaken => Ok(None),
    }
}

/// A survey's first answer: kept, the survey is over, and a low one opens a case, all in this transaction.
async fn take(
    desk: &mut Desk<'_>,
    mut held: Held,
    mode: Mode,
    answers: Answers,
    at: Timestamp,
    interviewer_id: Option<Id<Staff>>,
) -> db::Result<Recorded> {
    if held.survey.completed_at.is_some() {
        return Ok(Recorded::Before);
    }
    if !held.survey.takes_answers(mode == Mode::Call, desk.now) {
        return Ok(Recorded::NotTaken);
    }
    let survey = &held.survey;
    let response = Response {
        id: desk.id(),
        survey_id: survey.id,
        dealership_id: survey.dealership_id,
        customer_id: survey.customer_id,
        advisor_id: survey.advisor_id,
        mode,
        // A caller asks what is asked now; a link, what it was sent with.
        version: if mode == Mode::Call { desk.questionnaires.current().version } else { survey.version },
        answers: Json(answers),
        answered_at: at,
        interviewer_id,
        corrects_id: None,
        corrected_by: None,
    };
    if !keep(desk, &held, &response, response.id).await? {
        return Ok(Recorded::Before);
    }
    held.survey.complete(desk.now);
    let id = held.survey.id.to_string();
    clocks::actions::stop(desk, &[id], &[ClockKind::SurveyInvitation, ClockKind::SurveyExpiry]).await?;
    finish(desk, &[held], "survey.closed").await?;
    Ok(Recorded::New(response.id))
}

/// Another row in the place of one that was wrong; the one before stays.
///
/// # Errors
/// 404 when there is no such response, 409 when it was corrected before, 422 with everything that is wrong with the answers.
pub async fn correct(
    desk: &mut Desk<'_>,
    access: &Access,
    id: &str,
    given: &Map<String, Value>,
    by: String,
) -> Result<Id<Response>, Error> {
    let before = store::find_response(desk.tx, access, id).await?.ok_or(Error::NotFound)?;
    let held = store::find_and_lock(desk.tx, &[before.survey_id.to_string()]).await?.pop().ok_or(Error::NotFound)?;
    let asked = desk.questionnaires.version(before.version).cloned().ok_or(Error::NotFound)?;
    let answers = Answers::read(&asked, "/answers", given).map_err(Error::Invalid)?;
    let standing = store::standing_response(desk.tx, before.survey_id).await?;
    if standing.is_none_or(|standing| standing.id != before.id) {
        return Err(Error::Conflict("already_corrected", format!("{id} was corrected before: correct the newer one")));
    }
    let response = Response {
        id: desk.id(),
        answers: Json(answers),
        corrects_id: Some(before.id),
        corrected_by: Some(by),
        ..before
    };
    keep(desk, &held, &response, before.id).await?;
    Ok(response.id)
}

/// Puts root causes to what a customer wrote or said; those that are there stay.
///
/// # Errors
/// 404 when there is no such response.
pub async fn code(
    desk: &mut Desk<'_>,
    access: &Access,
    id: &str,
    causes: &[cases::Cause],
    by: &str,
) -> Result<(), Error> {
    let response = store::find_response(desk.tx, access, id).await?.ok_or(Error::NotFound)?;
    let words: Vec<&str> = causes.iter().map(|cause| cause.word()).collect();
    store::code(desk.tx, response.id, &words, by, desk.now).await?;
    let mut line = Entry::new(desk.id(), response.dealership_id, desk.now, "survey.coded");
    line.customer_id = response.customer_id;
    line.actor = Some(by.to_owned());
    line.detail = json!({"response": response.id, "causes": words});
    desk.record(line);
    Ok(())
}

/// Writes a response and its line of the record, and opens a case where the answers ask for one. `first` is the response that
/// the corrections began with: however often they are corrected, they open one case.
async fn keep(desk: &mut Desk<'_>, held: &Held, response: &Response, first: Id<Response>) -> db::Result<bool> {
    let questionnaires = std::sync::Arc::clone(&desk.questionnaires);
    let asked = questionnaires.version(response.version).unwrap_or_else(|| questionnaires.current());
    let gist = response.answers.gist(asked);
    if !store::insert_response(desk.tx, response, &gist, desk.now).await? {
        return Ok(false);
    }
    let survey = &held.survey;
    let what = if response.corrects_id.is_some() { "survey.corrected" } else { "survey.answered" };
    let mut line = Entry::new(desk.id(), survey.dealership_id, desk.now, what);
    line.step = Some(8);
    line.customer_id = survey.customer_id;
    line.vehicle_id = survey.vehicle_id;
    line.subject_type = Some("repair_order");
    line.subject_id = Some(survey.repair_order_id.clone());
    line.actor = response.corrected_by.clone().or_else(|| response.interviewer_id.map(|staff| staff.to_string()));
    line.detail = json!({"response": response.id, "mode": response.mode, "overall": gist.overall, "corrects": response.corrects_id});
    desk.record(line);
    let Some(dealership) = dealerships_of(desk, std::slice::from_ref(held)).await?.remove(&survey.dealership_id) else {
        return Ok(true);
    };
    reports::satisfaction::weekly::schedule(desk, &dealership).await?;
    if let Some(trigger) = triggers::Trigger::of(&gist, &triggers::Rules::of(&dealership)) {
        let case = NewCase {
            dealership: &dealership,
            event_id: None,
            source: Source::Response,
            source_id: Some(first.to_string()),
            severity: trigger.severity(),
            reason: trigger.word(),
            customer_id: survey.customer_id,
            vehicle_id: survey.vehicle_id,
            repair_order: Some(survey.reference.clone()),
            advisor_id: survey.advisor_id,
            words: gist.comment.clone(),
            score: gist.overall,
            cause: response.answers.points_to(asked),
            call: Some(CallType::Recovery),
            actor: line_actor(response),
        };
        cases::actions::raise(desk, &[case]).await?;
    }
    Ok(true)
}

fn line_actor(response: &Response) -> String {
    match (response.mode, response.interviewer_id) {
        (Mode::Call, Some(staff)) => staff.to_string(),
        _ => "customer".to_owned(),
    }
}
