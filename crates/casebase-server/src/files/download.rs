//! `GET /v1/files/{id}`, and how any file is handed out.

use std::time::Duration;

use axum::{
    body::Body,
    extract,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use casebase_files::storage::Object;
use casebase_supabase::{
    jwt::UserToken,
    rows::{FileRow, FileState, StoredFile},
};
use headers::{ETag, HeaderMapExt as _, IfMatch, IfNoneMatch, IfRange};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, Unexpected},
};
use utoipa::{IntoParams, ToSchema};

use super::{
    disposition::{self, Presentation},
    file_id,
};
use crate::{
    State,
    caller::Caller,
    error::{ApiError, ErrorBody, Refusals},
    misread,
    path::Segment,
};

/// How long a link to Storage works: as long as following it takes.
const LINK: Duration = Duration::from_secs(60);

/// How the file is handed out.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
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

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    #[default]
    Stream,
    Redirect,
}

pub(crate) fn flag<'de, D: Deserializer<'de>>(text: D) -> Result<bool, D::Error> {
    match String::deserialize(text)?.as_str() {
        "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        text => Err(D::Error::invalid_value(
            Unexpected::Str(text),
            &"1, true, 0 or false",
        )),
    }
}

/// The file's bytes, of the type that its row says.
#[derive(ToSchema)]
#[schema(value_type = serde_json::Value)]
#[expect(dead_code, reason = "the bytes are a stream; this documents them")]
pub(crate) struct Content(Vec<u8>);

/// Gives a file back under its original name.
///
/// One `Range` is honoured, and with it `If-Range`; `If-None-Match` and `If-Match` are judged by the `ETag`
/// of an earlier answer.
#[utoipa::path(get, path = "/v1/files/{id}", tag = "files", security(("bearer" = [])),
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
    let row = state.files.find(&user, file_id(&id)?).await?;
    let presented = Presented {
        mode: wanted.mode,
        inline: wanted.inline,
    };
    hand_out(&state, &method, &user, presented, &headers, &row).await
}

/// How it is to be handed out.
#[derive(Clone, Copy)]
pub(crate) struct Presented {
    pub(crate) mode: Mode,
    pub(crate) inline: bool,
}

/// Hands out the file of this row, as far as Storage's policies let its reader have it.
pub(crate) async fn hand_out(
    state: &State,
    method: &Method,
    user: &UserToken,
    wanted: Presented,
    headers: &HeaderMap,
    row: &impl FileRow,
) -> Result<Response, ApiError> {
    let file = row.stored();
    let etag = etag(file);
    let presentation = Presentation::of(file, wanted.inline);
    let whole = || content(file, presentation);
    let (range, judged) = match Condition::of(headers, etag.as_ref()) {
        Condition::Holds if wanted.mode == Mode::Redirect => {
            return link(state, user, row).await;
        }
        // What would be refused otherwise is refused in these cases, too, so Storage is asked for a byte.
        Condition::Holds if *method == Method::HEAD => (Some(FIRST_BYTE), Some(whole())),
        Condition::Unchanged => (Some(FIRST_BYTE), Some(not_modified())),
        Condition::Failed => (Some(FIRST_BYTE), Some(changed().into_response())),
        Condition::Holds => (range(headers, etag.as_ref()), None),
    };
    let object = state.files.download(user, row, range).await?;
    let mut response = judged.unwrap_or_else(|| with_bytes(whole(), object));
    describe(response.headers_mut(), etag, presentation);
    Ok(response)
}

/// Leads to Storage, which gives the file out as an attachment: what it says of the bytes does not keep a browser from
/// guessing, and names no policy.
async fn link(state: &State, user: &UserToken, row: &impl FileRow) -> Result<Response, ApiError> {
    let file = row.stored();
    if file.state != FileState::Available {
        let message = "the file is not checked yet, so there is no link to it";
        return Err(ApiError::new(StatusCode::CONFLICT, "wrong_state", message)
            .hint("without `mode=redirect` its uploader gets it"));
    }
    let name = disposition::cut(&file.original_name);
    let link = state.links.to(user, row, LINK, &name).await?;
    let headers = [
        (header::LOCATION, link.to_string()),
        // It is a key to the file.
        (header::CACHE_CONTROL, "no-store".into()),
        (header::REFERRER_POLICY, "no-referrer".into()),
    ];
    Ok((StatusCode::FOUND, headers).into_response())
}

/// No file is empty.
const FIRST_BYTE: &str = "bytes=0-0";

/// Strong: the hash of the bytes. Until they are verified there is none.
fn etag(row: &StoredFile) -> Option<ETag> {
    format!("\"{}\"", row.sha256.as_ref()?).parse().ok()
}

/// What a request's conditions come to (RFC 9110, 13.2.2).
enum Condition {
    Holds,
    Unchanged,
    Failed,
}

impl Condition {
    /// A file whose bytes have no name yet is none of those that are listed; it is `*` all the same.
    fn of(headers: &HeaderMap, etag: Option<&ETag>) -> Self {
        let if_match: Option<IfMatch> = headers.typed_get();
        let if_none_match: Option<IfNoneMatch> = headers.typed_get();
        let matches = |c: IfMatch| etag.map_or(c.is_any(), |etag| c.precondition_passes(etag));
        let differs = |c: IfNoneMatch| {
            etag.map_or(c != IfNoneMatch::any(), |etag| c.precondition_passes(etag))
        };
        match (
            if_match.is_none_or(matches),
            if_none_match.is_none_or(differs),
        ) {
            (false, _) => Self::Failed,
            (true, false) => Self::Unchanged,
            (true, true) => Self::Holds,
        }
    }
}

/// A server may answer several ranges with all of the file; so does this one. It does, too, when
/// `If-Range` names another version, one that is only like this one, or a time, which no answer gave.
fn range<'a>(headers: &'a HeaderMap, etag: Option<&ETag>) -> Option<&'a str> {
    let same = !headers.contains_key(header::IF_RANGE)
        || headers
            .typed_get::<IfRange>()
            .is_some_and(|condition| !condition.is_modified(etag, None));
    let range = headers.get(header::RANGE)?.to_str().ok()?;
    (same && range.starts_with("bytes=") && !range.contains(',')).then_some(range)
}

fn not_modified() -> Response {
    StatusCode::NOT_MODIFIED.into_response()
}

fn changed() -> ApiError {
    let message = "the file is not what `If-Match` names";
    ApiError::new(StatusCode::PRECONDITION_FAILED, "file_changed", message)
}

/// What is said of the whole file.
fn content(row: &StoredFile, presentation: Presentation) -> Response {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(&row.content_type) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    if let Some(disposition) = presentation.disposition(&row.original_name) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(row.file_size));
    response
}

/// The same with the bytes, all or a part of them.
fn with_bytes(mut response: Response, object: Object) -> Response {
    *response.body_mut() = Body::from_stream(object.body);
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    if let Some(length) = object.length {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    let range = object.content_range.map(HeaderValue::try_from);
    if let Some(Ok(range)) = range {
        headers.insert(header::CONTENT_RANGE, range);
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    response
}

/// What holds of the file, with its bytes or without.
fn describe(headers: &mut HeaderMap, etag: Option<ETag>, presentation: Presentation) {
    if let Some(etag) = etag {
        headers.typed_insert(etag);
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, presentation.policy());
    for (name, value) in [
        (header::ACCEPT_RANGES, "bytes"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "private, no-cache"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
