//! Names, checks and uploads of case files.
//!
//! Nothing here decides who may do what: every row is read and written through PostgREST, every
//! object through Storage, both with the caller's own token.

pub mod check;
mod delete;
mod download;
mod error;
pub mod name;
pub mod storage;
mod upload;
pub mod verify;

use std::sync::Arc;

use casebase_supabase::{
    jwt::UserToken,
    postgrest::PostgrestClient,
    rows::{CaseFile, FileId},
};

pub use error::Error;
pub use upload::NewFile;

use crate::{
    storage::{ObjectPath, ObjectStore},
    verify::Ledger,
};

/// Uploads, downloads, verifies and deletes case files. Cheap to clone.
#[derive(Clone)]
pub struct CaseFiles {
    db: PostgrestClient,
    store: ObjectStore,
    ledger: Arc<dyn Ledger>,
    max_bytes: u64,
}

impl CaseFiles {
    /// Files above `max_bytes` are refused.
    pub fn new(
        db: PostgrestClient,
        store: ObjectStore,
        ledger: Arc<dyn Ledger>,
        max_bytes: u64,
    ) -> Self {
        Self {
            db,
            store,
            ledger,
            max_bytes,
        }
    }

    /// The file's row, as far as the user may see it.
    pub async fn find(&self, user: &UserToken, id: FileId) -> Result<CaseFile, Error> {
        let query = self.db.from("case_files", user).eq("id", id);
        query.one().await?.ok_or(Error::FileNotFound(id))
    }
}

fn object_of(row: &CaseFile) -> Result<ObjectPath, Error> {
    Ok(ObjectPath::new(&row.bucket_id, &row.object_path)?)
}
