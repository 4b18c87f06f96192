//! How a file comes back.

use casebase_supabase::{jwt::UserToken, rows::FileRow};

use crate::{
    error::Error,
    files::{Files, object_of},
    storage,
};

impl Files {
    /// The bytes of the row's file, or the part that an HTTP `Range` names. Storage's policies
    /// decide again: they let others than the uploader read the verified version only.
    pub async fn download(
        &self,
        user: &UserToken,
        row: &impl FileRow,
        range: Option<&str>,
    ) -> Result<storage::Object, Error> {
        match self.store.get(user, &object_of(row)?, range).await {
            // The row is there and the object is not to be read: still on its way, or going.
            Err(storage::Error::NotFound) => Err(Error::NotFound(row.key())),
            other => Ok(other?),
        }
    }
}
