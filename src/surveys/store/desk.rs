//! What the desk of surveys holds during a unit, and what it writes.
use serde::Serialize;

use crate::{
    clock::Timestamp,
    customers::{Customer, vehicles::Vehicle},
    db::{Result, Tx},
    id::Id,
    rows,
    surveys::{Gist, Response, Survey},
};

/// A survey, and how its customer reads.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::surveys) struct Held {
    #[sqlx(flatten)]
    pub(in crate::surveys) survey: Survey,
    pub(in crate::surveys) customer_zone: Option<String>,
}

#[derive(Serialize)]
struct One<'a> {
    id: &'a str,
}

fn these<T: AsRef<str>>(ids: &[T]) -> Vec<One<'_>> {
    ids.iter().map(|id| One { id: id.as_ref() }).collect()
}

/// Surveys by their ids or by our ids of their repair orders; locked until the unit ends, in the order of their ids.
pub(in crate::surveys) async fn find_and_lock<T: AsRef<str> + Sync>(tx: &mut Tx, ids: &[T]) -> Result<Vec<Held>> {
    tx.sql(rows!(
        "SELECT s.id, s.dealership_id, s.repair_order_id, s.ref, s.state, s.reason, s.revision, s.version, s.follow_up, s.customer_id,
                s.vehicle_id, s.advisor_id, s.service_type, s.pay_type, s.is_internal, s.opened_at, s.delivered_at, s.is_comeback,
                s.original_id, s.came_back_at, s.invited_at, s.read_at, s.expires_at, s.completed_at, s.created_at,
                c.time_zone AS customer_zone
         FROM ",
        (id text),
        " CROSS JOIN surveys AS s LEFT JOIN customers AS c ON c.id = s.customer_id
         WHERE s.id = j.id OR s.repair_order_id = j.id ORDER BY s.id",
        for_update "s"
    ))
    .bind_rows(&these(ids))
    .all()
    .await
}

/// Inserts or overwrites surveys in one statement.
pub(in crate::surveys) async fn save(tx: &mut Tx, surveys: &[&Survey], now: Timestamp) -> Result<()> {
    #[derive(Serialize)]
    struct Row<'a> {
        #[serde(flatten)]
        survey: &'a Survey,
        updated_at: Timestamp,
    }
    if surveys.is_empty() {
        return Ok(());
    }
    let rows: Vec<Row<'_>> = surveys.iter().map(|survey| Row { survey, updated_at: now }).collect();
    tx.sql(rows!(
        "INSERT INTO surveys (id, dealership_id, repair_order_id, ref, state, reason, revision, version, follow_up, customer_id, vehicle_id,
            advisor_id, service_type, pay_type, is_internal, opened_at, delivered_at, is_comeback, original_id, came_back_at, invited_at,
            read_at, expires_at, completed_at, created_at, updated_at)
         SELECT j.id, j.dealership_id, j.repair_order_id, j.ref, j.state, j.reason, j.revision, j.version, j.follow_up, j.customer_id, j.vehicle_id,
            j.advisor_id, j.service_type, j.pay_type, j.is_internal, j.opened_at, j.delivered_at, j.is_comeback, j.original_id, j.came_back_at,
            j.invited_at, j.read_at, j.expires_at, j.completed_at, j.created_at, j.updated_at FROM ",
        (id text, dealership_id text, repair_order_id text, ref text, state text, reason text, revision bigint, version bigint, follow_up text,
         customer_id text, vehicle_id text, advisor_id text, service_type text, pay_type text, is_internal boolean, opened_at timestamptz,
         delivered_at timestamptz, is_comeback boolean, original_id text, came_back_at timestamptz, invited_at timestamptz,
         read_at timestamptz, expires_at timestamptz, completed_at timestamptz, created_at timestamptz, updated_at timestamptz),
        " WHERE true
         ON CONFLICT (id) DO UPDATE SET state = excluded.state, reason = excluded.reason, revision = excluded.revision,
            follow_up = excluded.follow_up, customer_id = excluded.customer_id, original_id = excluded.original_id,
            came_back_at = excluded.came_back_at, invited_at = excluded.invited_at, read_at = excluded.read_at,
            expires_at = excluded.expires_at, completed_at = excluded.completed_at, updated_at = excluded.updated_at"
    ))
    .bind_rows(&rows)
    .execute()
    .await?;
    Ok(())
}

/// The visits of these vehicles that were delivered after `since`, the latest first.
pub(in crate::surveys) async fn visits_of(
    tx: &mut Tx,
    vehicles: &[Id<Vehicle>],
    since: Timestamp,
) -> Result<Vec<Held>> {
    if vehicles.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<String> = vehicles.iter().map(ToString::to_string).collect();
    tx.sql(rows!(
        "SELECT s.id, s.dealership_id, s.repair_order_id, s.ref, s.state, s.reason, s.revision, s.version, s.follow_up, s.customer_id,
                s.vehicle_id, s.advisor_id, s.service_type, s.pay_type, s.is_internal, s.opened_at, s.delivered_at, s.is_comeback,
                s.original_id, s.came_back_at, s.invited_at, s.read_at, s.expires_at, s.completed_at, s.created_at,
                NULL AS customer_zone
         FROM ",
        (id text),
        " CROSS JOIN surveys AS s WHERE s.vehicle_id = j.id AND s.delivered_at > $2 ORDER BY s.delivered_at DESC, s.id DESC",
        for_update "s"
    ))
    .bind_rows(&these(&ids))
    .bind(since)
    .all()
    .await
}

