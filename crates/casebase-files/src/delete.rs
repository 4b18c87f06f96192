//! How a file goes: the row is marked, the object deleted, then the row.
//!
//! In this order nobody reads a row without its object, and an object never loses the row that
//! names it. What stops half-way is a `deleting` row: the same call again finishes it.

use casebase_supabase::{
    jwt::UserToken,
    rows::{CaseFile, FileId, FileState},
};
use serde_json::{Value, json};

use crate::{CaseFiles, Error, object_of};

impl CaseFiles {
    /// Deletes a file, as far as the user may.
    pub async fn delete(&self, user: &UserToken, id: FileId) -> Result<(), Error> {
        let row = self.find(user, id).await?;
        if row.state != FileState::Deleting {
            self.mark_deleting(user, &row).await?;
        }
        self.remove(user, &row).await
    }

    /// After a failure: what of an upload the caller may take back. Nothing to report: what stays
    /// is swept, and the failure itself is what the caller hears.
    pub(crate) async fn take_back(&self, user: &UserToken, row: &CaseFile) {
        if let Err(error) = self.mark_deleting(user, row).await {
            // A refused file is marked already, and then what remains is to remove it.
            tracing::debug!(file = %row.id, %error, "the row was not marked");
        }
        if let Err(error) = self.remove(user, row).await {
            tracing::warn!(file = %row.id, %error, "an upload could not be taken back; it will be swept");
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

    async fn remove(&self, user: &UserToken, row: &CaseFile) -> Result<(), Error> {
        self.store.delete(user, &object_of(row)?).await?;
        let query = self
            .db
            .from("case_files", user)
            .select("id")
            .eq("id", row.id);
        let removed: Vec<Value> = query.delete().await?;
        if removed.is_empty() {
            return Err(Error::NotAllowed);
        }
        Ok(())
    }
}
