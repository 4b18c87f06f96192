//! What a caller hears when something does not work: one shape, a code, a sentence, and where there
//! is one, a hint and the field it is about.
//!
//! Refusals of PostgreSQL, PostgREST and Storage come through as what they are. What is this
//! service's own failure, or its surroundings', is logged in full and told in general.

use std::{borrow::Cow, fmt};

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use casebase_files::{
    scan::ScanError,
    storage::{self, StreamError},
};
use casebase_supabase::{
    jwt::TokenError,
    postgrest,
    rows::{Case, CaseNumber, FileKey, FileKind},
    violation::Violation,
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::{IntoResponses, ToSchema};

use crate::cases::version::Tagged;

/// After so many seconds what is away may be there.
const SOON: i64 = 5;

/// An answer that is no success.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    status: StatusCode,
    detail: Box<ErrorDetail>,
    /// `WWW-Authenticate`.
    challenge: Option<String>,
    /// When trying again is safe, in seconds (`Retry-After`): programs do what it says.
    retry: Option<i64>,
    /// That of the case in the answer.
    etag: Option<String>,
    /// Whether it is the body's coding that is not taken (`Accept-Encoding`; RFC 9110, 15.5.16).
    coding: bool,
}

/// The body of such an answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    error: ErrorDetail,
}

/// What is wrong.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ErrorDetail {
    /// For programs; stable.
    #[schema(example = "case_not_found")]
    code: &'static str,
    /// For people.
    message: String,
    /// What would help.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// The part of the request that it is about.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<Cow<'static, str>>,
    /// The database's constraint that refused it, by its name in `types/constraints.json`.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    constraint: Option<&'static str>,
    /// The case as it is now, where it is not what the change was made from.
    #[schema(value_type = Option<Case>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<Box<RawValue>>,
}

/// What every operation may answer in place of its success.
#[derive(IntoResponses)]
#[expect(
    dead_code,
    reason = "answers are made of ApiError; this documents them"
)]
pub(crate) enum Refusals {
    /// The request can't be read.
    #[response(status = BAD_REQUEST)]
    Unreadable(ErrorBody),
    /// There is no token, or it is none of this project's, or no longer.
    #[response(status = UNAUTHORIZED)]
    NotSignedIn(ErrorBody),
    /// The project's policies don't let the caller do this.
    #[response(status = FORBIDDEN)]
    NotAllowed(ErrorBody),
    /// As much was asked for or written as is allowed for now; `Retry-After` or the hint says until when.
    #[response(status = TOO_MANY_REQUESTS)]
    TooMany(ErrorBody),
    /// Something this service needs answers as it should not.
    #[response(status = BAD_GATEWAY)]
    OddAnswer(ErrorBody),
    /// Something this service needs is away.
    #[response(status = SERVICE_UNAVAILABLE)]
    Away(ErrorBody),
}

