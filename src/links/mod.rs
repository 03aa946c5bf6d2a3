//! Signed links to public pages: what a link says cannot be altered or made up, and it says when it ends.
//!
//! `<purpose>1.<base64url(json)>.<base64url(HMAC-SHA256(key, "<purpose>1." + payload)[0..16])>` (`satisfaction.md` C4), the
//! json being `{"r":"svy_…","e":1770166923}`: our id of the subject, and the second at which the link ends.
mod store;

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use tokio::sync::OnceCell;
use url::Url;

use crate::{
    clock::Timestamp,
    db::{self, Db, Weight},
    id::Ids,
};

/// Longer ones are not ours: nothing is decoded of them.
const LONGEST: usize = 400;
/// How much of the code is kept; half of SHA-256 is more than anybody can guess.
const CODE: usize = 16;

/// Which page a link opens; also the first part of its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Appointment,
    Survey,
    Preferences,
}

impl Purpose {
    /// `s` in `/s/s1.…`.
    pub fn letter(self) -> &'static str {
        match self {
            Self::Appointment => "a",
            Self::Survey => "s",
            Self::Preferences => "u",
        }
    }
    fn version(self) -> String {
        format!("{}1", self.letter())
    }
}

/// What a link says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Our id of the subject.
    #[serde(rename = "r")]
    pub subject: String,
    /// Seconds since 1970; from then on the link opens nothing.
    #[serde(rename = "e")]
    pub expires: i64,
}

/// Why a link opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unopened {
    /// Altered, made up, cut off, or of another page.
    Forged,
    /// It was ours, and its time is over.
    Expired,
}

/// The key of one installation; signs and opens without a database.
#[derive(Clone)]
pub struct Key(Arc<[u8]>);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    pub fn new(secret: &[u8]) -> Self {
        Self(secret.into())
    }

    #[expect(clippy::missing_panics_doc, reason = "a text and a number are JSON")]
    pub fn sign(&self, purpose: Purpose, claim: &Claim) -> String {
        let payload = serde_json::to_vec(claim).expect("a text and a number are JSON");
        let signed = format!("{}.{}", purpose.version(), URL_SAFE_NO_PAD.encode(payload));
        let code = URL_SAFE_NO_PAD.encode(self.code(&signed));
        format!("{signed}.{code}")
    }

    /// What a link says; compared in constant time, and read only when it is ours.
    ///
    /// # Errors
    /// [`Unopened`], with nothing learnt about which part was wrong.
    pub fn open(&self, purpose: Purpose, token: &str, now: Timestamp) -> Result<Claim, Unopened> {
        let claim = self.read(purpose, token).ok_or(Unopened::Forged)?;
        if now.get().as_second() >= claim.expires { Err(Unopened::Expired) } else { Ok(claim) }
    }

    /// A secret for pseudonyms: the same at every process of the installation, and no other's.
    pub fn salt(&self) -> [u8; CODE] {
        self.code("pseudonym")
    }

    fn read(&self, purpose: Purpose, token: &str) -> Option<Claim> {
        let (signed, code) = token.rsplit_once('.').filter(|_| token.len() <= LONGEST)?;
        let (version, payload) = signed.split_once('.')?;
        let code = URL_SAFE_NO_PAD.decode(code).ok()?;
        let is_ours = version == purpose.version() && bool::from(code.ct_eq(&self.code(signed)));
        if !is_ours {
            return None;
        }
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
    }

    fn code(&self, signed: &str) -> [u8; CODE] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of any length will do");
        mac.update(signed.as_bytes());
        let whole = mac.finalize().into_bytes();
        let mut code = [0; CODE];
        code.copy_from_slice(&whole[..CODE]);
        code
    }
}

/// Makes links; cheap to clone. The key is the setting `http.link_key`, else one that is kept in the database, so that every
/// process signs with the same and a link works after a restart.
#[derive(Clone, Debug)]
pub struct Signer {
    db: Db,
    ids: Ids,
    public_url: Url,
    key: Arc<OnceCell<Key>>,
}

