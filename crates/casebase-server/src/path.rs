//! What a path names.

use axum::{
    extract::{self, FromRequestParts},
    http::{StatusCode, request::Parts},
};

use crate::{State, error::ApiError};

/// The part of a path that varies, as text.
pub(crate) struct Segment(pub(crate) String);

impl FromRequestParts<State> for Segment {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, ApiError> {
        let read = extract::Path::<String>::from_request_parts(parts, state).await;
        read.map(|extract::Path(text)| Self(text)).map_err(|error| {
            ApiError::new(StatusCode::BAD_REQUEST, "invalid_path", error.body_text())
        })
    }
}
