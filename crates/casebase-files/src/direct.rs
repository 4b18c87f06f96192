//! How a file goes past this service: its row is reserved here, its bytes go to Storage, and it is verified here.
//!
//! What is never written or never completed is a `pending` row, which its uploader sees and can delete.

use casebase_supabase::jwt::UserToken;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    check,
    error::Error,
    files::Files,
    link::{Links, UploadLink},
    upload::{Home, NewFile},
};

/// A file that is reserved, and what writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectUpload<R> {
    /// Its row, `pending`.
    pub file: R,
    /// Where its bytes go.
    pub upload: UploadLink,
}

impl Files {
    /// Reserves a file of known length that its uploader writes to Storage. Dies afterwards: a pending row, for which
    /// [`Links::to_write`] gives another link.
    pub async fn reserve_direct<H: Home>(
        &self,
        user: &UserToken,
        links: &Links,
        file: &NewFile<H>,
        content_type: &str,
    ) -> Result<DirectUpload<H::Row>, Error> {
        let limit = self.max_bytes;
        match file.length {
            None | Some(0) => return Err(Error::Empty),
            Some(length) if length > limit => return Err(Error::TooLarge { limit }),
            Some(_) => {}
        }
        check::check_stored_type(content_type)?;
        let reserved = self.reserve(user, file, content_type).await?;
        let row = &reserved.file;
        let upload = match reserved.takes(file.length) {
            Ok(()) => links.to_write(user, row).await,
            Err(too_large) => Err(too_large),
        };
        if upload.is_err() {
            self.take_back(user, row).await;
        }
        Ok(DirectUpload {
            upload: upload?,
            file: reserved.file,
        })
    }
}
