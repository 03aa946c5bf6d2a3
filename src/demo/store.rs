//! What the captions read: everything that they say is asked of the database at that moment.
use crate::{
    cases::Case,
    channels::mailbox::Item,
    clock::Timestamp,
    customers::Customer,
    db::{Result, Tx},
    id::Id,
    inquiries::Inquiry,
    notices::ChannelName,
};

/// Something that is to be said to a customer.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Planned {
    pub(super) kind: String,
    pub(super) state: String,
    pub(super) reason: Option<String>,
    pub(super) nominal_at: Timestamp,
}

/// What is, or was, to be said to this customer since then, the oldest first.
pub(super) async fn planned(tx: &mut Tx, customer: &str, since: Timestamp) -> Result<Vec<Planned>> {
    tx.sql(
        "SELECT n.kind, n.state, n.reason, n.nominal_at FROM notices n JOIN customers c ON c.id = n.customer_id
         WHERE c.ref = $1 AND n.raised_at >= $2 AND n.audience IN ('customer', 'driver', 'owner', 'payer') ORDER BY n.id",
    )
    .bind(customer.to_owned())
    .bind(since)
    .all()
    .await
}

/// A message of a notice.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Written {
    pub(super) kind: String,
    pub(super) channel: ChannelName,
    pub(super) state: String,
    pub(super) reason: Option<String>,
    pub(super) tries: i64,
    pub(super) not_before: Timestamp,
    pub(super) accepted_at: Option<Timestamp>,
    pub(super) audience: String,
}

/// What was written about this customer since then, the oldest first: to them, and to those who work here.
pub(super) async fn written(tx: &mut Tx, customer: &str, since: Timestamp) -> Result<Vec<Written>> {
    tx.sql(
        "SELECT n.kind, m.channel, m.state, m.reason, m.tries, m.not_before, m.accepted_at, n.audience
         FROM messages m JOIN notices n ON n.id = m.notice_id JOIN customers c ON c.id = n.customer_id
         WHERE c.ref = $1 AND m.created_at >= $2 ORDER BY m.id",
    )
    .bind(customer.to_owned())
    .bind(since)
    .all()
    .await
}

/// Our id of a customer.
pub(super) async fn customer(tx: &mut Tx, reference: &str) -> Result<Option<Id<Customer>>> {
    let found: Option<(Id<Customer>,)> =
        tx.sql("SELECT id FROM customers WHERE ref = $1").bind(reference.to_owned()).optional().await?;
    Ok(found.map(|(id,)| id))
}

/// The lines of an order of parts: what it is, and when it came.
pub(super) async fn lines(tx: &mut Tx, order: &str) -> Result<Vec<(String, Option<Timestamp>)>> {
    tx.sql(
        "SELECT l.name, l.received_at FROM part_lines l JOIN parts_orders o ON o.id = l.parts_order_id
         WHERE o.ref = $1 ORDER BY l.ref",
    )
    .bind(order.to_owned())
    .all()
    .await
}

/// A question with its promise.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Question {
    pub(super) id: Id<Inquiry>,
    pub(super) due_at: Timestamp,
    pub(super) acknowledged_at: Option<Timestamp>,
    pub(super) stopped_at: Option<Timestamp>,
    pub(super) stopped_kind: Option<String>,
}

/// The question of whoever wrote from this address.
pub(super) async fn question(tx: &mut Tx, sender: &str) -> Result<Option<Question>> {
    tx.sql(
        "SELECT i.id, k.due_at, i.acknowledged_at, k.stopped_at, k.stopped_kind
         FROM inquiries i JOIN inquiry_clocks k ON k.inquiry_id = i.id WHERE i.sender = $1 ORDER BY k.id LIMIT 1",
    )
    .bind(sender.to_owned())
    .optional()
    .await
}

/// Who waits for an answer now.
pub(super) async fn unanswered(tx: &mut Tx) -> Result<Vec<(String,)>> {
    tx.sql("SELECT ref FROM inquiries WHERE due_at IS NOT NULL ORDER BY id").all().await
}

/// A call with whose it is and whom it reaches.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Call {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) state: String,
    pub(super) language: String,
    pub(super) customer: Option<String>,
    pub(super) owner: Option<String>,
}

/// The open call to this customer; of `None`, the one that this agent has before them.
pub(super) async fn call(tx: &mut Tx, customer: Option<&str>, agent: &str) -> Result<Option<Call>> {
    tx.sql(
        "SELECT t.id, t.type AS kind, t.state, t.language, c.name AS customer, o.name AS owner
         FROM call_tasks t JOIN customers c ON c.id = t.customer_id LEFT JOIN staff o ON o.id = t.owner_id
         WHERE t.state IN ('scheduled', 'ready', 'leased') AND (c.ref = $1 OR $1 IS NULL AND t.state = 'leased' AND o.ref = $2)
         ORDER BY t.id LIMIT 1",
    )
    .bind(customer.map(str::to_owned))
    .bind(agent.to_owned())
    .optional()
    .await
}

