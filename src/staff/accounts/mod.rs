//! Accounts: who signs in to the console, with which password, and for how long.
pub mod actions;
pub mod passwords;
pub mod sessions;
mod store;

use jiff::SignedDuration;

use super::Staff;
use crate::{
    clock::Timestamp,
    dealerships::Dealership,
    id::{Entity, Id},
};

/// Somebody who signs in (`acc_`): one account, however many dealerships they work at.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Account {
    pub id: Id<Account>,
    /// What they type: lower case, no spaces.
    pub login: String,
    /// argon2id, as a PHC string.
    pub password_hash: String,
    /// The password was given by somebody else: another must be chosen first.
    pub must_change: bool,
    /// The language of their screens; none = what the browser asks for.
    pub locale: Option<String>,
    pub active: bool,
}
impl Account {
    /// Whether it still is what was looked at: open, with the same password. Asked in the transaction that acts on it,
    /// because a password is checked outside of any.
    fn is_still(&self, password_hash: &str) -> bool {
        self.active && self.password_hash == password_hash
    }
}
impl Entity for Account {
    const PREFIX: &'static str = "acc";
}

/// Where somebody works, and as what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub staff: Staff,
    pub dealership_id: Id<Dealership>,
    /// The dealership's.
    pub name: String,
}

/// The longest login.
const LONGEST_LOGIN: usize = 100;
/// The shortest password that somebody may choose (NIST SP 800-63B-4, 3.1.1.2).
pub const SHORTEST_PASSWORD: usize = 12;
/// The longest: long enough for a sentence, short enough to hash.
pub const LONGEST_PASSWORD: usize = 200;
/// So many failures in a row of one login are forgiven at once.
pub(super) const FORGIVEN_LOGIN: i64 = 5;
/// Of one address: a whole office may stand behind it.
pub(super) const FORGIVEN_ADDRESS: i64 = 50;
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(30);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(15);

/// A login as it is kept: what people type differs in case and spaces.
///
/// # Errors
/// What is wrong with it.
pub fn login(typed: &str) -> Result<String, &'static str> {
    let login = typed.trim().to_lowercase();
    if login.is_empty() || login.chars().count() > LONGEST_LOGIN {
        return Err("must have 1 to 100 characters");
    }
    if login.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("must have no spaces");
    }
    Ok(login)
}

/// What is wrong with a new password; the word is also the name of the sentence that people read.
pub fn wrong_with_password(password: &str, login: &str) -> Option<&'static str> {
    let length = password.chars().count();
    if length < SHORTEST_PASSWORD {
        return Some("password_short");
    }
    if length > LONGEST_PASSWORD {
        return Some("password_long");
    }
    let plain = password.to_lowercase();
    let mut kinds: Vec<char> = plain.chars().collect();
    kinds.sort_unstable();
    kinds.dedup();
    if kinds.len() < 5 || plain.contains(login) && login.len() > 3 || plain.contains("password") {
        return Some("password_guessable");
    }
    None
}

/// How long nobody may try again after so many failures in a row: nothing at first, then twice as long each time.
pub fn wait_after(failures: i64, forgiven: i64) -> Option<SignedDuration> {
    let over = u32::try_from(failures - forgiven).ok()?;
    let wait = FIRST_WAIT.checked_mul(1_i32.checked_shl(over.min(10))?)?;
    Some(wait.min(LONGEST_WAIT))
}

/// A session in hand: who, since when, and where they are working.
#[derive(Clone, Debug)]
pub struct Session {
    pub token_hash: String,
    pub account: Account,
    /// Not empty: who works nowhere has no session.
    pub places: Vec<Place>,
    /// The place of these where they are working now.
    pub here: usize,
    pub seen_at: Timestamp,
}

impl Session {
    pub fn staff(&self) -> &Staff {
        &self.places[self.here].staff
    }
    pub fn dealership(&self) -> Id<Dealership> {
        self.places[self.here].dealership_id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_what_people_mean() {
        assert_eq!(login("  Li.Na@Example.COM ").as_deref(), Ok("li.na@example.com"));
        assert_eq!(login("李娜").as_deref(), Ok("李娜"));
        assert!(login("li na").is_err() && login("  ").is_err() && login(&"a".repeat(101)).is_err());
    }

    #[test]
    fn what_can_be_guessed_is_no_password() {
        assert_eq!(wrong_with_password("kurz", "lina"), Some("password_short"));
        assert_eq!(wrong_with_password("aaaaaaaaaaaaaa", "lina"), Some("password_guessable"));
        assert_eq!(wrong_with_password("my-li.na-is-it", "li.na"), Some("password_guessable"));
        assert_eq!(wrong_with_password("Password-1234", "lina"), Some("password_guessable"));
        assert_eq!(wrong_with_password(&"abcdefgh".repeat(30), "lina"), Some("password_long"));
        assert_eq!(wrong_with_password("horse battery staple", "lina"), None);
        assert_eq!(wrong_with_password("马走日字象走田字车走直路炮翻山", "lina"), None);
    }

    #[test]
    fn waiting_doubles_up_to_a_quarter_of_an_hour() {
        let waits: Vec<Option<i64>> =
            (3..13).map(|failures| wait_after(failures, FORGIVEN_LOGIN).map(|wait| wait.as_secs())).collect();
        assert_eq!(
            waits,
            [None, None, Some(30), Some(60), Some(120), Some(240), Some(480), Some(900), Some(900), Some(900)]
        );
        assert_eq!(wait_after(i64::from(u32::MAX), FORGIVEN_ADDRESS).map(|wait| wait.as_secs()), Some(900));
    }
}
