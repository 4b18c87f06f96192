//! `POST /object/move`

use axum::{body::Body, response::Response};

use super::{
    super::{
        copying::{self, Source},
        error::Error,
        respond,
    },
    Unproven,
};

pub async fn handle(asked: Unproven, body: Body) -> Result<Response, Error> {
    let body = asked.object(body).await?;
    body.require(&["bucketId", "sourceKey", "destinationKey"])?;
    let bucket = body.required_string("bucketId")?;
    let source = body.required_string("sourceKey")?;
    let key = body.required_string("destinationKey")?;
    let destination = body.string("destinationBucket")?.filter(|b| !b.is_empty());
    let request = &asked.prove()?;
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
