//! `GET /object/{bucket}/{key}` and its authenticated, public and signed forms

use axum::response::Response;
use chrono::DateTime;

use super::super::{
    database::{
        buckets,
        objects::{self, Object},
    },
    error::Error,
    names,
    render::{self, Presentation},
    request::Request,
    signed_url::{self, Scope},
};

/// What the caller may read.
pub async fn by_caller(request: &Request, bucket: &str, key: &str) -> Result<Response, Error> {
    let object = readable(request, bucket, key).await?;
    asset(request, &object).await
}

/// Anybody reads a public bucket; the policies decide over the others, and nobody in particular sees none.
pub async fn readable(request: &Request, bucket: &str, key: &str) -> Result<Object, Error> {
    let mut client = request.client().await?;
    let tx = request.as_service(&mut client).await?;
    let is_public = buckets::find(&tx, bucket).await?.public;
    if !request.caller.authenticated && !is_public {
        return Err(Error::no_such_bucket());
    }
    names::check_bucket(bucket)?;
    names::check_key(key)?;
    let found = if is_public {
        objects::find(&tx, bucket, key).await?
    } else {
        tx.rollback().await?;
        let tx = request.as_caller(&mut client).await?;
        objects::find(&tx, bucket, key).await?
    };
    found.ok_or_else(Error::no_such_key)
}

/// An object of a public bucket.
pub async fn public(request: &Request, bucket: &str, key: &str) -> Result<Response, Error> {
    let object = in_public_bucket(request, bucket, key).await?;
    asset(request, &object).await
}

/// An object, if its bucket is public.
pub async fn in_public_bucket(request: &Request, bucket: &str, key: &str) -> Result<Object, Error> {
    names::check_bucket(bucket)?;
    names::check_key(key)?;
    let mut client = request.client().await?;
    let tx = request.as_service(&mut client).await?;
    if !buckets::find(&tx, bucket).await?.public {
        return Err(Error::no_such_bucket());
    }
    let found = objects::find(&tx, bucket, key).await?;
    found.ok_or_else(Error::no_such_key)
}

/// The object that a signed URL is for.
pub async fn signed(request: &Request, bucket: &str, key: &str) -> Result<Response, Error> {
    let token = token(request)?;
    names::check_bucket(bucket)?;
    let url = format!("{bucket}/{key}");
    let grant = signed_url::check(&request.storage.config.keys, token, &url, Scope::Download)?;
    names::check_key(key)?;
    let mut client = request.client().await?;
    let tx = request.as_service(&mut client).await?;
    let found = objects::find(&tx, bucket, key).await?;
    tx.commit().await?;
    drop(client);
    let object = found.ok_or_else(Error::no_such_key)?;
    let expires = i64::try_from(grant.expires).unwrap_or(i64::MAX);
    let presentation = Presentation {
        download: request.query.get("download"),
        expires: Some(
            DateTime::from_timestamp(expires, 0).unwrap_or(DateTime::<chrono::Utc>::MAX_UTC),
        ),
    };
    render::asset(request, &object, &presentation).await
}

/// The token of a signed URL.
pub fn token(request: &Request) -> Result<&str, Error> {
    request
        .query
        .get("token")
        .ok_or_else(|| Error::validation("querystring must have required property 'token'"))
}

async fn asset(request: &Request, object: &Object) -> Result<Response, Error> {
    let presentation = Presentation {
        download: request.query.get("download"),
        expires: None,
    };
    render::asset(request, object, &presentation).await
}