/// What an operation may answer to its body.
#[derive(IntoResponses)]
#[expect(
    dead_code,
    reason = "answers are made of ApiError; this documents them"
)]
pub(crate) enum BodyRefusals {
    /// The body stopped arriving.
    #[response(status = REQUEST_TIMEOUT)]
    Silent(ErrorBody),
    /// What is there stands against it.
    #[response(status = CONFLICT)]
    Conflict(ErrorBody),
    /// The body is too large.
    #[response(status = PAYLOAD_TOO_LARGE)]
    TooLarge(ErrorBody),
    /// The body is of a type that is not taken, or it is encoded.
    #[response(status = UNSUPPORTED_MEDIA_TYPE)]
    TypeNotTaken(ErrorBody),
    /// A field can't be taken.
    #[response(status = UNPROCESSABLE_ENTITY)]
    FieldNotTaken(ErrorBody),
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl ToString) -> Self {
        Self {
            status,
            detail: Box::new(ErrorDetail {
                code,
                message: message.to_string(),
                hint: None,
                field: None,
                constraint: None,
                case: None,
            }),
            challenge: None,
            retry: None,
            etag: None,
            coding: false,
        }
    }

    /// 422: the request is understood, and one field of it can't be taken.
    pub(crate) fn field(
        field: impl Into<Cow<'static, str>>,
        code: &'static str,
        message: impl ToString,
    ) -> Self {
        let mut error = Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message);
        error.detail.field = Some(field.into());
        error
    }

    /// A header of the request, or of a form's part, is wrong.
    pub(crate) fn of_header(
        status: StatusCode,
        code: &'static str,
        header: &'static str,
        message: impl ToString,
    ) -> Self {
        let mut error = Self::new(status, code, message);
        error.detail.field = Some(header.into());
        error
    }

    /// In the words of the constraint that refused it.
    fn violating(mut self, violation: Violation) -> Self {
        self.detail.message = violation.sentence.to_owned();
        self.detail.field = violation.field.map(Cow::Borrowed).or(self.detail.field);
        self.detail.constraint = Some(violation.constraint);
        self
    }

    /// With the part of the request that it is about.
    pub(crate) fn naming(mut self, field: &'static str) -> Self {
        self.detail.field = Some(field.into());
        self
    }

    /// The part of the request that it is about.
    #[cfg(test)]
    pub(crate) fn about(&self) -> Option<&str> {
        self.detail.field.as_deref()
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.detail.hint = Some(hint.into());
        self
    }

    /// `Retry-After`: the same request may soon be answered otherwise.
    pub(crate) fn may_be_tried_again(self) -> Self {
        self.retry_after(SOON)
    }

    /// `Retry-After`, where it is known.
    pub(crate) fn retry_after(mut self, seconds: i64) -> Self {
        self.retry = Some(seconds);
        self
    }

    /// 415 for a body that is encoded: no coding is taken off.
    pub(crate) fn coding(message: impl ToString) -> Self {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        let mut error = Self::new(status, "encoding_not_taken", message);
        error.coding = true;
        error
    }

    /// 401 for a request without a token: no error code, says RFC 6750.
    pub(crate) fn no_token() -> Self {
        let message = "this needs a signed-in user";
        let mut error = Self::new(StatusCode::UNAUTHORIZED, "missing_token", message)
            .hint("send `Authorization: Bearer <access token>`");
        error.challenge = Some("Bearer realm=\"casebase\"".into());
        error
    }

    /// 409: a request under the same key made something, and it is not there any more.
    pub(crate) fn gone(what: &str) -> Self {
        let message = format!("the {what} is gone, or you may not see it any more");
        Self::new(StatusCode::CONFLICT, "wrong_state", message)
    }

    /// 412: somebody was faster.
    pub(crate) fn changed_meanwhile(now: Tagged) -> Self {
        let message = "the case has changed since it was read: this is no change of what it is now";
        let status = StatusCode::PRECONDITION_FAILED;
        let mut error = Self::new(status, "changed_meanwhile", message)
            .hint("it is in `case`; make the change again from that, with its ETag");
        error.etag = Some(now.etag());
        error.detail.case = Some(now.into_row());
        error
    }

    /// Of what was asked for by a case's number.
    pub(crate) fn of_number(error: postgrest::Error, case: CaseNumber) -> Self {
        match error.api() {
            Some(refusal) if refusal.code == "PT404" => Self::case_not_found(&case.to_string()),
            _ => error.into(),
        }
    }

    /// Of a change of a case. The row as it is now comes with the refusal of one that was made from another.
    pub(crate) fn of_case(error: postgrest::Error) -> Self {
        let now = error.api().filter(|refusal| refusal.code == "PT409");
        let now = now.and_then(|refusal| refusal.details.as_deref());
        let now = now.and_then(|row| serde_json::from_str(row).ok());
        match now.map(Tagged::of) {
            Some(Ok(now)) => Self::changed_meanwhile(now),
            _ => error.into(),
        }
    }

    /// Of a list: what no type says of a parameter, the database does.
    pub(crate) fn of_list(error: postgrest::Error) -> Self {
        let refused = error.api().filter(|refusal| refusal.code == "22023");
        let about = |name: &&str| refused.is_some_and(|r| r.message.split(' ').any(|w| w == *name));
        let about = ["search", "stage", "cursor"].into_iter().find(about);
        let mut error = Self::from(error);
        if let Some(name) = about {
            error.detail.code = "invalid_query";
            error.detail.field = Some(name.into());
        }
        error
    }

    fn bad_token(code: &'static str, reason: &impl fmt::Display) -> Self {
        let mut error = Self::new(StatusCode::UNAUTHORIZED, code, reason);
        let quoted = reason.to_string().replace(['"', '\\'], "'");
        error.challenge = Some(format!(
            "Bearer realm=\"casebase\", error=\"invalid_token\", error_description=\"{quoted}\""
        ));
        error
    }

    pub(crate) fn case_not_found(case: &str) -> Self {
        let message = format!("there is no case {case}, or you may not see it");
        Self::new(StatusCode::NOT_FOUND, "case_not_found", message)
    }

    pub(crate) fn client_not_found(client: &str) -> Self {
        let message = format!("there is no client {client}, or you may not see it");
        Self::new(StatusCode::NOT_FOUND, "client_not_found", message)
    }

    fn not_allowed(message: impl ToString) -> Self {
        Self::new(StatusCode::FORBIDDEN, "not_allowed", message)
    }

    /// 503: something this service needs is away. The reason is for the log.
    fn away(code: &'static str, what: &str, reason: &impl fmt::Display) -> Self {
        tracing::error!(%reason, "{what} is unavailable");
        let message = format!("{what} is unavailable");
        let mut error = Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message);
        error.retry = Some(SOON);
        error.hint("try again in a while")
    }

    /// Of a request that changes something: who does not answer, or not as they should, may have made
    /// the change all the same.
    pub(crate) fn of_change(error: impl Into<Self>) -> Self {
        let mut error = error.into();
        let unknown = [StatusCode::SERVICE_UNAVAILABLE, StatusCode::BAD_GATEWAY];
        if unknown.contains(&error.status) {
            error.retry = None;
            error.detail.message += "; the change may have been made";
            return error.hint("look whether it was made before you try again");
        }
        error
    }

    /// What the database says to a file's row. A name that it doesn't take is the field that the caller gave.
    fn of_file(error: postgrest::Error) -> Self {
        let of_name = error.api().is_some_and(|refusal| {
            refusal.code == "23514" && refusal.message.contains("original_name")
        });
        let mut error = Self::from(error);
        if of_name {
            error.detail.code = "invalid_name";
            error.detail.field = Some("name".into());
        }
        error
    }

    /// Of an upload: up to its verification nobody but the uploader sees anything of it, and it is taken back, so it may be
    /// tried again. Whether a file was verified, who didn't hear can't know.
    pub(crate) fn of_upload(error: casebase_files::Error) -> Self {
        match error {
            unknown @ casebase_files::Error::LedgerUnavailable(_) => Self::of_change(unknown),
            error => error.into(),
        }
    }

    /// 502: something this service needs answers as it should not.
    fn odd_answer(code: &'static str, what: &str, reason: &impl fmt::Display) -> Self {
        tracing::error!(%reason, "{what} answered unexpectedly");
        let message = format!("{what} answered in a way this service does not understand");
        Self::new(StatusCode::BAD_GATEWAY, code, message)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = Json(ErrorBody {
            error: *self.detail,
        });
        let mut response = (self.status, body).into_response();
        let challenge = self
            .challenge
            .and_then(|text| HeaderValue::from_str(&text).ok());
        if let Some(challenge) = challenge {
            let headers = response.headers_mut();
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if self.coding {
            let none = HeaderValue::from_static("identity");
            response.headers_mut().insert(header::ACCEPT_ENCODING, none);
        }
        if let Some(seconds) = self.retry {
            let wait = HeaderValue::from(seconds);
            response.headers_mut().insert(header::RETRY_AFTER, wait);
        }
        if let Some(etag) = self.etag.and_then(|etag| HeaderValue::try_from(etag).ok()) {
            response.headers_mut().insert(header::ETAG, etag);
        }
        response
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail.message)
    }
}

