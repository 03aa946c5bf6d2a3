//! The SQL of claiming: the first few of a level that an agent may call, and the one that is taken.
use serde::Serialize;

use super::super::CallTask;
use crate::{
    clock::Timestamp,
    customers::Customer,
    db::{Result, Sql, Tx},
    dealerships::Dealership,
    id::Id,
    rows,
    staff::Staff,
};

/// Who asks for the next call.
#[derive(Clone, Debug)]
pub(in crate::calls) struct Asking {
    pub(in crate::calls) dealership_id: Id<Dealership>,
    pub(in crate::calls) agent: Id<Staff>,
    /// Three of the languages that they speak, by their first parts; empty texts where there are fewer.
    pub(in crate::calls) languages: [String; 3],
    pub(in crate::calls) now: Timestamp,
}

/// A task that may be taken, with what its place depends on.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(in crate::calls) struct Candidate {
    pub(in crate::calls) id: Id<CallTask>,
    pub(in crate::calls) language: String,
    pub(in crate::calls) skill: Option<String>,
    pub(in crate::calls) previous_agent: Option<Id<Staff>>,
    pub(in crate::calls) due_at: Timestamp,
}

/// The call-backs that this agent promised.
pub(in crate::calls) async fn own(tx: &mut Tx, asking: &Asking) -> Result<Vec<Candidate>> {
    tx.sql(
        "SELECT t.id, t.language, t.skill, t.previous_agent, t.due_at FROM call_tasks t
         WHERE t.state = 'ready' AND t.callback_by IS NOT NULL AND t.callback_by = $1 AND t.level = 1 AND t.window_until > $2
             AND NOT EXISTS (SELECT 1 FROM call_task_excluded e WHERE e.task_id = t.id AND e.staff_id = $1)
             AND NOT EXISTS (SELECT 1 FROM call_tasks o WHERE o.customer_id = t.customer_id AND o.state = 'leased')
         ORDER BY t.level, t.due_at, t.id LIMIT 16",
    )
    .bind(asking.agent)
    .bind(asking.now)
    .all()
    .await
}

/// The levels from 2 on at which the dealership has something ready, or this agent is known to somebody, the most urgent first:
/// most are empty at most times, and each that is looked at costs five branches.
///
/// From one level to the next by the beginning of an index. With `EXISTS` for each level `PostgreSQL` reads every ready row.
pub(in crate::calls) async fn levels(tx: &mut Tx, asking: &Asking) -> Result<Vec<i64>> {
    let levels: Vec<(i64,)> = tx
        .sql(
            "WITH RECURSIVE house (level) AS (
                SELECT min(t.level) FROM call_tasks t WHERE t.state = 'ready' AND t.dealership_id = $1 AND t.level >= 2
                UNION ALL
                SELECT (SELECT min(t.level) FROM call_tasks t WHERE t.state = 'ready' AND t.dealership_id = $1 AND t.level > house.level)
                FROM house WHERE house.level IS NOT NULL),
             known (level) AS (
                SELECT min(t.level) FROM call_tasks t
                WHERE t.state = 'ready' AND t.previous_agent IS NOT NULL AND t.previous_agent = $2 AND t.level >= 2
                UNION ALL
                SELECT (SELECT min(t.level) FROM call_tasks t
                    WHERE t.state = 'ready' AND t.previous_agent IS NOT NULL AND t.previous_agent = $2 AND t.level > known.level)
                FROM known WHERE known.level IS NOT NULL)
             SELECT level FROM house WHERE level IS NOT NULL UNION SELECT level FROM known WHERE level IS NOT NULL ORDER BY level",
        )
        .bind(asking.dealership_id)
        .bind(asking.agent)
        .all()
        .await?;
    Ok(levels.into_iter().map(|(level,)| level).collect())
}

