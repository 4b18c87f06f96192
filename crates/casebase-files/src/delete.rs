//! How a file goes: the row is marked, the object deleted, then the row.
//!
//! In this order nobody reads a row without its object, and an object never loses the row that
//! names it. What stops half-way is a `deleting` row: the same call again finishes it.

use casebase_supabase::{
    jwt::UserToken,
    rows::{DocumentId, FileKey, FileRow, FileState},
};
use serde_json::{Value, json};

use crate::{
    error::Error,
    files::{Files, object_of, other_place_of},
};

impl Files {
    /// Deletes a file, as far as the user may.
    pub async fn delete(&self, user: &UserToken, row: &impl FileRow) -> Result<(), Error> {
        match self.mark_and_remove(user, row).await {
            // Another call deleted it meanwhile.
            Err(_) if self.is_gone(user, row).await => Ok(()),
            done => done,
        }
    }

    /// Deletes a document with all of its versions, or one version alone. The current one goes last: what stops half-way
    /// is still there to be deleted.
    pub async fn delete_document(
        &self,
        user: &UserToken,
        id: DocumentId,
        version: Option<i64>,
    ) -> Result<(), Error> {
        if version.is_some() {
            let row = self.document(user, id, version).await?;
            return self.delete(user, &row).await;
        }
        for row in self.versions(user, id).await?.iter().rev() {
            self.delete(user, row).await?;
        }
        Ok(())
    }

    async fn mark_and_remove<R: FileRow>(&self, user: &UserToken, row: &R) -> Result<(), Error> {
        if row.stored().state != FileState::Deleting {
            match self.mark_deleting(user, row).await {
                // Another call marked it first, and not everybody may mark it twice.
                Err(Error::NotAllowed) if self.is_going(user, row).await? => {}
                marked => marked?,
            }
        }
        self.remove(user, row).await
    }

    async fn is_going<R: FileRow>(&self, user: &UserToken, row: &R) -> Result<bool, Error> {
        let now: Option<R> = self.row(user, row.id()).await?;
        Ok(now.is_some_and(|now| now.stored().state == FileState::Deleting))
    }

    async fn is_gone<R: FileRow>(&self, user: &UserToken, row: &R) -> bool {
        matches!(self.row::<R>(user, row.id()).await, Ok(None))
    }

    /// After a failure: nothing of an upload stays, whose token may have ended meanwhile. Nothing to report: the failure
    /// itself is what the caller hears.
    pub(crate) async fn take_back(&self, user: &UserToken, row: &impl FileRow) {
        if let Err(error) = self.mark_deleting(user, row).await {
            // A refused file is marked already, and then what remains is to remove it.
            tracing::debug!(file = %row.key(), %error, "the row was not marked");
        }
        if let Err(error) = self.remove(user, row).await {
            tracing::debug!(file = %row.key(), %error, "its caller can't take the upload back");
            self.withdraw(row.key()).await;
        }
    }

    async fn withdraw(&self, file: FileKey) {
        match self.ledger.withdraw(file).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::warn!(%file, "an upload's object is left; who may delete the file still can");
            }
            Err(error) => {
                tracing::warn!(%file, %error, "an upload could not be taken back")
            }
        }
    }

    /// Of a file that a virus was found in: the row stays and says so, until whoever may deletes it.
    pub(crate) async fn remove_object(&self, user: &UserToken, row: &impl FileRow) {
        let object = object_of(row);
        let removed = match &object {
            Ok(object) => self.store.delete(user, object).await.map_err(Error::from),
            Err(_) => object.map(drop),
        };
        if let Err(error) = removed {
            tracing::error!(file = %row.key(), %error, "the object of a rejected file could not be deleted");
        }
    }

    async fn mark_deleting(&self, user: &UserToken, row: &impl FileRow) -> Result<(), Error> {
        let query = self.query(user, row);
        let marked: Vec<Value> = query.update(&json!({"state": FileState::Deleting})).await?;
        if marked.is_empty() {
            return Err(Error::NotAllowed);
        }
        Ok(())
    }

    /// The row is tried even if Storage did not answer, for an upload that never got there: the
    /// database keeps every row whose object is still there.
    async fn remove(&self, user: &UserToken, row: &impl FileRow) -> Result<(), Error> {
        if let Some(other) = other_place_of(row)? {
            self.store.delete(user, &other).await?;
        }
        let object_gone = self.store.delete(user, &object_of(row)?).await;
        let query = self.query(user, row);
        let removed: Result<Vec<Value>, _> = query.delete().await;
        match removed {
            Ok(rows) if !rows.is_empty() => Ok(()),
            removed => {
                object_gone?;
                removed?;
                Err(Error::NotAllowed)
            }
        }
    }
}
