//! The verbs of accounts: opened, given a new password, closed.
use secrecy::{ExposeSecret, SecretString};

use super::{Account, Session, login, passwords, store, wrong_with_password};
use crate::{
    app::App,
    clock::Timestamp,
    db::{self, Tx, Weight},
    dealerships::Dealership,
    http::Error,
    id::{Id, Random},
    staff::Staff,
    timeline::{self, Entry},
};

/// How many characters a password has that we make up.
const MADE_UP: usize = 16;

/// How far whoever asks may reach. A login is one person's at every dealership where they work, so what one dealership's
/// admin does to it would be felt at the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The operator's, on the machine itself.
    Everywhere,
    /// An admin's: logins that are used at this dealership alone.
    OneDealership,
}

/// Opens an account for somebody who works here, or lets their account work here too; answers the password to hand over,
/// which they must change, or none when they have one already.
///
/// # Errors
/// A login that cannot be one; 409 `login_elsewhere`.
pub async fn open(
    app: &App,
    staff: &Staff,
    typed: &str,
    (actor, reach): (&str, Reach),
) -> Result<Option<SecretString>, Error> {
    let login = login(typed).map_err(|why| Error::invalid("/login", "wrong_login", why))?;
    let (password, hashed) = make_up(app).await?;
    let (ids, now) = (app.ids.clone(), app.ids.clock.now());
    let (staff_id, dealership, actor) = (staff.id, staff.dealership_id, actor.to_owned());
    let is_new = app
        .db
        .write(Weight::ONE, move |tx| {
            let (login, hashed, actor, ids) = (login.clone(), hashed.clone(), actor.clone(), ids.clone());
            Box::pin(async move {
                let known = store::find_by_login(tx, &login).await?;
                let is_new = known.is_none();
                let id = if let Some(account) = known {
                    store::find_and_lock(tx, account.id).await?;
                    within_reach(tx, account.id, dealership, reach).await?;
                    store::set_active(tx, account.id, true, now).await?;
                    account.id
                } else {
                    let id = ids.next();
                    let account =
                        Account { id, login, password_hash: hashed, must_change: true, locale: None, active: true };
                    store::insert(tx, &account, now).await?;
                    id
                };
                store::link(tx, id, staff_id).await?;
                write_line(tx, (ids.next(), dealership, now), "account.opened", id, &actor).await?;
                Ok::<_, Error>(is_new)
            })
        })
        .await?;
    Ok(is_new.then_some(password))
}

/// A new password in place of a forgotten one: made up, to be changed at once; every session ends.
///
/// # Errors
/// 404 when they have no account; 409 `login_elsewhere`.
pub async fn reset_password(app: &App, staff: &Staff, by: (&str, Reach)) -> Result<SecretString, Error> {
    let (password, hashed) = make_up(app).await?;
    change(app, staff, by, Change::Password { hashed, must_change: true }).await?;
    Ok(password)
}

/// They can sign in no more, and are signed out.
///
/// # Errors
/// 404 when they have no account; 409 `login_elsewhere`.
pub async fn close(app: &App, staff: &Staff, by: (&str, Reach)) -> Result<(), Error> {
    change(app, staff, by, Change::Closed).await
}

/// What somebody else does to an account.
#[derive(Clone)]
enum Change {
    Password { hashed: String, must_change: bool },
    Closed,
}

async fn change(app: &App, staff: &Staff, (actor, reach): (&str, Reach), change: Change) -> Result<(), Error> {
    let (ids, now) = (app.ids.clone(), app.ids.clock.now());
    let (staff_id, dealership, actor) = (staff.id, staff.dealership_id, actor.to_owned());
    app.db
        .write(Weight::ONE, move |tx| {
            let (actor, ids, change) = (actor.clone(), ids.clone(), change.clone());
            Box::pin(async move {
                let account = store::find_of_staff(tx, staff_id).await?.ok_or(Error::NotFound)?.id;
                // Where else the login works is asked once nobody can change it any more.
                store::find_and_lock(tx, account).await?;
                within_reach(tx, account, dealership, reach).await?;
                let what = match change {
                    Change::Password { hashed, must_change } => {
                        store::set_password(tx, account, (&hashed, must_change), now).await?;
                        if must_change { "account.password_reset" } else { "account.password_changed" }
                    }
                    Change::Closed => {
                        store::set_active(tx, account, false, now).await?;
                        "account.closed"
                    }
                };
                store::end_sessions(tx, account, None).await?;
                Ok::<_, Error>(write_line(tx, (ids.next(), dealership, now), what, account, &actor).await?)
            })
        })
        .await
}

