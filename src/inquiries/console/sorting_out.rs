//! Threads that belong together or apart, and the files that came with them.
use axum::{
    extract::{Path, State},
    response::{Redirect, Response},
};

use super::{
    super::{
        Inquiry, Said,
        actions::{Deed, file_of},
        store,
    },
    LIST, decide, find, reason,
};
use crate::{
    app::App,
    console::Visitor,
    files::File,
    http::{Error, public::Form},
    id::Id,
};

/// The other thread, by the number that is on its page, goes on; this one becomes part of it.
pub(super) async fn merge(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<Id<Inquiry>>,
    form: Form,
) -> Result<Redirect, Error> {
    let into = form.get("into").ok_or_else(|| Error::invalid("/into", "required", "is required"))?.to_owned();
    let other = store::list_by_reference(&mut app.db.read().await?, &visitor.access(), &into, None).await?;
    let unknown = || Error::invalid("/into", "no_partner", "there is no other open inquiry of that number here");
    let other = other.into_iter().next().filter(|other| other.inquiry.id != id).ok_or_else(unknown)?;
    let stays = decide(&app, &visitor, id, Deed::Merge(other.inquiry.id, reason(&form)?)).await?;
    Ok(Redirect::to(&format!("{LIST}/{stays}?done=merged")))
}

/// A question that is another matter gets a thread of its own.
pub(super) async fn split(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<Id<Inquiry>>,
    form: Form,
) -> Result<Redirect, Error> {
    let entry: Option<Id<Said>> = form.get("entry").and_then(|entry| entry.parse().ok());
    let entry = entry.ok_or_else(|| Error::invalid("/entry", "required", "is required"))?;
    let new = decide(&app, &visitor, id, Deed::Split(entry)).await?;
    Ok(Redirect::to(&format!("{LIST}/{new}?done=split")))
}

/// A file of the thread, as a download.
pub(super) async fn download(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, file)): Path<(Id<Inquiry>, Id<File>)>,
) -> Result<Response, Error> {
    let mut tx = app.db.read().await?;
    let found = find(&mut tx, &visitor, id).await?;
    file_of(&mut tx, &found.inquiry, file).await
}
