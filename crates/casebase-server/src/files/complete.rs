//! `POST /v1/files/{id}/complete`, and how any file is completed.

use std::future::Future;

use axum::extract;
use casebase_supabase::{
    jwt::UserToken,
    rows::{CaseFile, FileRow},
};

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
    let found = async move { files.find(&by, id).await };
    to_the_end(&state, user, key, asked, found).await
}

/// Completes the file that is found.
pub(crate) async fn to_the_end<R: FileRow>(
    state: &State,
    user: UserToken,
    key: Key,
    asked: Asked,
    found: impl Future<Output = Result<R, casebase_files::Error>> + Send + 'static,
) -> Result<Kept, ApiError> {
    let (files, by) = (state.files.clone(), user.clone());
    let complete = async move {
        let row = files.complete(&by, found.await?).await?;
        Ok(Kept::ok(serde_json::to_string(&row)?))
    };
    match idempotency::turn(state, &user, key, asked).await? {
        Turn::Answered(kept) => Ok(kept),
        Turn::Mine(work) => state.to_the_end(work.done(complete)).await,
    }
}
