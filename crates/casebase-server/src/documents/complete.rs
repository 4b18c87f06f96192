//! `POST /v1/documents/{id}/complete`

use axum::extract;
use casebase_supabase::rows::ClientDocument;

use super::document_id;
use crate::{
    State,
    caller::Caller,
    error::{ApiError, ErrorBody, Refusals},
    files::complete,
    idempotency::{self, Asked, Kept, Key},
    path::Segment,
};

/// Completes what the caller wrote of a document to Storage directly: its bytes are checked, and it becomes available.
///
/// If it is a new version, it takes the place of the one before in that step. 409: its object is not there, or not whole,
/// yet. What is refused is deleted. Asked again, it goes on where it stopped; where nothing of the caller's waits, the
/// answer is the document as it is.
#[utoipa::path(post, path = "/v1/documents/{id}/complete",
    operation_id = "complete_document", tag = "documents", security(("bearer" = [])),
    params(("id" = i64, Path, example = 1), idempotency::Header),
    responses(
        (status = OK, body = ClientDocument), (status = NOT_FOUND, body = ErrorBody),
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
    let id = document_id(&id)?;
    let asked = Asked::to("complete a document").with(id.to_string());
    let (files, by) = (state.files.clone(), user.clone());
    let found = async move { files.unfinished_version(&by, id).await };
    complete::to_the_end(&state, user, key, asked, found).await
}
