//! `/v1/…/files`: one operation per file.

pub(crate) mod complete;
pub(crate) mod delete;
mod digests;
pub(crate) mod direct;
mod disposition;
pub(crate) mod download;
mod fields;
mod form;
mod part;
pub(crate) mod upload;
pub(crate) mod verify;
pub(crate) mod visibility;

use casebase_supabase::rows::FileId;

use crate::error::ApiError;

/// A file's id in a path. What is no number is no file.
fn file_id(text: &str) -> Result<FileId, ApiError> {
    text.parse().map_err(|_| {
        let message = format!("there is no file {text}, or you may not see it");
        ApiError::new(axum::http::StatusCode::NOT_FOUND, "file_not_found", message)
    })
}
