//! `POST /v1/files/{id}/visibility`

use axum::extract;
use casebase_supabase::rows::CaseFile;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::file_id;
use crate::{
    State,
    body::PlainJson,
    caller::Caller,
    error::{ApiError, BodyRefusals, ErrorBody, Refusals},
    idempotency::{self, Asked, Kept, Key, Turn},
    path::Segment,
};

/// Who is to see a file.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Visibility {
    /// `true`: the client sees it; `false`: it is internal.
    visible_to_client: bool,
}

/// Shows a file to the client, or hides it from them.
///
/// For staff of its case. The file moves to the other bucket: it gets another `object_path`, and what it had is never used
/// again, nor does a link to it work. Hidden it is at once; shown it is when it has moved. If it stops half-way, the same
/// call again goes on.
#[utoipa::path(post, path = "/v1/files/{id}/visibility", tag = "files", security(("bearer" = [])),
    params(("id" = i64, Path, example = 1), idempotency::Header),
    request_body = Visibility,
    responses(
        (status = OK, body = CaseFile), (status = NOT_FOUND, body = ErrorBody),
        (status = INTERNAL_SERVER_ERROR, body = ErrorBody), Refusals, BodyRefusals,
    ))]
pub(crate) async fn change(
    state: extract::State<State>,
    Segment(id): Segment,
    key: Key,
    Caller(user): Caller,
    PlainJson(wanted): PlainJson<Visibility>,
) -> Result<Kept, ApiError> {
    let id = file_id(&id)?;
    let asked = Asked::to("change who sees a file")
        .with(id.to_string())
        .with(serde_json::to_vec(&wanted)?);
    let (files, links, by) = (state.files.clone(), state.links.clone(), user.clone());
    let change = async move {
        let changed = files.change_visibility(&by, &links, id, wanted.visible_to_client);
        Ok(Kept::ok(serde_json::to_string(&changed.await?)?))
    };
    match idempotency::turn(&state, &user, key, asked).await? {
        Turn::Answered(kept) => Ok(kept),
        Turn::Mine(work) => state.to_the_end(work.done(change)).await,
    }
}
