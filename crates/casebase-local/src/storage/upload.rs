//! From a request's body to an object: limits, policies, bytes, row.

use axum::body::Body;
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use futures::StreamExt;
use http::header;
use multer::Multipart;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    database::{
        buckets::{self, Bucket},
        objects::{self, NewObject},
    },
    error::Error,
    files::{self, Incoming, Received, Stored},
    names,
    policy::{self, Declared, Target},
    request::{self, Request},
    respond::iso,
};

/// The largest `x-metadata` (or form field) taken.
const LARGEST_USER_METADATA: usize = 1024 * 1024;

/// What is known of the bytes beside the bytes.
#[derive(Debug, Clone, Default)]
pub struct Description {
    /// The type.
    pub mimetype: String,
    /// How long they may be cached.
    pub cache_control: String,
    /// The uploader's own metadata, as sent.
    pub user_metadata: Option<Value>,
    /// `X-Robots-Tag` for those who read it.
    pub robots: Option<String>,
}

/// An object that was written.
#[derive(Debug)]
pub struct Uploaded {
    /// Its id.
    pub id: Uuid,
    /// Its tag, quoted.
    pub etag: String,
}

/// The bucket, whether or not the caller may see it.
pub async fn bucket(request: &Request, id: &str) -> Result<Bucket, Error> {
    let mut client = request.client().await?;
    let tx = request.as_service(&mut client).await?;
    let bucket = buckets::find(&tx, id).await?;
    tx.commit().await?;
    Ok(bucket)
}

/// The largest object that one request may bring into `bucket` at `key`.
pub fn single_request_limit(request: &Request, bucket: &Bucket, key: &str) -> u64 {
    if names::is_empty_folder(key) || bucket.file_size_limit == Some(0) {
        return 0;
    }
    let config = &request.storage.config;
    total_limit(request, bucket).min(config.single_upload_limit)
}

/// The largest object that `bucket` takes, however it comes. (0 is a limit for single requests only.)
pub fn total_limit(request: &Request, bucket: &Bucket) -> u64 {
    let global = request.storage.config.file_size_limit;
    match bucket.file_size_limit.map(u64::try_from) {
        None | Some(Ok(0) | Err(_)) => global,
        Some(Ok(limit)) => limit.min(global),
    }
}

/// The REST upload: a raw body, or a form with a file.
pub async fn from_request(
    request: &Request,
    target: Target<'_>,
    body: Body,
) -> Result<Uploaded, Error> {
    names::check_bucket(target.bucket)?;
    let bucket = bucket(request, target.bucket).await?;
    let robots = request.header("x-robots-tag").map(str::to_owned);
    if let Some(robots) = &robots {
        names::check_robots_tag(robots)?;
    }
    let content_type = request.header(header::CONTENT_TYPE).unwrap_or_default();
    if content_type.starts_with("multipart/form-data") {
        let boundary = multer::parse_boundary(content_type).map_err(|_| Error::no_content())?;
        let form = Multipart::new(body.into_data_stream(), boundary);
        from_form(request, target, &bucket, form, robots).await
    } else {
        let mut body = request::incoming(body);
        let uploaded = from_raw(request, target, &bucket, &mut body, robots).await;
        if uploaded.is_err() {
            files::drain(&mut body).await;
        }
        uploaded
    }
}

async fn from_raw(
    request: &Request,
    target: Target<'_>,
    bucket: &Bucket,
    body: &mut Incoming,
    robots: Option<String>,
) -> Result<Uploaded, Error> {
    let description = Description {
        mimetype: request
            .header(header::CONTENT_TYPE)
            .unwrap_or("application/octet-stream")
            .to_owned(),
        cache_control: request
            .header(header::CACHE_CONTROL)
            .unwrap_or("no-cache")
            .to_owned(),
        user_metadata: request.header("x-metadata").and_then(decode_metadata),
        robots,
    };
    let length = request.number("content-length");
    // Storage compares the length that was declared, so a body without one is held to nothing but the disk.
    let limit = match length {
        Some(_) => single_request_limit(request, bucket, target.key),
        None => request.storage.config.file_size_limit,
    };
    raw(request, target, bucket, description, length, limit, body).await
}

