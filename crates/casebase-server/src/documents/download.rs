//! `GET /v1/documents/{id}`

use axum::{
    extract,
    http::{HeaderMap, Method},
    response::Response,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::document_id;
use crate::{
    State,
    caller::Caller,
    error::{ApiError, ErrorBody, Refusals},
    files::download::{Content, Mode, Presented, flag, hand_out},
    misread,
    path::Segment,
};

/// Which version, and how it is handed out.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    /// The `id` of a version, for whoever may write documents; left out, the current one.
    version: Option<i64>,
    /// `stream`: the bytes are in the answer. `redirect`: a link to Storage is, which works for a minute and for
    /// whoever has it.
    #[serde(default)]
    #[param(inline, required = false)]
    mode: Mode,
    /// `1` or `true`: an image or a PDF may be shown in place. Anything else is an attachment all the same, and so is
    /// what a link leads to.
    #[serde(default, deserialize_with = "flag")]
    #[param(value_type = String, required = false, pattern = "^(0|1|false|true)$")]
    inline: bool,
}

/// Gives a document back under its original name: its current version, unless another is asked for.
///
/// Under the same conditions and headers as a file of a case (`GET /v1/files/{id}`).
#[utoipa::path(get, path = "/v1/documents/{id}",
    operation_id = "download_document", tag = "documents", security(("bearer" = [])),
    params(("id" = i64, Path, example = 1), Parameters),
    responses(
        (status = OK, content_type = "*/*", body = Content),
        (status = PARTIAL_CONTENT, content_type = "*/*", body = Content),
        (status = FOUND, description = "`Location` is the link."),
        (status = NOT_MODIFIED, description = "It is what `If-None-Match` names."),
        (status = PRECONDITION_FAILED, body = ErrorBody),
        (status = NOT_FOUND, body = ErrorBody), (status = CONFLICT, body = ErrorBody),
        (status = RANGE_NOT_SATISFIABLE, body = ErrorBody),
        (status = UNPROCESSABLE_ENTITY, body = ErrorBody), Refusals,
    ))]
pub(crate) async fn download(
    state: extract::State<State>,
    method: Method,
    Segment(id): Segment,
    Caller(user): Caller,
    misread::Parameters(wanted): misread::Parameters<Parameters>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let id = document_id(&id)?;
    let row = state.files.document(&user, id, wanted.version).await?;
    let presented = Presented {
        mode: wanted.mode,
        inline: wanted.inline,
    };
    hand_out(&state, &method, &user, presented, &headers, &row).await
}
