//! Which approved answers are switched on, and how many were given.
use super::super::approved::Topic;
use crate::{
    clock::Timestamp,
    db::{Result, Tx},
    dealerships::Dealership,
    id::Id,
};

pub(in super::super) async fn approved(tx: &mut Tx, dealership: Id<Dealership>) -> Result<Vec<Topic>> {
    let rows: Vec<(Topic,)> = tx
        .sql("SELECT kind FROM approved_answers WHERE dealership_id = $1 ORDER BY kind")
        .bind(dealership)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(topic,)| topic).collect())
}

pub(in super::super) async fn approve(
    tx: &mut Tx,
    dealership: Id<Dealership>,
    topic: Topic,
    actor: &str,
    at: Timestamp,
) -> Result<()> {
    tx.sql(
        "INSERT INTO approved_answers (dealership_id, kind, switched_on_by, switched_on_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (dealership_id, kind) DO NOTHING",
    )
    .bind(dealership)
    .bind(topic)
    .bind(actor.to_owned())
    .bind(at)
    .execute()
    .await?;
    Ok(())
}

pub(in super::super) async fn disapprove(tx: &mut Tx, dealership: Id<Dealership>, topic: Topic) -> Result<()> {
    tx.sql("DELETE FROM approved_answers WHERE dealership_id = $1 AND kind = $2")
        .bind(dealership)
        .bind(topic)
        .execute()
        .await?;
    Ok(())
}

/// How many approved answers this sender was given since then.
pub(in super::super) async fn approved_since(
    tx: &mut Tx,
    dealership: Id<Dealership>,
    sender: &str,
    since: Timestamp,
) -> Result<i64> {
    let (count,): (i64,) = tx
        .sql(
            "SELECT CAST(count(*) AS BIGINT) FROM inquiries AS i JOIN inquiry_entries AS e ON e.inquiry_id = i.id
             WHERE i.dealership_id = $1 AND i.sender = $2 AND i.created_at > $3 AND e.author = 'approved'",
        )
        .bind(dealership)
        .bind(sender.to_owned())
        .bind(since)
        .one()
        .await?;
    Ok(count)
}
