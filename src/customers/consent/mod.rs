//! Consent and suppression: what somebody agreed to, what they no longer want, and whether they may be told something now.
pub mod actions;
pub mod api;
pub mod console;
pub mod page;
pub mod permission;
mod store;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use self::store::Standings;
use super::{ContactPoint, Customer};
use crate::{
    clock::Timestamp,
    dealerships::Dealership,
    id::{Entity, Id, hex},
    notices::ChannelName,
};

/// What consent is asked for (`domain/model.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Purpose {
    Service,
    Followup,
    Survey,
    Marketing,
    /// Of a call.
    Recording,
    /// That the maker of the car is told who they are (seed §1; PIPL Art. 23).
    OemSharing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Action {
    Grant,
    Revoke,
}

/// How we learned of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Source {
    Form,
    Reply,
    Call,
    Import,
    Event,
    /// RFC 8058.
    OneClick,
    /// The provider refused the number because its owner had said stop there.
    ProviderBlock,
}

/// One line of the ledger (`cns_`); never changed, never deleted.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
pub struct Consent {
    pub id: Id<Consent>,
    pub customer_id: Id<Customer>,
    pub contact_point_id: Option<Id<ContactPoint>>,
    /// None is every channel.
    pub channel: Option<ChannelName>,
    pub purpose: Purpose,
    pub action: Action,
    pub source: Source,
    /// What proves it: the words of a reply, the name of a form, a line of an import.
    pub evidence: Option<String>,
    /// The version of the text that was agreed to.
    pub text_version: Option<String>,
    pub actor: String,
    /// When it was said.
    pub at: Timestamp,
    pub recorded_at: Timestamp,
}
impl Entity for Consent {
    const PREFIX: &'static str = "cns";
}

/// What is not to be sent (`sup_`). Of an address it holds for whoever has it, at every dealership of the installation
/// (BR-68).
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
pub struct Suppression {
    pub id: Id<Suppression>,
    pub dealership_id: Id<Dealership>,
    pub customer_id: Option<Id<Customer>>,
    pub address: Option<String>,
    /// None is every channel.
    pub channel: Option<ChannelName>,
    /// `all`, `marketing`, `survey`, `topic:parts`.
    pub scope: String,
    pub reason: String,
    pub until_at: Option<Timestamp>,
    pub created_by: String,
    pub created_at: Timestamp,
    pub lifted_by: Option<String>,
    pub lifted_at: Option<Timestamp>,
    pub lift_reason: Option<String>,
}
impl Entity for Suppression {
    const PREFIX: &'static str = "sup";
}

/// Whether a text is a scope.
pub fn is_scope(text: &str) -> bool {
    let named = |prefix: &str| text.strip_prefix(prefix).is_some_and(|name| !name.is_empty() && name.len() <= 60);
    matches!(text, "all" | "marketing" | "survey") || named("topic:")
}

/// What of two ledgers that become one has to be taken back again, because one of them ended in a no that the other's later
/// yes would cover (`customer.merged` keeps the strictest).
pub fn taken_back(one: &[Consent], other: &[Consent]) -> Vec<(Purpose, Option<ChannelName>)> {
    let last = |ledger: &[Consent]| {
        let mut last: BTreeMap<(Purpose, Option<ChannelName>), (Timestamp, Action)> = BTreeMap::new();
        for consent in ledger {
            let word = last.entry((consent.purpose, consent.channel)).or_insert((consent.at, consent.action));
            if consent.at >= word.0 {
                *word = (consent.at, consent.action);
            }
        }
        last
    };
    let (one, other) = (last(one), last(other));
    let keys: BTreeSet<_> = one.keys().chain(other.keys()).copied().collect();
    let is_no = |key: &(Purpose, Option<ChannelName>)| {
        let words = [one.get(key), other.get(key)].map(Option::<&(Timestamp, Action)>::copied);
        let said_no = words.iter().flatten().any(|(_, action)| *action == Action::Revoke);
        said_no && words.iter().flatten().max_by_key(|(at, _)| *at).is_some_and(|(_, action)| *action == Action::Grant)
    };
    keys.into_iter().filter(is_no).collect()
}

/// What stands in an export instead of a ref that is not shared: always the same for the same ref, and no way back to it
/// without the salt, which is the installation's.
pub fn pseudonym(reference: &str, salt: &[u8]) -> String {
    let hash = Sha256::new_with_prefix(salt).chain_update(reference).finalize();
    hex(&hash[..16])
}

/// What an export to the maker may say of somebody (acceptance row 4): themselves with consent, else a pseudonym and nothing
/// else.
pub fn shared_with_the_maker(is_shared: bool, reference: &str, phone: Option<&str>, salt: &[u8]) -> SharedPerson {
    if is_shared {
        return SharedPerson { customer: reference.to_owned(), phone: phone.map(str::to_owned) };
    }
    SharedPerson { customer: pseudonym(reference, salt), phone: None }
}

/// A person in an export to the maker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SharedPerson {
    pub customer: String,
    pub phone: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_consent_a_ref_is_a_pseudonym_and_there_is_no_phone() {
        let share = |is_shared| shared_with_the_maker(is_shared, "C-88", Some("+8613900001234"), b"salt");
        let hashed = share(false);
        assert_eq!((hashed.customer.len(), hashed.phone.as_ref()), (32, None));
        assert!(!hashed.customer.contains("C-88"));
        assert_ne!(hashed, shared_with_the_maker(false, "C-88", None, b"another"));
        let whole = share(true);
        assert_eq!((whole.customer.as_str(), whole.phone.as_deref()), ("C-88", Some("+8613900001234")));
    }
}