async fn within_reach(
    tx: &mut Tx,
    account: Id<Account>,
    dealership: Id<Dealership>,
    reach: Reach,
) -> Result<(), Error> {
    if reach == Reach::Everywhere || store::dealerships_of(tx, account).await? == [dealership] {
        return Ok(());
    }
    Err(Error::Conflict(
        "login_elsewhere",
        "this login is somebody's at another dealership: the operator changes it with `aftercare staff`".to_owned(),
    ))
}

/// Their own new password; their other sessions end.
///
/// # Errors
/// 422 with what is wrong: the old one, or the new one.
pub async fn change_password(app: &App, session: &Session, old: SecretString, new: SecretString) -> Result<(), Error> {
    let is_right = passwords::verify(old.expose_secret().to_owned(), Some(session.account.password_hash.clone()))
        .await
        .map_err(Error::Internal)?;
    if !is_right {
        return Err(Error::invalid("/old", "password_wrong", "is not your password"));
    }
    if let Some(why) = wrong_with_password(new.expose_secret(), &session.account.login) {
        return Err(Error::invalid("/new", why, "must be long and not easy to guess"));
    }
    let hashed = passwords::hash(new.expose_secret().to_owned(), &app.ids.random).await.map_err(Error::Internal)?;
    let (ids, now, session) = (app.ids.clone(), app.ids.clock.now(), session.clone());
    app.db
        .write(Weight::ONE, move |tx| {
            let (ids, hashed, session) = (ids.clone(), hashed.clone(), session.clone());
            Box::pin(async move {
                let account = session.account.id;
                // Whoever reset it or closed the account meanwhile had the later word.
                let kept = store::find_and_lock(tx, account).await?;
                let is_same = kept.is_some_and(|kept| kept.is_still(&session.account.password_hash));
                if !is_same {
                    return Err(Error::Unauthorized);
                }
                store::set_password(tx, account, (&hashed, false), now).await?;
                store::end_sessions(tx, account, Some(&session.token_hash)).await?;
                let actor = format!("staff:{}", session.staff().id);
                write_line(tx, (ids.next(), session.dealership(), now), "account.password_changed", account, &actor)
                    .await?;
                Ok::<_, Error>(())
            })
        })
        .await
}

/// The login of each of a dealership's people who has one: whether it works, and whether its password is still to be changed.
pub async fn logins(
    tx: &mut Tx,
    dealership: Option<Id<Dealership>>,
) -> db::Result<Vec<(Id<Staff>, String, bool, bool)>> {
    let logins = store::logins(tx, dealership).await?;
    Ok(logins.into_iter().map(|found| (found.staff_id, found.login, found.active, found.must_change)).collect())
}

/// An account with a password that was chosen: the first admin's, who sits before the machine, and those of the demo, which
/// everybody knows. Whoever has an account already is left with their own.
///
/// # Errors
/// As [`open`].
pub async fn open_with(
    app: &App,
    staff: &Staff,
    typed: &str,
    password: &SecretString,
    by: (&str, Reach),
) -> Result<(), Error> {
    if open(app, staff, typed, by).await?.is_none() {
        return Ok(());
    }
    let hashed =
        passwords::hash(password.expose_secret().to_owned(), &app.ids.random).await.map_err(Error::Internal)?;
    change(app, staff, by, Change::Password { hashed, must_change: false }).await
}

async fn make_up(app: &App) -> Result<(SecretString, String), Error> {
    let password = made_up(&app.ids.random);
    let hashed = passwords::hash(password.clone(), &app.ids.random).await.map_err(Error::Internal)?;
    Ok((password.into(), hashed))
}

/// Four groups of four letters and digits that cannot be taken for each other: some 78 bits, read out on the telephone.
fn made_up(random: &Random) -> String {
    const ALPHABET: &[u8; 30] = b"abcdefghjkmnpqrstvwxyz23456789";
    let mut text = String::new();
    for at in 0..MADE_UP {
        if at > 0 && at % 4 == 0 {
            text.push('-');
        }
        text.push(usize::try_from(random.below(30)).map_or('a', |letter| char::from(ALPHABET[letter])));
    }
    text
}

async fn write_line(
    tx: &mut Tx,
    (id, dealership, now): (Id<Entry>, Id<Dealership>, Timestamp),
    what: &'static str,
    account: Id<Account>,
    actor: &str,
) -> db::Result<()> {
    let mut line = Entry::new(id, dealership, now, what);
    line.actor = Some(actor.to_owned());
    line.detail = serde_json::json!({ "account": account });
    timeline::actions::write(tx, &[line]).await
}
