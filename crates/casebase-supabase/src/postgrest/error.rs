//! What can go wrong between here and a row.

use std::fmt;

use serde::Deserialize;

use crate::{
    SettingError,
    jwt::{TokenError, refused_token},
    violation::Violation,
};

/// A request that gave no rows.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// PostgreSQL or PostgREST refused.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The token is not taken, or no longer.
    #[error(transparent)]
    Token(TokenError),
    /// A table, column or function name that is none. Nothing was sent.
    #[error("`{0}` is no name of a table, column or function")]
    InvalidName(String),
    /// A row or arguments that JSON cannot hold. Nothing was sent.
    #[error("the row cannot be written as JSON: {0}")]
    NoJson(String),
    /// A setting no request can be made with. Nothing was sent.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// No request comes of what was asked for. Nothing was sent.
    #[error("the request cannot be built: {0}")]
    NotBuilt(String),
    /// No answer in time.
    #[error("PostgREST did not answer in time")]
    Timeout,
    /// No connection, or it broke.
    #[error("PostgREST cannot be reached: {0}")]
    Unreachable(String),
    /// An answer that is not PostgREST's, or not of the rows' shape.
    #[error("PostgREST answered {status} unexpectedly: {reason}")]
    UnexpectedAnswer {
        /// The HTTP status.
        status: u16,
        /// What was wrong with it.
        reason: String,
    },
}

impl Error {
    /// The refusal, if it is one.
    pub fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Api(error) => Some(error),
            _ => None,
        }
    }

    pub(super) fn from_transport(error: reqwest::Error) -> Self {
        if error.is_timeout() {
            Self::Timeout
        } else {
            Self::Unreachable(crate::failure(error))
        }
    }

    /// Reads PostgREST's error object; a gateway's page in its place is an unexpected answer.
    pub(super) fn from_answer(status: u16, body: &str) -> Self {
        match serde_json::from_str::<ErrorBody>(body) {
            Ok(body) if body.code.is_some() || body.message.is_some() => {
                Self::from_refusal(ApiError {
                    status,
                    code: body.code.unwrap_or_default(),
                    message: body.message.unwrap_or_default(),
                    details: body.details,
                    hint: body.hint,
                })
            }
            _ => Self::UnexpectedAnswer {
                status,
                reason: "the body is not PostgREST's error object".into(),
            },
        }
    }

    fn from_refusal(refusal: ApiError) -> Self {
        // These columns are the caller's, whoever writes: no such user means that the caller is gone.
        let caller_is_gone = refusal.code == "23503"
            && [
                "_by_fkey\"",
                "_actor_id_fkey\"",
                "idempotency_keys_user_id_fkey\"",
            ]
            .iter()
            .any(|key| refusal.message.contains(key))
            && refusal
                .details
                .as_ref()
                .is_some_and(|details| details.ends_with("is not present in table \"users\"."));
        match refused_token(&refusal.code, &refusal.message) {
            Some(token) if refusal.status == 401 => Self::Token(token),
            _ if caller_is_gone => Self::Token(TokenError::Ended),
            _ => Self::Api(refusal),
        }
    }
}

/// A refusal that a function gives back in place of a row, in the words of PostgREST.
#[derive(Debug, Deserialize)]
pub struct Refused {
    code: String,
    message: String,
    details: Option<String>,
    hint: Option<String>,
}

impl From<Refused> for Error {
    /// With the status that PostgREST would have answered it with.
    fn from(refused: Refused) -> Self {
        let own = refused
            .code
            .strip_prefix("PT")
            .and_then(|own| own.parse().ok());
        let status = own.unwrap_or(match refused.code.as_str() {
            "42501" => 403,
            "23503" | "23505" => 409,
            _ => 400,
        });
        Self::from_refusal(ApiError {
            status,
            code: refused.code,
            message: refused.message,
            details: refused.details,
            hint: refused.hint,
        })
    }
}

#[derive(Deserialize)]
struct ErrorBody {
    code: Option<String>,
    message: Option<String>,
    details: Option<String>,
    hint: Option<String>,
}

/// A refusal by PostgreSQL (`code` is its SQLSTATE) or by PostgREST itself (`PGRST…`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// SQLSTATE or `PGRST…`.
    pub code: String,
    /// What happened.
    pub message: String,
    /// More of it.
    pub details: Option<String>,
    /// What would help.
    pub hint: Option<String>,
}

impl ApiError {
    /// Which constraint refused the row, and the words for it.
    pub fn violation(&self) -> Option<Violation> {
        // The message of another class may have what a user wrote in it.
        let refused = self.code.starts_with("23");
        refused.then(|| Violation::of(&self.message)).flatten()
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = match self.violation() {
            Some(violation) => violation.sentence,
            None => &self.message,
        };
        write!(f, "{message} ({}, HTTP {})", self.code, self.status)
    }
}
