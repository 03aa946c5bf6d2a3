//! What each number is counted from: one text says which rows they are, and the number and the list of its rows are both
//! made of it, so that they cannot differ.
use super::{super::Kpi, Stretch};
use crate::{
    clock::Timestamp,
    db::{Result, Sql, Tx},
    dealerships::Dealership,
    id::Id,
};

/// A statement that counts, and one that lists what it counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Statement {
    pub(super) count: Sql,
    pub(super) list: Sql,
}

/// What a row is called where its work is known from a list of jobs or services: the first one's name.
macro_rules! pair {
    ($way:ident, $before:literal, $jobs:literal, $after:literal) => {
        Statement {
            count: Sql {
                sqlite: counting!(
                    $way,
                    $before,
                    "coalesce(json_extract(",
                    $jobs,
                    ", '$[0].name'), json_extract(",
                    $jobs,
                    ", '$[0].code'))",
                    $after
                ),
                postgres: counting!(
                    $way,
                    $before,
                    "coalesce(",
                    $jobs,
                    " -> 0 ->> 'name', ",
                    $jobs,
                    " -> 0 ->> 'code')",
                    $after
                ),
            },
            list: Sql {
                sqlite: listing!(
                    $way,
                    $before,
                    "coalesce(json_extract(",
                    $jobs,
                    ", '$[0].name'), json_extract(",
                    $jobs,
                    ", '$[0].code'))",
                    $after
                ),
                postgres: listing!(
                    $way,
                    $before,
                    "coalesce(",
                    $jobs,
                    " -> 0 ->> 'name', ",
                    $jobs,
                    " -> 0 ->> 'code')",
                    $after
                ),
            },
        }
    };
    ($way:ident, $rows:literal) => {
        Statement {
            count: Sql { sqlite: counting!($way, $rows), postgres: counting!($way, $rows) },
            list: Sql { sqlite: listing!($way, $rows), postgres: listing!($way, $rows) },
        }
    };
}
macro_rules! counting {
    (sums, $($rows:literal),+) => {
        concat!("SELECT r.advisor, r.service_type, r.kind, CAST(sum(r.part) AS DOUBLE PRECISION) AS part,
            CAST(sum(r.whole) AS DOUBLE PRECISION) AS whole, CAST(count(*) AS BIGINT) AS n FROM (", $($rows),+,
            ") AS r WHERE r.at <= $4 GROUP BY r.advisor, r.service_type, r.kind")
    };
    (spans, $($rows:literal),+) => {
        concat!("SELECT r.advisor, r.service_type, r.kind, r.since, r.until FROM (", $($rows),+, ") AS r WHERE r.at <= $4")
    };
    (lying, $($rows:literal),+) => {
        concat!("SELECT r.advisor, r.service_type, r.kind, r.at, CAST(r.part AS DOUBLE PRECISION) AS part FROM (", $($rows),+, ") AS r WHERE r.at <= $4")
    };
}
macro_rules! listing {
    (spans, $($rows:literal),+) => {
        concat!("SELECT r.id, r.ref, r.at, r.advisor, r.service_type, r.kind, CAST(NULL AS DOUBLE PRECISION) AS part,
            CAST(NULL AS DOUBLE PRECISION) AS whole, r.since, r.until FROM (", $($rows),+, ") AS r
            WHERE r.at <= $4 AND r.id > $5 AND ($6 IS NULL OR r.advisor = $6) AND ($7 IS NULL OR r.service_type = $7)
                AND ($8 IS NULL OR r.kind = $8) ORDER BY r.id LIMIT $9")
    };
    ($way:ident, $($rows:literal),+) => {
        concat!("SELECT r.id, r.ref, r.at, r.advisor, r.service_type, r.kind, CAST(r.part AS DOUBLE PRECISION) AS part,
            CAST(r.whole AS DOUBLE PRECISION) AS whole, CAST(NULL AS TIMESTAMPTZ) AS since, CAST(NULL AS TIMESTAMPTZ) AS until FROM (", $($rows),+, ") AS r
            WHERE r.at <= $4 AND r.id > $5 AND ($6 IS NULL OR r.advisor = $6) AND ($7 IS NULL OR r.service_type = $7)
                AND ($8 IS NULL OR r.kind = $8) ORDER BY r.id LIMIT $9")
    };
}

/// $1 the dealership, $2 and $3 the stretch, $4 now. None for what is counted day by day.
pub(super) fn statement(kpi: Kpi) -> Option<Statement> {
    Some(match kpi {
        Kpi::AppointmentLoad => return None,
        Kpi::AppointmentShare => pair!(sums, "SELECT o.id, o.ref, o.opened_at AS at, a.ref AS advisor, ", "o.jobs", " AS service_type, o.pay_type AS kind,
            CASE WHEN o.appointment_ref IS NULL THEN 0 ELSE 1 END AS part, 1 AS whole
            FROM repair_orders o LEFT JOIN staff a ON a.id = o.advisor_id WHERE o.dealership_id = $1 AND o.opened_at >= $2 AND o.opened_at < $3"),
        Kpi::Efficiency => pair!(sums, "SELECT o.id, o.ref, o.delivered_at AS at, a.ref AS advisor, ", "o.jobs", " AS service_type, o.pay_type AS kind,
            coalesce(o.hours_sold, 0) AS part, o.hours_clocked AS whole
            FROM repair_orders o LEFT JOIN staff a ON a.id = o.advisor_id
            WHERE o.dealership_id = $1 AND o.delivered_at >= $2 AND o.delivered_at < $3 AND o.hours_clocked > 0"),
        Kpi::ArrivalSpacing => pair!(spans, "SELECT p.id, p.ref, p.start_at AS at, a.ref AS advisor, ", "p.services", " AS service_type, p.channel AS kind,
            lag(p.start_at) OVER (PARTITION BY p.advisor_id ORDER BY p.start_at, p.id) AS since, p.start_at AS until
            FROM appointments p JOIN staff a ON a.id = p.advisor_id
            WHERE p.dealership_id = $1 AND p.start_at >= $2 AND p.start_at < $3 AND p.state <> 'cancelled'"),
        Kpi::BookingWait => pair!(spans, "SELECT p.id, p.ref, p.start_at AS at, a.ref AS advisor, ", "p.services", " AS service_type, p.channel AS kind,
            p.requested_at AS since, p.start_at AS until FROM appointments p LEFT JOIN staff a ON a.id = p.advisor_id
            WHERE p.dealership_id = $1 AND p.start_at >= $2 AND p.start_at < $3 AND p.state <> 'cancelled' AND p.requested_at IS NOT NULL"),
        Kpi::NoShow => pair!(sums, "SELECT p.id, p.ref, p.start_at AS at, a.ref AS advisor, ", "p.services", " AS service_type, p.channel AS kind,
            CASE WHEN p.state = 'no_show' THEN 1 ELSE 0 END AS part, 1 AS whole FROM appointments p LEFT JOIN staff a ON a.id = p.advisor_id
            WHERE p.dealership_id = $1 AND p.start_at >= $2 AND p.start_at < $3 AND p.state NOT IN ('requested', 'proposed')
                AND (p.cancelled_at IS NULL OR p.cancelled_at >= p.start_at)"),
        Kpi::Confirmation => pair!(sums, "SELECT p.id, p.ref, p.start_at AS at, a.ref AS advisor, ", "p.services", " AS service_type, p.confirmed_via AS kind,
            CASE WHEN p.confirmed_at IS NULL THEN 0 ELSE 1 END AS part, 1 AS whole FROM appointments p LEFT JOIN staff a ON a.id = p.advisor_id
            WHERE p.dealership_id = $1 AND p.start_at >= $2 AND p.start_at < $3 AND p.state <> 'cancelled'
                AND EXISTS (SELECT 1 FROM notices n WHERE n.subject_id = p.id AND n.kind = 'appointment.reminder' AND n.state = 'done')"),
        Kpi::InquiryReply => pair!(sums, "SELECT c.id, i.ref, c.opened_at AS at, a.ref AS advisor, i.kind AS service_type, i.channel AS kind,
            CASE WHEN c.stopped_at <= c.due_at THEN 1 ELSE 0 END AS part, 1 AS whole
            FROM inquiry_clocks c JOIN inquiries i ON i.id = c.inquiry_id LEFT JOIN staff a ON a.id = i.owner_id
            WHERE c.dealership_id = $1 AND c.opened_at >= $2 AND c.opened_at < $3 AND i.state <> 'spam' AND (c.stopped_at IS NOT NULL OR c.due_at <= $4)"),
        Kpi::FirstResponse => pair!(spans, "SELECT c.id, i.ref, c.opened_at AS at, a.ref AS advisor, i.kind AS service_type, i.channel AS kind,
            c.opened_at AS since, c.stopped_at AS until
            FROM inquiry_clocks c JOIN inquiries i ON i.id = c.inquiry_id LEFT JOIN staff a ON a.id = i.owner_id
            WHERE c.dealership_id = $1 AND c.opened_at >= $2 AND c.opened_at < $3 AND i.state <> 'spam'"),
        Kpi::PartsNoticeLead => pair!(spans, "SELECT o.id, o.ref, o.complete_at AS at, a.ref AS advisor, NULL AS service_type, o.order_type AS kind,
            o.complete_at AS since, (SELECT min(m.accepted_at) FROM notices n JOIN messages m ON m.notice_id = n.id
                WHERE n.subject_id = o.id AND n.kind = 'parts.arrived' AND m.accepted_at >= o.complete_at) AS until
            FROM parts_orders o LEFT JOIN staff a ON a.id = o.advisor_id
            WHERE o.dealership_id = $1 AND o.complete_at >= $2 AND o.complete_at < $3 AND o.customer_id IS NOT NULL"),
        // What lay there at the end of the stretch: what lies there now, and what was fitted or sent back after it.
        Kpi::PartsAgeing => pair!(lying, "SELECT l.id, l.ref, l.received_at AS at, a.ref AS advisor, NULL AS service_type, o.order_type AS kind,
            coalesce(l.unit_value, 0) * l.qty_received AS part, 1 AS whole
            FROM part_lines l JOIN parts_orders o ON o.id = l.parts_order_id LEFT JOIN staff a ON a.id = o.advisor_id
            WHERE l.dealership_id = $1 AND l.state = 'received' AND l.received_at < $3 AND $2 < $3
            UNION ALL SELECT l.id, l.ref, l.received_at, a.ref, NULL, o.order_type, coalesce(l.unit_value, 0) * l.qty_received, 1
            FROM part_lines l JOIN parts_orders o ON o.id = l.parts_order_id LEFT JOIN staff a ON a.id = o.advisor_id
            WHERE l.dealership_id = $1 AND l.ended_at >= $3 AND l.received_at < $3"),
        Kpi::FillRate => pair!(spans, "SELECT l.id, l.ref, l.ordered_at AS at, a.ref AS advisor, NULL AS service_type, o.order_type AS kind,
            l.ordered_at AS since, CASE WHEN l.backordered THEN NULL ELSE l.received_at END AS until
            FROM part_lines l JOIN parts_orders o ON o.id = l.parts_order_id LEFT JOIN staff a ON a.id = o.advisor_id
            WHERE l.dealership_id = $1 AND l.ordered_at >= $2 AND l.ordered_at < $3 AND l.state <> 'cancelled'"),
        Kpi::EtaAccuracy => pair!(spans, "SELECT l.id, l.ref, l.received_at AS at, a.ref AS advisor, NULL AS service_type, o.order_type AS kind,
            l.first_eta AS since, l.received_at AS until
            FROM part_lines l JOIN parts_orders o ON o.id = l.parts_order_id LEFT JOIN staff a ON a.id = o.advisor_id
            WHERE l.dealership_id = $1 AND l.received_at >= $2 AND l.received_at < $3 AND l.first_eta IS NOT NULL"),
        Kpi::FollowUpContact => pair!(sums, "SELECT s.id, s.ref, s.delivered_at AS at, a.ref AS advisor, s.service_type, s.pay_type AS kind,
            CASE WHEN EXISTS (SELECT 1 FROM call_tasks t JOIN call_attempts c ON c.task_id = t.id
                WHERE t.subject_id = s.repair_order_id AND t.type = 'follow_up' AND c.reached = 'customer') THEN 1 ELSE 0 END AS part, 1 AS whole
            FROM surveys s LEFT JOIN staff a ON a.id = s.advisor_id
            WHERE s.dealership_id = $1 AND s.delivered_at >= $2 AND s.delivered_at < $3 AND NOT s.is_internal AND s.follow_up <> 'survey'"),
        Kpi::FollowUpOnTime => pair!(spans, "SELECT s.id, s.ref, s.delivered_at AS at, a.ref AS advisor, s.service_type, s.pay_type AS kind, s.delivered_at AS since,
            (SELECT min(c.started_at) FROM call_tasks t JOIN call_attempts c ON c.task_id = t.id
                WHERE t.subject_id = s.repair_order_id AND t.type = 'follow_up' AND c.reached = 'customer') AS until
            FROM surveys s LEFT JOIN staff a ON a.id = s.advisor_id
            WHERE s.dealership_id = $1 AND s.delivered_at >= $2 AND s.delivered_at < $3 AND NOT s.is_internal AND s.follow_up <> 'survey'"),
        Kpi::FirstTimeRight => pair!(sums, "SELECT s.id, s.ref, s.delivered_at AS at, a.ref AS advisor, s.service_type, s.pay_type AS kind,
            CASE WHEN s.came_back_at IS NULL THEN 1 ELSE 0 END AS part, 1 AS whole FROM surveys s LEFT JOIN staff a ON a.id = s.advisor_id
            WHERE s.dealership_id = $1 AND s.delivered_at >= $2 AND s.delivered_at < $3 AND NOT s.is_internal AND NOT s.is_comeback"),
        Kpi::Csat => pair!(sums, "SELECT r.id, s.ref, r.answered_at AS at, a.ref AS advisor, s.service_type, r.mode AS kind,
            CASE WHEN r.overall >= 4 THEN 1 ELSE 0 END AS part, 1 AS whole
            FROM survey_responses r JOIN surveys s ON s.id = r.survey_id LEFT JOIN staff a ON a.id = r.advisor_id
            WHERE r.dealership_id = $1 AND r.answered_at >= $2 AND r.answered_at < $3 AND NOT s.is_internal AND r.overall IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM survey_responses n WHERE n.corrects_id = r.id)"),
        Kpi::Nps => pair!(sums, "SELECT r.id, s.ref, r.answered_at AS at, a.ref AS advisor, s.service_type, r.mode AS kind, r.recommend AS part, 10 AS whole
            FROM survey_responses r JOIN surveys s ON s.id = r.survey_id LEFT JOIN staff a ON a.id = r.advisor_id
            WHERE r.dealership_id = $1 AND r.answered_at >= $2 AND r.answered_at < $3 AND NOT s.is_internal AND r.recommend IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM survey_responses n WHERE n.corrects_id = r.id)"),
        Kpi::Index => pair!(sums, "SELECT r.id, s.ref, r.answered_at AS at, a.ref AS advisor, s.service_type, r.mode AS kind, r.overall AS part, 5 AS whole
            FROM survey_responses r JOIN surveys s ON s.id = r.survey_id LEFT JOIN staff a ON a.id = r.advisor_id
            WHERE r.dealership_id = $1 AND r.answered_at >= $2 AND r.answered_at < $3 AND NOT s.is_internal
                AND NOT EXISTS (SELECT 1 FROM survey_responses n WHERE n.corrects_id = r.id)"),
        Kpi::AlertClosure => pair!(sums, "SELECT c.id, c.ref, c.raised_at AS at, a.ref AS advisor, c.root_cause AS service_type, c.reason AS kind,
            CASE WHEN c.resolved_at <= c.resolve_by THEN 1 ELSE 0 END AS part, 1 AS whole FROM cases c LEFT JOIN staff a ON a.id = c.advisor_id
            WHERE c.dealership_id = $1 AND c.raised_at >= $2 AND c.raised_at < $3 AND c.severity = 'hot'"),
        // Customers by their first visit of the month a year before, in the band of what they answered about it.
        Kpi::Retention => pair!(spans, "SELECT s.id, s.ref, s.delivered_at AS at, a.ref AS advisor, s.service_type,
            coalesce((SELECT CASE WHEN r.overall >= 4 THEN 'satisfied' WHEN r.overall = 3 THEN 'neutral' WHEN r.overall < 3 THEN 'dissatisfied' END
                FROM survey_responses r WHERE r.survey_id = s.id AND NOT EXISTS (SELECT 1 FROM survey_responses n WHERE n.corrects_id = r.id)), 'silent') AS kind,
            s.delivered_at AS since, (SELECT min(l.delivered_at) FROM surveys l WHERE l.customer_id = s.customer_id AND l.delivered_at > s.delivered_at
                AND NOT l.is_comeback AND NOT l.is_internal) AS until
            FROM surveys s LEFT JOIN staff a ON a.id = s.advisor_id
            WHERE s.dealership_id = $1 AND s.delivered_at >= $2 AND s.delivered_at < $3 AND s.customer_id IS NOT NULL AND NOT s.is_comeback AND NOT s.is_internal
                AND NOT EXISTS (SELECT 1 FROM surveys e WHERE e.customer_id = s.customer_id AND e.dealership_id = s.dealership_id AND e.delivered_at >= $2
                    AND NOT e.is_comeback AND NOT e.is_internal AND (e.delivered_at < s.delivered_at OR (e.delivered_at = s.delivered_at AND e.id < s.id)))"),
    })
}

/// By what rows are set apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub(in super::super) struct Slot {
    pub(in super::super) advisor: Option<String>,
    pub(in super::super) service_type: Option<String>,
    pub(in super::super) kind: Option<String>,
}

#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub(in super::super) struct Sum {
    #[sqlx(flatten)]
    pub(in super::super) slot: Slot,
    pub(in super::super) part: f64,
    pub(in super::super) whole: f64,
    pub(in super::super) n: i64,
}

#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub(in super::super) struct Spanned {
    #[sqlx(flatten)]
    pub(in super::super) slot: Slot,
    pub(in super::super) since: Option<Timestamp>,
    pub(in super::super) until: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub(in super::super) struct Lying {
    #[sqlx(flatten)]
    pub(in super::super) slot: Slot,
    /// When it arrived.
    pub(in super::super) at: Timestamp,
    /// What it is worth.
    pub(in super::super) part: f64,
}

/// Of which rows.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Of {
    pub(in super::super) kpi: Kpi,
    pub(in super::super) dealership: Id<Dealership>,
    pub(in super::super) stretch: Stretch,
    pub(in super::super) now: Timestamp,
}

macro_rules! counts {
    ($($name:ident -> $row:ty),+) => {$(
        /// The rows of a number, as far as its way of counting needs them.
        pub(in super::super) async fn $name(tx: &mut Tx, of: Of) -> Result<Vec<$row>> {
            let Some(statement) = statement(of.kpi) else { return Ok(Vec::new()) };
            tx.sql(statement.count).bind(of.dealership).bind(of.stretch.0).bind(of.stretch.1).bind(of.now).all().await
        }
    )+};
}
counts!(sums -> Sum, spans -> Spanned, lying -> Lying);

/// A row that was counted, as it is listed.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub(in super::super) struct Listed {
    pub(in super::super) id: String,
    #[sqlx(rename = "ref")]
    pub(in super::super) reference: String,
    pub(in super::super) at: Timestamp,
    #[sqlx(flatten)]
    pub(in super::super) slot: Slot,
    pub(in super::super) part: Option<f64>,
    pub(in super::super) whole: Option<f64>,
    pub(in super::super) since: Option<Timestamp>,
    pub(in super::super) until: Option<Timestamp>,
}

/// The rows of a number in the order of their ids, so many after one.
pub(in super::super) async fn list(
    tx: &mut Tx,
    of: Of,
    slot: Slot,
    after: Option<String>,
    limit: i64,
) -> Result<Vec<Listed>> {
    let Some(statement) = statement(of.kpi) else { return Ok(Vec::new()) };
    let query = tx.sql(statement.list).bind(of.dealership).bind(of.stretch.0).bind(of.stretch.1).bind(of.now);
    let query = query.bind(after.unwrap_or_default()).bind(slot.advisor).bind(slot.service_type).bind(slot.kind);
    query.bind(limit).all().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::plans;

    #[tokio::test]
    async fn no_number_reads_a_whole_table() {
        let (db, _folder) = plans::database().await;
        let mut tx = db.read().await.expect("a connection");
        for kpi in Kpi::ALL {
            let Some(statement) = statement(kpi) else { continue };
            plans::is_found_by_an_index(&mut tx, (kpi.word(), statement.count.sqlite), 4, &["(subquery", "r"]).await;
        }
        drop(tx);
        db.close().await;
    }
}
