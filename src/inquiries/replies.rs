//! Answers: written by people, handed to the post room, and counted once a provider took them (BR-02).
use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::types::Json;

use super::{
    Author, Channel, EntryState, Inquiry, Said,
    escalation::{Owner, Readers},
    keeping::{self, Thread},
    store,
};
use crate::{
    clock::Timestamp,
    clocks::{
        ClockKind,
        actions::{self as clocks, NewClock},
    },
    db::{self, Tx},
    desk::Desk,
    files::{self, NewFile},
    id::Id,
    messages,
    notices::{
        ChannelName, Notice,
        actions::{Heard, hear},
        grammar::Moment,
    },
    staff::Staff,
};

/// What somebody wants to send.
#[derive(Clone, Debug)]
pub struct NewReply {
    pub text: String,
    /// Email: it goes out; phone: it was said, and counts at once.
    pub channel: Channel,
    pub staff: Staff,
    pub actor: String,
    /// The newest entry of the thread that the writer has seen.
    pub seen: Option<Id<Said>>,
    /// Later, unless the customer writes first.
    pub not_before: Option<Timestamp>,
    pub idempotency_key: Option<String>,
    /// What goes with it; only by e-mail.
    pub files: Arc<[NewFile]>,
    /// From when to when it was said, where it was said on the telephone before this is written: it answers what had been asked
    /// by then, and was in time when it ended.
    pub spoken: Option<(Timestamp, Timestamp)>,
}

impl NewReply {
    /// What a repeat with the same key must have in common with the first.
    fn hash(&self) -> String {
        let mut hash = Sha256::new();
        let at = self.not_before.map(|at| at.to_string()).unwrap_or_default();
        for part in [self.text.as_str(), &self.staff.id.to_string(), &at, &format!("{:?}", self.channel)] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        for file in self.files.iter() {
            hash.update(file.name.as_bytes());
            hash.update(Sha256::digest(&file.bytes));
        }
        crate::id::hex(&hash.finalize())
    }
}

/// What became of it.
#[derive(Clone, Debug)]
pub enum Answered {
    Taken(Box<Said>),
    /// The same key and words were here before.
    Replayed(Box<Said>),
}

