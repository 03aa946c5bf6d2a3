//! Sessions: signed in, seen, moved to another dealership, ended.
use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::{Account, FORGIVEN_ADDRESS, FORGIVEN_LOGIN, Place, Session, login, passwords, store, wait_after};
use crate::{
    app::App,
    clock::Timestamp,
    db::{self, Weight},
    dealerships::Dealership,
    http::Error,
    id::{Id, hex},
    staff,
};

/// However busy somebody is: after this time they sign in again.
const MOST: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A session is marked as seen at most so often.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(5);
/// Failures are forgotten after this time.
const FORGET_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// Why somebody is not let in; the same words whether or not there is such a login.
#[derive(Debug)]
pub enum NotIn {
    /// Login and password do not belong together, or the account has ended.
    Wrong,
    /// Too many failures: not before this time.
    Blocked(Timestamp),
    Broken(Error),
}

impl<E: Into<Error>> From<E> for NotIn {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

/// Signs somebody in; answers the token of their session, which is not kept anywhere.
///
/// # Errors
/// [`NotIn`]: a failure is counted, for the login that was typed and for the address it came from.
pub async fn sign_in(app: &App, typed: &str, password: SecretString, from: &str) -> Result<SecretString, NotIn> {
    let now = app.ids.clock.now();
    let login = login(typed).unwrap_or_default();
    let keys = [key("login", &login), key("address", from)];
    let account = {
        let mut tx = app.db.read().await?;
        if let Some(until) = store::blocked_until(&mut tx, &keys).await?.filter(|until| *until > now) {
            return Err(NotIn::Blocked(until));
        }
        match store::find_by_login(&mut tx, &login).await?.filter(|account| account.active) {
            Some(account) if !store::staff_of(&mut tx, account.id).await?.is_empty() => Some(account),
            _ => None,
        }
    };
    // Nothing of the database is held while the password is worked on.
    let hashed = account.as_ref().map(|account| account.password_hash.clone());
    let is_right = passwords::verify(password.expose_secret().to_owned(), hashed).await.map_err(Error::Internal)?;
    let Some(account) = account.filter(|_| is_right) else {
        return Err(failed(app, keys, now).await?);
    };
    let token = hex(&app.ids.random.bytes::<32>());
    let hash = hash_of(&token);
    let is_in = app
        .db
        .write(Weight::ONE, move |tx| {
            let (hash, keys, account) = (hash.clone(), keys.clone(), account.clone());
            Box::pin(async move {
                let kept = store::find_and_lock(tx, account.id).await?;
                let is_same = kept.is_some_and(|kept| kept.is_still(&account.password_hash));
                if !is_same {
                    return Ok(false);
                }
                store::forgive(tx, &keys[0]).await?;
                store::tidy(tx, now, now.minus(FORGET_AFTER)).await?;
                store::insert_session(tx, &hash, account.id, (now, now.plus(MOST))).await?;
                Ok::<_, db::Error>(true)
            })
        })
        .await?;
    if is_in { Ok(token.into()) } else { Err(NotIn::Wrong) }
}

async fn failed(app: &App, keys: [String; 2], now: Timestamp) -> Result<NotIn, NotIn> {
    let blocked = app
        .db
        .write(Weight::ONE, move |tx| {
            let keys = keys.clone();
            Box::pin(async move {
                let mut blocked: Option<Timestamp> = None;
                for (key, forgiven) in keys.iter().zip([FORGIVEN_LOGIN, FORGIVEN_ADDRESS]) {
                    let failures = store::count_failure(tx, key, now).await?;
                    if let Some(wait) = wait_after(failures, forgiven) {
                        let until = now.plus(wait);
                        store::block(tx, key, until).await?;
                        blocked = blocked.max(Some(until));
                    }
                }
                Ok::<_, db::Error>(blocked)
            })
        })
        .await?;
    Ok(blocked.map_or(NotIn::Wrong, NotIn::Blocked))
}

/// The session of a token; none when it is unknown, over, or was not used for `console.session`. Asking counts as use.
pub async fn of_token(app: &App, token: &str) -> Result<Option<Session>, Error> {
    if token.len() != 64 || !token.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(None);
    }
    let session = look(app, hash_of(token)).await?;
    let now = app.ids.clock.now();
    if let Some(session) = session.as_ref().filter(|session| now.since(session.seen_at) > SEEN_EVERY) {
        let hash = session.token_hash.clone();
        app.db
            .write(Weight::ONE, move |tx| {
                let hash = hash.clone();
                Box::pin(async move { store::touch_session(tx, &hash, now).await })
            })
            .await?;
    }
    Ok(session)
}

/// The same session as it stands now; a screen that only shows what happens is no use of it.
pub async fn again(app: &App, session: &Session) -> Result<Option<Session>, Error> {
    look(app, session.token_hash.clone()).await
}

async fn look(app: &App, token_hash: String) -> Result<Option<Session>, Error> {
    let now = app.ids.clock.now();
    let mut tx = app.db.read().await?;
    let Some(kept) = store::find_session(&mut tx, &token_hash).await? else { return Ok(None) };
    if kept.expires_at <= now || now.since(kept.seen_at) > app.config.console.session.signed() {
        return Ok(None);
    }
    let Some(account) = store::find(&mut tx, kept.account_id).await?.filter(|account| account.active) else {
        return Ok(None);
    };
    let mut places = Vec::new();
    for id in store::staff_of(&mut tx, account.id).await? {
        if let Some(staff) = staff::actions::find(&mut tx, id).await?
            && let Some(dealership) = app.directory.by_id_in(&mut tx, staff.dealership_id).await?
        {
            places.push(Place { dealership_id: staff.dealership_id, staff, name: dealership.name.clone() });
        }
    }
    if places.is_empty() {
        return Ok(None);
    }
    let here = places.iter().position(|place| Some(place.dealership_id) == kept.dealership_id).unwrap_or(0);
    Ok(Some(Session { token_hash, account, places, here, seen_at: kept.seen_at }))
}

/// Ends this session, or all of them.
pub async fn sign_out(app: &App, session: &Session, everywhere: bool) -> db::Result<()> {
    let (hash, account) = (session.token_hash.clone(), session.account.id);
    app.db
        .write(Weight::ONE, move |tx| {
            let hash = hash.clone();
            Box::pin(async move {
                if everywhere {
                    store::end_sessions(tx, account, None).await
                } else {
                    store::end_session(tx, &hash).await
                }
            })
        })
        .await
}

/// Goes to work at another of their dealerships; false when it is none of theirs.
pub async fn go_to(app: &App, session: &Session, dealership: Id<Dealership>) -> db::Result<bool> {
    if !session.places.iter().any(|place| place.dealership_id == dealership) {
        return Ok(false);
    }
    let hash = session.token_hash.clone();
    app.db
        .write(Weight::ONE, move |tx| {
            let hash = hash.clone();
            Box::pin(async move { store::move_session(tx, &hash, dealership).await })
        })
        .await?;
    Ok(true)
}

/// Another language for their screens.
pub async fn speak(app: &App, account: &Account, locale: &str) -> db::Result<()> {
    let (account, locale, now) = (account.id, locale.to_owned(), app.ids.clock.now());
    app.db
        .write(Weight::ONE, move |tx| {
            let locale = locale.clone();
            Box::pin(async move { store::set_locale(tx, account, &locale, now).await })
        })
        .await
}

fn hash_of(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

/// Logins and addresses are personal data: only their hashes stand in the list of failures.
fn key(kind: &str, value: &str) -> String {
    hex(&Sha256::digest(format!("{kind}:{value}")))
}
