//! The verbs of files: kept with what they belong to, listed, read.
use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use super::{File, NewFile, store};
use crate::{
    db::{self, Tx},
    dealerships::Dealership,
    desk::Desk,
    id::Id,
};

/// Keeps files with what they belong to; answers their ids in their order.
pub async fn keep(
    desk: &mut Desk<'_>,
    dealership_id: Id<Dealership>,
    owner_id: &str,
    files: &[NewFile],
) -> db::Result<Vec<Id<File>>> {
    let mut ids = Vec::with_capacity(files.len());
    for (place, file) in (0..).zip(files) {
        let row = File {
            id: desk.id(),
            dealership_id,
            owner_id: owner_id.to_owned(),
            place,
            name: file.name.clone(),
            media_type: file.kind.media_type().to_owned(),
            size: i64::try_from(file.bytes.len()).unwrap_or(i64::MAX),
            created_at: desk.now,
        };
        store::insert(desk.tx, &row, file.bytes.to_vec()).await?;
        ids.push(row.id);
    }
    Ok(ids)
}

/// The files of these owners, without their bytes.
pub async fn of(tx: &mut Tx, owners: &[String]) -> db::Result<Vec<File>> {
    if owners.is_empty() {
        return Ok(Vec::new());
    }
    store::list(tx, owners).await
}

/// One file with its bytes.
pub async fn read(tx: &mut Tx, id: Id<File>) -> db::Result<Option<(File, Vec<u8>)>> {
    store::bytes(tx, id).await
}

/// A file as a download: whatever is in it, no browser shows it as a page of ours.
pub fn download((name, media_type): (&str, &str), bytes: impl IntoResponse) -> Response {
    let encoded: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    // RFC 8187 knows %20 and no plus sign.
    let named = format!("attachment; filename*=UTF-8''{}", encoded.replace('+', "%20"));
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    let text = |value: &str| HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static("attachment"));
    headers.insert(header::CONTENT_DISPOSITION, text(&named));
    headers.insert(header::CONTENT_TYPE, text(media_type));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    response
}
