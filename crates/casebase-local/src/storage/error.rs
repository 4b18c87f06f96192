//! What Storage refuses, in Storage's own words.
//!
//! REST answers nearly every refusal with HTTP 400 and puts the true status into the body; S3 and TUS
//! answer with the true status. Use a constructor that names the situation; [`Error::rest`] renders it.

use axum::response::Response;
use http::StatusCode;
use serde_json::json;
use tokio_postgres::error::{DbError, SqlState};

use super::respond;
use crate::jwt::TokenError;

/// A refusal or failure.
#[derive(Debug, Clone)]
pub struct Error {
    /// The machine-readable code, e.g. `NoSuchKey`.
    pub code: &'static str,
    /// The status that S3 and TUS answer with, and that REST names in the body.
    pub status: u16,
    /// The sentence for the caller.
    pub message: String,
    /// REST's `error` where it is not the code.
    label: Option<&'static str>,
    /// The HTTP status that REST answers with.
    rest_status: u16,
}

/// The message PostgreSQL's row level security is reported with, whatever the table.
const ROW_LEVEL_SECURITY: &str = "new row violates row-level security policy";

impl Error {
    fn new(code: &'static str, status: u16, message: impl Into<String>) -> Self {
        Self {
            code,
            status,
            message: message.into(),
            label: None,
            rest_status: if status == 500 { 500 } else { 400 },
        }
    }

    fn labelled(mut self, label: &'static str) -> Self {
        self.label = Some(label);
        self
    }

    pub fn with_rest_status(mut self, status: u16) -> Self {
        self.rest_status = status;
        self
    }

    /// No bucket of this name, or none the caller may know of.
    pub fn no_such_bucket() -> Self {
        Self::new("NoSuchBucket", 404, "Bucket not found").labelled("Bucket not found")
    }

    /// No object of this name, or none the caller may read.
    pub fn no_such_key() -> Self {
        Self::new("NoSuchKey", 404, "Object not found").labelled("not_found")
    }

    /// The row is there, its bytes are not.
    pub fn no_bytes() -> Self {
        Self::new("NoSuchKey", 404, "The resource was not found").labelled("Not found")
    }

    /// No upload in parts of this id.
    pub fn no_such_upload() -> Self {
        Self::new("NoSuchUpload", 404, "Upload not found")
    }

    /// The key is taken and the caller did not ask to overwrite.
    pub fn key_exists() -> Self {
        Self::new("KeyAlreadyExists", 409, "The resource already exists").labelled("Duplicate")
    }

    /// The bucket's name is taken.
    pub fn bucket_exists() -> Self {
        Self::new("BucketAlreadyExists", 409, "The resource already exists").labelled("Duplicate")
    }

    fn resource_exists() -> Self {
        Self::new("ResourceAlreadyExists", 409, "The resource already exists").labelled("Duplicate")
    }

    /// Only an empty bucket can be deleted.
    pub fn bucket_not_empty() -> Self {
        Self::new(
            "ResourceNotEmpty",
            409,
            "The bucket you tried to delete is not empty",
        )
    }

    /// An upload in parts still points at the bucket.
    pub fn bucket_has_uploads() -> Self {
        Self::new(
            "ResourceReferenced",
            409,
            "The bucket could not be updated because it is referenced by a pending multipart upload.",
        )
    }

    /// Not allowed, for the reason given.
    pub fn access_denied(message: impl Into<String>) -> Self {
        Self::new("AccessDenied", 403, message).labelled("Unauthorized")
    }

    /// The token in `Authorization` (or the S3 session token) is not accepted.
    pub fn bad_token(error: &TokenError) -> Self {
        Self::access_denied(token_message(error))
    }

    /// The token of a signed URL is not accepted.
    pub fn bad_url_token(error: &TokenError) -> Self {
        Self::new("InvalidJWT", 400, token_message(error))
    }