impl Signer {
    pub fn new(db: Db, ids: Ids, public_url: Url, set: Option<&SecretString>) -> Self {
        let key = set.map(|secret| Key::new(secret.expose_secret().as_bytes()));
        Self { db, ids, public_url, key: Arc::new(OnceCell::new_with(key)) }
    }

    /// The key, read once; never call it inside a unit of work, it may write one.
    pub async fn key(&self) -> db::Result<&Key> {
        self.key.get_or_try_init(|| self.kept()).await
    }

    /// The address of a page under the public address.
    pub fn url(&self, key: &Key, purpose: Purpose, claim: &Claim) -> String {
        let base = self.public_url.as_str().trim_end_matches('/');
        format!("{base}/{}/{}", purpose.letter(), key.sign(purpose, claim))
    }

    async fn kept(&self) -> db::Result<Key> {
        let (fresh, now) = (self.ids.random.bytes::<32>(), self.ids.clock.now());
        let fresh = URL_SAFE_NO_PAD.encode(fresh);
        let kept = self.db.write(Weight::OWN, move |tx| {
            let fresh = fresh.clone();
            Box::pin(async move { store::keep(tx, &fresh, now).await })
        });
        Ok(Key::new(kept.await?.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn now() -> Timestamp {
        "2026-01-20T00:00:00Z".parse().expect("a time")
    }
    fn key() -> Key {
        Key::new(b"0123456789abcdef0123456789abcdef")
    }

    #[test]
    fn a_survey_link_is_as_in_the_vector() {
        let all: Value = serde_json::from_str(include_str!("../../tests/data/vectors.json")).expect("JSON");
        let vector = &all["survey_token"];
        let text = |name: &str| vector[name].as_str().expect("a text");
        let key = Key::new(text("key_ascii").as_bytes());
        let claim: Claim = serde_json::from_str(text("payload")).expect("a claim");
        assert_eq!(key.sign(Purpose::Survey, &claim), text("token"));
        assert_eq!(key.open(Purpose::Survey, text("token"), now()), Ok(claim));
        let late = "2026-02-04T01:02:03Z".parse().expect("a time");
        assert_eq!(key.open(Purpose::Survey, text("token"), late), Err(Unopened::Expired));
    }

    #[test]
    fn a_link_opens_one_page_of_one_installation() {
        let token = key().sign(Purpose::Survey, &Claim { subject: "svy_1".to_owned(), expires: i64::MAX });
        assert_eq!(key().open(Purpose::Appointment, &token, now()), Err(Unopened::Forged));
        assert_eq!(key().open(Purpose::Appointment, &token.replacen("s1.", "a1.", 1), now()), Err(Unopened::Forged));
        assert_eq!(Key::new(b"another").open(Purpose::Survey, &token, now()), Err(Unopened::Forged));
    }

    proptest! {
        #[test]
        fn one_altered_character_opens_nothing(subject in "[a-z]{3}_[0-9a-f]{32}", place in 0usize..200, with in "[A-Za-z0-9_.-]") {
            let token = key().sign(Purpose::Survey, &Claim { subject, expires: 2_000_000_000 });
            let place = place % token.len();
            let altered = format!("{}{with}{}", &token[..place], &token[place + 1..]);
            prop_assume!(altered != token);
            // The last character of an encoding holds bits that mean nothing: both readings are the same link.
            if let Ok(claim) = key().open(Purpose::Survey, &altered, now()) {
                prop_assert_eq!(key().sign(Purpose::Survey, &claim), token);
            }
        }

        #[test]
        fn whatever_is_typed_is_no_link(token in ".{0,500}") {
            prop_assert_eq!(key().open(Purpose::Survey, &token, now()), Err(Unopened::Forged));
        }
    }
}
