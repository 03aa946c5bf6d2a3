//! Which ids the advisors of facts have, kept in memory: a `ref` keeps its id for ever.
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::{Staff, actions};
use crate::{
    db::{self, Db},
    dealerships::Dealership,
    id::Id,
};

/// More than all the advisors of a nation; a sender that invents refs only empties it.
const MOST: usize = 50_000;

/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct Roster {
    db: Db,
    seen: Arc<Mutex<Refs>>,
}

type Refs = HashMap<Id<Dealership>, HashMap<String, Id<Staff>>>;

impl Roster {
    pub fn new(db: Db) -> Self {
        Self { db, seen: Arc::default() }
    }

    /// The id of somebody whose row is committed; none when there is no such row yet. It looks outside of transactions only,
    /// so that an id which is rolled back is never remembered.
    pub async fn known(&self, dealership_id: Id<Dealership>, reference: &str) -> db::Result<Option<Id<Staff>>> {
        if let Some(id) = self.with(|seen| seen.get(&dealership_id)?.get(reference).copied()) {
            return Ok(Some(id));
        }
        let found = actions::find_id(&mut self.db.read().await?, dealership_id, reference).await?;
        if let Some(id) = found {
            self.with(|seen| {
                if seen.values().map(HashMap::len).sum::<usize>() >= MOST {
                    seen.clear();
                }
                seen.entry(dealership_id).or_default().insert(reference.to_owned(), id);
            });
        }
        Ok(found)
    }

    fn with<T>(&self, look: impl FnOnce(&mut Refs) -> T) -> T {
        look(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
