//! `POST /v1/clients/{client_id}/documents`

use axum::{
    extract::{self, RawQuery},
    http::HeaderMap,
};
use casebase_files::{DocumentFields, OfClient};
use casebase_supabase::rows::ClientDocument;

use super::client_id;
use crate::{
    State,
    body::Plain,
    caller::Caller,
    error::{ApiError, BodyRefusals, ErrorBody, Refusals},
    files::upload::{FileBytes, FileForm, Name, Sent},
    idempotency::{self, Kept},
    path::Segment,
};

/// Adds a document to a client's.
///
/// For staff who write documents; the client's members read it. Sent and checked as the file of a case is
/// (`POST /v1/cases/{case_id}/files`); in a form, `category` may also be a part before the file.
#[utoipa::path(post, path = "/v1/clients/{client_id}/documents",
    operation_id = "upload_document", tag = "documents", security(("bearer" = [])),
    params(("client_id" = Uuid, Path, description = "`clients.id`"), Name, DocumentFields, idempotency::Header),
    request_body(content((FileForm = "multipart/form-data"), (FileBytes = "application/octet-stream"))),
    responses(
        (status = CREATED, body = ClientDocument), (status = NOT_FOUND, body = ErrorBody),
        (status = INTERNAL_SERVER_ERROR, body = ErrorBody), Refusals, BodyRefusals,
    ))]
pub(crate) async fn upload(
    state: extract::State<State>,
    Segment(client): Segment,
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
    let client_id = client_id(&client)?;
    let place = move |fields: DocumentFields| OfClient { client_id, fields };
    sent.receive("add a document", &state, user, place).await
}
