//! `POST /upload/resumable`

use axum::{body::Body, response::Response};
use http::{StatusCode, header};
use serde_json::Value;

use super::{
    super::{
        database::resumable::{self, Metadata, Upload},
        error::Error,
        files, names,
        request::incoming,
        respond, upload,
    },
    BYTES, Grant, Refusal, Tus, parse_metadata, text,
    upload_url::UploadId,
};

pub async fn handle(tus: &Tus, body: Body) -> Result<Response, Refusal> {
    let mut body = incoming(body);
    let created = create(tus, &mut body).await;
    if created.is_err() {
        files::drain(&mut body).await;
    }
    created
}

async fn create(tus: &Tus, body: &mut files::Incoming) -> Result<Response, Refusal> {
    let length = declared_length(tus)?;
    let mut metadata = tus
        .request
        .header("upload-metadata")
        .and_then(parse_metadata)
        .ok_or_else(Error::metadata_required)?;
    let id = name(&metadata)?;
    let grant = admit(tus, &id, &mut metadata, length).await?;
    let mut upload = Upload {
        version: id.version.clone(),
        bucket_id: id.bucket.clone(),
        object_name: id.key.clone(),
        length: length.map(|length| i64::try_from(length).unwrap_or(i64::MAX)),
        offset: 0,
        metadata,
    };
    remember(tus, &upload).await?;

    let mut response = text(StatusCode::CREATED, "");
    if tus.request.header(header::CONTENT_TYPE) == Some(BYTES) {
        let limit = super::patch::body_limit(tus, &upload).await?;
        tus.append(&mut upload, body, limit).await?;
        respond::set(
            &mut response,
            header::HeaderName::from_static("upload-offset"),
            &upload.offset.to_string(),
        );
    }
    if upload.is_complete() {
        tus.finish(&upload, &grant).await?;
        respond::set(
            &mut response,
            header::HeaderName::from_static("tus-complete"),
            "1",
        );
    }
    let url = id.url(&tus.request.base_url(), tus.signed);
    respond::set(&mut response, header::LOCATION, &url);
    Ok(response)
}

/// The length now, or the promise to say it later; not both, and not neither.
fn declared_length(tus: &Tus) -> Result<Option<u64>, Refusal> {
    if tus.request.header("upload-concat").is_some() {
        return Err(Refusal::new(
            StatusCode::NOT_IMPLEMENTED,
            "Concatenation extension is not (yet) supported. Disable parallel uploads in the tus client.\n",
        ));
    }
    let deferred = tus.request.header("upload-defer-length").is_some();
    match (tus.request.number("upload-length"), deferred) {
        (Some(length), false) => Ok(Some(length)),
        (None, true) => Ok(None),
        _ => Err(Refusal::invalid_length()),
    }
}

fn name(metadata: &Metadata) -> Result<UploadId, Error> {
    let value = |name| {
        metadata
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let id = UploadId {
        bucket: value("bucketName").to_owned(),
        key: value("objectName").to_owned(),
        version: files::new_version(),
    };
    names::check_bucket(&id.bucket)?;
    names::check_key(&id.key)?;
    Ok(id)
}

/// Limits, policies, types; in this order, as each has its own answer.
async fn admit(
    tus: &Tus,
    id: &UploadId,
    metadata: &mut Metadata,
    length: Option<u64>,
) -> Result<Grant, Refusal> {
    let bucket = upload::bucket(&tus.request, &id.bucket).await?;
    if length.is_some_and(|length| length > upload::total_limit(&tus.request, &bucket)) {
        return Err(Refusal::over_the_limit());
    }
    let grant = tus.authorize(&id.bucket, &id.key, metadata, length).await?;
    names::check_segments(&id.key)?;
    let seconds = metadata
        .get("cacheControl")
        .and_then(Value::as_str)
        .filter(|age| age.parse::<i64>().is_ok());
    let cache_control = seconds.map_or("no-cache".to_owned(), |age| format!("max-age={age}"));
    metadata.insert("cacheControl".into(), cache_control.into());
    if let Some(Value::String(mimetype)) = metadata.get("contentType") {
        names::check_mime(mimetype, bucket.mime_types())?;
    }
    Ok(grant)
}

async fn remember(tus: &Tus, upload: &Upload) -> Result<(), Error> {
    let mut client = tus.request.client().await?;
    let tx = tus.request.as_service(&mut client).await?;
    let old = resumable::forget_old(&tx).await?;
    resumable::insert(&tx, upload).await?;
    tx.commit().await?;
    let files = &tus.request.storage.files;
    for version in old {
        files.remove_resumable(&version).await;
    }
    files.begin_resumable(&upload.version).await
}
