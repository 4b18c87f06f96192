//! `POST /object/sign/{bucket}/{key}` and `POST /object/sign/{bucket}`

use axum::{body::Body, response::Response};
use serde_json::{Value, json};

use super::{
    super::{
        database::objects, error::Error, listing::LARGEST_PAGE, names, request::Request, respond,
        signed_url,
    },
    Unproven,
    body::Object,
};

/// A URL for one object that the caller may read.
pub async fn one(asked: Unproven, bucket: &str, key: &str, body: Body) -> Result<Response, Error> {
    let body = asked.object(body).await?;
    let seconds = expires_in(&body)?;
    let request = &asked.prove()?;
    names::check_bucket(bucket)?;
    names::check_key(key)?;
    let readable = existing(request, bucket, &[key.to_owned()]).await?;
    if readable.is_empty() {
        return Err(Error::no_such_key());
    }
    let url = signed(request, &format!("{bucket}/{key}"), seconds)?;
    Ok(respond::ok(&json!({ "signedURL": url })))
}

/// URLs for several objects, each with an error instead where the caller may not read it.
pub async fn many(asked: Unproven, bucket: &str, body: Body) -> Result<Response, Error> {
    let body = asked.object(body).await?;
    body.require(&["expiresIn", "paths"])?;
    let seconds = expires_in(&body)?;
    let keys = body.required_strings("paths")?;
    if keys.len() > LARGEST_PAGE {
        return Err(Error::validation(format!(
            "body/paths must NOT have more than {LARGEST_PAGE} items"
        )));
    }
    let request = &asked.prove()?;
    names::check_bucket(bucket)?;
    let readable = existing(request, bucket, &keys).await?;
    let mut answers = Vec::with_capacity(keys.len());
    for key in keys {
        answers.push(if readable.contains(&key) {
            let url = signed(request, &format!("{bucket}/{key}"), seconds)?;
            json!({ "error": null, "path": key, "signedURL": url })
        } else {
            json!({
                "error": "Either the object does not exist or you do not have access to it",
                "path": key,
                "signedURL": null,
            })
        });
    }
    Ok(respond::ok(&Value::Array(answers)))
}

fn expires_in(body: &Object) -> Result<u64, Error> {
    body.require(&["expiresIn"])?;
    let seconds = body.integer("expiresIn", 1)?.unwrap_or_default();
    Ok(seconds.unsigned_abs())
}

async fn existing(request: &Request, bucket: &str, keys: &[String]) -> Result<Vec<String>, Error> {
    let mut client = request.client().await?;
    let tx = request.as_caller(&mut client).await?;
    let existing = objects::existing(&tx, bucket, keys).await?;
    tx.commit().await?;
    Ok(existing)
}

fn signed(request: &Request, path: &str, seconds: u64) -> Result<String, Error> {
    let token = signed_url::sign_download(&request.storage.config.keys, path, seconds)?;
    Ok(format!("/object/sign/{path}?token={token}"))
}
