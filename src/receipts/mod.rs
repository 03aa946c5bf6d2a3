//! Receipts: what a provider says became of a message that it took; only added to, folded by rank in whatever order they come. What
//! turns out to be about none of our messages is not kept.
pub mod actions;
pub mod api;
mod reading;
mod store;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

pub use self::reading::Said;
use crate::{
    clock::Timestamp,
    config::{Config, Span},
    id::{Entity, Id},
    messages::{Message, State},
    notices::ChannelName,
};

/// Whether whoever carries this channel tells us what became of what it took.
pub fn are_told_of(config: &Config, channel: ChannelName) -> bool {
    match channel {
        ChannelName::Sms => config.sms.receipts.secret.is_some(),
        ChannelName::Wechat => config.wechat.token.is_some(),
        ChannelName::Email | ChannelName::Wecom | ChannelName::Call => false,
    }
}

/// How long word of a delivery is waited for before the next channel has its turn.
fn patience(config: &Config, channel: ChannelName) -> Span {
    match channel {
        ChannelName::Wechat => config.wechat.wait,
        _ => config.sms.receipts.wait,
    }
}

/// How long what names no message of ours is kept: it may have come before the answer with the name.
fn kept_for(config: &Config) -> SignedDuration {
    let longest = config.sms.receipts.wait.signed().max(config.wechat.wait.signed());
    longest + longest
}

/// One word of one provider about one message (`rct_`).
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct Receipt {
    pub id: Id<Receipt>,
    #[serde(skip)]
    pub message_id: Option<Id<Message>>,
    pub provider: String,
    pub provider_ref: String,
    pub status: Status,
    /// The provider's own word for why.
    pub reason: Option<String>,
    /// When it happened, as the provider says.
    pub at: Timestamp,
    pub received_at: Timestamp,
}
impl Entity for Receipt {
    const PREFIX: &'static str = "rct";
}

/// What became of a message, in the order of their rank: a higher word is never taken back by a lower one. Delivered is the
/// highest, because who has read it has it, whatever was reported before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Status {
    Accepted,
    Sent,
    Undelivered,
    Delivered,
}

impl Status {
    pub fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Sent => "sent",
            Self::Undelivered => "undelivered",
            Self::Delivered => "delivered",
        }
    }
}

/// What a message does because of its receipts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// Its answer was lost, and now it is known that the provider took it.
    Taken,
    Delivered,
    CameBack,
}

/// The fold: the highest word decides. A message that is being handed over just now waits for its own answer, which looks
/// here again; one that was refused, called off or is over stays so.
pub fn fold(state: State, highest: Status) -> Option<Move> {
    match (state, highest) {
        (State::Unknown | State::Held, Status::Accepted | Status::Sent) => Some(Move::Taken),
        (State::Unknown | State::Held | State::Accepted | State::Undelivered, Status::Delivered) => {
            Some(Move::Delivered)
        }
        (State::Unknown | State::Held | State::Accepted, Status::Undelivered) => Some(Move::CameBack),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn after(state: State, status: Status) -> State {
        match fold(state, status) {
            Some(Move::Taken) => State::Accepted,
            Some(Move::Delivered) => State::Delivered,
            Some(Move::CameBack) => State::Undelivered,
            None => state,
        }
    }

    proptest! {
        /// Any order and any repetition of the same receipts comes to the same end.
        #[test]
        fn receipts_fold_to_the_same_end_in_any_order(mut words in prop::collection::vec(0..4_usize, 1..8), from in 0..2_usize) {
            const ALL: [Status; 4] = [Status::Accepted, Status::Sent, Status::Undelivered, Status::Delivered];
            let begin = [State::Accepted, State::Unknown][from];
            let end = |words: &[usize]| words.iter().fold(begin, |state, word| after(state, ALL[*word]));
            let came = end(&words);
            words.sort_unstable();
            prop_assert_eq!(came, end(&words));
            words.dedup();
            words.reverse();
            prop_assert_eq!(came, end(&words));
        }
    }

    #[test]
    fn what_is_over_stays_over_and_what_is_under_way_waits() {
        for state in [
            State::Failed,
            State::Cancelled,
            State::Expired,
            State::Dead,
            State::Sending,
            State::Ready,
            State::Delivered,
        ] {
            for status in [Status::Accepted, Status::Sent, Status::Undelivered, Status::Delivered] {
                assert_eq!(fold(state, status), None, "{state:?} {status:?}");
            }
        }
    }
}
