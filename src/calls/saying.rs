//! An agent's word about a call: checked, then kept at once, or after a moment in which it can be taken back.
use jiff::SignedDuration;
use serde_json::{Value, json};
use sqlx::types::Json;

use super::{
    CallTask, Stage, State, WORD_KEPT,
    claiming::is_held_by,
    concluding::{Concluded, Word, settle},
    keeping::{hours_of, keep, line},
    store::{
        self,
        attempts::{self, Attempt},
        claim,
        words::{self, Waiting},
    },
};
use crate::{
    clock::Timestamp,
    db,
    desk::Desk,
    http::Error,
    id::Id,
    rights,
    staff::{self, Staff},
};

/// Keeps the word about a call at once and does what follows.
pub(super) async fn conclude(
    desk: &mut Desk<'_>,
    id: Id<CallTask>,
    agent: &Staff,
    word: &Word,
) -> db::Result<Concluded> {
    rights::actions::hold_off(desk.tx).await?;
    // Locked before anything is read: of two equal words at once the second one sees what the first one kept.
    let Some(mut task) = store::find_and_lock(desk.tx, &[id]).await?.pop() else {
        return Ok(Concluded::Unknown("task"));
    };
    let past = attempts::of_task(desk.tx, id).await?;
    if let Some(said) = said_before(&past, word) {
        return Ok(said);
    }
    match checked(desk, &mut task, agent, word, &past).await? {
        Ok(attempt) => settle(desk, task, agent, word, (attempt, &past)).await,
        Err(refused) => Ok(refused),
    }
}

/// Keeps the word for a person at a screen: what follows from it follows a moment later (`calls.undo`), and until then it can
/// be taken back. Who says their next word has made up their mind about the one before.
pub(super) async fn say(desk: &mut Desk<'_>, id: Id<CallTask>, agent: &Staff, word: &Word) -> db::Result<Concluded> {
    let undo = desk.config.calls.undo.signed();
    if undo.is_zero() {
        return conclude(desk, id, agent, word).await;
    }
    rights::actions::hold_off(desk.tx).await?;
    let before = words::of_agent(desk.tx, agent.id).await?;
    // All at once, in the order of their ids, as every lock of several; what was said of this call is read once it is ours.
    let others = before.iter().map(|said| said.task_id).filter(|other| *other != id);
    let ids: Vec<Id<CallTask>> = others.chain([id]).collect();
    let (mut mine, others): (Vec<CallTask>, Vec<CallTask>) =
        store::find_and_lock(desk.tx, &ids).await?.into_iter().partition(|task| task.id == id);
    let past = attempts::of_task(desk.tx, id).await?;
    if let Some(said) = said_before(&past, word) {
        return Ok(said);
    }
    if let Some(said) = words::of_task(desk.tx, id).await?.filter(|said| said.staff_id == agent.id) {
        let same = said.word.idempotency_key.is_some() && said.word.request_hash == word.request_hash;
        return Ok(if same { Concluded::Again(Value::Null) } else { Concluded::KeyReused });
    }
    for task in others.into_iter().filter(CallTask::has_word_waiting) {
        Box::pin(stands(desk, task)).await?;
    }
    let Some(mut task) = mine.pop() else { return Ok(Concluded::Unknown("task")) };
    let attempt = match checked(desk, &mut task, agent, word, &past).await? {
        Ok(attempt) => attempt,
        Err(refused) => return Ok(refused),
    };
    attempts::save(desk.tx, &[&attempt]).await?;
    let waiting = Waiting {
        task_id: id,
        staff_id: agent.id,
        word: Json(word.clone()),
        said_at: desk.now,
        stands_at: desk.now.plus(undo),
    };
    words::insert(desk.tx, &waiting).await?;
    task.put_off(waiting.stands_at, WORD_KEPT, desk.now);
    keep(desk, &[task]).await?;
    Ok(Concluded::Kept(json!({ "undo_until": waiting.stands_at })))
}