/// A body of declared type, and of `limit` bytes at most; used by REST and S3 alike.
pub async fn raw(
    request: &Request,
    target: Target<'_>,
    bucket: &Bucket,
    description: Description,
    length: Option<u64>,
    limit: u64,
    body: &mut Incoming,
) -> Result<Uploaded, Error> {
    if !names::is_empty_folder(target.key) {
        names::check_mime(&description.mimetype, bucket.mime_types())?;
    }
    if length.is_some_and(|length| length > limit) {
        return Err(Error::too_large());
    }
    names::check_key(target.key)?;
    ask_policies(request, target, &description, length).await?;
    names::check_segments(target.key)?;
    let received = request.storage.files.receive(body, limit).await?;
    complete(request, target, received, description).await
}

/// A form's file is taken in before the policies are asked: fields that describe it may follow it.
async fn from_form(
    request: &Request,
    target: Target<'_>,
    bucket: &Bucket,
    form: Multipart<'static>,
    robots: Option<String>,
) -> Result<Uploaded, Error> {
    let limit = single_request_limit(request, bucket, target.key);
    let form = Form::read(request, form, limit).await?;
    let (received, file_type) = form.file.ok_or_else(Error::no_content)?;
    let fields = form.fields;
    let description = Description {
        mimetype: fields
            .get("contentType")
            .filter(|t| !t.is_empty())
            .cloned()
            .unwrap_or(file_type),
        cache_control: fields
            .get("cacheControl")
            .filter(|age| !age.is_empty())
            .map_or("no-cache".to_owned(), |age| format!("max-age={age}")),
        user_metadata: form_metadata(&fields)?,
        robots,
    };
    if !names::is_empty_folder(target.key) {
        names::check_mime(&description.mimetype, bucket.mime_types())?;
    }
    names::check_key(target.key)?;
    let length = request.number("content-length");
    ask_policies(request, target, &description, length).await?;
    names::check_segments(target.key)?;
    complete(request, target, received?, description).await
}

type Fields = std::collections::HashMap<String, String>;

/// A form as it was sent: its first file, and its fields.
struct Form {
    /// The bytes (or why they could not be taken) and their type.
    file: Option<(Result<Received, Error>, String)>,
    fields: Fields,
}

impl Form {
    async fn read(
        request: &Request,
        mut form: Multipart<'static>,
        limit: u64,
    ) -> Result<Self, Error> {
        let unreadable = |_| Error::no_content();
        let mut read = Self {
            file: None,
            fields: Fields::new(),
        };
        while let Some(field) = form.next_field().await.map_err(unreadable)? {
            if field.file_name().is_none() {
                let name = field.name().unwrap_or_default().to_owned();
                let value = field.text().await.map_err(unreadable)?;
                if value.len() > LARGEST_USER_METADATA {
                    return Err(Error::metadata_too_large());
                }
                read.fields.entry(name).or_insert(value);
            } else if read.file.is_none() {
                let file_type = field
                    .content_type()
                    .map_or("application/octet-stream".to_owned(), ToString::to_string);
                let mut bytes: Incoming =
                    Box::pin(field.map(move |chunk| chunk.map_err(unreadable)));
                let received = request.storage.files.receive(&mut bytes, limit).await;
                files::drain(&mut bytes).await;
                read.file = Some((received, file_type));
            }
        }
        Ok(read)
    }
}

fn form_metadata(fields: &Fields) -> Result<Option<Value>, Error> {
    let text = fields
        .get("metadata")
        .or_else(|| fields.get("userMetadata"));
    Ok(text.and_then(|text| serde_json::from_str(text).ok()))
}

