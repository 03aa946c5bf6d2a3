//! What comes back about a message after the provider took it: whom it was for, and that it could not be delivered.
pub use super::store::{About, Written};
use super::{Message, State, store};
use crate::{
    db::{self, Tx},
    desk::Desk,
    id::Id,
    inquiries,
    notices::{self, ChannelName},
    telemetry,
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
pub async fn came_back(
    desk: &mut Desk<'_>,
    id: Id<Message>,
    channel: ChannelName,
    reason: &'static str,
) -> db::Result<bool> {
    let now = desk.now;
    let Some(moved) = store::undeliver(desk.tx, id, reason, now).await? else { return Ok(false) };
    note(desk, &moved, channel);
    let ids = desk.ids.clone();
    notices::actions::message_came_back(desk.tx, &ids, moved.notice_id, now).await?;
    // An answer that nobody got has answered nothing: its clock runs again from where it began.
    inquiries::actions::replies_ended(desk, &[(moved.notice_id, moved.state)]).await?;
    Ok(true)
}

/// The provider took a message whose answer was lost: it is not sent again. False when nothing was lost.
pub async fn taken(desk: &mut Desk<'_>, id: Id<Message>, channel: ChannelName) -> db::Result<bool> {
    let Some(moved) = store::take_late(desk.tx, id, desk.now).await? else { return Ok(false) };
    went_well(desk, &moved, channel).await
}

/// The reader has it; a channel that was tried meanwhile goes its way. False when it is over for another reason.
pub async fn delivered(desk: &mut Desk<'_>, id: Id<Message>, channel: ChannelName) -> db::Result<bool> {
    let Some(moved) = store::deliver(desk.tx, id, desk.now).await? else { return Ok(false) };
    went_well(desk, &moved, channel).await
}

/// Of these messages, those that wait for word of their delivery while another channel could be tried, with their own.
pub async fn waiting_before_another(tx: &mut Tx, ids: &[Id<Message>]) -> db::Result<Vec<(Id<Message>, ChannelName)>> {
    let has_next = |place: &store::Place| {
        let at = |n: i64| usize::try_from(n).unwrap_or(usize::MAX);
        place.state == State::Accepted && place.tracks.has_another(at(place.track), at(place.step))
    };
    Ok(store::places(tx, ids).await?.into_iter().filter(has_next).map(|place| (place.id, place.channel)).collect())
}

async fn went_well(desk: &mut Desk<'_>, moved: &store::Moved, channel: ChannelName) -> db::Result<bool> {
    note(desk, moved, channel);
    let ids = desk.ids.clone();
    notices::actions::messages_ended(desk.tx, &ids, &[moved.notice_id], desk.now).await?;
    inquiries::actions::replies_ended(desk, &[(moved.notice_id, moved.state)]).await?;
    Ok(true)
}

/// A line of the record about where a message stands now.
fn note(desk: &mut Desk<'_>, moved: &store::Moved, channel: ChannelName) {
    telemetry::message_moved(channel.word(), moved.state.word());
    let mut line = Entry::new(desk.id(), moved.dealership_id, desk.now, format!("message.{}", moved.state.word()));
    line.customer_id = moved.customer_id;
    line.notice_id = Some(moved.notice_id);
    line.message_id = Some(moved.id);
    line.reason.clone_from(&moved.reason);
    desk.record(line);
}