/// The moment is over: what follows from the word happens now. Where nothing can follow, what was written is kept as a draft
/// and the task goes on as if nothing had been said.
pub(super) async fn stands(desk: &mut Desk<'_>, mut task: CallTask) -> db::Result<()> {
    if let Some(said) = words::of_task(desk.tx, task.id).await? {
        if let Some(agent) = staff::actions::find(desk.tx, said.staff_id).await? {
            let past = attempts::of_task(desk.tx, task.id).await?;
            let mut called = task.clone();
            // The call as it was kept when it was said: whose its number is by now changes nothing of it.
            let mut attempt = match open_of(&past, &agent) {
                Some(open) => open.clone(),
                None => attempt_with(desk, &mut called, &agent, None, &past),
            };
            attempt.ended_at = Some(said.said_at);
            let settled = settle(desk, called, &agent, &said.word, (attempt, &past)).await?;
            if matches!(settled, Concluded::Kept(_)) {
                return words::remove(desk.tx, task.id).await;
            }
        }
        attempts::keep_draft(desk.tx, task.id, said.staff_id, draft_of(&said.word), desk.now).await?;
        words::remove(desk.tx, task.id).await?;
    }
    task.state_reason = None;
    keep(desk, &[task]).await
}

/// Takes the last word back: the call is theirs again, with what they had written. A call that was taken meanwhile and not
/// yet dialled goes back into the queue.
///
/// # Errors
/// 409 when the moment is over, or they are on the telephone about another call.
pub(super) async fn take_back(desk: &mut Desk<'_>, id: Id<CallTask>, agent: &Staff) -> Result<(), Error> {
    let late = || Error::Conflict("undo_too_late", "the outcome is on record: add a note to correct it".to_owned());
    let held = claim::held_by(desk.tx, agent.id).await?.filter(|held| *held != id);
    let ids: Vec<Id<CallTask>> = held.into_iter().chain([id]).collect();
    let (mut mine, others): (Vec<CallTask>, Vec<CallTask>) =
        store::find_and_lock(desk.tx, &ids).await?.into_iter().partition(|task| task.id == id);
    let mut task = mine.pop().ok_or_else(late)?;
    if task.stage == Some(Stage::WrapUp) && is_held_by(&task, agent.id, desk.now) {
        // It is theirs again already: pressed twice.
        return Ok(());
    }
    let said = words::of_task(desk.tx, id).await?.filter(|said| said.staff_id == agent.id);
    let said = said.filter(|said| said.stands_at > desk.now && task.has_word_waiting()).ok_or_else(late)?;
    let rules = desk.config.calls.clone();
    for mut other in others.into_iter().filter(|other| other.state == State::Leased) {
        if other.stage != Some(Stage::Preview) {
            let message = "you are on the telephone about another call: say what came of that one first".to_owned();
            return Err(Error::Conflict("on_the_telephone", message));
        }
        let Some((_, hours)) = hours_of(desk, &other).await? else { continue };
        other.give_back("gave_back", desk.now);
        other.become_ready(desk.now, &hours, &rules);
        record(desk, &other, "call.given_back", agent, "undone");
        keep(desk, &[other]).await?;
    }
    task.lease(agent.id, desk.now, &rules);
    // The call was made: only its word is open again.
    task.stage = Some(Stage::WrapUp);
    words::remove(desk.tx, id).await?;
    let word = &said.word;
    attempts::keep_draft(desk.tx, id, agent.id, draft_of(word), desk.now).await?;
    record(
        desk,
        &task,
        "call.word_taken_back",
        agent,
        word.told.outcome.map_or(word.told.result.word(), super::Outcome::word),
    );
    keep(desk, &[task]).await?;
    Ok(())
}

/// How long the agent's word about a call can still be taken back; none when it stands, or is somebody else's.
pub(super) async fn undo_left(
    tx: &mut db::Tx,
    id: Id<CallTask>,
    agent: Id<Staff>,
    now: Timestamp,
) -> db::Result<Option<SignedDuration>> {
    let said = words::of_task(tx, id).await?.filter(|said| said.staff_id == agent);
    Ok(said.map(|said| said.stands_at.since(now)).filter(SignedDuration::is_positive))
}

fn record(desk: &mut Desk<'_>, task: &CallTask, what: &str, agent: &Staff, why: &str) {
    let mut line = line(desk, task, what);
    line.actor = Some(agent.id.to_string());
    line.reason = Some(why.to_owned());
    desk.record(line);
}

/// A word as what is not finished.
fn draft_of(word: &Word) -> Value {
    json!({"note": word.note, "answers": word.answers, "outcome": word.told.outcome, "telephony_result": word.told.result})
}

