//! Words that were kept long enough are forgotten, kind by kind (`compliance.md` D6): that something was said, to whom, when and
//! what came of it stays, because reports and proofs count it.
//!
//! Mail byte for byte, links to recordings, and what webhooks were told have clocks of their own.
pub mod actions;
mod store;

use jiff::SignedDuration;

use crate::config;

/// When nobody works, on the wall clock of each dealership.
pub(crate) const NIGHTLY: (i8, i8) = (3, 10);
/// Rows of one kind at a time: nobody waits for a whole year's.
const AT_ONCE: i64 = 500;
/// Where there is more, it goes on so much later.
const AGAIN: SignedDuration = SignedDuration::from_secs(30);

/// A kind of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What we wrote.
    Messages,
    /// What was said in the threads of inquiries.
    Replies,
    /// What customers texted.
    Texts,
    /// Notes of calls, and the answers that were given on them.
    Calls,
    /// A provider's reports, word for word.
    Receipts,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Messages, Self::Replies, Self::Texts, Self::Calls, Self::Receipts];

    fn word(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Replies => "replies",
            Self::Texts => "texts",
            Self::Calls => "calls",
            Self::Receipts => "receipts",
        }
    }
    fn kept(self, rules: &config::Retention) -> SignedDuration {
        match self {
            Self::Messages | Self::Replies | Self::Texts => rules.messages.signed(),
            Self::Calls => rules.calls.signed(),
            Self::Receipts => rules.receipts.signed(),
        }
    }
}
