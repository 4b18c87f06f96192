//! `HEAD /object/{bucket}/{key}`, `GET /object/info/{bucket}/{key}` and their other forms

use axum::response::Response;

use super::{
    super::{error::Error, render, request::Request},
    object_get::{in_public_bucket, readable},
};

pub async fn head(request: &Request, bucket: &str, key: &str) -> Result<Response, Error> {
    let object = readable(request, bucket, key).await?;
    Ok(render::head(request, &object))
}

pub async fn head_public(request: &Request, bucket: &str, key: &str) -> Result<Response, Error> {
    let object = in_public_bucket(request, bucket, key).await?;
    Ok(render::head(request, &object))
}

pub async fn info(request: &Request, bucket: &str, key: &str) -> Result<Response, Error> {
    let object = readable(request, bucket, key).await?;
    Ok(render::info(&object))
}

pub async fn info_public(request: &Request, bucket: &str, key: &str) -> Result<Response, Error> {
    let object = in_public_bucket(request, bucket, key).await?;
    Ok(render::info(&object))
}