/// The call that somebody began and that is not over.
fn open_of<'a>(past: &'a [Attempt], agent: &Staff) -> Option<&'a Attempt> {
    past.iter().rev().find(|attempt| attempt.ended_at.is_none() && attempt.staff_id == agent.id)
}

/// The same word was kept before, or another one under its key.
fn said_before(past: &[Attempt], word: &Word) -> Option<Concluded> {
    let key = word.idempotency_key.as_ref()?;
    let kept = past.iter().find(|attempt| attempt.idempotency_key.as_ref() == Some(key))?;
    let same = kept.request_hash.as_deref() == Some(&word.request_hash);
    let answer = kept.answer.clone().map(|answer| answer.0).unwrap_or_default();
    Some(if same { Concluded::Again(answer) } else { Concluded::KeyReused })
}

/// The call that the word is about, when the agent may say it; or what they are answered.
async fn checked(
    desk: &mut Desk<'_>,
    task: &mut CallTask,
    agent: &Staff,
    word: &Word,
    past: &[Attempt],
) -> db::Result<Result<Attempt, Concluded>> {
    if !is_held_by(task, agent.id, desk.now) {
        attempts::keep_draft(desk.tx, task.id, agent.id, draft_of(word), desk.now).await?;
        return Ok(Err(Concluded::LeaseLost));
    }
    if word.told.outcome.is_some_and(|outcome| !outcome.fits(task.kind, task.subject_type)) {
        return Ok(Err(Concluded::Unknown("outcome")));
    }
    Ok(attempt_for(desk, task, agent, word, past).await?.ok_or(Concluded::Unknown("number")))
}

/// The call that was opened when it was dialled; who dials by hand and types only the result has none yet. None when the
/// number that is named is not the customer's.
async fn attempt_for(
    desk: &mut Desk<'_>,
    task: &mut CallTask,
    agent: &Staff,
    word: &Word,
    past: &[Attempt],
) -> db::Result<Option<Attempt>> {
    let Some(mut attempt) = open_of(past, agent).cloned() else {
        return open_attempt(desk, task, agent, word.number.as_deref(), past).await;
    };
    if let Some(wanted) = &word.number {
        let numbers = attempts::numbers(desk.tx, task.customer_id).await?;
        let Some(number) = numbers.into_iter().find(|number| number.is(wanted)) else { return Ok(None) };
        (attempt.contact_point_id, attempt.number) = (Some(number.id), Some(number.value));
    }
    Ok(Some(attempt))
}

/// Opens a call: it counts from here on.
pub(super) async fn open_attempt(
    desk: &mut Desk<'_>,
    task: &mut CallTask,
    agent: &Staff,
    wanted: Option<&str>,
    past: &[Attempt],
) -> db::Result<Option<Attempt>> {
    let numbers = attempts::numbers(desk.tx, task.customer_id).await?;
    let number = match wanted {
        None => numbers.into_iter().next(),
        Some(wanted) => match numbers.into_iter().find(|number| number.is(wanted)) {
            Some(number) => Some(number),
            None => return Ok(None),
        },
    };
    Ok(Some(attempt_with(desk, task, agent, number, past)))
}

fn attempt_with(
    desk: &Desk<'_>,
    task: &mut CallTask,
    agent: &Staff,
    number: Option<attempts::Number>,
    past: &[Attempt],
) -> Attempt {
    task.attempts += 1;
    Attempt {
        id: desk.id(),
        task_id: task.id,
        dealership_id: task.dealership_id,
        customer_id: task.customer_id,
        staff_id: agent.id,
        n: past.last().map_or(1, |last| last.n + 1),
        contact_point_id: number.as_ref().map(|number| number.id),
        number: number.map(|number| number.value),
        started_at: desk.now,
        answered_at: None,
        hung_up_at: None,
        ended_at: None,
        telephony_result: None,
        outcome: None,
        reached: None,
        was_asked_for: task.callback_at.is_some(),
        pbx_result: None,
        pbx_cause: None,
        note: None,
        answers: Json(json!({})),
        recording_url: None,
        recording_until: None,
        idempotency_key: None,
        request_hash: None,
        answer: None,
    }
}

impl attempts::Number {
    /// Named by its id or by its digits.
    fn is(&self, name: &str) -> bool {
        self.id.to_string() == name || self.value == name
    }
}
