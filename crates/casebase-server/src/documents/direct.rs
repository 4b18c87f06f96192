//! `POST /v1/clients/{client_id}/documents/direct`

use axum::extract;
use casebase_files::{DirectUpload, DocumentFields, OfClient};
use casebase_supabase::rows::ClientDocument;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::client_id;
use crate::{
    State,
    body::PlainJson,
    caller::Caller,
    error::{ApiError, BodyRefusals, ErrorBody, Refusals},
    files::direct::{Name, Size, StoredAs, announce},
    idempotency::{self, Asked, Kept, Key},
    path::Segment,
};

/// A document that is to be written to Storage directly.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnnouncedDocument {
    /// What the document is: the code of one of `document_categories`.
    #[schema(example = "policies")]
    category: String,
    #[schema(inline)]
    name: Name,
    #[schema(inline)]
    size: Size,
    #[schema(inline)]
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<StoredAs>,
}

/// Reserves a document that its uploader writes to Storage directly.
///
/// As a file of a case (`POST /v1/cases/{case_id}/files/direct`); then `POST /v1/documents/{id}/complete`.
#[utoipa::path(post, path = "/v1/clients/{client_id}/documents/direct",
    operation_id = "direct_document", tag = "documents", security(("bearer" = [])),
    params(("client_id" = Uuid, Path, description = "`clients.id`"), idempotency::Header),
    request_body = AnnouncedDocument,
    responses(
        (status = CREATED, body = DirectUpload<ClientDocument>), (status = NOT_FOUND, body = ErrorBody),
        (status = INTERNAL_SERVER_ERROR, body = ErrorBody), Refusals, BodyRefusals,
    ))]
pub(crate) async fn direct(
    state: extract::State<State>,
    Segment(client): Segment,
    key: Key,
    Caller(user): Caller,
    PlainJson(announced): PlainJson<AnnouncedDocument>,
) -> Result<Kept, ApiError> {
    let AnnouncedDocument {
        category,
        name,
        size,
        content_type,
    } = announced;
    let home = OfClient {
        client_id: client_id(&client)?,
        fields: DocumentFields { category },
    };
    let asked = Asked::to("announce a document");
    announce(&state, user, key, asked, home, (name, size, content_type)).await
}
