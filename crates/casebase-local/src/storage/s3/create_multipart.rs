//! `CreateMultipartUpload`

use axum::response::Response;
use http::{StatusCode, header};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    super::{
        database::multipart::{self, Upload},
        error::Error,
        files, names,
        policy::{self, Declared, Target},
        upload,
    },
    S3, metadata, parameters,
    xml::Document,
};

pub async fn handle(s3: &S3) -> Result<Response, Error> {
    let request = &s3.request;
    parameters::require_authorization(request)?;
    names::check_bucket(&s3.bucket)?;
    names::check_key(&s3.key)?;
    let bucket = upload::bucket(request, &s3.bucket).await?;
    let mimetype = request.header(header::CONTENT_TYPE);
    if let Some(mimetype) = mimetype {
        names::check_mime(mimetype, bucket.mime_types())?;
    }
    let user_metadata = metadata::from_headers(request).unwrap_or_else(|| json!({}));
    let declared = Declared {
        mimetype,
        content_length: None,
        user_metadata: Some(&user_metadata),
    };
    policy::can_upload(request, target(s3), &declared).await?;
    names::check_segments(&s3.key)?;

    let id = Uuid::new_v4().to_string();
    let upload = Upload {
        id: id.clone(),
        bucket_id: s3.bucket.clone(),
        key: s3.key.clone(),
        version: files::new_version(),
        user_metadata: Some(user_metadata),
        metadata: Some(labels(mimetype, request.header(header::CACHE_CONTROL))),
    };
    let mut client = request.client().await?;
    let tx = request.as_service(&mut client).await?;
    multipart::insert(&tx, &upload, request.caller.owner()).await?;
    tx.commit().await?;

    let mut document = Document::new("InitiateMultipartUploadResult");
    document.text("Bucket", &s3.bucket);
    document.text("Key", &s3.key);
    document.text("UploadId", id);
    Ok(document.respond(StatusCode::OK))
}

/// The key that the upload will have; S3 always overwrites.
pub fn target(s3: &S3) -> Target<'_> {
    Target {
        bucket: &s3.bucket,
        key: &s3.key,
        owner: s3.request.caller.owner(),
        upsert: true,
    }
}

fn labels(mimetype: Option<&str>, cache_control: Option<&str>) -> Value {
    let mut labels = Map::new();
    for (key, value) in [("mimetype", mimetype), ("cacheControl", cache_control)] {
        if let Some(value) = value {
            labels.insert(key.into(), json!(value));
        }
    }
    Value::Object(labels)
}

/// Finds the upload that the query names, and asks the policies as if it were begun now.
pub async fn find(s3: &S3) -> Result<Upload, Error> {
    let request = &s3.request;
    let id = parameters::upload_id(request)?;
    let mut client = request.client().await?;
    let tx = request.as_service(&mut client).await?;
    let upload = multipart::find(&tx, id).await?;
    tx.commit().await?;
    drop(client);
    if (upload.bucket_id.as_str(), upload.key.as_str()) != (s3.bucket.as_str(), s3.key.as_str()) {
        return Err(Error::no_such_upload());
    }
    let labels = upload.metadata.as_ref();
    let declared = Declared {
        mimetype: labels.and_then(|m| m["mimetype"].as_str()),
        content_length: None,
        user_metadata: upload.user_metadata.as_ref(),
    };
    policy::can_upload(request, target(s3), &declared).await?;
    Ok(upload)
}
