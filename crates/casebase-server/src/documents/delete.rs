//! `DELETE /v1/documents/{id}`

use axum::{extract, http::StatusCode};

use super::{Version, document_id};
use crate::{
    State,
    caller::Caller,
    error::{ApiError, ErrorBody, Refusals},
    misread,
    path::Segment,
};

/// Deletes a document with all of its versions, or one of them; no earlier one becomes current. If it stops half-way, the
/// same call again finishes it.
#[utoipa::path(delete, path = "/v1/documents/{id}",
    operation_id = "delete_document", tag = "documents", security(("bearer" = [])),
    params(("id" = i64, Path, example = 1), Version),
    responses(
        (status = NO_CONTENT), (status = NOT_FOUND, body = ErrorBody), (status = CONFLICT, body = ErrorBody),
        (status = UNPROCESSABLE_ENTITY, body = ErrorBody), Refusals,
    ))]
pub(crate) async fn delete(
    state: extract::State<State>,
    Segment(id): Segment,
    Caller(user): Caller,
    misread::Parameters(Version { version }): misread::Parameters<Version>,
) -> Result<StatusCode, ApiError> {
    // The same call finishes it, so whoever got no answer may ask again.
    let id = document_id(&id)?;
    state.files.delete_document(&user, id, version).await?;
    Ok(StatusCode::NO_CONTENT)
}