    /// The request's form is wrong: a missing header, a property of the wrong type.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new("InvalidRequest", 400, message).labelled("Error")
    }

    /// The request as a whole makes no sense.
    pub fn invalid_request(message: impl Into<String>) -> Self {
        Self::new("InvalidRequest", 400, message)
    }

    /// The body is not JSON although its type says so.
    pub fn malformed_json(message: &str) -> Self {
        Self::new("InvalidRequest", 400, message).labelled("FastifyError")
    }

    /// `Content-Type` is there and names no type.
    pub fn no_media_type() -> Self {
        Self::new("InvalidMimeType", 415, "Invalid Content-Type header")
            .labelled("invalid_mime_type")
    }

    /// JSON bodies are bounded.
    pub fn body_too_large() -> Self {
        Self::new("EntityTooLarge", 413, "Request body is too large")
            .labelled("FastifyError")
            .with_rest_status(413)
    }

    /// The body is not XML, or not the document that the operation takes.
    pub fn malformed_xml(message: impl Into<String>) -> Self {
        Self::new("MalformedXML", 400, message)
    }

    /// One parameter has a value that it can't have.
    pub fn invalid_parameter(name: &str) -> Self {
        Self::new("InvalidParameter", 400, format!("Invalid Parameter {name}"))
    }

    /// A parameter that the operation needs is missing.
    pub fn missing_parameter(name: &str) -> Self {
        Self::new(
            "MissingParameter",
            400,
            format!("Missing Required Parameter {name}"),
        )
    }

    /// The key has characters (or dot segments) that keys may not have.
    pub fn invalid_key(key: &str) -> Self {
        Self::new("InvalidKey", 400, format!("Invalid key: {key}"))
    }

    /// The bucket's name has characters that it may not have, or is too long.
    pub fn invalid_bucket_name() -> Self {
        Self::new("InvalidBucketName", 400, "Bucket name invalid").labelled("Invalid Input")
    }

    /// The bucket does not take this type.
    pub fn invalid_mime_type(mime: &str) -> Self {
        Self::new(
            "InvalidMimeType",
            415,
            format!("mime type {mime} is not supported"),
        )
        .labelled("invalid_mime_type")
    }

    /// Larger than the bucket or the server allows.
    pub fn too_large() -> Self {
        Self::new(
            "EntityTooLarge",
            413,
            "The object exceeded the maximum allowed size",
        )
        .labelled("Payload too large")
    }

    /// `x-metadata` and the like are bounded too.
    pub fn metadata_too_large() -> Self {
        Self::new(
            "EntityTooLarge",
            413,
            "The user_metadata exceeded the maximum allowed size",
        )
        .labelled("Payload too large")
    }

    /// The form has no file.
    pub fn no_content() -> Self {
        Self::new("InvalidRequest", 400, "No content provided")
    }

    /// The sender stopped half-way, or sent what can't be read.
    pub fn broken_body(message: impl Into<String>) -> Self {
        Self::new("InvalidRequest", 400, message)
    }

    /// `20 apples` is no size.
    pub fn invalid_file_size_limit() -> Self {
        Self::new(
            "InvalidRequest",
            400,
            "Invalid file size format, hint: use 20GB / 20MB / 30KB / 3B",
        )
    }

    /// Half a byte is a size, but none that a bucket's row can hold.
    pub fn broken_size(bytes: f64) -> Self {
        Self::new(
            "InvalidParameter",
            400,
            format!("invalid input syntax for type bigint: \"{bytes}\""),
        )
    }

    /// The `X-Robots-Tag` to store is not one.
    pub fn invalid_robots_tag(rule: &str) -> Self {
        Self::new(
            "InvalidRequest",
            400,
            format!("Invalid X-Robots-Tag header: Invalid X-Robots-Tag rule: \"{rule}\""),
        )
        .labelled("invalid_x_robots_tag")
    }

    /// The range lies outside of the object, or is no range.
    pub fn invalid_range() -> Self {
        Self::new("InvalidRange", 416, "invalid range provided")
            .labelled("invalid_range")
            .with_rest_status(416)
    }

    /// The range to copy lies outside of its source.
    pub fn invalid_copy_range() -> Self {
        Self::new("InvalidRange", 400, "invalid range provided").labelled("invalid_range")
    }

    /// A signed URL's token is for something else.
    pub fn invalid_signature(message: &str) -> Self {
        Self::new("InvalidSignature", 400, message)
    }

    /// An S3 signature that does not match.
    pub fn signature_mismatch(message: &str) -> Self {
        Self::new("SignatureDoesNotMatch", 403, message)
    }

    /// A presigned URL's time is over.
    pub fn expired_signature() -> Self {
        Self::new("ExpiredToken", 400, "The provided token has expired.")
    }

    /// Each part must say its length.
    pub fn missing_content_length() -> Self {
        Self::new(
            "MissingContentLength",
            400,
            "You must provide the Content-Length HTTP header.",
        )
    }

    /// The tag given for a part is not the part's.
    pub fn invalid_part_tag(part: i32) -> Self {
        Self::new(
            "InvalidChecksum",
            400,
            format!("Invalid ETag for part {part}"),
        )
    }

    /// A part that is to be assembled was never sent.
    pub fn missing_part(part: i32, upload: &str) -> Self {
        Self::new(
            "MissingPart",
            400,
            format!("Part {part} is missing for upload id {upload}"),
        )
    }

    /// A resumable upload must name its bucket and object.
    pub fn metadata_required() -> Self {
        Self::new("InvalidRequest", 400, "Metadata header is required")
    }

    /// The address of a resumable upload can't be read.
    pub fn invalid_upload_id() -> Self {
        Self::new("InvalidUploadId", 400, "Invalid upload id")
    }

    /// Someone else writes to it at this moment.
    pub fn locked() -> Self {
        Self::new("ResourceLocked", 423, "The resource is locked")
    }

    fn related_not_found() -> Self {
        Self::new("InvalidRequest", 404, "The related resource does not exist")
    }

    fn database_timeout() -> Self {
        Self::new(
            "DatabaseTimeout",
            544,
            "The connection to the database timed out",
        )
        .with_rest_status(544)
    }

    /// What is nobody's fault but the server's; the cause is logged, not sent.
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "storage failed");
        Self::new("InternalError", 500, "Internal server error")
    }

    /// The answer in REST's envelope.
    pub fn rest(&self) -> Response {
        let body = json!({
            "statusCode": self.status.to_string(),
            "error": self.label.unwrap_or(self.code),
            "message": self.message,
            "code": self.code,
        });
        let status = StatusCode::from_u16(self.rest_status).unwrap_or(StatusCode::BAD_REQUEST);
        respond::json(status, &body)
    }
}

