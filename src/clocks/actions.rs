//! The verbs of clocks: set, moved, stopped; and what a person does about one that was set aside.
use serde_json::Value;

pub use super::store::SetAside;
use super::{
    Clock, ClockKind,
    store::{self, Row, Which},
};
use crate::{
    app::App,
    appointments::lists::next,
    clock::Timestamp,
    db::{self, Tx, Weight},
    dealerships::{self, Dealership},
    desk::Desk,
    id::Id,
    jobs,
};

/// A clock to be set. There is one of a kind, subject and key: setting it again moves it.
#[derive(Clone, Debug)]
pub struct NewClock {
    pub dealership_id: Id<Dealership>,
    pub kind: ClockKind,
    /// The id of what it is about, as text.
    pub subject_id: String,
    /// Tells several of one kind and subject apart; empty where there is one.
    pub key: String,
    pub due_at: Timestamp,
    /// What its desk wants to know again when it rings; no personal data.
    pub detail: Value,
}

/// Sets clocks, in one statement; one that is due already rings as soon as this is committed.
pub async fn set(desk: &mut Desk<'_>, clocks: &[NewClock]) -> db::Result<()> {
    if clocks.is_empty() {
        return Ok(());
    }
    ring_if_due(desk, clocks.iter().map(|clock| clock.due_at));
    // Of two for the same place the later word counts; one statement may not touch a row twice.
    let mut latest = std::collections::BTreeMap::new();
    for clock in clocks {
        latest.insert((clock.kind, &clock.subject_id, &clock.key), clock);
    }
    let rows = rows(desk, latest.into_values());
    store::set(desk.tx, &rows, desk.now).await
}

fn rows<'a>(desk: &Desk<'_>, clocks: impl Iterator<Item = &'a NewClock>) -> Vec<Row<'a>> {
    clocks
        .map(|clock| Row {
            id: desk.id(),
            dealership_id: clock.dealership_id,
            kind: clock.kind.word(),
            subject_id: &clock.subject_id,
            key: &clock.key,
            due_at: clock.due_at,
            detail: &clock.detail,
        })
        .collect()
}

/// Another time for a clock, where it is set.
#[derive(Clone, Debug)]
pub struct Moved {
    pub kind: ClockKind,
    pub subject_id: String,
    pub key: String,
    pub due_at: Timestamp,
}

/// Moves clocks that are set; one that rang already, or never was, is not set by this.
pub async fn move_to(desk: &mut Desk<'_>, moves: &[Moved]) -> db::Result<()> {
    if moves.is_empty() {
        return Ok(());
    }
    ring_if_due(desk, moves.iter().map(|to| to.due_at));
    let moves: Vec<Which<'_>> = moves
        .iter()
        .map(|to| Which {
            kind: to.kind.word(),
            subject_id: &to.subject_id,
            key: Some(&to.key),
            due_at: Some(to.due_at),
        })
        .collect();
    store::move_to(desk.tx, &moves).await
}

/// Stops every clock of these kinds about these subjects, whatever its key.
pub async fn stop(desk: &mut Desk<'_>, subject_ids: &[String], kinds: &[ClockKind]) -> db::Result<()> {
    let of =
        |subject_id| kinds.iter().map(move |kind| Which { kind: kind.word(), subject_id, key: None, due_at: None });
    let which: Vec<Which<'_>> = subject_ids.iter().flat_map(|subject_id| of(subject_id.as_str())).collect();
    if which.is_empty() {
        return Ok(());
    }
    store::stop(desk.tx, &which).await?;
    Ok(())
}

/// Stops one clock of a subject that has several of its kind.
pub async fn stop_one(desk: &mut Desk<'_>, kind: ClockKind, subject_id: &str, key: &str) -> db::Result<()> {
    store::stop(desk.tx, &[Which { kind: kind.word(), subject_id, key: Some(key), due_at: None }]).await?;
    Ok(())
}

/// Sets what comes every day at a dealership, or moves it to its hour by the dealership's clock.
pub async fn set_daily(desk: &mut Desk<'_>, dealership: &Dealership) -> db::Result<()> {
    let clocks: Vec<NewClock> = ClockKind::ALL.iter().filter_map(|kind| daily(*kind, dealership, desk.now)).collect();
    set(desk, &clocks).await
}

/// Sets what comes every day wherever it is not set yet: a newer program may have more of it than the one before.
pub async fn ensure_daily(app: &App) -> db::Result<()> {
    let desk_app = app.clone();
    let ensured = app.db.write(Weight::OWN, move |tx| {
        let app = desk_app.clone();
        Box::pin(async move {
            let desk = Desk::open(tx, &app);
            let mut clocks = Vec::new();
            for dealership in dealerships::actions::all(desk.tx).await? {
                clocks.extend(ClockKind::ALL.iter().filter_map(|kind| daily(*kind, &dealership, desk.now)));
            }
            let rows = rows(&desk, clocks.iter());
            store::set_new(desk.tx, &rows, desk.now).await?;
            desk.close().await
        })
    });
    ensured.await
}

/// Sets the next ones of daily clocks that ring: after now, however many days nobody was up.
pub(crate) async fn set_next(desk: &mut Desk<'_>, kind: ClockKind, rang: &[Clock]) -> db::Result<()> {
    let mut next = Vec::new();
    for clock in rang {
        if let Some(dealership) = dealerships::actions::find(desk.tx, clock.dealership_id).await? {
            next.extend(daily(kind, &dealership, desk.now));
        }
    }
    set(desk, &next).await
}

fn daily(kind: ClockKind, dealership: &Dealership, after: Timestamp) -> Option<NewClock> {
    Some(NewClock {
        dealership_id: dealership.id,
        kind,
        subject_id: dealership.id.to_string(),
        key: String::new(),
        due_at: next(kind.daily_at()?, dealership, after),
        detail: serde_json::json!({}),
    })
}

fn ring_if_due(desk: &mut Desk<'_>, mut times: impl Iterator<Item = Timestamp>) {
    if times.any(|due_at| due_at <= desk.now) {
        desk.tx.ring(jobs::CLOCKS);
    }
}

/// What is due to ring: how many, at most `most`, and since when the oldest.
pub async fn due(tx: &mut Tx, now: Timestamp, most: i64) -> db::Result<(i64, Option<Timestamp>)> {
    store::due(tx, now, most).await
}

/// Clocks that ended their process three times, each while it was the only thing done: nobody hands them over again until
/// a person says so.
pub async fn set_aside(app: &App, most: i64) -> db::Result<Vec<SetAside>> {
    store::list_set_aside(&mut app.db.read().await?, most).await
}

/// Lets a clock ring now that was set aside or put off; false when there is no such clock, or it is being worked on.
pub async fn try_again(app: &App, id: Id<Clock>) -> db::Result<bool> {
    let now = app.ids.clock.now();
    let again = app.db.write(Weight::ONE, move |tx| {
        Box::pin(async move {
            tx.ring(jobs::CLOCKS);
            store::try_again(tx, id, now).await
        })
    });
    again.await
}
