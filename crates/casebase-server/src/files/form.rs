//! An upload as a browser's form sends it, read as a stream: the fields first, the file last.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
};
use casebase_files::{
    Fields,
    digest::Claim,
    storage::{Bytestream, StreamError},
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use multer::{Constraints, Field, Multipart, SizeLimit};

use super::{
    digests,
    fields::{self, Given},
    part::Disposition,
};
use crate::{body::plain_part, error::ApiError};

/// A field of ours other than the file.
const MAX_FIELD_BYTES: u64 = 1024;
/// Everything before the file, the fields of others and all headers included.
const MAX_BYTES_BEFORE_FILE: usize = 64 * 1024;
/// The form's reader takes up to two of these more than it needs for each part.
const PIECE_BEFORE_FILE: usize = 512;
/// So little arrives in this time, or its sender is gone.
const TIME_BEFORE_FILE: Duration = Duration::from_secs(30);
/// More parts than any form of ours has.
const MAX_PARTS: usize = 16;

/// The file of a form, and the fields before it.
pub(super) struct FilePart {
    pub(super) fields: Fields,
    pub(super) name: Option<String>,
    pub(super) claims: Vec<Claim>,
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
    multer::parse_boundary(form).map(Some).map_err(invalid)
}

/// Reads up to the file, which is left to be read.
pub(super) async fn read(body: Body, boundary: String, given: Given) -> Result<FilePart, ApiError> {
    read_within(TIME_BEFORE_FILE, body, boundary, given).await
}

async fn read_within(
    time: Duration,
    body: Body,
    boundary: String,
    given: Given,
) -> Result<FilePart, ApiError> {
    let read = tokio::time::timeout(time, read_to_file(body, boundary, given)).await;
    read.unwrap_or_else(|_| {
        let message = "the form stopped arriving before its file";
        Err(ApiError::new(
            StatusCode::REQUEST_TIMEOUT,
            "upload_interrupted",
            message,
        ))
    })
}

async fn read_to_file(
    body: Body,
    boundary: String,
    mut given: Given,
) -> Result<FilePart, ApiError> {
    let fields = fields::names();
    let limits = fields.iter().fold(SizeLimit::new(), |limits, field| {
        limits.for_field(*field, MAX_FIELD_BYTES)
    });
    let constraints = Constraints::new().size_limit(limits);
    let in_file = Arc::new(AtomicBool::new(false));
    let body = bounded_before_file(body, Arc::clone(&in_file));
    let mut form = Multipart::with_constraints(body, boundary, constraints);
    let mut other_file = None;
    for _ in 0..MAX_PARTS {
        let part = form.next_field().await.map_err(invalid)?;
        let Some(part) = part else { break };
        let disposition = Disposition::of(part.headers());
        match disposition.field() {
            Some("file") => {
                plain_part(part.headers())?;
                if other_file.is_some() {
                    return Err(ApiError::interrupted(&StreamError::SecondFile));
                }
                in_file.store(true, Ordering::Relaxed);
                return Ok(FilePart {
                    fields: given.read()?,
                    name: disposition.file_name()?,
                    claims: digests::claims(part.headers())?,
                    body: file_bytes(part, form, in_file),
                });
            }
            Some(name) if fields.contains(&name) => {
                plain_part(part.headers())?;
                let text = part.text().await.map_err(invalid)?;
                let _ = given.set(name, &text);
            }
            // Forms carry fields for others too.
            name if disposition.is_file() => other_file = Some(name.unwrap_or_default().to_owned()),
            _ => {}
        }
    }
    let error = ApiError::field("file", "missing_file", "the form has no part named `file`");
    Err(match other_file {
        Some(name) => error.hint(format!("name the part `file`, not `{name}`")),
        None => error,
    })
}

/// The body, ending in an error when too much of it is not the file.
fn bounded_before_file(body: Body, in_file: Arc<AtomicBool>) -> Bytestream {
    let start = (body.into_data_stream(), Bytes::new(), 0);
    let pieces = stream::try_unfold(start, move |(mut body, mut rest, mut before)| {
        let in_file = Arc::clone(&in_file);
        async move {
            // The form's reader takes all that is ready before it looks at any of it.
            tokio::task::yield_now().await;
            if rest.is_empty() {
                match body.try_next().await.map_err(interruption)? {
                    Some(bytes) => rest = bytes,
                    None => return Ok(None),
                }
            }
            if in_file.load(Ordering::Relaxed) {
                return Ok(Some((rest, (body, Bytes::new(), 0))));
            }
            let piece = rest.split_to(rest.len().min(PIECE_BEFORE_FILE));
            before += piece.len();
            if before > MAX_BYTES_BEFORE_FILE {
                return Err(StreamError::TooMuchBeside {
                    limit: MAX_BYTES_BEFORE_FILE,
                });
            }
            Ok(Some((piece, (body, rest, before))))
        }
    });
    pieces.boxed()
}

/// The file's bytes, and at their end the form's: a field behind the file came too late to count,
/// and a form without its end was cut off. Either way the upload is taken back.
fn file_bytes(
    part: Field<'static>,
    form: Multipart<'static>,
    in_file: Arc<AtomicBool>,
) -> Bytestream {
    let start = (part, form, in_file);
    let bytes = stream::try_unfold(start, |(mut part, mut form, in_file)| async move {
        if let Some(bytes) = part.chunk().await.map_err(broken)? {
            return Ok(Some((bytes, (part, form, in_file))));
        }
        drop(part);
        in_file.store(false, Ordering::Relaxed);
        match form.next_field().await.map_err(broken)? {
            None => Ok(None),
            Some(next) if Disposition::of(next.headers()).is_file() => Err(StreamError::SecondFile),
            Some(_) => Err(StreamError::NotLast),
        }
    });
    bytes.boxed()
}

/// Why a request's body ended early.
pub(super) fn interruption(error: axum::Error) -> StreamError {
    match casebase_http::stood_still(&error) {
        true => StreamError::Silent,
        false => StreamError::broken(error),
    }
}

fn invalid(error: multer::Error) -> ApiError {
    match cause(&error) {
        Some(broken) => ApiError::interrupted(&broken),
        None => {
            let message = format!("the form can't be read: {error}");
            ApiError::new(StatusCode::BAD_REQUEST, "invalid_form", message)
        }
    }
}

/// What ended the body below, if that is what the form's reader says; it boxes what it is given.
fn cause(error: &multer::Error) -> Option<StreamError> {
    match error {
        multer::Error::StreamReadFailed(broken) => broken.downcast_ref().cloned(),
        _ => None,
    }
}

fn broken(error: multer::Error) -> StreamError {
    cause(&error).unwrap_or_else(|| StreamError::broken(error))
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    const FILE: &str =
        "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\ntext";
    const OTHER: &str = "--b\r\ncontent-disposition: form-data; name=\"other\"\r\n\r\n";
    const SOON: Duration = Duration::from_secs(10);

    async fn read_soon(pieces: Vec<String>, end: Bytestream) -> Result<FilePart, ApiError> {
        let pieces = pieces.into_iter().map(|piece| Ok(Bytes::from(piece)));
        let body = Body::from_stream(stream::iter(pieces).chain(end));
        let time = Duration::from_millis(200);
        let read = read_within(time, body, "b".into(), Given::default());
        tokio::time::timeout(SOON, read).await.unwrap()
    }

    /// Without an end, as fast as it is read.
    fn endless() -> Bytestream {
        stream::repeat_with(|| Ok(Bytes::from("x".repeat(10_000)))).boxed()
    }

    fn refused<T>(read: Result<T, ApiError>) -> (StatusCode, String) {
        let error = read.map(drop).unwrap_err();
        let body = axum::response::IntoResponse::into_response(error.clone());
        (body.status(), error.to_string())
    }

    #[tokio::test]
    async fn a_form_that_stops_before_its_file_is_given_up() {
        for piece in ["", "--b\r\ncontent-disp", OTHER, &format!("{OTHER}text")] {
            let read = read_soon(vec![piece.into()], stream::pending().boxed()).await;
            assert_eq!(refused(read).0, StatusCode::REQUEST_TIMEOUT, "{piece}");
        }
    }

    #[tokio::test]
    async fn what_precedes_the_file_has_a_bound_wherever_it_is() {
        for piece in ["", "--b\r\ncontent-disposition: ", OTHER] {
            let (status, message) = refused(read_soon(vec![piece.into()], endless()).await);
            assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{piece}: {message}");
            assert!(message.contains("65536 bytes"), "{message}");
        }
    }

    #[tokio::test]
    async fn the_file_has_no_bound_of_the_form_and_what_follows_it_has() {
        let other = format!("{OTHER}{}\r\n", "x".repeat(20_000));
        let large = endless().take(50);
        let beginning = format!("{other}{FILE}{}", "x".repeat(200_000));
        let file = |end: Bytestream| read_soon(vec![beginning.clone()], end);
        let end = stream::iter([Ok(Bytes::from("\r\n--b--\r\n"))]);
        let part = file(large.chain(end).boxed()).await.unwrap();
        let bytes: Vec<Bytes> = part.body.try_collect().await.unwrap();
        assert_eq!(bytes.concat().len(), "text".len() + 200_000 + 500_000);

        let after = stream::iter([Ok(Bytes::from("\r\n--b\r\nx-header: "))]);
        let part = file(after.chain(endless()).boxed()).await.unwrap();
        let read = part.body.try_collect::<Vec<_>>();
        let error = tokio::time::timeout(SOON, read).await.unwrap().unwrap_err();
        assert!(
            matches!(error, StreamError::TooMuchBeside { limit: 65536 }),
            "{error}"
        );
    }
}
