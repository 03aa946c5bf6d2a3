//! Forms with files, as a browser posts them (RFC 7578); one without files may come as any other form.
use std::convert::Infallible;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::header,
};
use futures_util::stream;

use super::{
    Error,
    body::{RawBody, media_type},
    public::Form,
    storable,
};
use crate::app::App;

/// The most parts that are read of one form.
const MOST_PARTS: usize = 60;

/// The fields of a form, and the files that were chosen in it.
#[derive(Debug)]
pub struct Uploads {
    pub form: Form,
    pub files: Vec<Upload>,
}

/// A file as somebody chose it.
#[derive(Debug)]
pub struct Upload {
    pub name: String,
    pub bytes: Bytes,
}

impl FromRequest<App> for Uploads {
    type Rejection = Error;
    async fn from_request(request: Request, app: &App) -> Result<Self, Error> {
        if media_type(request.headers()).is_none_or(|kind| kind != "multipart/form-data") {
            return Ok(Self { form: Form::from_request(request, app).await?, files: Vec::new() });
        }
        let unreadable = |error: multer::Error| Error::Unreadable(error.to_string());
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let boundary = multer::parse_boundary(kind).map_err(unreadable)?;
        let RawBody(bytes) = RawBody::from_request(request, app).await?;
        // It is here already, within its limit: what is read from is no connection.
        let body = stream::once(async move { Ok::<_, Infallible>(bytes) });
        let mut parts = multer::Multipart::new(body, boundary);
        let (mut fields, mut files) = (Vec::new(), Vec::new());
        for _ in 0..MOST_PARTS {
            let Some(part) = parts.next_field().await.map_err(unreadable)? else { break };
            let field = part.name().unwrap_or_default().to_owned();
            let name = part.file_name().map(str::to_owned);
            let bytes = part.bytes().await.map_err(unreadable)?;
            match name {
                // A chooser in which nothing was chosen sends an empty file without a name.
                Some(name) if name.is_empty() && bytes.is_empty() => {}
                Some(name) => files.push(Upload { name, bytes }),
                None => fields.push((field, String::from_utf8_lossy(&bytes).into_owned())),
            }
        }
        // A file's own bytes may be any, its name is a text like another.
        storable::kept(files.iter().map(|file| (file.name.clone(), String::new())).collect())?;
        Ok(Self { form: Form(storable::kept(fields)?), files })
    }
}
