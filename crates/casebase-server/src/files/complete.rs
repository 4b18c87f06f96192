//! `POST /v1/files/{id}/complete`

use axum::extract;
use casebase_supabase::rows::CaseFile;

use super::file_id;
use crate::{
    State,
    caller::Caller,
    error::{ApiError, ErrorBody, Refusals},
    idempotency::{self, Asked, Kept, Key, Turn},
    path::Segment,
};

/// Completes a file that was written to Storage directly: its bytes are read and checked, and it becomes available.
///
/// Only its uploader can. 409: its object is not there, or not whole, yet. A file whose content is refused is deleted. Asked
/// again, it goes on where it stopped, and what is available already stays so.
#[utoipa::path(post, path = "/v1/files/{id}/complete", tag = "files", security(("bearer" = [])),
    params(("id" = i64, Path, example = 1), idempotency::Header),
    responses(
        (status = OK, body = CaseFile), (status = NOT_FOUND, body = ErrorBody),
        (status = CONFLICT, body = ErrorBody), (status = PAYLOAD_TOO_LARGE, body = ErrorBody),
        (status = UNPROCESSABLE_ENTITY, body = ErrorBody),
        (status = INTERNAL_SERVER_ERROR, body = ErrorBody), Refusals,
    ))]
pub(crate) async fn complete(
    state: extract::State<State>,
    Segment(id): Segment,
    key: Key,
    Caller(user): Caller,
) -> Result<Kept, ApiError> {
    let id = file_id(&id)?;
    let asked = Asked::to("complete a file").with(id.to_string());
    let (files, by) = (state.files.clone(), user.clone());
    let complete = async move {
        let row = files.complete(&by, id).await?;
        Ok(Kept::ok(serde_json::to_string(&row)?))
    };
    match idempotency::turn(&state, &user, key, asked).await? {
        Turn::Answered(kept) => Ok(kept),
        Turn::Mine(work) => state.to_the_end(work.done(complete)).await,
    }
}
