//! What every operation on files works with.

use std::sync::Arc;

use casebase_supabase::{
    jwt::UserToken,
    postgrest::PostgrestClient,
    rows::{CaseFile, FileId},
};

use crate::{
    check::Rules,
    digest::KnownForm,
    error::Error,
    ledger::Ledger,
    scan::Clamd,
    storage::{ObjectPath, ObjectStore},
};

/// Uploads, downloads, verifies and deletes case files. Cheap to clone.
#[derive(Clone)]
pub struct CaseFiles {
    pub(crate) db: PostgrestClient,
    pub(crate) store: ObjectStore,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) max_bytes: u64,
    pub(crate) rules: Rules,
    pub(crate) scanner: Option<Clamd>,
    pub(crate) tags: Arc<KnownForm>,
}

impl CaseFiles {
    /// Files above `max_bytes` are refused, and those that `rules` don't take.
    pub fn new(
        db: PostgrestClient,
        store: ObjectStore,
        ledger: Arc<dyn Ledger>,
        max_bytes: u64,
        rules: Rules,
    ) -> Self {
        Self {
            db,
            store,
            ledger,
            max_bytes,
            rules,
            scanner: None,
            tags: Arc::default(),
        }
    }

    /// With a virus scanner that every file has to pass.
    pub fn scanned_by(mut self, scanner: Option<Clamd>) -> Self {
        self.scanner = scanner;
        self
    }

    /// The file's row, as far as the user may see it.
    pub async fn find(&self, user: &UserToken, id: FileId) -> Result<CaseFile, Error> {
        let query = self.db.from("case_files", user).eq("id", id);
        query.one().await?.ok_or(Error::FileNotFound(id))
    }
}

/// Where else it lies, or is to lie, while it moves.
pub(crate) fn other_place_of(row: &CaseFile) -> Result<Option<ObjectPath>, Error> {
    match (&row.other_bucket_id, &row.other_object_path) {
        (Some(bucket), Some(path)) => Ok(Some(ObjectPath::new(bucket, path)?)),
        _ => Ok(None),
    }
}

/// Where a file's row says that its object lies.
pub(crate) fn object_of(row: &CaseFile) -> Result<ObjectPath, Error> {
    Ok(ObjectPath::new(&row.bucket_id, &row.object_path)?)
}
