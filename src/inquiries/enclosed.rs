//! A file of a thread, to whoever may look at the thread.
use axum::response::Response;

use super::{Inquiry, store};
use crate::{
    db::Tx,
    files::{self, File},
    http::Error,
    id::Id,
};

/// A file as a download, when something that was said in this inquiry came with it. Its bytes are not read before that is
/// known.
///
/// # Errors
/// 404 for any other file.
pub async fn file_of(tx: &mut Tx, inquiry: &Inquiry, file: Id<File>) -> Result<Response, Error> {
    let entries = store::entries(tx, &[inquiry.id.to_string()]).await?;
    let owners: Vec<String> = entries.iter().map(|entry| entry.id.to_string()).collect();
    if !files::actions::of(tx, &owners).await?.iter().any(|one| one.id == file) {
        return Err(Error::NotFound);
    }
    let (file, bytes) = files::actions::read(tx, file).await?.ok_or(Error::NotFound)?;
    Ok(files::actions::download((&file.name, &file.media_type), bytes))
}
