//! `UploadPart` and `UploadPartCopy`

use axum::{body::Body, response::Response};
use chrono::Utc;
use http::{StatusCode, header};

use super::{
    super::{
        database::{
            multipart::{self, Part, Upload},
            objects::{self, Object},
        },
        error::Error,
        files::{self, Incoming},
        range::ByteRange,
        render::Facts,
        respond::{self, iso},
        upload,
    },
    S3, chunked, create_multipart, parameters,
    xml::Document,
};

/// `UploadPart`
pub async fn upload(s3: S3, body: Body) -> Result<Response, Error> {
    let mut body = s3.incoming(body);
    let uploaded = take(&s3, &mut body).await;
    if uploaded.is_err() {
        files::drain(&mut body).await;
    }
    uploaded
}

async fn take(s3: &S3, body: &mut Incoming) -> Result<Response, Error> {
    let request = &s3.request;
    let number = parameters::part_number(request)?;
    let length = chunked::length(request).ok_or_else(Error::missing_content_length)?;
    let bucket = upload::bucket(request, &s3.bucket).await?;
    let upload = create_multipart::find(s3).await?;
    let limit = upload::total_limit(request, &bucket);
    reserve(s3, &upload, length, limit).await?;

    let files = &request.storage.files;
    let kept = async {
        let received = files.receive(body, length).await?;
        let part = Part {
            number,
            etag: received.md5.clone(),
            created_at: Utc::now(),
        };
        files.keep_part(received, &upload.id, number).await?;
        Ok(part)
    };
    let part = match kept.await {
        Ok(part) => part,
        Err(e) => {
            give_back(s3, &upload, length).await?;
            return Err(e);
        }
    };
    record(s3, &upload, &part, length).await?;
    let mut response = respond::empty(StatusCode::OK);
    respond::set(&mut response, header::ETAG, &part.etag);
    respond::set(&mut response, header::ACCESS_CONTROL_EXPOSE_HEADERS, "etag");
    Ok(response)
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// All parts together may not be larger than an object.
async fn reserve(s3: &S3, upload: &Upload, bytes: u64, limit: u64) -> Result<(), Error> {
    let mut client = s3.request.client().await?;
    let tx = s3.request.as_service(&mut client).await?;
    multipart::reserve(&tx, &upload.id, signed(bytes), signed(limit)).await?;
    tx.commit().await?;
    Ok(())
}

async fn give_back(s3: &S3, upload: &Upload, bytes: u64) -> Result<(), Error> {
    let mut client = s3.request.client().await?;
    let tx = s3.request.as_service(&mut client).await?;
    multipart::reserve(&tx, &upload.id, -signed(bytes), i64::MAX).await?;
    tx.commit().await?;
    Ok(())
}

async fn record(s3: &S3, upload: &Upload, part: &Part, bytes: u64) -> Result<(), Error> {
    let owner = s3.request.caller.owner();
    let mut client = s3.request.client().await?;
    let tx = s3.request.as_service(&mut client).await?;
    multipart::insert_part(&tx, upload, part, signed(bytes), owner).await?;
    tx.commit().await?;
    Ok(())
}

/// `UploadPartCopy`
pub async fn copy(s3: &S3) -> Result<Response, Error> {
    let request = &s3.request;
    let number = parameters::part_number(request)?;
    let source = source(s3).await?;
    let size = Facts(&source.metadata).size().unwrap_or_default();
    let range = match request.header("x-amz-copy-source-range") {
        Some(header) => ByteRange::parse_copy_source(header, size)?,
        None => ByteRange {
            first: 0,
            last: size.saturating_sub(1),
        },
    };
    let bytes = range.size().min(size);
    let bucket = upload::bucket(request, &s3.bucket).await?;
    let upload = create_multipart::find(s3).await?;
    let limit = upload::total_limit(request, &bucket);
    reserve(s3, &upload, bytes, limit).await?;

    let files = &request.storage.files;
    let version = source.version.as_deref();
    let part = Part {
        number,
        etag: files.copy_part(version, &range, &upload.id, number).await?,
        created_at: Utc::now(),
    };
    record(s3, &upload, &part, bytes).await?;
    let mut document = Document::new("CopyPartResult");
    document.text("ETag", &part.etag);
    document.text("LastModified", iso(part.created_at));
    Ok(document.respond(StatusCode::OK))
}

async fn source(s3: &S3) -> Result<Object, Error> {
    let (bucket, key) = parameters::copy_source(&s3.request)?;
    let mut client = s3.request.client().await?;
    let tx = s3.request.as_caller(&mut client).await?;
    let found = objects::find(&tx, bucket, key).await?;
    tx.commit().await?;
    found.ok_or_else(Error::no_such_key)
}
