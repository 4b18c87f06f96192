//! `CopyObject`

use axum::response::Response;
use http::{StatusCode, header};

use super::{
    super::{
        copying::{self, Labels, Source},
        error::Error,
        policy::Target,
        respond::iso,
    },
    S3, metadata, parameters,
    xml::Document,
};

/// Preconditions on the source are not checked: the file backend does not know them.
pub async fn handle(s3: &S3) -> Result<Response, Error> {
    let request = &s3.request;
    let (bucket, key) = parameters::copy_source(request)?;
    let target = Target {
        bucket: &s3.bucket,
        key: &s3.key,
        owner: request.caller.owner(),
        upsert: true,
    };
    let text = |name| request.header(name).map(str::to_owned);
    let labels = match request.header("x-amz-metadata-directive") {
        None | Some("COPY" | "") => Labels::Source,
        Some(_) => Labels::Own {
            cache_control: text(header::CACHE_CONTROL),
            mimetype: text(header::CONTENT_TYPE),
            user_metadata: metadata::from_headers(request),
            kept: false,
        },
    };
    let copied = copying::copy(request, Source { bucket, key }, target, labels).await?;
    let mut document = Document::new("CopyObjectResult");
    document.text(
        "ETag",
        copied.object.metadata["eTag"].as_str().unwrap_or_default(),
    );
    document.text("LastModified", iso(copied.modified));
    Ok(document.respond(StatusCode::OK))
}
