//! An upload as a browser's form sends it, read as a stream: the fields first, the file last.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
};
use casebase_files::{
    digest::Claim,
    storage::{Bytestream, StreamError},
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use memchr::memmem;
use multer::{Constraints, Field, Multipart, SizeLimit};
use serde::de::DeserializeOwned;

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

/// What boundaries begin with whose forms end in `--` and a line break for certain: those of Chromium and Safari, and of
/// Firefox and curl. Others may leave the line break out (RFC 2046, 5.1.1), as Node's `fetch` did for years.
const OF_KNOWN_END: [&str; 3] = [
    "----WebKitFormBoundary",
    "----geckoformboundary",
    "------------------------",
];
const END: &str = "--\r\n";

/// The file of a form, and the fields before it.
pub(super) struct FilePart<F> {
    pub(super) fields: F,
    pub(super) name: Option<String>,
    pub(super) claims: Vec<Claim>,
    /// How many bytes it has, where the form says so by its own length; the body then has as many, or ends in an error
    /// before its last piece.
    pub(super) length: Option<u64>,
    pub(super) body: Bytestream,
}

/// A form that is to be read.
pub(super) struct Form {
    pub(super) body: Body,
    pub(super) boundary: String,
    /// How many bytes it has, if that is known.
    pub(super) length: Option<u64>,
}

/// How far the form's reader is.
#[derive(Default)]
struct Reading {
    in_file: AtomicBool,
    /// What it was given before the file.
    before_file: Mutex<Vec<u8>>,
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
pub(super) async fn read<F: DeserializeOwned>(
    form: Form,
    given: Given<F>,
) -> Result<FilePart<F>, ApiError> {
    read_within(TIME_BEFORE_FILE, form, given).await
}

async fn read_within<F: DeserializeOwned>(
    time: Duration,
    form: Form,
    given: Given<F>,
) -> Result<FilePart<F>, ApiError> {
    let read = tokio::time::timeout(time, read_to_file(form, given)).await;
    read.unwrap_or_else(|_| {
        let message = "the form stopped arriving before its file";
        Err(ApiError::new(
            StatusCode::REQUEST_TIMEOUT,
            "upload_interrupted",
            message,
        ))
    })
}

async fn read_to_file<F: DeserializeOwned>(
    form: Form,
    mut given: Given<F>,
) -> Result<FilePart<F>, ApiError> {
    let Form {
        body,
        boundary,
        length,
    } = form;
    let fields = fields::names::<F>();
    let limits = fields.iter().fold(SizeLimit::new(), |limits, field| {
        limits.for_field(*field, MAX_FIELD_BYTES)
    });
    let constraints = Constraints::new().size_limit(limits);
    let reading = Arc::new(Reading::default());
    let body = bounded_before_file(body, Arc::clone(&reading));
    let mut form = Multipart::with_constraints(body, boundary.as_str(), constraints);
    let mut other_file = None;
    for nth in 0..MAX_PARTS {
        let part = form.next_field().await.map_err(invalid)?;
        let Some(part) = part else { break };
        let disposition = Disposition::of(part.headers());
        match disposition.field() {
            Some("file") => {
                plain_part(part.headers())?;
                if other_file.is_some() {
                    return Err(ApiError::interrupted(&StreamError::SecondFile));
                }
                let before = reading.enter_file();
                let length = length.and_then(|form| file_length(form, &before, &boundary, nth));
                return Ok(FilePart {
                    fields: given.read()?,
                    name: disposition.file_name()?,
                    claims: digests::claims(part.headers())?,
                    length,
                    body: of_length(length, file_bytes(part, form, reading)),
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

impl Reading {
    /// The file comes; what came before it.
    fn enter_file(&self) -> Vec<u8> {
        self.in_file.store(true, Ordering::Relaxed);
        std::mem::take(
            &mut self
                .before_file
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    fn leave_file(&self) {
        self.in_file.store(false, Ordering::Relaxed);
    }

    fn is_in_file(&self) -> bool {
        self.in_file.load(Ordering::Relaxed)
    }

    fn comes_before_file(&self, bytes: &[u8]) {
        let mut before = self
            .before_file
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        before.extend_from_slice(bytes);
    }
}

/// How many bytes a file has that is the last part of a form of `form` bytes, the `nth` after others; nothing where it isn't
/// known how such a form ends.
fn file_length(form: u64, before: &[u8], boundary: &str, nth: usize) -> Option<u64> {
    if !OF_KNOWN_END.iter().any(|begin| boundary.starts_with(begin)) {
        return None;
    }
    let first = format!("--{boundary}");
    let next = format!("\r\n{first}");
    let mut rest = behind(before, &first)?;
    for _ in 0..nth {
        rest = behind(rest, &next)?;
    }
    let file = behind(rest, "\r\n\r\n")?;
    let around = before.len() - file.len() + next.len() + END.len();
    form.checked_sub(around as u64)
}

fn behind<'a>(bytes: &'a [u8], text: &str) -> Option<&'a [u8]> {
    let at = memmem::find(bytes, text.as_bytes())?;
    bytes.get(at + text.len()..)
}

/// The bytes, and an error in the place of the last piece where they are not as many as was said: whoever takes them never
/// has all.
fn of_length(length: Option<u64>, bytes: Bytestream) -> Bytestream {
    let Some(length) = length else { return bytes };
    let start = (bytes, Bytes::new(), 0);
    let checked = stream::try_unfold(start, move |(mut bytes, mut held, mut seen)| async move {
        while let Some(piece) = bytes.try_next().await? {
            seen += piece.len() as u64;
            if seen > length {
                return Err(StreamError::EndsOtherwise);
            }
            let before = std::mem::replace(&mut held, piece);
            if !before.is_empty() {
                return Ok(Some((before, (bytes, held, seen))));
            }
        }
        match seen == length {
            true if held.is_empty() => Ok(None),
            true => Ok(Some((held, (bytes, Bytes::new(), seen)))),
            false => Err(StreamError::EndsOtherwise),
        }
    });
    checked.boxed()
}

/// The body, ending in an error when too much of it is not the file.
fn bounded_before_file(body: Body, reading: Arc<Reading>) -> Bytestream {
    let start = (body.into_data_stream(), Bytes::new(), 0);
    let pieces = stream::try_unfold(start, move |(mut body, mut rest, mut before)| {
        let reading = Arc::clone(&reading);
        async move {
            // The form's reader takes all that is ready before it looks at any of it.
            tokio::task::yield_now().await;
            if rest.is_empty() {
                match body.try_next().await.map_err(interruption)? {
                    Some(bytes) => rest = bytes,
                    None => return Ok(None),
                }
            }
            if reading.is_in_file() {
                return Ok(Some((rest, (body, Bytes::new(), 0))));
            }
            let piece = rest.split_to(rest.len().min(PIECE_BEFORE_FILE));
            before += piece.len();
            if before > MAX_BYTES_BEFORE_FILE {
                return Err(StreamError::TooMuchBeside {
                    limit: MAX_BYTES_BEFORE_FILE,
                });
            }
            reading.comes_before_file(&piece);
            Ok(Some((piece, (body, rest, before))))
        }
    });
    pieces.boxed()
}

/// The file's bytes, and at their end the form's: a field behind the file came too late to count,
/// and a form without its end was cut off. Either way the upload is taken back.
fn file_bytes(part: Field<'static>, form: Multipart<'static>, reading: Arc<Reading>) -> Bytestream {
    let start = (part, form, reading);
    let bytes = stream::try_unfold(start, |(mut part, mut form, reading)| async move {
        if let Some(bytes) = part.chunk().await.map_err(broken)? {
            return Ok(Some((bytes, (part, form, reading))));
        }
        drop(part);
        reading.leave_file();
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
    use casebase_files::Fields;

    use super::*;

    const FILE: &str =
        "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\ntext";
    const OTHER: &str = "--b\r\ncontent-disposition: form-data; name=\"other\"\r\n\r\n";
    const SOON: Duration = Duration::from_secs(60);

    /// What comes `within` that time.
    async fn read_soon(
        within: Duration,
        pieces: Vec<String>,
        end: Bytestream,
    ) -> Result<FilePart<Fields>, ApiError> {
        let pieces = pieces.into_iter().map(|piece| Ok(Bytes::from(piece)));
        let form = Form {
            body: Body::from_stream(stream::iter(pieces).chain(end)),
            boundary: "b".into(),
            length: None,
        };
        let read = read_within(within, form, Given::default());
        tokio::time::timeout(SOON, read).await.unwrap()
    }

    /// A form of two parts around `file`, in small pieces.
    async fn of_parts(boundary: &str, file: &str, end: &str) -> FilePart<Fields> {
        let form = format!(
            "--{boundary}\r\ncontent-disposition: form-data; name=\"other\"\r\n\r\n\r\n\r\n-\r\n\
             --{boundary}\r\ncontent-disposition: form-data; name=\"file\"\r\n\r\n{file}\r\n\
             --{boundary}{end}"
        );
        let pieces: Vec<_> = form
            .as_bytes()
            .chunks(7)
            .map(Bytes::copy_from_slice)
            .collect();
        let form = Form {
            body: Body::from_stream(stream::iter(pieces.into_iter().map(Ok::<_, StreamError>))),
            boundary: boundary.into(),
            length: Some(form.len() as u64),
        };
        read(form, Given::default()).await.unwrap()
    }

    const BROWSERS: &str = "----WebKitFormBoundary7MA4YWxkTrZu0gW";

    #[tokio::test]
    async fn how_long_a_browsers_file_is_follows_from_how_long_its_form_is() {
        let long = "\r\n\r\nx".repeat(999);
        for file in ["", "a", "text\r\n", &long] {
            for boundary in [BROWSERS, "------------------------f0e1"] {
                let part = of_parts(boundary, file, END).await;
                assert_eq!(part.length, Some(file.len() as u64), "{boundary}");
                let bytes: Vec<Bytes> = part.body.try_collect().await.unwrap();
                assert_eq!(bytes.concat(), file.as_bytes());
            }
        }
    }

    #[tokio::test]
    async fn of_other_forms_it_is_not_known_and_they_may_end_as_they_like() {
        for end in [END, "--", "--\r\nan epilogue"] {
            let part = of_parts("b", "text", end).await;
            assert_eq!(part.length, None);
            let bytes: Vec<Bytes> = part.body.try_collect().await.unwrap();
            assert_eq!(bytes.concat(), b"text");
        }
    }

    #[tokio::test]
    async fn a_file_of_another_length_than_its_form_says_never_comes_to_its_end() {
        let file = "text".repeat(99);
        for end in ["--", "--\r\nan epilogue"] {
            let part = of_parts(BROWSERS, &file, end).await;
            let length = part.length.unwrap();
            assert_ne!(length, file.len() as u64);
            let came: Vec<Result<Bytes, _>> = part.body.collect().await;
            let (last, came) = came.split_last().unwrap();
            assert_eq!(last, &Err(StreamError::EndsOtherwise));
            let came: usize = came.iter().map(|bytes| bytes.as_ref().unwrap().len()).sum();
            assert!((came as u64) < length, "{came} of {length}");
        }
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
            let moment = Duration::from_millis(200);
            let read = read_soon(moment, vec![piece.into()], stream::pending().boxed()).await;
            assert_eq!(refused(read).0, StatusCode::REQUEST_TIMEOUT, "{piece}");
        }
    }

    #[tokio::test]
    async fn what_precedes_the_file_has_a_bound_wherever_it_is() {
        for piece in ["", "--b\r\ncontent-disposition: ", OTHER] {
            let read = read_soon(SOON, vec![piece.into()], endless()).await;
            let (status, message) = refused(read);
            assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{piece}: {message}");
            assert!(message.contains("65536 bytes"), "{message}");
        }
    }

    #[tokio::test]
    async fn the_file_has_no_bound_of_the_form_and_what_follows_it_has() {
        let other = format!("{OTHER}{}\r\n", "x".repeat(20_000));
        let large = endless().take(50);
        let beginning = format!("{other}{FILE}{}", "x".repeat(200_000));
        let file = |end: Bytestream| read_soon(SOON, vec![beginning.clone()], end);
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