fn token_message(error: &TokenError) -> String {
    match error {
        TokenError::Malformed(_) => "Invalid Compact JWS".into(),
        TokenError::Algorithm => "\"alg\" (Algorithm) Header Parameter value not allowed".into(),
        TokenError::Signature => "signature verification failed".into(),
        TokenError::Expired => "\"exp\" claim timestamp check failed".into(),
        TokenError::Claims(claim) => format!("\"{claim}\" claim check failed"),
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(db) => Self::from(db),
            None => Self::internal(&error),
        }
    }
}

impl From<&DbError> for Error {
    fn from(db: &DbError) -> Self {
        match *db.code() {
            SqlState::INSUFFICIENT_PRIVILEGE if db.message().contains("row-level security") => {
                Self::access_denied(ROW_LEVEL_SECURITY)
            }
            SqlState::INSUFFICIENT_PRIVILEGE => Self::access_denied(db.message()),
            SqlState::UNIQUE_VIOLATION => Self::resource_exists(),
            SqlState::FOREIGN_KEY_VIOLATION => match db.detail() {
                Some(detail) if detail.contains("is still referenced from table") => Self::new(
                    "ResourceReferenced",
                    409,
                    "The resource could not be updated or removed due to a foreign key constraint",
                ),
                _ => Self::related_not_found(),
            },
            SqlState::LOCK_NOT_AVAILABLE => Self::locked(),
            SqlState::QUERY_CANCELED => Self::database_timeout(),
            // The last two: no text or JSON of PostgreSQL's can hold a zero byte.
            SqlState::INVALID_TEXT_REPRESENTATION
            | SqlState::CHARACTER_NOT_IN_REPERTOIRE
            | SqlState::UNTRANSLATABLE_CHARACTER => {
                Self::new("InvalidParameter", 400, db.message())
            }
            ref code => {
                tracing::error!(cause = %db, "storage's statement failed");
                Self::new(
                    "DatabaseError",
                    500,
                    format!("database error, code: {}", code.code()),
                )
            }
        }
    }
}

impl From<deadpool_postgres::PoolError> for Error {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        match error {
            deadpool_postgres::PoolError::Backend(e) => Self::from(e),
            other => Self::internal(&other),
        }
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::internal(&error)
    }
}
