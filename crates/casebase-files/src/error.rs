//! Why a file was not uploaded, read, verified or deleted.

use casebase_supabase::{
    postgrest,
    rows::{CaseNumber, FileId, FileKey, FileKind, InteractionId},
};

use uuid::Uuid;

use crate::{
    check::Refusal,
    digest::Mismatch,
    ledger::LedgerError,
    scan::ScanError,
    storage::{self, StreamError},
};

/// What stopped an operation on a file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such case, or not for this user.
    #[error("there is no case {0}, or you may not see it")]
    CaseNotFound(CaseNumber),
    /// The case has no such interaction, or not for this user.
    #[error("interaction {0} does not belong to this case")]
    InteractionNotFound(InteractionId),
    /// No such client.
    #[error("there is no client {0}, or you may not see it")]
    ClientNotFound(Uuid),
    /// No such category of documents.
    #[error("there is no category `{category}`")]
    CategoryNotFound {
        /// What was given.
        category: String,
        /// Which there are.
        hint: Option<String>,
    },
    /// No such file or document, or not for this user.
    #[error("there is no {0}, or you may not see it")]
    NotFound(FileKey),
    /// The user sees the file but may not do this to it.
    #[error("you may not delete this file")]
    NotAllowed,
    /// No bytes.
    #[error("the file is empty")]
    Empty,
    /// Above the service's limit.
    #[error("the file is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The bytes are not what is taken.
    #[error(transparent)]
    Content(#[from] Refusal),
    /// The bytes are not those that the caller's digest is of.
    #[error(transparent)]
    Digest(#[from] Mismatch),
    /// The virus scanner found something.
    #[error("the virus scanner found {0} in the file")]
    Infected(String),
    /// The virus scanner gave no verdict.
    #[error(transparent)]
    NotScanned(#[from] ScanError),
    /// The body ended early; never for its size, which is [`Error::TooLarge`].
    #[error("the file did not arrive completely: {0}")]
    Interrupted(StreamError),
    /// The row is not in the state that this needs.
    #[error("{0}")]
    WrongState(String),
    /// Somebody else moved the file, called its move off or deleted it, while it was moved.
    #[error("somebody else showed, hid or deleted this file meanwhile")]
    MovedMeanwhile,
    /// What Storage gave back is not what was sent.
    #[error("Storage kept other bytes than those that were sent")]
    Corrupted,
    /// PostgREST, refusing or away.
    #[error(transparent)]
    Database(#[from] postgrest::Error),
    /// Storage, refusing or away.
    #[error(transparent)]
    Storage(storage::Error),
    /// A constraint of the database stands against what was read.
    #[error("the database refuses the file: {0}")]
    Refused(String),
    /// The service's own way into the database is closed; the reason is for the log.
    #[error("the database cannot be reached for verification: {0}")]
    LedgerUnavailable(String),
}

impl From<storage::Error> for Error {
    /// A body that broke on its way out is our sender's failure and not Storage's.
    fn from(error: storage::Error) -> Self {
        match error {
            storage::Error::Interrupted(error) => error.into(),
            other => Self::Storage(other),
        }
    }
}

impl From<StreamError> for Error {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::AboveLimit { limit } => Self::TooLarge { limit },
            StreamError::NotScanned(error) => Self::NotScanned(error),
            other => Self::Interrupted(other),
        }
    }
}

impl From<LedgerError> for Error {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::WrongState(reason) => Self::WrongState(reason),
            LedgerError::Refused(reason) => Self::Refused(reason),
            LedgerError::Unavailable(reason) => Self::LedgerUnavailable(reason),
        }
    }
}

impl Error {
    /// What a function says that was asked about a file.
    pub(crate) fn of_file(error: postgrest::Error, id: FileId) -> Self {
        match error.api() {
            Some(refusal) if refusal.code == "PT404" => Self::NotFound(FileKey {
                kind: FileKind::CaseFile,
                id: id.0,
            }),
            _ => error.into(),
        }
    }

    /// Whether it is the file's bytes that are refused, now and at every later try.
    pub(crate) fn condemns(&self) -> bool {
        matches!(
            self,
            Self::Empty
                | Self::TooLarge { .. }
                | Self::Content(_)
                | Self::Infected(_)
                | Self::Corrupted
        )
    }
}
