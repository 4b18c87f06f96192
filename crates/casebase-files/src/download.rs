//! How a file comes back.

use casebase_supabase::{
    jwt::UserToken,
    rows::{CaseFile, FileId},
};

use crate::{
    case_files::{CaseFiles, object_of},
    error::Error,
    storage,
};

impl CaseFiles {
    /// The file's row and its bytes, or the part that an HTTP `Range` names. Storage's policies
    /// decide again: they let others than the uploader read the verified version only.
    pub async fn download(
        &self,
        user: &UserToken,
        id: FileId,
        range: Option<&str>,
    ) -> Result<(CaseFile, storage::Object), Error> {
        let row = self.find(user, id).await?;
        match self.store.get(user, &object_of(&row)?, range).await {
            // The row is there and the object is not to be read: still on its way, or going.
            Err(storage::Error::NotFound) => Err(Error::FileNotFound(id)),
            other => Ok((row, other?)),
        }
    }
}
