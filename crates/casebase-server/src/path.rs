//! What a path names.

use axum::{
    extract::{self, FromRequestParts},
    http::{StatusCode, request::Parts},
};
use utoipa::ToSchema;

use crate::{State, error::ApiError};

/// A case in a path: its number, with or without what stands before it.
#[derive(ToSchema)]
#[schema(value_type = String, pattern = "^([Cc][Aa][Ss][Ee]-)?[0-9]{1,19}$", example = "CASE-0001")]
#[expect(dead_code, reason = "read as text; this documents it")]
pub(crate) struct CaseInPath(String);

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
