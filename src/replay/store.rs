//! What a replay reads after each leap of its clock.
use crate::{
    clock::Timestamp,
    db::{Result, Tx},
};

/// Something that was planned, sent, held or given up.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Happened {
    pub(super) what: String,
    pub(super) reason: Option<String>,
    pub(super) kind: String,
    pub(super) dealership: String,
    pub(super) time_zone: String,
    pub(super) subject_ref: String,
    pub(super) customer_ref: Option<String>,
    pub(super) staff_ref: Option<String>,
    pub(super) nominal_at: Timestamp,
    pub(super) not_before: Option<Timestamp>,
    pub(super) channel: Option<String>,
    pub(super) to_address: Option<String>,
    pub(super) text: Option<String>,
}

/// The notices that were raised since `since`, an id in the form of a notice's.
pub(super) async fn raised(tx: &mut Tx, since: &str) -> Result<Vec<Happened>> {
    tx.sql(
        "SELECT CASE WHEN n.state = 'skipped' AND n.not_before IS NULL THEN 'skipped' ELSE 'planned' END AS what,
            CASE WHEN n.state = 'skipped' THEN n.reason END AS reason, n.kind, d.code AS dealership, d.time_zone, n.subject_ref, c.ref AS customer_ref,
            s.ref AS staff_ref, n.nominal_at, n.not_before, CAST(NULL AS TEXT) AS channel, CAST(NULL AS TEXT) AS to_address, CAST(NULL AS TEXT) AS text
         FROM notices n JOIN dealerships d ON d.id = n.dealership_id LEFT JOIN customers c ON c.id = n.customer_id LEFT JOIN staff s ON s.id = n.staff_id
         WHERE n.id >= $1 ORDER BY n.kind, n.subject_ref, n.id",
    )
    .bind(since.to_owned())
    .all()
    .await
}

/// What became of notices and messages since `since`, an id in the form of a line of the record.
pub(super) async fn became(tx: &mut Tx, since: &str) -> Result<Vec<Happened>> {
    tx.sql(
        "SELECT t.what, t.reason, n.kind, d.code AS dealership, d.time_zone, n.subject_ref, c.ref AS customer_ref, s.ref AS staff_ref, n.nominal_at,
            n.not_before, m.channel, m.to_address, coalesce(x.subject, x.body) AS text
         FROM timeline t JOIN notices n ON n.id = t.notice_id JOIN dealerships d ON d.id = n.dealership_id
            LEFT JOIN customers c ON c.id = n.customer_id LEFT JOIN staff s ON s.id = n.staff_id
            LEFT JOIN messages m ON m.id = t.message_id LEFT JOIN message_texts x ON x.message_id = t.message_id
         WHERE t.id >= $1 AND (t.what LIKE 'notice.%' OR t.what LIKE 'message.%') ORDER BY n.kind, n.subject_ref, t.what, m.channel, t.id",
    )
    .bind(since.to_owned())
    .all()
    .await
}

/// When the next thing falls due after `now`: a notice, a message, or a clock of a desk.
pub(super) async fn next_due(tx: &mut Tx, now: Timestamp) -> Result<Option<Timestamp>> {
    let (next,): (Option<Timestamp>,) = tx
        .sql(
            "SELECT min(at) FROM (
                SELECT min(not_before) AS at FROM notices WHERE state IN ('waiting', 'sending') AND not_before > $1
                UNION ALL SELECT min(not_before) FROM messages WHERE state IN ('ready', 'unknown') AND not_before > $1
                UNION ALL SELECT min(not_before) FROM clocks WHERE not_before > $1) AS due",
        )
        .bind(now)
        .one()
        .await?;
    Ok(next)
}
