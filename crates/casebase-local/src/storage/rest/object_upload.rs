//! `POST` and `PUT /object/{bucket}/{key}`, `PUT /object/upload/sign/{bucket}/{key}`

use axum::{body::Body, response::Response};
use serde_json::json;

use super::super::{
    error::Error,
    names,
    policy::Target,
    request::Request,
    respond,
    signed_url::{self, Scope},
    upload,
};

/// A new object, or with `x-upsert: true` perhaps an existing one.
pub async fn create(
    request: &Request,
    bucket: &str,
    key: &str,
    body: Body,
) -> Result<Response, Error> {
    by_caller(request, bucket, key, body, request.upsert()).await
}

/// An object's new bytes. That there is one already is not asked for.
pub async fn update(
    request: &Request,
    bucket: &str,
    key: &str,
    body: Body,
) -> Result<Response, Error> {
    by_caller(request, bucket, key, body, true).await
}

async fn by_caller(
    request: &Request,
    bucket: &str,
    key: &str,
    body: Body,
    upsert: bool,
) -> Result<Response, Error> {
    let target = Target {
        bucket,
        key,
        owner: request.caller.owner(),
        upsert,
    };
    let uploaded = upload::from_request(request, target, body).await?;
    let key = format!("{bucket}/{key}");
    Ok(respond::ok(&json!({ "Key": key, "Id": uploaded.id })))
}

/// An object under a signed URL. The policies were asked when it was signed.
pub async fn signed(
    request: &Request,
    bucket: &str,
    key: &str,
    body: Body,
) -> Result<Response, Error> {
    names::check_bucket(bucket)?;
    let token = super::object_get::token(request)?;
    let keys = &request.storage.config.keys;
    let url = format!("{bucket}/{key}");
    let grant = signed_url::check(keys, token, &url, Scope::Upload)?;
    let target = Target {
        bucket,
        key,
        owner: grant.owner.as_deref(),
        upsert: grant.upsert,
    };
    upload::from_request(request, target, body).await?;
    Ok(respond::ok(&json!({ "Key": url })))
}
