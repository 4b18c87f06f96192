//! `DELETE /upload/resumable/{id}`

use axum::response::Response;
use http::StatusCode;

use super::{
    super::{database::resumable, error::Error, respond},
    Refusal, Tus,
    upload_url::UploadUrl,
};

/// Gives an unfinished upload up.
pub async fn handle(tus: &Tus, url: &UploadUrl) -> Result<Response, Refusal> {
    let upload = tus.find(url).await?;
    tus.authorize(
        &upload.bucket_id,
        &upload.object_name,
        &upload.metadata,
        upload.length.map(i64::unsigned_abs),
    )
    .await?;
    let locks = &tus.request.storage.uploads;
    let _guard = locks.acquire(&upload.version).ok_or_else(Error::locked)?;
    if tus.find(url).await?.is_complete() {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "Cannot terminate an already completed upload",
        ));
    }
    let mut client = tus.request.client().await?;
    let tx = tus.request.as_service(&mut client).await?;
    resumable::delete(&tx, &upload.version).await?;
    tx.commit().await.map_err(Error::from)?;
    let files = &tus.request.storage.files;
    files.remove_resumable(&upload.version).await;
    Ok(respond::empty(StatusCode::NO_CONTENT))
}
