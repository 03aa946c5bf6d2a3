//! The SQL of the dashboard's lists: a month of messages and calls by their indexes, and the low scores that nobody has made good.
use crate::{
    cases::Case,
    clock::Timestamp,
    db::{Result, Tx},
    dealerships::Dealership,
    id::Id,
    messages::Message,
};

/// How many messages of a channel are in one state for one reason.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Said {
    pub(super) channel: String,
    pub(super) state: String,
    pub(super) reason: Option<String>,
    pub(super) n: i64,
}

/// The messages that were made in a stretch of time; their ids rise with it.
pub(super) async fn said(
    tx: &mut Tx,
    dealership: Id<Dealership>,
    (from, to): (Id<Message>, Id<Message>),
) -> Result<Vec<Said>> {
    tx.sql(
        "SELECT channel, state, reason, CAST(count(*) AS BIGINT) AS n FROM messages
         WHERE dealership_id = $1 AND id >= $2 AND id < $3 GROUP BY channel, state, reason",
    )
    .bind(dealership)
    .bind(from)
    .bind(to)
    .all()
    .await
}

/// An agent's calls of a stretch of time.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Agent {
    #[sqlx(rename = "ref")]
    pub(super) reference: String,
    pub(super) name: Option<String>,
    pub(super) calls: i64,
    /// With whom they wanted.
    pub(super) reached: i64,
}

pub(super) async fn agents(
    tx: &mut Tx,
    dealership: Id<Dealership>,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<Agent>> {
    tx.sql(
        "SELECT s.ref, s.name, CAST(count(*) AS BIGINT) AS calls, CAST(count(CASE WHEN a.reached = 'customer' THEN 1 END) AS BIGINT) AS reached
         FROM staff s JOIN call_attempts a ON a.staff_id = s.id
         WHERE s.dealership_id = $1 AND a.started_at >= $2 AND a.started_at < $3 AND a.ended_at IS NOT NULL
         GROUP BY s.id, s.ref, s.name ORDER BY calls DESC, s.ref LIMIT 50",
    )
    .bind(dealership)
    .bind(from)
    .bind(to)
    .all()
    .await
}

/// A low score whose case is not settled.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Unhappy {
    pub(super) id: Id<Case>,
    pub(super) name: Option<String>,
    pub(super) salutation: Option<String>,
    pub(super) score: Option<i64>,
    pub(super) words: Option<String>,
    pub(super) state: String,
    pub(super) resolve_by: Timestamp,
}

/// What is to be made good first stands first; `most` and one more, so that more can be told from all.
pub(super) async fn unhappy(tx: &mut Tx, dealership: Id<Dealership>, most: i64) -> Result<Vec<Unhappy>> {
    tx.sql(
        "SELECT c.id, u.name, u.salutation, c.score, c.words, c.state, c.resolve_by
         FROM cases c LEFT JOIN customers u ON u.id = c.customer_id
         WHERE c.dealership_id = $1 AND c.state <> 'verified' AND c.state <> 'resolved' AND c.score IS NOT NULL
         ORDER BY c.resolve_by, c.id LIMIT $2",
    )
    .bind(dealership)
    .bind(most + 1)
    .all()
    .await
}
