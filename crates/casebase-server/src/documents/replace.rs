//! `PUT /v1/documents/{id}`

use axum::{
    extract::{self, RawQuery},
    http::HeaderMap,
};
use casebase_files::OfDocument;
use casebase_supabase::rows::ClientDocument;
use serde::Deserialize;

use super::document_id;
use crate::{
    State,
    body::Plain,
    caller::Caller,
    error::{ApiError, BodyRefusals, ErrorBody, Refusals},
    files::upload::{FileBytes, FileForm, Name, Sent},
    idempotency::{self, Kept},
    path::Segment,
};

/// Of a version nothing is said: it is where its document is.
#[derive(Deserialize)]
struct NoFields {}

/// Replaces a document by a new version.
///
/// Sent and checked as a document is. Until the new version is available the one before is served; from then on the new
/// one, under the same address. What was replaced stays for those who write documents (`?version=`), until they delete it.
#[utoipa::path(put, path = "/v1/documents/{id}",
    operation_id = "replace_document", tag = "documents", security(("bearer" = [])),
    params(("id" = i64, Path, example = 1), Name, idempotency::Header),
    request_body(content((FileForm = "multipart/form-data"), (FileBytes = "application/octet-stream"))),
    responses(
        (status = CREATED, body = ClientDocument), (status = NOT_FOUND, body = ErrorBody),
        (status = INTERNAL_SERVER_ERROR, body = ErrorBody), Refusals, BodyRefusals,
    ))]
pub(crate) async fn replace(
    state: extract::State<State>,
    Segment(id): Segment,
    RawQuery(query): RawQuery,
    Caller(user): Caller,
    headers: HeaderMap,
    Plain(body): Plain,
) -> Result<Kept, ApiError> {
    let sent = Sent {
        query: query.unwrap_or_default(),
        headers,
        body,
    };
    let document_id = document_id(&id)?;
    let place = move |NoFields {}| OfDocument { document_id };
    sent.receive("replace a document", &state, user, place)
        .await
}
