//! The SQL of words about calls that can still be taken back.
use sqlx::types::Json;

use super::super::{CallTask, concluding::Word};
use crate::{
    clock::Timestamp,
    db::{Result, Tx},
    id::Id,
    staff::Staff,
};

/// A word that nothing has followed from yet.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::calls) struct Waiting {
    pub(in crate::calls) task_id: Id<CallTask>,
    pub(in crate::calls) staff_id: Id<Staff>,
    pub(in crate::calls) word: Json<Word>,
    pub(in crate::calls) said_at: Timestamp,
    /// From then on it cannot be taken back.
    pub(in crate::calls) stands_at: Timestamp,
}

pub(in crate::calls) async fn insert(tx: &mut Tx, it: &Waiting) -> Result<()> {
    tx.sql("INSERT INTO call_words (task_id, staff_id, word, said_at, stands_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(it.task_id)
        .bind(it.staff_id)
        .bind(it.word.clone())
        .bind(it.said_at)
        .bind(it.stands_at)
        .execute()
        .await?;
    Ok(())
}

pub(in crate::calls) async fn of_task(tx: &mut Tx, task: Id<CallTask>) -> Result<Option<Waiting>> {
    tx.sql("SELECT task_id, staff_id, word, said_at, stands_at FROM call_words WHERE task_id = $1")
        .bind(task)
        .optional()
        .await
}

/// Everything an agent said that waits.
pub(in crate::calls) async fn of_agent(tx: &mut Tx, agent: Id<Staff>) -> Result<Vec<Waiting>> {
    tx.sql("SELECT task_id, staff_id, word, said_at, stands_at FROM call_words WHERE staff_id = $1 ORDER BY task_id")
        .bind(agent)
        .all()
        .await
}

/// It stands or was taken back; the record says which.
pub(in crate::calls) async fn remove(tx: &mut Tx, task: Id<CallTask>) -> Result<()> {
    tx.sql("DELETE FROM call_words WHERE task_id = $1").bind(task).execute().await?;
    Ok(())
}
