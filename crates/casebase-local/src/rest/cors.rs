//! Cross-origin requests: every origin is allowed.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

const METHODS: &str = "GET, POST, PATCH, PUT, DELETE, OPTIONS, HEAD";
const ALWAYS_ALLOWED_HEADERS: &str = "Accept, Accept-Language, Content-Language";
const EXPOSED_HEADERS: &str = "Content-Encoding, Content-Location, Content-Range, Content-Type, Date, Location, Server, Transfer-Encoding, Range-Unit";
const MAX_AGE: &str = "86400";

/// The answer to a preflight request, if this is one.
pub fn preflight(method: &Method, headers: &HeaderMap) -> Option<Response> {
    let wanted = headers
        .get(header::ACCESS_CONTROL_REQUEST_METHOD)?
        .to_str()
        .ok()?;
    let is_known = METHODS.split(", ").any(|known| known == wanted);
    if method != Method::OPTIONS || !is_known || !headers.contains_key(header::ORIGIN) {
        return None;
    }
    let mut response = Response::new(Body::empty());
    let answer = response.headers_mut();
    set(answer, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    set(answer, header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    set(answer, header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    let asked = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS);
    if let Some(asked) = asked.and_then(|value| value.to_str().ok()) {
        let allowed = format!("Authorization, {asked}, {ALWAYS_ALLOWED_HEADERS}");
        set(answer, header::ACCESS_CONTROL_ALLOW_HEADERS, &allowed);
    }
    Some(response)
}

/// Adds what lets a page of another origin read the answer.
pub fn expose(method: &Method, request: &HeaderMap, response: &mut Response) {
    if !request.contains_key(header::ORIGIN) || method == Method::OPTIONS {
        return;
    }
    let answer = response.headers_mut();
    set(answer, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    set(
        answer,
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        EXPOSED_HEADERS,
    );
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
