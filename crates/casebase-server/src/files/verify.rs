//! `POST /v1/files/{id}/verify`

use axum::{
    Json,
    extract::{self, Path},
};
use casebase_supabase::rows::CaseFile;

use super::file_id;
use crate::{
    State,
    caller::Caller,
    error::{ApiError, ErrorBody},
};

/// Checks a file that a frontend wrote to Storage itself, and makes it available.
///
/// Only who uploaded it can have it checked: nobody else can read it before. A file whose content is
/// refused is deleted.
#[utoipa::path(post, path = "/v1/files/{id}/verify", tag = "files", security(("bearer" = [])),
    params(("id" = i64, Path)),
    responses(
        (status = OK, body = CaseFile), (status = UNAUTHORIZED, body = ErrorBody),
        (status = NOT_FOUND, body = ErrorBody), (status = CONFLICT, body = ErrorBody),
        (status = PAYLOAD_TOO_LARGE, body = ErrorBody), (status = UNPROCESSABLE_ENTITY, body = ErrorBody),
    ))]
pub(crate) async fn verify(
    state: extract::State<State>,
    Path(id): Path<String>,
    Caller(user): Caller,
) -> Result<Json<CaseFile>, ApiError> {
    let verified = state.files.verify(&user, file_id(&id)?).await;
    verified.map(Json).map_err(ApiError::of_change)
}
