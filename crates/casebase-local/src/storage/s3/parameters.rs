//! Parameters in the query, with the refusals of Storage's schemas.

use super::super::{error::Error, request::Request};

fn refuse(name: &str, must: &str) -> Error {
    Error::invalid_request(format!("Querystring, {name} must {must}"))
}

/// A whole number within bounds.
pub fn integer(
    request: &Request,
    name: &str,
    least: i64,
    most: Option<i64>,
) -> Result<Option<i64>, Error> {
    let Some(text) = request.query.get(name) else {
        return Ok(None);
    };
    let number: i64 = text.parse().map_err(|_| refuse(name, "be integer"))?;
    if number < least {
        return Err(refuse(name, &format!("be >= {least}")));
    }
    if let Some(most) = most.filter(|most| number > *most) {
        return Err(refuse(name, &format!("be <= {most}")));
    }
    Ok(Some(number))
}

/// Whether names are to be percent-encoded: the only encoding there is.
pub fn url_encoded(request: &Request) -> Result<bool, Error> {
    match request.query.get("encoding-type") {
        None => Ok(false),
        Some("url") => Ok(true),
        Some(_) => Err(refuse(
            "encoding-type",
            "be equal to one of the allowed values",
        )),
    }
}

/// The number of a part.
pub fn part_number(request: &Request) -> Result<i32, Error> {
    let number = integer(request, "partNumber", 1, Some(10_000))?;
    number
        .and_then(|n| i32::try_from(n).ok())
        .ok_or_else(|| Error::missing_parameter("PartNumber"))
}

/// The id of an upload in parts.
pub fn upload_id(request: &Request) -> Result<&str, Error> {
    request
        .query
        .get("uploadId")
        .filter(|id| !id.is_empty())
        .ok_or_else(Error::invalid_upload_id)
}

/// Uploads in parts begin and end with a signature in the header, not with a presigned URL.
pub fn require_authorization(request: &Request) -> Result<(), Error> {
    match request.header("authorization") {
        Some(_) => Ok(()),
        None => Err(Error::invalid_request(
            "Headers must have required property 'authorization'",
        )),
    }
}

/// The object that `x-amz-copy-source` names: `bucket/key`, taken as it is sent.
pub fn copy_source(request: &Request) -> Result<(&str, &str), Error> {
    let source = request.header("x-amz-copy-source").unwrap_or_default();
    let source = source.strip_prefix('/').unwrap_or(source);
    let (bucket, key) = source.split_once('/').unwrap_or((source, ""));
    if bucket.is_empty() {
        return Err(Error::invalid_bucket_name());
    }
    if key.is_empty() {
        return Err(Error::missing_parameter("CopySource"));
    }
    Ok((bucket, key))
}
