//! `/upload/resumable`: uploads in pieces, as the TUS protocol 1.0.0 has them.

mod create;
mod head;
mod lock;
mod metadata;
mod patch;
mod terminate;
mod upload_url;

use std::sync::Arc;

use axum::{body::Body, extract::Request as HttpRequest, response::Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use serde_json::Value;

pub use lock::Locks;

use self::{
    metadata::parse as parse_metadata,
    upload_url::{NotAnId, UploadId, UploadUrl},
};
use super::{
    Storage,
    caller::Caller,
    database::{
        objects,
        resumable::{self, Upload},
    },
    error::Error,
    policy::{self, Declared, Target},
    request::Request,
    respond, rest,
    signed_url::{self, Scope},
    upload,
};

const EXTENSIONS: &str =
    "creation,creation-with-upload,creation-defer-length,termination,expiration";
const BYTES: &str = "application/offset+octet-stream";

/// A refusal: TUS answers with the true status and a sentence.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    body: String,
}

impl Refusal {
    fn new(status: StatusCode, body: &str) -> Self {
        Self {
            status,
            body: body.to_owned(),
        }
    }

    fn unknown_upload() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "The file for this url was not found\n",
        )
    }

    fn invalid_length() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "Upload-Length or Upload-Defer-Length header required\n",
        )
    }

    fn over_its_length() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "upload's size exceeded\n")
    }

    fn over_the_limit() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "Maximum size exceeded\n")
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self {
            status: StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            body: error.message,
        }
    }
}

/// A TUS request: beside the caller, whether a signed URL speaks for it.
struct Tus {
    request: Request,
    /// Whether the URL is a signed one, and the `x-signature` header says what is allowed.
    signed: bool,
}

/// Answers a request.
pub async fn serve(storage: Arc<Storage>, request: HttpRequest) -> Response {
    let (parts, body) = request.into_parts();
    let url = parts.uri.path_and_query();
    let url = url.and_then(|url| UploadUrl::parse(url.as_str()));
    let Some((url, operation)) = url.and_then(|url| Some((url, operation(&parts.method)?))) else {
        return rest::not_found(&parts);
    };
    let method = parts.method.clone();
    let tus = match authenticated(storage, parts, &url, operation) {
        Ok(tus) => tus,
        Err(e) => return e.rest(),
    };
    let answer = match check_headers(&tus.request) {
        Err(refusal) => Err(refusal),
        Ok(()) => match method {
            Method::OPTIONS => Ok(options(&tus)),
            Method::POST => create::handle(&tus, body).await,
            Method::PATCH => patch::handle(&tus, &url, body).await,
            Method::HEAD => head::handle(&tus, &url).await,
            _ => terminate::handle(&tus, &url).await,
        },
    };
    let mut response = answer.unwrap_or_else(|refusal| text(refusal.status, refusal.body));
    set_common_headers(response.headers_mut());
    response
}

fn operation(method: &Method) -> Option<&'static str> {
    match *method {
        Method::POST => Some("storage.tus.upload.create"),
        Method::PATCH => Some("storage.tus.upload.part"),
        Method::HEAD => Some("storage.tus.upload.get"),
        Method::DELETE => Some("storage.tus.upload.delete"),
        Method::OPTIONS => Some("storage.tus.options"),
        _ => None,
    }
}

fn authenticated(
    storage: Arc<Storage>,
    parts: Parts,
    url: &UploadUrl,
    operation: &'static str,
) -> Result<Tus, Error> {
    let mut request = Request::new(storage, parts, operation);
    request.check_media_type()?;
    request.caller = if url.signed || request.method == Method::OPTIONS {
        Caller::service()
    } else {
        let header = request.header(header::AUTHORIZATION).unwrap_or_default();
        Caller::from_token(&request.storage.config.keys, rest::bearer(header))?
    };
    Ok(Tus {
        request,
        signed: url.signed,
    })
}

/// Refuses what is not TUS 1.0.0, naming every header that is wrong.
fn check_headers(request: &Request) -> Result<(), Refusal> {
    if request.method == Method::OPTIONS {
        return Ok(());
    }
    if request.header("tus-resumable").is_none() {
        return Err(Refusal::new(
            StatusCode::PRECONDITION_FAILED,
            "Tus-Resumable Required\n",
        ));
    }
    let is_count = |v: &str| v.parse::<u64>().is_ok_and(|n| n.to_string() == v);
    let mut invalid: Vec<&str> = Vec::new();
    for (name, value) in &request.headers {
        let value = value.to_str().unwrap_or_default();
        let valid = match name.as_str() {
            "upload-offset" | "upload-length" => is_count(value),
            "upload-defer-length" => value == "1",
            "upload-metadata" => parse_metadata(value).is_some(),
            "tus-resumable" | "tus-version" => value == "1.0.0",
            "x-forwarded-proto" => value == "http" || value == "https",
            "content-type" => request.method != Method::PATCH || value == BYTES,
            "upload-concat" => value == "partial" || value.starts_with("final;"),
            _ => true,
        };
        if !valid {
            invalid.push(name.as_str());
        }
    }
    invalid.sort_unstable();
    if invalid.is_empty() {
        Ok(())
    } else {
        let body = format!("Invalid {}\n", invalid.join(" "));
        Err(Refusal::new(StatusCode::BAD_REQUEST, &body))
    }
}

fn options(tus: &Tus) -> Response {
    let mut response = respond::empty(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    let limit = tus.request.storage.config.file_size_limit;
    headers.insert("tus-version", HeaderValue::from_static("1.0.0"));
    headers.insert("tus-extension", HeaderValue::from_static(EXTENSIONS));
    headers.insert("tus-max-size", HeaderValue::from(limit));
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("POST, HEAD, PATCH, OPTIONS, DELETE"),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static(
            "Authorization, Content-Type, Location, Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version, \
             Upload-Concat, Upload-Defer-Length, Upload-Length, Upload-Metadata, Upload-Offset, X-Upsert, \
             Upload-Expires, ApiKey, x-signature",
        ),
    );
    response
}

