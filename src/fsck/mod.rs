//! What must always be true of the rows, whatever was killed when (`reliability.md` 40): each invariant is a name and a
//! statement that finds what breaks it.
mod store;

use std::fmt;

use jiff::{SignedDuration, tz::TimeZone};

use crate::{
    app::App,
    calendar::{Region, quiet_until},
    clock::Timestamp,
    db,
    messages::Envelope,
    notices::ChannelName,
    rights::{self, Journal},
};

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub invariant: &'static str,
    /// The id of the row, and what is wrong with it.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.what)
    }
}

/// How many invariants are checked.
pub const COUNT: usize = store::INVARIANTS.len() + store::ALONG.len() + 3;
/// Of each invariant so many rows are named.
const MOST: usize = 100;
/// A statement reads so many rows of a table that grows without end.
const PAGE: i64 = 5_000;
/// A claim may be this old past its lease before it counts as left behind.
pub(crate) const GRACE: SignedDuration = SignedDuration::from_secs(60);

/// Everything that is wrong, a hundred of each invariant at most.
///
/// # Errors
/// When the database cannot be read.
pub async fn check(app: &App) -> db::Result<Vec<Violation>> {
    check_by(app, PAGE).await
}

/// The same with pages of so many rows.
///
/// # Errors
/// When the database cannot be read.
pub async fn check_by(app: &App, page: i64) -> db::Result<Vec<Violation>> {
    let mut tx = app.db.read().await?;
    let mut found = Vec::new();
    for (invariant, statement) in store::INVARIANTS {
        let rows = store::broken(&mut tx, *statement, app.ids.clock.now().minus(GRACE)).await?;
        found.extend(rows.into_iter().map(|what| Violation { invariant, what }));
    }
    let named = |invariant| move |what| Violation { invariant, what };
    for (invariant, along, statement) in store::ALONG {
        found.extend(walk(&mut tx, (*along, page), statement).await?.into_iter().map(named(invariant)));
    }
    found.extend(store::damage(&mut tx, app.db.is_sqlite()).await?.into_iter().map(named("the file is whole")));
    let own_act = app.config.contact.own_act.signed();
    let mut after = String::new();
    loop {
        let sent = store::rang(&mut tx, &after).await?;
        let Some(last) = sent.last() else { break };
        after.clone_from(&last.attempt);
        let rude = sent.iter().filter(|one| in_quiet_hours(one.at, one.channel, &one.envelope.0, own_act));
        found.extend(rude.map(|one| one.attempt.clone()).map(named("nothing is sent in quiet hours")));
    }
    if let Ok(journal) = Journal::of(&app.config, &app.db) {
        let words = match journal.read() {
            Ok(erasures) => {
                let missing = rights::actions::not_erased(&mut tx, &erasures).await?;
                missing.iter().map(|one| format!("{} is in the journal of erasures", one.customer)).collect()
            }
            Err(error) => {
                vec![format!("the journal of erasures ({}) cannot be read: {error}", journal.path().display())]
            }
        };
        found.extend(words.into_iter().map(named("who was erased stays erased")));
    }
    Ok(found)
}

/// What of a table breaks an invariant, page after page.
async fn walk(tx: &mut db::Tx, (along, page): (store::Along, i64), statement: &'static str) -> db::Result<Vec<String>> {
    let (mut after, mut broken) = (String::new(), Vec::new());
    while let Some(last) = store::page(tx, along, &after, page).await?
        && broken.len() < MOST
    {
        for what in store::broken_between(tx, statement, (&after, &last)).await? {
            // What several rows share is named once.
            if !broken.contains(&what) {
                broken.push(what);
            }
        }
        after = last;
    }
    broken.truncate(MOST);
    Ok(broken)
}

/// Whether something was handed over at an hour at which it must not ring (D6.3), without the customer having just acted.
fn in_quiet_hours(at: Timestamp, channel: ChannelName, envelope: &Envelope, own_act: SignedDuration) -> bool {
    let answers_an_act = envelope.acted_at.is_some_and(|acted| at.since(acted) <= own_act);
    let Ok(zone) = TimeZone::get(&envelope.zone) else { return false };
    !answers_an_act && quiet_until(at, envelope.class, Region::of(&envelope.region), channel.rings(), &zone).is_some()
}
