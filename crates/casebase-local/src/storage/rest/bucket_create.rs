//! `POST /bucket`

use axum::{body::Body, response::Response};
use serde_json::{Value, json};

use super::{
    super::{
        database::buckets::{self, NewBucket},
        error::Error,
        names,
        request::Request,
        respond,
    },
    Unproven,
    body::Object,
};

pub async fn handle(asked: Unproven, body: Body) -> Result<Response, Error> {
    let body = asked.object(body).await?;
    let name = body.required_string("name")?;
    let id = body.string("id")?.filter(|id| !id.is_empty());
    body.one_of("type", &["STANDARD"])?;
    let public = body.boolean("public")?.unwrap_or(false);
    let file_size_limit = size_limit(&body)?.flatten();
    let allowed_mime_types = mime_types(&body)?.flatten();

    let request = &asked.prove()?;
    if name.trim() != name {
        return Err(Error::invalid_bucket_name());
    }
    names::check_bucket(&name)?;
    let file_size_limit = checked_size(request, file_size_limit)?;
    check_types(allowed_mime_types.as_deref())?;
    let bucket = NewBucket {
        id: id.as_deref().unwrap_or(&name),
        name: &name,
        owner: request.caller.owner(),
        public,
        file_size_limit,
        allowed_mime_types: allowed_mime_types.as_deref(),
    };
    let mut client = request.client().await?;
    let tx = request.as_caller(&mut client).await?;
    buckets::insert(&tx, &bucket).await?;
    tx.commit().await?;
    Ok(respond::ok(&json!({ "name": name })))
}

/// `file_size_limit`, in bytes or as `20MB`. The inner `None` removes it.
pub fn size_limit(body: &Object) -> Result<Option<Option<f64>>, Error> {
    let bytes = match body.value("file_size_limit") {
        None => return Ok(None),
        Some(Value::Null) => return Ok(Some(None)),
        Some(Value::String(text)) if text.parse::<f64>().is_err() => names::parse_size(text)
            .map_err(|_| Error::validation("body/file_size_limit must match a schema in anyOf"))?,
        Some(_) => body.integer("file_size_limit", 0)?.unwrap_or_default() as f64,
    };
    Ok(Some(Some(bytes)))
}

/// A size that a bucket can have: not above the server's own, and whole.
pub fn checked_size(request: &Request, bytes: Option<f64>) -> Result<Option<i64>, Error> {
    match bytes {
        None => Ok(None),
        Some(bytes) if bytes > request.storage.config.file_size_limit as f64 => {
            Err(Error::too_large())
        }
        Some(bytes) if bytes.fract() != 0.0 => Err(Error::broken_size(bytes)),
        Some(bytes) => Ok(Some(bytes as i64)),
    }
}

/// `allowed_mime_types`, without empty entries. The inner `None` removes the list.
pub fn mime_types(body: &Object) -> Result<Option<Option<Vec<String>>>, Error> {
    let Some(Some(mut types)) = body.strings("allowed_mime_types")? else {
        return body.strings("allowed_mime_types");
    };
    types.retain(|t| !t.is_empty());
    Ok(Some(Some(types)))
}

/// Refuses what is no pattern of a type.
pub fn check_types(types: Option<&[String]>) -> Result<(), Error> {
    types
        .unwrap_or_default()
        .iter()
        .try_for_each(|t| names::check_mime_pattern(t))
}
