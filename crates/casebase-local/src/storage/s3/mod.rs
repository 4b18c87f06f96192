//! `/s3`: the S3 protocol, path style, with Storage's answers.

mod bucket;
mod chunked;
mod complete_multipart;
mod copy_object;
mod create_multipart;
mod delete_objects;
mod get_object;
mod list_multipart;
mod list_objects;
mod metadata;
mod parameters;
mod put_object;
mod route;
mod signature;
mod upload_part;
mod xml;

use std::sync::Arc;

use axum::{body::Body, extract::Request as HttpRequest, response::Response};
use http::{Method, StatusCode};

use super::{
    Storage,
    error::Error,
    files::Incoming,
    request::{self, Request},
    respond, rest,
};
use route::Operation;
use signature::ChunkKey;

/// The largest XML body taken.
const LARGEST_XML: usize = 4 * 1024 * 1024;

/// A request whose signature is good.
struct S3 {
    request: Request,
    bucket: String,
    key: String,
    chunks: ChunkKey,
}

/// Answers a request.
pub async fn serve(storage: Arc<Storage>, http: HttpRequest) -> Response {
    let (parts, body) = http.into_parts();
    let Some((bucket, key)) = route::names(parts.uri.path()) else {
        return rest::bad_path(&parts);
    };
    let Some(operation) = route::find(&parts, &bucket, &key) else {
        return respond::empty(StatusCode::NOT_FOUND);
    };
    let is_head = parts.method == Method::HEAD;
    let resource = parts
        .uri
        .path()
        .trim_start_matches("/s3")
        .trim_matches('/')
        .to_owned();
    let request = Request::new(storage, parts, operation.name());
    match answer(request, operation, bucket, key, body).await {
        Ok(response) => response,
        Err(error) if is_head => respond::empty(status(&error)),
        Err(error) => refusal(&error, &resource),
    }
}

fn status(error: &Error) -> StatusCode {
    StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn refusal(error: &Error, resource: &str) -> Response {
    let mut document = xml::Document::error();
    document.text("Resource", resource);
    document.text("Code", error.code);
    document.text("Message", &error.message);
    document.respond(status(error))
}

async fn answer(
    mut request: Request,
    operation: Operation,
    bucket: String,
    key: String,
    body: Body,
) -> Result<Response, Error> {
    let signer = signature::authenticate(&request)?;
    request.caller = signer.caller;
    let s3 = S3 {
        request,
        bucket,
        key,
        chunks: signer.chunks,
    };
    match operation {
        Operation::ListBuckets => bucket::list(&s3).await,
        Operation::CreateBucket => bucket::create(&s3).await,
        Operation::DeleteBucket => bucket::delete(&s3).await,
        Operation::HeadBucket => bucket::head(&s3).await,
        Operation::GetBucketLocation => bucket::location(&s3).await,
        Operation::GetBucketVersioning => bucket::versioning(&s3).await,
        Operation::ListObjects => list_objects::v1(&s3).await,
        Operation::ListObjectsV2 => list_objects::v2(&s3).await,
        Operation::ListMultipartUploads => list_multipart::uploads(&s3).await,
        Operation::DeleteObjects => delete_objects::many(&s3, body).await,
        Operation::DeleteObject => delete_objects::one(&s3).await,
        Operation::PutObject => put_object::handle(s3, body).await,
        Operation::CopyObject => copy_object::handle(&s3).await,
        Operation::GetObject => get_object::get(&s3).await,
        Operation::GetObjectTagging => get_object::tagging(&s3).await,
        Operation::HeadObject => get_object::head(&s3).await,
        Operation::CreateMultipartUpload => create_multipart::handle(&s3).await,
        Operation::UploadPart => upload_part::upload(s3, body).await,
        Operation::UploadPartCopy => upload_part::copy(&s3).await,
        Operation::ListParts => list_multipart::parts(&s3).await,
        Operation::CompleteMultipartUpload => complete_multipart::complete(&s3, body).await,
        Operation::AbortMultipartUpload => complete_multipart::abort(&s3).await,
    }
}

impl S3 {
    /// The body's bytes, without the framing of signed chunks.
    fn incoming(&self, body: Body) -> Incoming {
        chunked::decode(&self.request, request::incoming(body), self.chunks.clone())
    }

    /// The body as XML; `None` if there is no body.
    async fn xml(&self, body: Body) -> Result<Option<xml::Element>, Error> {
        use futures::StreamExt;
        let mut incoming = self.incoming(body);
        let mut bytes = Vec::new();
        while let Some(chunk) = incoming.next().await {
            bytes.extend_from_slice(&chunk?);
            if bytes.len() > LARGEST_XML {
                return Err(Error::malformed_xml("Invalid XML payload: too large"));
            }
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        let text = String::from_utf8(bytes)
            .map_err(|_| Error::malformed_xml("Invalid XML payload: not UTF-8"))?;
        xml::Element::parse(&text).map(Some)
    }
}
