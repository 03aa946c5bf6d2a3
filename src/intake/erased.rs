//! What an event may still say of somebody who was erased: nothing where it names them; where it names a thing that was theirs
//! the thing goes its way, and the words are not kept (BR-65).
use std::collections::{HashMap, HashSet};

use super::{envelope::Envelope, facts::Fact};
use crate::{db, rights};

/// What is kept of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    Whole,
    /// What it does, without the words.
    Bare,
    /// That there was one.
    Nothing,
}

/// The events of a batch that tell of somebody who was erased, by their indices.
#[derive(Debug, Default)]
pub(super) struct OfErased {
    unheard: HashSet<usize>,
    bare: HashMap<usize, Fact>,
}

impl OfErased {
    pub(super) async fn find<'e>(
        tx: &mut db::Tx,
        fresh: impl Iterator<Item = (usize, &'e Envelope)> + Send,
    ) -> db::Result<Self> {
        let (mut whose, mut told, mut users) = (Vec::new(), Vec::new(), HashMap::new());
        let (mut of, mut named) = (Vec::new(), Vec::new());
        for (index, envelope) in fresh {
            let Some(fact) = envelope.fact.as_ref() else { continue };
            let dealership = envelope.dealership.id;
            for (reference, addresses) in fact.people() {
                whose.push(index);
                told.push(rights::actions::Told { dealership, reference, addresses });
            }
            // The car and its other people are told of all the same.
            for (place, (reference, addresses)) in fact.users().into_iter().enumerate() {
                users.insert(told.len(), (index, place, fact));
                whose.push(index);
                told.push(rights::actions::Told { dealership, reference, addresses });
            }
            if let Some(thing) = fact.thing() {
                of.push((index, fact));
                named.push(rights::Named { dealership, thing });
            }
        }
        let erased = rights::actions::erased(tx, &told, &named).await?;
        let bare = |place: usize| (of[place].0, of[place].1.without_words());
        let mut found = Self { unheard: HashSet::new(), bare: erased.named.into_iter().map(bare).collect() };
        let mut gone: HashMap<usize, (&Fact, Vec<usize>)> = HashMap::new();
        for told in erased.told {
            match users.get(&told) {
                Some((index, place, fact)) => gone.entry(*index).or_insert((fact, Vec::new())).1.push(*place),
                None => {
                    found.unheard.insert(whose[told]);
                }
            }
        }
        found.bare.extend(gone.into_iter().map(|(index, (fact, places))| (index, fact.without_users(&places))));
        Ok(found)
    }

    pub(super) fn kept(&self, index: usize) -> Kept {
        match (self.unheard.contains(&index), self.bare.contains_key(&index)) {
            (true, _) => Kept::Nothing,
            (false, true) => Kept::Bare,
            (false, false) => Kept::Whole,
        }
    }

    /// What the desks are told of it.
    pub(super) fn heard<'a>(&'a self, index: usize, envelope: &'a Envelope) -> Option<&'a Fact> {
        if self.unheard.contains(&index) {
            return None;
        }
        self.bare.get(&index).or(envelope.fact.as_ref())
    }
}
