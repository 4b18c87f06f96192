//! An upload as a browser's form sends it, read as a stream: the fields first, the file last.

use std::io;

use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
};
use casebase_files::storage::Bytestream;
use casebase_supabase::rows::InteractionId;
use futures::{StreamExt as _, stream};
use multer::{Constraints, Field, Multipart, SizeLimit};

use crate::error::ApiError;

/// A field other than the file.
const MAX_FIELD_BYTES: u64 = 1024;
/// More parts than any form of ours has.
const MAX_PARTS: usize = 16;

/// Where the file goes.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) interaction: Option<InteractionId>,
    pub(super) visible_to_client: Option<bool>,
}

impl Fields {
    pub(super) fn new(
        interaction_id: Option<&str>,
        visible_to_client: Option<&str>,
    ) -> Result<Self, ApiError> {
        let mut fields = Self::default();
        if let Some(text) = interaction_id {
            fields.set("interaction_id", text)?;
        }
        if let Some(text) = visible_to_client {
            fields.set("visible_to_client", text)?;
        }
        Ok(fields)
    }

    /// An empty field is one that a form left blank.
    fn set(&mut self, name: &str, text: &str) -> Result<(), ApiError> {
        let text = text.trim();
        match name {
            _ if text.is_empty() => {}
            "interaction_id" => {
                let id = text.parse().map_err(|_| {
                    ApiError::field(
                        "interaction_id",
                        "invalid_field",
                        "interaction_id is a number",
                    )
                })?;
                self.interaction = Some(id);
            }
            "visible_to_client" => {
                let visible = text.parse().map_err(|_| {
                    let message = "visible_to_client is true or false";
                    ApiError::field("visible_to_client", "invalid_field", message)
                })?;
                self.visible_to_client = Some(visible);
            }
            // Forms carry fields for others too.
            _ => {}
        }
        Ok(())
    }
}

/// The file of a form, and the fields before it.
pub(super) struct FilePart {
    pub(super) fields: Fields,
    pub(super) name: String,
    pub(super) body: Bytestream,
}

/// The boundary, if the request is a form.
pub(super) fn boundary(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let form = content_type.filter(|t| {
        t.trim_start()
            .to_ascii_lowercase()
            .starts_with("multipart/form-data")
    });
    let Some(form) = form else { return Ok(None) };
    multer::parse_boundary(form)
        .map(Some)
        .map_err(|error| invalid(&error))
}

/// Reads up to the file, which is left to be read.
pub(super) async fn read(
    body: Body,
    boundary: String,
    mut fields: Fields,
) -> Result<FilePart, ApiError> {
    let limits = SizeLimit::new()
        .for_field("interaction_id", MAX_FIELD_BYTES)
        .for_field("visible_to_client", MAX_FIELD_BYTES);
    let constraints = Constraints::new().size_limit(limits);
    let mut form = Multipart::with_constraints(body.into_data_stream(), boundary, constraints);
    for _ in 0..MAX_PARTS {
        let part = form.next_field().await.map_err(|error| invalid(&error))?;
        let Some(part) = part else { break };
        match part.name().map(str::to_owned).as_deref() {
            Some("file") => {
                let name = part.file_name().unwrap_or_default().to_owned();
                return Ok(FilePart {
                    fields,
                    name,
                    body: file_bytes(part, form),
                });
            }
            Some(name @ ("interaction_id" | "visible_to_client")) => {
                let text = part.text().await.map_err(|error| invalid(&error))?;
                fields.set(name, &text)?;
            }
            _ => {}
        }
    }
    Err(ApiError::field(
        "file",
        "missing_file",
        "the form has no part named `file`",
    ))
}

/// The file's bytes, and at their end the form's: a field behind the file came too late to count,
/// and a form without its end was cut off. Either way the upload is taken back.
fn file_bytes(part: Field<'static>, form: Multipart<'static>) -> Bytestream {
    let bytes = stream::try_unfold((part, form), |(mut part, mut form)| async move {
        if let Some(bytes) = part.chunk().await.map_err(io::Error::other)? {
            return Ok(Some((bytes, (part, form))));
        }
        drop(part);
        match form.next_field().await.map_err(io::Error::other)? {
            None => Ok(None),
            Some(_) => Err(io::Error::other(file_not_last())),
        }
    });
    bytes.boxed()
}

fn file_not_last() -> ApiError {
    ApiError::field("file", "file_not_last", "the form has parts after the file")
        .hint("put `file` last: the parts before it say where it goes")
}

fn invalid(error: &multer::Error) -> ApiError {
    let message = format!("the form can't be read: {error}");
    ApiError::new(StatusCode::BAD_REQUEST, "invalid_form", message)
}
