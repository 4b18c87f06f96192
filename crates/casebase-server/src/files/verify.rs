//! `POST /v1/files/{id}/verify`

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

/// Checks a file that a frontend wrote to Storage itself, and makes it available.
///
/// Only who uploaded it can have it checked: nobody else can read it before. A file whose content is
/// refused is deleted.
#[utoipa::path(post, path = "/v1/files/{id}/verify", tag = "files", security(("bearer" = [])),
    params(("id" = i64, Path, example = 1), idempotency::Header),
    responses(
        (status = OK, body = CaseFile), (status = NOT_FOUND, body = ErrorBody),
        (status = CONFLICT, body = ErrorBody), (status = PAYLOAD_TOO_LARGE, body = ErrorBody),
        (status = UNPROCESSABLE_ENTITY, body = ErrorBody),
        (status = INTERNAL_SERVER_ERROR, body = ErrorBody), Refusals,
    ))]
pub(crate) async fn verify(
    state: extract::State<State>,
    Segment(id): Segment,
    key: Key,
    Caller(user): Caller,
) -> Result<Kept, ApiError> {
    let id = file_id(&id)?;
    let asked = Asked::to("verify a file").with(id.to_string());
    let (files, by) = (state.files.clone(), user.clone());
    // Verified twice is verified, so whoever got no answer may ask again, with a key or without.
    let verify = async move {
        let row = files.find(&by, id).await?;
        let row = files.verify(&by, row).await?;
        Ok(Kept::ok(serde_json::to_string(&row)?))
    };
    match idempotency::turn(&state, &user, key, asked).await? {
        Turn::Answered(kept) => Ok(kept),
        Turn::Mine(work) => state.to_the_end(work.done(verify)).await,
    }
}
