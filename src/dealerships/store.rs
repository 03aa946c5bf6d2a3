//! The dealerships' SQL.
use jiff::tz::TimeZone;
use serde_json::Value;
use sqlx::types::Json;

use super::Dealership;
use crate::{
    clock::Timestamp,
    db::{Error, Result, Sql, Tx},
    id::Id,
};

#[derive(sqlx::FromRow)]
struct Row {
    id: Id<Dealership>,
    code: String,
    name: String,
    department: String,
    region: String,
    time_zone: String,
    locale: String,
    phone: String,
    address: String,
    email: Option<String>,
    advisor_fallback: String,
    sms_signature: Option<String>,
    opening_hours: Json<Value>,
    holidays: Json<Value>,
    rules: Json<Value>,
    live_from: Option<Timestamp>,
    shadow: bool,
}

impl TryFrom<Row> for Dealership {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id,
            code: row.code,
            name: row.name,
            department: row.department,
            region: row.region,
            zone: TimeZone::get(&row.time_zone).map_err(|error| sqlx::Error::Decode(error.into()))?,
            locale: row.locale,
            phone: row.phone,
            address: row.address,
            email: row.email,
            advisor_fallback: row.advisor_fallback,
            sms_signature: row.sms_signature,
            opening_hours: row.opening_hours.0,
            holidays: row.holidays.0,
            rules: row.rules.0,
            live_from: row.live_from,
            shadow: row.shadow,
        })
    }
}

pub(super) async fn find_by_code(tx: &mut Tx, code: &str) -> Result<Option<Dealership>> {
    let row: Option<Row> = tx
        .sql(
            "SELECT id, code, name, department, region, time_zone, locale, phone, address, email, advisor_fallback,
                    sms_signature, opening_hours, holidays, rules, live_from, shadow
             FROM dealerships WHERE code = $1",
        )
        .bind(code.to_owned())
        .optional()
        .await?;
    row.map(Dealership::try_from).transpose()
}

pub(super) async fn find(tx: &mut Tx, id: Id<Dealership>) -> Result<Option<Dealership>> {
    let row: Option<Row> = tx
        .sql(
            "SELECT id, code, name, department, region, time_zone, locale, phone, address, email, advisor_fallback,
                    sms_signature, opening_hours, holidays, rules, live_from, shadow
             FROM dealerships WHERE id = $1",
        )
        .bind(id)
        .optional()
        .await?;
    row.map(Dealership::try_from).transpose()
}

/// The first one that has this address; several may share it.
pub(super) async fn find_by_email(tx: &mut Tx, address: &str) -> Result<Option<Dealership>> {
    let row: Option<Row> = tx
        .sql(
            "SELECT id, code, name, department, region, time_zone, locale, phone, address, email, advisor_fallback,
                    sms_signature, opening_hours, holidays, rules, live_from, shadow
             FROM dealerships WHERE lower(email) = lower($1) ORDER BY code LIMIT 1",
        )
        .bind(address.to_owned())
        .optional()
        .await?;
    row.map(Dealership::try_from).transpose()
}

/// The first two, by code: enough to know whether there is only one.
pub(super) async fn first_two(tx: &mut Tx) -> Result<Vec<Dealership>> {
    let rows: Vec<Row> = tx
        .sql(
            "SELECT id, code, name, department, region, time_zone, locale, phone, address, email, advisor_fallback,
                    sms_signature, opening_hours, holidays, rules, live_from, shadow
             FROM dealerships ORDER BY code LIMIT 2",
        )
        .all()
        .await?;
    rows.into_iter().map(Dealership::try_from).collect()
}

const HOLD: Sql = Sql {
    sqlite: "SELECT id FROM dealerships WHERE id = $1",
    // What others write about it goes on meanwhile: its id does not change.
    postgres: "SELECT id FROM dealerships WHERE id = $1 FOR NO KEY UPDATE",
};

pub(super) async fn hold(tx: &mut Tx, id: Id<Dealership>) -> Result<()> {
    let _: Option<(Id<Dealership>,)> = tx.sql(HOLD).bind(id).optional().await?;
    Ok(())
}

pub(super) async fn all(tx: &mut Tx) -> Result<Vec<Dealership>> {
    let rows: Vec<Row> = tx
        .sql(
            "SELECT id, code, name, department, region, time_zone, locale, phone, address, email, advisor_fallback,
                    sms_signature, opening_hours, holidays, rules, live_from, shadow
             FROM dealerships ORDER BY code",
        )
        .all()
        .await?;
    rows.into_iter().map(Dealership::try_from).collect()
}

/// Writes it; a dealership of that code keeps its id, which is answered.
pub(super) async fn upsert(tx: &mut Tx, it: &Dealership, now: Timestamp) -> Result<Id<Dealership>> {
    let (id,): (Id<Dealership>,) = tx
        .sql(
            "INSERT INTO dealerships (id, code, name, department, region, time_zone, locale, phone, address, email,
                 advisor_fallback, sms_signature, opening_hours, holidays, rules, live_from, shadow, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
             ON CONFLICT (code) DO UPDATE SET name = excluded.name, department = excluded.department,
                 region = excluded.region, time_zone = excluded.time_zone, locale = excluded.locale,
                 phone = excluded.phone, address = excluded.address, email = excluded.email,
                 advisor_fallback = excluded.advisor_fallback, sms_signature = excluded.sms_signature,
                 opening_hours = excluded.opening_hours, holidays = excluded.holidays, rules = excluded.rules,
                 live_from = excluded.live_from, shadow = excluded.shadow, updated_at = excluded.updated_at
             RETURNING id",
        )
        .bind(it.id)
        .bind(it.code.clone())
        .bind(it.name.clone())
        .bind(it.department.clone())
        .bind(it.region.clone())
        .bind(it.zone_name().to_owned())
        .bind(it.locale.clone())
        .bind(it.phone.clone())
        .bind(it.address.clone())
        .bind(it.email.clone())
        .bind(it.advisor_fallback.clone())
        .bind(it.sms_signature.clone())
        .bind(Json(it.opening_hours.clone()))
        .bind(Json(it.holidays.clone()))
        .bind(Json(it.rules.clone()))
        .bind(it.live_from)
        .bind(it.shadow)
        .bind(now)
        .one()
        .await?;
    Ok(id)
}
