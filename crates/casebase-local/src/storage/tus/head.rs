//! `HEAD /upload/resumable/{id}`

use axum::response::Response;
use http::{
    StatusCode,
    header::{self, HeaderName},
};

use super::{super::respond, Refusal, Tus, metadata, text, upload_url::UploadUrl, url_id};

/// How far the upload has come. Whoever knows its URL may ask; under a signed URL its token is checked.
pub async fn handle(tus: &Tus, url: &UploadUrl) -> Result<Response, Refusal> {
    let id = url_id(url)?;
    if tus.signed {
        tus.check_signature(&id.bucket, &id.key)?;
    }
    let upload = tus.find(url).await?;
    if upload.is_complete() && !tus.is_finished(&upload).await? {
        return Err(Refusal::unknown_upload());
    }
    let mut response = text(StatusCode::OK, "");
    let mut set =
        |name, value: &str| respond::set(&mut response, HeaderName::from_static(name), value);
    set("upload-offset", &upload.offset.to_string());
    match upload.length {
        Some(length) => set("upload-length", &length.to_string()),
        None => set("upload-defer-length", "1"),
    }
    set("upload-metadata", &metadata::format(&upload.metadata));
    respond::set(&mut response, header::CACHE_CONTROL, "no-store");
    Ok(response)
}
