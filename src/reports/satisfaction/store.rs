//! The SQL of the report: each statement reads a dealership's stretch of time by an index, never a table.
use sqlx::types::Json;

use crate::{
    cases::{Cause, Severity},
    clock::Timestamp,
    db::{Result, Tx},
    dealerships::Dealership,
    id::Id,
    surveys::{Answers, Mode, Response},
};

/// An answer that counts: the last of its corrections.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::reports) struct Answered {
    pub(in crate::reports) id: Id<Response>,
    pub(in crate::reports) survey: String,
    pub(in crate::reports) repair_order: String,
    pub(in crate::reports) advisor: Option<String>,
    pub(in crate::reports) advisor_name: Option<String>,
    pub(in crate::reports) service_type: Option<String>,
    pub(in crate::reports) mode: Mode,
    pub(in crate::reports) version: i64,
    pub(in crate::reports) answers: Json<Answers>,
    pub(in crate::reports) overall: Option<i64>,
    pub(in crate::reports) comment: Option<String>,
    pub(in crate::reports) answered_at: Timestamp,
}

const ANSWERS: &str = "SELECT r.id, r.survey_id AS survey, s.ref AS repair_order, a.ref AS advisor, a.name AS advisor_name, s.service_type, r.mode,
        r.version, r.answers, r.overall, r.comment, r.answered_at
    FROM survey_responses r JOIN surveys s ON s.id = r.survey_id LEFT JOIN staff a ON a.id = r.advisor_id
    WHERE r.dealership_id = $1 AND r.answered_at >= $2 AND r.answered_at < $3 AND NOT s.is_internal
        AND NOT EXISTS (SELECT 1 FROM survey_responses n WHERE n.corrects_id = r.id)
    ORDER BY r.id";

pub(in crate::reports) async fn answers(
    tx: &mut Tx,
    dealership: Id<Dealership>,
    (from, to): Stretch,
) -> Result<Vec<Answered>> {
    tx.sql(ANSWERS).bind(dealership).bind(from).bind(to).all().await
}

/// From the first moment to the one after the last.
pub(in crate::reports) type Stretch = (Timestamp, Timestamp);

/// A visit that counts: delivered, and not for ourselves.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Visited {
    pub(super) advisor: Option<String>,
    pub(super) advisor_name: Option<String>,
    pub(super) service_type: Option<String>,
    pub(super) delivered_at: Timestamp,
    pub(super) is_comeback: bool,
    /// The car came back because of it.
    pub(super) came_back: bool,
}

const VISITS: &str = "SELECT a.ref AS advisor, a.name AS advisor_name, s.service_type, s.delivered_at, s.is_comeback,
        s.came_back_at IS NOT NULL AS came_back
    FROM surveys s LEFT JOIN staff a ON a.id = s.advisor_id
    WHERE s.dealership_id = $1 AND s.delivered_at >= $2 AND s.delivered_at < $3 AND NOT s.is_internal";

pub(super) async fn visits(tx: &mut Tx, dealership: Id<Dealership>, (from, to): Stretch) -> Result<Vec<Visited>> {
    tx.sql(VISITS).bind(dealership).bind(from).bind(to).all().await
}

/// Somebody who was invited in writing.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Invited {
    pub(super) advisor: Option<String>,
    /// The invitation got through on one channel, or was answered, which proves it.
    pub(super) reached: bool,
    /// By the link or by a digit; an answer on the phone is no answer to the invitation.
    pub(super) answered: bool,
}

const INVITED: &str = "SELECT a.ref AS advisor, r.id IS NOT NULL AS answered,
        r.id IS NOT NULL OR EXISTS (SELECT 1 FROM notices n WHERE n.subject_id = s.id AND n.kind = 'survey.invite' AND n.state = 'done') AS reached
    FROM surveys s LEFT JOIN staff a ON a.id = s.advisor_id
    LEFT JOIN survey_responses r ON r.survey_id = s.id AND r.corrects_id IS NULL AND r.mode IN ('web', 'reply')
    WHERE s.dealership_id = $1 AND s.invited_at >= $2 AND s.invited_at < $3";

pub(super) async fn invited(tx: &mut Tx, dealership: Id<Dealership>, (from, to): Stretch) -> Result<Vec<Invited>> {
    tx.sql(INVITED).bind(dealership).bind(from).bind(to).all().await
}

/// A visit whose customer was spoken to on the phone.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Called {
    pub(super) advisor: Option<String>,
    /// And answered the questions there.
    pub(super) interviewed: bool,
}

