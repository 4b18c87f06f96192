//! `GetObject`, `HeadObject`, `GetObjectTagging`

use axum::response::Response;
use chrono::{DateTime, Utc};
use http::{
    HeaderValue, StatusCode,
    header::{self, HeaderName},
};

use super::{
    super::{
        database::objects::{self, Object},
        error::Error,
        names,
        render::{self, Facts},
        respond::{self, http_date},
    },
    S3, metadata,
    xml::Document,
};

/// What the caller may see; here a public bucket is no exception.
async fn find(s3: &S3) -> Result<Object, Error> {
    names::check_bucket(&s3.bucket)?;
    names::check_key(&s3.key)?;
    let mut client = s3.request.client().await?;
    let tx = s3.request.as_caller(&mut client).await?;
    let found = objects::find(&tx, &s3.bucket, &s3.key).await?;
    tx.commit().await?;
    found.ok_or_else(Error::no_such_key)
}

/// `GetObject`
pub async fn get(s3: &S3) -> Result<Response, Error> {
    let expires = expires_override(s3)?;
    let object = find(s3).await?;
    let facts = Facts(&object.metadata);
    let mut response = render::bytes(&s3.request, &object).await?;
    let mut set = |name, value: &str| respond::set(&mut response, name, value);
    set(
        header::CACHE_CONTROL,
        facts.cache_control().unwrap_or("no-cache"),
    );
    set(
        header::CONTENT_TYPE,
        facts.mimetype().unwrap_or("application/octet-stream"),
    );
    set(header::ETAG, facts.etag().unwrap_or_default());
    set(
        header::LAST_MODIFIED,
        &facts.last_modified().map(http_date).unwrap_or_default(),
    );
    metadata::set_headers(&mut response, object.user_metadata.as_ref());
    override_headers(s3, &mut response, expires);
    Ok(response)
}

/// What a presigned URL may say instead of the object.
fn override_headers(s3: &S3, response: &mut Response, expires: Option<DateTime<Utc>>) {
    let overrides = [
        ("response-content-disposition", header::CONTENT_DISPOSITION),
        ("response-content-type", header::CONTENT_TYPE),
        ("response-cache-control", header::CACHE_CONTROL),
        ("response-content-encoding", header::CONTENT_ENCODING),
        ("response-content-language", header::CONTENT_LANGUAGE),
    ];
    for (parameter, name) in overrides {
        if let Some(value) = s3.request.query.get(parameter).filter(|v| !v.is_empty()) {
            respond::set(response, name, value);
        }
    }
    if let Some(expires) = expires {
        respond::set(response, header::EXPIRES, &http_date(expires));
    }
}

fn expires_override(s3: &S3) -> Result<Option<DateTime<Utc>>, Error> {
    let Some(text) = s3
        .request
        .query
        .get("response-expires")
        .filter(|v| !v.is_empty())
    else {
        return Ok(None);
    };
    let parsed = DateTime::parse_from_rfc2822(text).or_else(|_| DateTime::parse_from_rfc3339(text));
    match parsed {
        Ok(time) => Ok(Some(time.to_utc())),
        Err(_) => Err(Error::invalid_parameter("response-expires")),
    }
}

/// `HeadObject`: what the row says.
pub async fn head(s3: &S3) -> Result<Response, Error> {
    let object = find(s3).await?;
    let facts = Facts(&object.metadata);
    let mut response = respond::empty(StatusCode::OK);
    let values = [
        (
            header::CACHE_CONTROL,
            facts.cache_control().map(str::to_owned),
        ),
        (
            header::CONTENT_LENGTH,
            facts.size().map(|size| size.to_string()),
        ),
        (header::CONTENT_TYPE, facts.mimetype().map(str::to_owned)),
        (header::ETAG, facts.etag().map(str::to_owned)),
        (header::LAST_MODIFIED, object.updated_at.map(http_date)),
        (
            HeaderName::from_static("created-at"),
            object.created_at.map(respond::iso),
        ),
    ];
    for (name, value) in values {
        if let Some(Ok(value)) = value.map(HeaderValue::try_from) {
            response.headers_mut().insert(name, value);
        }
    }
    metadata::set_headers(&mut response, object.user_metadata.as_ref());
    Ok(response)
}

/// `GetObjectTagging`: Storage keeps no tags.
pub async fn tagging(s3: &S3) -> Result<Response, Error> {
    find(s3).await?;
    let mut document = Document::new("Tagging");
    document.text("TagSet", "");
    Ok(document.respond(StatusCode::OK))
}
