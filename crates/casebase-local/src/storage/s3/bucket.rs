//! Buckets: list, create, delete, look.

use axum::response::Response;
use http::{HeaderName, StatusCode, header};

use super::{
    super::{
        database::buckets::{self, Listing, NewBucket},
        error::Error,
        names, respond,
        respond::iso,
        rest,
    },
    S3,
    xml::Document,
};

/// `ListBuckets`
pub async fn list(s3: &S3) -> Result<Response, Error> {
    let mut client = s3.request.client().await?;
    let tx = s3.request.as_caller(&mut client).await?;
    let found = buckets::list(&tx, &Listing::default()).await?;
    tx.commit().await?;
    let mut document = Document::new("ListAllMyBucketsResult");
    document.nested("Buckets", |document| {
        for bucket in &found {
            document.nested("Bucket", |document| {
                document.text("Name", bucket.name());
                document.optional("CreationDate", bucket.created_at.map(iso));
            });
        }
    });
    Ok(document.respond(StatusCode::OK))
}

/// `CreateBucket`
pub async fn create(s3: &S3) -> Result<Response, Error> {
    names::check_bucket(&s3.bucket)?;
    if s3.bucket.trim() != s3.bucket {
        return Err(Error::invalid_bucket_name());
    }
    let bucket = NewBucket {
        id: &s3.bucket,
        name: &s3.bucket,
        owner: s3.request.caller.owner(),
        public: s3.request.header("x-amz-acl") == Some("public-read"),
        file_size_limit: None,
        allowed_mime_types: None,
    };
    let mut client = s3.request.client().await?;
    let tx = s3.request.as_caller(&mut client).await?;
    buckets::insert(&tx, &bucket).await?;
    tx.commit().await?;
    let mut response = respond::empty(StatusCode::OK);
    respond::set(&mut response, header::LOCATION, &format!("/{}", s3.bucket));
    Ok(response)
}

/// `DeleteBucket`
pub async fn delete(s3: &S3) -> Result<Response, Error> {
    rest::delete_bucket(&s3.request, &s3.bucket).await?;
    Ok(respond::empty(StatusCode::NO_CONTENT))
}

async fn check_visible(s3: &S3) -> Result<(), Error> {
    let mut client = s3.request.client().await?;
    let tx = s3.request.as_caller(&mut client).await?;
    buckets::find(&tx, &s3.bucket).await?;
    tx.commit().await?;
    Ok(())
}

/// `HeadBucket`
pub async fn head(s3: &S3) -> Result<Response, Error> {
    check_visible(s3).await?;
    let mut response = respond::empty(StatusCode::OK);
    let region = &s3.request.storage.config.region;
    let name = HeaderName::from_static("x-amz-bucket-region");
    respond::set(&mut response, name, region);
    Ok(response)
}

/// `GetBucketLocation`
pub async fn location(s3: &S3) -> Result<Response, Error> {
    check_visible(s3).await?;
    let mut document = Document::new("LocationConstraint");
    document.content(&s3.request.storage.config.region);
    Ok(document.respond(StatusCode::OK))
}

/// `GetBucketVersioning`
pub async fn versioning(s3: &S3) -> Result<Response, Error> {
    check_visible(s3).await?;
    let mut document = Document::new("VersioningConfiguration");
    document.text("Status", "Suspended");
    document.text("MfaDelete", "Disabled");
    Ok(document.respond(StatusCode::OK))
}
