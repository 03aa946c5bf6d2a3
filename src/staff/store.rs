//! The SQL of staff and keys.
use sqlx::types::Json;

use super::{Staff, keys::Key, shifts::Shifts};
use crate::{
    clock::Timestamp,
    db::{Result, Tx},
    dealerships::Dealership,
    id::Id,
};

#[derive(sqlx::FromRow)]
struct StaffRow {
    id: Id<Staff>,
    dealership_id: Id<Dealership>,
    #[sqlx(rename = "ref")]
    reference: String,
    name: Option<String>,
    roles: Json<Vec<String>>,
    languages: Json<Vec<String>>,
    skills: Json<Vec<String>>,
    extension: Option<String>,
    email: Option<String>,
    mobile: Option<String>,
    wecom_userid: Option<String>,
    active: bool,
    shifts: Json<Shifts>,
    substitute: Option<String>,
}

impl From<StaffRow> for Staff {
    fn from(row: StaffRow) -> Self {
        Self {
            id: row.id,
            dealership_id: row.dealership_id,
            reference: row.reference,
            name: row.name,
            roles: row.roles.0,
            languages: row.languages.0,
            skills: row.skills.0,
            extension: row.extension,
            email: row.email,
            mobile: row.mobile,
            wecom_userid: row.wecom_userid,
            active: row.active,
            shifts: row.shifts.0,
            substitute: row.substitute,
        }
    }
}

/// People with the name of who stands in for them; `s` are they.
macro_rules! people {
    ($which:literal) => {
        concat!(
            "SELECT s.id, s.dealership_id, s.ref, s.name, s.roles, s.languages, s.skills, s.extension, s.email, s.mobile, s.wecom_userid,
                s.active, s.shifts, u.ref AS substitute
             FROM staff AS s LEFT JOIN staff AS u ON u.id = s.substitute_id WHERE ",
            $which
        )
    };
}

pub(super) async fn find(tx: &mut Tx, dealership_id: Id<Dealership>, reference: &str) -> Result<Option<Staff>> {
    let row: Option<StaffRow> = tx
        .sql(people!("s.dealership_id = $1 AND s.ref = $2"))
        .bind(dealership_id)
        .bind(reference.to_owned())
        .optional()
        .await?;
    Ok(row.map(Staff::from))
}

pub(super) async fn find_by_id(tx: &mut Tx, id: Id<Staff>) -> Result<Option<Staff>> {
    let row: Option<StaffRow> = tx.sql(people!("s.id = $1")).bind(id).optional().await?;
    Ok(row.map(Staff::from))
}

pub(super) async fn find_id(tx: &mut Tx, dealership_id: Id<Dealership>, reference: &str) -> Result<Option<Id<Staff>>> {
    let row: Option<(Id<Staff>,)> = tx
        .sql("SELECT id FROM staff WHERE dealership_id = $1 AND ref = $2")
        .bind(dealership_id)
        .bind(reference.to_owned())
        .optional()
        .await?;
    Ok(row.map(|(id,)| id))
}

pub(super) async fn all_of(tx: &mut Tx, dealership_id: Id<Dealership>) -> Result<Vec<Staff>> {
    let rows: Vec<StaffRow> = tx.sql(people!("s.dealership_id = $1 ORDER BY s.id")).bind(dealership_id).all().await?;
    Ok(rows.into_iter().map(Staff::from).collect())
}

/// The active people of a dealership.
pub(super) async fn active(tx: &mut Tx, dealership_id: Id<Dealership>) -> Result<Vec<Staff>> {
    let rows: Vec<StaffRow> = tx
        .sql(people!("s.dealership_id = $1 AND s.active = $2 ORDER BY s.id"))
        .bind(dealership_id)
        .bind(true)
        .all()
        .await?;
    Ok(rows.into_iter().map(Staff::from).collect())
}

/// Who stands in for somebody.
pub(super) async fn substitute_of(tx: &mut Tx, id: Id<Staff>) -> Result<Option<Id<Staff>>> {
    let row: Option<(Option<Id<Staff>>,)> =
        tx.sql("SELECT substitute_id FROM staff WHERE id = $1").bind(id).optional().await?;
    Ok(row.and_then(|(substitute,)| substitute))
}

/// Active people with a role, at most a dozen.
pub(super) async fn with_role(tx: &mut Tx, dealership_id: Id<Dealership>, role: &str) -> Result<Vec<Id<Staff>>> {
    let active: Vec<(Id<Staff>, Json<Vec<String>>)> = tx
        .sql("SELECT id, roles FROM staff WHERE dealership_id = $1 AND active = $2 ORDER BY id")
        .bind(dealership_id)
        .bind(true)
        .all()
        .await?;
    Ok(active.into_iter().filter(|(_, roles)| roles.iter().any(|has| has == role)).map(|(id, _)| id).take(12).collect())
}

