//! What the database is told about a file, and by whom it is told: the verifying role.

use casebase_supabase::rows::{CaseFile, FileId, FileKey};
use serde::Deserialize;
use serde_json::Value;

use crate::check::Notes;

/// An uploaded object waiting to be checked.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The version that is there now.
    pub object_version: String,
}

/// What reading the bytes showed.
#[derive(Debug, Clone)]
pub struct Verified {
    /// The version that was read.
    pub object_version: String,
    /// SHA-256, 64 hex digits.
    pub sha256: String,
    /// Number of bytes.
    pub file_size: i64,
    /// What they are.
    pub content_type: String,
    /// What is worth knowing of them.
    pub notes: Notes,
}

/// What this service itself sent, and what becomes of it.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The tags by which Storage may know the bytes.
    pub etags: Vec<String>,
    /// SHA-256, 64 hex digits.
    pub sha256: String,
    /// Number of bytes.
    pub file_size: i64,
    /// What they are.
    pub content_type: String,
    /// What is worth knowing of them.
    pub notes: Notes,
}

/// What Storage's record said of it.
#[derive(Debug, Clone, Deserialize)]
pub struct Finished {
    /// The file's row, available; none: the record proves nothing.
    pub file: Option<Value>,
    /// The tag that Storage gave the object.
    pub etag: Option<String>,
}

/// The database functions of the service's role, about files of every kind; only files of cases move.
#[async_trait::async_trait]
pub trait Ledger: Send + Sync {
    /// The uploaded file as it is now.
    async fn begin(&self, file: FileKey) -> Result<Candidate, LedgerError>;
    /// Makes it available, unless it changed since. Its row.
    async fn finish(&self, file: FileKey, verified: Verified) -> Result<Value, LedgerError>;
    /// Makes a pending file available whose bytes this service sent, if Storage's record of the object proves that they
    /// arrived whole and were not written over. If not, nothing has changed.
    async fn finish_sent(&self, file: FileKey, sent: Sent) -> Result<Finished, LedgerError>;
    /// Condemns it, with the reason.
    async fn reject(&self, file: FileKey, reason: &str) -> Result<(), LedgerError>;
    /// The version of the copy of a file that moves.
    async fn move_copied(&self, id: FileId) -> Result<String, LedgerError>;
    /// Makes the copy the file, unless it changed since it was read.
    async fn move_finish(
        &self,
        id: FileId,
        version: &str,
        sha256: &str,
    ) -> Result<CaseFile, LedgerError>;
    /// Lets go of the copy; the file stays where it is.
    async fn move_give_up(&self, id: FileId) -> Result<(), LedgerError>;
    /// Forgets the file's second place, where nothing lies any more.
    async fn move_end(&self, id: FileId) -> Result<CaseFile, LedgerError>;
    /// Lets go of an upload that its caller's token can't take back any more: of its row, unless an object lies there,
    /// which then can still be deleted by who may. Whether nothing is left.
    async fn withdraw(&self, file: FileKey) -> Result<bool, LedgerError>;
}

/// What the database said to a verification.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file is not uploaded, or was replaced meanwhile.
    #[error("{0}")]
    WrongState(String),
    /// A constraint stands against what was read.
    #[error("the database refuses the file: {0}")]
    Refused(String),
    /// The connection, the role or its rights.
    #[error("the database cannot be reached for verification: {0}")]
    Unavailable(String),
}
