//! The verb of the record: write it down.
use super::{Entry, store};
use crate::db::{Result, Tx};

/// Writes lines in one statement, in the transaction that did what they say.
pub async fn write(tx: &mut Tx, entries: &[Entry]) -> Result<()> {
    store::insert(tx, entries).await
}
