//! Showing an object: its bytes, its headers alone, or what is known of it.

use axum::{body::Body, response::Response};
use chrono::{DateTime, Utc};
use http::{
    StatusCode,
    header::{self, HeaderName},
};
use serde_json::{Value, json};

use super::{
    database::objects::Object,
    error::Error,
    names,
    range::ByteRange,
    request::{Request, encode_component},
    respond::{self, http_date, iso},
};

const X_ROBOTS_TAG: HeaderName = HeaderName::from_static("x-robots-tag");

/// How the bytes are to be shown.
#[derive(Debug, Default)]
pub struct Presentation<'a> {
    /// The name to save them as; empty for the key's own.
    pub download: Option<&'a str>,
    /// Until when the URL is good; without it the object's own cache control counts.
    pub expires: Option<DateTime<Utc>>,
}

/// What `metadata` says of an object's bytes.
pub struct Facts<'a>(pub &'a Value);

impl<'a> Facts<'a> {
    fn text(&self, key: &str) -> Option<&'a str> {
        self.0.get(key).and_then(Value::as_str)
    }

    /// The type.
    pub fn mimetype(&self) -> Option<&'a str> {
        self.text("mimetype")
    }

    /// How long it may be cached.
    pub fn cache_control(&self) -> Option<&'a str> {
        self.text("cacheControl")
    }

    /// The quoted tag.
    pub fn etag(&self) -> Option<&'a str> {
        self.text("eTag")
    }

    /// How many bytes.
    pub fn size(&self) -> Option<u64> {
        self.0.get("size").and_then(Value::as_u64)
    }

    /// When the bytes were written.
    pub fn last_modified(&self) -> Option<DateTime<Utc>> {
        let text = self.text("lastModified")?;
        DateTime::parse_from_rfc3339(text).ok().map(|t| t.to_utc())
    }

    fn robots(&self) -> &'a str {
        self.text("xRobotsTag")
            .filter(|tag| names::check_robots_tag(tag).is_ok())
            .unwrap_or("none")
    }
}

/// Whether the caller has these bytes already.
fn not_modified(request: &Request, facts: &Facts<'_>) -> bool {
    let etag = request.header(header::IF_NONE_MATCH);
    if etag.is_some() && etag == facts.etag() {
        return true;
    }
    let since = request
        .header(header::IF_MODIFIED_SINCE)
        .and_then(|date| DateTime::parse_from_rfc2822(date).ok());
    matches!((since, facts.last_modified()), (Some(since), Some(modified)) if modified <= since)
}

/// The object's bytes, the part of them that the caller asks for, or nothing if the caller has them.
pub async fn bytes(request: &Request, object: &Object) -> Result<Response, Error> {
    let files = &request.storage.files;
    let version = object.version.as_deref();
    let total = files.size(version).await?;
    if not_modified(request, &Facts(&object.metadata)) {
        return Ok(respond::empty(StatusCode::NOT_MODIFIED));
    }
    let range = match request.header(header::RANGE) {
        Some(header) => Some(ByteRange::parse(header, total)?),
        None => None,
    };
    let mut response = Response::new(files.read(version, range.as_ref()).await?);
    let size = range.map_or(total, |range| range.size());
    respond::set(&mut response, header::CONTENT_LENGTH, &size.to_string());
    if let Some(range) = range {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let content_range = range.content_range(total);
        respond::set(&mut response, header::CONTENT_RANGE, &content_range);
    }
    Ok(response)
}

/// The object's bytes with all that is to be said of them.
pub async fn asset(
    request: &Request,
    object: &Object,
    presentation: &Presentation<'_>,
) -> Result<Response, Error> {
    let facts = Facts(&object.metadata);
    let mut response = bytes(request, object).await?;
    describe(&mut response, &facts);
    match presentation.expires {
        Some(expires) => respond::set(&mut response, header::EXPIRES, &http_date(expires)),
        None => set_cache_control(&mut response, request, &facts, "stale-while-revalidate=30"),
    }
    if let Some(name) = presentation.download {
        respond::set(
            &mut response,
            header::CONTENT_DISPOSITION,
            &disposition(name),
        );
    }
    Ok(response)
}

/// The headers of the object's bytes, and no bytes.
pub fn head(request: &Request, object: &Object) -> Response {
    let facts = Facts(&object.metadata);
    let mut response = respond::empty(StatusCode::OK);
    describe(&mut response, &facts);
    set_cache_control(&mut response, request, &facts, "must-revalidate");
    if let Some(size) = facts.size() {
        respond::set(&mut response, header::CONTENT_LENGTH, &size.to_string());
    }
    response
}

/// What is known of the object, as JSON.
pub fn info(object: &Object) -> Response {
    let facts = Facts(&object.metadata);
    let mut response = respond::ok(&json!({
        "id": object.id,
        "name": object.name,
        "version": object.version,
        "bucket_id": object.bucket_id,
        "size": facts.size(),
        "content_type": facts.mimetype(),
        "cache_control": facts.cache_control(),
        "etag": facts.etag(),
        "metadata": object.user_metadata,
        "last_modified": object.updated_at.map(iso),
        "created_at": object.created_at.map(iso),
    }));
    set_tag_and_time(&mut response, &facts);
    if let Some(cache_control) = facts.cache_control() {
        respond::set(&mut response, header::CACHE_CONTROL, cache_control);
    }
    response
}

fn describe(response: &mut Response<Body>, facts: &Facts<'_>) {
    // Shown in a browser, HTML would run with the project's origin.
    let mimetype = match facts.mimetype() {
        Some(html) if html.contains("text/html") => "text/plain",
        Some(mimetype) => mimetype,
        None => "application/octet-stream",
    };
    respond::set(response, header::ACCEPT_RANGES, "bytes");
    respond::set(response, header::CONTENT_TYPE, mimetype);
    respond::set(response, X_ROBOTS_TAG, facts.robots());
    set_tag_and_time(response, facts);
}

fn set_tag_and_time(response: &mut Response<Body>, facts: &Facts<'_>) {
    if let Some(etag) = facts.etag() {
        respond::set(response, header::ETAG, etag);
    }
    if let Some(modified) = facts.last_modified() {
        respond::set(response, header::LAST_MODIFIED, &http_date(modified));
    }
}

/// A caller that asked with a tag of older bytes learns how to treat them.
fn set_cache_control(
    response: &mut Response<Body>,
    request: &Request,
    facts: &Facts<'_>,
    when_changed: &str,
) {
    let mut cache_control = facts.cache_control().unwrap_or("no-cache").to_owned();
    let etag = request.header(header::IF_NONE_MATCH);
    if etag.is_some() && etag != facts.etag() {
        cache_control = format!("{cache_control}, {when_changed}");
    }
    respond::set(response, header::CACHE_CONTROL, &cache_control);
}

fn disposition(name: &str) -> String {
    if name.is_empty() {
        return "attachment;".into();
    }
    let name = encode_component(name);
    format!("attachment; filename={name}; filename*=UTF-8''{name}")
}
