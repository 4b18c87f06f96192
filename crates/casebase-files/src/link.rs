//! How a file is given to whoever has a link to it.

use std::time::Duration;

use casebase_supabase::{SettingError, below, jwt::UserToken, rows::CaseFile};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use crate::{
    case_files::object_of,
    error::Error,
    storage::{self, RestStore},
};

/// Links to Storage, over its own interface however objects are written: an S3 link would carry the caller's token. Cheap
/// to clone.
#[derive(Clone)]
pub struct Links {
    storage: RestStore,
    /// Where readers reach Storage.
    public: Url,
}

impl Links {
    /// For the project that its users reach at `public_url`.
    pub fn new(storage: RestStore, public_url: &Url) -> Result<Self, SettingError> {
        let public = below(public_url, "storage/v1")?;
        Ok(Self { storage, public })
    }

    /// A link to the row's file, which works for a while and for whoever has it: Storage's policies decide now and are not
    /// asked again. What it leads to is an attachment of this name.
    pub async fn to(
        &self,
        user: &UserToken,
        row: &CaseFile,
        lifetime: Duration,
        name: &str,
    ) -> Result<Url, Error> {
        let path = object_of(row)?;
        let signed = match self.storage.sign(user, &path, lifetime).await {
            Err(storage::Error::NotFound) => return Err(Error::FileNotFound(row.id)),
            other => other?,
        };
        let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
        let link = format!("{}{signed}&download={name}", self.public);
        let odd = |e| storage::Error::Unexpected(format!("a signed URL that is none: {e}"));
        Ok(Url::parse(&link).map_err(odd)?)
    }
}
