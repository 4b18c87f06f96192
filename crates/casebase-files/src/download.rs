//! How a file comes back.

use std::time::Duration;

use casebase_supabase::{jwt::UserToken, rows::CaseFile};
use url::Url;

use crate::{
    case_files::{CaseFiles, object_of},
    error::Error,
    storage::{self, RestStore},
};

impl CaseFiles {
    /// A link to the row's file in Storage, which works for a while and for whoever has it: Storage's policies decide now
    /// and are not asked again. What it leads to is an attachment of this name.
    pub async fn link(
        &self,
        storage: &RestStore,
        user: &UserToken,
        row: &CaseFile,
        lifetime: Duration,
        name: &str,
    ) -> Result<Url, Error> {
        let path = object_of(row)?;
        match storage.sign(user, &path, lifetime, name).await {
            Err(storage::Error::NotFound) => Err(Error::FileNotFound(row.id)),
            other => Ok(other?),
        }
    }

    /// The bytes of the row's file, or the part that an HTTP `Range` names. Storage's policies
    /// decide again: they let others than the uploader read the verified version only.
    pub async fn download(
        &self,
        user: &UserToken,
        row: &CaseFile,
        range: Option<&str>,
    ) -> Result<storage::Object, Error> {
        match self.store.get(user, &object_of(row)?, range).await {
            // The row is there and the object is not to be read: still on its way, or going.
            Err(storage::Error::NotFound) => Err(Error::FileNotFound(row.id)),
            other => Ok(other?),
        }
    }
}
