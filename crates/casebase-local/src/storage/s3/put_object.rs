//! `PutObject`

use axum::{body::Body, response::Response};
use http::{StatusCode, header};

use super::{
    super::{
        error::Error,
        files::{self, Incoming},
        policy::Target,
        respond,
        upload::{self, Description},
    },
    S3, chunked, metadata,
};

pub async fn handle(mut s3: S3, body: Body) -> Result<Response, Error> {
    let length = chunked::length(&s3.request);
    // Clients make folders this way; Storage marks them with an empty object.
    if s3.key.ends_with('/') && s3.request.number("content-length") == Some(0) {
        s3.key.push_str(".emptyFolderPlaceholder");
    }
    let mut body = s3.incoming(body);
    let put = put(&s3, length, &mut body).await;
    if put.is_err() {
        files::drain(&mut body).await;
    }
    put
}

async fn put(s3: &S3, length: Option<u64>, body: &mut Incoming) -> Result<Response, Error> {
    let request = &s3.request;
    let bucket = upload::bucket(request, &s3.bucket).await?;
    let text = |name, default: &str| request.header(name).unwrap_or(default).to_owned();
    let description = Description {
        mimetype: text(header::CONTENT_TYPE, "application/octet-stream"),
        cache_control: text(header::CACHE_CONTROL, "no-cache"),
        user_metadata: metadata::from_headers(request),
        robots: None,
    };
    let target = Target {
        bucket: &s3.bucket,
        key: &s3.key,
        owner: request.caller.owner(),
        upsert: true,
    };
    let limit = upload::single_request_limit(request, &bucket, target.key);
    let uploaded = upload::raw(request, target, &bucket, description, length, limit, body).await?;
    let mut response = respond::empty(StatusCode::OK);
    respond::set(&mut response, header::ETAG, &uploaded.etag);
    Ok(response)
}
