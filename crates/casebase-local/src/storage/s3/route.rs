//! Which operation a method, a path, a query and headers mean.

use http::{Method, request::Parts};

use super::super::request::{Query, decode};

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// `GET /`
    ListBuckets,
    /// `PUT /{bucket}`
    CreateBucket,
    /// `DELETE /{bucket}`
    DeleteBucket,
    /// `HEAD /{bucket}`
    HeadBucket,
    /// `GET /{bucket}?location`
    GetBucketLocation,
    /// `GET /{bucket}?versioning`
    GetBucketVersioning,
    /// `GET /{bucket}`
    ListObjects,
    /// `GET /{bucket}?list-type=2`
    ListObjectsV2,
    /// `GET /{bucket}?uploads`
    ListMultipartUploads,
    /// `POST /{bucket}?delete`
    DeleteObjects,
    /// `PUT /{bucket}/{key}`
    PutObject,
    /// `PUT /{bucket}/{key}`, with `x-amz-copy-source`
    CopyObject,
    /// `GET /{bucket}/{key}`
    GetObject,
    /// `GET /{bucket}/{key}?tagging`
    GetObjectTagging,
    /// `HEAD /{bucket}/{key}`
    HeadObject,
    /// `DELETE /{bucket}/{key}`
    DeleteObject,
    /// `POST /{bucket}/{key}?uploads`
    CreateMultipartUpload,
    /// `PUT /{bucket}/{key}?partNumber&uploadId`
    UploadPart,
    /// `PUT /{bucket}/{key}?partNumber&uploadId`, with `x-amz-copy-source`
    UploadPartCopy,
    /// `GET /{bucket}/{key}?uploadId`
    ListParts,
    /// `POST /{bucket}/{key}?uploadId`
    CompleteMultipartUpload,
    /// `DELETE /{bucket}/{key}?uploadId`
    AbortMultipartUpload,
}

impl Operation {
    /// What `storage.operation()` says.
    pub fn name(self) -> &'static str {
        match self {
            Self::ListBuckets => "storage.s3.bucket.list",
            Self::CreateBucket => "storage.s3.bucket.create",
            Self::DeleteBucket => "storage.s3.bucket.delete",
            Self::HeadBucket => "storage.s3.bucket.head",
            Self::GetBucketLocation => "storage.s3.bucket.get_location",
            Self::GetBucketVersioning => "storage.s3.bucket.get_versioning",
            Self::ListObjects | Self::ListObjectsV2 => "storage.s3.object.list",
            Self::ListMultipartUploads => "storage.s3.upload.list_multipart",
            Self::DeleteObjects => "storage.s3.object.delete_many",
            Self::PutObject => "storage.s3.upload",
            Self::CopyObject => "storage.s3.object.copy",
            Self::GetObject => "storage.s3.object.get",
            Self::GetObjectTagging => "storage.s3.object.get_tagging",
            Self::HeadObject => "storage.s3.object.info",
            Self::DeleteObject => "storage.s3.object.delete",
            Self::CreateMultipartUpload => "storage.s3.upload.create_multipart",
            Self::UploadPart => "storage.s3.upload.part",
            Self::UploadPartCopy => "storage.s3.upload.part_copy",
            Self::ListParts => "storage.s3.upload.list_parts",
            Self::CompleteMultipartUpload => "storage.s3.upload.complete_multipart",
            Self::AbortMultipartUpload => "storage.s3.upload.abort_multipart",
        }
    }
}

/// The bucket and the key that a path names; either may be empty.
pub fn names(path: &str) -> Option<(String, String)> {
    let rest = path.strip_prefix("/s3")?;
    let rest = rest.strip_prefix('/').unwrap_or(rest);
    let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
    Some((decode(bucket)?, decode(key)?))
}

/// Finds the operation; `None` if there is none.
pub fn find(parts: &Parts, bucket: &str, key: &str) -> Option<Operation> {
    let query = Query::parse(parts.uri.query().unwrap_or_default());
    let has = |name| query.has(name);
    let copies = parts.headers.contains_key("x-amz-copy-source");
    if bucket.is_empty() {
        return (parts.method == Method::GET && key.is_empty()).then_some(Operation::ListBuckets);
    }
    let operation = match (parts.method.as_str(), key.is_empty()) {
        ("PUT", true) => Operation::CreateBucket,
        ("DELETE", true) => Operation::DeleteBucket,
        ("HEAD", true) => Operation::HeadBucket,
        ("GET", true) if has("uploads") => Operation::ListMultipartUploads,
        ("GET", true) if has("location") => Operation::GetBucketLocation,
        ("GET", true) if has("versioning") => Operation::GetBucketVersioning,
        ("GET", true) if query.get("list-type") == Some("2") => Operation::ListObjectsV2,
        ("GET", true) => Operation::ListObjects,
        ("POST", true) if has("delete") => Operation::DeleteObjects,
        ("PUT", false) if has("partNumber") && has("uploadId") && copies => {
            Operation::UploadPartCopy
        }
        ("PUT", false) if copies => Operation::CopyObject,
        ("PUT", false) if has("partNumber") && has("uploadId") => Operation::UploadPart,
        ("PUT", false) => Operation::PutObject,
        ("POST", false) if has("uploadId") => Operation::CompleteMultipartUpload,
        ("POST", false) if has("uploads") => Operation::CreateMultipartUpload,
        ("GET", false) if has("uploadId") => Operation::ListParts,
        ("GET", false) if has("tagging") => Operation::GetObjectTagging,
        ("GET", false) => Operation::GetObject,
        ("HEAD", false) => Operation::HeadObject,
        ("DELETE", false) if has("uploadId") => Operation::AbortMultipartUpload,
        ("DELETE", false) => Operation::DeleteObject,
        _ => return None,
    };
    Some(operation)
}
