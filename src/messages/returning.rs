//! What comes back about a message after the provider took it: whom it was for, and that it could not be delivered.
pub use super::store::{About, Written};
use super::{Message, store};
use crate::{
    db::{self, Tx},
    desk::Desk,
    id::Id,
    inquiries, notices, telemetry,
    timeline::Entry,
};

/// Messages with what they were about.
pub async fn about(tx: &mut Tx, ids: &[Id<Message>]) -> db::Result<Vec<About>> {
    store::about(tx, ids).await
}

/// Whether somebody of ours wrote to this address about this subject.
pub async fn written_to(tx: &mut Tx, subject_id: &str, address: &str) -> db::Result<Option<Written>> {
    store::written_to(tx, subject_id, address).await
}

/// A message that was accepted came back: it is undelivered, its track goes on to the next channel, and the record says so.
/// False when it was delivered, or is over for another reason: a late report changes nothing then.
pub async fn came_back(desk: &mut Desk<'_>, id: Id<Message>, reason: &'static str) -> db::Result<bool> {
    let now = desk.now;
    let Some(moved) = store::undeliver(desk.tx, id, reason, now).await? else { return Ok(false) };
    telemetry::message_moved("email", moved.state.word());
    let mut line = Entry::new(desk.id(), moved.dealership_id, now, "message.undelivered");
    line.customer_id = moved.customer_id;
    line.notice_id = Some(moved.notice_id);
    line.message_id = Some(moved.id);
    line.reason = Some(reason.to_owned());
    desk.record(line);
    let ids = desk.ids.clone();
    notices::actions::message_came_back(desk.tx, &ids, moved.notice_id, now).await?;
    // An answer that nobody got has answered nothing: its clock runs again from where it began.
    inquiries::actions::replies_ended(desk, &[(moved.notice_id, moved.state)]).await?;
    Ok(true)
}
