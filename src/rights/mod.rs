//! Persons' rights: what is known of somebody is shown to them, and taken out of every table when they ask (PIPL 45 and 47, BR-65).
//!
//! Who was erased stays erased. Only salted hashes of their refs and addresses are kept: what a source tells of them again
//! is not applied and its body not stored. The same hashes stand in a journal beside the database, because a backup of
//! before the erasure does not know of it: whatever command opens a restored one lets it catch up first.
pub mod actions;
mod journal;
mod places;
mod store;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use self::{
    journal::{Journal, NoJournal},
    places::{EMPTIED, KEPT},
};
use crate::{clock::Timestamp, customers::Customer, dealerships::Dealership, id, id::Id};

/// What somebody is known by at a dealership.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KnownBy<'a> {
    /// The sender's key.
    Reference(&'a str),
    /// A telephone number, an e-mail address, an openid, in its normal form.
    Address(&'a str),
}

/// What is kept of it: nobody can read it back, and whoever has the same again is recognised.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Mark {
    pub mark: String,
    pub is_ref: bool,
}

impl Mark {
    pub fn of(salt: &str, dealership: Id<Dealership>, known: &KnownBy<'_>) -> Self {
        let (is_ref, value) = match known {
            KnownBy::Reference(value) => (true, value),
            KnownBy::Address(value) => (false, value),
        };
        let word = if is_ref { "ref" } else { "address" };
        let text = format!("{salt}\n{word}\n{dealership}\n{}", value.to_lowercase());
        Self { mark: id::hex(&Sha256::digest(text.as_bytes())), is_ref }
    }
}

/// Whether somebody who is known by a name may be who said no more than this one: each of its words is one of theirs. A word
/// that is not is somebody else's name.
pub(in crate::rights) fn may_be_called(known: &str, said: &str) -> bool {
    let known: Vec<String> = known.split_whitespace().map(str::to_lowercase).collect();
    said.split_whitespace().all(|word| known.contains(&word.to_lowercase()))
}

/// A thing that an event names in place of a person, by the sender's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing<'a> {
    Appointment(&'a str),
    RepairOrder(&'a str),
    PartsOrder(&'a str),
    Inquiry(&'a str),
}

/// A thing of a dealership's.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    pub dealership: Id<Dealership>,
    pub thing: Thing<'a>,
}

/// One erasure, as the journal has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    pub customer: Id<Customer>,
    /// They and whoever was made one with them: a backup may be older than that.
    #[serde(default)]
    pub people: Vec<Id<Customer>>,
    pub dealership: Id<Dealership>,
    pub at: Timestamp,
    pub by: String,
    pub salt: String,
    pub marks: Vec<Mark>,
}

#[cfg(test)]
mod tests {
    use super::{KnownBy, Mark, may_be_called};
    use crate::id::{Id, Random};

    #[test]
    fn a_mark_tells_refs_from_addresses_and_one_dealership_from_another() {
        let at = crate::clock::Clock::system().now();
        let random = Random::seeded(1);
        let (one, other) = (Id::new(at, random.bytes()), Id::new(at, random.bytes()));
        let mark = |shop, known| Mark::of("salt", shop, &known).mark;
        let first = mark(one, KnownBy::Reference("C-1"));
        assert_eq!(first, mark(one, KnownBy::Reference("c-1")));
        assert_ne!(first, mark(one, KnownBy::Address("C-1")));
        assert_ne!(first, mark(other, KnownBy::Reference("C-1")));
        assert_ne!(first, Mark::of("another", one, &KnownBy::Reference("C-1")).mark);
        assert!(!first.contains("C-1"));
    }

    #[test]
    fn a_name_with_a_word_of_its_own_is_somebody_elses() {
        for said in ["Zebulon Quartzfeather", "quartzfeather", " "] {
            assert!(may_be_called("Zebulon Quartzfeather", said), "{said}");
        }
        for said in ["Anna Quartzfeather", "Quartz", "Zebulon A. Quartzfeather"] {
            assert!(!may_be_called("Zebulon Quartzfeather", said), "{said}");
        }
        assert!(may_be_called("李娜", "李娜") && !may_be_called("李娜", "李"));
    }
}