/// The first of one level: of each language that the agent speaks, of those that anybody may call, and of those whom the
/// agent has spoken to. Each reads the beginning of an index, however long the queue is.
///
/// The limit is written out, and at most 16: with one that is bound, or a greater one, `PostgreSQL` takes every generic plan for
/// dear and plans all five branches anew at each claim (2.5 ms).
pub(in crate::calls) async fn of_level(tx: &mut Tx, asking: &Asking, level: i64) -> Result<Vec<Candidate>> {
    let [one, two, three] = asking.languages.clone();
    tx.sql(
        "SELECT * FROM (SELECT t.id, t.language, t.skill, t.previous_agent, t.due_at FROM call_tasks t
            WHERE t.state = 'ready' AND t.dealership_id = $1 AND t.level = $2 AND t.language = $5 AND t.window_until > $4
              AND NOT EXISTS (SELECT 1 FROM call_task_excluded e WHERE e.task_id = t.id AND e.staff_id = $3)
              AND NOT EXISTS (SELECT 1 FROM call_tasks o WHERE o.customer_id = t.customer_id AND o.state = 'leased')
            ORDER BY t.due_at, t.id LIMIT 16) AS first
         UNION SELECT * FROM (SELECT t.id, t.language, t.skill, t.previous_agent, t.due_at FROM call_tasks t
            WHERE t.state = 'ready' AND t.dealership_id = $1 AND t.level = $2 AND t.language = $6 AND t.window_until > $4
              AND NOT EXISTS (SELECT 1 FROM call_task_excluded e WHERE e.task_id = t.id AND e.staff_id = $3)
              AND NOT EXISTS (SELECT 1 FROM call_tasks o WHERE o.customer_id = t.customer_id AND o.state = 'leased')
            ORDER BY t.due_at, t.id LIMIT 16) AS second
         UNION SELECT * FROM (SELECT t.id, t.language, t.skill, t.previous_agent, t.due_at FROM call_tasks t
            WHERE t.state = 'ready' AND t.dealership_id = $1 AND t.level = $2 AND t.language = $7 AND t.window_until > $4
              AND NOT EXISTS (SELECT 1 FROM call_task_excluded e WHERE e.task_id = t.id AND e.staff_id = $3)
              AND NOT EXISTS (SELECT 1 FROM call_tasks o WHERE o.customer_id = t.customer_id AND o.state = 'leased')
            ORDER BY t.due_at, t.id LIMIT 16) AS third
         UNION SELECT * FROM (SELECT t.id, t.language, t.skill, t.previous_agent, t.due_at FROM call_tasks t
            WHERE t.state = 'ready' AND t.any_language AND t.dealership_id = $1 AND t.level = $2 AND t.window_until > $4
              AND NOT EXISTS (SELECT 1 FROM call_task_excluded e WHERE e.task_id = t.id AND e.staff_id = $3)
              AND NOT EXISTS (SELECT 1 FROM call_tasks o WHERE o.customer_id = t.customer_id AND o.state = 'leased')
            ORDER BY t.due_at, t.id LIMIT 16) AS anybody
         UNION SELECT * FROM (SELECT t.id, t.language, t.skill, t.previous_agent, t.due_at FROM call_tasks t
            WHERE t.state = 'ready' AND t.previous_agent IS NOT NULL AND t.previous_agent = $3 AND t.level = $2 AND t.window_until > $4
              AND (t.any_language OR t.language IN ($5, $6, $7))
              AND NOT EXISTS (SELECT 1 FROM call_task_excluded e WHERE e.task_id = t.id AND e.staff_id = $3)
              AND NOT EXISTS (SELECT 1 FROM call_tasks o WHERE o.customer_id = t.customer_id AND o.state = 'leased')
            ORDER BY t.due_at, t.id LIMIT 16) AS known",
    )
    .bind(asking.dealership_id)
    .bind(level)
    .bind(asking.agent)
    .bind(asking.now)
    .bind(one)
    .bind(two)
    .bind(three)
    .all()
    .await
}

#[derive(Debug, Serialize)]
pub(in crate::calls) struct Place {
    pub(in crate::calls) id: Id<CallTask>,
    pub(in crate::calls) place: usize,
}

