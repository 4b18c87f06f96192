//! How an uploaded file becomes available.
//!
//! The bytes are read back with the caller's token, then the database is told what they are,
//! together with the version of the object that was read: it refuses when the object was replaced
//! meanwhile, and lets others read that version only.

use casebase_supabase::{
    jwt::UserToken,
    rows::{CaseFile, FileId, FileState},
};
use futures::TryStreamExt as _;

use crate::{
    CaseFiles, Error,
    check::{self, Inspection, Inspector},
    name, object_of,
};

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
    /// What they are stored as.
    pub content_type: String,
}

/// The database functions of the verifying role; nothing else in this service uses that role.
#[async_trait::async_trait]
pub trait Ledger: Send + Sync {
    /// The uploaded file as it is now.
    async fn begin(&self, id: FileId) -> Result<Candidate, LedgerError>;
    /// Makes it available, unless it changed since.
    async fn finish(&self, id: FileId, verified: Verified) -> Result<CaseFile, LedgerError>;
    /// Condemns it, with the reason.
    async fn reject(&self, id: FileId, reason: &str) -> Result<(), LedgerError>;
}

/// What the database said to a verification.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file is not uploaded, or was replaced meanwhile.
    #[error("{0}")]
    WrongState(String),
    /// The connection, the role or its rights.
    #[error("the database cannot be reached for verification: {0}")]
    Unavailable(String),
}

impl CaseFiles {
    /// Verifies a file that its uploader wrote without this service. One that is available already
    /// is given as it is; one that is refused is deleted.
    pub async fn verify(&self, user: &UserToken, id: FileId) -> Result<CaseFile, Error> {
        let row = self.find(user, id).await?;
        if row.state == FileState::Available {
            return Ok(row);
        }
        let verified = self.verify_bytes(user, &row, None).await;
        if let Err(Error::Content(_) | Error::Empty) = &verified {
            self.take_back(user, &row).await;
        }
        verified
    }

    /// `sent`: what this service itself wrote a moment ago, which has to come back unchanged.
    pub(crate) async fn verify_bytes(
        &self,
        user: &UserToken,
        row: &CaseFile,
        sent: Option<&Inspection>,
    ) -> Result<CaseFile, Error> {
        let candidate = self.ledger.begin(row.id).await?;
        let (stored, stored_type) = self.read_back(user, row).await?;
        if sent.is_some_and(|sent| *sent != stored) {
            self.ledger
                .reject(row.id, "the bytes changed on their way")
                .await?;
            return Err(Error::Corrupted);
        }
        if let Err(refusal) = accept(row, &stored, &stored_type) {
            self.ledger.reject(row.id, &refusal.to_string()).await?;
            return Err(refusal);
        }
        let verified = Verified {
            object_version: candidate.object_version,
            sha256: stored.sha256,
            file_size: i64::try_from(stored.size).map_err(|_| Error::Corrupted)?,
            content_type: stored_type,
        };
        Ok(self.ledger.finish(row.id, verified).await?)
    }

    async fn read_back(
        &self,
        user: &UserToken,
        row: &CaseFile,
    ) -> Result<(Inspection, String), Error> {
        let mut object = self.store.get(user, &object_of(row)?, None).await?;
        let mut inspector = Inspector::default();
        let broken = |e: std::io::Error| crate::storage::Error::Unavailable(e.to_string());
        while let Some(bytes) = object.body.try_next().await.map_err(broken)? {
            inspector.update(&bytes);
        }
        let stored_type = object
            .content_type
            .unwrap_or_else(|| row.content_type.clone());
        Ok((inspector.finish(), stored_type))
    }
}

fn accept(row: &CaseFile, stored: &Inspection, stored_type: &str) -> Result<(), Error> {
    if stored.size == 0 {
        return Err(Error::Empty);
    }
    check::check_stored_type(stored_type)?;
    let extension = name::extension(&row.original_name);
    Ok(check::check_content(extension.as_deref(), &stored.head)?)
}
