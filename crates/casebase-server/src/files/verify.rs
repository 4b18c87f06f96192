//! `POST /v1/files/{id}/verify`

use axum::{Json, extract};
use casebase_supabase::rows::CaseFile;

use super::file_id;
use crate::{
    State,
    caller::Caller,
    error::{ApiError, ErrorBody, Refusals},
    path::Segment,
};

/// Checks a file that a frontend wrote to Storage itself, and makes it available.
///
/// Only who uploaded it can have it checked: nobody else can read it before. A file whose content is
/// refused is deleted.
#[utoipa::path(post, path = "/v1/files/{id}/verify", tag = "files", security(("bearer" = [])),
    params(("id" = i64, Path, example = 1)),
    responses(
        (status = OK, body = CaseFile), (status = NOT_FOUND, body = ErrorBody),
        (status = CONFLICT, body = ErrorBody), (status = PAYLOAD_TOO_LARGE, body = ErrorBody),
        (status = UNPROCESSABLE_ENTITY, body = ErrorBody), Refusals,
    ))]
pub(crate) async fn verify(
    state: extract::State<State>,
    Segment(id): Segment,
    Caller(user): Caller,
) -> Result<Json<CaseFile>, ApiError> {
    // Verified twice is verified, so whoever got no answer may ask again.
    Ok(Json(state.files.verify(&user, file_id(&id)?).await?))
}
