//! What every operation on files works with.

use std::sync::Arc;

use casebase_supabase::{
    jwt::UserToken,
    postgrest::{PostgrestClient, Query},
    rows::{CaseFile, ClientDocument, DocumentId, FileId, FileKey, FileKind, FileRow, FileState},
};
use serde_json::json;

use crate::{
    check::Rules,
    digest::KnownForm,
    error::Error,
    ledger::Ledger,
    scan::Clamd,
    storage::{ObjectPath, ObjectStore},
};

/// Uploads, downloads, verifies and deletes files of cases and documents of clients. Cheap to clone.
#[derive(Clone)]
pub struct Files {
    pub(crate) db: PostgrestClient,
    pub(crate) store: ObjectStore,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) max_bytes: u64,
    pub(crate) rules: Rules,
    pub(crate) scanner: Option<Clamd>,
    pub(crate) tags: Arc<KnownForm>,
}

impl Files {
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
        let row = self.row(user, id.0).await?;
        row.ok_or(Error::NotFound(FileKey {
            kind: FileKind::CaseFile,
            id: id.0,
        }))
    }

    /// A request about this row alone.
    pub(crate) fn query(&self, user: &UserToken, row: &impl FileRow) -> Query {
        let FileKey { kind, id } = row.key();
        self.db.from(kind.table(), user).select("id").eq("id", id)
    }

    /// The row of this id, as far as the user may see it.
    pub async fn row<R: FileRow>(&self, user: &UserToken, id: i64) -> Result<Option<R>, Error> {
        let query = self.db.from(R::KIND.table(), user).eq("id", id);
        Ok(query.one().await?)
    }

    /// The versions of a document that the user may see, the current one first, then the newest; at least one.
    pub async fn versions(
        &self,
        user: &UserToken,
        id: DocumentId,
    ) -> Result<Vec<ClientDocument>, Error> {
        let call = self.db.rpc("document_versions", user);
        let versions: Vec<ClientDocument> = call.call(&json!({"id": id})).await?;
        match versions.is_empty() {
            true => Err(no_document(id)),
            false => Ok(versions),
        }
    }

    /// A document: the version of this key, or the current one; of one that is not available yet, what is to be that.
    pub async fn document(
        &self,
        user: &UserToken,
        id: DocumentId,
        version: Option<i64>,
    ) -> Result<ClientDocument, Error> {
        let versions = self.versions(user, id).await?;
        let mut versions = versions.into_iter();
        let found = versions.find(|row| match version {
            Some(version) => row.id == version,
            None => row.replaced_at.is_none(),
        });
        found.ok_or_else(|| no_document(id))
    }

    /// The version of a document that the user is uploading; if there is none, the document.
    pub async fn unfinished_version(
        &self,
        user: &UserToken,
        id: DocumentId,
    ) -> Result<ClientDocument, Error> {
        let versions = self.versions(user, id).await?;
        let waits = |row: &&ClientDocument| {
            matches!(row.file.state, FileState::Pending | FileState::Uploaded)
        };
        match versions.iter().find(waits) {
            Some(row) => Ok(row.clone()),
            None => self.document(user, id, None).await,
        }
    }
}

pub(crate) fn no_document(DocumentId(id): DocumentId) -> Error {
    Error::NotFound(FileKey {
        kind: FileKind::ClientDocument,
        id,
    })
}

/// Where else it lies, or is to lie, while it moves.
pub(crate) fn other_place_of(row: &impl FileRow) -> Result<Option<ObjectPath>, Error> {
    let place = row.other_place();
    Ok(place
        .map(|(bucket, path)| ObjectPath::new(bucket, path))
        .transpose()?)
}

/// Where a file's row says that its object lies.
pub(crate) fn object_of(row: &impl FileRow) -> Result<ObjectPath, Error> {
    let file = row.stored();
    Ok(ObjectPath::new(&file.bucket_id, &file.object_path)?)
}
