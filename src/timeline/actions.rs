//! The verb of the record: write it down.
use super::{Entry, store};
use crate::{
    db::{CHANGED, Result, Tx},
    jobs,
};

/// Writes lines, and what other systems are to hear of them, in the transaction that did what they say; live screens look again when it is
/// committed.
pub async fn write(tx: &mut Tx, entries: &[Entry]) -> Result<()> {
    if !entries.is_empty() {
        tx.ring(CHANGED);
    }
    if store::insert(tx, entries).await? {
        tx.ring(jobs::HOOKS);
    }
    Ok(())
}
