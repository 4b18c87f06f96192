//! `POST /v1/documents/{id}/direct`

use axum::extract;
use casebase_files::{DirectUpload, OfDocument};
use casebase_supabase::rows::ClientDocument;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::document_id;
use crate::{
    State,
    body::PlainJson,
    caller::Caller,
    error::{ApiError, BodyRefusals, ErrorBody, Refusals},
    files::direct::{Name, Size, StoredAs, announce},
    idempotency::{self, Asked, Kept, Key},
    path::Segment,
};

/// A version of a document that is to be written to Storage directly.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnnouncedVersion {
    #[schema(inline)]
    name: Name,
    #[schema(inline)]
    size: Size,
    #[schema(inline)]
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<StoredAs>,
}

/// Reserves a new version of a document that its uploader writes to Storage directly.
///
/// Then `POST /v1/documents/{id}/complete`; until that has succeeded the version before is served.
#[utoipa::path(post, path = "/v1/documents/{id}/direct",
    operation_id = "direct_version", tag = "documents", security(("bearer" = [])),
    params(("id" = i64, Path, example = 1), idempotency::Header),
    request_body = AnnouncedVersion,
    responses(
        (status = CREATED, body = DirectUpload<ClientDocument>), (status = NOT_FOUND, body = ErrorBody),
        (status = INTERNAL_SERVER_ERROR, body = ErrorBody), Refusals, BodyRefusals,
    ))]
pub(crate) async fn direct(
    state: extract::State<State>,
    Segment(id): Segment,
    key: Key,
    Caller(user): Caller,
    PlainJson(announced): PlainJson<AnnouncedVersion>,
) -> Result<Kept, ApiError> {
    let AnnouncedVersion {
        name,
        size,
        content_type,
    } = announced;
    let home = OfDocument {
        document_id: document_id(&id)?,
    };
    let asked = Asked::to("announce a version of a document");
    announce(&state, user, key, asked, home, (name, size, content_type)).await
}
