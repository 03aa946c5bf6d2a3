//! The files that go with a message, read when it leaves: all of them, or it does not go.
use super::store::Claimed;
use crate::{
    app::App,
    channels::{Delivery, Outcome, Phase, email::Enclosed},
    db, files,
    files::File,
    id::Id,
};

/// # Errors
/// The end of the attempt: a file that is gone ends the message, a database that does not answer puts it off.
pub(super) async fn files(app: &App, message: &Claimed) -> Result<Vec<Enclosed>, Delivery> {
    let unsent = |outcome, reason| Delivery::unanswered(Phase::Connect, outcome, reason);
    let mut files = Vec::with_capacity(message.envelope.files.len());
    for id in &message.envelope.files {
        match read(app, *id).await {
            Ok(Some((file, bytes))) => {
                files.push(Enclosed { name: file.name, media_type: file.media_type, bytes });
            }
            Ok(None) => return Err(unsent(Outcome::Refused, "file_gone")),
            Err(error) => {
                tracing::warn!(message = %message.id, error = &error as &dyn std::error::Error, "a file could not be read");
                return Err(unsent(Outcome::NotSent, "file_unread"));
            }
        }
    }
    Ok(files)
}

async fn read(app: &App, id: Id<File>) -> db::Result<Option<(File, Vec<u8>)>> {
    files::actions::read(&mut app.db.read().await?, id).await
}
