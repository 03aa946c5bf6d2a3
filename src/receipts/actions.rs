//! The verbs of receipts: kept once, and folded into the messages that they are about.
use std::collections::HashMap;

use serde_json::json;

use super::{
    Move, Receipt, Said, Status, fold, kept_for, patience,
    store::{self, Kept, Word},
};
use crate::{
    clock::Timestamp,
    clocks::{
        Clock, ClockKind,
        actions::{self as clocks, NewClock},
    },
    config::Config,
    db::{self, Tx},
    dealerships::Dealership,
    desk::Desk,
    id::Id,
    messages::{Message, State, returning},
    notices::ChannelName,
    rights,
};

/// So many receipts of nobody's are deleted in one look at most.
const FORGOTTEN_AT_ONCE: i64 = 200;

/// What became of a delivery of receipts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Not heard before.
    pub new: u64,
    /// About no message that we know: kept, and looked at again when one of that name is recorded.
    pub early: usize,
}

/// Keeps a provider's receipts of a channel and applies them; one that was heard before does nothing.
pub async fn receive(
    desk: &mut Desk<'_>,
    (provider, channel): (&'static str, ChannelName),
    said: &[Said],
) -> db::Result<Taken> {
    rights::actions::hold_off(desk.tx).await?;
    let mut names: Vec<String> = said.iter().map(|said| said.provider_ref.clone()).collect();
    names.sort_unstable();
    names.dedup();
    let mut meant: HashMap<String, Id<Message>> = HashMap::new();
    let by_ours = store::meant(desk.tx, channel, &names).await?;
    let by_theirs = store::meant_by_provider(desk.tx, channel, &names).await?;
    for found in by_ours.into_iter().chain(by_theirs) {
        meant.insert(found.name, found.id);
    }
    let kept: Vec<Kept> = said
        .iter()
        .map(|said| Kept {
            id: desk.id(),
            provider,
            provider_ref: said.provider_ref.clone(),
            message_id: meant.get(&said.provider_ref).copied(),
            status: said.status,
            reason: said.reason.clone(),
            raw: said.raw.clone(),
            at: said.at,
            received_at: desk.now,
        })
        .collect();
    let new = store::insert(desk.tx, &kept).await?;
    let mut ids: Vec<Id<Message>> = meant.values().copied().collect();
    ids.sort_unstable();
    ids.dedup();
    apply(desk, &ids).await?;
    Ok(Taken { new, early: names.len() - meant.len() })
}

/// Folds everything that was said of these messages, in whatever order it came.
pub async fn apply(desk: &mut Desk<'_>, ids: &[Id<Message>]) -> db::Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut highest: HashMap<Id<Message>, (Word, Status)> = HashMap::new();
    for word in store::words(desk.tx, ids).await? {
        // What a person holds for another reason stays held.
        let is_lost = |reason: &str| reason.starts_with("unknown_") || reason == "restored_unknown";
        let is_lost = word.reason.as_deref().is_some_and(is_lost);
        if word.state == State::Held && !is_lost {
            continue;
        }
        let status = word.status;
        let entry = highest.entry(word.id).or_insert((word, status));
        entry.1 = entry.1.max(status);
    }
    let (mut over, mut waits) = (Vec::new(), Vec::new());
    for (id, (word, status)) in highest {
        match fold(word.state, status) {
            Some(Move::Taken) if returning::taken(desk, id, word.channel).await? => {
                waits.push((word.channel, (id, word.dealership_id)));
            }
            None | Some(Move::Taken) => {}
            Some(Move::Delivered) => {
                returning::delivered(desk, id, word.channel).await?;
                over.push(id.to_string());
            }
            Some(Move::CameBack) => {
                returning::came_back(desk, id, word.channel, "provider_report").await?;
                over.push(id.to_string());
            }
        }
    }
    for (channel, taken) in waits {
        wait_for(desk, channel, &[taken]).await?;
    }
    clocks::stop(desk, &over, &[ClockKind::DeliveryWait]).await
}

/// These messages of a channel were taken: word of their delivery is waited for (`sms.receipts.wait`, `wechat.wait`).
pub async fn wait_for(
    desk: &mut Desk<'_>,
    channel: ChannelName,
    messages: &[(Id<Message>, Id<Dealership>)],
) -> db::Result<()> {
    if messages.is_empty() {
        return Ok(());
    }
    let until = desk.now.plus(patience(&desk.config, channel).signed());
    let waits: Vec<NewClock> = messages
        .iter()
        .map(|(message, dealership_id)| NewClock {
            dealership_id: *dealership_id,
            kind: ClockKind::DeliveryWait,
            subject_id: message.to_string(),
            key: String::new(),
            due_at: until,
            detail: json!({}),
        })
        .collect();
    clocks::set(desk, &waits).await
}

/// No word came in time: where another channel is left it has its turn; where none is, nothing is known and nothing is said.
pub async fn waited_long_enough(desk: &mut Desk<'_>, clocks: &[Clock]) -> db::Result<()> {
    let ids: Vec<Id<Message>> = clocks.iter().filter_map(|clock| clock.subject_id.parse().ok()).collect();
    // A receipt and the answer that it is about may have been recorded at the same moment, neither seeing the other.
    apply(desk, &ids).await?;
    for (id, channel) in returning::waiting_before_another(desk.tx, &ids).await? {
        returning::came_back(desk, id, channel, "not_delivered_in_time").await?;
    }
    Ok(())
}

/// Deletes what has waited long enough for a message that it could be about, some at a time: gateways that are shared with
/// others report theirs, too.
pub async fn forget_of_nobody(tx: &mut Tx, config: &Config, now: Timestamp) -> db::Result<()> {
    store::forget_of_nobody(tx, now.minus(kept_for(config)), FORGOTTEN_AT_ONCE).await.map(drop)
}

/// What was said of these messages, each one's in the order in which it came.
pub async fn of_messages(tx: &mut Tx, ids: &[Id<Message>]) -> db::Result<Vec<Receipt>> {
    if ids.is_empty() { Ok(Vec::new()) } else { store::of_messages(tx, ids).await }
}
