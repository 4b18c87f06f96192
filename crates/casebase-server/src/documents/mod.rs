//! `/v1/clients/{client_id}/documents` and `/v1/documents`: one operation per file. What they do with bytes is what is done
//! with the files of cases (`files`).
//!
//! A document is known by a number; its versions are rows of their own.

pub(crate) mod complete;
pub(crate) mod delete;
pub(crate) mod direct;
pub(crate) mod direct_version;
pub(crate) mod download;
pub(crate) mod list;
pub(crate) mod replace;
pub(crate) mod upload;

use axum::http::StatusCode;
use casebase_supabase::rows::{ClientDocument, DocumentId};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::{error::ApiError, files::Addressed};

impl Addressed for ClientDocument {
    fn address(&self) -> String {
        format!("/v1/documents/{}", self.document_id)
    }
}

/// Which version of a document.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Version {
    /// The `id` of a version, for whoever may write documents.
    version: Option<i64>,
}

/// A document's number in a path, or that of one of its versions. What is no number is no document.
fn document_id(text: &str) -> Result<DocumentId, ApiError> {
    text.parse().map_err(|_| {
        let message = format!("there is no document {text}, or you may not see it");
        ApiError::new(StatusCode::NOT_FOUND, "document_not_found", message)
    })
}

/// A client's id in a path. What is no UUID is no client.
fn client_id(text: &str) -> Result<Uuid, ApiError> {
    text.parse().map_err(|_| ApiError::client_not_found(text))
}
