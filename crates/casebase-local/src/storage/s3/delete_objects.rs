//! `DeleteObject` and `DeleteObjects`

use axum::{body::Body, response::Response};
use http::StatusCode;

use super::{
    super::{database::objects, error::Error, names, removal, respond, upload},
    S3,
    xml::{Document, Element},
};

/// What is not there is as good as deleted, if its bucket is there.
pub async fn one(s3: &S3) -> Result<Response, Error> {
    names::check_bucket(&s3.bucket)?;
    match removal::one(&s3.request, &s3.bucket, &s3.key).await {
        Err(e) if e.code == "NoSuchKey" => {
            upload::bucket(&s3.request, &s3.bucket).await?;
        }
        outcome => outcome?,
    }
    Ok(respond::empty(StatusCode::NO_CONTENT))
}

/// Each key is answered for: deleted (or not there), or denied.
pub async fn many(s3: &S3, body: Body) -> Result<Response, Error> {
    let keys = keys(s3.xml(body).await?)?;
    names::check_bucket(&s3.bucket)?;
    let removed = removal::many(&s3.request, &s3.bucket, &keys).await?;
    let remaining = remaining(s3, &keys).await?;
    if removed.is_empty() && remaining.is_empty() {
        upload::bucket(&s3.request, &s3.bucket).await?;
    }
    let mut document = Document::new("DeleteResult");
    for key in &keys {
        if remaining.contains(key) {
            document.nested("Error", |document| {
                document.text("Key", key);
                document.text("Code", "AccessDenied");
                document.text("Message", "Access Denied");
            });
        } else {
            document.nested("Deleted", |document| document.text("Key", key));
        }
    }
    Ok(document.respond(StatusCode::OK))
}

fn keys(body: Option<Element>) -> Result<Vec<String>, Error> {
    let missing = |path: &str, name: &str| {
        Error::invalid_request(format!("{path} must have required property '{name}'"))
    };
    let body = body.filter(|root| root.name == "Delete");
    let body = body.ok_or_else(|| missing("Body", "Delete"))?;
    let objects: Vec<&Element> = body
        .children
        .iter()
        .filter(|c| c.name == "Object")
        .collect();
    if objects.is_empty() {
        return Err(missing("Body, Delete", "Object"));
    }
    let key = |(index, object): (usize, &&Element)| {
        object
            .child_text("Key")
            .map(str::to_owned)
            .ok_or_else(|| missing(&format!("Body, Delete, Object, {index}"), "Key"))
    };
    objects.iter().enumerate().map(key).collect()
}

/// Which of the keys are there still, whether or not the caller may see them.
async fn remaining(s3: &S3, keys: &[String]) -> Result<Vec<String>, Error> {
    let mut client = s3.request.client().await?;
    let tx = s3.request.as_service(&mut client).await?;
    let remaining = objects::existing(&tx, &s3.bucket, keys).await?;
    tx.commit().await?;
    Ok(remaining)
}
