//! `DELETE /v1/files/{id}`

use axum::{extract, http::StatusCode};

use super::file_id;
use crate::{
    State,
    caller::Caller,
    error::{ApiError, ErrorBody, Refusals},
    path::Segment,
};

/// Deletes a file, its bytes and its row. If it stops half-way, the same call again finishes it.
#[utoipa::path(delete, path = "/v1/files/{id}", tag = "files", security(("bearer" = [])),
    params(("id" = i64, Path, example = 1)),
    responses(
        (status = NO_CONTENT), (status = NOT_FOUND, body = ErrorBody), (status = CONFLICT, body = ErrorBody),
        Refusals,
    ))]
pub(crate) async fn delete(
    state: extract::State<State>,
    Segment(id): Segment,
    Caller(user): Caller,
) -> Result<StatusCode, ApiError> {
    // The same call finishes it, so whoever got no answer may ask again.
    let row = state.files.find(&user, file_id(&id)?).await?;
    state.files.delete(&user, &row).await?;
    Ok(StatusCode::NO_CONTENT)
}
