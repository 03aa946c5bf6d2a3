//! The verbs of texts: write a draft, publish it, roll back.
use std::collections::BTreeMap;

use super::{Place, Version, VersionState, store};
use crate::{
    app::App,
    db::{self, Tx, Weight},
    notices::letters::{Finding, LetterError},
};

/// Why a text was not taken.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    #[error("a text for this channel has the files {}, all of them and no others", .0.join(", "))]
    WrongFiles(&'static [&'static str]),
    #[error("there is no notice of that kind, or none for that channel")]
    UnknownPlace,
    #[error(transparent)]
    Unreadable(#[from] LetterError),
    /// Rendered with the samples, it broke the rules of texts.
    #[error("the text has {} fault(s)", .0.len())]
    Faulty(Vec<Finding>),
    #[error(
        "a WeChat template knows its fields by name: write `thing1 = part_brief`, or none to use those of the kind"
    )]
    FieldsWithoutNames,
    #[error("there is no version {0} here")]
    NoVersion(i64),
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// Checks a text and keeps it as a draft; the same text as the newest version is that version.
pub async fn draft(
    app: &App,
    place: Place,
    files: BTreeMap<String, String>,
    actor: &str,
) -> Result<Version, TextError> {
    let wanted = place.files();
    if wanted.is_empty() || app.playbook.kind(&place.kind).is_none() {
        return Err(TextError::UnknownPlace);
    }
    if wanted.len() != files.len() || !wanted.iter().all(|name| files.contains_key(*name)) {
        return Err(TextError::WrongFiles(wanted));
    }
    let version = Version {
        id: app.ids.next(),
        place,
        number: 0,
        state: VersionState::Draft,
        files,
        written_by: actor.to_owned(),
        written_at: app.ids.clock.now(),
        published_by: None,
        published_at: None,
        retired_at: None,
    };
    check(app, &version)?;
    let stored = app
        .db
        .write(Weight::ONE, move |tx| {
            let mut version = version.clone();
            Box::pin(async move {
                let there = store::of_place(tx, &version.place).await?;
                if let Some(newest) = there.first().filter(|newest| newest.files == version.files) {
                    return Ok::<_, db::Error>(newest.clone());
                }
                version.number = there.first().map_or(0, |newest| newest.number) + 1;
                store::insert(tx, &version).await?;
                Ok(version)
            })
        })
        .await?;
    Ok(stored)
}

/// Renders the text with every sample of its kind.
pub fn check(app: &App, version: &Version) -> Result<(), TextError> {
    let Place { kind, locale, channel, .. } = &version.place;
    let letters = app.shelf.with(kind, &[version])?;
    let findings = letters.check_text(kind, *locale, *channel);
    if findings.is_empty() { Ok(()) } else { Err(TextError::Faulty(findings)) }
}

/// Puts a version in force, checked once more; 0 is the program's own text. It answers the number in force before.
pub async fn publish(app: &App, place: Place, number: i64, actor: &str) -> Result<i64, TextError> {
    if number > 0 {
        let mut tx = app.db.read().await?;
        let versions = store::of_place(&mut tx, &place).await?;
        drop(tx);
        let wanted = versions.into_iter().find(|version| version.number == number);
        check(app, &wanted.ok_or(TextError::NoVersion(number))?)?;
    }
    let (now, actor) = (app.ids.clock.now(), actor.to_owned());
    let before = app
        .db
        .write(Weight::ONE, move |tx| {
            let (place, actor) = (place.clone(), actor.clone());
            Box::pin(async move { put_in_force(tx, &place, number, &actor, now).await })
        })
        .await?;
    app.shelf.forget();
    Ok(before)
}

async fn put_in_force(
    tx: &mut Tx,
    place: &Place,
    number: i64,
    actor: &str,
    now: crate::clock::Timestamp,
) -> db::Result<i64> {
    let versions = store::of_place(tx, place).await?;
    let in_force = versions.iter().find(|version| version.state == VersionState::Published);
    let before = in_force.map_or(0, |version| version.number);
    if before == number {
        return Ok(before);
    }
    store::retire(tx, place, now).await?;
    if let Some(wanted) = versions.iter().find(|version| version.number == number) {
        store::publish(tx, wanted.id, actor, now).await?;
    }
    Ok(before)
}

/// Puts back what was in force before the version that is: the one retired last, else the program's own. It answers the
/// number that is in force now.
pub async fn roll_back(app: &App, place: Place, actor: &str) -> Result<i64, TextError> {
    let versions = versions(app, &place).await?;
    let last = versions
        .iter()
        .filter(|version| version.state == VersionState::Retired)
        .max_by_key(|version| version.retired_at);
    let in_force = versions.iter().find(|version| version.state == VersionState::Published);
    // One that was in force only before an older one was put back would go forward again.
    let number = last.filter(|last| in_force.is_some_and(|now| last.number < now.number)).map_or(0, |last| last.number);
    publish(app, place, number, actor).await?;
    Ok(number)
}

/// The versions of a place, the newest first.
pub async fn versions(app: &App, place: &Place) -> db::Result<Vec<Version>> {
    store::of_place(&mut app.db.read().await?, place).await
}

/// Everything that is in force besides the program's own.
pub async fn in_force(app: &App) -> db::Result<Vec<Version>> {
    store::in_force(&mut app.db.read().await?).await
}
