//! The stage: the whole product on a throw-away database, whose clock leaps from one due time to the next.
use std::sync::Arc;

use jiff::{SignedDuration, tz::TimeZone};

use super::{
    Script,
    script::Told,
    store::{self, Happened},
};
use crate::{
    app::{App, OpenError},
    clock::{Clock, Timestamp},
    clocks::jobs::Clocks,
    config::{Config, Provider},
    db,
    http::{Access, Error},
    id::{Id, Random},
    intake::{
        actions::{admit, take},
        envelope::{Format, Sheet},
    },
    jobs,
    lanes::{self, BadRoute},
    messages::{marks::Marks, post::Post},
    notices::{Notice, compose::Compose},
    timeline::Entry,
};

/// The seed of everything that is random: jitter and ids.
const SEED: u64 = 1;
/// The lanes are turned until nothing is due; a lane that always finds more is a fault of ours, not an endless replay.
const MOST_TURNS: usize = 10_000;

/// One thing of a replay, as a person reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scene {
    pub at: Timestamp,
    /// `planned`, `skipped`, or what became of a notice or a message: `message.accepted`.
    pub what: String,
    pub kind: String,
    /// The rules that it follows: of its kind, as the playbook names them.
    pub rule: String,
    pub reason: Option<String>,
    pub dealership: String,
    /// The dealership's wall clock.
    pub zone: TimeZone,
    pub subject: String,
    /// The reader: a customer's ref, or that of somebody who works here.
    pub reader: Option<String>,
    /// When it is meant for; only of what was planned.
    pub meant_for: Option<Timestamp>,
    pub channel: Option<String>,
    pub to: Option<String>,
    pub text: Option<String>,
}

/// Why a replay cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum CannotReplay {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Route(#[from] BadRoute),
    #[error(transparent)]
    Database(#[from] db::Error),
    #[error("line {0} is refused: {1}")]
    Refused(usize, Error),
    #[error("no folder for the throw-away database")]
    Folder(#[source] std::io::Error),
    #[error("at {0} there is always more to do: this is a fault of Aftercare, please report it")]
    Endless(Timestamp),
}

/// The product, ready to be told.
pub struct Stage {
    pub app: App,
    clocks: Arc<Clocks>,
    compose: Arc<Compose>,
    post: Vec<Arc<Post>>,
    _folder: tempfile::TempDir,
}

impl Stage {
    /// Opens with the business rules and templates of `settings`, and nothing of its database and ways out.
    pub async fn open(settings: &Config, begins: Timestamp) -> Result<Self, CannotReplay> {
        let folder = tempfile::tempdir().map_err(CannotReplay::Folder)?;
        let mut settings = settings.clone();
        settings.database.url = format!("sqlite://{}", folder.path().join("replay.db").display()).into();
        settings.email.url = Some("mailbox:".to_owned().into());
        settings.email.from.get_or_insert_with(|| "replay@aftercare.invalid".to_owned());
        settings.sms.provider = Provider::Mailbox;
        for provider in [&mut settings.wecom.provider, &mut settings.wechat.provider] {
            if *provider == Provider::Http {
                *provider = Provider::Mailbox;
            }
        }
        let app = App::open(settings, Clock::fixed(begins), Random::seeded(SEED)).await?;
        app.db.migrate().await?;
        let routes = Arc::new(lanes::routes(&app)?);
        let marks = Marks::start(app.db.clone(), app.ids.clone());
        let compose = Arc::new(lanes::compose_lane(&app, &routes));
        let post = lanes::post_lanes(&app, &routes, &marks).into_iter().map(Arc::new).collect();
        let clocks = Arc::new(lanes::clocks_lane(&app));
        Ok(Self { app, clocks, compose, post, _folder: folder })
    }

    /// Tells the script, lets time pass until `until`, and hands over what happened at each leap from `from` on.
    pub async fn play(
        &self,
        script: &Script,
        (from, until): (Timestamp, Timestamp),
        mut see: impl FnMut(Vec<Scene>) -> bool,
    ) -> Result<(), CannotReplay> {
        let mut events = script.0.iter().take_while(|told| told.at <= until).peekable();
        loop {
            let now = self.app.ids.clock.now();
            let mut tx = self.app.db.read().await?;
            let due = store::next_due(&mut tx, now).await?;
            drop(tx);
            let told = events.peek().map(|told| told.at.max(now));
            let Some(next) = [due, told].into_iter().flatten().min().filter(|next| *next <= until) else {
                return Ok(());
            };
            self.app.ids.clock.set(next);
            while let Some(event) = events.next_if(|event| event.at <= next) {
                self.tell(event).await?;
            }
            self.turn_all().await?;
            let scenes = self.scenes(next).await?;
            if next >= from && !scenes.is_empty() && !see(scenes) {
                return Ok(());
            }
            // What is read of one leap must not be read again of the next: ids are ordered by the millisecond.
            self.app.ids.clock.advance(SignedDuration::from_millis(1));
        }
    }

    async fn tell(&self, event: &Told) -> Result<(), CannotReplay> {
        let refused = |error| CannotReplay::Refused(event.number, error);
        let sheet = Sheet::read(Format::Either, event.line.as_bytes()).map_err(refused)?;
        let envelopes = admit(&self.app, &Access::All, &sheet).await.map_err(refused)?;
        take(&self.app, envelopes).await.map_err(refused)?;
        Ok(())
    }

    /// Turns every lane until nothing is due at this time.
    async fn turn_all(&self) -> Result<(), CannotReplay> {
        for _ in 0..MOST_TURNS {
            let mut done = jobs::turn(&self.app.db, &self.clocks).await?;
            done += jobs::turn(&self.app.db, &self.compose).await?;
            for post in &self.post {
                done += jobs::turn(&self.app.db, post).await?;
            }
            if done == 0 {
                return Ok(());
            }
        }
        Err(CannotReplay::Endless(self.app.ids.clock.now()))
    }

    async fn scenes(&self, at: Timestamp) -> db::Result<Vec<Scene>> {
        let mut tx = self.app.db.read().await?;
        let raised = store::raised(&mut tx, &Id::<Notice>::new(at, [0; 10]).to_string()).await?;
        let became = store::became(&mut tx, &Id::<Entry>::new(at, [0; 10]).to_string()).await?;
        Ok(raised.into_iter().chain(became).map(|happened| self.scene(at, happened)).collect())
    }

    fn scene(&self, at: Timestamp, happened: Happened) -> Scene {
        let kind = self.app.playbook.kind(&happened.kind);
        Scene {
            at,
            rule: kind.map(|kind| kind.rule.clone()).unwrap_or_default(),
            meant_for: (happened.what == "planned").then_some(happened.not_before.unwrap_or(happened.nominal_at)),
            what: happened.what,
            kind: happened.kind,
            reason: happened.reason,
            zone: TimeZone::get(&happened.time_zone).unwrap_or(TimeZone::UTC),
            dealership: happened.dealership,
            subject: happened.subject_ref,
            reader: happened.staff_ref.or(happened.customer_ref),
            channel: happened.channel,
            to: happened.to_address,
            text: happened.text,
        }
    }
}
