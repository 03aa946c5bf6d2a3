//! The texts in force: the program's own, and over them the published ones of everybody and of a dealership.
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{Place, Version, bindings::Binding, store};
use crate::{
    db::{self, Db},
    dealerships::Dealership,
    id::Id,
    notices::{
        letters::{LetterError, Letters},
        playbook::Playbook,
        sources::Sources,
    },
};

/// How old an answer may be: another process may have published meanwhile.
const KEPT: Duration = Duration::from_secs(5);

/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct Shelf {
    db: Db,
    sources: Arc<Sources>,
    playbook: Arc<Playbook>,
    own: Arc<Letters>,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    read_at: Option<Instant>,
    /// What the letters below were made of.
    versions: Vec<Id<Version>>,
    letters: HashMap<(Option<Id<Dealership>>, String), Arc<Letters>>,
    bindings: HashMap<(Id<Dealership>, String, String), Binding>,
}

impl Shelf {
    pub fn new(db: Db, sources: Arc<Sources>, playbook: Arc<Playbook>, own: Arc<Letters>) -> Self {
        Self { db, sources, playbook, own, kept: Arc::default() }
    }

    /// The texts of a kind for a dealership: its own before everybody's before the program's.
    pub async fn letters(&self, dealership: Id<Dealership>, kind: &str) -> db::Result<Arc<Letters>> {
        self.look().await?;
        let kept = self.kept();
        let found = [Some(dealership), None].into_iter().find_map(|whose| kept.letters.get(&(whose, kind.to_owned())));
        Ok(Arc::clone(found.unwrap_or(&self.own)))
    }

    /// How a kind is bound to a provider's template for a dealership: as it has it approved, else as the kind declares.
    pub async fn binding(&self, dealership: Id<Dealership>, kind: &str, provider: &str) -> db::Result<Option<Binding>> {
        self.look().await?;
        let own = self.kept().bindings.get(&(dealership, kind.to_owned(), provider.to_owned())).cloned();
        Ok(own.or_else(|| self.playbook.kind(kind)?.bindings.get(provider).cloned()))
    }

    /// The kinds as the program's own files declare them.
    pub fn playbook(&self) -> &Playbook {
        &self.playbook
    }
    /// The texts of version 0.
    pub fn own(&self) -> &Letters {
        &self.own
    }
    /// The files of version 0 in a place, those that are there.
    pub fn own_files(&self, place: &Place) -> Vec<(String, String)> {
        let text =
            |name: &&str| Some(((*name).to_owned(), self.sources.text(&place.kind, &path(place, name))?.to_owned()));
        place.files().iter().filter_map(text).collect()
    }

    /// The letters of a kind with these versions in place of the program's.
    pub fn with(&self, kind: &str, versions: &[&Version]) -> Result<Letters, LetterError> {
        let files = versions
            .iter()
            .flat_map(|version| version.files.iter().map(|(name, text)| (path(&version.place, name), text.clone())));
        let letters = Letters::from_sources(&self.sources.with(kind, files), &self.playbook)?;
        Ok(versions.iter().fold(letters, |letters, version| {
            letters.numbered(kind, version.place.locale, version.place.channel, version.number)
        }))
    }

    /// The next look asks the database; call it after the commit that published something.
    pub fn forget(&self) {
        self.kept().read_at = None;
    }

    async fn look(&self) -> db::Result<()> {
        if self.kept().read_at.is_some_and(|at| at.elapsed() < KEPT) {
            return Ok(());
        }
        let mut tx = self.db.read().await?;
        let versions = store::in_force(&mut tx).await?;
        let bindings = store::bindings(&mut tx).await?;
        drop(tx);
        let ids: Vec<Id<Version>> = versions.iter().map(|version| version.id).collect();
        let is_same = self.kept().versions == ids;
        let letters = (!is_same).then(|| self.assemble(&versions));
        let mut kept = self.kept();
        kept.read_at = Some(Instant::now());
        kept.bindings = bindings
            .into_iter()
            .filter_map(|row| {
                let binding = serde_json::from_value(row.binding.0).ok()?;
                Some(((row.dealership_id, row.kind, row.provider), binding))
            })
            .collect();
        if let Some(letters) = letters {
            (kept.versions, kept.letters) = (ids, letters);
        }
        Ok(())
    }

    /// A text that this program cannot read any more is left out, and the one below it holds.
    fn assemble(&self, versions: &[Version]) -> HashMap<(Option<Id<Dealership>>, String), Arc<Letters>> {
        let mut by_place: HashMap<(Option<Id<Dealership>>, &str), Vec<&Version>> = HashMap::new();
        for version in versions {
            by_place.entry((version.place.dealership, &version.place.kind)).or_default().push(version);
        }
        let mut letters = HashMap::new();
        for ((whose, kind), own) in &by_place {
            let everybodys = by_place.get(&(None, *kind)).filter(|_| whose.is_some());
            let both: Vec<&Version> = everybodys.into_iter().flatten().chain(own).copied().collect();
            match self.with(kind, &both) {
                Ok(made) => drop(letters.insert((*whose, (*kind).to_owned()), Arc::new(made))),
                Err(error) => {
                    tracing::error!(
                        kind,
                        error = &error as &dyn std::error::Error,
                        "a published text cannot be used: the one below it holds"
                    );
                }
            }
        }
        letters
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The path of a file inside its kind's folder.
fn path(place: &Place, name: &str) -> String {
    format!("{}/{name}", place.locale.code())
}
