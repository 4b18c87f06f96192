//! `ListMultipartUploads` and `ListParts`
//!
//! Policies apply to what is listed, and there are none for uploads: only the project sees any.

use axum::response::Response;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::StatusCode;

use super::{
    super::{
        database::multipart::{self, Listed, Listing},
        error::Error,
        request::encode_component,
        respond::iso,
        upload::{self, decode_base64},
    },
    S3, parameters,
    xml::Document,
};

const LARGEST_PAGE: i64 = 1000;

/// `ListMultipartUploads`
pub async fn uploads(s3: &S3) -> Result<Response, Error> {
    let request = &s3.request;
    let query = &request.query;
    let url_encoded = parameters::url_encoded(request)?;
    let limit = parameters::integer(request, "max-uploads", 1, Some(LARGEST_PAGE))?;
    let limit = limit.unwrap_or(LARGEST_PAGE);
    upload::bucket(request, &s3.bucket).await?;
    let delimiter = query.get("delimiter").filter(|d| !d.is_empty());
    let (key_after, id_after) = (marker(s3, "key-marker")?, marker(s3, "upload-id-marker")?);
    let listing = Listing {
        prefix: query.get("prefix").unwrap_or_default(),
        delimiter,
        key_after: &key_after,
        id_after: &id_after,
        limit: i32::try_from(limit + 1).unwrap_or(i32::MAX),
    };
    let mut client = request.client().await?;
    let tx = request.as_caller(&mut client).await?;
    let mut listed = multipart::list(&tx, &s3.bucket, &listing).await?;
    tx.commit().await?;
    let page = usize::try_from(limit).unwrap_or(usize::MAX);
    let is_truncated = listed.len() > page;
    listed.truncate(page);
    let next = listed.last().filter(|_| is_truncated);

    let mut document = Document::new("ListMultipartUploadsResult");
    document.text("Name", &s3.bucket);
    document.text("Prefix", listing.prefix);
    document.optional("KeyMarker", query.get("key-marker"));
    document.optional("UploadIdMarker", query.get("upload-id-marker"));
    document.optional(
        "NextKeyMarker",
        next.map(|upload| encode_marker(&upload.key)),
    );
    document.optional(
        "NextUploadIdMarker",
        next.map(|upload| encode_marker(&upload.id)),
    );
    document.text("MaxUploads", limit);
    document.optional("Delimiter", query.get("delimiter"));
    document.optional("EncodingType", query.get("encoding-type"));
    document.text("IsTruncated", is_truncated);
    document.text("KeyCount", listed.len());
    for upload in &listed {
        write_upload(&mut document, upload, &listing, url_encoded);
    }
    Ok(document.respond(StatusCode::OK))
}

fn write_upload(document: &mut Document, upload: &Listed, listing: &Listing<'_>, encoded: bool) {
    let shown = |key: &str| {
        if encoded {
            encode_component(key)
        } else {
            key.to_owned()
        }
    };
    let below = upload.key.get(listing.prefix.len()..).unwrap_or_default();
    let in_folder = listing.delimiter.is_some_and(|d| below.contains(d));
    if in_folder {
        document.nested("CommonPrefixes", |document| {
            document.text("Prefix", shown(&upload.key));
        });
        return;
    }
    document.nested("Upload", |document| {
        document.text("Key", shown(&upload.key));
        document.text("Initiated", iso(upload.created_at));
        document.text("UploadId", &upload.id);
        document.text("StorageClass", "STANDARD");
    });
}

fn encode_marker(text: &str) -> String {
    STANDARD.encode(format!("l:{text}"))
}

fn marker(s3: &S3, name: &str) -> Result<String, Error> {
    let Some(token) = s3.request.query.get(name).filter(|t| !t.is_empty()) else {
        return Ok(String::new());
    };
    decode_base64(token)
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| text.strip_prefix("l:").map(str::to_owned))
        .ok_or_else(|| Error::invalid_parameter("continuation token"))
}

/// `ListParts`
pub async fn parts(s3: &S3) -> Result<Response, Error> {
    let request = &s3.request;
    let limit = parameters::integer(request, "max-parts", 1, Some(LARGEST_PAGE))?;
    let limit = limit.unwrap_or(LARGEST_PAGE);
    let marker = request.query.get("part-number-marker");
    let after = marker.and_then(|m| m.parse().ok()).unwrap_or_default();
    let id = parameters::upload_id(request)?;
    let mut client = request.client().await?;
    let tx = request.as_service(&mut client).await?;
    multipart::find(&tx, id).await?;
    tx.commit().await?;
    let tx = request.as_caller(&mut client).await?;
    let mut parts = multipart::parts(&tx, id, after, limit + 1).await?;
    tx.commit().await?;
    let page = usize::try_from(limit).unwrap_or(usize::MAX);
    let is_truncated = parts.len() > page;
    parts.truncate(page);
    let next = parts.last().filter(|_| is_truncated);

    let mut document = Document::new("ListPartsResult");
    document.text("Bucket", &s3.bucket);
    document.text("Key", &s3.key);
    document.text("UploadId", id);
    document.optional("PartNumberMarker", marker);
    document.optional("NextPartNumberMarker", next.map(|part| part.number));
    document.text("MaxParts", limit);
    document.text("IsTruncated", is_truncated);
    for part in &parts {
        document.nested("Part", |document| {
            document.text("PartNumber", part.number);
            document.text("LastModified", iso(part.created_at));
            document.text("ETag", &part.etag);
        });
    }
    Ok(document.respond(StatusCode::OK))
}