/// So that a body's stream, which carries I/O errors only, can carry what is wrong with a form.
impl std::error::Error for ApiError {}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        match &error {
            // Who asks is found out before anything else.
            TokenError::KeysUnavailable(reason) => {
                let mut error = Self::away("auth_unavailable", "Auth", reason);
                error.detail.message += "; nothing was changed";
                error
            }
            TokenError::Expired => Self::bad_token("expired_token", &error)
                .hint("sign in again, or refresh the session"),
            _ => Self::bad_token("invalid_token", &error),
        }
    }
}

impl From<postgrest::Error> for ApiError {
    fn from(error: postgrest::Error) -> Self {
        match &error {
            postgrest::Error::Token(token) => token.clone().into(),
            postgrest::Error::Api(refusal) => Self::from_refusal(refusal),
            postgrest::Error::Timeout | postgrest::Error::Unreachable(_) => {
                Self::away("database_unavailable", "the database", &error)
            }
            // A gateway without PostgREST behind it.
            postgrest::Error::UnexpectedAnswer {
                status: 502..=504, ..
            } => Self::away("database_unavailable", "the database", &error),
            _ => Self::odd_answer("database_error", "the database", &error),
        }
    }
}

/// A row that lacks what every row has.
impl From<serde_json::Error> for ApiError {
    fn from(error: serde_json::Error) -> Self {
        Self::odd_answer("database_error", "the database", &error)
    }
}

