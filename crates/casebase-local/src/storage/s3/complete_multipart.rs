//! `CompleteMultipartUpload` and `AbortMultipartUpload`

use axum::{body::Body, response::Response};
use http::StatusCode;

use super::{
    super::{
        database::multipart::{self, Part, Upload},
        error::Error,
        respond, upload,
    },
    S3, create_multipart, parameters,
    xml::{Document, Element},
};

/// More parts than an upload can have.
const ALL_PARTS: i64 = 100_000;

/// A part as the caller names it.
struct Named {
    number: i32,
    etag: String,
}

/// `CompleteMultipartUpload`
pub async fn complete(s3: &S3, body: Body) -> Result<Response, Error> {
    let request = &s3.request;
    parameters::require_authorization(request)?;
    let named = named_parts(s3.xml(body).await?)?;
    let upload = create_multipart::find(s3).await?;
    let sent = sent_parts(s3, &upload).await?;
    let order = order(&upload, named, &sent)?;

    let files = &request.storage.files;
    let stored = files.assemble(&upload.id, &order, &upload.version).await?;
    let label = |name| upload.metadata.as_ref().and_then(|m| m[name].as_str());
    let metadata = upload::metadata_of(
        &stored,
        label("mimetype").unwrap_or("application/octet-stream"),
        label("cacheControl").unwrap_or("no-cache"),
        None,
    );
    let target = create_multipart::target(s3);
    let user_metadata = upload.user_metadata.as_ref();
    let uploaded = upload::record(request, target, &stored, &metadata, user_metadata).await?;
    forget(s3, &upload).await?;

    let mut document = Document::new("CompleteMultipartUploadResult");
    document.text("Location", format!("{}/{}", s3.bucket, s3.key));
    document.text("Bucket", &s3.bucket);
    document.text("Key", &s3.key);
    document.text("ETag", uploaded.etag);
    Ok(document.respond(StatusCode::OK))
}

fn named_parts(body: Option<Element>) -> Result<Vec<Named>, Error> {
    let Some(body) = body.filter(|root| root.name == "CompleteMultipartUpload") else {
        return Ok(Vec::new());
    };
    let part = |(index, part): (usize, &Element)| {
        let path = format!("Body, CompleteMultipartUpload, Part, {index}");
        let required = |name: &str| {
            part.child_text(name).ok_or_else(|| {
                Error::invalid_request(format!("{path} must have required property '{name}'"))
            })
        };
        let refuse = |must: &str| Error::invalid_request(format!("{path}, PartNumber must {must}"));
        let number: i32 = required("PartNumber")?
            .trim()
            .parse()
            .map_err(|_| refuse("be integer"))?;
        match number {
            ..1 => Err(refuse("be >= 1")),
            10_001.. => Err(refuse("be <= 10000")),
            _ => Ok(Named {
                number,
                etag: required("ETag")?.trim().trim_matches('"').to_owned(),
            }),
        }
    };
    let parts = body.children.iter().filter(|c| c.name == "Part");
    parts.enumerate().map(part).collect()
}

async fn sent_parts(s3: &S3, upload: &Upload) -> Result<Vec<Part>, Error> {
    let mut client = s3.request.client().await?;
    let tx = s3.request.as_service(&mut client).await?;
    let parts = multipart::parts(&tx, &upload.id, 0, ALL_PARTS).await?;
    tx.commit().await?;
    Ok(parts)
}

/// The numbers of the parts in the order in which they are to be put together: as named, or all that were sent.
fn order(upload: &Upload, named: Vec<Named>, sent: &[Part]) -> Result<Vec<i32>, Error> {
    if named.is_empty() {
        let mut all: Vec<i32> = sent.iter().map(|part| part.number).collect();
        all.dedup();
        return Ok(all);
    }
    // Of a part that was sent again, the last sending counts.
    let check = |named: &Named| match sent.iter().rev().find(|p| p.number == named.number) {
        None => Err(Error::missing_part(named.number, &upload.id)),
        Some(part) if part.etag != named.etag => Err(Error::invalid_part_tag(named.number)),
        Some(part) => Ok(part.number),
    };
    named.iter().map(check).collect()
}

/// `AbortMultipartUpload`
pub async fn abort(s3: &S3) -> Result<Response, Error> {
    let upload = create_multipart::find(s3).await?;
    forget(s3, &upload).await?;
    Ok(respond::empty(StatusCode::OK))
}

async fn forget(s3: &S3, upload: &Upload) -> Result<(), Error> {
    let mut client = s3.request.client().await?;
    let tx = s3.request.as_service(&mut client).await?;
    multipart::delete(&tx, &upload.id).await?;
    tx.commit().await?;
    s3.request.storage.files.remove_parts(&upload.id).await;
    Ok(())
}