/// What differs: on `PostgreSQL` what another agent is taking at this moment is passed over, and so is every other task of
/// a customer whom another agent is taking; on `SQLite` nobody else is writing.
const TAKE: Sql = Sql {
    sqlite: rows!(
        "SELECT t.id, t.dealership_id, t.type, t.customer_id, t.vehicle_id, t.subject_type, t.subject_id, t.round, t.reason, t.state, t.state_reason,
                t.stage, t.level, t.is_urgent, t.language, t.any_language, t.skill, t.not_before, t.ready_at, t.due_at, t.at_risk_at, t.expires_at,
                t.window_until, t.callback_at, t.callback_by, t.owner_id, t.lease_until, t.stage_at, t.fence, t.previous_agent, t.attempts,
                t.max_attempts, t.outcome, t.ended_at, t.detail, t.created_at, t.updated_at FROM ",
        (id text, place bigint),
        " CROSS JOIN call_tasks AS t WHERE t.id = j.id AND t.state = 'ready' ORDER BY j.place LIMIT 1"
    )
    .sqlite,
    postgres:
        "SELECT t.id, t.dealership_id, t.type, t.customer_id, t.vehicle_id, t.subject_type, t.subject_id, t.round, t.reason, t.state, t.state_reason,
                t.stage, t.level, t.is_urgent, t.language, t.any_language, t.skill, t.not_before, t.ready_at, t.due_at, t.at_risk_at, t.expires_at,
                t.window_until, t.callback_at, t.callback_by, t.owner_id, t.lease_until, t.stage_at, t.fence, t.previous_agent, t.attempts,
                t.max_attempts, t.outcome, t.ended_at, t.detail, t.created_at, t.updated_at
         FROM jsonb_to_recordset($1) AS j(id text, place bigint) JOIN call_tasks AS t ON t.id = j.id JOIN customers AS c ON c.id = t.customer_id
         WHERE t.state = 'ready' ORDER BY j.place LIMIT 1 FOR NO KEY UPDATE OF t, c SKIP LOCKED",
};

/// Locks the first of these that nobody else has in hand, and its customer.
pub(in crate::calls) async fn take(tx: &mut Tx, places: &[Place]) -> Result<Option<CallTask>> {
    if places.is_empty() {
        return Ok(None);
    }
    tx.sql(TAKE).bind_rows(places).optional().await
}

/// What counts against calling a customer now (BR-41, BR-42).
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub(in crate::calls) struct Load {
    pub(in crate::calls) leased: i64,
    pub(in crate::calls) today: i64,
    pub(in crate::calls) this_week: i64,
    pub(in crate::calls) oldest: Option<Timestamp>,
}

/// Calls count when the customer's telephone rang and they had not asked for the call.
pub(in crate::calls) async fn load(
    tx: &mut Tx,
    customer: Id<Customer>,
    (midnight, week_ago): (Timestamp, Timestamp),
) -> Result<Load> {
    tx.sql(
        "SELECT CAST((SELECT count(*) FROM call_tasks o WHERE o.customer_id = $1 AND (o.state = 'leased' OR o.state = 'scheduled' AND o.state_reason = 'word_kept')) AS BIGINT) AS leased,
                CAST(count(CASE WHEN a.started_at >= $2 THEN 1 END) AS BIGINT) AS today, CAST(count(*) AS BIGINT) AS this_week,
                min(a.started_at) AS oldest
         FROM call_attempts a WHERE a.customer_id = $1 AND a.started_at > $3 AND NOT a.was_asked_for
             AND (a.telephony_result IS NULL OR a.telephony_result NOT IN ('failed_network', 'invalid_number', 'disconnected'))",
    )
    .bind(customer)
    .bind(midnight)
    .bind(week_ago)
    .one()
    .await
}

/// The task that an agent has before them.
pub(in crate::calls) async fn held_by(tx: &mut Tx, agent: Id<Staff>) -> Result<Option<Id<CallTask>>> {
    let found: Option<(Id<CallTask>,)> =
        tx.sql("SELECT id FROM call_tasks WHERE owner_id = $1 AND state = 'leased'").bind(agent).optional().await?;
    Ok(found.map(|(id,)| id))
}
