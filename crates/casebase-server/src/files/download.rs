//! `GET /v1/files/{id}`

use axum::{
    body::Body,
    extract,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use casebase_files::storage::Object;
use casebase_supabase::rows::CaseFile;
use headers::{ETag, HeaderMapExt as _, IfMatch, IfNoneMatch, IfRange};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use utoipa::ToSchema;

use super::file_id;
use crate::{
    State,
    caller::Caller,
    error::{ApiError, ErrorBody, Refusals},
    path::Segment,
};

/// What RFC 5987 lets stand for itself.
const ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The file's bytes, of the type that its row says.
#[derive(ToSchema)]
#[schema(value_type = serde_json::Value)]
#[expect(dead_code, reason = "the bytes are a stream; this documents them")]
pub(crate) struct Content(Vec<u8>);

/// Gives a file back under its original name.
///
/// One `Range` is honoured, and with it `If-Range`; `If-None-Match` and `If-Match` are judged by the `ETag`
/// of an earlier answer. The file is always an attachment, never opened in place.
#[utoipa::path(get, path = "/v1/files/{id}", tag = "files", security(("bearer" = [])),
    params(("id" = i64, Path, example = 1)),
    responses(
        (status = OK, content_type = "*/*", body = Content),
        (status = PARTIAL_CONTENT, content_type = "*/*", body = Content),
        (status = NOT_MODIFIED, description = "It is what `If-None-Match` names."),
        (status = PRECONDITION_FAILED, body = ErrorBody),
        (status = NOT_FOUND, body = ErrorBody), (status = RANGE_NOT_SATISFIABLE, body = ErrorBody),
        Refusals,
    ))]
pub(crate) async fn download(
    state: extract::State<State>,
    Segment(id): Segment,
    Caller(user): Caller,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let row = state.files.find(&user, file_id(&id)?).await?;
    let etag = etag(&row);
    let (range, judged) = match Condition::of(&headers, etag.as_ref()) {
        Condition::Holds => (range(&headers, etag.as_ref()), None),
        // What would be refused without the condition is refused with it, so Storage is asked for a byte.
        Condition::Unchanged => (Some(FIRST_BYTE), Some(not_modified())),
        Condition::Failed => (Some(FIRST_BYTE), Some(changed().into_response())),
    };
    let object = state.files.download(&user, &row, range).await?;
    let mut response = judged.unwrap_or_else(|| content(&row, object));
    describe(response.headers_mut(), etag);
    Ok(response)
}

/// No file is empty.
const FIRST_BYTE: &str = "bytes=0-0";

/// Strong: the hash of the bytes. Until they are verified there is none.
fn etag(row: &CaseFile) -> Option<ETag> {
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

fn content(row: &CaseFile, object: Object) -> Response {
    let status = match object.content_range {
        Some(_) => StatusCode::PARTIAL_CONTENT,
        None => StatusCode::OK,
    };
    let mut response = (status, Body::from_stream(object.body)).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, Some(row.content_type.clone())),
        (header::CONTENT_LENGTH, object.length.map(|n| n.to_string())),
        (header::CONTENT_RANGE, object.content_range),
        (
            header::CONTENT_DISPOSITION,
            Some(attachment(&row.original_name)),
        ),
    ] {
        if let Some(value) = value.and_then(|v| HeaderValue::from_str(&v).ok()) {
            headers.insert(name, value);
        }
    }
    response
}

/// What holds of the file, with its bytes or without.
fn describe(headers: &mut HeaderMap, etag: Option<ETag>) {
    if let Some(etag) = etag {
        headers.typed_insert(etag);
    }
    for (name, value) in [
        (header::ACCEPT_RANGES, "bytes"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "sandbox"),
        (header::CACHE_CONTROL, "private, no-cache"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// RFC 6266: the name in plain ASCII for old clients, and as it is for all others.
fn attachment(name: &str) -> String {
    let plain = |c: char| {
        if (c.is_ascii_graphic() || c == ' ') && !matches!(c, '"' | '\\' | '%') {
            c
        } else {
            '_'
        }
    };
    let ascii: String = name.chars().map(plain).collect();
    let exact = utf8_percent_encode(name, ATTR_CHAR);
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{exact}")
}

#[cfg(test)]
mod tests {
    use super::attachment;

    #[test]
    fn an_original_name_survives_and_cannot_break_out() {
        for (name, expected) in [
            (
                "a b.pdf",
                "attachment; filename=\"a b.pdf\"; filename*=UTF-8''a%20b.pdf",
            ),
            (
                "Größe.pdf",
                "attachment; filename=\"Gr__e.pdf\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.pdf",
            ),
            (
                "x\"; filename=\"y.exe",
                "attachment; filename=\"x_; filename=_y.exe\"; filename*=UTF-8''x%22%3B%20filename%3D%22y.exe",
            ),
            (
                "a\r\nb",
                "attachment; filename=\"a__b\"; filename*=UTF-8''a%0D%0Ab",
            ),
        ] {
            assert_eq!(attachment(name), expected);
        }
    }
}
