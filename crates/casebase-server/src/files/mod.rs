//! `/v1/…/files`: one operation per file; and what those of documents share with them.

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

use casebase_supabase::rows::{CaseFile, FileId, FileRow};

use crate::error::ApiError;

/// A file that the service has at an address of its own.
pub(crate) trait Addressed: FileRow {
    /// The path.
    fn address(&self) -> String;
}

impl Addressed for CaseFile {
    fn address(&self) -> String {
        format!("/v1/files/{}", self.id)
    }
}

/// A file's id in a path. What is no number is no file.
fn file_id(text: &str) -> Result<FileId, ApiError> {
    text.parse().map_err(|_| {
        let message = format!("there is no file {text}, or you may not see it");
        ApiError::new(axum::http::StatusCode::NOT_FOUND, "file_not_found", message)
    })
}
