//! How a file goes: the row is marked, the object deleted, then the row.
//!
//! In this order nobody reads a row without its object, and an object never loses the row that
//! names it. What stops half-way is a `deleting` row: the same call again finishes it.

use casebase_supabase::{
    jwt::UserToken,
    rows::{CaseFile, FileId, FileState},
};
use serde_json::{Value, json};

use crate::{
    case_files::{CaseFiles, object_of, other_place_of},
    error::Error,
};

impl CaseFiles {
    /// Deletes a file, as far as the user may.
    pub async fn delete(&self, user: &UserToken, id: FileId) -> Result<(), Error> {
        let row = self.find(user, id).await?;
        match self.mark_and_remove(user, &row).await {
            // Another call deleted it meanwhile.
            Err(_) if self.is_gone(user, id).await => Ok(()),
            done => done,
        }
    }

    async fn mark_and_remove(&self, user: &UserToken, row: &CaseFile) -> Result<(), Error> {
        if row.state != FileState::Deleting {
            match self.mark_deleting(user, row).await {
                // Another call marked it first, and not everybody may mark it twice.
                Err(Error::NotAllowed)
                    if self.find(user, row.id).await?.state == FileState::Deleting => {}
                marked => marked?,
            }
        }
        self.remove(user, row).await
    }

    async fn is_gone(&self, user: &UserToken, id: FileId) -> bool {
        matches!(self.find(user, id).await, Err(Error::FileNotFound(_)))
    }

    /// After a failure: nothing of an upload stays, whose token may have ended meanwhile. Nothing to report: the failure
    /// itself is what the caller hears.
    pub(crate) async fn take_back(&self, user: &UserToken, row: &CaseFile) {
        if let Err(error) = self.mark_deleting(user, row).await {
            // A refused file is marked already, and then what remains is to remove it.
            tracing::debug!(file = %row.id, %error, "the row was not marked");
        }
        if let Err(error) = self.remove(user, row).await {
            tracing::debug!(file = %row.id, %error, "its caller can't take the upload back");
            self.withdraw(row).await;
        }
    }

    async fn withdraw(&self, row: &CaseFile) {
        match self.ledger.withdraw(row.id).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::warn!(file = %row.id, "an upload's object is left; who may delete the file still can");
            }
            Err(error) => {
                tracing::warn!(file = %row.id, %error, "an upload could not be taken back")
            }
        }
    }

    /// Of a file that a virus was found in: the row stays and says so, until whoever may deletes it.
    pub(crate) async fn remove_object(&self, user: &UserToken, row: &CaseFile) {
        let object = object_of(row);
        let removed = match &object {
            Ok(object) => self.store.delete(user, object).await.map_err(Error::from),
            Err(_) => object.map(drop),
        };
        if let Err(error) = removed {
            tracing::error!(file = %row.id, %error, "the object of a rejected file could not be deleted");
        }
    }

    async fn mark_deleting(&self, user: &UserToken, row: &CaseFile) -> Result<(), Error> {
        let query = self
            .db
            .from("case_files", user)
            .select("id")
            .eq("id", row.id);
        let marked: Vec<Value> = query.update(&json!({"state": FileState::Deleting})).await?;
        if marked.is_empty() {
            return Err(Error::NotAllowed);
        }
        Ok(())
    }

    /// The row is tried even if Storage did not answer, for an upload that never got there: the
    /// database keeps every row whose object is still there.
    async fn remove(&self, user: &UserToken, row: &CaseFile) -> Result<(), Error> {
        if let Some(other) = other_place_of(row)? {
            self.store.delete(user, &other).await?;
        }
        let object_gone = self.store.delete(user, &object_of(row)?).await;
        let query = self
            .db
            .from("case_files", user)
            .select("id")
            .eq("id", row.id);
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
