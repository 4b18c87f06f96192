//! `PATCH /upload/resumable/{id}`

use axum::{body::Body, response::Response};
use http::{
    StatusCode,
    header::{self, HeaderName},
};

use super::{
    super::{database::resumable::Upload, error::Error, files, request::incoming, respond, upload},
    Refusal, Tus,
    upload_url::UploadUrl,
};

pub async fn handle(tus: &Tus, url: &UploadUrl, body: Body) -> Result<Response, Refusal> {
    let mut body = incoming(body);
    let patched = patch(tus, url, &mut body).await;
    if patched.is_err() {
        files::drain(&mut body).await;
    }
    patched
}

async fn patch(
    tus: &Tus,
    url: &UploadUrl,
    body: &mut files::Incoming,
) -> Result<Response, Refusal> {
    let offset = offset(tus, url)?;
    let upload = tus.find(url).await?;
    let grant = tus
        .authorize(
            &upload.bucket_id,
            &upload.object_name,
            &upload.metadata,
            upload.length.map(i64::unsigned_abs),
        )
        .await?;
    let locks = &tus.request.storage.uploads;
    let _guard = locks.acquire(&upload.version).ok_or_else(Error::locked)?;

    // It may have gone on before it was ours.
    let mut upload = tus.find(url).await?;
    if upload.offset != offset {
        return Err(Refusal::new(
            StatusCode::CONFLICT,
            "Upload-Offset conflict\n",
        ));
    }
    declare_length(tus, &mut upload).await?;
    let limit = body_limit(tus, &upload).await?;
    let was_complete = upload.is_complete();
    if !was_complete {
        tus.append(&mut upload, body, limit).await?;
    }

    let mut response = respond::empty(StatusCode::NO_CONTENT);
    respond::set(
        &mut response,
        HeaderName::from_static("upload-offset"),
        &upload.offset.to_string(),
    );
    if upload.is_complete() {
        if !was_complete || !tus.is_finished(&upload).await? {
            tus.finish(&upload, &grant).await?;
        }
        respond::set(&mut response, HeaderName::from_static("tus-complete"), "1");
    }
    Ok(response)
}

fn offset(tus: &Tus, url: &UploadUrl) -> Result<i64, Refusal> {
    // The headers come first, then what the URL names.
    if url.id.is_none() {
        return Err(Refusal::unknown_upload());
    }
    let offset = tus
        .request
        .number("upload-offset")
        .ok_or_else(|| Refusal::new(StatusCode::FORBIDDEN, "Upload-Offset header required\n"))?;
    if tus.request.header(header::CONTENT_TYPE).is_none() {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "Content-Type header required\n",
        ));
    }
    Ok(i64::try_from(offset).unwrap_or(i64::MAX))
}

/// A length that was promised may be said with any piece, once.
async fn declare_length(tus: &Tus, upload: &mut Upload) -> Result<(), Refusal> {
    let Some(length) = tus.request.number("upload-length") else {
        return Ok(());
    };
    if upload.length.is_some() || length < upload.offset.unsigned_abs() {
        return Err(Refusal::invalid_length());
    }
    if length > limit(tus, upload).await? {
        return Err(Refusal::over_the_limit());
    }
    upload.length = Some(i64::try_from(length).unwrap_or(i64::MAX));
    Ok(())
}

async fn limit(tus: &Tus, upload: &Upload) -> Result<u64, Error> {
    let bucket = upload::bucket(&tus.request, &upload.bucket_id).await?;
    Ok(upload::total_limit(&tus.request, &bucket))
}

/// How many bytes this request's body may have.
pub async fn body_limit(tus: &Tus, upload: &Upload) -> Result<u64, Refusal> {
    let most = match upload.length {
        Some(length) => length.unsigned_abs(),
        None => limit(tus, upload).await?,
    };
    let left = most.saturating_sub(upload.offset.unsigned_abs());
    match tus.request.number("content-length") {
        Some(length) if length > left => Err(Refusal::over_its_length()),
        Some(length) => Ok(length),
        None => Ok(left),
    }
}
