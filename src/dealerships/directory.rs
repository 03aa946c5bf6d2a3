//! Dealerships kept in memory for a few seconds, so that a fact does not cost a statement to find its own.
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{Dealership, actions, parse::is_code};
use crate::{
    db::{self, Db, Tx},
    id::Id,
};

/// How old an answer may be: another process may have changed the dealership meanwhile.
const KEPT: Duration = Duration::from_secs(5);

/// Finds dealerships by code and by id. Cheap to clone; a miss always asks the database.
#[derive(Clone, Debug)]
pub struct Directory {
    db: Db,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    by_id: HashMap<Id<Dealership>, (Instant, Arc<Dealership>)>,
    ids: HashMap<String, Id<Dealership>>,
    /// Counts [`Directory::forget`], so that what was read before one is not kept after it.
    forgotten: u64,
}

impl Directory {
    pub fn new(db: Db) -> Self {
        Self { db, seen: Arc::default() }
    }

    pub async fn by_code(&self, code: &str) -> db::Result<Option<Arc<Dealership>>> {
        if !is_code(code) {
            return Ok(None);
        }
        if let Some(kept) = self.kept_by_code(code) {
            return Ok(Some(kept));
        }
        let read = self.reading();
        let found = actions::find_by_code(&mut self.db.read().await?, code).await?;
        Ok(self.keep(read, found))
    }

    pub async fn by_id(&self, id: Id<Dealership>) -> db::Result<Option<Arc<Dealership>>> {
        if let Some(kept) = self.kept(id) {
            return Ok(Some(kept));
        }
        let read = self.reading();
        let found = actions::find(&mut self.db.read().await?, id).await?;
        Ok(self.keep(read, found))
    }

    /// As [`Self::by_id`], on a connection that is already there: inside a transaction a second one could wait for ever.
    /// What it reads is not kept, because the transaction may yet be rolled back.
    pub async fn by_id_in(&self, tx: &mut Tx, id: Id<Dealership>) -> db::Result<Option<Arc<Dealership>>> {
        match self.kept(id) {
            Some(kept) => Ok(Some(kept)),
            None => Ok(actions::find(tx, id).await?.map(Arc::new)),
        }
    }

    /// The next look asks the database; call it after the commit that changed a dealership.
    pub fn forget(&self) {
        let mut seen = self.seen();
        seen.by_id.clear();
        seen.ids.clear();
        seen.forgotten += 1;
    }

    fn kept(&self, id: Id<Dealership>) -> Option<Arc<Dealership>> {
        let seen = self.seen();
        let (at, kept) = seen.by_id.get(&id)?;
        (at.elapsed() < KEPT).then(|| Arc::clone(kept))
    }
    fn kept_by_code(&self, code: &str) -> Option<Arc<Dealership>> {
        let id = self.seen().ids.get(code).copied()?;
        self.kept(id)
    }
    fn reading(&self) -> u64 {
        self.seen().forgotten
    }
    fn keep(&self, read: u64, found: Option<Dealership>) -> Option<Arc<Dealership>> {
        let found = Arc::new(found?);
        let mut seen = self.seen();
        if seen.forgotten == read {
            seen.ids.insert(found.code.clone(), found.id);
            seen.by_id.insert(found.id, (Instant::now(), Arc::clone(&found)));
        }
        Some(found)
    }
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
