//! The verbs of surveys: a visit is planned for, its customer is asked, and answers.
use super::{State, store};
pub use super::{
    answering::{
        OnThePhone, OpenQuestion, Recorded, answer_by_digit, answer_on_page, code, correct, open_questions, read,
        record_answers,
    },
    due::{CallEnded, call_ended, expire_due, invite_due},
    planning::{Visit, plan},
    store::Score,
};
use crate::{
    customers::vehicles::Vehicle,
    db::{self, Tx},
    desk::Desk,
    id::Id,
    notices::readings::Reading,
    timeline::Entry,
};

/// A link was opened for the first time, as its page's form says; whoever only looks changes nothing.
pub async fn opened(desk: &mut Desk<'_>, survey: &str) -> db::Result<()> {
    let Some(mut held) = store::find_and_lock(desk.tx, &[survey]).await?.pop() else { return Ok(()) };
    if held.survey.state != State::Sent {
        return Ok(());
    }
    held.survey.state = State::Opened;
    held.survey.read_at = Some(desk.now);
    store::save(desk.tx, &[&held.survey], desk.now).await?;
    let mut line = Entry::new(desk.id(), held.survey.dealership_id, desk.now, "survey.opened");
    line.step = Some(8);
    line.customer_id = held.survey.customer_id;
    line.subject_type = Some("repair_order");
    line.subject_id = Some(held.survey.repair_order_id);
    desk.record(line);
    Ok(())
}

/// The last answer about a visit with this car.
pub async fn last_score(tx: &mut Tx, vehicle: Id<Vehicle>) -> db::Result<Option<Score>> {
    store::last_score(tx, vehicle).await
}

/// Surveys as letters about them need them.
pub async fn for_letters(tx: &mut Tx, ids: &[String]) -> db::Result<Vec<Reading>> {
    store::for_letters(tx, ids).await
}
