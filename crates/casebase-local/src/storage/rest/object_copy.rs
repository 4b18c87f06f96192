//! `POST /object/copy`

use axum::{body::Body, response::Response};
use serde_json::{Value, json};

use super::{
    super::{
        copying::{self, Labels, Source},
        error::Error,
        policy::Target,
        request::Request,
        respond, upload,
    },
    Unproven,
    body::Object,
};

pub async fn handle(asked: Unproven, body: Body) -> Result<Response, Error> {
    let body = asked.object(body).await?;
    body.require(&["sourceKey", "bucketId", "destinationKey"])?;
    let bucket = body.required_string("bucketId")?;
    let source = body.required_string("sourceKey")?;
    let key = body.required_string("destinationKey")?;
    let destination = body.string("destinationBucket")?.filter(|b| !b.is_empty());
    let labels = labels(&asked.request, &body)?;
    let request = &asked.prove()?;
    let target = Target {
        bucket: destination.as_deref().unwrap_or(&bucket),
        key: &key,
        owner: request.caller.owner(),
        upsert: request.upsert(),
    };
    let source = Source {
        bucket: &bucket,
        key: &source,
    };
    let copied = copying::copy(request, source, target, labels).await?;

    let mut answer = json!({
        "Id": copied.object.id,
        "Key": format!("{}/{}", target.bucket, target.key),
    });
    if let (Value::Object(answer), Value::Object(row)) = (&mut answer, copied.object.to_json()) {
        answer.extend(row);
    }
    Ok(respond::ok(&answer))
}

fn labels(request: &Request, body: &Object) -> Result<Labels, Error> {
    if body.boolean("copyMetadata")?.unwrap_or(true) {
        return Ok(Labels::Source);
    }
    let metadata = body.object("metadata")?;
    let given = |name| match &metadata {
        Some(metadata) => metadata.string(name),
        None => Ok(None),
    };
    Ok(Labels::Own {
        cache_control: given("cacheControl")?,
        mimetype: given("mimetype")?,
        user_metadata: request
            .header("x-metadata")
            .and_then(upload::decode_metadata),
        kept: true,
    })
}
