//! What can go wrong between here and an object.

use std::fmt;

use casebase_supabase::jwt::{TokenError, UserToken, refused_token};

use super::bytestream::StreamError;

/// An object that was not written, read or deleted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The token is not taken, or no longer.
    #[error(transparent)]
    Token(TokenError),
    /// A policy stands against it.
    #[error("Storage refused: {0}")]
    Denied(String),
    /// Not there, or not for this user: Storage doesn't tell.
    #[error("the object does not exist")]
    NotFound,
    /// There is an object of this name.
    #[error("there is an object of this name already")]
    Exists,
    /// Above the project's or the bucket's limit.
    #[error("the file is larger than Storage accepts")]
    TooLarge,
    /// The bucket takes other content types only.
    #[error("the bucket does not take this type of file: {0}")]
    TypeNotAllowed(String),
    /// A range outside of the object.
    #[error("the range lies outside of the file")]
    Range,
    /// Not a key that Storage takes.
    #[error("`{0}` is not a path that Storage takes")]
    InvalidKey(String),
    /// The body being sent ended early: its sender's failure, not Storage's.
    #[error("the file ended early: {0}")]
    Interrupted(StreamError),
    /// Our settings are wrong (signature, region, access key).
    #[error("Storage does not accept this service's settings: {0}")]
    Misconfigured(String),
    /// One of them, as far as it can be told which.
    #[error("Storage does not accept this service's settings: {setting}: {reason}")]
    WrongSetting {
        /// Which.
        setting: S3Setting,
        /// What Storage said.
        reason: String,
    },
    /// No answer, or not in time, or Storage itself failed.
    #[error("Storage is unavailable: {0}")]
    Unavailable(String),
    /// An answer that fits nothing.
    #[error("Storage answered unexpectedly: {0}")]
    Unexpected(String),
}

/// What makes a user's S3 session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum S3Setting {
    /// [`super::S3Settings::endpoint`].
    Endpoint,
    /// [`super::S3Settings::region`].
    Region,
    /// [`super::S3Settings::project_ref`].
    ProjectRef,
    /// [`super::S3Settings::anon_key`].
    AnonKey,
}

impl fmt::Display for S3Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Endpoint => "the endpoint",
            Self::Region => "the region",
            Self::ProjectRef => "the project's reference",
            Self::AnonKey => "the anon key",
        })
    }
}

/// Storage's words for an access key and a region that are not the project's, under the code of any refusal.
pub(super) const INVALID_ACCESS_KEY: &str = "Invalid Access Key";
pub(super) const INVALID_REGION: &str = "Invalid Region";

impl Error {
    /// From Storage's error code and HTTP status, over either protocol. REST hides the true status
    /// in the body of an HTTP 400; the caller of this has taken it out.
    pub(super) fn from_answer(status: u16, code: &str, message: String) -> Self {
        if let (400 | 401 | 403, Some(token)) = (status, refused_token(code, &message)) {
            return Self::Token(token);
        }
        match (code, status) {
            ("SignatureDoesNotMatch" | "InvalidAccessKeyId" | "InvalidRegion", _) => {
                Self::Misconfigured(format!("{code}: {message}"))
            }
            ("AccessDenied", _)
                if [INVALID_ACCESS_KEY, INVALID_REGION].contains(&message.as_str()) =>
            {
                Self::Misconfigured(message)
            }
            ("KeyAlreadyExists" | "Duplicate", _) | (_, 409) => Self::Exists,
            ("InvalidKey" | "KeyTooLongError", _) => Self::InvalidKey(message),
            ("EntityTooLarge", _) | (_, 413) => Self::TooLarge,
            ("InvalidMimeType", _) | (_, 415) => Self::TypeNotAllowed(message),
            ("InvalidRange", _) | (_, 416) => Self::Range,
            (_, 404) => Self::NotFound,
            (_, 401 | 403) => Self::Denied(message),
            (_, 429 | 500..) => Self::Unavailable(format!("{status} {code}: {message}")),
            _ => Self::Unexpected(format!("{status} {code}: {message}")),
        }
    }

    /// What is refused under a token whose time is over is refused for that, in whatever words.
    pub(crate) fn under(self, user: &UserToken) -> Self {
        match self {
            Self::Denied(_) if user.is_over() => Self::Token(TokenError::Expired),
            other => other,
        }
    }
}
