//! A file on its way from a browser to the disk (RFC 7578): never more of it in memory than one piece.
use std::path::Path;

use anyhow::Context;
use axum::{
    extract::Request,
    http::{HeaderMap, header},
};
use tokio::{fs::File, io::AsyncWriteExt};

use super::{super::Kind, MOST_DONE, MOST_WAITING, Place, State, Upload};
use crate::{
    app::App,
    console::Visitor,
    files,
    http::{Error, body},
    id::Id,
};

/// Fields and boundaries beside the file.
const BESIDE: u64 = 64 << 10;
/// A field of the form, in bytes.
const LONGEST_FIELD: usize = 200;
const MOST_PARTS: usize = 10;

/// Why a file is not taken; the page says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    NoKind,
    NoFile,
    Empty,
    TooLarge,
    /// It is no text but a workbook of a spreadsheet program.
    Workbook,
    TooMany,
}

impl Refusal {
    /// As in the names of the console's words.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoKind => "no_kind",
            Self::NoFile => "no_file",
            Self::Empty => "empty",
            Self::TooLarge => "too_large",
            Self::Workbook => "workbook",
            Self::TooMany => "too_many",
        }
    }
}

/// A place that is removed again unless the file in it is whole.
struct New {
    place: Place,
    is_whole: bool,
}

impl Drop for New {
    fn drop(&mut self) {
        if !self.is_whole {
            let _ = self.place.remove();
        }
    }
}

/// What came of a form.
#[derive(Default)]
struct Came {
    kind: Option<Kind>,
    source: Option<String>,
    file: Option<(String, u64)>,
}

/// Writes the file of a form to disk, to be looked at.
///
/// # Errors
/// The form cannot be read, or the disk cannot be written. What a person can mend is a [`Refusal`].
pub async fn receive(app: &App, visitor: &Visitor, request: Request) -> Result<Result<Upload, Refusal>, Error> {
    let limit = app.config.imports.upload_limit as u64;
    let (length, boundary) = announced(request.headers());
    let body = request.into_body().into_data_stream();
    if length > limit + BESIDE {
        body::discard(body).await;
        return Ok(Err(Refusal::TooLarge));
    }
    let Some(boundary) = boundary else { return Ok(Err(Refusal::NoFile)) };
    let before = super::of(app, visitor.dealership.id, visitor.staff().id).map_err(Error::Internal)?;
    if before.iter().filter(|one| one.state.is_open()).count() >= MOST_WAITING {
        body::discard(body).await;
        return Ok(Err(Refusal::TooMany));
    }
    let id: Id<Upload> = app.ids.next();
    let mut new = New { place: Place::make(app, id).map_err(Error::Internal)?, is_whole: false };
    let came = match read(multer::Multipart::new(body, boundary), &new.place.file(), limit).await? {
        Ok(came) => came,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Some(kind) = came.kind else { return Ok(Err(Refusal::NoKind)) };
    let Some((name, size)) = came.file else { return Ok(Err(Refusal::NoFile)) };
    let upload = Upload {
        id,
        dealership_id: visitor.dealership.id,
        by: visitor.staff().id,
        kind,
        name: files::plain(&name),
        size,
        source: came.source.unwrap_or_else(|| app.config.imports.source.clone()),
        at: visitor.now,
        state: State::Arrived,
        judged: None,
        imported: None,
        why: None,
    };
    new.place.write(&upload).map_err(Error::Internal)?;
    new.is_whole = true;
    for done in before.iter().filter(|one| !one.state.is_open()).skip(MOST_DONE) {
        let _ = Place::of(app, done.id).remove();
    }
    Ok(Ok(upload))
}

/// How long the form says that it is, and what stands between its parts.
fn announced(headers: &HeaderMap) -> (u64, Option<String>) {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let length = text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
    let boundary = text(header::CONTENT_TYPE).and_then(|kind| multer::parse_boundary(kind).ok());
    (length.unwrap_or_default(), boundary)
}

async fn read(mut parts: multer::Multipart<'_>, to: &Path, limit: u64) -> Result<Result<Came, Refusal>, Error> {
    let unreadable = |error: multer::Error| Error::Unreadable(error.to_string());
    let mut came = Came::default();
    for _ in 0..MOST_PARTS {
        let Some(mut part) = parts.next_field().await.map_err(unreadable)? else { break };
        let field = part.name().unwrap_or_default().to_owned();
        let Some(name) = part.file_name().map(str::to_owned) else {
            let mut value = Vec::new();
            while let Some(bytes) = part.chunk().await.map_err(unreadable)? {
                value.extend(bytes.iter().take(LONGEST_FIELD - value.len()));
            }
            let value = String::from_utf8_lossy(&value).trim().to_owned();
            match field.as_str() {
                "kind" => came.kind = Kind::of_word(&value),
                "source" => came.source = Some(value).filter(|value| !value.is_empty()),
                _ => {}
            }
            continue;
        };
        // A chooser in which nothing was chosen sends an empty file without a name.
        if name.is_empty() || came.file.is_some() {
            continue;
        }
        let mut file = File::create(to).await.context("cannot write an upload").map_err(Error::Internal)?;
        let mut size = 0;
        while let Some(bytes) = part.chunk().await.map_err(unreadable)? {
            if size == 0 && is_workbook(&bytes) {
                return Ok(Err(Refusal::Workbook));
            }
            size += bytes.len() as u64;
            if size > limit {
                return Ok(Err(Refusal::TooLarge));
            }
            file.write_all(&bytes).await.context("cannot write an upload").map_err(Error::Internal)?;
        }
        if size == 0 {
            return Ok(Err(Refusal::Empty));
        }
        file.sync_all().await.context("cannot write an upload").map_err(Error::Internal)?;
        came.file = Some((name, size));
    }
    Ok(Ok(came))
}

/// What a spreadsheet program saves when nobody asks it for CSV: an archive, or the compound file of before 2007.
fn is_workbook(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\xd0\xcf\x11\xe0")
}
