//! `POST /object/move`

use axum::{body::Body, response::Response};

use super::{
    super::{
        copying::{self, Source},
        error::Error,
        request::Request,
        respond,
    },
    body,
};

pub async fn handle(request: &Request, body: Body) -> Result<Response, Error> {
    let body = body::read(request, body).await?;
    body.require(&["bucketId", "sourceKey", "destinationKey"])?;
    let bucket = body.required_string("bucketId")?;
    let source = body.required_string("sourceKey")?;
    let key = body.required_string("destinationKey")?;
    let destination = body.string("destinationBucket")?.filter(|b| !b.is_empty());
    let source = Source {
        bucket: &bucket,
        key: &source,
    };
    copying::move_to(
        request,
        source,
        destination.as_deref().unwrap_or(&bucket),
        &key,
    )
    .await?;
    Ok(respond::message("Successfully moved"))
}
