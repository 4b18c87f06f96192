//! `DELETE /v1/files/{id}`

use axum::{
    extract::{self, Path},
    http::StatusCode,
};

use super::file_id;
use crate::{
    State,
    caller::Caller,
    error::{ApiError, ErrorBody},
};

/// Deletes a file, its bytes and its row. If it stops half-way, the same call again finishes it.
#[utoipa::path(delete, path = "/v1/files/{id}", tag = "files", security(("bearer" = [])),
    params(("id" = i64, Path)),
    responses(
        (status = NO_CONTENT), (status = UNAUTHORIZED, body = ErrorBody),
        (status = FORBIDDEN, body = ErrorBody), (status = NOT_FOUND, body = ErrorBody),
    ))]
pub(crate) async fn delete(
    state: extract::State<State>,
    Path(id): Path<String>,
    Caller(user): Caller,
) -> Result<StatusCode, ApiError> {
    let deleted = state.files.delete(&user, file_id(&id)?).await;
    deleted.map_err(ApiError::of_change)?;
    Ok(StatusCode::NO_CONTENT)
}