const CALLED: &str = "SELECT a.ref AS advisor, EXISTS (SELECT 1 FROM survey_responses r WHERE r.survey_id = s.id AND r.mode = 'call') AS interviewed
    FROM surveys s LEFT JOIN staff a ON a.id = s.advisor_id
    WHERE s.dealership_id = $1 AND s.delivered_at >= $2 AND s.delivered_at < $3 AND NOT s.is_internal
        AND (EXISTS (SELECT 1 FROM call_tasks t JOIN call_attempts c ON c.task_id = t.id WHERE t.subject_id = s.repair_order_id
                AND t.type = 'follow_up' AND c.reached = 'customer')
            OR EXISTS (SELECT 1 FROM survey_responses r WHERE r.survey_id = s.id AND r.mode = 'call'))";

pub(super) async fn called(tx: &mut Tx, dealership: Id<Dealership>, (from, to): Stretch) -> Result<Vec<Called>> {
    tx.sql(CALLED).bind(dealership).bind(from).bind(to).all().await
}

/// A root cause of one matter: a survey's, where it was answered, else a case's.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct CauseRow {
    pub(super) matter: String,
    pub(super) cause: Cause,
    pub(super) advisor: Option<String>,
}

const CAUSES: &str = "SELECT coalesce(r.survey_id, c.id) AS matter, c.root_cause AS cause, a.ref AS advisor
    FROM cases c LEFT JOIN survey_responses r ON c.source = 'response' AND r.id = c.source_id LEFT JOIN staff a ON a.id = c.advisor_id
    WHERE c.dealership_id = $1 AND c.raised_at >= $2 AND c.raised_at < $3 AND c.root_cause IS NOT NULL
    UNION SELECT r.survey_id, k.cause, a.ref
    FROM survey_responses r JOIN response_causes k ON k.response_id = r.id LEFT JOIN staff a ON a.id = r.advisor_id
    WHERE r.dealership_id = $1 AND r.answered_at >= $2 AND r.answered_at < $3";

pub(super) async fn causes(tx: &mut Tx, dealership: Id<Dealership>, (from, to): Stretch) -> Result<Vec<CauseRow>> {
    tx.sql(CAUSES).bind(dealership).bind(from).bind(to).all().await
}

/// A case that was raised.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct CaseRow {
    pub(super) advisor: Option<String>,
    pub(super) severity: Severity,
    pub(super) escalation: i64,
    pub(super) resolve_by: Timestamp,
    pub(super) resolved_at: Option<Timestamp>,
}

const CASES: &str = "SELECT a.ref AS advisor, c.severity, c.escalation, c.resolve_by, c.resolved_at
    FROM cases c LEFT JOIN staff a ON a.id = c.advisor_id WHERE c.dealership_id = $1 AND c.raised_at >= $2 AND c.raised_at < $3";

pub(super) async fn cases(tx: &mut Tx, dealership: Id<Dealership>, (from, to): Stretch) -> Result<Vec<CaseRow>> {
    tx.sql(CASES).bind(dealership).bind(from).bind(to).all().await
}

/// A customer of a year ago, by their first visit of that month.
#[derive(Clone, Debug)]
pub struct Cohort {
    /// What they answered about it, 1 to 5.
    pub(super) overall: Option<i64>,
    pub(super) came_again: bool,
}

#[derive(sqlx::FromRow)]
pub(super) struct Member {
    pub(super) customer: String,
    pub(super) delivered_at: Timestamp,
    pub(super) overall: Option<i64>,
    /// Their next visit that was no comeback.
    pub(super) next_at: Option<Timestamp>,
}

const COHORT: &str = "SELECT s.customer_id AS customer, s.delivered_at,
        (SELECT r.overall FROM survey_responses r WHERE r.survey_id = s.id
            AND NOT EXISTS (SELECT 1 FROM survey_responses n WHERE n.corrects_id = r.id)) AS overall,
        (SELECT min(l.delivered_at) FROM surveys l WHERE l.customer_id = s.customer_id AND l.delivered_at > s.delivered_at
            AND NOT l.is_comeback AND NOT l.is_internal) AS next_at
    FROM surveys s WHERE s.dealership_id = $1 AND s.delivered_at >= $2 AND s.delivered_at < $3 AND s.customer_id IS NOT NULL
        AND NOT s.is_comeback AND NOT s.is_internal ORDER BY s.delivered_at, s.id";

pub(super) async fn cohort(tx: &mut Tx, dealership: Id<Dealership>, (from, to): Stretch) -> Result<Vec<Member>> {
    tx.sql(COHORT).bind(dealership).bind(from).bind(to).all().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::plans;

    #[tokio::test]
    async fn no_statement_reads_a_whole_table() {
        let (db, _folder) = plans::database().await;
        let mut tx = db.read().await.expect("a connection");
        macro_rules! plan {
            ($($statement:ident),+) => {$(
                plans::is_found_by_an_index(&mut tx, (stringify!($statement), $statement), 3, &["SUBQUERY"]).await;
            )+};
        }
        plan!(ANSWERS, VISITS, INVITED, CALLED, CAUSES, CASES, COHORT);
        drop(tx);
        db.close().await;
    }
}
