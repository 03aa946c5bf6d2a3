//! What every request, lane and command works with: the database, time and randomness, the settings, and what is kept in
//! memory of the database.
use std::{ops::Deref, sync::Arc};

use secrecy::ExposeSecret;
use tokio_util::sync::CancellationToken;

use crate::{
    calls::{
        scripts::Scripts,
        telephony::ari::{Ari, NotDialled},
    },
    channels::mailbox::Outages,
    clock::Clock,
    config::Config,
    db::{self, Db},
    dealerships::Directory,
    feeds::Feeds,
    id::{Ids, Random},
    inbound::keyed::Keyed,
    links::Signer,
    notices::{letters::Letters, playbook::Playbook, sources::Sources},
    staff::{Roster, keys::Keys},
    surveys::Questionnaires,
    texts::Shelf,
};

/// Cheap to clone. Everything in it may be forgotten at a restart.
#[derive(Clone, Debug)]
pub struct App(Arc<Inner>);

/// The fields of [`App`].
#[derive(Debug)]
pub struct Inner {
    pub db: Db,
    pub ids: Ids,
    pub config: Arc<Config>,
    pub directory: Directory,
    pub keys: Keys,
    pub roster: Roster,
    /// The signed addresses in our mails.
    pub addresses: Keyed,
    pub feeds: Feeds,
    /// What is said, when and on which tracks.
    pub playbook: Arc<Playbook>,
    /// The program's own texts.
    pub letters: Arc<Letters>,
    /// What customers are asked.
    pub questionnaires: Arc<Questionnaires>,
    /// Makes and opens the links to public pages.
    pub links: Signer,
    /// The texts in force.
    pub shelf: Shelf,
    /// What is said on calls.
    pub scripts: Arc<Scripts>,
    /// Dials for agents; none = by hand.
    pub exchange: Option<Ari>,
    /// Which channels of the built-in mailbox are away: none but in a demo.
    pub outages: Outages,
    /// Cancelled when the process is told to stop: `/readyz` says 503, lanes claim nothing more.
    pub stopping: CancellationToken,
}

/// Why the app cannot start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Database(#[from] db::OpenError),
    #[error(transparent)]
    Exchange(#[from] NotDialled),
    #[error("the notices' texts cannot be used")]
    Templates(#[source] anyhow::Error),
}

impl Deref for App {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    /// Opens the database; does not migrate it.
    pub async fn open(config: Config, clock: Clock, random: Random) -> Result<Self, OpenError> {
        let sources =
            Sources::read(config.templates.folder.as_deref()).map_err(|error| OpenError::Templates(error.into()))?;
        let playbook = Playbook::from_sources(&sources).map_err(|error| OpenError::Templates(error.into()))?;
        let letters = Letters::from_sources(&sources, &playbook).map_err(|error| OpenError::Templates(error.into()))?;
        let questionnaires = Questionnaires::load().map_err(|error| OpenError::Templates(error.into()))?;
        let (playbook, letters) = (Arc::new(playbook), Arc::new(letters));
        let scripts = Scripts::load().map_err(|error| OpenError::Templates(error.into()))?;
        let db = Db::open(config.database.url.expose_secret(), &clock).await?;
        let (ids, config) = (Ids { clock, random }, Arc::new(config));
        let set = config.http.link_key.as_ref();
        let links = Signer::new(db.clone(), ids.clone(), config.http.public_url.clone(), set);
        Ok(Self(Arc::new(Inner {
            addresses: Keyed::new(db.clone(), ids.clone(), Arc::clone(&config)),
            links,
            directory: Directory::new(db.clone()),
            keys: Keys::new(db.clone()),
            roster: Roster::new(db.clone()),
            questionnaires: Arc::new(questionnaires),
            ids,
            feeds: Feeds::default(),
            shelf: Shelf::new(db.clone(), Arc::new(sources), Arc::clone(&playbook), Arc::clone(&letters)),
            playbook,
            letters,
            scripts: Arc::new(scripts),
            exchange: Ari::of(&config.telephony)?,
            config,
            outages: Outages::default(),
            stopping: CancellationToken::new(),
            db,
        })))
    }
}

/// The system's clock; in builds with the feature `test-doors`, the file that `AFTERCARE_TEST_CLOCK` names.
pub fn clock() -> Clock {
    #[cfg(feature = "test-doors")]
    if let Some(path) = std::env::var_os("AFTERCARE_TEST_CLOCK").filter(|path| !path.is_empty()) {
        return Clock::file(path.into());
    }
    Clock::system()
}
