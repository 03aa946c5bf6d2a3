//! What people decide about an inquiry: whose it is, that it is over, that it belongs to another.
use serde_json::json;

use super::{
    Arrival, Author, EntryState, Inquiry, PromiseClock, Said, State,
    actions::blank,
    due,
    keeping::{self, Thread},
    replies::reply_clock,
    store,
};
use crate::{
    clocks::{
        ClockKind,
        actions::{self as clocks, NewClock},
    },
    db,
    desk::Desk,
    id::Id,
    notices::actions::hear,
    staff::Staff,
};

/// What a person decides about an inquiry.
#[derive(Clone, Debug)]
pub enum Deed {
    Assign(Box<Staff>),
    /// Keeps others from answering for a while.
    Claim(String),
    Close(String),
    Spam(String),
    Merge(Id<Inquiry>, String),
    /// The question with this id, and what came after it, becomes an inquiry of its own.
    Split(Id<Said>),
}

/// Why that cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum Undoable {
    #[error("there is no such inquiry")]
    NotThere,
    #[error("a question in it waits for its answer: answer it, mark it as spam, or merge it")]
    Unanswered,
    #[error("somebody else is answering it just now: {0}")]
    Claimed(String),
    #[error("it is {0} already")]
    Over(&'static str),
    #[error("the other one must be another inquiry of the same dealership that is not over")]
    NoPartner,
    #[error("that is no question of this inquiry after its first one")]
    NoQuestion,
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// Does it, and says so in the record; answers the inquiry it came to.
pub async fn decide(desk: &mut Desk<'_>, id: Id<Inquiry>, deed: &Deed, actor: &str) -> Result<Id<Inquiry>, Undoable> {
    let Some(mut thread) = keeping::load_one(desk, id).await? else { return Err(Undoable::NotThere) };
    if thread.inquiry.state.is_set_aside() {
        return Err(Undoable::Over(thread.inquiry.state.word()));
    }
    let mut line = thread.line(desk, "inquiry.assigned");
    line.actor = Some(actor.to_owned());
    let mut answer = id;
    match deed {
        Deed::Assign(staff) => due::assign(desk, &mut thread, staff.id, "by_hand").await?,
        Deed::Claim(by) => {
            let held = thread.inquiry.claimed_by.as_ref().zip(thread.inquiry.claimed_until);
            if let Some((other, _)) = held.filter(|(other, until)| *other != by && *until > desk.now) {
                return Err(Undoable::Claimed(other.clone()));
            }
            thread.inquiry.claimed_by = Some(by.clone());
            thread.inquiry.claimed_until = Some(desk.now.plus(desk.config.inquiries.claim.signed()));
        }
        Deed::Close(_) if thread.inquiry.due_at.is_some() => return Err(Undoable::Unanswered),
        Deed::Close(reason) => {
            thread.inquiry.state = State::Closed;
            thread.inquiry.end_reason = Some(reason.clone());
            "inquiry.closed".clone_into(&mut line.what);
            line.reason = Some(reason.clone());
            desk.record(line);
        }
        Deed::Spam(reason) => {
            end(desk, &mut thread, State::Spam, reason).await?;
            "inquiry.spam".clone_into(&mut line.what);
            line.reason = Some(reason.clone());
            desk.record(line);
        }
        Deed::Merge(into, reason) => {
            merge(desk, &mut thread, *into, reason).await?;
            "inquiry.merged".clone_into(&mut line.what);
            line.reason = Some(reason.clone());
            line.detail = json!({"into": into});
            desk.record(line);
            answer = *into;
        }
        Deed::Split(at) => {
            answer = split(desk, &mut thread, *at).await?;
            "inquiry.split".clone_into(&mut line.what);
            line.detail = json!({"into": answer});
            desk.record(line);
        }
    }
    thread.settle(desk, &[]).await?;
    Ok(answer)
}

/// Its clocks count no more, and what was planned is called off.
async fn end(desk: &mut Desk<'_>, thread: &mut Thread, state: State, reason: &str) -> db::Result<()> {
    (thread.inquiry.state, thread.inquiry.end_reason) = (state, Some(reason.to_owned()));
    thread.inquiry.due_at = None;
    let kinds = [ClockKind::InquiryEscalation, ClockKind::InquiryAssign, ClockKind::InquiryReply];
    clocks::stop(desk, &[thread.inquiry.id.to_string()], &kinds).await?;
    let heard = thread.heard("inquiry.ended");
    hear(desk, &heard).await
}

/// What was said here becomes part of the other thread, whose clocks are folded with it: a merge hides no question.
async fn merge(desk: &mut Desk<'_>, thread: &mut Thread, into: Id<Inquiry>, reason: &str) -> Result<(), Undoable> {
    let other = keeping::load_one(desk, into).await?.filter(|other| {
        let is_same_shop = other.inquiry.dealership_id == thread.inquiry.dealership_id;
        is_same_shop && other.inquiry.id != thread.inquiry.id && !other.inquiry.state.is_set_aside()
    });
    let Some(mut other) = other else { return Err(Undoable::NoPartner) };
    let gone: Vec<_> = std::mem::take(&mut thread.clocks).into_iter().map(|clock| clock.id).collect();
    store::remove_clocks(desk.tx, &gone).await?;
    let mut moved: Vec<Said> =
        std::mem::take(&mut thread.entries).into_iter().map(|said| Said { inquiry_id: into, ..said }).collect();
    // A key is one thread's: where the other has it too, it stays with the reply that had it there.
    for said in &mut moved {
        let is_taken = |key: &String| other.entries.iter().any(|there| there.idempotency_key.as_ref() == Some(key));
        said.idempotency_key = said.idempotency_key.take().filter(|key| !is_taken(key));
    }
    thread.inquiry.merged_into = Some(into);
    end(desk, thread, State::Merged, reason).await?;
    other.entries.extend(moved.iter().cloned());
    other.entries.sort_by_key(|said| (said.created_at, said.id));
    other.inquiry.revision += 1;
    other.inquiry.received_at = other.inquiry.received_at.min(thread.inquiry.received_at);
    other.settle(desk, &moved).await?;
    clocks::set(desk, &for_later(&moved)).await?;
    Ok(())
}

/// The clocks of the replies among these that are for later.
fn for_later(said: &[Said]) -> Vec<NewClock> {
    said.iter().filter(|said| said.state == EntryState::Scheduled).map(reply_clock).collect()
}

/// A question that is another matter gets a thread of its own, with everything after it; its clock is as old as it is.
async fn split(desk: &mut Desk<'_>, thread: &mut Thread, at: Id<Said>) -> Result<Id<Inquiry>, Undoable> {
    let place = thread.entries.iter().position(|said| said.id == at && said.author == Author::Customer);
    let Some(place) = place.filter(|place| thread.entries[..*place].iter().any(|said| said.author == Author::Customer))
    else {
        return Err(Undoable::NoQuestion);
    };
    let moved = thread.entries.split_off(place);
    for clock in for_later(&moved) {
        clocks::stop_one(desk, clock.kind, &clock.subject_id, &clock.key).await?;
    }
    let mut arrival = Arrival::new(&thread.dealership, moved[0].channel, moved[0].at, moved[0].body.clone());
    arrival.topic.clone_from(&moved[0].topic);
    arrival.sender.clone_from(&moved[0].sender);
    arrival.language.clone_from(&thread.inquiry.language);
    let mut other = blank(desk, &arrival);
    (other.inquiry.customer_id, other.inquiry.vehicle_id) = (thread.inquiry.customer_id, thread.inquiry.vehicle_id);
    let id = other.inquiry.id;
    other.entries = moved.into_iter().map(|said| Said { inquiry_id: id, ..said }).collect();
    // The clocks of both are folded anew: those of the moved questions go with them.
    let here = |clock: &PromiseClock| thread.entries.iter().any(|said| said.id == clock.opened_by);
    let gone: Vec<_> = thread.clocks.iter().filter(|clock| !here(clock)).map(|clock| clock.id).collect();
    store::remove_clocks(desk.tx, &gone).await?;
    thread.clocks.retain(|clock| !gone.contains(&clock.id));
    let moved = other.entries.clone();
    other.settle(desk, &moved).await?;
    clocks::set(desk, &for_later(&moved)).await?;
    Ok(id)
}