/// Metadata in a header: JSON in base64. What can't be read is as if it were not sent.
pub fn decode_metadata(header: &str) -> Option<Value> {
    let decoded = decode_base64(header)?;
    serde_json::from_slice(&decoded).ok()
}

/// Base64 as Node reads it: either alphabet, padded or not.
pub fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let standard: String = text
        .trim()
        .trim_end_matches('=')
        .chars()
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    STANDARD_NO_PAD.decode(standard).ok()
}

async fn ask_policies(
    request: &Request,
    target: Target<'_>,
    description: &Description,
    length: Option<u64>,
) -> Result<(), Error> {
    let declared = Declared {
        mimetype: Some(&description.mimetype),
        content_length: length,
        user_metadata: description.user_metadata.as_ref(),
    };
    policy::can_upload(request, target, &declared).await
}

async fn complete(
    request: &Request,
    target: Target<'_>,
    received: Received,
    description: Description,
) -> Result<Uploaded, Error> {
    let version = files::new_version();
    let stored = request.storage.files.keep(received, &version).await?;
    // Only an object can be spread into the stored metadata; anything else leaves it empty.
    let user_metadata = match description.user_metadata {
        Some(object @ Value::Object(_)) => object,
        _ => json!({}),
    };
    let metadata = metadata_of(
        &stored,
        &description.mimetype,
        &description.cache_control,
        description.robots.as_deref(),
    );
    record(request, target, &stored, &metadata, Some(&user_metadata)).await
}

/// What is stored of the bytes in `storage.objects.metadata`.
pub fn metadata_of(
    stored: &Stored,
    mimetype: &str,
    cache_control: &str,
    robots: Option<&str>,
) -> Value {
    let mut metadata = Map::new();
    metadata.insert("eTag".into(), json!(format!("\"{}\"", stored.md5)));
    metadata.insert("size".into(), json!(stored.size));
    metadata.insert("mimetype".into(), json!(mimetype));
    metadata.insert("cacheControl".into(), json!(cache_control));
    metadata.insert("lastModified".into(), json!(iso(stored.modified)));
    metadata.insert("contentLength".into(), json!(stored.size));
    metadata.insert("httpStatusCode".into(), json!(200));
    if let Some(robots) = robots {
        metadata.insert("xRobotsTag".into(), json!(robots));
    }
    Value::Object(metadata)
}

/// Writes the row for stored bytes with the project's rights, and then forgets the bytes it named before.
///
/// Without the row the bytes are forgotten again.
pub async fn record(
    request: &Request,
    target: Target<'_>,
    stored: &Stored,
    metadata: &Value,
    user_metadata: Option<&Value>,
) -> Result<Uploaded, Error> {
    let object = NewObject {
        bucket_id: target.bucket,
        name: target.key,
        owner: target.owner,
        version: &stored.version,
        metadata,
        user_metadata,
    };
    let written = write_row(request, &object).await;
    match written {
        Ok((row, replaced)) => {
            request.storage.files.remove(Vec::from_iter(replaced)).await;
            Ok(Uploaded {
                id: row.id,
                etag: row.metadata["eTag"].as_str().unwrap_or_default().to_owned(),
            })
        }
        Err(e) => {
            request
                .storage
                .files
                .remove(vec![stored.version.clone()])
                .await;
            Err(e)
        }
    }
}

/// Writes the row of a key that the policies have allowed; returns it and the version that it replaces.
pub async fn write_row(
    request: &Request,
    object: &NewObject<'_>,
) -> Result<(objects::Object, Option<String>), Error> {
    let mut client = request.client().await?;
    let tx = request.as_service(&mut client).await?;
    objects::lock_key(&tx, object.bucket_id, object.name).await?;
    let replaced = objects::find_for_update(&tx, object.bucket_id, object.name)
        .await?
        .and_then(|old| old.version)
        .filter(|version| version != object.version);
    let row = objects::upsert(&tx, object).await?;
    tx.commit().await?;
    Ok((row, replaced))
}