impl ApiError {
    /// PostgreSQL's refusals by SQLSTATE; PostgREST has mapped those that say their own status.
    fn from_refusal(refusal: &postgrest::ApiError) -> Self {
        let message = &refusal.message;
        let error = match (refusal.code.as_str(), refusal.status) {
            // Of a role that may ask for nothing here: `anon`'s.
            ("42501", 401) => Self::bad_token("invalid_token", message),
            // Row level security says which table and policy; the caller needs to know neither.
            ("42501", _) if message.contains("row-level security") => {
                Self::not_allowed("you may not do this")
            }
            (_, 403) => Self::not_allowed(message),
            // Any other 404 is a table or function that this service needs and the project hasn't.
            ("PT404" | "PGRST116", _) => Self::new(StatusCode::NOT_FOUND, "not_found", message),
            (_, 409) => Self::new(StatusCode::CONFLICT, "conflict", message),
            (_, 429) => Self::too_many(refusal),
            ("22P05", 400) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "refused_by_database",
                "text cannot hold the character U+0000",
            ),
            (code, 400) if !code.starts_with("PGRST") => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "refused_by_database",
                message,
            ),
            (_, 500 | 503 | 504) => Self::away("database_unavailable", "the database", refusal),
            _ => Self::odd_answer("database_error", "the database", refusal),
        };
        if !error.status.is_client_error() {
            return error;
        }
        let error = match refusal.violation() {
            Some(violation) => error.violating(violation),
            None => error,
        };
        match &refusal.hint {
            Some(hint) => error.hint(hint.clone()),
            None => error,
        }
    }
}

impl ApiError {
    /// 429. The details are from when there is room again, where that is known.
    fn too_many(refusal: &postgrest::ApiError) -> Self {
        let status = StatusCode::TOO_MANY_REQUESTS;
        let mut error = Self::new(status, "too_many", &refusal.message);
        let from = refusal.details.as_deref();
        let from = from.and_then(|time| DateTime::parse_from_rfc3339(time).ok());
        error.retry = from.map(|time| (time.to_utc() - Utc::now()).num_seconds().max(0) + 1);
        error
    }
}

impl From<storage::Error> for ApiError {
    fn from(error: storage::Error) -> Self {
        use storage::Error as E;
        match &error {
            E::Token(token) => token.clone().into(),
            E::Denied(_) => {
                Self::not_allowed("Storage's policies do not let you do this with this file")
            }
            E::NotFound => Self::new(StatusCode::NOT_FOUND, "object_not_found", &error),
            E::Exists => Self::new(StatusCode::CONFLICT, "object_exists", &error),
            E::TooLarge => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "file_too_large", &error),
            E::TypeNotAllowed(_) => Self::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "type_not_allowed",
                &error,
            ),
            E::Range => Self::new(
                StatusCode::RANGE_NOT_SATISFIABLE,
                "range_not_satisfiable",
                &error,
            ),
            E::Unavailable(reason) => Self::away("storage_unavailable", "Storage", reason),
            E::Interrupted(_)
            | E::InvalidKey(_)
            | E::Misconfigured(_)
            | E::WrongSetting { .. }
            | E::Unexpected(_) => Self::odd_answer("storage_error", "Storage", &error),
        }
    }
}

