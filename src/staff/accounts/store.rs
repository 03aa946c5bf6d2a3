//! The SQL of accounts, sessions and failed sign-ins.
use super::Account;
use crate::{
    clock::Timestamp,
    db::{Result, Sql, Tx},
    dealerships::Dealership,
    id::Id,
    staff::Staff,
};

pub(super) async fn find(tx: &mut Tx, id: Id<Account>) -> Result<Option<Account>> {
    tx.sql("SELECT id, login, password_hash, must_change, locale, active FROM accounts WHERE id = $1")
        .bind(id)
        .optional()
        .await
}

const LOCK: Sql = Sql {
    sqlite: "SELECT id, login, password_hash, must_change, locale, active FROM accounts WHERE id = $1",
    postgres: "SELECT id, login, password_hash, must_change, locale, active FROM accounts WHERE id = $1 FOR UPDATE",
};

/// An account as whoever acts on it must see it; locked until the unit ends.
pub(super) async fn find_and_lock(tx: &mut Tx, id: Id<Account>) -> Result<Option<Account>> {
    tx.sql(LOCK).bind(id).optional().await
}

pub(super) async fn find_by_login(tx: &mut Tx, login: &str) -> Result<Option<Account>> {
    tx.sql("SELECT id, login, password_hash, must_change, locale, active FROM accounts WHERE login = $1")
        .bind(login.to_owned())
        .optional()
        .await
}

/// The account of somebody who works at one place.
pub(super) async fn find_of_staff(tx: &mut Tx, staff: Id<Staff>) -> Result<Option<Account>> {
    tx.sql(
        "SELECT a.id, a.login, a.password_hash, a.must_change, a.locale, a.active FROM accounts a
         JOIN account_staff w ON w.account_id = a.id WHERE w.staff_id = $1",
    )
    .bind(staff)
    .optional()
    .await
}

