//! What a caller hears whose body or query cannot be read: the field, what it is, and what it has to be.

use std::{borrow::Cow, error::Error};

use axum::{
    extract::{FromRequestParts, rejection::JsonRejection},
    http::{StatusCode, request::Parts},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::form_urlencoded;

use crate::{error::ApiError, query};

/// A value is repeated up to here.
const MOST: usize = 100;

/// The parameters of a query.
pub(crate) struct Parameters<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        query::read(query).map(Self).map_err(|error| {
            let path = error.path().to_string();
            // Of a list, its first wrong one: `status[1]`.
            let (name, nth) = path.split_once('[').unwrap_or((&path, "0]"));
            let nth = nth.trim_end_matches(']').parse().unwrap_or_default();
            let pairs = form_urlencoded::parse(query.as_bytes());
            let mut given = pairs
                .filter(|(known, _)| known == name)
                .map(|(_, text)| text);
            let given = given.nth(nth).map(Cow::into_owned);
            misread("invalid_query", name, &error.inner().to_string(), given)
        })
    }
}

/// Reads an object out of JSON that is whole.
pub(crate) fn object<T: DeserializeOwned>(json: &str) -> Result<T, ApiError> {
    if !json.starts_with('{') {
        return Err(unreadable(
            "invalid_body",
            "the body has to be a JSON object",
        ));
    }
    let mut reader = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        // `changes.status` and `ids[1]`, as a JSON pointer.
        let pointer = format!("/{path}").replace(['.', '['], "/").replace(']', "");
        let body: Option<Value> = serde_json::from_str(json).ok();
        let given = body.as_ref().and_then(|body| body.pointer(&pointer));
        let given = given.map(|value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        let said = error.inner().to_string();
        misread("invalid_body", &path, without_place(&said), given)
    })
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        if casebase_http::stood_still(&rejection) {
            let message = "the body stopped arriving";
            return Self::new(StatusCode::REQUEST_TIMEOUT, "body_interrupted", message);
        }
        let status = rejection.status();
        let broken = cause::<serde_path_to_error::Error<serde_json::Error>>(&rejection);
        let message = match broken.map(serde_path_to_error::Error::inner) {
            Some(error) => {
                let (line, column) = (error.line(), error.column());
                let said = without_place(&error.to_string()).to_owned();
                format!("the body is not JSON: {said} (line {line}, column {column})")
            }
            None => rejection.body_text(),
        };
        Self::new(status, "invalid_body", message)
    }
}

fn unreadable(code: &'static str, message: &str) -> ApiError {
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
}

fn misread(code: &'static str, path: &str, said: &str, given: Option<String>) -> ApiError {
    // What is missing or there twice is no place in what was read.
    let field = match path {
        "." => said.split('`').nth(1).unwrap_or_default(),
        path => path,
    };
    if field.is_empty() || said.contains(&format!("field `{field}`")) {
        return match field {
            "" => unreadable(code, said),
            field => ApiError::field(field.to_owned(), code, said),
        };
    }
    let value: String = given.unwrap_or_default().chars().take(MOST).collect();
    let message = match wanted(said) {
        Some(wanted) => format!("{field} is `{value}`; it has to be {wanted}"),
        None => format!("{field}: {said}"),
    };
    ApiError::field(field.to_owned(), code, message)
}

/// What would be right, in the words of serde, of a UUID's parser, or of a number's.
fn wanted(said: &str) -> Option<&str> {
    const NUMBERS: [&str; 3] = ["invalid digit", "number too", "cannot parse integer"];
    match said.rsplit_once(", expected ") {
        Some((_, wanted)) => Some(wanted),
        None if said.starts_with("UUID parsing failed") => {
            Some("a UUID, like 7f0c9d0e-2f7e-4c53-9a4e-6f0a3a4a7a10")
        }
        None if said.starts_with("provided string was not `true`") => Some("true or false"),
        None if said.starts_with("number would be zero") => {
            Some("a whole number from 1 to 4294967295")
        }
        None => NUMBERS
            .iter()
            .any(|number| said.starts_with(number))
            .then_some("a whole number of at most 4294967295"),
    }
}

/// serde_json ends each of its sentences with a place; where the field is named, it says nothing more.
fn without_place(said: &str) -> &str {
    said.rsplit_once(" at line ").map_or(said, |(said, _)| said)
}

/// The cause of this type, however deep.
fn cause<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a failing test may panic")]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Wanted {
        id: uuid::Uuid,
        title: String,
    }

    #[test]
    fn a_field_is_said_once_with_what_it_is_and_what_it_has_to_be() {
        let id = "\"id\":\"7f0c9d0e-2f7e-4c53-9a4e-6f0a3a4a7a10\"";
        for (json, field, message) in [
            (
                r#"{"id":"x","title":"t"}"#.to_owned(),
                Some("id"),
                "id is `x`; it has to be a UUID, like 7f0c9d0e-2f7e-4c53-9a4e-6f0a3a4a7a10",
            ),
            (format!("{{{id}}}"), Some("title"), "missing field `title`"),
            (
                format!("{{{id},\"title\":5}}"),
                Some("title"),
                "title is `5`; it has to be a string",
            ),
            (
                format!("{{{id},\"title\":null}}"),
                Some("title"),
                "title is `null`; it has to be a string",
            ),
            (
                format!("{{{id},\"titel\":\"t\"}}"),
                Some("titel"),
                "unknown field `titel`, expected `id` or `title`",
            ),
            (
                format!("{{{id},\"title\":\"a\",\"title\":\"b\"}}"),
                Some("title"),
                "duplicate field `title`",
            ),
            (
                format!("{{{id},\"title\":\"\\ud800\"}}"),
                Some("title"),
                "title: unexpected end of hex escape",
            ),
            ("[]".to_owned(), None, "the body has to be a JSON object"),
        ] {
            let error = object::<Wanted>(&json).expect_err(&json);
            assert_eq!(
                (error.about(), error.to_string().as_str()),
                (field, message)
            );
        }
    }
}