fn set_common_headers(headers: &mut HeaderMap) {
    headers.insert("tus-resumable", HeaderValue::from_static("1.0.0"));
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(
            "Location, Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version, Upload-Defer-Length, \
             Upload-Length, Upload-Metadata, Upload-Offset",
        ),
    );
}

fn text(status: StatusCode, body: impl Into<Body>) -> Response {
    respond::with_type(
        status,
        HeaderValue::from_static("text/plain;charset=UTF-8"),
        body,
    )
}

/// Whom an upload is for, and whether it may overwrite.
struct Grant {
    owner: Option<String>,
    upsert: bool,
}

impl Tus {
    /// Asks the policies; under a signed URL they were asked when it was signed.
    async fn authorize(
        &self,
        bucket: &str,
        key: &str,
        metadata: &resumable::Metadata,
        length: Option<u64>,
    ) -> Result<Grant, Refusal> {
        if self.signed {
            return Ok(self.check_signature(bucket, key)?);
        }
        let grant = Grant {
            owner: self.request.caller.owner().map(str::to_owned),
            upsert: self.request.upsert(),
        };
        let user_metadata = user_metadata(metadata);
        let declared = Declared {
            mimetype: metadata.get("contentType").and_then(Value::as_str),
            content_length: length,
            user_metadata: user_metadata.as_ref(),
        };
        let target = Target {
            bucket,
            key,
            owner: grant.owner.as_deref(),
            upsert: grant.upsert,
        };
        policy::can_upload(&self.request, target, &declared).await?;
        Ok(grant)
    }

    fn check_signature(&self, bucket: &str, key: &str) -> Result<Grant, Error> {
        let token = self
            .request
            .header("x-signature")
            .ok_or_else(|| Error::invalid_signature("Missing x-signature header"))?;
        let keys = &self.request.storage.config.keys;
        let grant = signed_url::check(keys, token, &format!("{bucket}/{key}"), Scope::Upload)?;
        Ok(Grant {
            owner: grant.owner,
            upsert: grant.upsert,
        })
    }

    /// The upload that the URL names.
    async fn find(&self, url: &UploadUrl) -> Result<Upload, Refusal> {
        let id = url_id(url)?;
        let mut client = self.request.client().await?;
        let tx = self.request.as_service(&mut client).await?;
        let found = resumable::find(&tx, &id.version, &id.bucket, &id.key).await?;
        tx.commit().await.map_err(Error::from)?;
        found.ok_or_else(Refusal::unknown_upload)
    }

    /// Takes in bytes at the upload's offset, as many as it may still have.
    async fn append(
        &self,
        upload: &mut Upload,
        body: &mut super::files::Incoming,
        limit: u64,
    ) -> Result<(), Refusal> {
        let offset = upload.offset.unsigned_abs();
        let files = &self.request.storage.files;
        let (reached, outcome) = files.append(&upload.version, offset, body, limit).await?;
        upload.offset = i64::try_from(reached).unwrap_or(i64::MAX);
        let mut client = self.request.client().await?;
        let tx = self.request.as_service(&mut client).await?;
        resumable::advance(&tx, upload).await?;
        tx.commit().await.map_err(Error::from)?;
        outcome.map_err(|error| match error.code {
            "EntityTooLarge" => Refusal::over_its_length(),
            _ => error.into(),
        })
    }

    /// Makes a complete upload an object.
    async fn finish(&self, upload: &Upload, grant: &Grant) -> Result<(), Refusal> {
        let files = &self.request.storage.files;
        let stored = files.keep_resumable(&upload.version).await?;
        let metadata = upload::metadata_of(
            &stored,
            upload
                .metadata_value("contentType")
                .unwrap_or("application/octet-stream"),
            upload.metadata_value("cacheControl").unwrap_or("no-cache"),
            None,
        );
        let target = Target {
            bucket: &upload.bucket_id,
            key: &upload.object_name,
            owner: grant.owner.as_deref(),
            upsert: grant.upsert,
        };
        let user_metadata = user_metadata(&upload.metadata);
        upload::record(
            &self.request,
            target,
            &stored,
            &metadata,
            user_metadata.as_ref(),
        )
        .await?;
        files.remove_resumable(&upload.version).await;
        Ok(())
    }

    /// Whether the upload's object is there, with these bytes.
    async fn is_finished(&self, upload: &Upload) -> Result<bool, Refusal> {
        let mut client = self.request.client().await?;
        let tx = self.request.as_service(&mut client).await?;
        let object = objects::find(&tx, &upload.bucket_id, &upload.object_name).await?;
        tx.commit().await.map_err(Error::from)?;
        Ok(object.is_some_and(|object| object.version.as_deref() == Some(&upload.version)))
    }
}

/// The upload that the URL names, if it can be one.
fn url_id(url: &UploadUrl) -> Result<&UploadId, Refusal> {
    match &url.id {
        Some(Ok(id)) => Ok(id),
        Some(Err(NotAnId)) => Err(Error::invalid_upload_id().into()),
        None => Err(Refusal::unknown_upload()),
    }
}

/// The uploader's own metadata: JSON in the value `metadata`. What can't be read is as if it were not sent.
fn user_metadata(metadata: &resumable::Metadata) -> Option<Value> {
    let text = metadata.get("metadata").and_then(Value::as_str)?;
    serde_json::from_str(text).ok()
}
