//! `GET /v1/clients/{client_id}/documents`

use axum::{Json, extract};
use casebase_supabase::rows::ClientDocument;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::client_id;
use crate::{
    State,
    caller::Caller,
    error::{ApiError, ErrorBody, Refusals},
    misread,
    path::Segment,
    query::Within,
};

/// Which page.
#[derive(Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    /// Documents of this category alone: the code of one of `document_categories`.
    #[param(example = "policies")]
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    /// At most this many, by default 100.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    #[serde(skip_serializing_if = "Option::is_none")]
    page_size: Option<Within<1, 1000>>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

#[derive(Serialize)]
struct OfClient {
    client_id: Uuid,
    #[serde(flatten)]
    page: Page,
}

/// A page of documents.
#[derive(ToSchema)]
#[expect(dead_code, reason = "passed on unread; this documents it")]
pub(crate) struct DocumentPage {
    documents: Vec<ClientDocument>,
    /// For the next page, as `cursor`; null on the last.
    next_cursor: Option<String>,
}

/// Lists the documents of a client, the newest first, each by its current version.
#[utoipa::path(get, path = "/v1/clients/{client_id}/documents",
    operation_id = "list_documents", tag = "documents", security(("bearer" = [])),
    params(("client_id" = Uuid, Path, description = "`clients.id`"), Page),
    responses(
        (status = OK, body = DocumentPage), (status = NOT_FOUND, body = ErrorBody),
        (status = UNPROCESSABLE_ENTITY, body = ErrorBody), Refusals,
    ))]
pub(crate) async fn list(
    state: extract::State<State>,
    Segment(client): Segment,
    Caller(user): Caller,
    misread::Parameters(page): misread::Parameters<Page>,
) -> Result<Json<Box<RawValue>>, ApiError> {
    let wanted = OfClient {
        client_id: client_id(&client)?,
        page,
    };
    let page = state.db.rpc("list_client_documents", &user).call(&wanted);
    match page.await {
        Ok(page) => Ok(Json(page)),
        Err(error) if error.api().is_some_and(|said| said.code == "PT404") => {
            Err(ApiError::client_not_found(&client))
        }
        Err(error) => Err(ApiError::of_list(error)),
    }
}
