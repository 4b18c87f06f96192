//! `ListObjectsV2` and `ListObjects`

use axum::response::Response;
use http::StatusCode;

use super::{
    super::{
        database::listing::Entry,
        error::Error,
        listing::{self, LARGEST_PAGE, Listed, Query},
        names,
        render::Facts,
        respond::iso,
        upload,
    },
    S3, parameters,
    xml::Document,
};

/// A page and how it was asked for.
struct Page {
    listed: Listed,
    limit: usize,
}

async fn page(s3: &S3, cursor: Option<&str>, start_after: Option<&str>) -> Result<Page, Error> {
    let request = &s3.request;
    let url_encoded = parameters::url_encoded(request)?;
    let limit = parameters::integer(request, "max-keys", 0, None)?.unwrap_or_default();
    upload::bucket(request, &s3.bucket).await?;
    names::check_bucket(&s3.bucket)?;
    let limit = match usize::try_from(limit) {
        Ok(limit @ 1..LARGEST_PAGE) => limit,
        _ => LARGEST_PAGE,
    };
    let query = Query {
        prefix: request.query.get("prefix").unwrap_or_default(),
        delimiter: request.query.get("delimiter"),
        limit,
        cursor: cursor.filter(|c| !c.is_empty()),
        start_after,
        url_encoded,
        ..Query::default()
    };
    let listed = listing::page(request, &s3.bucket, &query).await?;
    Ok(Page { listed, limit })
}

/// `ListObjectsV2`
pub async fn v2(s3: &S3) -> Result<Response, Error> {
    let query = &s3.request.query;
    let cursor = query.get("continuation-token");
    let Page { listed, limit } = page(s3, cursor, query.get("start-after")).await?;
    let mut document = Document::new("ListBucketResult");
    document.text("Name", &s3.bucket);
    document.text("Prefix", query.get("prefix").unwrap_or_default());
    document.optional("ContinuationToken", cursor);
    document.optional(
        "NextContinuationToken",
        listed.next.as_ref().map(|next| &next.cursor),
    );
    document.text("KeyCount", listed.objects.len() + listed.folders.len());
    document.optional("Delimiter", query.get("delimiter"));
    write_entries(&mut document, s3, &listed, limit);
    Ok(document.respond(StatusCode::OK))
}

/// `ListObjects`. Storage shows the next page's marker as this one's, and as `NextMarker` only with a delimiter.
pub async fn v1(s3: &S3) -> Result<Response, Error> {
    let query = &s3.request.query;
    let Page { listed, limit } = page(s3, None, query.get("marker")).await?;
    let next = listed.next.as_ref().map(|next| &next.key);
    let delimiter = query.get("delimiter").filter(|d| !d.is_empty());
    let mut document = Document::new("ListBucketResult");
    document.text("Name", &s3.bucket);
    document.text("Prefix", query.get("prefix").unwrap_or_default());
    document.optional("Marker", next);
    document.optional("NextMarker", next.filter(|_| delimiter.is_some()));
    write_entries(&mut document, s3, &listed, limit);
    Ok(document.respond(StatusCode::OK))
}

fn write_entries(document: &mut Document, s3: &S3, listed: &Listed, limit: usize) {
    document.text("MaxKeys", limit);
    document.optional("EncodingType", s3.request.query.get("encoding-type"));
    document.text("IsTruncated", listed.next.is_some());
    for object in &listed.objects {
        document.nested("Contents", |document| write_object(document, object));
    }
    for folder in &listed.folders {
        document.nested("CommonPrefixes", |document| {
            document.text("Prefix", &folder.name)
        });
    }
}

fn write_object(document: &mut Document, object: &Entry) {
    let metadata = object.metadata.clone().unwrap_or_default();
    let facts = Facts(&metadata);
    document.text("Key", &object.name);
    document.optional("LastModified", object.updated_at.map(iso));
    document.optional("ETag", facts.etag());
    document.text("Size", facts.size().unwrap_or_default());
    document.text("StorageClass", "STANDARD");
}
