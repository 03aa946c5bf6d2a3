//! What is read of surveys: the responses for people and systems, and the facts of letters.
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;

use crate::{
    clock::Timestamp,
    customers::vehicles::Vehicle,
    db::{Result, Tx},
    http::Access,
    id::Id,
    notices::{
        readings::Reading,
        words::{About, survey},
    },
    rows,
    surveys::{Mode, Response, Survey},
};

/// A response beside the names of what it concerns.
#[derive(Debug, Serialize, sqlx::FromRow)]
pub(in crate::surveys) struct Read {
    pub(in crate::surveys) id: Id<Response>,
    pub(in crate::surveys) survey: Id<Survey>,
    pub(in crate::surveys) dealership: String,
    /// The sender's name.
    pub(in crate::surveys) repair_order: String,
    pub(in crate::surveys) customer: Option<String>,
    pub(in crate::surveys) advisor: Option<String>,
    pub(in crate::surveys) mode: Mode,
    pub(in crate::surveys) version: i64,
    pub(in crate::surveys) answers: Json<Value>,
    pub(in crate::surveys) answered_at: Timestamp,
    pub(in crate::surveys) delivered_at: Timestamp,
    pub(in crate::surveys) interviewer: Option<String>,
    /// The response whose place it takes.
    pub(in crate::surveys) corrects: Option<Id<Response>>,
    /// The one that takes its place; what has none counts.
    pub(in crate::surveys) corrected_by: Option<Id<Response>>,
    /// Root causes that people read out of it, in the order of their words.
    #[sqlx(skip)]
    pub(in crate::surveys) causes: Vec<String>,
}

/// Which responses; everything that is absent does not narrow.
#[derive(Clone, Debug, Default)]
pub(in crate::surveys) struct Wanted {
    pub(in crate::surveys) id: Option<String>,
    pub(in crate::surveys) dealership: Option<String>,
    pub(in crate::surveys) advisor: Option<String>,
    pub(in crate::surveys) repair_order: Option<String>,
    pub(in crate::surveys) mode: Option<String>,
    /// Overall at most this.
    pub(in crate::surveys) at_most: Option<i64>,
    pub(in crate::surveys) after: Option<String>,
    pub(in crate::surveys) limit: i64,
}

pub(in crate::surveys) async fn responses(tx: &mut Tx, access: &Access, wanted: Wanted) -> Result<Vec<Read>> {
    let mut found: Vec<Read> = tx
        .sql(
            "SELECT r.id, r.survey_id AS survey, d.code AS dealership, s.ref AS repair_order, c.ref AS customer, a.ref AS advisor, r.mode,
                r.version, r.answers, r.answered_at, s.delivered_at, i.ref AS interviewer, r.corrects_id AS corrects, n.id AS corrected_by
             FROM survey_responses r JOIN surveys s ON s.id = r.survey_id JOIN dealerships d ON d.id = r.dealership_id
             LEFT JOIN customers c ON c.id = r.customer_id LEFT JOIN staff a ON a.id = r.advisor_id
             LEFT JOIN staff i ON i.id = r.interviewer_id LEFT JOIN survey_responses n ON n.corrects_id = r.id
             WHERE ($1 IS NULL OR r.dealership_id = $1) AND ($2 IS NULL OR r.id = $2) AND ($3 IS NULL OR d.code = $3)
                AND ($4 IS NULL OR a.ref = $4 OR a.id = $4) AND ($5 IS NULL OR s.ref = $5 OR s.repair_order_id = $5)
                AND ($6 IS NULL OR r.mode = $6) AND ($7 IS NULL OR r.overall <= $7) AND ($8 IS NULL OR r.id > $8)
             ORDER BY r.id LIMIT $9",
        )
        .bind(access.one())
        .bind(wanted.id)
        .bind(wanted.dealership)
        .bind(wanted.advisor)
        .bind(wanted.repair_order)
        .bind(wanted.mode)
        .bind(wanted.at_most)
        .bind(wanted.after)
        .bind(wanted.limit)
        .all()
        .await?;
    let ids: Vec<Id<Response>> = found.iter().map(|read| read.id).collect();
    for (response, cause) in causes(tx, &ids).await? {
        if let Some(read) = found.iter_mut().find(|read| read.id == response) {
            read.causes.push(cause);
        }
    }
    Ok(found)
}

async fn causes(tx: &mut Tx, ids: &[Id<Response>]) -> Result<Vec<(Id<Response>, String)>> {
    #[derive(Serialize)]
    struct One {
        id: Id<Response>,
    }
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<One> = ids.iter().map(|id| One { id: *id }).collect();
    tx.sql(rows!(
        "SELECT k.response_id, k.cause FROM ",
        (id text),
        " CROSS JOIN response_causes AS k WHERE k.response_id = j.id ORDER BY k.response_id, k.cause"
    ))
    .bind_rows(&ids)
    .all()
    .await
}

