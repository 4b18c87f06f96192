//! `DELETE /object/{bucket}/{key}` and `DELETE /object/{bucket}`

use axum::{body::Body, response::Response};

use super::{
    super::{database::objects::Object, error::Error, names, removal, request::Request, respond},
    Unproven,
};

/// One object, which must be there.
pub async fn one(request: &Request, bucket: &str, key: &str) -> Result<Response, Error> {
    names::check_bucket(bucket)?;
    removal::one(request, bucket, key).await?;
    Ok(respond::message("Successfully deleted"))
}

/// Several objects; the answer has those that were there and could be deleted.
pub async fn many(asked: Unproven, bucket: &str, body: Body) -> Result<Response, Error> {
    let body = asked.object(body).await?;
    let keys = body.required_strings("prefixes")?;
    let request = &asked.prove()?;
    names::check_bucket(bucket)?;
    let removed = removal::many(request, bucket, &keys).await?;
    let removed: Vec<_> = removed.iter().map(Object::to_json).collect();
    Ok(respond::ok(&removed))
}