impl From<casebase_files::Error> for ApiError {
    fn from(error: casebase_files::Error) -> Self {
        use casebase_files::Error as E;
        match error {
            E::CaseNotFound(case) => Self::case_not_found(&case.to_string()),
            E::InteractionNotFound(_) => {
                Self::field("interaction_id", "interaction_not_found", error)
            }
            E::ClientNotFound(client) => Self::client_not_found(&client.to_string()),
            E::CategoryNotFound { ref hint, .. } => {
                let hint = hint.clone();
                let error = Self::field("category", "category_not_found", error);
                match hint {
                    Some(hint) => error.hint(hint),
                    None => error,
                }
            }
            E::NotFound(FileKey { kind, .. }) => {
                let code = match kind {
                    FileKind::CaseFile => "file_not_found",
                    FileKind::ClientDocument => "document_not_found",
                };
                Self::new(StatusCode::NOT_FOUND, code, error)
            }
            E::NotAllowed => Self::not_allowed(error),
            E::Empty => Self::field("file", "empty_file", error),
            E::TooLarge { .. } => Self::file_too_large(error),
            E::Digest(mismatch) => {
                let header = mismatch.header;
                let status = StatusCode::BAD_REQUEST;
                Self::of_header(status, "digest_mismatch", header, mismatch)
                    .hint("nothing was kept; send it again")
            }
            E::Infected(_) => Self::field("file", "infected", error),
            E::NotScanned(ScanError::Unavailable(reason)) => {
                Self::away("scanner_unavailable", "the virus scanner", &reason)
            }
            E::NotScanned(ScanError::NotTaken(reason)) => {
                Self::odd_answer("scanner_error", "the virus scanner", &reason)
            }
            E::Content(refusal) => Self::field("file", "content_refused", refusal),
            E::Interrupted(error) => Self::interrupted(&error),
            E::WrongState(_) => Self::new(StatusCode::CONFLICT, "wrong_state", error),
            E::MovedMeanwhile => Self::new(StatusCode::CONFLICT, "changed_meanwhile", error)
                .hint("look how it is now, and ask again if it is to be otherwise"),
            E::Corrupted => Self::odd_answer("storage_error", "Storage", &error),
            E::Database(error) => Self::of_file(error),
            E::Storage(error) => error.into(),
            E::Refused(ref message) => {
                let violation = Violation::of(message);
                let error = Self::field("file", "refused_by_database", error);
                match violation {
                    Some(violation) => error.violating(violation),
                    None => error,
                }
            }
            E::LedgerUnavailable(reason) => Self::away(
                "verification_unavailable",
                "the verification of files",
                &reason,
            ),
        }
    }
}

impl ApiError {
    fn file_too_large(message: impl ToString) -> Self {
        let mut error = Self::new(StatusCode::PAYLOAD_TOO_LARGE, "file_too_large", message);
        error.detail.field = Some("file".into());
        error
    }

    /// The body ended early: cut off, silent for too long, or a form that is wrong.
    pub(crate) fn interrupted(error: &StreamError) -> Self {
        match error {
            StreamError::AboveLimit { .. } => Self::file_too_large(error),
            StreamError::Silent => {
                let message = "the file stopped arriving";
                Self::new(StatusCode::REQUEST_TIMEOUT, "upload_interrupted", message)
            }
            StreamError::TokenEnds => TokenError::Expired.into(),
            StreamError::Broken(_) => {
                let message = "the file did not arrive completely";
                Self::new(StatusCode::BAD_REQUEST, "upload_interrupted", message)
                    .hint("nothing was kept; send it again")
            }
            StreamError::NotScanned(error) => {
                casebase_files::Error::NotScanned(error.clone()).into()
            }
            StreamError::NotLast => Self::field("file", "file_not_last", error)
                .hint("put `file` last: the parts before it say where it goes"),
            StreamError::SecondFile => Self::field("file", "second_file", error)
                .hint("send each file in a request of its own"),
            StreamError::EndsOtherwise => Self::new(StatusCode::BAD_REQUEST, "invalid_form", error)
                .hint("end the form with `--`, the boundary, `--` and CRLF, or choose a boundary of your own"),
            StreamError::TooMuchBeside { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "form_too_large", error)
                    .hint("send only the fields that an upload has, and then the file")
            }
        }
    }
}