pub(super) async fn insert(tx: &mut Tx, account: &Account, now: Timestamp) -> Result<()> {
    tx.sql(
        "INSERT INTO accounts (id, login, password_hash, must_change, locale, active, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
    )
    .bind(account.id)
    .bind(account.login.clone())
    .bind(account.password_hash.clone())
    .bind(account.must_change)
    .bind(account.locale.clone())
    .bind(account.active)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

pub(super) async fn set_password(
    tx: &mut Tx,
    id: Id<Account>,
    (password_hash, must_change): (&str, bool),
    now: Timestamp,
) -> Result<()> {
    tx.sql("UPDATE accounts SET password_hash = $2, must_change = $3, updated_at = $4 WHERE id = $1")
        .bind(id)
        .bind(password_hash.to_owned())
        .bind(must_change)
        .bind(now)
        .execute()
        .await?;
    Ok(())
}

pub(super) async fn set_active(tx: &mut Tx, id: Id<Account>, active: bool, now: Timestamp) -> Result<()> {
    tx.sql("UPDATE accounts SET active = $2, updated_at = $3 WHERE id = $1")
        .bind(id)
        .bind(active)
        .bind(now)
        .execute()
        .await?;
    Ok(())
}

pub(super) async fn set_locale(tx: &mut Tx, id: Id<Account>, locale: &str, now: Timestamp) -> Result<()> {
    tx.sql("UPDATE accounts SET locale = $2, updated_at = $3 WHERE id = $1")
        .bind(id)
        .bind(locale.to_owned())
        .bind(now)
        .execute()
        .await?;
    Ok(())
}

/// The dealerships at which somebody has this login, whether or not they still work there.
pub(super) async fn dealerships_of(tx: &mut Tx, account: Id<Account>) -> Result<Vec<Id<Dealership>>> {
    let found: Vec<(Id<Dealership>,)> = tx
        .sql(
            "SELECT DISTINCT s.dealership_id FROM account_staff w JOIN staff s ON s.id = w.staff_id WHERE w.account_id = $1",
        )
        .bind(account)
        .all()
        .await?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// Where they work; whoever had this row of `staff` before has it no more.
pub(super) async fn link(tx: &mut Tx, account: Id<Account>, staff: Id<Staff>) -> Result<()> {
    tx.sql(
        "INSERT INTO account_staff (account_id, staff_id) VALUES ($1, $2)
         ON CONFLICT (staff_id) DO UPDATE SET account_id = excluded.account_id",
    )
    .bind(account)
    .bind(staff)
    .execute()
    .await?;
    Ok(())
}

/// Their rows of `staff`, the active ones.
pub(super) async fn staff_of(tx: &mut Tx, account: Id<Account>) -> Result<Vec<Id<Staff>>> {
    let found: Vec<(Id<Staff>,)> = tx
        .sql(
            "SELECT s.id FROM account_staff w JOIN staff s ON s.id = w.staff_id JOIN dealerships d ON d.id = s.dealership_id
             WHERE w.account_id = $1 AND s.active = $2 ORDER BY d.code",
        )
        .bind(account)
        .bind(true)
        .all()
        .await?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// An account in a list: the logins of a dealership's people.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Login {
    pub(super) staff_id: Id<Staff>,
    pub(super) login: String,
    pub(super) active: bool,
    pub(super) must_change: bool,
}

pub(super) async fn logins(tx: &mut Tx, dealership: Option<Id<Dealership>>) -> Result<Vec<Login>> {
    tx.sql(
        "SELECT s.id AS staff_id, a.login, a.active, a.must_change FROM accounts a JOIN account_staff w ON w.account_id = a.id
         JOIN staff s ON s.id = w.staff_id WHERE ($1 IS NULL OR s.dealership_id = $1) ORDER BY a.login",
    )
    .bind(dealership)
    .all()
    .await
}

/// A session as it is kept.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Kept {
    pub(super) account_id: Id<Account>,
    pub(super) dealership_id: Option<Id<Dealership>>,
    pub(super) seen_at: Timestamp,
    pub(super) expires_at: Timestamp,
}

pub(super) async fn find_session(tx: &mut Tx, token_hash: &str) -> Result<Option<Kept>> {
    tx.sql("SELECT account_id, dealership_id, seen_at, expires_at FROM sessions WHERE token_hash = $1")
        .bind(token_hash.to_owned())
        .optional()
        .await
}

pub(super) async fn insert_session(
    tx: &mut Tx,
    token_hash: &str,
    account: Id<Account>,
    (now, until): (Timestamp, Timestamp),
) -> Result<()> {
    tx.sql(
        "INSERT INTO sessions (token_hash, account_id, dealership_id, created_at, seen_at, expires_at) VALUES ($1, $2, NULL, $3, $3, $4)",
    )
    .bind(token_hash.to_owned())
    .bind(account)
    .bind(now)
    .bind(until)
    .execute()
    .await?;
    Ok(())
}

pub(super) async fn touch_session(tx: &mut Tx, token_hash: &str, now: Timestamp) -> Result<()> {
    tx.sql("UPDATE sessions SET seen_at = $2 WHERE token_hash = $1")
        .bind(token_hash.to_owned())
        .bind(now)
        .execute()
        .await?;
    Ok(())
}

pub(super) async fn move_session(tx: &mut Tx, token_hash: &str, dealership: Id<Dealership>) -> Result<()> {
    tx.sql("UPDATE sessions SET dealership_id = $2 WHERE token_hash = $1")
        .bind(token_hash.to_owned())
        .bind(dealership)
        .execute()
        .await?;
    Ok(())
}

pub(super) async fn end_session(tx: &mut Tx, token_hash: &str) -> Result<()> {
    tx.sql("DELETE FROM sessions WHERE token_hash = $1").bind(token_hash.to_owned()).execute().await?;
    Ok(())
}

/// All of somebody's, but for the one in hand.
pub(super) async fn end_sessions(tx: &mut Tx, account: Id<Account>, but: Option<&str>) -> Result<()> {
    tx.sql("DELETE FROM sessions WHERE account_id = $1 AND ($2 IS NULL OR token_hash <> $2)")
        .bind(account)
        .bind(but.map(str::to_owned))
        .execute()
        .await?;
    Ok(())
}

/// What nobody comes back for: ended sessions, and failures of the day before.
pub(super) async fn tidy(tx: &mut Tx, now: Timestamp, failures_before: Timestamp) -> Result<()> {
    tx.sql("DELETE FROM sessions WHERE expires_at < $1").bind(now).execute().await?;
    tx.sql("DELETE FROM sign_in_failures WHERE last_at < $1").bind(failures_before).execute().await?;
    Ok(())
}

/// Until when nobody may try: of a login and of an address, the later.
pub(super) async fn blocked_until(tx: &mut Tx, keys: &[String; 2]) -> Result<Option<Timestamp>> {
    let (until,): (Option<Timestamp>,) = tx
        .sql("SELECT max(blocked_until) FROM sign_in_failures WHERE key = $1 OR key = $2")
        .bind(keys[0].clone())
        .bind(keys[1].clone())
        .one()
        .await?;
    Ok(until)
}

/// Counts a failure; answers how many there are in a row now.
pub(super) async fn count_failure(tx: &mut Tx, key: &str, now: Timestamp) -> Result<i64> {
    let (failures,): (i64,) = tx
        .sql(
            "INSERT INTO sign_in_failures (key, failures, last_at, blocked_until) VALUES ($1, 1, $2, NULL)
             ON CONFLICT (key) DO UPDATE SET failures = sign_in_failures.failures + 1, last_at = excluded.last_at RETURNING failures",
        )
        .bind(key.to_owned())
        .bind(now)
        .one()
        .await?;
    Ok(failures)
}

pub(super) async fn block(tx: &mut Tx, key: &str, until: Timestamp) -> Result<()> {
    tx.sql("UPDATE sign_in_failures SET blocked_until = $2 WHERE key = $1")
        .bind(key.to_owned())
        .bind(until)
        .execute()
        .await?;
    Ok(())
}

pub(super) async fn forgive(tx: &mut Tx, key: &str) -> Result<()> {
    tx.sql("DELETE FROM sign_in_failures WHERE key = $1").bind(key.to_owned()).execute().await?;
    Ok(())
}
