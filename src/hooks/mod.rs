//! Events for other systems: each line of the record that somebody asked for is posted to them, signed by Standard Webhooks,
//! until it is taken or given up (`channels.md` E9, acceptance row 4).
//!
//! What is told names things by their refs and says nothing of a person beyond their ref: whoever may know more asks the API
//! with a key of their own. A reader at the maker hears of a customer who does not share their data by a pseudonym.
pub mod actions;
pub mod api;
mod event;
pub mod lane;
mod parse;
mod store;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

pub use self::parse::{FAMILIES, NewEndpoint};
use crate::{clock::Timestamp, id::Entity};

/// Who is told.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct Endpoint {
    pub id: crate::id::Id<Self>,
    /// The dealership's code; none = every dealership's events.
    pub dealership: Option<String>,
    pub url: String,
    pub reader: Reader,
    /// `active` or `disabled`.
    pub state: String,
    /// Why it is disabled: `by_hand`, `gone` (it answered 410), `failing` (nothing taken for five days).
    pub reason: Option<String>,
    /// Failures in a row.
    pub failures: i64,
    pub failing_since: Option<Timestamp>,
    /// When it last took something.
    pub delivered_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Entity for Endpoint {
    const PREFIX: &'static str = "whk";
}

/// Whose system reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Reader {
    /// The dealership's own.
    Own,
    /// The maker's: customers without the consent `oem_sharing` are pseudonyms.
    Maker,
}

impl Reader {
    fn word(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Maker => "maker",
        }
    }
}

/// The waits before each further try (`channels.md` E9); after the last one it is given up: about three days.
const WAITS: [SignedDuration; 9] = [
    SignedDuration::from_secs(5),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(5),
    SignedDuration::from_hours(10),
    SignedDuration::from_hours(14),
    SignedDuration::from_hours(20),
    SignedDuration::from_hours(24),
];
/// How long an endpoint that fails is left alone, by its failures in a row; the last one repeats. It costs the others nothing.
const QUIET: [SignedDuration; 4] = [
    SignedDuration::from_secs(2),
    SignedDuration::from_secs(15),
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(5),
];
/// An endpoint that took nothing for so long is disabled (`reliability.md`: Standard Webhooks).
const FAILS_FOR: SignedDuration = SignedDuration::from_hours(5 * 24);
/// How long the old secret signs beside the new one.
const OVERLAP: SignedDuration = SignedDuration::from_hours(24);
/// How long what was taken or given up is kept, to be looked at and told again.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The wait before the try after `tries`; none when that was the last.
fn wait_after(tries: i64) -> Option<SignedDuration> {
    usize::try_from(tries).ok().and_then(|n| WAITS.get(n.checked_sub(1)?)).copied()
}

fn quiet_after(failures: i64) -> SignedDuration {
    let n = usize::try_from(failures.max(1) - 1).unwrap_or(usize::MAX).min(QUIET.len() - 1);
    QUIET[n]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_tries_take_about_three_days() {
        let waits: Vec<SignedDuration> = (1..).map_while(wait_after).collect();
        assert_eq!(waits.len() + 1, 10);
        let hours = waits.iter().sum::<SignedDuration>().as_hours();
        assert!((72..84).contains(&hours), "{hours}");
        assert_eq!(wait_after(0), None);
    }

    #[test]
    fn an_endpoint_is_left_alone_longer_the_longer_it_fails() {
        let all: Vec<i64> = (0..7).map(|failures| quiet_after(failures).as_secs()).collect();
        assert_eq!(all, [2, 2, 15, 60, 300, 300, 300]);
    }
}