/// Writes somebody of whom only the `ref` is known; answers the id of whoever has it now.
pub(super) async fn insert_unknown(
    tx: &mut Tx,
    id: Id<Staff>,
    (dealership_id, reference): (Id<Dealership>, &str),
    roles: &[&str],
    now: Timestamp,
) -> Result<Id<Staff>> {
    // The update changes nothing: it is there because DO NOTHING would answer no row when another process was first.
    let (id,): (Id<Staff>,) = tx
        .sql(
            "INSERT INTO staff (id, dealership_id, ref, name, roles, languages, email, mobile, active, updated_at)
             VALUES ($1, $2, $3, NULL, $4, $5, NULL, NULL, $6, $7)
             ON CONFLICT (dealership_id, ref) DO UPDATE SET ref = excluded.ref RETURNING id",
        )
        .bind(id)
        .bind(dealership_id)
        .bind(reference.to_owned())
        .bind(Json(roles.iter().map(|role| (*role).to_owned()).collect::<Vec<_>>()))
        .bind(Json(Vec::<String>::new()))
        .bind(false)
        .bind(now)
        .one()
        .await?;
    Ok(id)
}

/// Writes them, with the one who stands in for them; whoever has that `ref` at the dealership keeps their id, which is answered.
pub(super) async fn upsert(
    tx: &mut Tx,
    it: &Staff,
    substitute: Option<Id<Staff>>,
    now: Timestamp,
) -> Result<Id<Staff>> {
    let (id,): (Id<Staff>,) = tx
        .sql(
            "INSERT INTO staff (id, dealership_id, ref, name, roles, languages, email, mobile, active, updated_at, skills, extension,
                 wecom_userid, shifts, substitute_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
             ON CONFLICT (dealership_id, ref) DO UPDATE SET name = excluded.name, roles = excluded.roles,
                 languages = excluded.languages, skills = excluded.skills, extension = excluded.extension, email = excluded.email, mobile = excluded.mobile,
                 active = excluded.active, updated_at = excluded.updated_at,
                 wecom_userid = excluded.wecom_userid, shifts = excluded.shifts, substitute_id = excluded.substitute_id
             RETURNING id",
        )
        .bind(it.id)
        .bind(it.dealership_id)
        .bind(it.reference.clone())
        .bind(it.name.clone())
        .bind(Json(it.roles.clone()))
        .bind(Json(it.languages.clone()))
        .bind(it.email.clone())
        .bind(it.mobile.clone())
        .bind(it.active)
        .bind(now)
        .bind(Json(it.skills.clone()))
        .bind(it.extension.clone())
        .bind(it.wecom_userid.clone())
        .bind(Json(it.shifts.clone()))
        .bind(substitute)
        .one()
        .await?;
    Ok(id)
}

#[derive(sqlx::FromRow)]
struct KeyRow {
    id: String,
    name: String,
    secret_hash: String,
    scopes: Json<Vec<String>>,
    dealership_id: Option<Id<Dealership>>,
    created_at: Timestamp,
    revoked_at: Option<Timestamp>,
}

impl From<KeyRow> for Key {
    fn from(row: KeyRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            secret_hash: row.secret_hash,
            // A scope that this build does not know gives nothing.
            scopes: row.scopes.0.iter().filter_map(|scope| scope.parse().ok()).collect(),
            dealership: row.dealership_id,
            created_at: row.created_at,
            revoked_at: row.revoked_at,
        }
    }
}

pub(super) async fn find_key(tx: &mut Tx, id: &str) -> Result<Option<Key>> {
    let row: Option<KeyRow> = tx
        .sql("SELECT id, name, secret_hash, scopes, dealership_id, created_at, revoked_at FROM api_keys WHERE id = $1")
        .bind(id.to_owned())
        .optional()
        .await?;
    Ok(row.map(Key::from))
}

pub(super) async fn list_keys(tx: &mut Tx) -> Result<Vec<Key>> {
    let rows: Vec<KeyRow> = tx
        .sql(
            "SELECT id, name, secret_hash, scopes, dealership_id, created_at, revoked_at
             FROM api_keys ORDER BY created_at, id",
        )
        .all()
        .await?;
    Ok(rows.into_iter().map(Key::from).collect())
}

pub(super) async fn insert_key(tx: &mut Tx, key: &Key) -> Result<()> {
    let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.word()).collect();
    tx.sql(
        "INSERT INTO api_keys (id, name, secret_hash, scopes, dealership_id, created_at, revoked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(key.id.clone())
    .bind(key.name.clone())
    .bind(key.secret_hash.clone())
    .bind(Json(serde_json::json!(scopes)))
    .bind(key.dealership)
    .bind(key.created_at)
    .bind(key.revoked_at)
    .execute()
    .await?;
    Ok(())
}

/// True when there was such a key that was not revoked yet.
pub(super) async fn revoke_key(tx: &mut Tx, id: &str, now: Timestamp) -> Result<bool> {
    let changed = tx
        .sql("UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL")
        .bind(id.to_owned())
        .bind(now)
        .execute()
        .await?;
    Ok(changed > 0)
}