/// One response with the row it is about, among what `access` allows; locked by its survey until the unit ends.
pub(in crate::surveys) async fn find_response(tx: &mut Tx, access: &Access, id: &str) -> Result<Option<Response>> {
    tx.sql(
        "SELECT id, survey_id, dealership_id, customer_id, advisor_id, mode, version, answers, answered_at, interviewer_id, corrects_id,
                corrected_by FROM survey_responses WHERE id = $1 AND ($2 IS NULL OR dealership_id = $2)",
    )
    .bind(id.to_owned())
    .bind(access.one())
    .optional()
    .await
}

/// The response that counts for a survey: the end of its corrections.
pub(in crate::surveys) async fn standing_response(tx: &mut Tx, survey: Id<Survey>) -> Result<Option<Response>> {
    tx.sql(
        "SELECT r.id, r.survey_id, r.dealership_id, r.customer_id, r.advisor_id, r.mode, r.version, r.answers, r.answered_at, r.interviewer_id,
                r.corrects_id, r.corrected_by
         FROM survey_responses r LEFT JOIN survey_responses n ON n.corrects_id = r.id WHERE r.survey_id = $1 AND n.id IS NULL",
    )
    .bind(survey)
    .optional()
    .await
}

/// What a page shows of a survey before it is answered.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::surveys) struct Shown {
    #[sqlx(flatten)]
    pub(in crate::surveys) survey: Survey,
    pub(in crate::surveys) dealer: String,
    pub(in crate::surveys) department: String,
    pub(in crate::surveys) phone: String,
    pub(in crate::surveys) region: String,
    pub(in crate::surveys) time_zone: String,
    pub(in crate::surveys) locale: String,
    pub(in crate::surveys) language: Option<String>,
    pub(in crate::surveys) plate: Option<String>,
}

pub(in crate::surveys) async fn shown(tx: &mut Tx, id: &str) -> Result<Option<Shown>> {
    tx.sql(
        "SELECT s.id, s.dealership_id, s.repair_order_id, s.ref, s.state, s.reason, s.revision, s.version, s.follow_up, s.customer_id,
                s.vehicle_id, s.advisor_id, s.service_type, s.pay_type, s.is_internal, s.opened_at, s.delivered_at, s.is_comeback,
                s.original_id, s.came_back_at, s.invited_at, s.read_at, s.expires_at, s.completed_at, s.created_at,
                d.name AS dealer, d.department, d.phone, d.region, d.time_zone, d.locale, c.language, v.plate
         FROM surveys s JOIN dealerships d ON d.id = s.dealership_id LEFT JOIN customers c ON c.id = s.customer_id
         LEFT JOIN vehicles v ON v.id = s.vehicle_id WHERE s.id = $1",
    )
    .bind(id.to_owned())
    .optional()
    .await
}

#[derive(sqlx::FromRow)]
struct ForLetters {
    id: String,
    state: String,
    revision: i64,
    delivered_at: Timestamp,
    expires_at: Option<Timestamp>,
    advisor: Option<String>,
    plate: Option<String>,
    model_code: Option<String>,
    model_year: Option<i64>,
}

/// Surveys as letters about them need them.
pub(in crate::surveys) async fn for_letters(tx: &mut Tx, ids: &[String]) -> Result<Vec<Reading>> {
    #[derive(Serialize)]
    struct One<'a> {
        id: &'a str,
    }
    let ids: Vec<One<'_>> = ids.iter().map(|id| One { id }).collect();
    let found: Vec<ForLetters> = tx
        .sql(rows!(
            "SELECT s.id, s.state, s.revision, s.delivered_at, s.expires_at, a.name AS advisor, v.plate, v.model_code, v.model_year FROM ",
            (id text),
            " CROSS JOIN surveys AS s LEFT JOIN staff AS a ON a.id = s.advisor_id LEFT JOIN vehicles AS v ON v.id = s.vehicle_id
             WHERE s.id = j.id"
        ))
        .bind_rows(&ids)
        .all()
        .await?;
    let reading = |row: ForLetters| Reading {
        subject_id: row.id,
        state: row.state,
        revision: row.revision,
        advisor: row.advisor,
        plate: row.plate,
        model_code: row.model_code,
        model_year: row.model_year,
        about: Some(About::Survey(survey::Facts { visited_at: Some(row.delivered_at), expires_at: row.expires_at })),
    };
    Ok(found.into_iter().map(reading).collect())
}

/// What was answered about a visit.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct Score {
    pub repair_order: String,
    pub overall: Option<i64>,
    pub fixed: Option<bool>,
    pub answered_at: Timestamp,
}

/// The last answer about a visit with this car, as it was corrected.
pub(in crate::surveys) async fn last_score(tx: &mut Tx, vehicle: Id<Vehicle>) -> Result<Option<Score>> {
    tx.sql(
        "SELECT s.ref AS repair_order, r.overall, r.fixed, r.answered_at FROM surveys AS s JOIN survey_responses AS r ON r.survey_id = s.id
         WHERE s.vehicle_id = $1 AND NOT EXISTS (SELECT 1 FROM survey_responses AS c WHERE c.corrects_id = r.id)
         ORDER BY r.answered_at DESC LIMIT 1",
    )
    .bind(vehicle)
    .optional()
    .await
}
