//! The uploader's own metadata, in `x-amz-meta-` headers.

use axum::response::Response;
use http::{HeaderName, HeaderValue};
use serde_json::{Map, Value};

use super::super::request::Request;

const PREFIX: &str = "x-amz-meta-";

/// What the headers say; `None` if there are none.
pub fn from_headers(request: &Request) -> Option<Value> {
    let mut metadata = Map::new();
    for (name, value) in &request.headers {
        if let (Some(key), Ok(value)) = (name.as_str().strip_prefix(PREFIX), value.to_str()) {
            metadata.insert(key.to_owned(), Value::String(value.to_owned()));
        }
    }
    (!metadata.is_empty()).then_some(Value::Object(metadata))
}

/// Shows metadata in headers. What no header can hold is counted.
pub fn set_headers(response: &mut Response, metadata: Option<&Value>) {
    let Some(Value::Object(metadata)) = metadata else {
        return;
    };
    let mut missing = 0;
    for (key, value) in metadata {
        match header(key, value) {
            Some((name, value)) => {
                response.headers_mut().insert(name, value);
            }
            None => missing += 1,
        }
    }
    if missing > 0 {
        response
            .headers_mut()
            .insert("x-amz-missing-meta", HeaderValue::from(missing));
    }
}

fn header(key: &str, value: &Value) -> Option<(HeaderName, HeaderValue)> {
    let text = value.as_str().filter(|text| text.is_ascii())?;
    let key = Some(key).filter(|key| !key.is_empty())?;
    let name = HeaderName::try_from(format!("{PREFIX}{}", key.to_ascii_lowercase())).ok()?;
    Some((name, HeaderValue::from_str(text).ok()?))
}