/// What is made good for a customer, with its three clocks.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Raised {
    pub(super) id: Id<Case>,
    #[sqlx(rename = "ref")]
    pub(super) reference: String,
    pub(super) severity: String,
    pub(super) score: Option<i64>,
    pub(super) acknowledge_by: Timestamp,
    pub(super) contact_by: Timestamp,
    pub(super) resolve_by: Timestamp,
}

pub(super) async fn case(tx: &mut Tx, customer: &str) -> Result<Option<Raised>> {
    tx.sql(
        "SELECT k.id, k.ref, k.severity, k.score, k.acknowledge_by, k.contact_by, k.resolve_by
         FROM cases k JOIN customers c ON c.id = k.customer_id WHERE c.ref = $1 ORDER BY k.id DESC LIMIT 1",
    )
    .bind(customer.to_owned())
    .optional()
    .await
}

/// What a shop has before it, counted.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Past {
    pub(super) visits: i64,
    pub(super) scores: i64,
    pub(super) calls: i64,
    pub(super) shelf: i64,
    pub(super) cases: i64,
    pub(super) languages: i64,
}

pub(super) async fn past(tx: &mut Tx) -> Result<Past> {
    tx.sql(
        "SELECT (SELECT count(*) FROM repair_orders WHERE state IN ('delivered', 'closed')) AS visits,
            (SELECT count(*) FROM survey_responses) AS scores,
            (SELECT count(*) FROM call_tasks WHERE state = 'ready') AS calls,
            (SELECT count(*) FROM part_lines WHERE state = 'received') AS shelf,
            (SELECT count(*) FROM cases WHERE state NOT IN ('resolved', 'verified')) AS cases,
            (SELECT count(DISTINCT language) FROM customers WHERE language IS NOT NULL) AS languages",
    )
    .one()
    .await
}

/// What was taken by whom, since then: channel, how many.
pub(super) async fn sent(tx: &mut Tx, since: Timestamp) -> Result<Vec<(ChannelName, i64)>> {
    tx.sql("SELECT channel, count(*) FROM messages WHERE accepted_at >= $1 GROUP BY channel ORDER BY channel")
        .bind(since)
        .all()
        .await
}

/// What was not sent, or is not yet, since then: where it stands, why, how many.
pub(super) async fn held(tx: &mut Tx, since: Timestamp) -> Result<Vec<(String, String, i64)>> {
    tx.sql(
        "SELECT t.state, t.reason, count(*) FROM (
            SELECT state, reason FROM notices WHERE raised_at >= $1 AND state IN ('waiting', 'held', 'withdrawn', 'skipped', 'failed', 'expired')
            UNION ALL
            SELECT state, reason FROM messages WHERE created_at >= $1 AND state IN ('ready', 'unknown', 'held', 'failed', 'cancelled', 'expired', 'undelivered', 'dead')
         ) AS t WHERE t.reason IS NOT NULL GROUP BY t.state, t.reason ORDER BY count(*) DESC, t.state, t.reason",
    )
    .bind(since)
    .all()
    .await
}

/// What must never be, counted, and what was promised.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Promises {
    /// A notice that a track told more than once, or a message that arrived more than once.
    pub(super) twice: i64,
    /// Taken after its use had passed.
    pub(super) late: i64,
    /// Questions of the last thirty days.
    pub(super) asked: i64,
    /// Of them, those whose answer came in time.
    pub(super) in_time: i64,
    /// Of them, those whose time has not come yet.
    pub(super) running: i64,
}

pub(super) async fn promises(tx: &mut Tx, since: Timestamp, month: Timestamp, now: Timestamp) -> Result<Promises> {
    tx.sql(
        "SELECT (SELECT count(*) FROM (SELECT notice_id FROM messages WHERE accepted_at >= $1 GROUP BY notice_id, track HAVING count(*) > 1) AS a)
            + (SELECT count(*) FROM (SELECT message_id FROM mailbox WHERE received_at >= $1 GROUP BY message_id HAVING count(*) > 1) AS b) AS twice,
            (SELECT count(*) FROM messages WHERE accepted_at >= $1 AND accepted_at > useful_until) AS late,
            (SELECT count(*) FROM inquiry_clocks WHERE opened_at >= $2) AS asked,
            (SELECT count(*) FROM inquiry_clocks WHERE opened_at >= $2 AND stopped_at <= due_at) AS in_time,
            (SELECT count(*) FROM inquiry_clocks WHERE opened_at >= $2 AND stopped_at IS NULL AND due_at > $3) AS running",
    )
    .bind(since)
    .bind(month)
    .bind(now)
    .one()
    .await
}

/// What arrived at one of two addresses or a third, the newest first.
pub(super) async fn arrived(tx: &mut Tx, addresses: &[&str], most: i64) -> Result<Vec<Item>> {
    let at = |n: usize| addresses.get(n).or(addresses.first()).map(|address| (*address).to_owned());
    tx.sql(
        "SELECT id, message_id, channel, recipient, raw, received_at FROM mailbox WHERE recipient IN ($1, $2, $3)
         ORDER BY id DESC LIMIT $4",
    )
    .bind(at(0))
    .bind(at(1))
    .bind(at(2))
    .bind(most)
    .all()
    .await
}