/// When a customer was last asked, or answered, about a visit.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub(in crate::surveys) struct LastAsked {
    pub(in crate::surveys) customer_id: Id<Customer>,
    pub(in crate::surveys) survey_id: Id<Survey>,
    pub(in crate::surveys) at: Timestamp,
}

/// Every time these customers were asked or answered after `since`; a dozen rows at most for each of them.
pub(in crate::surveys) async fn asked_since(
    tx: &mut Tx,
    customers: &[String],
    since: Timestamp,
) -> Result<Vec<LastAsked>> {
    if customers.is_empty() {
        return Ok(Vec::new());
    }
    tx.sql(rows!(
        "SELECT s.customer_id, s.id AS survey_id, coalesce(s.completed_at, s.invited_at) AS at FROM ",
        (id text),
        " CROSS JOIN surveys AS s WHERE s.customer_id = j.id AND coalesce(s.completed_at, s.invited_at) > $2"
    ))
    .bind_rows(&these(customers))
    .bind(since)
    .all()
    .await
}

/// Of these customers, those who were asked after `since` and have not answered; the newest question first.
pub(in crate::surveys) async fn open_questions(
    tx: &mut Tx,
    customers: &[String],
    since: Timestamp,
) -> Result<Vec<LastAsked>> {
    if customers.is_empty() {
        return Ok(Vec::new());
    }
    tx.sql(rows!(
        "SELECT s.customer_id, s.id AS survey_id, s.invited_at AS at FROM ",
        (id text),
        " CROSS JOIN surveys AS s WHERE s.customer_id = j.id AND s.state IN ('sent', 'opened') AND s.invited_at > $2
         ORDER BY s.invited_at DESC, s.id DESC"
    ))
    .bind_rows(&these(customers))
    .bind(since)
    .all()
    .await
}

/// Writes a response; false when the survey has one, or this one was corrected before.
pub(in crate::surveys) async fn insert_response(
    tx: &mut Tx,
    response: &Response,
    gist: &Gist,
    now: Timestamp,
) -> Result<bool> {
    let written = tx
        .sql(
            "INSERT INTO survey_responses (id, survey_id, dealership_id, customer_id, advisor_id, mode, version, answers, fixed, overall,
                recommend, effort, contact_me, comment, answered_at, interviewer_id, corrects_id, corrected_by, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
             ON CONFLICT DO NOTHING",
        )
        .bind(response.id)
        .bind(response.survey_id)
        .bind(response.dealership_id)
        .bind(response.customer_id)
        .bind(response.advisor_id)
        .bind(response.mode)
        .bind(response.version)
        .bind(response.answers.clone())
        .bind(gist.fixed)
        .bind(gist.overall)
        .bind(gist.recommend)
        .bind(gist.effort)
        .bind(gist.contact_me)
        .bind(gist.comment.clone())
        .bind(response.answered_at)
        .bind(response.interviewer_id)
        .bind(response.corrects_id)
        .bind(response.corrected_by.clone())
        .bind(now)
        .execute()
        .await?;
    Ok(written == 1)
}

/// Puts root causes to a response; one that is there already stays as it is.
pub(in crate::surveys) async fn code(
    tx: &mut Tx,
    response: Id<Response>,
    causes: &[&str],
    by: &str,
    now: Timestamp,
) -> Result<()> {
    #[derive(Serialize)]
    struct Row<'a> {
        response_id: Id<Response>,
        cause: &'a str,
        coded_by: &'a str,
        coded_at: Timestamp,
    }
    let rows: Vec<Row<'_>> =
        causes.iter().map(|cause| Row { response_id: response, cause, coded_by: by, coded_at: now }).collect();
    tx.sql(rows!(
        "INSERT INTO response_causes (response_id, cause, coded_by, coded_at)
         SELECT j.response_id, j.cause, j.coded_by, j.coded_at FROM ",
        (response_id text, cause text, coded_by text, coded_at timestamptz),
        " WHERE true ON CONFLICT (response_id, cause) DO NOTHING"
    ))
    .bind_rows(&rows)
    .execute()
    .await?;
    Ok(())
}

/// Of these customers, those with a part on order that is not fitted: whoever waits for a part is asked when it is in the car.
pub(in crate::surveys) async fn waiting_for_parts(tx: &mut Tx, customers: &[String]) -> Result<Vec<Id<Customer>>> {
    if customers.is_empty() {
        return Ok(Vec::new());
    }
    let found: Vec<(Id<Customer>,)> = tx
        .sql(rows!(
            "SELECT DISTINCT o.customer_id FROM ",
            (id text),
            " CROSS JOIN parts_orders AS o JOIN part_lines AS l ON l.parts_order_id = o.id
             WHERE o.customer_id = j.id AND l.state IN ('ordered', 'backordered', 'partial', 'received')"
        ))
        .bind_rows(&these(customers))
        .all()
        .await?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}