/// Why a reply is not sent.
#[derive(Debug, thiserror::Error)]
pub enum NoReply {
    #[error("the customer has written since: read what is new, and send again with `seen` set to it")]
    NewerMessage,
    #[error("somebody else is answering this one just now: {0}")]
    Claimed(String),
    #[error("another answer went out since: read it, and send again with `seen` set to it")]
    NewerReply,
    #[error("this inquiry is spam or was merged into another: nothing is sent from it")]
    SetAside,
    #[error("no e-mail address of this customer is known to be good: call, and record it with \"channel\":\"phone\"")]
    NoAddress,
    #[error("this Idempotency-Key was used before for another reply")]
    KeyReused,
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// Puts a person's answer on its way.
///
/// # Errors
/// [`NoReply`]: nothing is stored then.
pub async fn answer(desk: &mut Desk<'_>, id: Id<Inquiry>, reply: &NewReply) -> Result<Answered, NoReply> {
    let Some(mut thread) = keeping::load_one(desk, id).await? else { return Err(NoReply::SetAside) };
    let same_key = |entry: &&Said| reply.idempotency_key.is_some() && entry.idempotency_key == reply.idempotency_key;
    if let Some(earlier) = thread.entries.iter().find(same_key) {
        return if earlier.body_hash.as_deref() == Some(&reply.hash()) {
            Ok(Answered::Replayed(Box::new(earlier.clone())))
        } else {
            Err(NoReply::KeyReused)
        };
    }
    may_be_sent(desk, &thread, reply).await?;
    let state = match (reply.channel, reply.not_before) {
        (_, Some(at)) if at > desk.now => EntryState::Scheduled,
        (Channel::Phone, _) => EntryState::Accepted,
        _ => EntryState::Pending,
    };
    let mut said = Said {
        channel: reply.channel,
        accepted_at: (state == EntryState::Accepted).then_some(reply.spoken.map_or(desk.now, |(_, ended)| ended)),
        at: reply.spoken.map_or(desk.now, |(began, _)| began),
        not_before: reply.not_before.filter(|_| state == EntryState::Scheduled),
        thread: Json(thread.message_ids()),
        actor: Some(reply.actor.clone()),
        staff_id: Some(reply.staff.id),
        idempotency_key: reply.idempotency_key.clone(),
        body_hash: Some(reply.hash()),
        ..thread.entry(desk, Author::Person, state, reply.text.clone())
    };
    if thread.inquiry.owner_id.is_none() {
        super::due::assign(desk, &mut thread, reply.staff.id, "answers").await?;
    }
    (thread.inquiry.claimed_by, thread.inquiry.claimed_until) = (None, None);
    files::actions::keep(desk, thread.inquiry.dealership_id, &said.id.to_string(), &reply.files).await?;
    match state {
        EntryState::Pending => raise(desk, &thread, &mut said).await?,
        EntryState::Scheduled => clocks::set(desk, &[reply_clock(&said)]).await?,
        _ => {}
    }
    let mut line = thread.line(desk, "inquiry.reply_written");
    line.actor = Some(reply.actor.clone());
    line.detail = json!({"reply": said.id, "staff": reply.staff.id, "state": said.state, "channel": said.channel, "files": reply.files.len()});
    desk.record(line);
    thread.entries.push(said.clone());
    thread.settle(desk, std::slice::from_ref(&said)).await?;
    Ok(Answered::Taken(Box::new(said)))
}

/// When a reply that is for later leaves; it goes with its entry where that goes.
pub(super) fn reply_clock(said: &Said) -> NewClock {
    NewClock {
        dealership_id: said.dealership_id,
        kind: ClockKind::InquiryReply,
        subject_id: said.inquiry_id.to_string(),
        key: said.id.to_string(),
        due_at: said.not_before.unwrap_or(said.created_at),
        detail: json!({}),
    }
}

async fn may_be_sent(desk: &mut Desk<'_>, thread: &Thread, reply: &NewReply) -> Result<(), NoReply> {
    if thread.inquiry.state.is_set_aside() {
        return Err(NoReply::SetAside);
    }
    let claimed = thread.inquiry.claimed_by.as_ref().zip(thread.inquiry.claimed_until);
    if let Some((by, _)) = claimed.filter(|(by, until)| **by != reply.staff.reference && *until > desk.now) {
        return Err(NoReply::Claimed(by.clone()));
    }
    // Who says what they have seen is told when something came after it; who says nothing has seen the last question.
    if let Some(seen) = reply.seen {
        let place = thread.entries.iter().position(|entry| entry.id == seen);
        let newer = &thread.entries[place.map_or(0, |place| place + 1)..];
        if newer.iter().any(|entry| entry.author == Author::Customer) {
            return Err(NoReply::NewerMessage);
        }
        let by_another = |entry: &Said| entry.author == Author::Person && entry.state != EntryState::Withdrawn;
        if newer.iter().any(by_another) {
            return Err(NoReply::NewerReply);
        }
    }
    if reply.channel == Channel::Email {
        let reachable = match thread.inquiry.customer_id {
            Some(customer) => crate::customers::actions::has_email(desk.tx, customer).await?,
            None => false,
        };
        if !reachable {
            return Err(NoReply::NoAddress);
        }
    }
    Ok(())
}

/// Hands a reply to the notices; its entry follows what becomes of that.
pub(super) async fn raise(desk: &mut Desk<'_>, thread: &Thread, said: &mut Said) -> db::Result<()> {
    let plain = thread.heard("inquiry.reply_written");
    let files = files::actions::of(desk.tx, &[said.id.to_string()]).await?;
    let files: Vec<_> = files.iter().map(|file| file.id).collect();
    let heard = Heard {
        occasion: Some(said.id.to_string()),
        facts: plain.facts.clone().at(Moment::AnsweredAt, desk.now),
        detail: json!({"answer": said.body, "references": said.thread, "files": files}),
        acted_at: Some(thread.newest_question().map_or(desk.now, |question| question.at)),
        // A person answers: that is said, live or not.
        quietly: false,
        ..plain
    };
    hear(desk, &heard).await?;
    said.notice_id = raised(desk, thread, "inquiry.reply");
    Ok(())
}

/// The notice of this kind that was raised last in this transaction.
pub(super) fn raised(desk: &mut Desk<'_>, thread: &Thread, kind: &str) -> Option<Id<Notice>> {
    let subject = thread.inquiry.id.to_string();
    desk.raised()
        .iter()
        .rev()
        .find(|notice| notice.subject_id == subject && notice.kind == kind)
        .map(|notice| notice.id)
}

/// How an automatic answer goes back: on the channel on which the question came, else as a text (G5); who asked in a chat
/// that is not to be reached from here and has no number is written to.
pub(super) fn tracks_of(channel: Channel) -> Option<Vec<ChannelName>> {
    match channel {
        Channel::Sms => Some(vec![ChannelName::Sms]),
        Channel::Wechat => Some(vec![ChannelName::Wechat, ChannelName::Sms, ChannelName::Email]),
        Channel::Email | Channel::Web | Channel::App => Some(vec![ChannelName::Email, ChannelName::Sms]),
        // They are spoken to.
        Channel::Phone => None,
    }
}

impl Thread {
    /// The Message-IDs of what the customer wrote, the oldest first: an answer hangs below them in their mail program.
    pub(super) fn message_ids(&self) -> Vec<String> {
        let theirs =
            self.entries.iter().filter(|entry| entry.author == Author::Customer && entry.channel == Channel::Email);
        let mut ids: Vec<String> = Vec::new();
        for id in theirs.flat_map(|entry| entry.thread.iter()) {
            ids.retain(|known| known != id);
            ids.push(id.clone());
        }
        // A header of twenty is long enough for every mail program.
        ids.split_off(ids.len().saturating_sub(20))
    }
}

/// Messages of these notices were accepted, or came back: the clocks of the replies among them follow.
pub async fn replies_ended(desk: &mut Desk<'_>, ended: &[(Id<Notice>, messages::State)]) -> db::Result<()> {
    if ended.is_empty() {
        return Ok(());
    }
    let notices: Vec<Id<Notice>> = ended.iter().map(|(notice, _)| *notice).collect();
    let concerned = store::of_notices(desk.tx, &notices).await?;
    let mut ids: Vec<String> = concerned.iter().map(|(inquiry, _)| inquiry.to_string()).collect();
    ids.sort();
    ids.dedup();
    if ids.is_empty() {
        return Ok(());
    }
    for mut thread in keeping::load(desk, &ids).await? {
        let mut changed = Vec::new();
        let mut lost = None;
        for (notice, state) in ended {
            let Some(said) = thread.entries.iter_mut().find(|said| said.notice_id == Some(*notice)) else { continue };
            let was_taken = said.accepted_at.is_some();
            if !follow(said, *state, desk.now) {
                continue;
            }
            if said.author == Author::System && said.state == EntryState::Accepted {
                thread.inquiry.acknowledged_at = thread.inquiry.acknowledged_at.or(said.accepted_at);
            }
            if said.author != Author::System && said.state == EntryState::Failed && !was_taken {
                lost = Some(said.id);
            }
            changed.push(said.clone());
        }
        if changed.is_empty() {
            continue;
        }
        thread.settle(desk, &changed).await?;
        if let (Some(reply), Some(due_at)) = (lost, thread.inquiry.due_at.filter(|due| *due > desk.now)) {
            let readers = Readers { owner: Owner::Alone, ..Readers::default() };
            thread.warn(desk, due_at, readers, format!("{reply}:failed")).await?;
        }
    }
    Ok(())
}

/// What became of a message is what became of the reply; false when that is no news.
fn follow(said: &mut Said, state: messages::State, now: Timestamp) -> bool {
    use messages::State as Message;
    let before = (said.state, said.accepted_at, said.failed_at);
    match state {
        Message::Accepted if said.failed_at.is_some() => {
            (said.state, said.accepted_at, said.failed_at) = (EntryState::Accepted, Some(now), None);
        }
        Message::Accepted | Message::Delivered => {
            said.state = EntryState::Accepted;
            said.accepted_at = said.accepted_at.or(Some(now));
            said.failed_at = None;
        }
        Message::Undelivered | Message::Failed | Message::Expired | Message::Dead => {
            (said.state, said.failed_at) = (EntryState::Failed, Some(now));
        }
        Message::Cancelled => (said.state, said.failed_at) = (EntryState::Withdrawn, said.accepted_at.map(|_| now)),
        Message::Ready | Message::Sending | Message::Unknown | Message::Held => {}
    }
    before != (said.state, said.accepted_at, said.failed_at)
}

/// An answer to begin from, in the customer's language: what is certain, and nothing that is not.
pub(super) fn draft(thread: &Thread) -> String {
    let topic = thread.inquiry.topic.clone().unwrap_or_default();
    let language = thread.inquiry.language.as_deref().unwrap_or(&thread.dealership.locale);
    let (phone, dealer) = (&thread.dealership.phone, &thread.dealership.name);
    let of =
        |before: &str, after: &str| if topic.is_empty() { String::new() } else { format!("{before}{topic}{after}") };
    if language.starts_with("ja") {
        let topic = of("「", "」の件で");
        format!(
            "{topic}お問い合わせをいただき、ありがとうございます。[[回答]]\nお急ぎの場合は{phone}までお電話ください。\n{dealer}"
        )
    } else if language.starts_with("zh") {
        let topic = of("关于“", "”,");
        format!("{topic}感谢您的咨询。[[答复]]\n如需尽快处理，请致电{phone}。\n{dealer}")
    } else {
        let topic = of(" about “", "”");
        format!("Thank you for your enquiry{topic}. [[answer]]\nIf it is urgent, please call {phone}.\n{dealer}")
    }
}

/// The places of a text that somebody still has to fill in: `[[price]]`.
pub fn unfilled(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("[[") {
        let Some((name, tail)) = after.split_once("]]") else { break };
        found.push(name.chars().take(60).collect());
        rest = tail;
    }
    found
}

/// How long the same words of the same sender are one question.
pub(super) const SAME_WITHIN: SignedDuration = SignedDuration::from_mins(10);
/// One automatic answer to a sender in so long (RFC 3834).
pub(super) const ACKNOWLEDGED_WITHIN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Whether an acknowledgement may go to this sender now.
pub(super) async fn may_acknowledge(tx: &mut Tx, thread: &Thread, now: Timestamp) -> db::Result<bool> {
    let inquiry = &thread.inquiry;
    let (Channel::Email, Some(sender)) = (inquiry.channel, &inquiry.sender) else { return Ok(true) };
    Ok(!store::was_acknowledged(tx, inquiry.dealership_id, sender, now.minus(ACKNOWLEDGED_WITHIN)).await?)
}
